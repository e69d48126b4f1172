"""The description of the interface as people read it at /docs, in a real Chromium."""

import pytest
from browsing import opened


def test_the_description_can_be_read_with_no_file_from_another_host(browser, server):
    with opened(browser, server, "about:blank") as page:
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto("/docs")
        page.locator(".opblock-summary", has_text="/generate").first.click()
        page.get_by_text("Brings the same picture back").first.wait_for()
        assert not complaints
        assert all(url.startswith((server, "data:")) for url in asked)


@pytest.mark.parametrize("path", ["/map", "/interpolate"])
def test_the_reader_of_the_description_asks_as_described(browser, server, path):
    with opened(browser, server, "/docs") as page:
        route = page.locator(".opblock", has=page.locator(f"[data-path='{path}']"))
        route.locator(".opblock-summary").click()
        route.get_by_role("button", name="Try it out").click()
        with page.expect_response(lambda response: path in response.url) as answer:
            route.get_by_role("button", name="Execute").click()
        assert answer.value.status == 200
