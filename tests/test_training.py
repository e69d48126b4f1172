"""`python -m training train` from end to end, on real digits."""

import errno
import json
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import history, training_command, without_speed
from PIL import Image
from servers import wait_until

from app import create_app
from app.config import ROOT
from training import checkpoint
from training.checkpoint import Progress
from training.data import load
from training.errors import TrainingError
from training.evolution import sheet_labels, sheet_steps
from training.files import replacing
from training.gan import GAN
from training.history import holds, write
from training.presets import settings_for
from training.trainer import Trainer
from training.workers import Workers

TINY = ("--batch-size", 16, "--generator-width", 8, "--discriminator-width", 8, "--latent-dim", 8)


@pytest.mark.parametrize(
    ("preset", "images", "flags"),
    [
        ("mlp", 6400, ["--loss", "minimax", "--tensorboard"]),
        ("dcgan", 3200, ["--precision", "bfloat16"]),
        ("digitsmith", 3200, ["--warmup-images", 320]),
    ],
)
def test_each_preset_learns_and_leaves_a_folder_that_the_app_serves(
    train, real_digits, tmp_path, preset, images, flags
):
    folder = tmp_path / "runs" / preset
    done = train(
        "--preset", preset, "--data", real_digits, "--out", folder, "--images", images, "--batch-size", 32, *flags
    )
    assert done.returncode == 0, done.stderr
    rows = history(folder)
    assert rows[-1]["images_seen"] == images
    assert min(row["discriminator_loss"] for row in rows) < 0.8 * rows[0]["discriminator_loss"]
    assert max(row["real_logit"] - row["generated_logit"] for row in rows) > 0.5
    assert "img/s" in done.stderr  # the progress bar
    assert "D=" in done.stderr
    assert (folder / "tensorboard").is_dir() == ("--tensorboard" in flags)
    with Image.open(folder / "history.png") as plot:
        assert plot.width > 500

    model = keras.saving.load_model(folder / "generator.keras", compile=False)
    assert {layer.compute_dtype for layer in model.layers} <= {"float32", "int32"}
    client = create_app({"MODELS": str(folder.parent)}).test_client()
    assert client.get("/generate?count=20&seed=1").content_type == "image/png"
    card = client.get(f"/models/{preset}").get_json()
    assert card["dataset"]["counts"] == {"train": 4500, "test": 500}
    assert card["settings"]["images"] == card["images_seen"] == images
    assert len(card["evolution"]) >= 12


def test_another_data_set_trains_unchanged(train, fashion, tmp_path):
    done = train("--data", fashion, "--out", tmp_path / "fashion", "--images", 320, *TINY)
    assert done.returncode == 0, done.stderr
    card = json.loads((tmp_path / "fashion" / "card.json").read_text())
    assert card["dataset"]["name"] == "fashion-mnist"
    assert len(card["realness"]["logit_percentiles"]["per_class"]) == 10


@pytest.fixture
def begun(real_digits, tmp_path):
    """Start a run in the background; it is killed at the end if it still runs."""
    processes = []

    def begin(*flags: object) -> subprocess.Popen[str]:
        command = training_command("train", "--data", real_digits, "--out", tmp_path / "run", *TINY, *flags)
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


LONG = ("--preset", "digitsmith", "--images", 16 * 400, "--checkpoint-every", 16 * 10, "--precision", "float32")


@pytest.fixture(scope="module")
def alone(training, real_digits, tmp_path_factory):
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("runs") / "alone"
    assert training("train", "--data", real_digits, "--out", folder, *TINY, *LONG).returncode == 0
    return folder


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_run_that_was_stopped_ends_as_one_left_alone(train, begun, alone, real_digits, tmp_path, sent):
    folder = tmp_path / "run"
    process = begun(*LONG)
    wait_until(lambda: checkpoint.exists(folder), what="the first checkpoint")
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    if sent == signal.SIGINT:
        assert process.returncode == 130
        assert f"Stopped and saved: go on with --resume --out {folder}" in said
        assert "Traceback" not in said
    stopped_at = checkpoint.read(folder)[2].step
    assert 0 < stopped_at < 400
    assert not (folder / "card.json").exists()

    assert train("--data", real_digits, "--out", folder, "--resume").returncode == 0
    assert without_speed(history(folder)) == without_speed(history(alone))
    (_, _, _, resumed), (_, _, _, whole) = checkpoint.read(folder), checkpoint.read(alone)
    assert resumed.keys() == whole.keys()
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)
    sheets = [sorted(path.name for path in (run / "evolution").iterdir()) for run in (folder, alone)]
    assert sheets[0] == sheets[1]


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


def test_a_finished_run_can_be_made_longer_but_not_other(train, real_digits, tmp_path):
    base = ("--data", real_digits, "--out", tmp_path / "run")
    assert train(*base, *TINY, "--preset", "mlp", "--images", 160).returncode == 0
    refusals = {
        (): "holds a run already: add --resume",
        ("--resume", "--seed", 2): "was begun with seed 1, not 2",
        ("--resume", "--preset", "dcgan"): "was begun with preset mlp, not dcgan",
        ("--resume", "--images", 159): "has seen 160 images: give at least as many",
    }
    for flags, says in refusals.items():
        assert says in train(*base, *flags).stderr
    assert train(*base, "--resume", "--images", 320).returncode == 0
    before = (tmp_path / "run" / "generator.keras").read_bytes()
    (tmp_path / "run" / "evaluation").mkdir()  # of weights that are to be replaced
    same = tmp_path / f"elsewhere{real_digits.suffix}"
    same.symlink_to(real_digits)
    assert train("--data", same, *base[2:], "--resume", "--latent-gain", 1.5).returncode == 0
    assert (tmp_path / "run" / "generator.keras").read_bytes() != before
    assert json.loads((tmp_path / "run" / "card.json").read_text())["settings"]["latent_gain"] == 1.5
    assert not (tmp_path / "run" / "evaluation").exists()
    assert "is finished and a model folder already" in train(*base, "--resume").stdout
    (tmp_path / "run" / "checkpoint.npz").unlink()
    assert "holds a model already" in train(*base).stderr
    assert history(tmp_path / "run")[-1]["images_seen"] == 320
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert card["settings"]["images"] == 320
    assert card["rescheduled"] == [{"images_seen": 160, "images": 160}]


def test_a_file_reaches_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    order = []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (order.append("sync"), sync(descriptor)))
    monkeypatch.setattr(Path, "replace", lambda self, to: (order.append("rename"), rename(self, to)))
    with replacing(tmp_path / "file.txt") as temporary:
        temporary.write_text("x")
    assert order == ["sync", "rename", "sync"]


@pytest.mark.parametrize(("classes", "shown"), [(1, 1), (3, 3), (10, 10), (26, 26), (100, 100), (256, 100)])
def test_a_sheet_shows_as_many_classes_as_it_has_room_for(classes, shown):
    labels = sheet_labels(classes)
    assert len(set(labels)) == shown
    assert labels.max() < classes
    if classes == 10:
        assert labels.tolist() == np.repeat(np.arange(10), 10).tolist()


def test_sheets_are_closer_together_at_the_start():
    steps = sheet_steps(12_000)
    gaps = np.diff(steps)
    assert (steps[0], steps[-1]) == (0, 12_000)
    assert len(steps) >= 12
    assert (np.diff(gaps) >= 0).all()
