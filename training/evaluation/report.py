"""The readable side of an evaluation: a Markdown table of every figure beside real data's, and the pictures."""

from pathlib import Path
from typing import Any

from training.files import replacing

FOLDER = "evaluation"
FILE = "report.md"
MEASURES = {  # name in the figures → name for people, and which way is better
    "label_accuracy": ("label accuracy: the judge reads the digit that was asked for", "higher"),
    "judge_fid": ("judge-FID", "lower"),
    "judge_kid": ("judge-KID", "lower"),
    "precision": ("precision", "higher"),
    "recall": ("recall", "higher"),
    "density": ("density", "higher"),
    "coverage": ("coverage", "higher"),
    "class_kl": ("divergence of the classes' shares from the real ones (KL, nats)", "lower"),
}
COPIES = {
    "median_distance": ("median distance to the nearest training digit", "as real"),
    "exact_duplicates": ("exact duplicates of a training digit", "as real"),
    "near_duplicates": ("near duplicates (nearer than 99% of real test digits are)", "as real"),
    "authentic": (
        "authentic (AuthPct / 100): further from its nearest training digit than that from its own",
        "as real",
    ),
    "nearer_to_train": ("nearer to train than to test, with its 95% interval over digits", "0.5: no pull"),
}
PICTURES = {
    "classes.png": "A hundred digits; of a model that takes labels, in the order of their labels",
    "interpolation.png": "From the first digit of each row to its last, along an arc of latents",
    "class-shares.png": "Share of each class, as the judge reads it",
    "truncation.png": "Truncation: tidier digits for less variety",
    "closest-pairs.png": "The digits nearest to a training digit, which is drawn below each",
}

Row = tuple[str, ...]


def table(figures: dict[str, Any]) -> str:
    """Every figure as a Markdown table: generated beside real."""
    rows: list[Row] = [("", "generated", "real", "better")]
    if figures.get("cas"):
        rows.append(_row("CAS: accuracy of a classifier trained on these digits alone", figures["cas"], "higher"))
    rows += [_row(title, figures[name], better) for name, (title, better) in MEASURES.items() if name in figures]
    for space, scores in figures["memorisation"].items():
        for name, (title, better) in COPIES.items():
            cells = (_with_interval(scores[kind], name) for kind in ("generated", "real"))
            rows.append((f"{title}, in {space}", *cells, better))
    return _markdown(rows)


def write(folder: Path, card: dict[str, Any]) -> None:
    """Write report.md into `folder` from a card that holds its evaluation."""
    figures = card["evaluation"]
    pictures = [f"## {title}\n\n![{title}]({file})" for file, title in PICTURES.items()]
    others = ["## By other judges", _other_judges(figures), "## Truncation", _truncation(figures["truncation"])]
    parts = [_introduction(card), table(figures), *others, *pictures, "Made by `python -m training evaluate FOLDER`."]
    with replacing(folder / FILE) as path:
        path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _introduction(card: dict[str, Any]) -> str:
    figures, generator, counts = card["evaluation"], card["generator"], card["dataset"]["counts"]
    return (
        f"# {card['title']}\n\n"
        f"{figures['count']:,} generated digits against the {counts['test']:,} real test digits of"
        f" {card['dataset']['name']}, in the features of a classifier of real digits (the judge) that reads"
        f" {figures['judge']['accuracy']:.2%} of them right. In the column *real*, as many training digits stand in the"
        " place of the generated ones (for labels and copies, the test digits)."
        f" Precision, recall, density and coverage compare {figures['sample']:,} digits of each, with k = 5;"
        f" copies of as many are looked for among all {counts['train']:,} training digits. Where real test digits are"
        " rarely nearer to train than to test, they are so to their own kind, perhaps of the same writers.\n\n"
        f"A digit costs {generator['mflop']} MFLOP; the generator has {generator['parameters']:,} parameters in"
        f" {generator['bytes'] / 1e6:.2f} MB."
    )


def _row(title: str, both: dict[str, Any], better: str) -> Row:
    title += " ± spread over subsets" if "generated_spread" in both else ""
    return title, _with_spread(both, "generated"), _with_spread(both, "real"), better


def _with_spread(both: dict[str, Any], kind: str) -> str:
    """A figure, and its spread where it has one."""
    spread = both.get(f"{kind}_spread")
    return _number(both[kind]) + (f" ± {_number(spread)}" if spread is not None else "")


def _with_interval(scores: dict[str, Any], name: str) -> str:
    """A figure, and its 95% confidence interval where it has one."""
    low_and_high = [_number(end) for end in scores.get(f"{name}_95", ())]
    return _number(scores[name]) + (f" ({' to '.join(low_and_high)})" if low_and_high else "")


def _other_judges(figures: dict[str, Any]) -> str:
    """Each judge's generated figures, real ones in brackets."""
    judges = {"the judge": figures, **figures["other_judges"]}
    rows: list[Row] = [("", *judges)]
    for name, (title, _) in MEASURES.items():
        if name in figures:
            pairs = [(found[name]["generated"], found[name]["real"]) for found in judges.values()]
            rows.append((title, *(f"{_number(generated)} ({_number(real)})" for generated, real in pairs)))
    return _markdown(rows)


def _truncation(rows: list[dict[str, float]]) -> str:
    header = tuple(name.replace("_", " ") for name in rows[0])
    body = [(f"{row['t']:g}", *(_number(value) for name, value in row.items() if name != "t")) for row in rows]
    return _markdown([header, *body])


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.4f}"


def _markdown(rows: list[Row]) -> str:
    header, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([header, "|" + "---|" * len(rows[0]), *body])
