"""A drawing is read as a digit as MNIST has them, or refused."""

import io
from contextlib import suppress
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import claimed, drawn, encoded, seven, specks, two_headed
from PIL import Image, ImageChops, PngImagePlugin
from werkzeug.exceptions import UnprocessableEntity, UnsupportedMediaType

from app import crowding
from app.drawings import read_digit


@pytest.mark.parametrize("background", ["black", "white", "transparent"])
def test_the_same_digit_is_read_from_any_ground(client, background):
    picture, plain = (client.get(f"/generate?seed=4&digit=0&background={b}").data for b in (background, "black"))
    difference = read_digit(picture).astype(int) - read_digit(plain)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize(("ink", "paper"), [("black", "white"), ("white", "black"), ("navy", "ivory")])
@pytest.mark.parametrize("side", [56, 300, 1999])
def test_a_drawing_is_scaled_and_centred_as_mnist_is(side, ink, paper):
    digit = read_digit(drawn(side, ink, paper))
    assert digit.shape == (28, 28)
    rows, _ = np.nonzero(digit > 32)
    assert 19 <= rows.max() - rows.min() + 1 <= 21
    mass = digit / digit.sum()
    assert abs((mass.sum(axis=1) @ np.arange(28)) - 13.5) <= 0.75
    assert abs((mass.sum(axis=0) @ np.arange(28)) - 13.5) <= 0.75


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(client, mode):
    picture = Image.open(io.BytesIO(drawn(80, "white", "black", "L")))
    picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257) if mode == "I;16" else picture.convert(mode)
    assert client.post("/discriminate?digit=1", data=encoded(picture)).status_code == 200


@pytest.mark.parametrize(
    "picture",
    [
        seven(300, 20, "black", "#787878"),
        seven(300, 20, "#fafafa", "#828282"),
        seven(300, 20, "white", "#0000", "RGBA"),
        seven(300, 20, "#ff0", "#0000", "RGBA"),
        seven(1000, 2, "black", "white"),
        seven(1900, 5, "black", "white"),
    ],
    ids=["dark on grey", "light on grey", "white on nothing", "yellow on nothing", "thin", "thin and large"],
)
def test_a_digit_is_read_however_it_is_drawn(picture):
    digit = read_digit(picture)
    assert digit.max() == 255
    assert 20 < np.count_nonzero(digit > 60) < 80


def test_a_picture_that_unfolds_to_megabytes_of_text_is_refused(client):
    told = PngImagePlugin.PngInfo()
    for place in range(3):
        told.add_itxt(f"name {place}", "🙂" + "a" * 900_000, zip=True)
    buffer = io.BytesIO()
    Image.new("L", (28, 28)).save(buffer, "PNG", pnginfo=told)
    assert len(buffer.getvalue()) < 10_000
    answer = client.post("/discriminate", data=buffer.getvalue())
    assert (answer.status_code, "cannot be read" in answer.get_json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"hello", 415),
        (b"GIF89a", 415),
        (drawn()[:-300], 422),
        (drawn()[:-4], 422),
        (drawn()[:40], 422),
        (claimed(28, 28), 422),
        (claimed(0, 28), 422),
        (claimed(10_000, 10_000), 422),
        (claimed(2**31 - 1, 2**31 - 1), 422),
        (encoded(Image.new("L", (10_000, 10_000))), 422),
        (encoded(Image.new("L", (50, 50), 200)), 422),
        (specks(1000, 1000), 422),
        (specks(4_000, 1), 422),
        (two_headed(), 422),
    ],
    ids=[
        "nothing",
        "text",
        "gif",
        "cut short",
        "cut at the very end",
        "cut after its head",
        "hollow",
        "no width",
        "large",
        "a bomb",
        "large and blank",
        "blank",
        "specks",
        "a line",
        "two heads",
    ],
)
def test_what_cannot_be_read_is_refused(client, body, status):
    response = client.post("/discriminate?digit=1", data=body)
    assert response.status_code == status
    assert response.get_json()["detail"]


@pytest.mark.parametrize(
    ("width", "height"), [(2_001, 2_001), (10_000, 10_000), (20_000, 20_000), (4_001, 1), (1, 4_001)]
)
def test_a_picture_that_is_too_large_is_told_how_large_it_may_be(client, width, height, recwarn):
    detail = client.post("/discriminate", data=claimed(width, height)).get_json()["detail"]
    assert detail == f"The picture has {width}×{height} pixels; it must have at most 4000000 in all and 4000 a side."
    assert not recwarn.list


@pytest.mark.parametrize(
    ("ink", "paper"), [("yellow", "white"), ("blue", "black"), ("#ff0000", "#008000"), ("white", "yellow")]
)
def test_ink_as_light_as_its_paper_is_seen_by_its_colour(ink, paper):
    np.testing.assert_array_equal(read_digit(drawn(ink=ink, paper=paper)), read_digit(drawn()))


def test_paper_of_sixteen_bits_may_be_transparent():
    levels = np.full((100, 100), 1, np.uint16)
    levels[20:60, 40:50] = 0
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG", transparency=1)
    np.testing.assert_array_equal(read_digit(buffer.getvalue()).max(), 255)


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("inverted", [False, True], ids=["light ink", "dark ink"])
def test_a_digit_whose_paper_was_made_transparent_is_read_as_before(client, scale, inverted):
    picture = Image.open(io.BytesIO(client.get(f"/generate?seed=4&scale={scale}").data))
    if inverted:
        picture = ImageChops.invert(picture)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=255 if inverted else 0)
    np.testing.assert_array_equal(read_digit(buffer.getvalue()), read_digit(encoded(picture)))


def test_large_pictures_are_read_one_at_a_time(monkeypatch):
    lock = MagicMock()
    monkeypatch.setattr(crowding, "_TURN", lock)
    read_digit(drawn(300))
    assert not lock.__enter__.called
    read_digit(drawn(1_000))
    assert lock.__enter__.called
    assert lock.__exit__.called


@settings(max_examples=300)
@given(place=st.integers(8, 600), values=st.binary(min_size=1, max_size=12))
def test_no_damage_to_a_png_breaks_the_reader(place, values):
    whole = drawn(40, mode="P")
    damaged = whole[:place] + values + whole[place + len(values) :]
    with suppress(UnprocessableEntity, UnsupportedMediaType):
        assert read_digit(damaged).shape == (28, 28)
