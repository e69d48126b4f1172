"""Where a training begins: from nothing, from a run's checkpoint, or from the networks of a finished model."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from training import cards, checkpoint, emphasis, history
from training.checkpoint import Progress
from training.data import Dataset
from training.errors import TrainingError
from training.export import CARD, DISCRIMINATOR, GENERATOR, read_card, scale_latents
from training.gan import GAN
from training.networks import load_network
from training.presets import PRESETS, Settings, option, settings_for
from training.workers import Workers

STEERING = ("images", "precision", "emphasis")  # what steps depend on; more images stretch schedules
CHANGEABLE = (*STEERING, "latent_gain")  # of a run; steps depend on the gain too where digits are emphasised
NAMES = {setting.name for setting in fields(Settings)} - {"preset"}
NEEDED: cards.Shape = {"preset": str, "rescheduled": list, "wall_seconds": cards.NUMBER}

Found = tuple[Settings, dict[str, Any], Progress, Callable[[GAN], None]]


def begun(settings: Settings, data: Dataset, workers: Workers) -> tuple[GAN, Progress]:
    """A GAN that has not learned yet, and no progress. Raises TrainingError when the workers do not agree on it."""
    progress = Progress()
    return _build(settings, data, progress, workers), progress


def continued(folder: Path, data: Dataset, changes: dict[str, Any], workers: Workers) -> tuple[GAN, Progress]:
    """The GAN and progress of the run in `folder`, to go on with.

    A finished model's folder will do too: its networks go on, with no memory of the optimizers.

    Args: changes, settings given anew; only those that are CHANGEABLE may differ from the run's.
        workers: who trains it now, which need not be as many as before.
    Raises: TrainingError when there is neither, or it is one of other settings or other data.
    """
    read = _checkpointed if checkpoint.exists(folder) else _finished
    settings, dataset, progress, put_into = read(folder)
    _refuse_changes(folder, settings, changes)
    if dataset["sha256"] != data.sha256:
        raise TrainingError(f"{folder} was begun on {dataset['name']}, not on this {data.name}: give the same --data.")
    settings = _rescheduled(folder, settings, changes, progress)
    gan = _build(settings, data, progress, workers)
    try:
        put_into(gan)
    except (KeyError, ValueError) as error:
        raise TrainingError(f"What {folder} holds is of other networks than this version's: {error}.") from error
    return gan, progress


def _checkpointed(folder: Path) -> Found:
    settings, dataset, progress, state = checkpoint.read(folder)
    return settings, dataset, progress, lambda gan: gan.restore(state)


def _finished(folder: Path) -> Found:
    """What a model folder without a checkpoint tells of its run, as published ones are."""
    card = read_card(folder)
    cards.require(card, NEEDED, folder / CARD)
    if card["preset"] not in PRESETS:
        raise TrainingError(f"{folder / CARD} has {card['preset']} as preset; it must be one of {', '.join(PRESETS)}.")
    told = {name: value for name, value in card["settings"].items() if name in NAMES}
    try:
        settings = settings_for(card["preset"], told)
    except TrainingError as error:
        raise TrainingError(f"{folder / CARD} tells of no run: {error}") from error
    generator, discriminator = (load_network(folder / file) for file in (GENERATOR, DISCRIMINATOR))
    scale_latents(generator, settings.latent_dim, 1 / settings.latent_gain)  # which goes in again at the end
    step = card["images_seen"] // settings.batch_size
    rows, rescheduled = history.read(folder), card["rescheduled"]
    progress = Progress(step, card["wall_seconds"], history=rows, rescheduled=rescheduled)
    return settings, card["dataset"], progress, lambda gan: gan.adopt(generator, discriminator, step)


def _build(settings: Settings, data: Dataset, progress: Progress, workers: Workers) -> GAN:
    """The GAN that all workers are to train from here on. Raises TrainingError when they do not agree on it."""
    workers.agree(f"{settings} {data.sha256} {progress.step}")
    return GAN(settings, data.classes, workers.strategy)


def _refuse_changes(folder: Path, settings: Settings, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if name not in CHANGEABLE and value != getattr(settings, name):
            raise TrainingError(
                f"{folder} was begun with {option(name)} {getattr(settings, name)}, not {value}: leave it out."
            )


def _rescheduled(folder: Path, settings: Settings, changes: dict[str, Any], progress: Progress) -> Settings:
    """The settings with what is CHANGEABLE changed; the progress tells of what steps were to depend on before."""
    changed = replace(settings, **{name: changes[name] for name in CHANGEABLE if name in changes})
    seen = progress.step * settings.batch_size
    _refuse_schedule(folder, settings, changed, seen)
    if changed.emphasis != settings.emphasis or not emphasis.due(changed, progress.step):
        progress.weights = []  # to be found anew when they are due
    before = {name: getattr(settings, name) for name in (CHANGEABLE if settings.emphasis else STEERING)}
    if before != {name: getattr(changed, name) for name in before}:
        progress.rescheduled.append({"images_seen": seen, **before})
    return changed


def _refuse_schedule(folder: Path, settings: Settings, changed: Settings, seen: int) -> None:
    """Raises TrainingError when the run has gone beyond what is changed, or has no step left to heed it."""
    if changed.images < seen and changed.images != settings.images:
        raise TrainingError(
            f"--images is {changed.images}, but {folder} has seen {seen} images: give at least as many."
        )
    if changed.images > seen:
        return
    for name in ("precision", "emphasis"):
        if getattr(changed, name) != getattr(settings, name):
            raise TrainingError(
                f"{option(name)} is {getattr(changed, name)}, but {folder} is at its end: give more --images too."
            )
