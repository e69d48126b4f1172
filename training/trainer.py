"""The training loop: batches in, steps of a GAN, and on the way checkpoints, history and sheets."""

import math
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training import checkpoint, emphasis, history
from training.checkpoint import Progress
from training.data import Dataset, batches
from training.errors import TrainingError
from training.evolution import Evolution
from training.gan import GAN
from training.terminal import advance, progress_bar, say
from training.workers import Workers

ROWS = 200  # rows of history.csv that a whole run aims at
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last when a terminal closes


class InterruptedRunError(TrainingError):
    """The person, or the machine's keeper, asked the run to stop; it is saved."""

    exit_code = 130


class Trainer:
    """Trains one GAN in one folder until its settings' number of images is seen.

    Args:
        folder: where checkpoints, history and evolution go.
        checkpoint_every: images between two checkpoints.
        progress: where an earlier sitting of the same run stopped.
        workers: who else trains the same GAN; only the chief of them writes.
    """

    def __init__(
        self,
        gan: GAN,
        data: Dataset,
        folder: Path,
        progress: Progress,
        checkpoint_every: int,
        tensorboard: bool,
        workers: Workers,
    ):
        self.gan, self.data, self.folder, self.progress, self.workers = gan, data, folder, progress, workers
        settings = self.settings = gan.settings
        if settings.batch_size > len(data.train_images):
            raise TrainingError(
                f"--batch-size is {settings.batch_size}; it must be at most the {len(data.train_images)} images of"
                f" {data.name}."
            )
        if settings.batch_size % gan.replicas:
            raise TrainingError(
                f"--batch-size is {settings.batch_size}; it must be a multiple of the {gan.replicas} devices that share"
                " it (CUDA_VISIBLE_DEVICES says how many of a machine's GPUs do)."
            )
        self.row_every = max(1, settings.steps // ROWS)
        self.checkpoint_every = max(1, checkpoint_every // settings.batch_size)
        self.evolution = Evolution(folder, settings, data.classes, gan.sample)
        self.tensorboard = history.TensorBoard(folder, tensorboard and workers.chief)
        self._told_of_run_away = False

    def run(self) -> None:
        """Train to the end.

        Raises:
            InterruptedRunError: on Ctrl-C, SIGTERM or SIGHUP, after saving a checkpoint.
            TrainingError: on a loss that is not finite; the last checkpoint stays as it was.
        """
        step, size, whole = self.progress.step, self.settings.batch_size, self.settings.steps
        if self.workers.chief:
            self.evolution.draw(step)
        if step:
            self.save()  # with the settings given anew, before a row or a sheet goes beyond it
        bar = progress_bar(
            self.folder.name,
            whole * size,
            "img",
            self.workers.chief,
            initial=step * size,
            unit_scale=True,
            mininterval=1,
        )
        with bar, _stop_requests() as stops:
            self._play(bar, stops)
            self._end_history()
            self.save()  # even where every step was done before: what was given anew is part of a checkpoint

    def _play(self, bar: tqdm, stops: list[int]) -> None:
        """Take every step that is left, with a checkpoint now and then, until a stop is asked for."""
        settings, progress = self.settings, self.progress
        stream = self._stream()
        began = time.perf_counter()
        while progress.step < settings.steps:
            if emphasis.due(settings, progress.step) and not progress.weights:
                self._emphasise()
                stream = self._stream()
            images, labels = next(stream)
            metrics = self.gan.train_step(progress.step + 1, images, labels)
            now = time.perf_counter()
            self._note(metrics, now - began)  # with what checkpoints and sheets took since the step before
            began = now
            advance(bar, settings.batch_size, metrics)
            if self.workers.any(bool(stops)):
                self.save()
                folder = shlex.quote(str(self.folder))
                raise InterruptedRunError(f"Stopped and saved: go on with --resume --out {folder} and the same --data")
            if progress.step % self.checkpoint_every == 0 and progress.step < settings.steps:
                self.save()

    def _stream(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        data, progress, settings = self.data, self.progress, self.settings
        return batches(
            data.train_images, data.train_labels, settings.batch_size, settings.seed, progress.step, progress.weights
        )

    def _emphasise(self) -> None:
        """Find what is hard, on the chief alone, and keep it: a run that is resumed would have to find it again."""
        count = len(self.data.train_labels)
        found = emphasis.weights(self.gan, self.data) if self.workers.chief else np.zeros(count)
        self.progress.weights = self.workers.chiefs(found).tolist()
        self.save()

    def save(self) -> None:
        """Write a checkpoint of this moment. Raises TrainingError, and writes nothing, if a weight is not finite."""
        state = self.gan.state()
        if not all(np.isfinite(array).all() for array in state.values()):
            raise self._not_finite(self.progress.step, "left weights that are")
        if self.workers.chief:
            checkpoint.save(self.folder, self.settings, self.data.identity, self.progress, state)

    def _note(self, metrics: dict[str, float], seconds: float) -> None:
        """Count one step that is done; a row and a sheet when they are due."""
        if not all(math.isfinite(value) for value in metrics.values()):
            raise self._not_finite(self.progress.step + 1, "gave a loss that is")
        progress = self.progress
        progress.step += 1
        progress.seconds += seconds
        for name, value in {**metrics, "steps": 1, "seconds": seconds}.items():
            progress.sums[name] = progress.sums.get(name, 0) + value
        if not self.workers.chief:
            return
        if progress.step % self.row_every == 0 or progress.step == self.settings.steps:
            self._write_row()
        try:
            self.evolution.draw(progress.step)
        except FloatingPointError as error:
            raise self._not_finite(progress.step, "left a generator whose images are") from error

    def _not_finite(self, step: int, what: str) -> TrainingError:
        kept = (
            "its last checkpoint is from before that" if checkpoint.exists(self.folder) else "it has no checkpoint yet"
        )
        return TrainingError(
            f"Step {step} of {self.folder} {what} not finite; {kept}. Begin again with lower learning rates."
        )

    def _end_history(self) -> None:
        """See that the history ends where the run does, which may once have been stopped there, or have gone on."""
        if not self.workers.chief:
            return
        if self.progress.sums:
            self._write_row()
        else:
            history.write(self.folder, self.progress.history)

    def _write_row(self) -> None:
        row = history.row(self.progress.step, self.settings.batch_size, self.progress.sums)
        self.progress.history.append(row)
        self.progress.sums = {}
        history.write(self.folder, self.progress.history)
        self.tensorboard.write(row)
        self._tell_of_run_away()

    def _tell_of_run_away(self) -> None:
        """Say it, once, when a discriminator that could tell something apart has long been worse than a tie."""
        rows, tie = self.progress.history, self.gan.game.tie
        if self._told_of_run_away or not history.runs_away(rows, tie, self.settings.warmup_steps):
            return
        self._told_of_run_away = True
        loss = rows[-1]["discriminator_loss"]
        remedy = "a larger --drift or lower learning rates" if self.settings.drift else "--drift 0.001"
        say(
            f"The discriminator's loss is {loss:.4g}, where one that tells nothing apart has {tie:.2f}: this run"
            f" gets away, and few come back. Begin again with {remedy}."
        )


@contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """A list that fills when a stop signal arrives, so that a step is never cut in two.

    A second Ctrl-C stops at once. What is ignored, as SIGHUP under nohup, stays so.
    """
    stops: list[int] = []
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    before = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}

    def note(number: int, _frame: object) -> None:
        stops.append(number)
        if number != signal.SIGHUP:  # which may come from the shell and from the terminal, for one that closes
            signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, note)
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
