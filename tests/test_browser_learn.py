"""Watch it learn, in a real Chromium."""

import json
import re

import pytest
from playwright.sync_api import expect

from app.config import ROOT


def test_where_it_could_not_be_loaded_touching_it_tries_again(page):
    page.route("**/history", lambda route: route.abort(), times=3)
    page.locator("#learn").scroll_into_view_if_needed()
    expect(page.locator("#learn-status")).to_have_text("The server does not answer. Try again in a moment.")
    page.locator("#learn").get_by_role("button", name="Play").click()
    expect(page.locator("#learn figure:visible svg")).to_have_count(2)
    expect(page.locator("#learn-status")).not_to_contain_text("server")


def test_what_could_not_be_loaded_does_not_play_and_says_why(page):
    page.route("**/history", lambda route: route.abort())
    page.locator("#learn").scroll_into_view_if_needed()
    said, play = page.locator("#learn-status"), page.locator("#learn-play")
    expect(said).to_have_text("The server does not answer. Try again in a moment.")
    with page.expect_request("**/history"):
        play.click()
    expect(play).to_have_text("Play")
    expect(said).to_have_text("The server does not answer. Try again in a moment.")
    assert page.input_value("#learn-time") == "1000"


@pytest.fixture
def section(page):
    """The section, with its sheets loaded."""
    section = page.locator("#learn")
    section.scroll_into_view_if_needed()
    expect(section.locator("figure:visible .seen")).to_contain_text("the end")
    return section


# Each figure shows the sheet that the status says the cursor was left at.
ARRIVED = """() => [...document.querySelectorAll("#learn figure:not([hidden]) .seen")].every(
  (seen) => document.querySelector("#learn-status").textContent.includes(seen.textContent))"""


def move(section, place: int) -> None:
    section.locator("#learn-time").fill(str(place))


def test_the_timeline_goes_from_noise_to_the_end(section):
    sheet = section.locator("figure:visible img")
    seen = json.loads((ROOT / "models" / "digitsmith" / "card.json").read_text())["images_seen"]
    assert sheet.get_attribute("alt") == f"A hundred digits by digitsmith after {seen:,} images"
    move(section, 0)
    expect(sheet).to_have_attribute("src", "/models/digitsmith/evolution/step-0000000.png")
    expect(sheet).to_have_js_property("naturalWidth", 280)
    assert sheet.get_attribute("alt") == "A hundred digits by digitsmith after 0 images"


def test_the_curves_share_the_timelines_cursor(section):
    charts = section.locator("figure:visible svg")
    expect(charts).to_have_count(2)
    assert charts.first.get_attribute("aria-label").startswith("Losses: discriminator from ")
    move(section, 500)
    cursors = section.locator("figure:visible .cursor").evaluate_all("all => all.map(one => one.getAttribute('x1'))")
    assert cursors == ["150.0", "150.0"]


def test_all_three_stand_side_by_side_at_the_same_number_of_images(section):
    section.get_by_label("side by side").check(force=True)
    expect(section.locator("figure:visible")).to_have_count(3)
    move(section, 600)
    section.page.wait_for_function(ARRIVED)
    told = section.locator(".seen").all_inner_texts()
    seen = [int(words.split()[1].replace(",", "")) for words in told]
    at = int(section.locator("#learn-time").get_attribute("aria-valuetext").split()[0].replace(",", ""))
    assert all(at / 2 < one <= at for one in seen)


def test_another_model_is_told_of_once_it_is_chosen(section):
    section.locator("#learn-time").press("ArrowLeft")
    said = section.locator("#learn-status")
    expect(said).to_contain_text("digitsmith after")
    section.get_by_label("mlp", exact=True).check(force=True)
    expect(said).to_contain_text("mlp after")
    expect(said).not_to_contain_text("digitsmith")


def test_it_plays_from_noise_and_pauses(section):
    play = section.get_by_role("button", name="Play")
    play.click()
    pause = section.get_by_role("button", name="Pause")
    section.page.wait_for_function("() => Math.abs(document.querySelector('#learn-time').value - 200) < 180")
    pause.click()
    expect(play).to_be_visible()
    stands = section.locator("#learn-time").input_value()
    section.page.evaluate("new Promise(requestAnimationFrame)")
    assert section.locator("#learn-time").input_value() == stands
    expect(section.locator("#learn-status")).to_have_text(re.compile(r"^digitsmith after [\d,]+ images$"))


def test_the_charts_say_from_where_on_they_are(section):
    expect(section.locator("figure:visible .legend").first).to_have_text(re.compile(r"\) from 44,992 images on$"))


def test_on_a_slow_line_the_words_change_with_the_picture_and_each_sheet_that_was_asked_for_is_shown(section):
    page, sheet, seen = section.page, section.locator("figure:visible img"), section.locator("figure:visible .seen")
    held = []
    page.route("**/evolution/*", lambda route: held.append(route))
    with page.expect_request("**/evolution/*"):
        move(section, 0)
    move(section, 500)
    expect(section.locator("#learn-status")).to_contain_text("digitsmith after")
    assert "the end" in seen.inner_text()
    with page.expect_request("**/evolution/*"):
        held[0].continue_()
    expect(seen).to_have_text("after 0 images")
    expect(sheet).to_have_attribute("src", "/models/digitsmith/evolution/step-0000000.png")
    held[1].continue_()
    expect(seen).not_to_have_text("after 0 images")


def test_playing_waits_for_its_sheets(section):
    page, seen = section.page, section.locator("figure:visible .seen")
    page.route("**/evolution/*", lambda _: None)
    with page.expect_request("**/evolution/*"):
        section.get_by_role("button", name="Play").click()
    expect(section.locator("#learn-status")).to_have_text("The sheets are loading.")
    assert section.locator("#learn-time").input_value() == "1000"
    page.unroute("**/evolution/*")  # which lets those that it held go on
    expect(section.locator("#learn-status")).not_to_contain_text("loading")
    expect(seen).not_to_contain_text("the end")


def test_a_sheet_that_does_not_come_leaves_the_one_before_with_its_words_and_is_asked_for_again(section):
    page, sheet, seen = section.page, section.locator("figure:visible img"), section.locator("figure:visible .seen")
    before = sheet.get_attribute("src")
    page.route("**/evolution/*", lambda route: route.abort())
    move(section, 500)
    expect(section.locator("#learn-status")).to_have_text("A sheet cannot be loaded. Try again in a moment.")
    assert sheet.get_attribute("src") == before
    assert "the end" in seen.inner_text()
    page.unroute("**/evolution/*")
    move(section, 501)
    expect(seen).not_to_contain_text("the end")
    expect(sheet).to_have_js_property("naturalWidth", 280)


def test_what_is_spoken_of_a_chart_lies_in_the_range_that_is_written(section):
    for which in range(2):
        chart = section.locator("figure:visible .curves").nth(which)
        low, high = map(float, re.search(r"\((\S+) to (\S+)\)", chart.locator(".legend").inner_text()).groups())
        ends = [float(end) for end in re.findall(r"-?\d+\.\d+", chart.locator("svg").get_attribute("aria-label"))]
        assert len(ends) == 4
        assert all(low - 0.06 <= end <= high + 0.06 for end in ends)
