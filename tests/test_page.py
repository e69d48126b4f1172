"""The page as the server sends it: what it is without JavaScript."""

import re
from html import unescape

import pytest
from fakes import fake_model

from app import create_app
from app.catalogue import Catalogue
from app.config import ROOT


def pictures(page: str) -> list[str]:
    """The pictures that were made, as data URIs."""
    made = re.search(r'<ol id="made".+?</ol>', page, re.DOTALL)[0]
    return re.findall(r' src="(data:image/png;base64,[^"]+)"', made)


def test_the_page_shows_a_digit_that_was_made_for_this_visit(client):
    first, second = client.get("/").text, client.get("/").text
    assert len(pictures(first)) == 1
    assert pictures(first) != pictures(second)


def test_a_link_brings_its_pictures_back_and_says_what_they_are(client):
    page = client.get("/?digit=7&seed=42&count=3&truncation=0.5").text
    url = "/generate?digit=7&seed=42&count=3&truncation=0.5&background=transparent"
    told = client.get(url, headers={"Accept": "application/json"}).get_json()["digits"]
    assert pictures(page) == [digit["png"] for digit in told]
    assert re.search(r'alt="Handwritten 7, seed 42, number 3, realness \d+%"', page)
    assert re.search(r'name="digit" value="7" checked', page)
    assert re.search(r'name="truncation"[^>]* value="0.5"', page)
    assert 'href="/?count=3&amp;digit=7&amp;model=digitsmith&amp;seed=42&amp;truncation=0.5"' in page


def test_the_form_works_as_a_form(client):
    """What a browser sends for the form as it stands, empty values and all."""
    page = client.get("/?digit=&count=3&model=mlp").text
    assert len(pictures(page)) == 3
    assert re.search(r"3 handwritten digits, seed \d+<", page)
    assert re.search(r'alt="Handwritten digit, seed \d+, number 3, ', page)


@pytest.mark.parametrize("query", ["count=101", "digit=10", "truncation=0", "seed=x"])
def test_a_bad_link_is_told_kindly(client, query):
    page = client.get(f"/?{query}", headers={"Accept": "text/html"})
    assert page.status_code == 422
    assert f"{query.partition('=')[0]} is " in unescape(page.text)
    assert "it must be" in page.text
    assert "Make a digit instead" in page.text


def test_what_sites_add_to_shared_links_is_passed_over(client):
    assert client.get("/?digit=7&seed=42&utm_source=x&utm_source=y").status_code == 200


def test_nothing_on_the_page_comes_from_another_host(client):
    page = client.get("/").text
    loaded = re.findall(r'<(?!a )[^>]*(?:src|href|action)="([^"]+)"', page)
    assert loaded
    assert all(url.startswith(("/", "data:")) and not url.startswith("//") for url in loaded)
    assert "style=" not in page
    assert "<script>" not in page


def test_a_link_brings_a_number_back(client):
    page = client.get("/?number=2026-11&number_seed=5&number_turns=0,1").text
    url = "/number/202611?seed=5&turns=0,1&background=transparent"
    told = client.get(url, headers={"Accept": "application/json"}).get_json()["digits"]
    written = re.search(r'<ol id="written".+?</ol>', page, re.DOTALL)[0]
    assert re.findall(r' src="(data:[^"]+)"', written) == [digit["png"] for digit in told]
    assert re.findall(r'class="sign">(.)<', written) == ["-"]


def test_more_turns_than_digits_are_named_as_the_link_has_them(client):
    (problem,) = client.get("/?number=12&number_turns=1,1,1").get_json()["errors"]
    assert problem["parameter"] == "number_turns"
    assert problem["detail"] == "number_turns has 3 numbers; it must have at most 2."


@pytest.mark.parametrize("number", ["", "x", "1" * 33, "12x"])
def test_a_number_that_cannot_be_written(client, number):
    assert client.get("/", query_string={"number": number or " "}).status_code == 422


@pytest.mark.parametrize(("dataset", "there"), [({"name": "mnist"}, True), ({"name": "fashion"}, False), (None, False)])
def test_real_digits_are_guessed_only_beside_a_model_that_learned_from_mnist(dataset, there):
    model = fake_model("mine", 10)
    model.card["dataset"] = dataset
    page = create_app(catalogue=Catalogue([model])).test_client().get("/").text
    assert ('id="judge"' in page) is there
    assert ('href="#judge"' in page) is there


@pytest.mark.parametrize("classes", [1, 2, 5, 10, 26])
def test_a_model_of_any_number_of_classes_has_its_page_and_a_number_only_by_who_knows_ten(classes):
    client = create_app(catalogue=Catalogue([fake_model("mlp", None), fake_model("few", classes)])).test_client()
    for model in ("mlp", "few"):
        page = client.get(f"/?model={model}").text
        assert ('id="number"' in page) == ('href="#number"' in page) == ("number_seed" in page) == (classes >= 10)
        assert re.search(r'name="explored" value="\d+" checked', page)
    refused = client.get("/number/2026?model=few")
    assert refused.status_code == (200 if classes >= 10 else 422)
    if classes < 10:
        assert refused.get_json()["detail"] == f"The number has a 6; few draws 0 to {classes - 1}."


@pytest.mark.parametrize(("most", "offered"), [(100_000, "100"), (500, "50"), (5, None)])
def test_the_form_for_a_data_set_offers_what_the_server_gives(app, client, most, offered):
    app.config["MAX_DATASET"] = most
    form = re.search(r'name="per_class" min="1" max="(\d+)" value="(\d+)"', client.get("/").text)
    assert (form and form[2]) == offered
    if form:
        assert client.head(f"/dataset?per_class={form[1]}").status_code == 200


@pytest.mark.parametrize(("classes", "offered"), [(None, ["any"]), (5, ["any", "0", "1", "2", "3", "4"])])
def test_the_form_offers_no_digit_that_no_model_can_be_asked_for(classes, offered):
    page = create_app(catalogue=Catalogue([fake_model("one", classes)])).test_client().get("/").text
    choices = re.findall(r'name="digit"[^>]*?( disabled)?><span>(\w+)</span>', page)
    assert [name for disabled, name in choices if not disabled] == offered


def classes(text: str, before: str) -> set[str]:
    return {name for names in re.findall(before, text) for name in names.split()}


def test_no_section_waits_for_the_style_sheet_of_another():
    """It comes where its own section begins, and may come late."""
    sheets = {path.stem: classes(path.read_text(), r"\.([a-z][\w-]*)") for path in (ROOT / "static/css").glob("*.css")}
    sections = (ROOT / "templates/sections").glob("*.html")
    used = {path.stem: classes(path.read_text(), r'class="([^"{]+)') for path in sections}
    in_the_head = set.union(*(sheets[name] for name in ("base", "digits", "forms")))
    for section, sheet in sheets.items():
        for other in used.keys() - {section, "diagram"}:  # which lies in Understand
            assert not (sheet - in_the_head) & used[other], (section, other)
