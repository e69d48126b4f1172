"""Requests that come together share a batch, for sixteen digits cost what eleven do one by one."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Inputs = dict[str, NDArray[Any]]
Run = Callable[[Inputs], NDArray[np.float32]]


def count_rows(inputs: Inputs) -> int:
    """How many rows named inputs (N, …) have."""
    return len(next(iter(inputs.values())))


class _Job:
    """Rows that a thread wants run: their count, and what came of them."""

    def __init__(self, inputs: Inputs):
        self.inputs = inputs
        self.count = count_rows(inputs)
        self.done = False
        self.output: NDArray[np.float32]
        self.error: BaseException | None = None
        self._turn = Lock()
        self._turn.acquire()

    def wait(self) -> None:
        """Sleep until `wake`: when this has been run, or when it is this thread's turn to run what waits."""
        self._turn.acquire()

    def wake(self) -> None:
        self._turn.release()


class Batcher:
    """Runs one batch at a time, for batches side by side would fight for the same cores.

    There is no thread of its own: whoever comes while nothing runs takes the lead, runs a batch of the
    rows that wait, in the order in which they came, and hands the lead to the next that still waits.

    Args:
        run: from named inputs (N, …) of at most `largest` rows to the output (N, …).
        largest: how many rows fit in a batch.
    """

    def __init__(self, run: Run, largest: int):
        self._run = run
        self._largest = largest
        self._lock = Lock()  # guards the two below
        self._waiting: deque[_Job] = deque()
        self._led = False

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        """The output (N, …) for at most `largest` rows of inputs. Raises what `run` raised for their batch."""
        job = _Job(inputs)
        with self._lock:
            self._waiting.append(job)
            leads, self._led = not self._led, True
        if not leads:
            job.wait()
        if not job.done:
            self._lead()
        if job.error is not None:
            raise job.error
        return job.output

    def _lead(self) -> None:
        jobs = self._take()
        try:
            self._run_together(jobs)
        except BaseException as error:
            for job in jobs:
                job.error = error
        for job in jobs:
            job.done = True
        for job in jobs[1:]:  # the first is this thread's own
            job.wake()
        with self._lock:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].wake()

    def _take(self) -> list[_Job]:
        """As many jobs as fit in a batch, from the first that waits."""
        with self._lock:
            jobs = [self._waiting.popleft()]
            count = jobs[0].count
            while self._waiting and count + self._waiting[0].count <= self._largest:
                count += self._waiting[0].count
                jobs.append(self._waiting.popleft())
        return jobs

    def _run_together(self, jobs: list[_Job]) -> None:
        together = {name: np.concatenate([job.inputs[name] for job in jobs]) for name in jobs[0].inputs}
        output, start = self._run(together), 0
        for job in jobs:
            job.output = output[start : start + job.count]
            start += job.count
