"""The page without JavaScript, or without some of it, in a real Chromium."""

import re

import pytest
from making import said
from playwright.sync_api import expect


def test_without_javascript_the_form_makes_new_digits_that_say_what_they_are(plain_page):
    before = plain_page.get_attribute("#made img", "src")
    plain_page.check("input[name=digit][value='3']", force=True)
    plain_page.get_by_role("button", name="Generate").click()
    assert "digit=3" in plain_page.url
    assert re.fullmatch(r"A handwritten 3, seed \d+, realness \d+%", said(plain_page))
    assert plain_page.get_attribute("#made img", "src") != before


def test_without_javascript_nothing_stands_there_that_cannot_work(plain_page):
    for section in ("explore", "learn", "judge", "ask"):
        expect(plain_page.locator(f"#{section} noscript p")).to_contain_text("needs JavaScript")
        expect(plain_page.locator(f"#{section} noscript p")).to_be_visible()
        assert plain_page.locator(f"#{section} :is(button, input, canvas):visible").count() == 0
    assert plain_page.locator("li button:enabled").count() == 0
    expect(plain_page.get_by_text("Click a digit")).to_be_hidden()


@pytest.mark.parametrize("missing", ["page.js", "learn.js", "server.js"])
def test_a_page_whose_scripts_do_not_all_come_says_so_and_works_without_them(page, missing):
    alert = page.get_by_role("alert")
    expect(alert).to_be_hidden()
    page.route(f"**/{missing}", lambda route: route.abort())
    page.goto("/?number=1999")
    expect(alert).to_have_text("Part of this page did not load. Load it again.")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url("**/?number=1999*&digit=*")
    assert re.match(r"A handwritten \d, seed ", said(page))
    page.unroute(f"**/{missing}")
    page.get_by_role("link", name="Load it again").click()
    expect(page.locator("li > button").first).to_be_enabled()
    expect(alert).to_be_hidden()
    assert "number=1999" in page.url
