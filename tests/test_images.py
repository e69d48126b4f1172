"""From arrays to pictures."""

import io
from unittest.mock import MagicMock

import numpy as np
import pytest
from PIL import Image

from app import crowding
from app.images import animation, png, sheet


@pytest.fixture
def digits():
    return np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


def decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    assert image.format == "PNG"
    return image


def test_a_digit_survives_encoding(digits):
    image = decoded(png(digits[0]))
    assert image.mode == "L"
    np.testing.assert_array_equal(np.asarray(image), digits[0])


def test_scale_makes_whole_squares(digits):
    image = np.asarray(decoded(png(digits[0], scale=3)))
    assert image.shape == (84, 84)
    np.testing.assert_array_equal(image[1::3, 2::3], digits[0])
    np.testing.assert_array_equal(image[0::3, 0::3], digits[0])


def test_white_paper_has_black_ink(digits):
    np.testing.assert_array_equal(np.asarray(decoded(png(digits[0], background="white"))), 255 - digits[0])


def test_transparent_paper_has_black_ink_as_opaque_as_the_digit(digits):
    image = decoded(png(digits[0], background="transparent"))
    assert image.mode == "LA"
    grey, opacity = np.moveaxis(np.asarray(image), -1, 0)
    assert not grey.any()
    np.testing.assert_array_equal(opacity, digits[0])


def test_a_sheet_goes_row_by_row_and_leaves_paper_at_the_end(digits):
    image = sheet(digits, columns=2)
    assert image.shape == (84, 56)
    np.testing.assert_array_equal(image[28:56, :28], digits[2])
    np.testing.assert_array_equal(image[56:, :28], digits[4])
    assert not image[56:, 28:].any()


@pytest.mark.parametrize(("kind", "background"), [("webp", "black"), ("webp", "transparent"), ("gif", "white")])
def test_an_animation_goes_there_and_back(digits, kind, background):
    with Image.open(io.BytesIO(animation(digits, kind, scale=2, background=background))) as moving:
        assert (moving.format, moving.size) == (kind.upper(), (56, 56))
        assert moving.n_frames == 8
        assert moving.info["loop"] == 0
        shown = []
        for frame in range(8):
            moving.seek(frame)
            shown.append(np.asarray(moving.convert("RGBA"))[::2, ::2, 3 if background == "transparent" else 0])
    wanted = digits if background != "white" else 255 - digits
    for picture, number in zip(shown, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        np.testing.assert_array_equal(picture, wanted[number])


def test_large_pictures_are_encoded_one_at_a_time(digits, monkeypatch):
    lock = MagicMock()
    monkeypatch.setattr(crowding, "_TURN", lock)
    animation(digits, "webp", scale=4)
    png(digits[0])
    lock.__enter__.assert_not_called()
    animation(np.repeat(digits, 10, axis=0), "webp", scale=12)
    png(sheet(np.repeat(digits, 10, axis=0), 10), scale=12)
    assert lock.__enter__.call_count == 2
