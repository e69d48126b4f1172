"""/models, /livez and /readyz."""

import gc
import json

import pytest

from app import create_app
from app.config import ROOT


def test_the_list_names_every_model_and_the_default(client):
    listed = client.get("/models").get_json()
    assert listed["default"] == "digitsmith"
    assert [(model["name"], model["conditional"]) for model in listed["models"]] == [
        ("digitsmith", True),
        ("mlp", False),
    ]
    assert client.get(listed["models"][0]["url"]).get_json()["name"] == "digitsmith"


def test_health(client):
    assert client.get("/livez").get_json() == {"status": "alive"}
    assert client.get("/readyz").get_json() == {"status": "ready", "models": ["digitsmith", "mlp"]}


@pytest.mark.parametrize("name", ["dcgan", "digitsmith", "mlp"])
def test_the_card_and_every_sheet_of_a_shipped_model(server, get, name):
    answer = get(f"{server}/models/{name}")
    card = json.loads(answer.read())
    stored = json.loads((ROOT / "models" / name / "card.json").read_text())
    assert card | {"evolution": None} == stored | {"evolution": None}
    assert len(card["evolution"]) >= 12
    for sheet in card["evolution"]:
        image = get(f"{server}{sheet['url']}")
        assert image.headers["Content-Type"] == "image/png"
        assert image.read() == (ROOT / "models" / name / "evolution" / sheet["file"]).read_bytes()


def test_sheets_are_served_from_a_relative_folder_too(one_model, monkeypatch):
    monkeypatch.chdir(one_model.parent)
    client = create_app({"MODELS": one_model.name}).test_client()
    for sheet in client.get("/models/mlp").get_json()["evolution"]:
        with client.get(sheet["url"]) as response:
            assert response.status_code == 200


def test_a_sheet_is_known_by_its_etag_and_always_whole(server, get):
    sheet = f"{server}/models/mlp/evolution/{json.loads(get(f'{server}/models/mlp').read())['evolution'][0]['file']}"
    etag = get(sheet).headers["ETag"]
    assert get(sheet, **{"If-None-Match": etag}).status == 304
    assert get(sheet, **{"If-Match": '"another"'}).status == 412
    assert get(sheet, Range="bytes=0-9").status == 200


def test_a_sheet_that_is_not_wanted_is_closed(one_model):
    client = create_app({"MODELS": str(one_model)}).test_client()
    sheet = client.get("/models/mlp").get_json()["evolution"][0]["url"]
    assert client.get(sheet, headers={"If-Match": '"another"'}).status_code == 412
    gc.collect()  # which warns of a file that was left open, and a warning fails the test


@pytest.mark.parametrize("name", ["dcgan", "digitsmith", "mlp"])
def test_the_history_of_a_shipped_model(server, get, name):
    told = json.loads(get(f"{server}/models/{name}/history").read())
    header, *rows = (ROOT / "models" / name / "history.csv").read_text().splitlines()
    assert list(told) == header.split(",")
    assert list(zip(*told.values(), strict=True)) == [tuple(map(float, row.split(","))) for row in rows]


def test_a_model_without_a_folder_has_no_history(client):
    assert client.get("/models/mlp/history").status_code == 404


@pytest.mark.parametrize("file", ["index.json", "..%2fcard.json", "%2e%2e/card.json", "step-9.png", "../card.json"])
def test_only_listed_sheets_are_served(server, get, file):
    assert get(f"{server}/models/mlp/evolution/{file}").status == 404
