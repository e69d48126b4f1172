"""The training command line, in a process of its own or in this one, and the history that a run leaves."""

import csv
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from training.cli import cli


def training_command(command: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "training", command, *map(str, arguments)]


def invoke(command: str, *arguments: object) -> Result:
    """Run a command of `python -m training` to its end in this process: TensorFlow need not start again for it."""
    return CliRunner().invoke(cli, [command, *map(str, arguments)], catch_exceptions=False)


def history(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's history.csv."""
    with (folder / "history.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def without_speed(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    """Rows of a history without what differs from run to run."""
    return [{name: value for name, value in row.items() if name != "images_per_second"} for row in rows]
