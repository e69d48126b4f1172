"""The history of a run: history.csv for programs, a plot for people, TensorBoard for the curious."""

import csv
from pathlib import Path

from training.errors import TrainingError
from training.files import replacing
from training.terminal import say

FILE = "history.csv"
PLOT = "history.png"
METRICS = ("discriminator_loss", "generator_loss", "real_logit", "generated_logit")
COLUMNS = {"step": int, "images_seen": int} | dict.fromkeys((*METRICS, "images_per_second"), float)

RUN_AWAY = 1.1  # times the loss of a tie: no discriminator that tells anything apart stays above it
RUN_AWAY_ROWS = 5  # one after the other


def row(step: int, batch_size: int, sums: dict[str, float]) -> dict[str, float]:
    """One row of the history: means of the metrics since the row before.

    `sums` holds each metric's sum, and the "steps" and "seconds" they were summed over.
    """
    means = {name: round(sums[name] / sums["steps"], 6) for name in METRICS}
    speed = round(sums["steps"] * batch_size / sums["seconds"], 1)
    return {"step": step, "images_seen": step * batch_size, **means, "images_per_second": speed}


def write(folder: Path, rows: list[dict[str, float]]) -> None:
    """Write all rows to history.csv. The file is small; writing it whole never loses or repeats a row."""
    with replacing(folder / FILE) as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read(folder: Path) -> list[dict[str, float]]:
    """The rows of history.csv. Raises TrainingError when it is not a whole history."""
    try:
        with (folder / FILE).open(newline="") as file:
            rows = [{name: kind(row[name]) for name, kind in COLUMNS.items()} for row in csv.DictReader(file)]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise TrainingError(f"{folder / FILE} is not a whole history: {error!r}.") from error
    if not rows:
        raise TrainingError(f"{folder / FILE} has no rows.")
    return rows


def holds(folder: Path, rows: list[dict[str, float]]) -> bool:
    """Whether history.csv has these rows and no others."""
    try:
        return read(folder) == rows
    except (TrainingError, FileNotFoundError):
        return False


def runs_away(rows: list[dict[str, float]], tie: float, warmup_steps: int) -> bool:
    """Whether the discriminator once told something apart, and in all recent rows has been worse than a tie.

    Args: tie, the loss of one that tells nothing apart.

    What comes while the learning rates rise does not count, for a fresh discriminator begins there.
    """
    losses = [row["discriminator_loss"] for row in rows if row["step"] > warmup_steps]
    before, recent = losses[:-RUN_AWAY_ROWS], losses[-RUN_AWAY_ROWS:]
    return bool(before) and min(before) < RUN_AWAY * tie <= min(recent)


def plot(folder: Path, rows: list[dict[str, float]], title: str) -> None:
    """Plot losses and mean logits against images seen to history.png."""
    from matplotlib.figure import Figure  # a second to import, and only needed at the end

    figure = Figure(figsize=(8, 6), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True)
    dot = "." if len(rows) == 1 else None  # a line has two ends at least
    for axes, names, label in ((upper, METRICS[:2], "loss"), (lower, METRICS[2:], "mean logit")):
        for name in names:
            seen, values = [row["images_seen"] for row in rows], [row[name] for row in rows]
            axes.plot(seen, values, label=name.replace("_", " "), marker=dot)
        axes.set_ylabel(label)
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    lower.set_xlabel("images seen")
    figure.suptitle(title)
    with replacing(folder / PLOT) as path:
        figure.savefig(path, dpi=120)


class TensorBoard:
    """Writes rows as TensorBoard events to the run's tensorboard/ when enabled.

    Raises: TrainingError when there can be none.
    """

    def __init__(self, folder: Path, enabled: bool):
        import tensorflow as tf

        self._folder = folder / "tensorboard"
        self._scalar, self._error = tf.summary.scalar, tf.errors.OpError
        try:
            self._writer = tf.summary.create_file_writer(str(self._folder)) if enabled else None
        except self._error as error:
            raise TrainingError(
                f"{self._folder} cannot be written; it must be a folder, or leave --tensorboard out."
            ) from error

    def write(self, row: dict[str, float]) -> None:
        """Add one row of the history at its number of images seen; where that fails, it was the last."""
        if self._writer is None:
            return
        try:
            with self._writer.as_default():
                for name in (*METRICS, "images_per_second"):
                    self._scalar(name, row[name], step=int(row["images_seen"]))
            self._writer.flush()
        except self._error:
            self._writer = None
            say(f"{self._folder} can no longer be written: the training goes on without TensorBoard's events.")
