"""`python -m training evaluate` takes no model folder, and no judges, that do not fit together."""

import shutil

import pytest
from evaluations import rewrite

from training.data import load
from training.errors import TrainingError
from training.evaluation.folder import evaluate_folder
from training.evaluation.sampler import Sampler


@pytest.mark.parametrize("changes", [{"latent": {"dim": 32}}, {"conditional": False}])
def test_a_card_of_another_generator_is_refused(runs, tmp_path, changes):
    folder = shutil.copytree(runs / "digitsmith", tmp_path / "run")
    rewrite(folder, **changes)
    with pytest.raises(TrainingError, match=r"generator.keras takes .*, but by its card.json .*: copy the folder anew"):
        Sampler(folder)


def test_networks_of_another_moment_than_their_card_are_made_anew_from_a_checkpoint(runs, tmp_path):
    folder = shutil.copytree(runs / "mlp", tmp_path / "run")
    (folder / "generator.keras").write_bytes(b"of a later moment than the card")
    with pytest.raises(TrainingError, match="go on with its run by --resume"):
        Sampler(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": 300}, "card.json has 300 as classes; few has 10"),
        ({"evaluation": {"cas": True}}, "card.json has no cas.generated; it must be a number"),
        ({"evaluation": {"cas": {"generated": 1}}}, "card.json has no cas.real; it must be a number"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_before_anything_is_measured(
    few_digits, judges, runs, tmp_path, monkeypatch, changes, message
):
    folder = shutil.copytree(runs / "digitsmith", tmp_path / "run")
    rewrite(folder, **changes)
    monkeypatch.setattr("training.evaluation.folder.evaluate", None)
    with pytest.raises(TrainingError, match=message):
        evaluate_folder(folder, load(str(few_digits)), judges, with_cas=False)


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (None, "trained on few, not on this digits"),
        ("no judges", r"has no judges: give a folder that has, or train some by `python .* judge --judges \S*/judges`"),
        ("judges/card.json", r"card.json is not JSON \(.*\): copy the folder anew"),
        ("a model for judges", "has no judges, for its card.json is of something else: give the folder of judges"),
        ("judges/second.keras", "second.keras is not the judge that its card.json describes"),
        ("mlp/generator.keras", "generator.keras is not the file that its card.json describes"),
        ("mlp/card.json", "card.json is not JSON"),
    ],
)
def test_what_does_not_fit_together_is_refused(real_digits, few_digits, judges, runs, tmp_path, damaged, message):
    shutil.copytree(judges, tmp_path / "judges")
    shutil.copytree(runs / "mlp", tmp_path / "mlp")
    if damaged == "no judges":
        (tmp_path / "judges" / "card.json").unlink()
    elif damaged == "a model for judges":
        shutil.copy(tmp_path / "mlp" / "card.json", tmp_path / "judges")
    elif damaged:
        file = tmp_path / damaged
        file.write_bytes(file.read_bytes()[:-2])
    data = load(str(few_digits if damaged else real_digits))
    with pytest.raises(TrainingError, match=message):
        evaluate_folder(tmp_path / "mlp", data, tmp_path / "judges", with_cas=False)
