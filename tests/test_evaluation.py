"""`python -m training judge` and `evaluate`: every figure beside real data's, in the card and in a report."""

import re
import shutil
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from evaluations import card_of, rewrite
from PIL import Image
from trainings import invoke

from app import create_app
from training.data import load
from training.errors import TrainingError
from training.evaluation import cas, judge, memorisation, report
from training.evaluation.evaluate import evaluate
from training.evaluation.folder import evaluate_folder
from training.files import alone
from training.gate import checks

TWO = ("digitsmith", "mlp")


@pytest.fixture(scope="module")
def evaluated(few_digits, judges, runs):
    """What the command said of each of the two models."""
    return {name: invoke("evaluate", runs / name, "--data", few_digits, "--judges", judges) for name in TWO}


@pytest.mark.parametrize("name", TWO)
def test_every_figure_stands_beside_that_of_real_digits(evaluated, runs, name):
    assert evaluated[name].exit_code == 0, evaluated[name].output
    assert "| judge-FID |" in evaluated[name].stdout
    assert "evaluate" in evaluated[name].stderr  # the progress bar
    card = card_of(runs / name)
    figures = card["evaluation"]
    both = ["judge_fid", "judge_kid", "precision", "recall", "density", "coverage", "class_kl"]
    for measure in both + (["label_accuracy"] if name == "digitsmith" else []):
        for found in (figures, *figures["other_judges"].values()):
            assert {"generated", "real"} <= set(found[measure])
    assert figures["judge_fid"]["generated"] > 3 * figures["judge_fid"]["real"]
    assert figures["count"] == 600
    assert [row["t"] for row in figures["truncation"]] == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert set(figures["other_judges"]) == {"second", "third"}
    assert card["generator"]["mflop"] > 0
    written = runs / name / "evaluation" / "report.md"
    for picture in ("classes", "interpolation", "class-shares", "truncation", "closest-pairs"):
        assert f"({picture}.png)" in written.read_text()
        with Image.open(written.with_name(f"{picture}.png")) as image:
            assert image.width >= 280
    app = create_app({"MODELS": str(runs), "DEFAULT_MODEL": name})  # still a model folder
    assert app.test_client().get(f"/models/{name}").get_json()["evaluation"] == figures


def test_the_pull_towards_training_digits_is_told_with_its_interval():
    pull = {"nearer_to_train": 0.51, "nearer_to_train_95": [0.50012, 0.52]}
    copies = {kind: dict.fromkeys(report.COPIES, 0.01) | pull for kind in ("generated", "real")}
    (row,) = re.findall(r"\| nearer to train .*", report.table({"memorisation": {"pixels": copies}}))
    assert row.endswith(", in pixels | 0.5100 (0.5001 to 0.5200) | 0.5100 (0.5001 to 0.5200) | 0.5: no pull |")


def test_kid_is_told_with_its_spread():
    kid = {"generated": 0.25, "generated_spread": 0.5, "real": 0.125, "real_spread": 0.25}
    told = report.table({"judge_kid": kid, "memorisation": {}})
    assert "| judge-KID ± spread over subsets | 0.2500 ± 0.5000 | 0.1250 ± 0.2500 | lower |" in told


class ByHeart:
    """A generator that has learnt its training digits by heart, in the place of a sampler."""

    conditional, classes = True, 10

    def __init__(self, data):
        self.by_class = [data.train_images[data.train_labels == label] for label in range(10)]

    def latents(self, count, seed):
        """What is not looked at."""
        return np.zeros((count, 1), np.float32)

    def __call__(self, _latents, labels):
        """Training digits of these labels."""
        digits = [self.by_class[label] for label in labels]
        return np.stack([of_class[i % len(of_class)] for i, of_class in enumerate(digits)])


@pytest.fixture(scope="module")
def first(few_digits, judges):
    """The judge that gives the figures, without the others."""
    return {"first": judge.load_all(judges, load(str(few_digits)))["first"]}


def test_training_digits_drawn_again_are_seen_as_copies_with_the_right_labels(few_digits, first):
    data = load(str(few_digits))
    figures = evaluate(ByHeart(data), data, first)
    assert figures["label_accuracy"]["generated"] > 0.9
    assert figures["class_kl"]["generated"] < 0.05
    for copies in figures["memorisation"].values():
        assert copies["generated"]["exact_duplicates"] == 1
        assert copies["real"]["exact_duplicates"] == 0
    refused = {check.name for check in checks(figures, None) if not check.passed}
    assert refused == {
        f"{kind}_duplicates in {space}" for kind in ("exact", "near") for space in ("pixels", "features")
    }


class AlwaysTheSame(ByHeart):
    """Draws but one digit of each class that it was taught."""

    def __init__(self, data, taught):
        super().__init__(data)
        self.taught = taught

    def __call__(self, _latents, labels):
        """One digit of each of these classes, and that of the first for what was not taught."""
        return np.stack([self.by_class[label if label in self.taught else self.taught[0]][0] for label in labels])


