"""`python -m training train` from end to end, on real digits."""

import json
import os
import signal
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from servers import wait_until
from trainings import history, invoke, training_command, without_speed

from app import create_app
from app.config import ROOT
from training import checkpoint
from training.evolution import listed, sheet_labels, sheet_steps
from training.files import replacing

TINY = ("--batch-size", 16, "--generator-width", 8, "--discriminator-width", 8, "--latent-dim", 8)


@pytest.mark.parametrize(
    ("preset", "images", "flags"),
    [
        ("mlp", 6400, ["--loss", "minimax", "--tensorboard"]),
        ("dcgan", 3200, ["--precision", "bfloat16"]),
        ("digitsmith", 3200, ["--warmup-images", 320, "--precision", "float32"]),
    ],
)
def test_each_preset_learns_and_leaves_a_folder_that_the_app_serves(real_digits, tmp_path, preset, images, flags):
    folder = tmp_path / "runs" / preset
    asked = ("--preset", preset, "--data", real_digits, "--out", folder, "--images", images, "--batch-size", 32)
    done = invoke("train", *asked, *flags)
    assert done.exit_code == 0, done.output
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


def test_another_data_set_trains_unchanged(fashion, tmp_path):
    done = invoke("train", "--data", fashion, "--out", tmp_path / "fashion", "--images", 320, *TINY)
    assert done.exit_code == 0, done.output
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


STEPS = 150
LONG = ("--preset", "digitsmith", "--images", 16 * STEPS, "--checkpoint-every", 16 * 10, "--precision", "float32")


@pytest.fixture(scope="module")
def alone(real_digits, tmp_path_factory):
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("runs") / "alone"
    assert invoke("train", "--data", real_digits, "--out", folder, *TINY, *LONG).exit_code == 0
    return folder


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_run_that_was_stopped_ends_as_one_left_alone(begun, alone, real_digits, tmp_path, sent):
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
    assert 0 < stopped_at < STEPS
    assert not (folder / "card.json").exists()

    resume = ("train", "--data", real_digits, "--out", folder, "--resume")
    if sent == signal.SIGINT:
        subprocess.run(training_command(*resume), cwd=ROOT, check=True)
    else:  # as well in a process that has trained before
        assert invoke(*resume).exit_code == 0
    assert without_speed(history(folder)) == without_speed(history(alone))
    (_, _, _, resumed), (_, _, _, whole) = checkpoint.read(folder), checkpoint.read(alone)
    assert resumed.keys() == whole.keys()
    for name in whole:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)
    sheets = [sorted(path.name for path in (run / "evolution").iterdir()) for run in (folder, alone)]
    assert sheets[0] == sheets[1]


def test_a_finished_run_can_be_made_longer_but_not_other(real_digits, tmp_path):
    base = ("--data", real_digits, "--out", tmp_path / "run")
    assert invoke("train", *base, *TINY, "--preset", "mlp", "--images", 160).exit_code == 0
    refusals = {
        (): "holds a run already: add --resume",
        ("--resume", "--seed", 2): "was begun with --seed 1, not 2",
        ("--resume", "--preset", "dcgan"): "was begun with --preset mlp, not dcgan",
        ("--resume", "--images", 159): "has seen 160 images: give at least as many",
        (
            "--resume",
            "--precision",
            "bfloat16",
        ): f"bfloat16, but {tmp_path / 'run'} is at its end: give more --images too",
    }
    for flags, says in refusals.items():
        assert says in invoke("train", *base, *flags).stderr
    assert invoke("train", *base, "--resume", "--images", 320).exit_code == 0
    before = (tmp_path / "run" / "generator.keras").read_bytes()
    (tmp_path / "run" / "evaluation").mkdir()  # of weights that are to be replaced
    same = tmp_path / f"elsewhere{real_digits.suffix}"
    same.symlink_to(real_digits)
    assert invoke("train", "--data", same, *base[2:], "--resume", "--latent-gain", 1.5).exit_code == 0
    assert (tmp_path / "run" / "generator.keras").read_bytes() != before
    assert json.loads((tmp_path / "run" / "card.json").read_text())["settings"]["latent_gain"] == 1.5
    assert not (tmp_path / "run" / "evaluation").exists()
    assert "is finished and a model folder already" in invoke("train", *base, "--resume").stdout
    (tmp_path / "run" / "checkpoint.npz").unlink()
    assert "holds a model already" in invoke("train", *base).stderr
    assert history(tmp_path / "run")[-1]["images_seen"] == 320
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert card["settings"]["images"] == 320
    assert card["rescheduled"] == [{"images_seen": 160, "images": 160, "precision": "float32", "emphasis": 0}]


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


@pytest.mark.parametrize("index", ["{", "7", "[7]", '[{"step": null, "images_seen": 16, "file": "step-0000001.png"}]'])
def test_an_index_that_others_have_damaged_lists_no_sheet(tmp_path, index):
    (tmp_path / "evolution").mkdir()
    (tmp_path / "evolution" / "index.json").write_text(index)
    assert listed(tmp_path) == []


def test_sheets_are_closer_together_at_the_start():
    steps = sheet_steps(12_000)
    gaps = np.diff(steps)
    assert (steps[0], steps[-1]) == (0, 12_000)
    assert len(steps) >= 12
    assert (np.diff(gaps) >= 0).all()
