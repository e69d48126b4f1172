"""What a killed run has drawn of a data set already, so that it is not drawn again."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from typing import IO
from zlib import crc32

import numpy as np

from app.datasets import CHUNK, Dataset
from app.engines import Engine, here
from app.images import SIDE, Digits

CHECKSUM = struct.Struct("<I")
PLACE = CHUNK * SIDE**2 + CHECKSUM.size  # bytes that a chunk has in a file, of which a short one leaves some empty


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
    files = [file, *others]
    start, stop = (numbers.start, numbers.stop) if numbers is not None else (0, None)
    with ExitStack() as stack:
        drawn: Iterator[Digits] | None = None
        for number, _, digits in _known(dataset, files, start, stop):
            if digits is None:
                if drawn is None:
                    missing = (span for _, span, there in _known(dataset, files, number, stop) if there is None)
                    drawn = stack.enter_context(closing(draw(dataset, missing)))
                digits = next(drawn)
                _write(file, number, digits)
            yield digits


def _known(
    dataset: Dataset, files: Sequence[IO[bytes]], start: int, stop: int | None
) -> Iterator[tuple[int, range, Digits | None]]:
    """Each chunk's number, the places of its digits, and those where one of the files has them."""
    files = list(files)
    for number, span in islice(enumerate(dataset.chunks()), start, stop):
        known = ((each, digits) for each in files if (digits := _read(each, number, len(span))) is not None)
        holder, digits = next(known, (files[0], None))
        files.sort(key=lambda each: each is not holder)  # whoever had this chunk is asked for the next one first
        yield number, span, digits


def _write(file: IO[bytes], number: int, digits: Digits) -> None:
    """Put a chunk at its place, with its checksum."""
    content = digits.tobytes()
    file.seek(number * PLACE)
    file.write(content + CHECKSUM.pack(crc32(content)))
    file.flush()


def _read(file: IO[bytes], number: int, count: int) -> Digits | None:
    """A chunk of `count` digits, or None if it is not there whole."""
    file.seek(number * PLACE)
    content, checksum = file.read(count * SIDE**2), file.read(CHECKSUM.size)
    if len(checksum) < CHECKSUM.size or CHECKSUM.unpack(checksum) != (crc32(content),):
        return None
    return np.frombuffer(content, np.uint8).reshape(count, SIDE, SIDE)
