"""Be the judge, in a real Chromium."""

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from app.config import ROOT


def test_the_real_digits_are_three_hundred_and_each_another():
    sheet = np.asarray(Image.open(ROOT / "static" / "real" / "digits.webp").convert("L"))
    digits = sheet.reshape(10, 28, 30, 28).swapaxes(1, 2).reshape(300, 28 * 28)
    assert len(np.unique(digits, axis=0)) == 300
    assert (digits.max(axis=1) > 200).all()


def play(page, said: str) -> None:
    page.get_by_role("button", name="Begin").click()
    for number in range(1, 11):
        expect(page.locator("#judge-place")).to_contain_text(f"Digit {number} of 10")
        page.locator(f"#judge-answers [value={said}]").press("Enter")


@pytest.mark.parametrize("said", ["real", "generated"])
def test_both_scores_are_counted_on_the_same_ten(page, said):
    play(page, said)
    rows = [row.split("\t")[1:] for row in page.locator("#judge tbody tr").all_inner_texts()]
    assert len(rows) == 10
    truth, yours, theirs = zip(*rows, strict=True)
    assert [one.split(",")[0] for one in yours] == [said] * 10
    for verdicts in (yours, theirs):
        for is_, verdict in zip(truth, verdicts, strict=True):
            assert ("right" in verdict) == (verdict.split(",")[0] == is_)
    right = [sum("right" in one for one in verdicts) for verdicts in (yours, theirs)]
    told = f"You: {right[0]} of 10 right. The discriminator: {right[1]} of 10."
    assert page.inner_text("#judge-score") == told
    assert page.get_by_role("button", name="Ten more").is_visible()


def test_where_the_real_digits_cannot_be_loaded_it_says_so_and_can_begin_again(page):
    page.route("**/real/digits.webp", lambda route: route.abort())
    page.evaluate("Math.random = () => 0")  # all ten are to be real
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#judge-status")).to_have_text("A picture cannot be loaded. Try again in a moment.")
    page.unroute("**/real/digits.webp")
    play(page, "real")
    expect(page.locator("#judge-score")).to_contain_text("You: 10 of 10 right.")
    expect(page.get_by_role("button", name="Ten more")).to_be_focused()


def test_real_and_generated_are_judged_by_the_same_route(page):
    judged = []
    page.on("request", lambda request: judged.append(request.url) if "/discriminate?" in request.url else None)
    play(page, "real")
    assert len(judged) == 10


@pytest.mark.parametrize(("generated", "line"), [([0.1, 0.1, 0.2], 0.201), ([0.9, 0.95], 0.951), ([1, 1], 0)])
def test_the_line_is_where_the_two_come_apart_best(page, generated, line):
    found = page.evaluate(
        "async (generated) => (await import('/static/js/judge.js')).dividingLine(generated)", generated
    )
    assert found == pytest.approx(line)


def click(page, which: str, count: int) -> None:
    """A click that counts as one of several in a row, as quick clicks in one place do."""
    page.locator(which).hover()
    page.mouse.down(click_count=count)
    page.mouse.up(click_count=count)


def test_ten_quick_clicks_are_ten_answers(page):
    page.clock.install()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#judge-place")).to_contain_text("Digit 1 of 10")
    for number in range(1, 11):
        page.clock.run_for(300)
        click(page, "#judge-answers [value=real]", number)
    expect(page.locator("#judge-place")).to_have_text("Those were the ten.")


def test_the_second_click_of_a_double_click_means_nothing_that_has_just_come(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    said, real = page.locator("#judge-place"), "#judge-answers [value=real]"
    page.get_by_role("button", name="Begin").click()
    expect(said).to_contain_text("Digit 1 of 10")
    click(page, real, 2)
    expect(said).to_contain_text("Digit 1 of 10")
    for number in range(2, 11):
        click(page, real, 1)
        click(page, real, 2)
        expect(said).to_contain_text(f"Digit {number} of 10")
    click(page, real, 1)
    click(page, "#judge-begin", 2)
    expect(said).to_have_text("Those were the ten.")
    assert page.inner_text("#judge-status") != "Drawing ten digits"
    click(page, "#judge-begin", 1)
    expect(said).to_contain_text("Digit 1 of 10")


def test_an_eight_has_its_article(page):
    eight = {"digit": 8, "png": page.get_attribute("#made img", "src"), "realness": 0.5}
    page.route("**/generate?*", lambda route: route.fulfill(json={"digits": [eight] * 10}))
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#judge-place")).to_have_text("Digit 1 of 10: an 8. Real or generated?")
