"""`python -m training train --resume` on finished models, and under settings that are given anew."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from conftest import SHIPPED
from evaluations import card_of, rewrite
from trainings import history, invoke

from app.config import ROOT
from training import checkpoint, evolution
from training.resume import continued
from training.workers import Workers


@pytest.fixture
def published(runs, tmp_path) -> Path:
    """A finished model that takes labels, with nothing of its run but what is published of it."""
    folder = shutil.copytree(runs / "digitsmith", tmp_path / "model")
    (folder / "checkpoint.npz").unlink()
    (folder / "history.png").unlink()
    return folder


def drawn(folder: Path, length: float = 1) -> np.ndarray:
    """Digits of the exported generator, for latents that are so many times as long."""
    generator = keras.saving.load_model(folder / "generator.keras", compile=False)
    latents = length * np.random.default_rng(1).normal(size=(20, 64)).astype(np.float32)
    return np.asarray(generator({"latent": latents, "label": np.arange(20, dtype=np.int32) % 10}))


def test_a_finished_model_goes_on_without_its_checkpoint(published, few_digits):
    before, rows = card_of(published), history(published)
    done = invoke("train", "--resume", "--data", few_digits, "--out", published, "--images", 960)
    assert done.exit_code == 0, done.output
    card = card_of(published)
    assert history(published)[: len(rows)] == rows
    assert history(published)[-1]["images_seen"] == card["images_seen"] == 960
    assert card["wall_seconds"] > before["wall_seconds"]
    assert card["rescheduled"] == [{"images_seen": 640, "images": 640, "precision": "bfloat16", "emphasis": 0}]
    seen = [sheet["images_seen"] for sheet in evolution.listed(published)]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 960)
    state = checkpoint.read(published)[3]
    assert state["generator_optimizer/000"] == state["discriminator_optimizer/000"] == 960 / 32  # which the rates go by


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_can_go_on(name):
    folder = ROOT / "models" / name
    card = card_of(folder)
    data = SimpleNamespace(name="mnist", sha256=card["dataset"]["sha256"], classes=10)
    gan, progress = continued(folder, data, {"images": 20_000_000}, Workers())
    assert progress.step * gan.settings.batch_size == card["images_seen"]


@pytest.mark.parametrize("change", [("--emphasis", 4), ("--precision", "float32")])
def test_what_no_step_would_heed_is_refused_and_the_evaluation_kept(published, few_digits, change):
    rewrite(published, evaluation={"seconds": 960})
    done = invoke("train", "--resume", "--data", few_digits, "--out", published, *change)
    assert f"but {published} is at its end: give more --images too" in done.stderr
    assert card_of(published)["evaluation"] == {"seconds": 960}


def test_a_finished_model_goes_on_from_what_it_drew_whatever_its_gain_was(published, few_digits):
    before, gain = drawn(published), card_of(published)["settings"]["latent_gain"]
    flags = ("--images", 640, "--latent-gain", 2)
    assert invoke("train", "--resume", "--data", few_digits, "--out", published, *flags).exit_code == 0
    assert gain != 1
    np.testing.assert_allclose(drawn(published, length=gain / 2), before, atol=1e-5)


def test_a_finished_model_that_is_given_nothing_anew_keeps_its_evaluation(published, few_digits):
    rewrite(published, evaluation={"seconds": 960})
    assert invoke("train", "--resume", "--data", few_digits, "--out", published).exit_code == 0
    assert card_of(published)["evaluation"] == {"seconds": 960}


def test_a_finished_model_goes_on_in_another_arithmetic(published, few_digits):
    flags = ("--images", 960, "--precision", "float32")
    assert invoke("train", "--resume", "--data", few_digits, "--out", published, *flags).exit_code == 0
    assert card_of(published)["settings"]["precision"] == "float32"
    assert checkpoint.read(published)[0].precision == "float32"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"wall_seconds": None}, "has None as wall_seconds; it must be a number"),
        ({"preset": "biggan"}, "has biggan as preset; it must be one of mlp, dcgan, digitsmith"),
    ],
)
def test_a_finished_model_whose_card_does_not_tell_of_a_run_is_refused(published, few_digits, changes, says):
    rewrite(published, **changes)
    done = invoke("train", "--resume", "--data", few_digits, "--out", published, "--images", 960)
    assert f"Error: {published / 'card.json'} {says}" in done.stderr
    assert not checkpoint.exists(published)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"batch_size": 0}, "--batch-size is 0; it must be a whole number from 1 to 65536"),
        ({"batch_size": 32.0}, "--batch-size is 32.0; it must be a whole number from 1 to 65536"),
        ({"final_lr": True}, "--final-lr is True; it must be a number from 0 to 1"),
        ({"gamma": 1e7}, "--gamma is 10000000.0; it must be a number from 0 to 1000000.0"),
        ({"loss": "hinge"}, "--loss is 'hinge'; it must be one of non-saturating, minimax, relativistic"),
    ],
)
def test_a_finished_model_whose_settings_cannot_be_is_refused(published, few_digits, changes, says):
    rewrite(published, settings=card_of(published)["settings"] | changes)
    done = invoke("train", "--resume", "--data", few_digits, "--out", published, "--images", 960)
    assert f"Error: {published / 'card.json'} tells of no run: {says}" in done.stderr