@pytest.mark.parametrize(
    ("taught", "reason"),
    [
        (range(10), "it has collapsed: its digits cover too few of the real ones"),
        (range(9), "it has collapsed: it draws some classes far too rarely"),
    ],
)
def test_one_picture_a_class_and_a_class_left_out_are_seen_as_a_collapse(few_digits, first, taught, reason):
    data = load(str(few_digits))
    figures = evaluate(AlwaysTheSame(data, taught), data, first)
    assert reason in {check.reason for check in checks(figures, None) if not check.passed}


def test_test_digits_of_other_shares_make_no_collapse(few_digits, first):
    data = load(str(few_digits))
    kept = (data.test_labels == 9) | (np.arange(len(data.test_labels)) % 20 == 0)
    data = replace(data, test_images=data.test_images[kept], test_labels=data.test_labels[kept])
    figures = evaluate(ByHeart(data), data, first)
    assert not [check for check in checks(figures, None) if not check.passed and "collapsed" in check.reason]


def test_copies_are_seen_where_test_digits_are_among_the_training_digits_too():
    train = np.random.default_rng(0).random((500, 8), np.float32)
    test = np.concatenate([train[:10], np.random.default_rng(1).random((90, 8), np.float32)])
    space = memorisation.Space(train, test)
    assert space.real_scores()["near_duplicates"] == 0.1
    assert space.scores(train[:100])["near_duplicates"] == 1


@pytest.mark.usefixtures("evaluated")
def test_the_same_evaluation_gives_the_same_figures_and_needs_nobody_to_see_its_bar(
    few_digits, judges, runs, monkeypatch
):
    monkeypatch.setattr("sys.stderr", None)
    once = card_of(runs / "mlp")["evaluation"]
    evaluate_folder(runs / "mlp", load(str(few_digits)), judges, with_cas=False)
    assert card_of(runs / "mlp")["evaluation"] | {"seconds": once["seconds"]} == once


@pytest.fixture
def measured(evaluated, runs, monkeypatch):
    """Have the figures of a model that takes labels found at once."""
    figures = card_of(runs / "digitsmith")["evaluation"]
    monkeypatch.setattr("training.evaluation.folder.evaluate", lambda *_: deepcopy(figures))


@pytest.mark.usefixtures("measured")
def test_cas_keeps_the_ceiling_of_real_digits_with_the_judges(few_digits, judges, runs, monkeypatch):
    learned = []

    def scores(images, labels, test_images, test_labels):
        learned.append(len(images))
        assert len(images) == len(labels)
        assert len(test_images) == len(test_labels) == 300
        return [0.5, 0.6, 0.7]

    monkeypatch.setattr(cas, "scores", scores)
    data = load(str(few_digits))
    for _ in range(2):
        figures = evaluate_folder(runs / "digitsmith", data, judges, with_cas=True)
        assert figures["cas"]["generated"] == pytest.approx(0.6)
    assert learned == [600, 600, 600]  # the ceiling, and the generated digits twice
    assert card_of(judges)["ceiling"] == [0.5, 0.6, 0.7]
    assert evaluate_folder(runs / "digitsmith", data, judges, with_cas=False)["cas"] == figures["cas"]
    with pytest.raises(TrainingError, match="takes no labels"):
        evaluate_folder(runs / "mlp", data, judges, with_cas=True)


@pytest.mark.usefixtures("measured")
def test_a_ceiling_is_not_kept_with_judges_that_were_trained_anew_meanwhile(
    few_digits, judges, runs, tmp_path, monkeypatch
):
    folder = shutil.copytree(judges, tmp_path / "judges")
    rewrite(folder, ceiling=None)

    def scores(*_):
        trained = card_of(folder)["judges"]
        rewrite(folder, judges=trained | {"first": trained["first"] | {"seconds": 1.0}})
        return [0.5, 0.6, 0.7]

    monkeypatch.setattr(cas, "scores", scores)
    evaluate_folder(runs / "digitsmith", load(str(few_digits)), folder, with_cas=True)
    assert card_of(folder)["ceiling"] is None


@pytest.mark.usefixtures("measured")
def test_a_ceiling_that_cannot_be_kept_is_used_all_the_same(few_digits, judges, runs, tmp_path, monkeypatch):
    folder = shutil.copytree(judges, tmp_path / "judges")
    rewrite(folder, ceiling=None)
    monkeypatch.setattr(cas, "scores", lambda *_: [0.5, 0.6, 0.7])
    with alone(folder):  # as the training of other judges keeps it
        figures = evaluate_folder(runs / "digitsmith", load(str(few_digits)), folder, with_cas=True)
    assert figures["cas"]["real_seeds"] == [0.5, 0.6, 0.7]
    assert card_of(folder)["ceiling"] is None


def test_cas_learns_from_the_digits_it_is_given(few_digits, monkeypatch):
    data = load(str(few_digits))
    assert len(cas.SEEDS) == 3
    monkeypatch.setattr(cas, "SEEDS", (1,))
    others = [(labels + 1) % 10 for labels in (data.train_labels, data.test_labels)]  # which it knows from nowhere else
    (found,) = cas.scores(data.train_images, others[0], data.test_images, others[1])
    assert found > 0.7
