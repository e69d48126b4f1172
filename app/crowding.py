"""Large pictures: one at a time in each process, whether it is made or read, for each takes much memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

LARGE = 4_000_000  # pixels
LINE = 4  # large pictures that are in hand or wait in one process; more would hold all of its threads
_LINE = BoundedSemaphore(LINE)
_TURN = Lock()  # a large picture takes up to 350 MB on its way


class CrowdedError(Exception):
    """As many large pictures are asked for at once as may wait."""


def refuse_if_crowded() -> None:
    """Refuse a large picture before there is work in it. Raises CrowdedError when too many wait already."""
    with _in_line():
        pass


@contextmanager
def alone_if_large(pixels: int) -> Iterator[None]:
    """Keep the other large pictures of this process waiting while one of so many pixels is made.

    Raises: CrowdedError when too many wait already.
    """
    if pixels <= LARGE:
        yield
        return
    with _in_line(), _TURN:
        yield


@contextmanager
def _in_line() -> Iterator[None]:
    if not _LINE.acquire(blocking=False):
        raise CrowdedError
    try:
        yield
    finally:
        _LINE.release()
