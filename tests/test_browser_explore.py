"""Explore, in a real Chromium."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from browsing import EVERY_SIZE
from playwright.sync_api import expect
from servers import wait_until

pytestmark = EVERY_SIZE

MAP, FILM = "#map-picture", "#way-film"


@pytest.fixture
def asked(page):
    """What /map was asked, request by request, once the first map is there."""
    requests: list[dict[str, str]] = []

    def note(request):
        url = urlparse(request.url)
        if url.path == "/map":
            requests.append({name: value for name, (value,) in parse_qs(url.query).items()})

    page.on("request", note)
    page.locator(MAP).scroll_into_view_if_needed()
    expect(page.locator(MAP)).to_have_js_property("naturalWidth", 224)
    return requests


def drawn(page, work) -> None:
    """Do something and wait for another map."""
    before = page.get_attribute(MAP, "src")
    work()
    expect(page.locator(MAP)).not_to_have_attribute("src", before)


def test_the_map_is_there_and_told(page, asked):
    expect(page.locator(MAP)).to_have_attribute(
        "alt", f"A map of 3s between corners of seeds {asked[0]['seeds'].replace(',', ', ')}"
    )
    assert len(asked) == 1


def test_dragging_a_corner_turns_it_alone(page, asked):
    box = page.locator(".corner-1").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y + 20, steps=4)
    page.mouse.up()
    while asked[-1]["turns"] != "0,0,-0.36,0.12,0,0,0,0":
        page.wait_for_event("request")
    assert asked[-1]["seeds"] == asked[0]["seeds"]


def test_a_corner_that_a_finger_has_turned_is_drawn_anew_by_the_next_key(page, asked):
    """A finger's drag is followed by no click, as a mouse's is."""
    box = page.locator(".corner-1").bounding_box()
    touches = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        told = {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        touches.send("Input.dispatchTouchEvent", told)

    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch("touchStart", (x, y))
    touch("touchMove", (x - 60, y + 20))
    touch("touchEnd")
    while asked[-1]["turns"] == asked[0]["turns"]:
        page.wait_for_event("request")
    page.focus(".corner-1")
    drawn(page, lambda: page.keyboard.press("Enter"))
    wait_until(lambda: page.title() and asked[-1]["seeds"] != asked[0]["seeds"])


def test_the_arrow_keys_turn_a_corner_and_enter_draws_it_anew(page, asked):
    page.focus(".corner-2")
    drawn(page, lambda: page.keyboard.press("ArrowRight"))
    assert asked[-1]["turns"] == "0,0,0,0,0.1,0,0,0"
    said = page.locator("#map-status")
    expect(said).to_have_text("Corner bottom left: turned by 0.1 to the right and 0.0 down")
    drawn(page, lambda: page.keyboard.press("Enter"))
    old, new = (one["seeds"].split(",") for one in (asked[0], asked[-1]))
    assert [a == b for a, b in zip(old, new, strict=True)] == [True, True, False, True]
    assert asked[-1]["turns"] == "0,0,0,0,0,0,0,0"
    expect(said).to_have_text("Corner bottom left: drawn anew")
    assert "a click on it, or Enter, draws it anew" in page.inner_text("#explore .head")


def test_a_corner_that_is_turned_back_is_not_said_to_be_drawn_anew(page, asked):
    page.focus(".corner-0")
    drawn(page, lambda: page.keyboard.press("ArrowRight"))
    drawn(page, lambda: page.keyboard.press("ArrowLeft"))
    said = page.locator("#map-status")
    expect(said).to_have_text("Corner top left: turned by 0.0 to the right and 0.0 down")
    assert asked[-1] == asked[0]


def test_what_is_not_pinned_can_be_turned_without_dragging(page, asked):
    page.get_by_label("bottom left", exact=True).check()
    drawn(page, page.get_by_role("button", name="Turn up").click)
    assert asked[-1]["turns"] == "0,-0.1,0,-0.1,0,0,0,-0.1"
    assert asked[-1]["seeds"] == asked[0]["seeds"]
    expect(page.locator("#map-status")).to_have_text("What is not pinned: turned a little up")
    for pin in page.locator("[name=pin]").all():
        pin.check()
    page.get_by_role("button", name="Turn up").click()
    expect(page.locator("#map-status")).to_have_text("All corners are pinned.")
    page.get_by_label("top left", exact=True).press("Enter")  # which says nothing
    page.get_by_role("button", name="New corners").click()
    expect(page.locator("#map-status")).to_have_text("All corners are pinned.")
    assert len(asked) == 2


def test_a_pinned_corner_stays(page, asked):
    page.get_by_label("bottom right", exact=True).check()
    drawn(page, page.get_by_role("button", name="New corners").click)
    old, new = (one["seeds"].split(",") for one in (asked[0], asked[-1]))
    assert [a == b for a, b in zip(old, new, strict=True)] == [False, False, False, True]


def test_digit_and_truncation_change_the_map_at_once(page, asked):
    drawn(page, lambda: page.locator("#map-digit").get_by_label("8", exact=True).check(force=True))
    assert page.get_attribute(MAP, "alt").startswith("A map of 8s")
    drawn(page, lambda: page.fill("#map-truncation", "0.5"))
    assert asked[-1]["truncation"] == "0.5"


def test_one_map_is_asked_for_at_a_time_and_then_the_newest(page, asked):
    held = []
    page.route("**/map?*", lambda route: held.append(route), times=1)  # Playwright marks what it calls
    page.focus(".corner-0")
    with page.expect_request("**/map?*"):
        page.keyboard.press("ArrowLeft")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert [one["turns"][:4] for one in asked[1:]] == ["-0.1"]
    drawn(page, held[0].continue_)
    while len(asked) < 3:
        page.wait_for_event("request")
    expect(page.locator(MAP)).to_have_js_property("complete", True)
    assert [one["turns"][:4] for one in asked[1:]] == ["-0.1", "-0.4"]


def test_the_way_plays_there_and_back_and_can_be_moved_along(page):
    film = page.locator(FILM)
    film.scroll_into_view_if_needed()
    expect(film).to_have_js_property("naturalWidth", 64 * 28)
    play = page.locator("#way-play")
    play.click()
    page.wait_for_function("() => document.querySelector('#way-place').value > 5")
    expect(play).to_have_text("Pause")
    play.click()
    expect(play).to_have_text("Play")
    page.fill("#way-place", "63")
    left = page.evaluate("document.querySelector('#way-film').getBoundingClientRect().left")
    frame = page.locator(".film").bounding_box()
    assert abs(left + 63 * frame["width"] - frame["x"]) < 1


def test_another_button_drags_nothing_and_a_pinned_corner_says_why_it_stays(page, asked):
    box = page.locator(".corner-1").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x - 60, y + 20, steps=4)
    page.mouse.up(button="right")
    page.locator("[name=pin]").nth(1).check()
    page.locator(".corner-1").press("Enter")
    expect(page.locator("#map-status")).to_have_text("This corner is pinned.")
    page.locator("[name=pin]").nth(1).uncheck()
    drawn(page, lambda: page.locator(".corner-1").press("Enter"))
    assert len(asked) == 2


def test_the_way_that_could_not_be_drawn_is_drawn_when_it_is_to_play(page):
    page.route("**/interpolate?*", lambda route: route.abort(), times=2)
    page.locator(FILM).scroll_into_view_if_needed()
    said, play = page.locator("#way-status"), page.locator("#way-play")
    expect(said).to_have_text("The server does not answer. Try again in a moment.")
    play.click()
    expect(play).to_have_text("Play")
    play.click()
    expect(page.locator(FILM)).to_have_js_property("naturalWidth", 64 * 28)
    page.wait_for_function("() => document.querySelector('#way-place').value > 5")
    expect(said).to_have_text("")


def test_a_way_that_could_not_be_drawn_later_is_drawn_when_it_is_to_play(page):
    film, said = page.locator(FILM), page.locator("#way-status")
    film.scroll_into_view_if_needed()
    expect(film).to_have_attribute("alt", re.compile("^The way of a 3"))
    page.route("**/interpolate?*", lambda route: route.abort(), times=1)
    page.locator("#map-digit").get_by_label("7", exact=True).check(force=True)
    expect(said).to_have_text("The server does not answer. Try again in a moment.")
    page.locator("#way-play").click()
    expect(film).to_have_attribute("alt", re.compile("^The way of a 7"))
    expect(said).to_have_text("")


def test_a_way_that_is_still_coming_plays_once_it_is_there_and_another_in_its_place_too(page):
    held, play = [], page.locator("#way-play")
    page.route("**/interpolate?*", lambda route: held.append(route))
    with page.expect_request("**/interpolate?*"):
        page.locator(FILM).scroll_into_view_if_needed()
    play.click()
    with page.expect_request("**/interpolate?*"):
        page.locator("#way-anew").click()
    wait_until(lambda: page.title() and len(held) == 2)  # Playwright tells of a request before it holds it
    held[1].continue_()
    page.wait_for_function("() => document.querySelector('#way-place').value > 5")
    expect(play).to_have_text("Pause")


def test_an_eight_has_its_article(page):
    page.locator(FILM).scroll_into_view_if_needed()
    page.locator("#map-digit").get_by_label("8", exact=True).check(force=True)
    expect(page.locator(FILM)).to_have_attribute("alt", re.compile("^The way of an 8 "))


def test_back_shows_the_frame_that_the_slider_was_left_at(page):
    page.fill("#way-place", "40")
    page.goto("/docs")
    page.go_back()
    expect(page.locator("#way-place")).to_have_value("40")
    frame = "document.querySelector('#way-film').style.getPropertyValue('--frame')"
    page.wait_for_function(f"() => {frame} === '40'")
