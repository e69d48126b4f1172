"""/discriminate: how real a picture of a digit looks."""

import io
import json
import struct
import zlib
from contextlib import suppress
from unittest.mock import MagicMock
from urllib.request import Request, urlopen

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, PngImagePlugin
from werkzeug.exceptions import UnprocessableEntity, UnsupportedMediaType

from app import crowding
from app.drawings import read_digit


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def drawn(side: int = 300, ink: str = "black", paper: str = "white", mode: str = "RGB") -> bytes:
    """A stroke, a quarter of the picture high, in its upper left corner."""
    picture = Image.new(mode, (side, side), paper)
    ImageDraw.Draw(picture).rectangle((side // 10, side // 10, side // 6, side // 10 + side // 4), fill=ink)
    return encoded(picture)


def test_the_log_tells_which_model_was_asked(client, caplog):
    with caplog.at_level("INFO", logger="app"):
        client.post("/discriminate?model=mlp", data=drawn())
    assert [record.model for record in caplog.records if record.message == "request"] == ["mlp"]


def test_a_digit_is_judged_among_those_of_its_label(client):
    picture = client.get("/generate?digit=3").data
    right, wrong = (client.post(f"/discriminate?digit={digit}", data=picture).get_json() for digit in (3, 9))
    assert right["realness"] > wrong["realness"]
    assert (right["digit"], right["model"]) == (3, "digitsmith")
    assert "probability" not in right


def test_a_generated_digit_is_as_real_here_as_generate_says(client):
    (told,) = client.get("/generate?digit=3&seed=1", headers={"Accept": "application/json"}).get_json()["digits"]
    picture = client.get("/generate?digit=3&seed=1").data
    assert client.post("/discriminate?digit=3", data=picture).get_json()["realness"] == told["realness"]


def test_a_digit_that_is_not_named_is_judged_as_each_and_the_most_real_is_told(client):
    picture = client.get("/generate?digit=3&seed=1").data
    told = client.post("/discriminate", data=picture).get_json()
    each = [client.post(f"/discriminate?digit={digit}", data=picture).get_json() for digit in range(10)]
    assert told["digit"] == 3
    assert told == each[3]
    assert told["realness"] == max(one["realness"] for one in each)


def test_a_model_of_cross_entropy_tells_a_probability_and_no_digit(client):
    opinion = client.post("/discriminate?model=mlp", data=drawn()).get_json()
    assert opinion["digit"] is None
    assert 0 < opinion["probability"] < 1


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


def seven(side: int, pen: int, ink: str, paper: str, mode: str = "RGB") -> bytes:
    picture = Image.new(mode, (side, side), paper)
    corners = [(0.3 * side, 0.2 * side), (0.7 * side, 0.2 * side), (0.45 * side, 0.8 * side)]
    ImageDraw.Draw(picture).line(corners, fill=ink, width=pen)
    return encoded(picture)


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


def test_large_pictures_are_read_one_at_a_time(monkeypatch):
    lock = MagicMock()
    monkeypatch.setattr(crowding, "_TURN", lock)
    read_digit(drawn(300))
    assert not lock.__enter__.called
    read_digit(drawn(1_000))
    assert lock.__enter__.called
    assert lock.__exit__.called


@pytest.mark.parametrize(
    ("query", "status"),
    [("digit=10", 422), ("digit=x", 422), ("seed=1", 422), ("model=x", 404), ("model=mlp&digit=1", 409)],
)
def test_bad_parameters(client, query, status):
    assert client.post(f"/discriminate?{query}", data=drawn()).status_code == status


def test_real_digits_are_as_real_as_real_digits_to_the_shipped_discriminators(server, real_digits):
    """The realness of real digits is even, so its mean is near a half."""
    with np.load(real_digits) as data:
        digits, labels = data["x_test"][:60], data["y_test"][:60]
    for model in ("dcgan", "digitsmith", "mlp"):
        found = []
        for digit, label in zip(digits, labels, strict=True):
            query = f"model={model}" + (f"&digit={label}" if model == "digitsmith" else "")
            with urlopen(Request(f"{server}/discriminate?{query}", encoded(Image.fromarray(digit)))) as answer:
                found.append(json.load(answer)["realness"])
        assert 0.35 < np.mean(found) < 0.65
        assert min(found) < 0.2
        assert max(found) > 0.8


@settings(max_examples=300)
@given(place=st.integers(8, 600), values=st.binary(min_size=1, max_size=12))
def test_no_damage_to_a_png_breaks_the_reader(place, values):
    whole = drawn(40, mode="P")
    damaged = whole[:place] + values + whole[place + len(values) :]
    with suppress(UnprocessableEntity, UnsupportedMediaType):
        assert read_digit(damaged).shape == (28, 28)
