"""How quick the page is in Chromium: first paint, and from a key on a corner of the map to its picture.

Run with `python -m benchmarks.page http://127.0.0.1:8000` beside a running server, where
requirements-dev.txt is installed.
"""

import shutil
import statistics

import click
from playwright.sync_api import Browser, sync_playwright

from benchmarks.load import need

VISITS = 9  # and one before, which is not counted
MOVES = """async () => {
    const times = [];
    for (let i = 0; i < 20; i++) {
        const picture = document.querySelector("#map-picture");
        const changed = new Promise((resolve) => picture.addEventListener("load", resolve, { once: true }));
        const begun = performance.now();
        // Always on: a map that was there before would come from the browser's cache.
        document.querySelector(".corner-0").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        await changed;
        times.push(performance.now() - begun);
    }
    return times;
}"""


@click.command()
@click.argument("address", default="http://127.0.0.1:8000")
def main(address: str) -> None:
    """Print medians and spreads in milliseconds."""
    need("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        _, *painted = [first_paint(chromium, address) for _ in range(1 + VISITS)]
        page = chromium.new_page()
        page.goto(address)
        page.locator("#explore").scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelector('#map-picture').naturalWidth > 1")
        moved = page.evaluate(MOVES)
        chromium.close()
    for name, times in (("first paint", painted), ("from key to picture", moved)):
        click.echo(f"{name}: {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")


def first_paint(chromium: Browser, address: str) -> float:
    """Milliseconds from the visit to the first content on the screen."""
    page = chromium.new_page()
    page.goto(address)
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    time: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.close()
    return time


if __name__ == "__main__":
    main()
