"""Files that are whole or not there: written under a temporary name, synced, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there takes its place on a clean exit.

    A failure inside the block, or a kill at any moment, leaves the old `path` as it was. What a kill
    leaves under the temporary name is overwritten when the same file is next written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The same suffix: NumPy, Keras and Matplotlib choose the format by it.
    temporary = path.with_name(f".writing-{path.name}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
