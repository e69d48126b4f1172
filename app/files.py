"""Files that are whole or not there, and how many of them may be open."""

import fcntl
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

OTHER_FILES = 200  # that a process has open beside its connections or a data set's shards


def allow_files(count: int) -> int:
    """Let this process, and those that it begins, open so many files, or as many as the system allows.

    Returns: how many that are.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count and soft != resource.RLIM_INFINITY:
        soft = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return count if soft == resource.RLIM_INFINITY else soft


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file under a temporary name, which takes the place of `path` on a clean exit.

    A failure inside the block, or a kill at any moment, leaves what was there before. What a kill leaves
    under the temporary name is overwritten when the same file is next written.

    Raises: BlockingIOError when another process writes it.
    """
    temporary = path.with_name(f".writing-{path.name}")
    with _ours(temporary) as file:
        try:
            file.truncate()
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)  # it may have its name by now
            raise
    _sync_folder(path.parent)


@contextmanager
def memory(path: Path, keep: bool = False) -> Iterator[IO[bytes]]:
    """Yield a file that outlives a failure or a kill inside the block, and a clean exit only if it is to be kept.

    Raises: BlockingIOError when another process has it.
    """
    with _ours(path) as file:
        yield file
        if not keep:
            path.unlink()


@contextmanager
def _ours(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that is there or made, for this process alone. Raises BlockingIOError when another has it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise BlockingIOError  # it had another, who has ended just now: the file has another name, or none
        yield file


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
