"""Checkpoints: everything a run needs to go on, in one file that is whole or not there."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import TrainingError
from training.files import replacing
from training.presets import Settings

FILE = "checkpoint.npz"


@dataclass
class Progress:
    """How far a run has come, and what it has noted on the way.

    Attributes:
        step: steps done; images seen are step × batch size.
        seconds: time spent training, over all sittings.
        history: the rows of history.csv so far.
        sums: each metric's sum over the steps since the last row; "steps" and "seconds" among them.
        rescheduled: for each time that a resumed run was given another length, precision or emphasis (or gain, which an
            emphasis depends on), the images it had seen, and what these had been.
        weights: how often each training digit is to be shown from here on; none, and all are equally often.
    """

    step: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    rescheduled: list[dict[str, Any]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


def save(folder: Path, settings: Settings, dataset: dict[str, Any], progress: Progress, state: dict[str, Any]) -> None:
    """Write the checkpoint; `state` maps names to arrays, `dataset` identifies the data."""
    about = {"settings": asdict(settings), "dataset": dataset, "progress": asdict(progress)}
    with replacing(folder / FILE) as path:
        np.savez(path, about=np.array(json.dumps(about)), **state)


def exists(folder: Path) -> bool:
    """Whether the folder holds a run that can go on."""
    return (folder / FILE).is_file()


def read(folder: Path) -> tuple[Settings, dict[str, Any], Progress, dict[str, np.ndarray]]:
    """The settings, dataset, progress and state that `save` wrote.

    Raises: TrainingError when the file is not a whole checkpoint.
    """
    try:
        with (folder / FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            state = dict(arrays)
        about = json.loads(str(state.pop("about")))
        return Settings(**about["settings"]), about["dataset"], Progress(**about["progress"]), state
    except PermissionError:
        raise
    except Exception as error:  # NumPy raises half a dozen types for a file that is not a whole .npz
        raise TrainingError(f"{folder / FILE} is not a whole checkpoint of this version: {error}.") from error
