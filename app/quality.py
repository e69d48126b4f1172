"""A model's quality card in plain words: every figure beside that of real digits."""

from typing import Any, NamedTuple

SHARE, PLAIN, FINE = "{:.1%}", "{:.3g}", "{:.4f}"


class Figure(NamedTuple):
    """One figure: its name, what it means, its value for generated and for real digits, and which way is better."""

    name: str
    meaning: str
    generated: str
    real: str
    better: str


# Where it stands in the card's evaluation → name, meaning, how it is written, which way is better.
FIGURES = {
    ("label_accuracy",): (
        "Right digit",
        "share that a classifier of real digits reads as the digit that was asked for",
        SHARE,
        "more",
    ),
    ("cas",): (
        "Good to learn from",
        "share of real test digits that a classifier reads right which was trained on these digits alone",
        SHARE,
        "more",
    ),
    ("precision",): ("Plausible", "share that lies among real digits, as the classifier sees them", SHARE, "more"),
    ("recall",): ("Varied", "share of real digits that lie among these", SHARE, "more"),
    ("density",): (
        "Typical",
        "how many real digits' neighbourhoods one lies in, against what is expected",
        PLAIN,
        "more",
    ),
    ("coverage",): ("Complete", "share of real digits with one of these in their neighbourhood", SHARE, "more"),
    ("judge_fid",): (
        "judge-FID",
        "distance between the clouds of these and of real digits, by mean and spread; not the FID of papers",
        PLAIN,
        "less",
    ),
    ("judge_kid",): (
        "judge-KID",
        "a distance that supposes no shape; of subsets it differs by what is behind ±, and chance may bring it below 0",
        PLAIN,
        "less",
    ),
    ("class_kl",): ("Fair to all", "how far the shares of the classes are from the real ones, in nats", FINE, "less"),
    ("memorisation", "pixels"): (
        "Near copies, in pixels",
        "share that is nearer to a training digit than 99% of real test digits are",
        SHARE,
        "as real",
    ),
    ("memorisation", "features"): (
        "Near copies, in features",
        "the same, as the classifier sees them",
        SHARE,
        "as real",
    ),
}


def figures(card: dict[str, Any]) -> list[Figure]:
    """The figures that a card holds; none of a model that has not been measured."""
    evaluation = card.get("evaluation") or {}
    found = []
    for path, (name, meaning, form, better) in FIGURES.items():
        both: Any = evaluation
        for step in path:
            both = (both or {}).get(step)
        if both:
            generated, real = (_written(both, kind, form) for kind in ("generated", "real"))
            found.append(Figure(name, meaning, generated, real, better))
    return found


def _written(both: dict[str, Any], kind: str, form: str) -> str:
    """A figure, with its spread where that was measured; of what was measured of copies, the one that counts."""
    value, spread = both[kind], both.get(f"{kind}_spread")
    written = form.format(value["near_duplicates"] if isinstance(value, dict) else value)
    return written if spread is None else f"{written} ± {spread:.2g}"
