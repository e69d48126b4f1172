"""The quality card in plain words."""

import json

import pytest
from conftest import SHIPPED
from fakes import fake_model

from app import create_app
from app.catalogue import Catalogue
from app.config import ROOT
from app.quality import FIGURES, figures

BOTH = {"generated": 0.125, "real": 0.0625}
COPIES = {kind: {"near_duplicates": value} for kind, value in BOTH.items()}
EVALUATION = {path[0]: BOTH for path in FIGURES if len(path) == 1}
EVALUATION |= {"memorisation": {"pixels": COPIES, "features": COPIES}}


def test_every_figure_stands_beside_that_of_real_digits():
    told = figures({"evaluation": EVALUATION})
    assert len(told) == len(FIGURES)
    written = {("12.5%", "6.2%"), ("0.125", "0.0625"), ("0.1250", "0.0625")}
    assert {(figure.generated, figure.real) for figure in told} == written


def test_a_figure_that_was_measured_with_its_spread_is_told_with_it():
    kid = {"judge_kid": BOTH | {"generated_spread": 2.52, "real_spread": 2.6}}
    (told,) = figures({"evaluation": kid})
    assert (told.generated, told.real) == ("0.125 ± 2.5", "0.0625 ± 2.6")


def test_what_was_not_measured_is_left_out():
    assert figures({"evaluation": None}) == figures({}) == []
    told = figures({"evaluation": EVALUATION | {"cas": None}})
    assert "Good to learn from" not in [figure.name for figure in told]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_cards_can_be_told(name):
    card = json.loads((ROOT / "models" / name / "card.json").read_text())
    assert bool(figures(card)) == bool(card["evaluation"])


def test_the_page_shows_the_card_or_says_that_there_is_none():
    measured, other = fake_model("digitsmith", 10), fake_model("mlp", None)
    measured.card["evaluation"] = EVALUATION
    client = create_app(catalogue=Catalogue([measured, other])).test_client()
    assert '<th scope="row">Plausible' in client.get("/").text
    assert "has not been measured" in client.get("/?model=mlp").text
