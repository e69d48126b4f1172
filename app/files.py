"""Files that are whole or not there, and what a killed run has drawn already."""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zlib import crc32

import numpy as np

from app.datasets import Dataset
from app.images import SIDE, Digits

CHECKSUM = struct.Struct("<I")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file under a temporary name, which takes the place of `path` on a clean exit.

    A failure inside the block, or a kill at any moment, leaves what was there before. What a kill leaves
    under the temporary name is overwritten when the same file is next written.
    """
    temporary = path.with_name(f".writing-{path.name}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


@contextmanager
def memory(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that outlives a failure or a kill inside the block, and is removed on a clean exit.

    Raises: BlockingIOError when another process has it.
    """
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.seek(0)
        yield file
        path.unlink()


def remembered(dataset: Dataset, file: IO[bytes]) -> Iterator[Digits]:
    """The data set's digits, chunk by chunk: those in the file are read, the others drawn and added to it.

    A chunk in the file is believed only if its checksum is right; the first that is not, and all behind
    it, are drawn anew.
    """
    for span in dataset.chunks():
        place = file.tell()
        digits = _read(file, len(span))
        if digits is None:
            digits = dataset.draw(span)
            file.truncate(place)
            content = digits.tobytes()
            file.write(content + CHECKSUM.pack(crc32(content)))
            file.flush()
        yield digits


def _read(file: IO[bytes], count: int) -> Digits | None:
    """The next `count` digits, or None if they are not there whole."""
    content, checksum = file.read(count * SIDE**2), file.read(CHECKSUM.size)
    if len(checksum) < CHECKSUM.size or CHECKSUM.unpack(checksum) != (crc32(content),):
        return None
    return np.frombuffer(content, np.uint8).reshape(count, SIDE, SIDE)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
