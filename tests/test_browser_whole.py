"""The whole page, in a real Chromium: accessible, quick, small, and sound in every module."""

import gzip
import re
from itertools import product
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE, opened
from playwright.sync_api import expect
from servers import running_server

from app.config import ROOT

TABLET = {"width": 768, "height": 1024}
STATIC = ROOT / "static"
OWN = [*STATIC.glob("js/*.js"), *STATIC.glob("css/*.css"), *STATIC.glob("*.svg"), *STATIC.rglob("*.webp")]
LIMIT = 100_000  # bytes


def see_all(page) -> None:
    """Bring every section into sight, so that each has begun its work."""
    for section in page.locator("section").all():
        section.scroll_into_view_if_needed()
    expect(page.locator("#learn .curves svg").first).to_be_attached()
    expect(page.locator("#map-picture")).to_have_js_property("naturalWidth", 224)


@pytest.mark.parametrize(("size", "scheme"), [*product([DESKTOP, PHONE], ["light", "dark"])])
def test_axe_finds_nothing(browser, server, size, scheme):
    with opened(browser, server, "/?count=4", viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        see_all(page)
        page.get_by_role("button", name="Begin").click()
        for _ in range(10):
            page.locator("#judge-answers [value=real]").click()
        found = Axe().run(page)
        assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("size", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_nothing_overflows_sideways(browser, server, size):
    """On a phone of 320 pixels, which is also what 200% of a page of 640 comes to."""
    with opened(browser, server, "/?count=100&number=12345678901234567890123456789012", viewport=size) as page:
        see_all(page)
        page.get_by_role("button", name="Begin").click()
        for _ in range(10):
            page.locator("#judge-answers [value=real]").click()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_nothing_overflows_sideways_where_text_is_twice_as_large(browser, server):
    with opened(browser, server, "/?number=12345678901234567890123456789012", viewport=PHONE) as page:
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        see_all(page)
        page.get_by_role("button", name="Begin").click()
        expect(page.locator("#judge-answers")).to_be_visible()
        outside = page.eval_on_selector_all(
            "main :is(button, input, select, p, img, canvas, .choices span):not(.scroll *, pre *, .film img)",
            """all => all.filter(one => one.getBoundingClientRect().right > innerWidth ||
                one.matches("span") && one.scrollWidth > one.clientWidth).map(one => one.outerHTML.slice(0, 80))""",
        )
        assert outside == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_is_chosen_stands_out_in_forced_colours(browser, server):
    with opened(browser, server, viewport=DESKTOP, forced_colors="active") as page:
        grounds = page.eval_on_selector_all(
            "#make-form .choices input",
            "all => all.map(one => [one.checked, getComputedStyle(one.nextElementSibling).backgroundColor])",
        )
        chosen = {ground for checked, ground in grounds if checked}
        assert len(chosen) == 1
        assert chosen.isdisjoint(ground for checked, ground in grounds if not checked)


def test_the_outline_of_a_link_to_a_section_is_not_cut_off(browser, server):
    with opened(browser, server, viewport=PHONE) as page:
        for link in page.locator(".contents a").all():
            link.focus()
            room = link.evaluate(
                """link => {
                    const [own, box] = [link, link.parentElement].map(one => one.getBoundingClientRect());
                    return [own.left - box.left, own.top - box.top, box.right - own.right, box.bottom - own.bottom];
                }"""
            )
            assert min(room) >= 6, link.inner_text()  # an outline of 3 pixels, 3 pixels away


def test_nothing_jumps_while_the_page_loads(page):
    page.add_init_script(
        """window.shifted = 0;
        new PerformanceObserver((list) => {
            for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page.reload()
    see_all(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shifted") < 0.01


def test_the_page_is_small(server):
    """All that is our own, the real digits and the collapsed run among it; compressed as a server may."""
    with urlopen(server) as response:
        contents = [response.read(), *(path.read_bytes() for path in OWN)]
    assert sum(min(len(content), len(gzip.compress(content))) for content in contents) < LIMIT


def test_every_module_is_sound_and_nothing_comes_from_another_host(browser, server):
    with opened(browser, server, viewport=DESKTOP) as page:
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        for path in STATIC.glob("js/*.js"):
            if path.name != "docs.js":  # the reader's, which needs its page
                page.evaluate("(path) => import(path)", f"/static/js/{path.name}")
        page.reload()
        see_all(page)
        assert complaints == []
        assert all(url.startswith((server, "blob:", "data:")) for url in asked)


def test_every_section_works_where_no_model_takes_labels(browser, one_model):
    with running_server(DIGITSMITH_MODELS=one_model) as (address, _), opened(browser, address) as page:
        see_all(page)
        expect(page.locator("#map-picture")).to_have_attribute("alt", re.compile("A map of digits between corners of"))
        page.get_by_role("button", name="New corners").click()
        expect(page.locator("#map-status")).to_have_text("New corners")
        assert page.locator("#number").or_(page.locator("#judge")).count() == 0


def test_every_control_can_be_reached_and_seen_to_be_reached_by_keyboard(browser, server):
    with opened(browser, server, viewport=DESKTOP) as page:
        see_all(page)
        page.evaluate("window.scrollTo(0, 0)")
        reached, unseen = set(), []
        for _ in range(150):
            page.keyboard.press("Tab")
            what, outlined = page.evaluate(
                """() => {
                    const at = document.activeElement;
                    const shown = at.matches(".choices input") ? at.nextElementSibling : at;
                    const name = at === document.body ? null : at.id || at.name || at.textContent.trim();
                    return [name, getComputedStyle(shown).outlineStyle !== "none"];
                }"""
            )
            if what is None:  # beyond the last
                break
            reached.add(what)
            if not outlined:
                unseen.append(what)
        wanted = {"digit", "count", "truncation", "model", "number", "per_class", "learn-time", "learn-play"}
        wanted |= {"explored", "pin", "map-anew", "way-play", "judge-begin", "drawn", "draw-canvas", "draw-clear"}
        assert wanted <= reached
        assert unseen == []
