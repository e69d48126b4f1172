"""Ask the discriminator, in a real Chromium."""

import re

from browsing import opened
from playwright.sync_api import expect
from servers import wait_until

OPINION = "#draw-opinions [data-model=digitsmith] p"


def draw_one(page) -> None:
    """Draw an upright stroke at the left of the paper."""
    page.locator("#draw-canvas").scroll_into_view_if_needed()
    box = page.locator("#draw-canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.7, steps=5)
    page.mouse.up()


def ink(page) -> set[tuple[int, int]]:
    """The pixels (x, y) with ink of the digit as it was judged."""
    alphas = page.evaluate(
        """async () => {
            const seen = document.querySelector("#draw-seen");
            await seen.decode();
            const canvas = new OffscreenCanvas(28, 28);
            const context = canvas.getContext("2d");
            context.drawImage(seen, 0, 0);
            return [...context.getImageData(0, 0, 28, 28).data].filter((_, place) => place % 4 === 3);
        }"""
    )
    return {(place % 28, place // 28) for place, alpha in enumerate(alphas) if alpha > 99}


def ink_columns(page) -> tuple[int, int]:
    """The first and last column with ink of the digit as it was judged."""
    columns = [x for x, _ in ink(page)]
    return min(columns), max(columns)


def test_a_drawing_is_centred_and_judged_by_every_model(page):
    page.locator("#draw-digit").get_by_label("1", exact=True).check(force=True)
    draw_one(page)
    expect(page.locator(OPINION)).to_have_text(re.compile(r"More real than \d+% of real 1s\."))
    for classic in ("mlp", "dcgan"):
        told = page.inner_text(f"#draw-opinions [data-model={classic}] p")
        assert re.fullmatch(r"More real than \d+% of real digits\. D\(x\) = [01]\.\d\d\.", told)
    first, last = ink_columns(page)
    assert abs((first + last) / 2 - 13.5) <= 1
    assert page.locator("#draw-seen").is_visible()


def test_a_second_finger_and_the_other_mouse_button_draw_nothing(page):
    blank = page.evaluate("document.querySelector('#draw-canvas').toDataURL()")
    page.evaluate(
        """() => {
            const canvas = document.querySelector("#draw-canvas");
            canvas.setPointerCapture = () => {};
            for (const other of [{ isPrimary: false, button: 0 }, { isPrimary: true, button: 2 }])
                for (const [type, at] of [["pointerdown", 50], ["pointermove", 150], ["pointerup", 150]])
                    canvas.dispatchEvent(new PointerEvent(type, { ...other, buttons: 1, clientX: at, clientY: at }));
        }"""
    )
    assert page.evaluate("document.querySelector('#draw-canvas').toDataURL()") == blank


def test_a_tap_of_the_pen_leaves_a_dot(page):
    page.locator("#draw-canvas").click(position={"x": 40, "y": 90})
    expect(page.locator(OPINION)).to_contain_text("More real than")
    first, last = ink_columns(page)
    assert last - first >= 3


def test_the_rank_is_shown_on_a_ruler(page):
    draw_one(page)
    expect(page.locator(OPINION)).to_contain_text("More real than")
    share = int(re.search(r"(\d+)%", page.inner_text(OPINION))[1])
    at = page.evaluate("document.querySelector('[data-model=digitsmith] .ruler').style.getPropertyValue('--at')")
    assert abs(float(at) * 100 - share) <= 0.51


def test_another_label_is_asked_about_anew(page):
    draw_one(page)
    expect(page.locator(OPINION)).to_contain_text("of real 3s")
    page.locator("#draw-digit").get_by_label("1", exact=True).check(force=True)
    expect(page.locator(OPINION)).to_contain_text("of real 1s")


def test_a_drawing_along_the_edge_is_still_dark_on_light(page):
    canvas = page.locator("#draw-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    left, top, right, bottom = box["x"] + 1, box["y"] + 1, box["x"] + box["width"] - 2, box["y"] + box["height"] - 2
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    expect(page.locator(OPINION)).to_contain_text("More real than")
    assert (14, 14) not in ink(page)
    assert {x for x, y in ink(page) if y == 14} >= {4, 23}


def test_what_could_not_be_judged_has_not_been_seen(page):
    draw_one(page)
    expect(page.locator(OPINION)).to_contain_text("More real than")
    page.route("**/discriminate?*", lambda route: route.abort())
    draw_one(page)
    expect(page.locator("#draw-status")).to_have_text("The server does not answer. Try again in a moment.")
    expect(page.locator(OPINION)).to_have_text("has not seen it yet")
    expect(page.locator("#draw-seen")).to_be_hidden()


def test_an_opinion_that_does_not_come_at_all_is_given_up_and_can_be_asked_for_again(page):
    page.clock.install()
    page.route("**/discriminate?*", lambda _: None)
    with page.expect_request("**/discriminate?*"):
        draw_one(page)
    page.clock.run_for(20_000)
    expect(page.locator("#draw-status")).to_have_text("The server does not answer. Try again in a moment.")
    page.unroute("**/discriminate?*")
    page.locator("#draw-again").click()
    expect(page.locator(OPINION)).to_contain_text("More real than")


def test_clear_forgets(page):
    draw_one(page)
    expect(page.locator(OPINION)).to_contain_text("More real")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(OPINION)).to_have_text("has not seen it yet")
    expect(page.locator("#draw-seen")).to_be_hidden()


def test_a_digit_can_be_drawn_with_the_keyboard(page):
    page.focus("#draw-canvas")
    page.keyboard.press("Space")
    expect(page.locator("#draw-status")).to_have_text("The pen is down.")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(OPINION)).to_contain_text("More real than")


def test_when_one_request_fails_no_other_is_tried_again_for_no_one(page):
    page.clock.install()
    asked = []

    def answer(route):
        asked.append(route.request.url)
        if "model=mlp" in route.request.url:
            route.fulfill(status=422, json={"detail": "That is no digit."})
        else:
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")

    page.route("**/discriminate?*", answer)
    draw_one(page)
    expect(page.locator("#draw-status")).to_have_text("That is no digit.")
    page.clock.run_for(10_000)
    assert page.inner_text("#draw-status") == "That is no digit."
    assert len(asked) == 3


def test_a_stroke_more_before_the_first_answer_is_judged_too(page):
    held = []
    page.route("**/discriminate?*", lambda route: held.append(route) if len(held) < 3 else route.continue_())
    with page.expect_request("**/discriminate?*model=mlp*"):
        draw_one(page)
    draw_one(page)
    expect(page.locator(OPINION)).to_contain_text("More real than")


def test_a_model_of_fewer_classes_is_asked_without_a_digit_it_does_not_know(page):
    page.evaluate("document.querySelector('#draw-opinions [data-model=digitsmith]').dataset.classes = 5")
    page.locator("#draw-digit").get_by_label("7", exact=True).check(force=True)
    with page.expect_request("**/discriminate?model=digitsmith") as asked:
        draw_one(page)
    assert "digit=" not in asked.value.url
    expect(page.locator(OPINION)).to_contain_text("More real than")


def test_space_held_down_puts_the_pen_down_but_once(page):
    said = page.locator("#draw-status")
    page.locator("#draw-canvas").focus()
    for _ in range(5):
        page.keyboard.down(" ")  # again while it is down: a key that repeats
    expect(said).to_have_text("The pen is down.")
    page.keyboard.up(" ")
    page.keyboard.press("Alt+ArrowDown")
    expect(said).to_have_text("The pen is down.")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    expect(said).to_have_text("This is your 3 as they see it.")


def test_on_a_low_screen_there_is_room_beside_the_paper_to_scroll_by(browser, server):
    with opened(browser, server, viewport={"width": 640, "height": 360}, has_touch=True, is_mobile=True) as page:
        box = page.locator("#draw-canvas").bounding_box()
        assert box["height"] <= 0.81 * 360
        assert box["width"] < 0.6 * 640


def test_while_a_slow_server_looks_at_a_drawing_it_is_said_so(page):
    held = []
    page.route("**/discriminate?*", lambda route: held.append(route))
    draw_one(page)
    expect(page.locator("#draw-status")).to_have_text("Looking at it…")
    wait_until(lambda: page.title() and len(held) == 3, what="every model to be asked")
    for route in held:
        route.continue_()
    expect(page.locator("#draw-status")).to_have_text("This is your 3 as they see it.")


def test_what_could_not_be_judged_can_be_judged_again(page):
    again = page.get_by_role("button", name="Judge again")
    expect(again).to_be_hidden()
    page.route("**/discriminate?*", lambda route: route.abort())
    draw_one(page)
    expect(again).to_be_visible()
    page.unroute("**/discriminate?*")
    again.press("Enter")
    expect(page.locator("#draw-status")).to_have_text("This is your 3 as they see it.")
    expect(again).to_be_hidden()
    expect(page.locator("#draw-canvas")).to_be_focused()


def test_the_keyboards_pen_is_shown_where_it_is_and_is_no_part_of_the_drawing(page):
    assert "arrow keys" in page.inner_text("#ask .head")
    canvas, mark = page.locator("#draw-canvas"), page.locator("#ask .pen")
    blank = canvas.evaluate("canvas => canvas.toDataURL()")
    canvas.focus()
    expect(mark).to_be_hidden()
    canvas.press("ArrowRight")
    expect(mark).to_be_visible()
    assert canvas.evaluate("canvas => canvas.toDataURL()") == blank
    at = mark.evaluate(
        """mark => {
            const [own, paper] = [mark, mark.parentElement].map(one => one.getBoundingClientRect());
            const [x, y] = [own.x + own.width / 2 - paper.x, own.y + own.height / 2 - paper.y];
            return [x / paper.width, y / paper.height].map(share => Math.round(share * 280));
        }"""
    )
    expect(page.locator("#draw-status")).to_have_text(f"The pen is at {at[0]}, {at[1]} of 280.")
    canvas.press("Tab")
    expect(mark).to_be_hidden()
