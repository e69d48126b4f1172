"""Pages in a real browser, and the sizes in which the tests look at them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
EVERY_SIZE = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])  # what lies where matters
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def opened(browser: object, server: str, address: str = "/", **settings: object) -> Iterator[object]:
    """A page of the browser at an address, on which nothing may fail and the policy must not be broken."""
    context = browser.new_context(base_url=server, **settings)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(address)
    yield page
    context.close()
    assert faults == []
