"""From a run that passes the gate to a shipped model folder."""

import shlex
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from PIL import Image

from training import cards, checkpoint, evolution, history
from training.errors import TrainingError
from training.evaluation import judge, report
from training.export import CARD, DISCRIMINATOR, GENERATOR, read_card, whole_again
from training.files import alone, put_back, replacing_folder
from training.gate import Check, checks, needed

SHIPPED = (GENERATOR, DISCRIMINATOR, CARD, evolution.FOLDER, history.FILE, report.FOLDER)


def check_judges(run: Path, judges: Path) -> None:
    """Raises TrainingError when an evaluated run was measured by other judges than those of a folder."""
    first = next(iter(judge.read_card(judges)["judges"].values()))
    if _judge(read_card(run)["evaluation"]) != first["sha256"]:
        raise TrainingError(
            f"{run} was evaluated by other judges than those in {judges}: evaluate it anew with these, or give --judges"
            " the folder of those."
        )


def publish(run: Path, target: Path, force: bool) -> tuple[list[Check], str | None]:
    """Copy what is shipped of a run's folder to `target`, in one move.

    Args: run, a model folder whose card holds its evaluation; force, whether to publish what fails.
    Returns: the gate's checks, and why they could not compare it with the model it replaces, if they could not.
    Raises: TrainingError with the figures and reasons when the gate refuses it; `target` is then as it was.
    """
    card = read_card(run)
    missing = [name for name in SHIPPED if not (run / name).exists()]
    if missing:
        raise TrainingError(f"{run} has no {missing[0]}; what is published has {', '.join(SHIPPED)}.")
    evaluation = _evaluation(card, run)
    if evaluation is None:
        raise TrainingError(f"{_unevaluated(run)}.")
    _check_pictures(run)
    _check_end(run, card)
    replaced = _replaced(target, run)
    incomparable = _incomparable(run, evaluation, target, replaced) if replaced else None
    found = checks(evaluation, replaced["evaluation"] if replaced and not incomparable else None)
    passed = not incomparable and all(check.passed for check in found)
    if not passed and not force:
        raise TrainingError(_refusal(run, found, incomparable))
    card["name"] = target.name
    listed = [check._asdict() for check in found]
    card["gate"] = {"passed": passed, "forced": not passed, "incomparable": incomparable, "checks": listed}
    with alone(target) if target.exists() else nullcontext(), replacing_folder(target) as fresh:
        for file in _shipped_files(run):
            (fresh / file).parent.mkdir(exist_ok=True)
            shutil.copyfile(run / file, fresh / file)
        cards.write(fresh / CARD, card)
    return found, incomparable


def _check_pictures(run: Path) -> None:
    """Raises TrainingError when a sheet of its evolution, or a part of its report, is missing or damaged."""
    sheets = [run / evolution.FOLDER / sheet["file"] for sheet in evolution.listed(run)]
    if not sheets:
        raise TrainingError(f"{run / evolution.FOLDER / evolution.INDEX} lists no sheet: {whole_again(run)}.")
    for path in sheets:
        _check_picture(path, whole_again(run))
    for name in report.PICTURES:
        _check_picture(run / report.FOLDER / name, "evaluate it anew")
    if not (run / report.FOLDER / report.FILE).is_file():
        raise TrainingError(f"{run} has no {report.FOLDER}/{report.FILE}: evaluate it anew.")


def _check_picture(path: Path, remedy: str) -> None:
    """Raises TrainingError, with what would mend it, when a picture is missing or damaged."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            picture.load()
    except Exception as error:  # Pillow has a dozen ways to say that a PNG is damaged
        raise TrainingError(f"{path} is not a whole PNG: {remedy}.") from error


def _unevaluated(folder: Path) -> str:
    """What is said of a folder whose card has no evaluation."""
    command = f"python -m training evaluate {shlex.quote(str(folder))}"
    return f"{folder} has not been evaluated: run `{command}` first"


def _shipped_files(run: Path) -> list[Path]:
    """All files that are shipped of a run, within its folder."""
    found = [path for name in SHIPPED for path in (run / name, *(run / name).glob("[!.]*"))]
    return [path.relative_to(run) for path in found if path.is_file()]


def _incomparable(run: Path, evaluation: dict[str, Any], target: Path, replaced: dict[str, Any]) -> str | None:
    """Why a run cannot be compared with the model that it would replace, whose card that is; None when it can."""
    before = _evaluation(replaced, target)
    if before is None:
        return _unevaluated(target)
    if _judge(evaluation) != _judge(before):
        return f"{run} and {target} were evaluated by different judges: evaluate both with the same --judges"
    return None


def _refusal(run: Path, found: list[Check], incomparable: str | None) -> str:
    """Why a run is not published."""
    if incomparable:
        return f"{incomparable}, or publish {run} all the same with --force."
    reasons = "".join(f"\n  {check.reason} ({check})" for check in found if not check.passed)
    return f"{run} does not pass the gate:{reasons}\nPublish it all the same with --force."


def _images_seen(run: Path) -> float:
    """How many images a run has seen by what tells most: a row, a sheet or a checkpoint."""
    seen = [history.read(run)[-1]["images_seen"], *(sheet["images_seen"] for sheet in evolution.listed(run))]
    if checkpoint.exists(run):
        settings, _, progress, _ = checkpoint.read(run)
        seen.append(progress.step * settings.batch_size)
    return float(max(seen))


def _check_end(run: Path, card: dict[str, Any]) -> None:
    """Raises TrainingError when a run has gone on since its networks were exported."""
    seen = _images_seen(run)
    if seen != card["images_seen"]:
        raise TrainingError(
            f"{run} has seen {seen:.0f} images, but its networks are of {card['images_seen']}: go on to its end with"
            " --resume, and evaluate it."
        )


def _replaced(target: Path, run: Path) -> dict[str, Any] | None:
    """The card of the model that is there, if there is one.

    Raises: TrainingError when that is a run, or more than a model lies there.
    """
    put_back(target)
    if not target.exists():
        return None
    if target.samefile(run):
        lost = "would take its own place and lose its checkpoint"
        why = lost if checkpoint.exists(run) else "is published there already"
        raise TrainingError(f"{run} {why}: give other --models or --as.")
    if checkpoint.exists(target):
        raise TrainingError(f"{target} is a run, which would lose its checkpoint: give other --models or --as.")
    card = read_card(target)
    others = sorted(path.name for path in target.glob("[!.]*") if path.name not in (*SHIPPED, history.PLOT))
    if others:
        raise TrainingError(f"{target} holds {others[0]}, which would be lost: move it away, or give another --as.")
    return card


def _judge(evaluation: dict[str, Any]) -> Any:
    """The SHA-256 of the judge that measured a model; figures by another cannot be compared with these."""
    judge = evaluation.get("judge")
    return judge.get("sha256") if isinstance(judge, dict) else None


def _evaluation(card: dict[str, Any], folder: Path) -> dict[str, Any] | None:
    """The evaluation in the card of a folder, if it has one. Raises TrainingError when the gate cannot judge by it."""
    evaluation: dict[str, Any] | None = card["evaluation"]
    if evaluation is not None:
        where = f"The evaluation in {folder / CARD}"
        cards.require(evaluation, needed(evaluation, card["conditional"]), where)
        shares = [evaluation["class_shares"][kind] for kind in ("generated", "real")]
        each = [share for kind in shares for share in kind]
        if len({len(kind) for kind in shares}) > 1 or not each or not all(isinstance(x, cards.NUMBER) for x in each):
            raise TrainingError(f"{where} has other class_shares than a number for each class.")
    return evaluation
