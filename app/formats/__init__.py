"""The layouts of a data set, each written as one stream from its first byte to its last."""

import io
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import IO, cast

from app.datasets import Dataset
from app.formats.arrays import write_idx, write_npz
from app.formats.folders import write_folders
from app.formats.table import write_parquet
from app.images import Digits
from app.runtime import backend

# What shapes the bytes beside our own code.
LIBRARIES = ("keras", "numpy", "openvino", "pillow", "pyarrow")
BLOCK = 65_536  # bytes


class Sink(io.RawIOBase):
    """A file that can only be written to, and from which what was written is taken piece by piece."""

    def __init__(self) -> None:
        self._blocks: deque[bytearray] = deque()
        self._written = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Keep what is written, whole."""
        if not self._blocks or len(self._blocks[-1]) >= BLOCK:
            self._blocks.append(bytearray())
        self._blocks[-1] += content
        self._written += len(content)
        return len(content)

    def tell(self) -> int:
        """How many bytes were ever written."""
        return self._written

    def take(self) -> Iterator[bytes]:
        """What was written since the last time, in pieces that are forgotten one by one."""
        while self._blocks:
            yield bytes(self._blocks.popleft())


@dataclass(frozen=True)
class Format:
    """A layout.

    Attributes:
        suffix: what a file's name ends with.
        mimetype: what it is called over HTTP.
        write: from a file, a data set and its digits, chunk by chunk, to the file's content; yields after
            every chunk.
    """

    suffix: str
    mimetype: str
    write: Callable[[IO[bytes], Dataset, Iterator[Digits]], Iterator[None]]


FORMATS = {
    "npz": Format("npz", "application/octet-stream", write_npz),
    "idx": Format("idx.zip", "application/zip", write_idx),
    "png": Format("png.zip", "application/zip", write_folders),
    "parquet": Format("parquet", "application/vnd.apache.parquet", write_parquet),
}


def stream(dataset: Dataset, kind: str, digits: Iterator[Digits]) -> Iterator[bytes]:
    """The data set's bytes, piece by piece, from its digits, chunk by chunk; a piece is drawn when it is asked for."""
    sink = Sink()
    for _ in FORMATS[kind].write(cast(IO[bytes], sink), dataset, digits):
        yield from sink.take()
    yield from sink.take()


def file_name(dataset: Dataset, kind: str) -> str:
    """A name that tells one data set of a model from another."""
    words = [dataset.model.name, f"seed{dataset.seed}", str(dataset.count)]
    if dataset.digit is not None:
        words.insert(1, f"digit{dataset.digit}")
    if dataset.truncation != 1:
        words.append(f"truncation{dataset.truncation}")
    return f"{'-'.join(words)}.{FORMATS[kind].suffix}"


def fingerprint(dataset: Dataset, kind: str = "") -> str:
    """A hash of all that determines the bytes, or the digits where no layout is given, for who cannot wait for them."""
    return sha256(json.dumps([dataset.manifest, kind, backend(), _versions()]).encode()).hexdigest()


@cache
def _versions() -> list[str]:
    return [version(library) for library in LIBRARIES]
