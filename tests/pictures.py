"""Pictures of digits, and what only claims to be one, as PNG."""

import io
import struct
import zlib

from PIL import Image, ImageDraw


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def drawn(side: int = 300, ink: str = "black", paper: str = "white", mode: str = "RGB") -> bytes:
    """A stroke, a quarter of the picture high, in its upper left corner."""
    picture = Image.new(mode, (side, side), paper)
    ImageDraw.Draw(picture).rectangle((side // 10, side // 10, side // 6, side // 10 + side // 4), fill=ink)
    return encoded(picture)


def seven(side: int, pen: int, ink: str, paper: str, mode: str = "RGB") -> bytes:
    picture = Image.new(mode, (side, side), paper)
    corners = [(0.3 * side, 0.2 * side), (0.7 * side, 0.2 * side), (0.45 * side, 0.8 * side)]
    ImageDraw.Draw(picture).line(corners, fill=ink, width=pen)
    return encoded(picture)


def claimed(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes do not hold."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b"\0" * 100), b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def specks(width: int, height: int) -> bytes:
    """Two dots in opposite corners: nothing of them is left at 28×28."""
    picture = Image.new("L", (width, height), "white")
    picture.putpixel((5, 0), 0)
    picture.putpixel((width - 5, height - 1), 0)
    return encoded(picture)


def two_headed() -> bytes:
    """A PNG that first claims to be small, and then large."""
    small, large = claimed(28, 28), claimed(9_000, 9_000)
    return small[:33] + large[8:]
