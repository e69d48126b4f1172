"""Training digits that are hard to learn from generated ones: how they are found, shown and kept."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from servers import wait_until
from trainings import history, invoke, training_command, without_speed

from app.config import ROOT
from training import checkpoint, emphasis
from training.checkpoint import Progress
from training.data import batches, load
from training.evaluation import cas
from training.gan import GAN
from training.history import METRICS
from training.presets import option, settings_for
from training.resume import continued
from training.trainer import Trainer
from training.workers import Workers

STEPS = 40
BEGIN = 36  # nine tenths of them
SETTINGS = {
    "images": 16 * STEPS,
    "batch_size": 16,
    "latent_dim": 4,
    "generator_width": 4,
    "discriminator_width": 4,
    "precision": "float32",
    "emphasis": 3,
}
FLAGS = [f"{option(name)}={value}" for name, value in SETTINGS.items()]


@pytest.fixture
def data(few_digits):
    return load(str(few_digits))


@pytest.fixture
def trainer(data, tmp_path):
    """A trainer of a tiny GAN, with a checkpoint at every step."""
    gan = GAN(settings_for("digitsmith", SETTINGS), data.classes)
    return Trainer(gan, data, tmp_path / "run", Progress(), 16, tensorboard=False, workers=Workers())


def test_a_digit_counts_the_more_the_less_a_classifier_of_generated_ones_believes_its_label(trainer, data, monkeypatch):
    learned = {}

    def train(digits: np.ndarray, labels: np.ndarray, *_: object) -> Mock:
        learned["digits"], learned["labels"] = digits, labels
        logits = np.full((600, 10), -np.inf, np.float32)
        logits[:, 1] = logits[:, 7] = 0  # a half for each of the two
        return Mock(predict=Mock(return_value=logits))

    monkeypatch.setattr(cas, "train", train)
    found = emphasis.weights(trainer.gan, data)
    believed = np.isin(data.train_labels, (1, 7))
    np.testing.assert_allclose(found, np.where(believed, 1 + 3 * 0.5, 1 + 3 * 1))
    assert learned["digits"].shape == (600, 28, 28, 1)
    assert Counter(learned["labels"].tolist()) == dict.fromkeys(range(10), 60)


def test_images_come_as_often_as_their_weights_say_from_any_step_on():
    weights = np.array([1, 2, 5, 0])
    images = np.arange(4).repeat(25)
    stream = batches(images, images, 10, 1, 0, np.repeat(weights, 25))
    whole = [next(stream)[0].tolist() for _ in range(1000)]
    shown = Counter(image for batch in whole for image in batch)
    np.testing.assert_allclose([shown[image] / 10_000 for image in range(4)], weights / 8, atol=0.02)
    for step in (1, 10, 999):
        assert next(batches(images, images, 10, 1, step, np.repeat(weights, 25)))[0].tolist() == whole[step]


def test_the_last_tenth_alone_shows_what_is_hard(trainer, data, monkeypatch):
    seen = []
    trainer.gan.train_step = lambda step, images, labels: (
        seen.append({image.tobytes() for image in images}) or dict.fromkeys(METRICS, 1.0)
    )
    only = np.zeros(600)
    only[7] = 1
    monkeypatch.setattr(emphasis, "weights", lambda *_: only)
    trainer.run()
    assert all(len(batch) > 10 for batch in seen[:BEGIN])
    assert seen[BEGIN:] == [{data.train_images[7].tobytes()}] * (STEPS - BEGIN)


@pytest.fixture(scope="module")
def alone(few_digits, tmp_path_factory) -> Path:
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("runs") / "alone"
    done = invoke("train", "--data", few_digits, "--out", folder, *FLAGS)
    assert done.exit_code == 0, done.output
    return folder


def test_a_run_killed_while_it_shows_hard_digits_ends_as_one_left_alone(alone, few_digits, tmp_path):
    base = ("train", "--data", few_digits, "--out", tmp_path / "run")
    process = subprocess.Popen(
        training_command(*base, *FLAGS, "--checkpoint-every", 16), cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: weights_of(tmp_path / "run"), what="a checkpoint of hard digits", seconds=120)
    finally:
        process.kill()
        process.wait()
    assert weights_of(tmp_path / "run") == weights_of(alone)
    assert invoke(*base, "--resume").exit_code == 0
    assert without_speed(history(tmp_path / "run")) == without_speed(history(alone))
    resumed, whole = (checkpoint.read(folder)[3] for folder in (tmp_path / "run", alone))
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)


def weights_of(folder: Path) -> list[float]:
    """What a run's checkpoint says of its training digits; nothing while it has none."""
    return checkpoint.read(folder)[2].weights if checkpoint.exists(folder) else []


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"images": 16 * 44}, True),
        ({"images": 16 * 44, "emphasis": 2.0}, False),
        ({"images": 16 * 44, "emphasis": 0.0}, False),
        ({"images": 1600}, False),
        ({"latent_gain": 1.0}, True),
    ],
    ids=[
        "longer",
        "weighed otherwise",
        "all alike",
        "so long that its last tenth is still to come",
        "with another gain",
    ],
)
def test_what_is_hard_is_found_anew_when_a_resumed_run_is_to_be_another(alone, data, tmp_path, changes, kept):
    run = shutil.copytree(alone, tmp_path / "run")
    _, progress = continued(run, data, changes, Workers())
    assert progress.weights == (weights_of(alone) if kept else [])
    assert weights_of(alone)
    told = {"images_seen": 640, "images": 640, "precision": "float32", "emphasis": 3, "latent_gain": 1.025}
    assert progress.rescheduled == [told]


def test_a_preset_that_takes_no_labels_has_nothing_hard(few_digits, tmp_path):
    done = invoke("train", "--data", few_digits, "--out", tmp_path / "run", "--preset", "mlp", "--emphasis", 2)
    assert "Error: --emphasis is 2.0; it must be 0 for mlp, which takes no labels." in done.stderr


def test_nor_has_a_run_of_it_that_goes_on(runs, few_digits, tmp_path):
    run = shutil.copytree(runs / "mlp", tmp_path / "mlp")
    done = invoke("train", "--data", few_digits, "--out", run, "--resume", "--images", 960, "--emphasis", 2)
    assert "Error: --emphasis is 2.0; it must be 0 for mlp, which takes no labels." in done.stderr
