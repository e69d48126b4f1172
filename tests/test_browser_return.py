"""The address brings back what was made, in a real Chromium: back, forward and jumps."""

from browsing import EVERY_SIZE
from making import generate, pictures, said, wait_for_change
from playwright.sync_api import expect

pytestmark = EVERY_SIZE


def test_the_address_brings_the_picture_back_and_back_and_forward_work(page):
    generate(page)
    first, first_said, address = pictures(page), said(page), page.url
    page.fill("input[name=count]", "3")
    generate(page)
    second = pictures(page)
    page.go_back()
    expect(page.locator("#caption")).to_have_text(first_said)
    assert pictures(page) == first
    assert page.input_value("input[name=count]") == "1"
    page.go_forward()
    expect(page.locator("#made img")).to_have_count(3)
    assert pictures(page) == second
    page.goto(address)
    assert pictures(page) == first
    assert said(page) == first_said


def test_back_brings_the_choice_of_any_digit_back_too(page):
    page.check("input[name=digit][value='7']", force=True)
    generate(page)
    before = pictures(page)
    page.go_back()
    wait_for_change(page, before)
    assert page.is_checked("input[name=digit][value='']")


def test_forward_after_a_back_that_failed_finds_picture_form_and_words_as_they_were(page):
    for digit in (3, 7):
        page.check(f"input[name=digit][value='{digit}']", force=True)
        generate(page)
    made, words = pictures(page), said(page)
    page.route("**/generate?*", lambda route: route.abort())
    page.go_back()
    expect(page.locator("#caption")).to_have_text("The server does not answer. Try again in a moment.")
    assert page.is_checked("input[name=digit][value='3']")
    page.go_forward()
    expect(page.locator("#caption")).to_have_text(words)
    assert page.is_checked("input[name=digit][value='7']")
    assert pictures(page) == made


def test_back_leaves_the_focus_at_its_place_among_the_digits(page):
    for count in (4, 9):
        page.fill("#make-form [name=count]", str(count))
        generate(page)
    page.locator("#made button").nth(2).focus()
    page.go_back()
    expect(page.locator("#made button")).to_have_count(4)
    expect(page.locator("#made button").nth(2)).to_be_focused()
    expect(page.locator("#chosen")).to_contain_text(", number 3,")
    page.go_forward()
    expect(page.locator("#made button")).to_have_count(9)
    page.locator("#made button").nth(8).focus()
    page.go_back()
    expect(page.locator("#made button").nth(3)).to_be_focused()


def test_a_jump_within_the_page_leaves_what_was_chosen_and_made(page):
    made, asked = pictures(page), []
    page.on("request", lambda request: asked.append(request.url) if "/generate" in request.url else None)
    page.fill("input[name=count]", "7")
    page.get_by_role("navigation").get_by_role("link", name="Explore").click()
    page.go_back()
    assert page.input_value("input[name=count]") == "7"
    assert (pictures(page), asked) == (made, [])


def test_back_from_one_number_to_another_leaves_what_was_chosen_and_made(page):
    made, asked = pictures(page), []
    page.on("request", lambda request: asked.append(request.url) if "/generate" in request.url else None)
    page.fill("#number-form input", "1999")
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.locator("#written")).to_have_attribute("aria-label", "1999 in handwriting")
    page.fill("#make-form [name=count]", "7")
    page.go_back()
    expect(page.locator("#written")).not_to_have_attribute("aria-label", "1999 in handwriting")
    assert page.input_value("#make-form [name=count]") == "7"
    assert (pictures(page), asked) == (made, [])
