"""What the tests of the page do in Make, and read there."""


def pictures(page) -> list[str]:
    return page.eval_on_selector_all("#made img", "images => images.map(image => image.src)")


def said(page) -> str:
    return page.inner_text("#caption")


def generate(page) -> None:
    """Click Generate and wait for the new picture."""
    before = pictures(page)
    page.get_by_role("button", name="Generate").click()
    wait_for_change(page, before)


def wait_for_change(page, before: list[str]) -> None:
    page.wait_for_function("before => document.querySelector('#made img').src !== before", arg=before[0])
