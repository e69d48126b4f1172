"""From digits to pictures: pure functions of uint8 arrays, 0 = paper and 255 = ink."""

import io
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BACKGROUNDS = ("black", "white", "transparent")

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
    if background == "black":
        picture = Image.fromarray(image)
    elif background == "white":
        picture = Image.fromarray(255 - image)
    else:
        picture = Image.fromarray(np.stack([np.zeros_like(image), image], axis=-1))  # black ink, opacity = ink
    if scale > 1:
        picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
