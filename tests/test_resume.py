"""`python -m training train --resume` on finished models, and under settings that are given anew."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from evaluations import card_of, rewrite
from trainings import history, invoke

from training import checkpoint, evolution


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
