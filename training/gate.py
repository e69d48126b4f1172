"""The gate: what a model must show before it is published, each demand with its figure and a reason."""

from typing import Any, NamedTuple

from training import cards

COLLAPSE_KL = 0.1  # nats; leaving out one of ten even classes costs 0.105
LEFT_OUT = 0.2  # of a class's share: the judge reads some digits of others as those of a class that is never drawn
COLLAPSE_COVERAGE = 0.25  # of the coverage that real digits reach
LABEL_ACCURACY = 0.975  # of that of real digits
COPIES = 3  # times the share of near duplicates among real test digits
WORSE_FID = 1.05  # times that of the model that would be replaced; drawing anew moves it by some percent
# Each below that of the model that would be replaced.
WORSE = {
    "label_accuracy": 0.002,
    "recall": 0.01,  # drawing anew moved digitsmith's by 0.000, dcgan's by 0.003 and mlp's by 0.011
    "coverage": 0.01,  # of as many digits as recall
    "cas": 0.003,  # the mean of three seeds, which lay up to 0.0038 apart
}
SPACES = ("pixels", "features")  # in which copies are looked for
NO_LABELS = "it takes no labels, and the model it would replace does"


class Check(NamedTuple):
    """One demand: the figure's name and value, its limit, whether it holds, and what it means when it does not."""

    name: str
    value: float
    limit: float
    passed: bool
    reason: str

    def __str__(self) -> str:
        sign = "within" if self.passed else "beyond"
        return f"{self.name} {self.value:.4g} is {sign} the limit of {self.limit:.4g}"


def needed(evaluation: dict[str, Any], conditional: bool) -> cards.Shape:
    """The shape that an evaluation must have to be judged: that of every figure that the gate looks at."""
    names = ["coverage", "recall", "judge_fid"]
    names += ["label_accuracy"] if conditional else []
    names += ["cas"] if evaluation.get("cas") else []
    copies = [f"{kind}/{share}" for kind in ("generated", "real") for share in ("exact_duplicates", "near_duplicates")]
    shares: cards.Shape = {f"class_shares/{kind}": list for kind in ("generated", "real")}
    return (
        shares
        | cards.figures(["class_kl", *names])
        | cards.figures([f"memorisation/{space}" for space in SPACES], copies)
    )


def checks(evaluation: dict[str, Any], replaced: dict[str, Any] | None) -> list[Check]:
    """Every demand on a model.

    Args: the model's evaluation, and that of the model whose place it would take, if it has one.
    """
    coverage = evaluation["coverage"]
    found = [
        _at_most(
            "class_kl",
            evaluation["class_kl"]["generated"],
            COLLAPSE_KL,
            "it has collapsed: it draws some classes far too rarely",
        ),
        _rarest(evaluation["class_shares"]),
        _at_least(
            "coverage",
            coverage["generated"],
            COLLAPSE_COVERAGE * coverage["real"],
            "it has collapsed: its digits cover too few of the real ones",
        ),
    ]
    for space in SPACES:
        scores = evaluation["memorisation"][space]
        same, limit = (scores[kind]["exact_duplicates"] for kind in ("generated", "real"))
        found.append(_at_most(f"exact_duplicates in {space}", same, limit, "it draws training digits"))
        near, limit = scores["generated"]["near_duplicates"], COPIES * scores["real"]["near_duplicates"]
        found.append(_at_most(f"near_duplicates in {space}", near, limit, "it copies training digits"))
    if "label_accuracy" in evaluation:
        right = evaluation["label_accuracy"]
        lowest, missed = LABEL_ACCURACY * right["real"], "it misses the digits that are asked for"
        found.append(_at_least("label_accuracy", right["generated"], lowest, missed))
    return found + (_comparisons(evaluation, replaced) if replaced else [])


def _rarest(shares: dict[str, list[float]]) -> Check:
    """That no class is left out: the one that is drawn least, beside its share among real digits."""
    limits = [LEFT_OUT * real for real in shares["real"]]
    label, (share, limit) = min(
        enumerate(zip(shares["generated"], limits, strict=True)), key=lambda found: found[1][0] - found[1][1]
    )
    return _at_least(f"share of class {label}", share, limit, "it has collapsed: it leaves a class out")


def _comparisons(evaluation: dict[str, Any], replaced: dict[str, Any]) -> list[Check]:
    worse = "it is worse than the model it would replace"
    fid, limit = evaluation["judge_fid"]["generated"], WORSE_FID * replaced["judge_fid"]["generated"]
    found = [_at_most("judge_fid", fid, limit, worse)]
    if "label_accuracy" in replaced and "label_accuracy" not in evaluation:
        found.append(_at_least("label_accuracy", 0, replaced["label_accuracy"]["generated"], NO_LABELS))
    for name, slack in WORSE.items():
        if evaluation.get(name) and replaced.get(name):
            value, before = (one[name]["generated"] for one in (evaluation, replaced))
            found.append(_at_least(name, value, max(0, before - slack), worse))
    return found


def _at_most(name: str, value: float, limit: float, reason: str) -> Check:
    return Check(name, value, limit, value <= limit, reason)


def _at_least(name: str, value: float, limit: float, reason: str) -> Check:
    return Check(name, value, limit, value >= limit, reason)
