"""The page as the server sends it: what it is without JavaScript."""

import re
from html import unescape


def picture(page: str) -> str:
    return unescape(re.search(r'<img id="picture"[^>]* src="([^"]+)"', page)[1])


def test_the_page_shows_a_digit_that_was_made_for_this_visit(client):
    first, second = client.get("/").text, client.get("/").text
    assert picture(first) != picture(second)
    assert client.get(picture(first)).content_type == "image/png"


def test_a_link_brings_its_picture_back_and_says_what_it_is(client):
    page = client.get("/?digit=7&seed=42").text
    assert picture(page) == "/generate?background=transparent&digit=7&model=digitsmith&seed=42"
    assert 'alt="Handwritten 7, seed 42"' in page
    assert re.search(r'name="digit" value="7" checked', page)


def test_the_form_works_as_a_form(client):
    """What a browser sends for the form as it stands, empty values and all."""
    page = client.get("/?digit=&count=3&model=mlp").text
    assert "model=mlp" in picture(page)
    assert "digit" not in picture(page)
    assert "3 handwritten digits" in page


def test_a_link_to_a_large_sheet_gives_a_form_that_can_be_sent(client):
    field = re.search(r'<input type="number" name="count"[^>]*>', client.get("/?count=400").text)[0]
    assert 'max="400"' in field
    assert 'value="400"' in field


def test_what_sites_add_to_shared_links_is_passed_over(client):
    assert client.get("/?digit=7&seed=42&utm_source=x").status_code == 200


def test_the_curl_line_on_the_page_works_for_any_default_model(client):
    for model in ("digitsmith", "mlp"):
        line = unescape(re.search(r"curl -o digit.png '([^']+)'", unescape(client.get(f"/?model={model}").text))[1])
        assert client.get(line.removeprefix("http://localhost")).status_code == 200


def test_nothing_on_the_page_comes_from_another_host(client):
    page = client.get("/").text
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)
    assert "style=" not in page
    assert "<script>" not in page
