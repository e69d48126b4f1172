"""The shipped judges are those their card describes, and read digits as well as it says."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from app.config import ROOT
from training.errors import TrainingError
from training.evaluation.judge import Judge, read_card
from training.files import sha256_of

FOLDER = ROOT / "training" / "evaluation" / "judges"
CARD = json.loads((FOLDER / "card.json").read_text())


def test_the_judges_differ_and_read_995_of_1000_test_digits():
    assert set(CARD["judges"]) == {"first", "second", "third"}
    assert {path.name for path in FOLDER.iterdir()} == {"card.json", "first.keras", "second.keras", "third.keras"}
    assert len({(judge["seed"], judge["kernel"], *judge["widths"]) for judge in CARD["judges"].values()}) == 3
    assert CARD["dataset"]["counts"] == {"train": 60000, "test": 10000}
    assert CARD["judges"]["first"]["accuracy"] >= 0.995


@pytest.mark.parametrize("name", CARD["judges"])
def test_a_judge_is_the_one_of_its_card_and_can_read(name, real_digits):
    path = FOLDER / f"{name}.keras"
    assert sha256_of(path) == CARD["judges"][name]["sha256"]
    assert path.stat().st_size < 2_000_000
    judge = Judge(keras.saving.load_model(path, compile=False))
    with np.load(real_digits) as digits:
        features, read = judge(digits["x_train"][:1000, ..., None])
        assert (read == digits["y_train"][:1000]).mean() > 0.99
    assert features.shape == (1000, 128)


@pytest.mark.parametrize("content", [[], CARD | {"judges": []}, CARD | {"ceiling": 0.99}])
def test_a_card_that_is_not_whole_is_refused_with_a_sentence(tmp_path, content):
    (tmp_path / "card.json").write_text(json.dumps(content))
    with pytest.raises(TrainingError, match=r"card.json has (no (dataset.name|judges.first.sha256)|0.99 as ceiling);"):
        read_card(tmp_path, SimpleNamespace(sha256=CARD["dataset"]["sha256"]))


def test_the_ceiling_of_cas_is_that_of_three_seeds():
    assert len(CARD["ceiling"]) == 3
    assert min(CARD["ceiling"]) > 0.985
