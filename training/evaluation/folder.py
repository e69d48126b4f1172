"""Evaluate a model folder: the figures into its card, the report and its pictures beside it."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from training import cards
from training.data import Dataset
from training.errors import TrainingError
from training.evaluation import cas, judge, pictures, report
from training.evaluation.evaluate import accuracy_scores, evaluate
from training.evaluation.metrics import NEIGHBOURS
from training.evaluation.sampler import Sampler
from training.export import CARD, check_data
from training.files import alone, check_writable


def check_places(folder: Path) -> None:
    """See that an evaluation's figures and report will have a place, before all the work. Raises TrainingError."""
    check_writable(folder)
    check_writable(folder / report.FOLDER)


def evaluate_folder(folder: Path, data: Dataset, judges: Path, with_cas: bool) -> dict[str, Any]:
    """Measure a model folder's digits and write what was found into it; return the figures.

    Args: judges, the folder of the judges; with_cas, whether to train the classifiers of CAS too.
    Raises: TrainingError when the folder is not whole, or it or the judges know other data.
    """
    began = time.monotonic()
    sampler, judging = Sampler(folder), judge.read_card(judges, data)
    check_data(folder, sampler.card, data)
    if with_cas and not sampler.conditional:
        raise TrainingError(f"{folder} takes no labels, so it has no CAS: leave --cas out.")
    for kind, images in (("training", data.train_images), ("test", data.test_images)):
        if len(images) <= NEIGHBOURS:
            least = NEIGHBOURS + 1
            raise TrainingError(f"{data.name} has {len(images)} {kind} images; an evaluation needs at least {least}.")
    kept_cas = _kept_cas(folder, sampler.card)
    figures = evaluate(sampler, data, judge.load_all(judges, data))
    first = next(iter(judging["judges"].values()))
    figures["judge"] = {"accuracy": first["accuracy"], "sha256": first["sha256"]}
    figures["cas"] = kept_cas
    pictures.draw(folder / report.FOLDER, sampler, data, figures)
    figures["seconds"] = round(time.monotonic() - began, 1)
    _write(folder, sampler.card, figures)
    if with_cas:
        figures["cas"] = accuracy_scores(sampler, data, _ceiling(judges, judging, data))
        _write(folder, sampler.card, figures)
    return figures


def _kept_cas(folder: Path, card: dict[str, Any]) -> dict[str, Any] | None:
    """The CAS of an earlier evaluation: an export writes a card without any, so it is of these weights.

    Raises: TrainingError when it is none.
    """
    earlier = card["evaluation"] or {}
    if earlier.get("cas") is None:
        return None
    cards.require(earlier, cards.figures(["cas"]), f"The evaluation in {folder / CARD}")
    return dict(earlier["cas"])


def _ceiling(judges: Path, card: dict[str, Any], data: Dataset) -> list[float]:
    """CAS of the real training digits: measured once, then kept in the judges' card."""
    if card["ceiling"] is None:
        card["ceiling"] = cas.scores(data.train_images, data.train_labels, data.test_images, data.test_labels)
        with suppress(TrainingError), alone(judges):  # where it cannot be kept, it is still good for this once
            if judge.read_card(judges)["judges"] == card["judges"]:  # else they have been trained anew meanwhile
                judge.write_card(judges, card)
    return list(card["ceiling"])


def _write(folder: Path, card: dict[str, Any], figures: dict[str, Any]) -> None:
    """The report, and then the card, which tells of an evaluation only when all of it is there."""
    card["evaluation"] = _rounded(figures)
    report.write(folder / report.FOLDER, card)
    cards.write(folder / CARD, card)


def _rounded(value: Any) -> Any:
    """Numbers to six digits after the point: more is noise, and cards are read by people."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
