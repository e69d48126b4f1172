"""The gate: what a model must show before it is published."""

import numpy as np
import pytest
from evaluations import COPIES, EVALUATION, with_copies, without

from training.evaluation.metrics import divergence
from training.gate import WORSE, checks

KL = EVALUATION["class_kl"]


def failed(evaluation, replaced=None):
    return [check.reason for check in checks(evaluation, replaced) if not check.passed]


def test_a_good_model_passes_and_one_a_little_worse_by_chance_too():
    assert failed(EVALUATION) == []
    near = {"judge_fid": 1.03, "recall": 0.891, "coverage": 0.891, "cas": 0.981, "label_accuracy": 0.9885}
    for name, value in near.items():
        assert failed(EVALUATION | {name: EVALUATION[name] | {"generated": value}}, EVALUATION) == []


@pytest.mark.parametrize(("name", "value"), [("recall", 0.88), ("coverage", 0.88), ("cas", 0.979)])
def test_less_variety_or_less_to_learn_from_is_refused_with_its_figures(name, value):
    (check,) = [
        check
        for check in checks(EVALUATION | {name: EVALUATION[name] | {"generated": value}}, EVALUATION)
        if not check.passed
    ]
    limit = EVALUATION[name]["generated"] - WORSE[name]
    assert str(check) == f"{name} {value:.4g} is beyond the limit of {limit:.4g}"
    assert check.reason == "it is worse than the model it would replace"


@pytest.mark.parametrize("unmeasured", [without("cas"), EVALUATION | {"cas": None}])
def test_cas_is_compared_where_both_have_it(unmeasured):
    assert "cas" in {check.name for check in checks(EVALUATION, EVALUATION)}
    for pair in ((unmeasured, EVALUATION), (EVALUATION, unmeasured)):
        assert "cas" not in {check.name for check in checks(*pair)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"class_kl": KL | {"generated": 0.101}}, "it has collapsed: it draws some classes far too rarely"),
        ({"coverage": {"generated": 0.1, "real": 0.95}}, "it has collapsed: its digits cover too few of the real ones"),
        ({"label_accuracy": {"generated": 0.9, "real": 0.995}}, "it misses the digits that are asked for"),
        ({"judge_fid": {"generated": 1.2}}, "it is worse than the model it would replace"),
        ({"label_accuracy": {"generated": 0.98, "real": 0.995}}, "it is worse than the model it would replace"),
        ({"class_kl": KL | {"generated": float("nan")}}, "it has collapsed: it draws some classes far too rarely"),
        (
            {"memorisation": {"pixels": COPIES, "features": with_copies("near_duplicates", 0.04)}},
            "it copies training digits",
        ),
        (
            {"memorisation": {"pixels": with_copies("exact_duplicates", 0.0001), "features": COPIES}},
            "it draws training digits",
        ),
    ],
)
def test_every_fault_is_refused_for_its_reason(changes, reason):
    assert reason in failed(EVALUATION | changes, EVALUATION)


@pytest.mark.parametrize("misread", [0, 0.001, 0.015])
@pytest.mark.parametrize("classes", [3, 10, 12, 47])
def test_one_class_of_any_number_left_out_is_a_collapse(classes, misread):
    """Though the judge reads some of the others' digits as that class."""
    real = np.full(classes, 1 / classes)
    drawn = np.append(np.full(classes - 1, (1 - misread / classes) / (classes - 1)), misread / classes)
    shares = {"generated": drawn.tolist(), "real": real.tolist()}
    kl = {"generated": divergence(drawn, real), "real": 0.001}
    reasons = failed(EVALUATION | {"class_kl": kl, "class_shares": shares})
    assert "it has collapsed: it leaves a class out" in reasons


def test_the_class_that_is_left_out_is_named():
    shares = {"generated": [0.49, 0.01, 0.5], "real": [0.4, 0.2, 0.4]}
    (check,) = [check for check in checks(EVALUATION | {"class_shares": shares}, None) if not check.passed]
    assert str(check) == "share of class 1 0.01 is beyond the limit of 0.04"


def test_some_unevenness_among_many_classes_is_no_collapse():
    assert failed(EVALUATION | {"class_kl": KL | {"generated": 0.04}}) == []


def test_a_model_that_takes_no_labels_replaces_none_that_does():
    assert failed(without("label_accuracy"), without("label_accuracy")) == []
    assert failed(EVALUATION, without("label_accuracy")) == []
    assert failed(without("label_accuracy"), EVALUATION) == ["it takes no labels, and the model it would replace does"]
