"""`python -m training train`: what it refuses, and what it leaves as it is."""

import json
import re
import shutil
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest
from evaluations import rewrite
from trainings import invoke, training_command

from app.config import ROOT
from training import checkpoint
from training.data import Dataset, load
from training.export import exported
from training.files import alone
from training.presets import Settings


def files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """When each file was written, and what is in it."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_keeps_what_it_exported_and_its_evaluation(runs, few_digits, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    rewrite(folder, evaluation={"seconds": 960})
    before = files(folder)
    done = invoke("train", "--resume", "--data", few_digits, "--out", folder)
    assert (done.exit_code, done.stdout) == (
        0,
        f"{folder} is finished and a model folder already: it is left as it is.\n",
    )
    assert files(folder) == before


def test_a_finished_run_loses_the_rows_of_a_longer_one_that_was_killed_and_no_more(runs, few_digits, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    rewrite(folder, evaluation={"seconds": 960})
    before, history = files(folder), folder / "history.csv"
    history.write_text(history.read_text() + history.read_text().splitlines()[-1].replace("640", "1280") + "\n")
    done = invoke("train", "--resume", "--data", few_digits, "--out", folder)
    assert done.exit_code == 0
    kept = {folder / name for name in ("history.csv", "card.json", "generator.keras", "discriminator.keras")}
    assert {path: files(folder)[path][1] for path in kept} == {path: before[path][1] for path in kept}


def test_a_finished_run_draws_again_what_shows_it(runs, few_digits, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    last = json.loads((folder / "evolution" / "index.json").read_text())[-1]
    shutil.rmtree(folder / "evolution")
    (folder / "history.png").unlink()
    assert invoke("train", "--resume", "--data", few_digits, "--out", folder).exit_code == 0
    assert json.loads((folder / "evolution" / "index.json").read_text()) == [last]
    assert (folder / "history.png").is_file()


def test_a_run_is_exported_once_its_folder_holds_the_model_of_its_end(runs, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    settings, _, progress, _ = checkpoint.read(folder)
    assert exported(folder, settings, progress)
    assert not exported(folder, replace(settings, latent_gain=1.5), progress)
    assert not exported(folder, replace(settings, images=1280), progress)
    assert not exported(folder, replace(settings, images=1280), replace(progress, step=2 * progress.step))
    (folder / "generator.keras").write_bytes(b"of a later moment than the card")
    assert not exported(folder, settings, progress)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--resume",), "has no checkpoint to resume from"),
        (("--batch-size", 5000), "--batch-size is 5000; it must be at most the 4500 images of digits"),
        (("--batch-size", 0), "0 is not in the range"),
        (("--preset", "biggan"), "'biggan' is not one of"),
        (("--data", "/nowhere"), "--data is '/nowhere'"),
        (("--out", "/dev/null/run"), "--out is /dev/null/run, which cannot be a folder"),
    ],
)
def test_a_bad_flag_is_refused_with_a_sentence(real_digits, tmp_path, flags, says):
    done = invoke("train", "--data", real_digits, "--out", tmp_path / "new" / "run", *flags)
    assert says in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_model_without_its_checkpoint_is_not_begun_anew(runs, few_digits, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    (folder / "checkpoint.npz").unlink()
    done = invoke("train", "--data", few_digits, "--out", folder)
    assert (
        f"Error: {folder} holds a model already: add --resume to go on with it, or give another --out." in done.stderr
    )


@pytest.mark.parametrize("name", ["evaluation", "generator.keras"])
def test_what_lies_in_a_folder_that_is_no_run_is_not_lost(few_digits, tmp_path, name):
    mine = tmp_path / "run" / name / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.touch()
    done = invoke("train", "--data", few_digits, "--out", tmp_path / "run", "--images", 64)
    assert f"Error: {tmp_path / 'run'} holds {name}, which would be lost: give another --out." in done.stderr
    assert mine.exists()


def test_a_place_for_events_that_can_be_none_is_refused(few_digits, tmp_path):
    events = tmp_path / "run" / "tensorboard"
    events.parent.mkdir()
    events.touch()
    done = invoke("train", "--data", few_digits, "--out", events.parent, "--images", 64, "--tensorboard")
    assert f"Error: {events} cannot be written; it must be a folder" in done.stderr


@pytest.mark.parametrize("option", ["--out", "--data"])
def test_a_path_that_the_system_refuses_is_told_in_a_sentence(tmp_path, option):
    given = {"--out": str(tmp_path / "run"), "--data": "/nowhere"} | {option: str(tmp_path / ("a" * 300))}
    done = invoke("train", *(f"{name}={value}" for name, value in given.items()))
    assert re.search(r"^Error: .*a{300}\S* cannot be used: File name too long\.$", done.stderr)


FLOATS = [field.name.replace("_", "-") for field in fields(Settings) if field.type is float]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize("option", FLOATS)
def test_a_number_that_is_not_finite_is_refused(tmp_path, option, value):
    done = invoke("train", f"--{option}={value}", "--data=/nowhere", "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert re.search(rf"Invalid value for '--{option}': .* (is not finite|is not in the range)", done.stderr)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--out=runs/my run",), "The last part of --out is 'my run'; it must be of letters from A to Z, digits"),
        (("--preset=mlp", "--mismatch=0.1"), "both must be 0 for mlp, which takes no labels"),
        ((f"--images={10**30}",), f"{10**30} is not in the range"),
        ((f"--latent-dim={3 * 10**9}",), f"{3 * 10**9} is not in the range"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(few_digits, tmp_path, flags, says):
    done = invoke("train", "--data", few_digits, "--out", tmp_path / "run", *flags)
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("train", "--out"), ("evaluate",), ("publish",)])
def test_a_folder_that_another_process_works_in_is_left_alone(few_digits, tmp_path, command):
    with alone(tmp_path):
        done = invoke(*command, tmp_path, "--data", few_digits)
    assert f"Another process is at work in {tmp_path}: let it end first." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_checkpoint_is_refused(real_digits, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.npz").write_bytes(b"PK\x03\x04 cut short")
    done = invoke("train", "--data", real_digits, "--out", tmp_path / "run", "--resume")
    assert "is not a whole checkpoint of this version" in done.stderr


def test_a_run_that_another_has_begun_meanwhile_is_left_as_it_is(runs, few_digits, tmp_path, monkeypatch):
    folder = tmp_path / "run"

    def load_slowly(source: str) -> Dataset:
        shutil.copytree(runs / "mlp", folder)
        return load(source)

    monkeypatch.setattr("training.data.load", load_slowly)
    done = invoke("train", "--data", few_digits, "--out", folder, "--images", 64)
    assert f"{folder} holds a run already" in done.stderr
    assert files(folder).keys() == {folder / path.relative_to(runs / "mlp") for path in files(runs / "mlp")}


def test_an_output_on_a_full_disk_is_told_in_a_sentence(runs, few_digits, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    command = training_command("train", "--resume", "--data", few_digits, "--out", folder)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert "Error: The output cannot be written: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr
