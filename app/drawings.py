"""From a picture that someone sends to a digit as MNIST has them."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from werkzeug.exceptions import UnprocessableEntity, UnsupportedMediaType

from app.crowding import CrowdedError, alone_if_large
from app.images import SIDE

# What a PNG begins and ends with (ISO/IEC 15948): Pillow would do without the end.
BEGINNING, END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
BOX = 20  # MNIST's digits fill a box of 20 pixels, centred by mass in 28 (LeCun et al. 1998)
MAX_PIXELS = 4_000_000
MAX_SIDE = 4_000  # a line of millions of pixels takes more memory than a square of as many
COPIES = 17  # of a picture, each of a byte a pixel, that reading it makes
GROUNDS = ("white", "black")  # for a picture that is transparent
INK = 32  # grey levels from the paper's that count as ink
FAINT = 3  # what is no darker than that once it is scaled was specks, and no thin pen

Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit, which would speak before ours
PngImagePlugin.MAX_TEXT_MEMORY = 2**20  # characters of text in a picture, each of which may take four bytes


def read_digit(content: bytes) -> NDArray[np.uint8]:
    """The digit (28, 28) in a PNG of any size, grey or colour, dark on light or light on dark.

    A picture of 28×28 is taken as it stands; any other is cut to its ink, scaled, centred and as dark as
    MNIST's are. Paper is what the border is.

    Raises: UnsupportedMediaType when it is no PNG, UnprocessableEntity when it is damaged, too large
        or blank, CrowdedError as `app.crowding` does.
    """
    ink = _read(content)
    digit = ink if ink.shape == (SIDE, SIDE) or ink.max() < INK else _centred(ink)
    if digit.max() < INK:
        raise UnprocessableEntity("The picture is blank: it must show a digit.")
    return digit


def _ink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink as 0 to 255 on paper of 0, of a picture in grey, in its own size."""
    grey = picture.astype(np.int16)
    paper = int(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    dark, light = (paper - grey).clip(0), (grey - paper).clip(0)
    return (dark if dark.sum() > light.sum() else light).astype(np.uint8)


def _read(content: bytes) -> NDArray[np.uint8]:
    """The ink of a PNG, where it is transparent on white or on black, whichever shows more of it."""
    if not content.startswith(BEGINNING):
        raise UnsupportedMediaType("The body must be a PNG picture of a digit, as it is and not in a form.")
    if END not in content:
        raise UnprocessableEntity("The picture cannot be read: it is cut short.")
    try:
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        _check_size(*picture.size)
        with alone_if_large(COPIES * picture.width * picture.height):
            return _on_ground(picture)
    except (UnprocessableEntity, CrowdedError):
        raise
    except Exception as error:  # Pillow has a dozen ways to say that a PNG is damaged
        raise UnprocessableEntity("The picture cannot be read: it is damaged, or has too much text in it.") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise UnprocessableEntity(
            f"The picture has {width}×{height} pixels; it must have at most {MAX_PIXELS} in all and {MAX_SIDE} a side."
        )


def _on_ground(picture: Image.Image) -> NDArray[np.uint8]:
    coloured = (_in_bytes(picture) if picture.mode.startswith("I") else picture).convert("RGBA")
    opaque = np.asarray(coloured.getchannel("A")).min() == 255
    greys = [np.asarray(_laid(coloured, ground).convert("L")) for ground in (("white",) if opaque else GROUNDS)]
    grey, ink = max(((grey, _ink(grey)) for grey in greys), key=lambda both: both[1].sum())
    return ink if np.ptp(grey) >= INK else _ink(_clearest(_laid(coloured, "white")))


def _in_bytes(picture: Image.Image) -> Image.Image:
    """A picture of 16 bits a pixel, which Pillow would clip and not scale, and whose transparency it would lose."""
    levels = np.asarray(picture)
    seen = levels != picture.info.get("transparency", -1)
    return Image.merge("LA", [Image.fromarray(band.astype(np.uint8)) for band in (levels >> 8, 255 * seen)])


def _laid(picture: Image.Image, ground: str) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", picture.size, ground), picture)


def _clearest(picture: Image.Image) -> NDArray[np.uint8]:
    """Of red, green and blue what differs most: yellow is as light as white, and blue nearly as dark as black."""
    return max((np.asarray(channel) for channel in picture.convert("RGB").split()), key=np.ptp)


def _centred(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = np.nonzero(ink >= INK)
    cut = Image.fromarray(ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    scale = BOX / max(cut.size)
    small = cut.resize([max(1, round(side * scale)) for side in cut.size], Image.Resampling.LANCZOS)
    digit = np.asarray(small)
    if digit.max() < FAINT:
        return np.zeros((SIDE, SIDE), np.uint8)
    digit = np.rint(digit * (255 / digit.max())).astype(np.uint8)  # a thin pen's is pale once it is scaled
    masses = [digit.sum(axis=axis) for axis in (1, 0)]
    middles = [(np.arange(len(mass)) @ mass + mass.sum() / 2) / mass.sum() for mass in masses]
    top, left = (
        int(np.clip(round(SIDE / 2 - middle), 0, SIDE - length))
        for middle, length in zip(middles, digit.shape, strict=True)
    )
    placed = np.zeros((SIDE, SIDE), np.uint8)
    placed[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return placed
