"""Take it away, in a real Chromium. Where a data set's answer matters, the test gives it itself."""

import re
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from browsing import opened
from playwright.sync_api import expect


@pytest.fixture
def page(browser, server, viewport):
    """The page with a clipboard."""
    granted = ["clipboard-read", "clipboard-write"]
    with opened(browser, server, viewport=viewport, permissions=granted) as page:
        yield page


def copied(page, name: str) -> str:
    page.get_by_role("button", name=name).click()
    what = name.removeprefix("Copy ")
    expect(page.locator("#take-status")).to_have_text(re.compile(rf"Copied: the {what}.*\."))
    return page.evaluate("navigator.clipboard.readText()")


def test_the_picture_is_downloaded_in_each_size(page):
    for scale in (1, 16):
        with page.expect_download() as download:
            page.click(f"[data-scale='{scale}']")
        assert re.fullmatch(r"digitsmith-\d+\.png", download.value.suggested_filename)
        assert download.value.path().read_bytes()[16:20] == (28 * scale).to_bytes(4, "big")


def test_what_is_taken_is_what_was_made_last(page):
    page.fill("#make-form [name=count]", "9")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#caption")).to_contain_text("9 handwritten digits")
    seed = re.search(r"seed (\d+)", page.inner_text("#caption"))[1]
    expect(page.locator("[data-scale='4']")).to_have_text("336 pixels")
    assert f"seed={seed}" in page.inner_text("#take-curl")


def test_link_curl_and_python_are_copied_and_bring_the_picture_back(page, server, get):
    assert copied(page, "Copy link") == page.evaluate("document.querySelector('#link').href")
    curl, python = copied(page, "Copy curl"), copied(page, "Copy Python")
    address = re.fullmatch(r"curl -o digits.png '(.+)'", curl)[1]
    assert f'Image.open(urlopen("{address}"))' in python
    assert address.startswith(server)
    namespace: dict = {}
    exec(python, namespace)  # noqa: S102 - it is what the page tells people to run
    assert namespace["picture"].size == (224, 224)
    assert get(address).headers["X-Seed"] in page.inner_text("#caption")


def test_the_image_is_copied(page):
    page.get_by_role("button", name="Copy image").click()
    expect(page.locator("#take-status")).to_have_text("Copied: the image.")
    types = page.evaluate("navigator.clipboard.read().then(([item]) => item.types)")
    assert types == ["image/png"]


def test_a_data_set_tells_its_size_before_and_is_saved_under_its_name(page):
    asked = []

    def answer(route):
        asked.append(parse_qs(urlparse(route.request.url).query))
        headers = {"Content-Disposition": 'attachment; filename="digits.idx.zip"', "X-Seed": "7"}
        route.fulfill(body=b"x" * 4000, headers=headers)

    page.route("**/dataset?*", answer)
    page.fill("#dataset [name=per_class]", "1000")
    page.select_option("#dataset [name=format]", "idx")
    expect(page.locator("#dataset-size")).to_have_text("10,000 digits, at most 7.9 MB")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert asked == [{"model": ["digitsmith"], "per_class": ["1000"], "format": ["idx"], "truncation": ["1"]}]
    assert download.value.suggested_filename == "digits.idx.zip"
    assert download.value.path().read_bytes() == b"x" * 4000
    expect(page.locator("#dataset-status")).to_have_text("The data set is here: 4 kB, seed 7")


@pytest.mark.parametrize("format_", ["npz", "idx", "png", "parquet"])
def test_a_data_set_is_no_larger_than_was_foretold(page, format_):
    page.fill("#dataset [name=per_class]", "1")
    page.select_option("#dataset [name=format]", format_)
    foretold = page.inner_text("#dataset-size")
    (kilobytes,) = re.fullmatch("10 digits, at most ([0-9]+) kB", foretold).groups()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert 0 < download.value.path().stat().st_size <= 1000 * int(kilobytes)


