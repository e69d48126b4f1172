"""The shipped judges are those their card describes, and read digits as well as it says."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from conftest import JUDGES
from trainings import invoke

from training.data import load
from training.errors import TrainingError
from training.evaluation import judge as judging
from training.evaluation.judge import Judge, read_card
from training.files import alone, sha256_of

CARD = json.loads((JUDGES / "card.json").read_text())


def test_the_judges_differ_and_read_995_of_1000_test_digits():
    assert set(CARD["judges"]) == {"first", "second", "third"}
    assert {path.name for path in JUDGES.iterdir()} == {"card.json", "first.keras", "second.keras", "third.keras"}
    assert len({(judge["seed"], judge["kernel"], *judge["widths"]) for judge in CARD["judges"].values()}) == 3
    assert CARD["dataset"]["counts"] == {"train": 60000, "test": 10000}
    assert CARD["judges"]["first"]["accuracy"] >= 0.995


@pytest.mark.parametrize("name", CARD["judges"])
def test_a_judge_is_the_one_of_its_card_and_can_read(name, real_digits):
    path = JUDGES / f"{name}.keras"
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


def test_judges_are_trained_by_a_command(few_digits, tmp_path, monkeypatch):
    small = {name: replace(shape, widths=(8, 16, 32)) for name, shape in judging.SHAPES.items()}
    monkeypatch.setattr(judging, "SHAPES", small)
    done = invoke("judge", "--data", few_digits, "--judges", tmp_path)
    assert done.exit_code == 0, done.output
    assert "third judge:" in done.stdout
    data = load(str(few_digits))
    for name, judge in judging.load_all(tmp_path, data).items():
        assert (judge(data.test_images)[1] == data.test_labels).mean() > 0.5, name


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_judges_are_replaced_together_or_not_at_all(few_digits, tmp_path, monkeypatch):
    folder, data = shutil.copytree(JUDGES, tmp_path / "judges"), load(str(few_digits))
    stops = [3]

    def train(shape, data):
        if shape.seed in stops:
            raise KeyboardInterrupt
        return judging.build(shape, 10)  # untrained

    monkeypatch.setattr(judging, "train", train)
    with pytest.raises(KeyboardInterrupt):
        judging.train_all(data, folder)
    assert contents(folder) == contents(JUDGES)
    stops.clear()
    judging.train_all(data, folder)
    assert set(judging.load_all(folder, data)) == {"first", "second", "third"}
    assert [path.name for path in tmp_path.iterdir()] == ["judges"]


def test_judges_that_a_kill_has_set_aside_are_put_back(few_digits, tmp_path, monkeypatch):
    folder, aside = tmp_path / "judges", tmp_path / ".replaced-judges"
    shutil.copytree(JUDGES, aside)
    with alone(aside), pytest.raises(TrainingError, match="Another process is at work"):
        read_card(folder)  # it is being replaced
    assert read_card(folder) == CARD
    folder.rename(aside)

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(judging, "train", stopped)
    invoke("judge", "--data", few_digits, "--judges", folder)
    assert contents(folder) == contents(JUDGES)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], f"The judges in {JUDGES} are MNIST's: give --judges another folder for few's."),
        (["--judges", "file/judges"], "--judges is file/judges, which cannot be a folder: Not a directory."),
        (["--judges", "mine"], "--judges is mine, which holds notes.txt: give a folder for judges alone."),
    ],
)
def test_judges_do_not_take_the_place_of_something_else(few_digits, tmp_path, monkeypatch, given, says):
    monkeypatch.setattr(judging, "train", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "mine").mkdir()
    for name in ("notes.txt", ".writing-card.json"):  # the second as a kill leaves it
        (tmp_path / "mine" / name).touch()
    done = invoke("judge", "--data", few_digits, *given)
    assert says in done.stderr
    assert (tmp_path / "mine" / "notes.txt").exists()
