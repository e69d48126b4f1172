"""Make, in a real Chromium: pictures and their words."""

import re

import pytest
from browsing import EVERY_SIZE
from making import generate, pictures, said, wait_for_change
from playwright.sync_api import expect

pytestmark = EVERY_SIZE


def test_generate_brings_a_new_digit(page):
    before, address = pictures(page), page.url
    generate(page)
    assert page.evaluate("document.querySelector('#made img').naturalWidth") == 28
    assert pictures(page) != before
    assert page.url != address


def test_a_slider_moved_before_the_new_digit_has_come_still_brings_a_new_one(page):
    before, held = page.url, []
    page.route("**/generate?*", lambda route: held.append(route), times=1)
    with page.expect_request("**/generate?*"):
        page.get_by_role("button", name="Generate").click()
    page.fill("#make-form [name=truncation]", "0.5")
    page.wait_for_url("**truncation=0.5*")
    seeds = [re.search(r"[?&]seed=(\d+)", url)[1] for url in (before, page.url)]
    assert seeds[0] != seeds[1]


def test_a_model_offers_the_digits_that_it_knows(page):
    page.evaluate("document.querySelector('#model [value=digitsmith]').dataset.classes = 5")
    page.check("input[name=digit][value='7']", force=True)
    page.select_option("#model", "mlp")
    assert page.locator("input[name=digit]:not([disabled])").count() == 1
    page.select_option("#model", "digitsmith")
    assert page.locator("input[name=digit]:not([disabled])").count() == 6
    assert page.locator("label:has(input[name=digit]):visible").count() == 6


def test_the_digit_that_is_chosen_is_made_and_told(page):
    page.check("input[name=digit][value='7']", force=True)
    generate(page)
    assert re.fullmatch(r"A handwritten 7, seed \d+, realness \d+%", said(page))
    assert re.fullmatch(r"Handwritten 7, seed \d+, realness \d+%", page.get_attribute("#made img", "alt"))


def test_many_digits_each_say_what_they_are(page):
    page.fill("input[name=count]", "12")
    generate(page)
    assert len(pictures(page)) == 12
    assert said(page).startswith("12 handwritten digits, seed ")
    page.focus("#made li:first-child button")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"Handwritten \d, seed \d+, number 6, realness \d+%", page.inner_text("#chosen"))


def test_daring_draws_the_same_seed_anew(page):
    seed, before = re.search(r"seed \d+", said(page))[0], pictures(page)
    page.fill("input[name=truncation]", "0.3")
    wait_for_change(page, before)
    assert seed in said(page)
    page.wait_for_url("**truncation=0.3*")
    page.fill("input[name=truncation]", "1")
    page.wait_for_function("before => document.querySelector('#made img').src === before", arg=before[0])


def test_a_model_that_takes_no_label_offers_no_digit(page):
    page.check("input[name=digit][value='7']", force=True)
    page.select_option("#model", "mlp")
    assert page.is_checked("input[name=digit][value='']")
    assert page.is_disabled("input[name=digit][value='7']")
    generate(page)
    assert "model=mlp" in page.url


def test_a_digit_comes_back_after_a_look_at_a_model_that_takes_none(page):
    seven, three = (page.locator(f"input[name=digit][value='{digit}']") for digit in (7, 3))
    seven.check(force=True)
    for _ in range(2):
        page.select_option("#model", "mlp")
        page.select_option("#model", "digitsmith")
        assert seven.is_checked()
    three.check(force=True)
    page.select_option("#model", "dcgan")
    page.select_option("#model", "digitsmith")
    assert three.is_checked()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_enter_and_space_generate(page, key):
    """On the button, and where nothing has the focus."""
    for focus in ("document.activeElement.blur()", "document.querySelector('#make-form button').focus()"):
        before = pictures(page)
        page.evaluate(focus)
        page.keyboard.press(key)
        wait_for_change(page, before)


def test_a_server_that_is_gone_is_told_kindly(page):
    page.route("**/generate?*", lambda route: route.abort())
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#caption")).to_have_text("The server does not answer. Try again in a moment.")
    page.unroute("**/generate?*")
    generate(page)


def test_a_busy_server_is_asked_again_when_it_says(page):
    busy = {"status": 503, "headers": {"Retry-After": "1"}, "body": "{}"}
    page.route("**/generate?*", lambda route: route.fulfill(**busy), times=1)
    before = pictures(page)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#caption")).to_have_text("The server is busy; trying again in 1 second.")
    wait_for_change(page, before)
    assert said(page).startswith("A handwritten ")


@pytest.mark.parametrize("how", ["the slider", "Enter", "the button"])
def test_what_the_form_may_not_say_is_not_asked_and_leaves_the_link_good(page, how):
    before, address = pictures(page), page.url
    page.fill("#make-form [name=count]", "300")
    if how == "the slider":
        page.locator("#make-form [name=truncation]").fill("0.5")
    elif how == "Enter":
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("button", name="Generate").click()
    expect(page.locator("#make-form [name=count]")).to_be_focused()
    page.fill("#make-form [name=count]", "4")
    page.locator("#make-form [name=truncation]").fill("0.9")
    wait_for_change(page, before)
    assert len(pictures(page)) == 4
    assert "count=300" not in page.url
    assert address != page.url


def test_keys_with_a_modifier_are_left_to_the_browser(page):
    page.fill("#make-form [name=count]", "4")
    generate(page)
    page.locator("#made button").first.focus()
    for held in ("Alt", "Control", "Meta"):
        page.keyboard.press(f"{held}+ArrowRight")
    expect(page.locator("#made button").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#made button").nth(1)).to_be_focused()


def test_a_picture_that_does_not_come_at_all_is_given_up_and_can_be_asked_for_again(page):
    page.clock.install()
    page.route("**/generate?*", lambda _: None)
    with page.expect_request("**/generate?*"):
        page.get_by_role("button", name="Generate").click()
    page.clock.run_for(20_000)
    expect(page.locator("#caption")).to_have_text("The server does not answer. Try again in a moment.")
    page.unroute("**/generate?*")
    generate(page)


def test_another_choice_is_asked_for_at_once_whatever_is_coming(page):
    page.route("**/generate?*", lambda _: None, times=1)
    with page.expect_request("**/generate?*"):
        page.get_by_role("button", name="Generate").click()
    page.fill("#make-form [name=count]", "4")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#made img")).to_have_count(4)


def test_a_whole_number_is_sent_as_the_server_reads_it(page):
    page.fill("#make-form [name=count]", "4.0")
    generate(page)
    assert len(pictures(page)) == 4
    assert page.input_value("#make-form [name=count]") == "4"


def test_a_pointer_chooses_a_digit_by_moving_and_not_by_what_comes_under_it(page):
    page.fill("#make-form [name=count]", "4")
    generate(page)
    fourth = page.locator("#made button").nth(3)
    fourth.hover()
    expect(page.locator("#chosen")).to_contain_text(", number 4,")
    page.get_by_role("button", name="Generate").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_contain_text(", number 1,")
    page.wait_for_function("document.querySelector('#made li:nth-child(4) button').matches(':hover')")
    page.locator("#made button").nth(2).focus()
    expect(page.locator("#chosen")).to_contain_text(", number 3,")
    fourth.hover(position={"x": 3, "y": 3})
    expect(page.locator("#chosen")).to_contain_text(", number 4,")
