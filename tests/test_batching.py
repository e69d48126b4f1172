"""Threads that come together share batches, get their own rows back, and none waits for ever."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from servers import wait_until

from app.batching import Batcher


class Network:
    """Doubles its input, and notes how many rows each batch had; it can be held in its first batch."""

    def __init__(self):
        self.sizes = []
        self.go_on = Event()

    def __call__(self, inputs):
        """Run a batch."""
        self.sizes.append(len(inputs["x"]))
        assert self.go_on.wait(60)
        if (inputs["x"] < 0).any():
            raise ValueError("below zero")
        return inputs["x"] * 2


def row(*values: int) -> dict[str, np.ndarray]:
    return {"x": np.array(values, np.float32)}


def together(batcher: Batcher, network: Network, jobs: list[dict[str, np.ndarray]]) -> list[object]:
    """What comes of jobs that all wait while the first of them runs: its output, or the error's message."""

    def run(job):
        try:
            return batcher(job).tolist()
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(len(jobs)) as pool:
        results = []
        for count, job in enumerate(jobs):
            results.append(pool.submit(run, job))
            wait_until(lambda count=count: bool(network.sizes) and len(batcher._waiting) == count, what="a job to wait")
        network.go_on.set()
        return [result.result() for result in results]


def test_those_that_wait_share_the_next_batches_in_their_order():
    network = Network()
    batcher = Batcher(network, largest=4)
    assert together(batcher, network, [row(1), row(2), row(3, 4), row(5, 6), row(7), row(8, 9)]) == [
        [2],
        [4],
        [6, 8],
        [10, 12],
        [14],
        [16, 18],
    ]
    assert network.sizes == [1, 3, 3, 2]


def test_an_error_reaches_those_of_its_batch_alone_and_the_next_go_on():
    network = Network()
    batcher = Batcher(network, largest=2)
    assert together(batcher, network, [row(1), row(2), row(-3), row(4), row(5)]) == [
        [2],
        "below zero",
        "below zero",
        [8],
        [10],
    ]
    assert batcher(row(6)).tolist() == [12]


@pytest.mark.parametrize("threads", [2, 16])
def test_many_threads_all_get_their_own(threads):
    network = Network()
    network.go_on.set()
    batcher = Batcher(network, largest=16)
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda value: batcher(row(value)).item(), range(2000)))
    assert found == [2 * value for value in range(2000)]
