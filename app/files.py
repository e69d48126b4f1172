"""Files that are whole or not there, what a killed run has drawn already, and how many files may be open."""

import fcntl
import os
import resource
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO
from zlib import crc32

import numpy as np

from app.datasets import CHUNK, Dataset
from app.engines import Engine, here
from app.images import SIDE, Digits

CHECKSUM = struct.Struct("<I")
PLACE = CHUNK * SIDE**2 + CHECKSUM.size  # bytes that a chunk has in a file, of which a short one leaves some empty
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
            temporary.unlink()
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


def remembered(
    dataset: Dataset,
    file: IO[bytes],
    others: Sequence[IO[bytes]] = (),
    numbers: range | None = None,
    draw: Engine = here,
) -> Iterator[Digits]:
    """The data set's digits, chunk by chunk: those in one of the files are read, the others drawn and added to `file`.

    A chunk in a file stands at its own place and is believed only if its checksum is right.

    Args: numbers, of the chunks that are wanted; None for all. draw, what draws them.
    """
    start, stop = (numbers.start, numbers.stop) if numbers is not None else (0, None)

    def wanted(first: int) -> Iterator[tuple[int, range, Digits | None]]:
        files = [file, *others]
        for number, span in islice(enumerate(dataset.chunks()), first, stop):
            known = ((each, digits) for each in files if (digits := _read(each, number, len(span))) is not None)
            holder, digits = next(known, (files[0], None))
            files.sort(key=lambda each: each is not holder)  # whoever had this chunk is asked for the next one first
            yield number, span, digits

    def missing(first: int) -> Iterator[range]:
        return (span for _, span, digits in wanted(first) if digits is None)

    with ExitStack() as stack:
        drawn: Iterator[Digits] | None = None
        for number, _, digits in wanted(start):
            if digits is None:
                drawn = drawn or stack.enter_context(closing(draw(dataset, missing(number))))
                digits = next(drawn)
                content = digits.tobytes()
                file.seek(number * PLACE)
                file.write(content + CHECKSUM.pack(crc32(content)))
                file.flush()
            yield digits


def _read(file: IO[bytes], number: int, count: int) -> Digits | None:
    """A chunk of `count` digits, or None if it is not there whole."""
    file.seek(number * PLACE)
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
