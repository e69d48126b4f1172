"""From digits to pictures: pure functions of uint8 arrays, 0 = paper and 255 = ink."""

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from threading import BoundedSemaphore, Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 28  # pixels along each side of a digit
BACKGROUNDS = ("black", "white", "transparent")
ANIMATIONS = ("webp", "gif")
FRAME = 60  # milliseconds
LARGE = 4_000_000  # pixels
LINE = 4  # large pictures that are made or wait in one process; more would hold all of its threads
_LINE = BoundedSemaphore(LINE)
_TURN = Lock()  # a large picture takes up to 350 MB on its way: one at a time

Digits = NDArray[np.uint8]


def sheet(digits: Digits, columns: int) -> Digits:
    """One image (rows·28, columns·28) of digits (N, 28, 28), row by row; places left over are paper."""
    count, height, width = digits.shape
    rows = ceil(count / columns)
    places = np.zeros((rows * columns, height, width), np.uint8)
    places[:count] = digits
    return places.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)


def png(image: Digits, scale: int = 1, background: str = "black") -> bytes:
    """Encode an image (H, W) as PNG.

    Args:
        scale: side of the square that each pixel becomes.
        background: "black" with white ink, as in MNIST; "white" or "transparent" with black ink.
    """
    buffer = io.BytesIO()
    with alone_if_large(image.size * scale**2):
        # Of zlib's strategies the one made for PNG: digits come out smaller, and in half of the time.
        _picture(image, scale, background).save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def animation(digits: Digits, kind: str, scale: int = 1, background: str = "black") -> bytes:
    """Encode digits (N, 28, 28) as an endless animation, there and back; kind is "webp" or "gif"."""
    order, buffer = (*digits, *digits[-2:0:-1]), io.BytesIO()
    with alone_if_large(len(order) * digits[0].size * scale**2):
        first, *others = (_picture(digit, scale, background) for digit in order)
        first.save(buffer, kind.upper(), save_all=True, append_images=others, duration=FRAME, loop=0, lossless=True)
    return buffer.getvalue()


class CrowdedError(Exception):
    """As many large pictures are asked for at once as may wait."""


@contextmanager
def alone_if_large(pixels: int) -> Iterator[None]:
    """Keep the other large pictures of this process waiting while one of so many pixels is made.

    Raises: CrowdedError when too many wait already.
    """
    if pixels <= LARGE:
        yield
        return
    if not _LINE.acquire(blocking=False):
        raise CrowdedError
    try:
        with _TURN:
            yield
    finally:
        _LINE.release()


def _picture(image: Digits, scale: int, background: str) -> Image.Image:
    if background == "black":
        picture = Image.fromarray(image)
    elif background == "white":
        picture = Image.fromarray(255 - image)
    else:
        picture = Image.fromarray(np.stack([np.zeros_like(image), image], axis=-1))  # black ink, opacity = ink
    if scale == 1:
        return picture
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
