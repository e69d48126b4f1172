"""Write a number, in a real Chromium."""

from contextlib import suppress

from playwright.sync_api import Error, expect

NUMBER = "#written img"


def pictures(page) -> list[str]:
    return page.eval_on_selector_all(NUMBER, "images => images.map(image => image.src)")


def write(page, text: str) -> None:
    page.fill("#number-form input", text)
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.locator("#number-status")).to_contain_text(f"{text} in handwriting, seed ")


def test_a_date_is_written_with_its_signs(page):
    write(page, "22.11.2026")
    assert len(pictures(page)) == 8
    assert page.locator("#written .sign").all_inner_texts() == [".", "."]
    seed = page.inner_text("#number-status").rpartition(" ")[2]
    assert page.get_attribute(NUMBER, "alt") == f"2, seed {seed}, write it anew"


def test_a_click_writes_one_digit_anew_and_the_address_brings_it_back(page):
    write(page, "2026")
    before = pictures(page)
    page.locator("#written button").nth(2).click()
    expect(page.locator("#number-status")).to_have_text("Digit 3, a 2, is written anew")
    after = pictures(page)
    assert [old != new for old, new in zip(before, after, strict=True)] == [False, False, True, False]
    page.go_back()
    page.wait_for_function("before => document.querySelectorAll('#written img')[2].src === before", arg=before[2])
    page.go_forward()
    page.wait_for_function("after => document.querySelectorAll('#written img')[2].src === after", arg=after[2])
    page.goto(page.url)
    page.reload()
    assert pictures(page) == after


def test_two_clicks_in_a_row_both_count(page):
    write(page, "2026")
    before = pictures(page)
    page.evaluate("for (const place of [0, 2]) document.querySelectorAll('#written button')[place].click()")
    expect(page.locator("#number-status")).to_have_text("Digit 3, a 2, is written anew")
    assert [old != new for old, new in zip(before, pictures(page), strict=True)] == [True, False, True, False]


def test_the_first_number_can_be_written_anew_too(page):
    before = pictures(page)
    page.locator("#written button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#number-status")).to_have_text("Digit 1, a 2, is written anew")
    assert pictures(page)[1:] == before[1:]
    assert pictures(page)[0] != before[0]


def test_without_javascript_a_number_is_written(plain_page):
    plain_page.fill("#number-form [name=number]", "0170 1234")
    plain_page.get_by_role("button", name="Write", exact=True).click()
    expect(plain_page.locator(NUMBER)).to_have_count(8)


def test_without_javascript_each_form_keeps_what_the_other_made(plain_page):
    made = plain_page.get_attribute("#made img", "src")
    plain_page.fill("#number-form [name=number]", "0170 1234")
    plain_page.get_by_role("button", name="Write", exact=True).click()
    expect(plain_page.locator(NUMBER)).to_have_count(8)
    assert plain_page.get_attribute("#made img", "src") == made
    written = pictures(plain_page)
    plain_page.get_by_role("button", name="Generate").click()
    expect(plain_page.locator("#made img")).not_to_have_attribute("src", made)
    expect(plain_page.locator(NUMBER)).to_have_count(8)
    assert pictures(plain_page) == written


def test_before_the_scripts_have_come_each_form_keeps_what_the_other_made_too(page):
    write(page, "1999")
    written, made = pictures(page), page.get_attribute("#made img", "src")
    page.route("**/static/js/*", lambda route: route.abort())
    page.reload()
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#made img")).not_to_have_attribute("src", made)
    expect(page.locator(NUMBER)).to_have_count(4)
    assert pictures(page) == written


def test_what_is_said_follows_back_and_a_reload_keeps_the_handwriting(page):
    first = page.url
    assert "number=" in first
    shown = pictures(page)
    page.reload()
    expect(page.locator("#number-status")).to_be_attached()
    assert pictures(page) == shown
    write(page, "2026")
    said = page.inner_text("#number-status")
    write(page, "1999")
    page.go_back()
    expect(page.locator("#number-status")).to_have_text(said)


def test_going_back_while_a_digit_is_written_anew_stays_back(page):
    write(page, "2026")
    write(page, "1999")
    held = []
    page.route("**/number/**", lambda route: held.append(route) if "turns=" in route.request.url else route.continue_())
    with page.expect_request("**/number/1999?*turns=*"):
        page.locator("#written button").first.click()
    page.go_back()
    expect(page.locator("#written")).to_have_attribute("aria-label", "2026 in handwriting")
    with suppress(Error):  # the page has given the request up
        held[0].continue_()
    page.go_forward()
    expect(page.locator("#written")).to_have_attribute("aria-label", "1999 in handwriting")
    assert "number_turns" not in page.url


def test_forward_after_a_back_that_failed_says_nothing_of_that(page):
    write(page, "2026")
    write(page, "1999")
    page.route("**/number/**", lambda route: route.abort())
    page.go_back()
    expect(page.locator("#number-status")).to_have_text("The server does not answer. Try again in a moment.")
    page.go_forward()
    expect(page.locator("#number-status")).to_have_text("")
    assert page.input_value("#number-form input") == "1999"


def test_the_link_to_a_picture_of_the_digits_alone_says_so(page):
    png = page.locator("#number-png")
    expect(png).to_have_text("PNG")
    write(page, "3.14")
    expect(png).to_have_text("PNG of the digits")
    page.reload()
    expect(png).to_have_text("PNG of the digits")
    write(page, " 314 ")
    expect(png).to_have_text("PNG")


def test_an_eight_has_its_article(page):
    write(page, "18")
    page.locator("#written button").nth(1).click()
    expect(page.locator("#number-status")).to_have_text("Digit 2, an 8, is written anew")


def test_back_leaves_the_focus_at_its_place_in_the_number(page):
    write(page, "2026")
    write(page, "19")
    page.locator("#written button").nth(1).focus()
    page.go_back()
    expect(page.locator("#written button")).to_have_count(4)
    expect(page.locator("#written button").nth(1)).to_be_focused()
