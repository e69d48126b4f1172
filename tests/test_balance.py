"""Which of gunicorn's processes takes a new connection."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from servers import Server, connected, running_server, wait_until


@contextmanager
def two_processes() -> Iterator[tuple[str, Server]]:
    """A server of which both processes serve, and have no connection."""
    with running_server(WORKERS=2) as (address, process):
        for worker in process.workers:
            wait_until(lambda one=worker: process.has(one, f"{address}/livez"), what="each process to serve")
        wait_until(lambda: not any(map(connections, process.workers)), what="the last of these to be over")
        yield address, process


def connections(pid: int) -> int:
    """How many a process has; it has the listener too."""
    return sum("socket:" in str(file.resolve()) for file in Path(f"/proc/{pid}/fd").iterdir()) - 1


def test_connections_that_come_at_once_are_shared_among_the_processes():
    with two_processes() as (address, process), ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connected(address))
        wait_until(lambda: sum(map(connections, process.workers)) == 40, what="all connections being taken")
        assert min(had := [*map(connections, process.workers)]) >= 15, had


def test_a_process_takes_all_connections_where_the_other_takes_none():
    with two_processes() as (address, process), ExitStack() as stack:
        alone = process.workers[0]
        with process.alone(alone):
            for _ in range(40):
                stack.enter_context(connected(address))
            wait_until(lambda: connections(alone) == 40, what="all connections being taken")
