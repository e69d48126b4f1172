"""Make README's pictures anew: `make screenshots`."""

from urllib.request import urlopen

from conftest import CHROMIUM, running_server
from playwright.sync_api import sync_playwright

from app.config import ROOT

DIGITS = "/generate?count=100&columns=20&seed=1&scale=2&background=white"

if __name__ == "__main__":
    with running_server() as (address, _), sync_playwright() as playwright:
        (ROOT / "docs" / "digits.png").write_bytes(urlopen(address + DIGITS).read())
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1000, "height": 640})
        page.goto(f"{address}/?digit=7&seed=42")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=ROOT / "docs" / "page.png")
        chromium.close()
