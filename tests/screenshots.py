"""Make README's pictures anew: `make screenshots`."""

from pathlib import Path
from urllib.request import urlopen

from browsing import CHROMIUM
from playwright.sync_api import Page, expect, sync_playwright
from servers import running_server

from app.config import ROOT

DIGITS = "/generate?count=100&columns=20&seed=1&scale=2&background=white"
LINK = "/?digit=7&seed=42&number=22.11.2026&number_seed=3"
DOCS = ROOT / "docs"


def top(page: Page, path: Path) -> None:
    """The top of the page, as a visitor finds it."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)


def side_by_side(page: Page, path: Path) -> None:
    """The three models early in their training."""
    section = page.locator("#learn")
    section.scroll_into_view_if_needed()
    expect(section.locator(".seen").nth(1)).to_contain_text("the end")
    section.get_by_label("side by side").check(force=True)
    section.locator("#learn-time").fill("570")
    page.wait_for_load_state("networkidle")
    section.screenshot(path=path)


def latent_map(page: Page, path: Path) -> None:
    """The digits between four corners."""
    page.locator("#explore").scroll_into_view_if_needed()
    expect(page.locator("#map-picture")).to_have_js_property("naturalWidth", 224)
    page.wait_for_load_state("networkidle")
    page.locator(".map").screenshot(path=path)


if __name__ == "__main__":
    with running_server() as (address, _), sync_playwright() as playwright:
        (DOCS / "digits.png").write_bytes(urlopen(address + DIGITS).read())
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for take, name, scheme in (
            (top, "page", "light"),
            (top, "page-dark", "dark"),
            (side_by_side, "learn", "light"),
            (latent_map, "map", "light"),
        ):
            page = chromium.new_page(viewport={"width": 1100, "height": 700}, color_scheme=scheme)
            page.goto(address + LINK)
            take(page, DOCS / f"{name}.png")
            page.close()
        chromium.close()
