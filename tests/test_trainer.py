"""The training loop, step by step: what it saves, tells and refuses."""

import errno
import json
import os
import signal
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
import tensorflow as tf
from trainings import history

from training import checkpoint
from training.checkpoint import Progress
from training.data import load
from training.errors import TrainingError
from training.gan import GAN
from training.history import METRICS, TensorBoard, holds, write
from training.presets import settings_for
from training.trainer import InterruptedRunError, Trainer
from training.workers import Workers


@pytest.fixture
def trainer(real_digits, tmp_path):
    """A trainer of a tiny GAN, with a checkpoint at every step."""
    data = load(str(real_digits))
    tiny = {"batch_size": 16, "latent_dim": 4, "generator_width": 4, "discriminator_width": 4, "images": 160}
    gan = GAN(settings_for("mlp", tiny), data.classes)
    return Trainer(gan, data, tmp_path / "run", Progress(), 16, tensorboard=False, workers=Workers())


def poison(trainer: Trainer, step: int, what: str) -> None:
    """Let a loss, or a weight, become NaN at a step."""
    healthy = trainer.gan.train_step

    def train_step(number: int, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        metrics = healthy(number, images, labels)
        if number == step and what == "a weight":
            trainer.gan.generator.variables[0].assign(trainer.gan.generator.variables[0] * np.nan)
        return dict.fromkeys(metrics, np.nan) if number == step and what == "a loss" else metrics

    trainer.gan.train_step = train_step


@pytest.mark.parametrize("what", ["a loss", "a weight"])
def test_what_is_not_finite_stops_the_run_and_keeps_the_last_good_checkpoint(trainer, what):
    poison(trainer, 4, what)
    with pytest.raises(TrainingError) as caught:
        trainer.run()
    assert f"Step 4 of {trainer.folder}" in str(caught.value)
    assert "its last checkpoint is from before that" in str(caught.value)
    _, _, progress, state = checkpoint.read(trainer.folder)
    assert progress.step == 3
    assert all(np.isfinite(array).all() for array in state.values())


def test_what_is_not_finite_before_the_first_checkpoint_says_so(trainer):
    poison(trainer, 1, "a loss")
    with pytest.raises(TrainingError, match="it has no checkpoint yet"):
        trainer.run()


@pytest.mark.parametrize(
    ("first", "loss", "told"),
    [(1.3, 1.6, 1), (1.6, 1.6, 0), (1.6, 1.3, 0)],
    ids=["worse than a tie after better", "never better, as at the start of every run", "calm in the end"],
)
def test_a_run_that_gets_away_says_so_once(trainer, capsys, first, loss, told):
    healthy = trainer.gan.train_step
    trainer.gan.train_step = lambda step, *given: (
        healthy(step, *given) | {"discriminator_loss": first if step < 4 else loss}
    )
    trainer.run()
    said = capsys.readouterr().err
    assert said.count(f"The discriminator's loss is {loss}, where one that tells nothing apart has 1.39") == told
    assert said.count("Begin again with --drift 0.001.") == told


def test_a_run_outlives_its_events(trainer, capsys):
    trainer.tensorboard = TensorBoard(trainer.folder, enabled=True)
    trainer.tensorboard._writer = Mock(
        as_default=Mock(side_effect=tf.errors.ResourceExhaustedError(None, None, "full"))
    )
    trainer.gan.train_step = lambda step, *_: dict.fromkeys(METRICS, 1.3)
    trainer.run()
    assert capsys.readouterr().err.count("tensorboard can no longer be written: the training goes on without") == 1
    assert checkpoint.read(trainer.folder)[2].step == 10


class Gone:
    """A standard error at whose other end is nobody any more, or no space."""

    def write(self, _text: str = "") -> None:
        """Fail, as `flush` does."""
        raise BrokenPipeError

    flush = write


@pytest.mark.parametrize("stderr", [None, Gone()], ids=["closed", "gone"])
def test_a_run_outlives_who_looks_at_its_bar(trainer, monkeypatch, stderr):
    trainer.gan.train_step = lambda step, *_: dict.fromkeys(METRICS, 1.3 if step < 4 else 1.6)  # of which it tells
    monkeypatch.setattr("sys.stderr", stderr)
    trainer.run()
    assert checkpoint.read(trainer.folder)[2].step == 10


@pytest.fixture
def hung_up(trainer):
    """A trainer whose terminal closes in its third step."""

    def train_step(step: int, *_: object) -> dict[str, float]:
        for _ in range(2 if step == 3 else 0):  # by the shell, and by the terminal itself
            os.kill(os.getpid(), signal.SIGHUP)
        return dict.fromkeys(METRICS, 1.0)

    trainer.gan.train_step = train_step
    before = signal.signal(signal.SIGHUP, lambda *_: None)  # whatever the tests themselves run under
    yield trainer
    signal.signal(signal.SIGHUP, before)


def test_a_run_whose_terminal_closes_is_saved(hung_up):
    with pytest.raises(InterruptedRunError, match="Stopped and saved"):
        hung_up.run()
    assert checkpoint.read(hung_up.folder)[2].step == 3


def test_a_run_under_nohup_outlives_its_terminal(hung_up):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    hung_up.run()
    assert checkpoint.read(hung_up.folder)[2].step == 10


def test_a_discriminator_is_not_told_of_while_the_learning_rates_rise(trainer, capsys):
    trainer.gan.settings = trainer.settings = replace(trainer.settings, warmup_images=16 * 1000, images=16 * 100)
    losses = [1.3] + [1.6] * 9 + [1.3] * 90  # of a tenth of the steps, which is what a warm-up has at most
    healthy = trainer.gan.train_step
    trainer.gan.train_step = lambda step, *given: healthy(step, *given) | {"discriminator_loss": losses[step - 1]}
    trainer.run()
    assert "The discriminator's loss" not in capsys.readouterr().err


def longer(trainer: Trainer, images: int) -> Trainer:
    """A trainer that goes on with a run to another length, and has no checkpoint due before its end."""
    gan = trainer.gan
    gan.settings = replace(gan.settings, images=images)
    data, folder = trainer.data, trainer.folder
    return Trainer(gan, data, folder, trainer.progress, 10**6, tensorboard=False, workers=Workers())


def test_a_run_made_longer_and_cut_short_goes_on_to_its_new_end(trainer):
    trainer.run()
    again = longer(trainer, 320)
    poison(again, 15, "a loss")
    with pytest.raises(TrainingError, match="Step 15"):
        again.run()
    assert history(trainer.folder)[-1]["step"] == 14
    settings, _, progress, _ = checkpoint.read(trainer.folder)
    assert (settings.images, progress.step) == (320, 10)


def test_a_run_that_is_to_end_where_it_was_stopped_has_its_last_row(trainer):
    short = longer(trainer, 16 * 1000)  # a row every five steps
    poison(short, 8, "a loss")
    with pytest.raises(TrainingError, match="Step 8"):
        short.run()
    assert history(trainer.folder)[-1]["step"] == 5
    longer(trainer, 16 * 7).run()
    assert [row["step"] for row in history(trainer.folder)] == [5, 7]


def test_a_run_that_ends_at_its_checkpoint_loses_the_rows_that_a_killed_sitting_left_after_it(trainer):
    trainer.run()
    rows = history(trainer.folder)
    write(trainer.folder, [*rows, rows[-1] | {"step": 11}])
    assert not holds(trainer.folder, trainer.progress.history)
    longer(trainer, 160).run()
    assert history(trainer.folder) == rows
    assert holds(trainer.folder, trainer.progress.history)


def test_no_sheet_stays_that_the_run_in_its_new_length_does_not_list(trainer):
    poison(trainer, 6, "a loss")
    with pytest.raises(TrainingError, match="Step 6"):
        trainer.run()
    trainer.progress = replace(trainer.progress, step=2, sums={}, history=[])
    again = longer(trainer, 16 * 10_000)
    again.evolution.draw(4)
    sheets = trainer.folder / "evolution"
    listed = {sheet["file"] for sheet in json.loads((sheets / "index.json").read_text())}
    assert listed == {path.name for path in sheets.glob("*.png")}


def test_a_full_disk_stops_the_run_with_a_sentence_and_keeps_the_last_checkpoint(trainer, monkeypatch):
    trainer.save()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"cannot be written: No space left on device; what was there before is"):
        trainer.save()
    assert checkpoint.read(trainer.folder)[2].step == 0
    assert [path.name for path in trainer.folder.iterdir()] == ["checkpoint.npz"]


def test_a_batch_that_replicas_cannot_share_is_refused(trainer):
    trainer.gan.replicas = 3
    with pytest.raises(TrainingError, match="--batch-size is 16; it must be a multiple of the 3 devices"):
        Trainer(trainer.gan, trainer.data, trainer.folder, Progress(), 16, tensorboard=False, workers=Workers())
