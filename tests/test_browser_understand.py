"""Understand, in a real Chromium."""

from playwright.sync_api import expect


def test_the_diagram_shows_the_digit_that_was_made_last(page):
    before = page.get_attribute("#diagram-digit", "href")
    assert before == page.get_attribute("#made img", "src")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#diagram-digit")).not_to_have_attribute("href", before)
    assert page.get_attribute("#diagram-digit", "href") == page.get_attribute("#made img", "src")
    assert page.text_content("#diagram-seed") in page.inner_text("#caption")


def test_the_collapsed_run_is_shown_with_its_settings(page):
    page.locator(".collapse").scroll_into_view_if_needed()
    sheets = page.locator(".collapse img")
    expect(sheets).to_have_count(4)
    for place in range(4):
        expect(sheets.nth(place)).to_have_js_property("complete", True)
        assert sheets.nth(place).evaluate("image => image.naturalWidth") in (112, 280)
    assert "--generator-lr 0.004" in page.inner_text("#understand figure:has(.collapse) figcaption")


def test_the_papers_are_linked(page):
    links = page.locator("#understand a[href^='https://arxiv.org/abs/']")
    assert {link.split("/")[-1] for link in links.evaluate_all("all => all.map(link => link.href)")} >= {
        "1406.2661",
        "1511.06434",
        "1807.00734",
        "2501.05441",
        "1801.04406",
        "1802.05637",
        "1809.11096",
    }


def test_the_explanation_is_there_without_javascript(plain_page):
    assert "The game" in plain_page.inner_text("#understand")
    assert plain_page.locator("#diagram-digit").is_visible()