def test_a_data_set_shows_how_far_it_has_come_and_can_be_cancelled(page):
    page.evaluate(
        """() => { const busy = [{ status: 503, headers: { "Retry-After": 1 } }];
        window.fetch = async (url, { signal }) => {
            if (busy.length && url.startsWith("dataset")) return new Response("{}", busy.pop());
            return new Response(new ReadableStream({ start(stream) {
                stream.enqueue(new Uint8Array(39000));
                signal.addEventListener("abort", () => stream.error(signal.reason));
            } }));
        } }"""
    )
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.locator("#dataset-size")).to_have_text("39 kB of at most 805 kB")
    expect(page.locator("#dataset-status")).to_have_text("Drawing the data set")  # and no more that the server is busy
    expect(page.locator("#dataset-progress")).to_have_js_property("value", 39000)
    page.fill("#dataset [name=per_class]", "200")
    page.get_by_role("button", name="Download", exact=True).click()  # the first gives way to another
    expect(page.locator("#dataset-size")).to_have_text("39 kB of at most 1.6 MB")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Download", exact=True)).to_be_focused()
    expect(page.locator("#dataset-progress")).to_be_hidden()
    expect(page.locator("#dataset-status")).to_have_text("Cancelled")


def test_a_data_set_under_way_is_not_begun_anew_and_keeps_its_size(page):
    section, size, status = page.locator("#dataset"), page.locator("#dataset-size"), page.locator("#dataset-status")
    asked, held = [], []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}") if len(asked) == 1 else held.append(route)

    page.clock.install()
    page.route("**/dataset?*", answer)
    section.get_by_role("button", name="Download").click()
    expect(status).to_have_text("The server is busy; trying again in 1 second.")
    with page.expect_request("**/dataset?*"):
        page.clock.run_for(1000)
    before = size.inner_text()
    section.get_by_role("button", name="Download").click()
    page.fill("#dataset [name=per_class]", "1")
    assert (len(asked), size.inner_text()) == (2, before)
    with page.expect_download():
        held[0].continue_()
    expect(status).to_contain_text("The data set is here")
    expect(size).to_contain_text("10 digits")


def test_an_error_of_the_data_set_is_told_in_the_servers_words(page):
    page.route("**/dataset?*", lambda route: route.fulfill(status=422, body='{"detail": "It is too large."}'))
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.locator("#dataset-status")).to_have_text("It is too large.")


def test_without_javascript_picture_and_data_set_are_downloaded(plain_page):
    with plain_page.expect_download() as picture:
        plain_page.click("[data-scale='4']")
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    plain_page.fill("#dataset [name=per_class]", "7")
    with plain_page.expect_download() as dataset:
        plain_page.get_by_role("button", name="Download").click()
    with np.load(dataset.value.path()) as arrays:
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    assert np.bincount(labels).tolist() == [7] * 10


def test_nothing_is_foretold_of_what_the_form_would_refuse_and_what_is_large_is_told_in_gigabytes(page):
    size, field = page.locator("#dataset-size"), page.locator("#dataset [name=per_class]")
    for refused in ("-5", "99999999", "1.5", ""):
        field.fill(refused)
        expect(size).to_have_text("\u00a0")
    field.evaluate("field => (field.max = 1e8)")
    field.fill("1e7")
    expect(size).to_have_text("100,000,000 digits, at most 78.5 GB")


def test_a_data_set_is_asked_for_with_whole_numbers(page):
    page.fill("#dataset [name=per_class]", "1e1")
    page.fill("#dataset [name=seed]", "7.0")
    page.route("**/dataset?*", lambda route: route.fulfill(status=422, body='{"detail": "It is too large."}'))
    with page.expect_request("**/dataset?*") as asked:
        page.get_by_role("button", name="Download", exact=True).click()
    assert "&per_class=10&" in asked.value.url
    assert "&seed=7&" in asked.value.url


def test_once_a_data_set_is_here_the_focus_is_not_lost_with_cancel(page):
    held = []
    page.route("**/dataset?*", lambda route: held.append(route))
    with page.expect_request("**/dataset?*"):
        page.get_by_role("button", name="Download", exact=True).click()
    page.locator("#dataset-cancel").focus()
    with page.expect_download():
        held[0].fulfill(body=b"x" * 4000)
    expect(page.locator("#dataset-cancel")).to_be_hidden()
    expect(page.get_by_role("button", name="Download", exact=True)).to_be_focused()
