"""From digits to pictures: functions of uint8 arrays, 0 = paper and 255 = ink."""

import io
import zlib
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.crowding import alone_if_large

SIDE = 28  # pixels along each side of a digit
BACKGROUNDS = ("black", "white", "transparent")
ANIMATIONS = ("webp", "gif")
FRAME = 60  # milliseconds

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
    Raises: CrowdedError as `app.crowding` does.
    """
    buffer = io.BytesIO()
    with alone_if_large(image.size * scale**2):
        # Of zlib's strategies the one made for PNG: digits come out smaller, and in half of the time.
        _picture(image, scale, background).save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def animation(digits: Digits, kind: str, scale: int = 1, background: str = "black") -> bytes:
    """Encode digits (N, 28, 28) as an endless animation, there and back; kind is "webp" or "gif".

    Raises: CrowdedError as `app.crowding` does.
    """
    order, buffer = (*digits, *digits[-2:0:-1]), io.BytesIO()
    with alone_if_large(len(order) * digits[0].size * scale**2):
        first, *others = (_picture(digit, scale, background) for digit in order)
        first.save(buffer, kind.upper(), save_all=True, append_images=others, duration=FRAME, loop=0, lossless=True)
    return buffer.getvalue()


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
