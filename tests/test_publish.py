"""`python -m training publish`: what the gate says of a run, and the move by which a model takes its place."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from evaluations import EVALUATION, card_of, rewrite
from trainings import invoke

from app import create_app
from training import checkpoint
from training.errors import TrainingError
from training.files import alone, sha256_of
from training.publish import SHIPPED, publish


def test_what_is_shipped_is_a_whole_model_folder_under_its_new_name(run, tmp_path):
    (run / "evolution" / ".writing-step-0000100.png").touch()  # as a kill leaves it
    publish(run, tmp_path / "models" / "fine", force=False)
    published = tmp_path / "models" / "fine"
    assert not list(published.rglob(".*"))
    assert {path.name for path in published.iterdir()} == set(SHIPPED)  # no checkpoint, no plot
    assert card_of(published)["name"] == "fine"
    assert card_of(published)["gate"]["passed"] is True
    assert {check["name"] for check in card_of(published)["gate"]["checks"]} >= {"class_kl", "label_accuracy"}
    assert card_of(run)["gate"] is None
    client = create_app({"MODELS": str(published.parent)}).test_client()
    assert client.get("/generate?digit=7&seed=1").status_code == 200


def test_a_worse_model_leaves_the_one_it_would_replace_and_force_says_so(run, tmp_path):
    target = tmp_path / "models" / "fine"
    publish(run, target, force=False)
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    rewrite(run, evaluation=EVALUATION | {"judge_fid": {"generated": 2.0, "real": 0.5}})
    with pytest.raises(TrainingError, match=r"worse than the model it would replace \(judge_fid 2 is beyond .* 1.05\)"):
        publish(run, target, force=False)
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before
    publish(run, target, force=True)
    gate = card_of(target)["gate"]
    assert (gate["passed"], gate["forced"]) == (False, True)
    assert [path.name for path in target.parent.iterdir()] == ["fine"]


def test_a_model_that_a_killed_publish_has_set_aside_is_put_back_and_compared(run, tmp_path):
    target = tmp_path / "models" / "fine"
    publish(run, target, force=False)
    target.rename(target.with_name(".replaced-fine"))
    rewrite(run, evaluation=EVALUATION | {"judge_fid": {"generated": 2.0, "real": 0.5}})
    with pytest.raises(TrainingError, match="worse than the model it would replace"):
        publish(run, target, force=False)
    assert card_of(target)["evaluation"]["judge_fid"]["generated"] == 1.0


@pytest.mark.parametrize("before", [EVALUATION, None], ids=["again", "for the first time"])
def test_a_model_that_is_being_evaluated_is_not_replaced(run, tmp_path, before):
    target = tmp_path / "models" / "fine"
    publish(run, target, force=False)
    rewrite(target, evaluation=before)
    before = target.stat().st_ino
    with alone(target), pytest.raises(TrainingError, match=f"Another process is at work in {target}: let it end first"):
        publish(run, target, force=True)
    assert target.stat().st_ino == before


def test_a_run_does_not_take_its_own_place(run):
    (run / "checkpoint.npz").touch()
    with pytest.raises(TrainingError, match="would take its own place and lose its checkpoint"):
        publish(run, run, force=True)
    assert (run / "checkpoint.npz").exists()


def test_what_is_published_is_not_published_over_itself(run):
    (run / "checkpoint.npz").unlink()
    with pytest.raises(TrainingError, match=f"{run} is published there already: give other --models or --as"):
        publish(run, run, force=True)


def test_a_run_does_not_take_the_place_of_another(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "other")
    (other / "checkpoint.npz").touch()
    with pytest.raises(TrainingError, match=f"{other} is a run, which would lose its checkpoint"):
        publish(run, other, force=True)
    assert (other / "checkpoint.npz").exists()


def test_figures_of_different_judges_are_not_compared_but_by_force(run, tmp_path):
    target = tmp_path / "models" / "fine"
    publish(run, target, force=False)
    rewrite(run, evaluation=EVALUATION | {"judge": {"accuracy": 0.99, "sha256": "another"}})
    with pytest.raises(TrainingError, match="were evaluated by different judges"):
        publish(run, target, force=False)
    publish(run, target, force=True)
    assert card_of(target)["evaluation"]["judge"]["sha256"] == "another"
    gate = card_of(target)["gate"]
    assert (gate["passed"], gate["forced"]) == (False, True)
    assert "were evaluated by different judges" in gate["incomparable"]
    assert "judge_fid" not in {check["name"] for check in gate["checks"]}


def test_a_model_that_nobody_has_evaluated_is_replaced_by_force_alone(run, tmp_path):
    target = tmp_path / "models" / "fine"
    publish(run, target, force=False)
    rewrite(target, evaluation=None)
    with pytest.raises(TrainingError, match=f"{target} has not been evaluated: run .*, or publish {run} all the same"):
        publish(run, target, force=False)
    publish(run, target, force=True)
    gate = card_of(target)["gate"]
    assert (gate["passed"], gate["forced"]) == (False, True)
    assert f"{target} has not been evaluated" in gate["incomparable"]


def test_a_run_is_not_published_by_the_figures_of_other_judges_than_those_named(run, judges, tmp_path):
    arguments = ("publish", run, "--models", tmp_path / "models", "--judges", judges)
    done = invoke(*arguments)
    assert f"{run} was evaluated by other judges than those in {judges}: evaluate it anew with these" in done.stderr
    first = card_of(judges)["judges"]["first"]
    rewrite(run, evaluation=EVALUATION | {"judge": {"accuracy": 0.99, "sha256": first["sha256"]}})
    assert invoke(*arguments).exit_code == 0


def test_a_run_that_has_gone_on_since_is_not_published(run, tmp_path):
    index = run / "evolution" / "index.json"
    sheets = json.loads(index.read_text())
    index.write_text(json.dumps([*sheets, sheets[-1] | {"step": 23, "images_seen": 736}]))  # before the next row
    with pytest.raises(TrainingError, match="has seen 736 images, but its networks are of 640"):
        publish(run, tmp_path / "models" / "fine", force=True)
    index.write_text(json.dumps(sheets))
    settings, identity, progress, state = checkpoint.read(run)
    checkpoint.save(run, settings, identity, replace(progress, step=24), state)
    with pytest.raises(TrainingError, match="has seen 768 images, but its networks are of 640"):
        publish(run, tmp_path / "models" / "fine", force=True)
    checkpoint.save(run, settings, identity, progress, state)
    history = run / "history.csv"
    *_, last = history.read_text().splitlines()
    history.write_text(history.read_text() + last.replace("640", "1280") + "\n")
    with pytest.raises(TrainingError, match="has seen 1280 images, but its networks are of 640"):
        publish(run, tmp_path / "models" / "fine", force=True)
    history.write_text("step\n1\n")
    with pytest.raises(TrainingError, match=r"history\.csv is not a whole history"):
        publish(run, tmp_path / "models" / "fine", force=True)


def test_a_run_is_not_published_in_the_name_of_other_data(run, fashion, tmp_path):
    models = tmp_path / "models"
    done = invoke("publish", run, "--models", models, "--data", fashion)
    assert f"{run} was trained on few, not on this fashion-mnist." in done.stderr
    assert not models.exists()


def test_an_evaluation_that_would_have_no_place_is_not_begun(run, tmp_path, few_digits, judges, monkeypatch):
    def check(folder: Path) -> None:
        if folder == run:
            raise TrainingError("read-only")

    rewrite(run, evaluation=None)
    monkeypatch.setattr("training.evaluation.folder.check_writable", check)
    monkeypatch.setattr("training.evaluation.folder.evaluate_folder", None)
    arguments = ("--models", tmp_path / "models", "--data", few_digits, "--judges", judges)
    assert "read-only" in invoke("publish", run, *arguments).stderr


@pytest.mark.parametrize("command", ["evaluate", "publish"])
def test_what_cannot_be_written_is_said_before_anything_is_measured(run, monkeypatch, command):
    def read_only(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    rewrite(run, evaluation=None)
    monkeypatch.setattr("training.files.TemporaryFile", read_only)
    done = invoke(command, run, "--data", "/nowhere")
    assert "cannot be written: Read-only file system; what was there before is whole." in done.stderr


def test_a_place_for_models_that_can_be_no_folder_is_refused(run):
    done = invoke("publish", run, "--models", "/dev/null/models", "--data", "/nowhere")
    assert "/dev/null/models cannot be written: Not a directory" in done.stderr


def test_a_full_disk_is_told_in_a_sentence_and_leaves_nothing(run, tmp_path, monkeypatch):
    copy = shutil.copyfile

    def full(source: Path, target: Path, **how: object) -> object:
        if Path(source).suffix == ".png":  # of which there are many
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(source, target, **how)

    monkeypatch.setattr(shutil, "copyfile", full)
    target = tmp_path / "models" / "fine"
    with pytest.raises(TrainingError) as caught:
        publish(run, target, force=False)
    assert str(caught.value) == f"{target} cannot be written: No space left on device; what was there before is whole."
    assert list(target.parent.iterdir()) == []


def test_a_collapsed_generator_is_refused_with_its_figures(few_digits, judges, run, tmp_path):
    model = keras.saving.load_model(run / "generator.keras", compile=False)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            kernel, bias = layer.get_weights()
            layer.set_weights([0 * kernel, bias])  # neither latent nor label reaches the digit
    assert np.ptp(model.predict([np.eye(10, model.inputs[0].shape[1]), np.arange(10)], verbose=0), axis=0).max() == 0
    model.save(run / "generator.keras")
    digests = card_of(run)["sha256"] | {"generator.keras": sha256_of(run / "generator.keras")}
    rewrite(run, evaluation=None, sha256=digests)
    models = tmp_path / "models"
    done = invoke("publish", run, "--as", "bad", "--models", models, "--data", few_digits, "--judges", judges)
    assert done.exit_code == 1
    assert "does not pass the gate" in done.stderr
    assert "it has collapsed: it draws some classes far too rarely (class_kl 2." in done.stderr
    assert "it misses the digits that are asked for (label_accuracy 0." in done.stderr
    assert "--force" in done.stderr
    assert not models.exists()
    assert card_of(run)["evaluation"]["label_accuracy"]["generated"] < 0.3


def test_a_link_to_a_model_folder_stays_one_however_often_it_is_published_to(run, tmp_path):
    models, link = tmp_path / "models", tmp_path / "models" / "link"
    publish(run, tmp_path / "elsewhere", force=False)
    models.mkdir()
    link.symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        publish(run, link, force=False)
        assert link.is_symlink()
        assert card_of(tmp_path / "elsewhere")["name"] == "link"
    assert list(models.iterdir()) == [link]


def test_what_else_lies_in_the_folder_of_a_model_is_not_lost(run, tmp_path):
    target = tmp_path / "models" / "fine"
    publish(run, target, force=False)
    (target / "notes.txt").touch()
    with pytest.raises(TrainingError, match=r"fine holds notes\.txt, which would be lost: move it away, or give"):
        publish(run, target, force=True)
    assert (target / "notes.txt").exists()


@pytest.mark.parametrize("judge", ["text", True, 0.5])
def test_a_judge_that_is_none_is_another_than_any(run, tmp_path, judges, judge):
    rewrite(run, evaluation=EVALUATION | {"judge": judge})
    done = invoke("publish", run, "--models", tmp_path / "models", "--judges", judges)
    assert f"{run} was evaluated by other judges than those in {judges}" in done.stderr


@pytest.mark.parametrize("command", ["evaluate", "publish"])
def test_a_report_that_could_not_be_written_is_not_begun(run, tmp_path, few_digits, monkeypatch, command):
    def check(folder: Path) -> None:
        if folder == run / "evaluation":
            raise TrainingError("not ours")

    rewrite(run, evaluation=None)
    monkeypatch.setattr("training.evaluation.folder.check_writable", check)
    monkeypatch.setattr("training.evaluation.folder.evaluate_folder", None)
    done = invoke(command, run, "--data", few_digits, *(["--models", tmp_path / "m"] if command == "publish" else []))
    assert "not ours" in done.stderr
