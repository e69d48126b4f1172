"""What the page says while the server is slow, and that impatience asks for nothing twice, in a real Chromium."""

import re

import pytest
from playwright.sync_api import Locator, expect
from servers import wait_until


def clicked_impatiently(page, button: Locator, route: str, status: Locator, says: str) -> list[str]:
    """Click a button while what it asks for is held, and thrice more once that is said; then let it come.

    Returns: the addresses that are asked for, also from then on.
    """
    held, asked = [], []
    page.on("request", lambda request: asked.append(request.url) if route in request.url else None)
    page.route(lambda url: route in url, lambda request: held.append(request))
    button.click()
    expect(status).to_have_text(says)
    for _ in range(3):
        button.click()
    wait_until(lambda: page.title() and held)
    held[0].continue_()
    return asked


def test_a_slow_picture_is_said_to_be_drawn_and_asked_for_but_once(page):
    picture, caption = page.locator("#made img"), page.locator("#caption")
    before, button = picture.get_attribute("src"), page.get_by_role("button", name="Generate")
    asked = clicked_impatiently(page, button, "/generate?", caption, "Drawing…")
    expect(picture).not_to_have_attribute("src", before)
    expect(caption).to_have_text(re.compile("^A handwritten "))
    assert len(asked) == 1


def test_a_slow_number_is_said_to_be_written_and_asked_for_but_once(page):
    page.fill("#number-form input", "1999")
    status, button = page.locator("#number-status"), page.get_by_role("button", name="Write", exact=True)
    asked = clicked_impatiently(page, button, "/number/", status, "Writing…")
    expect(status).to_contain_text("1999 in handwriting, seed ")
    assert len(asked) == 1


def test_a_slow_way_is_said_to_be_on_its_way_and_new_ends_are_asked_for_but_once(page):
    film, status = page.locator("#way-film"), page.locator("#way-status")
    film.scroll_into_view_if_needed()
    expect(film).to_have_attribute("alt", re.compile("^The way of a 3"))
    before = film.get_attribute("alt")
    asked = clicked_impatiently(page, page.locator("#way-anew"), "/interpolate?", status, "Drawing…")
    expect(film).not_to_have_attribute("alt", before)
    expect(status).to_have_text("")
    assert len(asked) == 1


def test_histories_that_are_slow_are_said_to_be_loading(page):
    held = []
    page.route("**/history", lambda request: held.append(request))
    page.locator("#learn").scroll_into_view_if_needed()
    status = page.locator("#learn-status")
    expect(status).to_have_text("The histories are loading.")
    wait_until(lambda: page.title() and len(held) == page.locator("#learn figure").count())
    for request in held:
        request.continue_()
    expect(status).to_have_text("")
    expect(page.locator("#learn figure [data-chart=losses] svg").first).to_be_attached()


def test_ten_digits_that_do_not_come_at_all_are_given_up_and_can_be_asked_for_again(page):
    begin = page.get_by_role("button", name="Begin")
    page.clock.install()
    page.route("**/generate?*", lambda _: None)
    with page.expect_request("**/generate?*"):
        begin.click()
    page.clock.run_for(20_000)
    expect(page.locator("#judge-status")).to_have_text("The server does not answer. Try again in a moment.")
    page.unroute("**/generate?*")
    begin.click()
    expect(page.locator("#judge-place")).to_contain_text("Digit 1 of 10")


def test_histories_that_do_not_come_at_all_are_given_up_and_can_be_loaded_again(page):
    page.clock.install()
    page.route("**/history", lambda _: None)
    with page.expect_request("**/history"):
        page.locator("#learn").scroll_into_view_if_needed()
    page.clock.run_for(20_000)
    expect(page.locator("#learn-status")).to_have_text("The server does not answer. Try again in a moment.")
    page.unroute("**/history")
    page.locator("#learn").get_by_role("button", name="Play").click()
    expect(page.locator("#learn figure:visible svg")).to_have_count(2)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("TimeoutError", "The server does not answer. Try again in a moment."),
        ("TypeError", "The answer broke off. Try"),
    ],
)
def test_an_answer_that_is_given_up_half_way_is_one_that_did_not_come(page, name, says):
    script = """async (name) => {
        const { whole } = await import("/static/js/server.js");
        return whole(Promise.reject(new DOMException("", name))).catch(({ message }) => message);
    }"""
    assert page.evaluate(script, name).startswith(says)


def test_a_sheet_that_does_not_come_at_all_is_given_up_and_another_can_be_shown(page):
    section, seen = page.locator("#learn"), page.locator("#learn figure:visible .seen")
    section.scroll_into_view_if_needed()
    expect(seen).to_contain_text("the end")
    page.clock.install()
    page.route("**/evolution/*", lambda _: None)
    with page.expect_request("**/evolution/*"):
        page.fill("#learn-time", "300")
    page.clock.run_for(20_000)
    expect(page.locator("#learn-status")).to_have_text("A sheet cannot be loaded. Try again in a moment.")
    page.unroute("**/evolution/*")
    page.fill("#learn-time", "500")
    expect(seen).not_to_contain_text("the end")


@pytest.mark.parametrize("focus", ["#make [type=submit]", "#number-form [name=number]"])
def test_a_key_that_is_held_asks_once(page, focus):
    asked, drawing = [], re.compile("/(generate|number/)")
    page.on("request", lambda request: asked.append(request.url) if drawing.search(request.url) else None)
    page.focus(focus)
    with page.expect_response(drawing):
        page.keyboard.down("Enter")
    page.wait_for_load_state("networkidle")
    page.keyboard.down("Enter")  # again while it is down: a key that repeats
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert len(asked) == 1
