"""The page in a real Chromium."""

import re
from collections.abc import Iterator

import pytest

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}


def opened(browser, server, **settings) -> Iterator[object]:
    context = browser.new_context(base_url=server, **settings)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto("/")
    yield page
    context.close()
    assert faults == []


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(browser, server, request):
    yield from opened(browser, server, viewport=request.param)


@pytest.fixture
def plain_page(browser, server):
    yield from opened(browser, server, viewport=PHONE, java_script_enabled=False)


def ink(page) -> list[int]:
    """The opacity of every pixel of the picture on the page."""
    return page.evaluate(
        """async () => {
            const picture = document.querySelector("#picture");
            await picture.decode();
            const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
            const context = canvas.getContext("2d");
            context.drawImage(picture, 0, 0);
            return [...context.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 3);
        }"""
    )


def said(page) -> str:
    return page.inner_text("#caption")


def generate(page) -> None:
    """Click Generate and wait for what it says to change."""
    before = said(page)
    page.click("button")
    page.wait_for_function("before => document.querySelector('#caption').textContent !== before", arg=before)


def test_generate_brings_a_new_digit(page):
    before, address = ink(page), page.url
    generate(page)
    after = ink(page)
    assert len(after) == 28 * 28
    assert max(after) > 200
    assert after != before
    assert page.url != address


def test_the_digit_that_is_chosen_is_made_and_told(page):
    page.check("input[name=digit][value='7']", force=True)
    generate(page)
    assert re.fullmatch(r"A handwritten 7, seed \d+", said(page))
    assert page.get_attribute("#picture", "alt").startswith("Handwritten 7, seed ")


def test_the_address_brings_the_picture_back_and_back_goes_back(page):
    generate(page)
    first, first_said, address = ink(page), said(page), page.url
    generate(page)
    page.go_back()
    page.wait_for_function("said => document.querySelector('#caption').textContent === said", arg=first_said)
    assert ink(page) == first
    page.goto(address)
    assert ink(page) == first


def test_many_digits_make_a_sheet(page):
    page.fill("input[name=count]", "12")
    generate(page)
    assert len(ink(page)) == 12 * 28 * 28
    assert "12 handwritten digits" in said(page)


def test_a_model_that_takes_no_label_offers_no_digit(page):
    page.check("input[name=digit][value='7']", force=True)
    page.select_option("#model", "mlp")
    assert page.is_checked("input[name=digit][value='']")
    assert page.is_disabled("input[name=digit][value='7']")
    generate(page)
    assert "model=mlp" in page.url


def test_enter_generates_too(page):
    page.focus("input[name=count]")
    before = said(page)
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelector('#caption').textContent !== before", arg=before)


def test_a_server_that_is_gone_is_told_kindly(page):
    page.route("**/generate?*", lambda route: route.abort())
    page.click("button")
    page.wait_for_function("document.querySelector('#caption').textContent.startsWith('The server does not answer')")
    page.unroute("**/generate?*")
    generate(page)


def test_nothing_overflows_sideways(page):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_javascript_the_form_makes_a_new_digit(plain_page):
    before = plain_page.get_attribute("#picture", "src")
    plain_page.check("input[name=digit][value='3']", force=True)
    plain_page.click("button")
    assert "digit=3" in plain_page.url
    assert re.fullmatch(r"A handwritten 3, seed \d+", said(plain_page))
    assert plain_page.get_attribute("#picture", "src") != before


def test_the_description_can_be_read_with_no_file_from_another_host(browser, server):
    page = browser.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{server}/docs")
    page.locator(".opblock-summary", has_text="/generate").first.click()
    page.get_by_text("Brings the same picture back").first.wait_for()
    assert not complaints
    assert all(url.startswith((server, "data:")) for url in asked)
    page.close()
