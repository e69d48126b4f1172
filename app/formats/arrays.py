"""MNIST's own layouts, four arrays in a zip file: `npz`, as Keras keeps it, and `idx`, as it was published.

The arrays are images (N, 28, 28) and labels (N,) to train on and to test on, all uint8.
"""

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import IO

from numpy.lib.format import write_array_header_1_0

from app.datasets import Dataset
from app.formats.zips import Archive, writing
from app.images import SIDE, Digits

NPZ_NAMES = ("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy")
IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
UNSIGNED_BYTE = 0x08  # IDX's code for the type

Header = Callable[[tuple[int, ...]], bytes]


def write_npz(out: IO[bytes], dataset: Dataset, digits: Iterator[Digits]) -> Iterator[None]:
    """The layout of Keras's mnist.npz."""
    return _write(out, dataset, digits, NPZ_NAMES, _npy_header)


def write_idx(out: IO[bytes], dataset: Dataset, digits: Iterator[Digits]) -> Iterator[None]:
    """MNIST's four IDX files (LeCun et al. 1998), zipped."""
    return _write(out, dataset, digits, IDX_NAMES, _idx_header)


def _write(
    out: IO[bytes], dataset: Dataset, digits: Iterator[Digits], names: tuple[str, ...], header: Header
) -> Iterator[None]:
    with writing(out, dataset.manifest_json) as archive:
        for part, images, labels in zip(dataset.parts, names[::2], names[1::2], strict=True):
            with _array(archive, images, (len(part), SIDE, SIDE), header) as file:
                for _ in dataset.spans(part):
                    file.write(next(digits).tobytes())
                    yield
            with _array(archive, labels, (len(part),), header) as file:
                for span in dataset.spans(part):
                    file.write(dataset.labels_of(span).tobytes())


@contextmanager
def _array(archive: Archive, name: str, shape: tuple[int, ...], header: Header) -> Iterator[IO[bytes]]:
    """A member for an array of bytes, with its header already written: all sizes are known beforehand."""
    start = header(shape)
    with archive.member(name, len(start) + prod(shape)) as file:
        file.write(start)
        yield file


def _npy_header(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def _idx_header(shape: tuple[int, ...]) -> bytes:
    """Two zeros, the type, the number of axes, and each axis's length."""
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)
