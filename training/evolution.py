"""The evolution of a generator: the same latents drawn at growing steps, from pure noise to the end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from training import cards
from training.errors import TrainingError
from training.files import replacing
from training.presets import Settings

FOLDER = "evolution"
INDEX = "index.json"
SHEET: cards.Shape = {"step": int, "images_seen": int, "file": str}
SHEETS = 20  # sheets between the first step and the end
SIDE = 10  # digits along each side of a sheet


class Evolution:
    """Draws the sample sheets of one run.

    Args:
        folder: the run's folder; sheets go to its evolution/.
        sample: from latents (100, latent_dim) and labels (100,) to digits (100, 28, 28) uint8.
    """

    def __init__(self, folder: Path, settings: Settings, classes: int, sample: Callable[..., np.ndarray]):
        self.folder = folder / FOLDER
        self.batch_size = settings.batch_size
        self.sample = sample
        self.steps = sheet_steps(settings.steps)
        rng = np.random.default_rng(settings.seed)
        self.latents = rng.standard_normal((SIDE * SIDE, settings.latent_dim), dtype=np.float32)
        self.labels = sheet_labels(classes).reshape(SIDE, SIDE).T.reshape(-1)  # a class to a column

    def draw(self, step: int) -> None:
        """Draw the sheet of this step if one is due; index.json then lists the sheets up to it."""
        if step not in self.steps:
            return
        file = f"step-{step:07d}.png"
        entry = {"step": step, "images_seen": step * self.batch_size, "file": file}
        with replacing(self.folder / file) as path:
            Image.fromarray(sheet(self.sample(self.latents, self.labels))).save(path, optimize=True)
        with replacing(self.folder / INDEX) as path:
            path.write_text(json.dumps([*self._earlier(step), entry], indent=1) + "\n")
        for sheet_file in self.folder.glob("step-*.png"):
            if _place(sheet_file.name) > _place(file):  # another length of the run has no sheet there
                sheet_file.unlink()

    def _earlier(self, step: int) -> list[dict[str, Any]]:
        """Entries of the index from before this step; those a killed sitting drew after it are drawn again."""
        return [entry for entry in listed(self.folder.parent) if entry["step"] < step]


def listed(run: Path) -> list[dict[str, Any]]:
    """The sheets that a run's index lists; none where there is no index, or others have damaged it."""
    index = run / FOLDER / INDEX
    try:
        sheets: list[dict[str, Any]] = cards.read(index) if index.is_file() else []
        for entry in sheets:
            cards.require(entry, SHEET, index)
    except (ValueError, TypeError, TrainingError):
        return []
    return sheets


def _place(file: str) -> tuple[int, str]:
    """A key that sorts sheets' names in the order of their steps, beyond seven digits too."""
    return len(file), file


def sheet_steps(last: int) -> list[int]:
    """Steps at which a sheet is drawn: 0, then from 1 to `last` in equal ratios."""
    spaced = np.geomspace(1, last, SHEETS).round().astype(int)
    return [0, *sorted({int(step) for step in spaced})]


def sheet_labels(classes: int) -> np.ndarray:
    """Labels (100,) int32 of a sheet, row by row: a class to a row or, of more than ten, as many as fit."""
    places = np.arange(SIDE * SIDE)
    return (places // SIDE % classes if classes <= SIDE else places * classes // len(places)).astype(np.int32)


def sheet(digits: np.ndarray) -> np.ndarray:
    """One grey image (280, 280) of 100 digits (100, 28, 28), ten to a row."""
    return digits.reshape(SIDE, SIDE, 28, 28).swapaxes(1, 2).reshape(SIDE * 28, SIDE * 28)
