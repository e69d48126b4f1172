"""/interpolate: from one digit to another."""

import io

import numpy as np
import pytest
from conftest import canonical, pixels
from PIL import Image


def test_a_strip_begins_and_ends_with_the_digits_of_its_seeds(client):
    made = client.get("/interpolate?from=1&to=2&digit=7&steps=5")
    strip = pixels(made).astype(int)
    assert strip.shape == (28, 5 * 28)
    for seed, place in ((1, 0), (2, 4)):
        alone = pixels(client.get(f"/generate?seed={seed}&digit=7"))
        assert np.abs(strip[:, 28 * place : 28 * place + 28] - alone).max() <= 1
    assert made.headers["X-Seed"] == "1,2"
    assert made.headers["X-Digits"] == "7,7,7,7,7"


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_an_animation_goes_there_and_back(client, kind):
    made = client.get(f"/interpolate?from=1&to=2&steps=6&format={kind}&scale=3")
    assert made.content_type == f"image/{kind}"
    with Image.open(io.BytesIO(made.data)) as moving:
        assert (moving.n_frames, moving.size) == (10, (84, 84))


def test_only_a_way_between_named_seeds_is_kept(client):
    assert "immutable" in client.get("/interpolate?from=1&to=2").headers["Cache-Control"]
    fresh = client.get("/interpolate?from=1")
    assert fresh.headers["Cache-Control"] == "no-store"
    url = canonical(fresh)
    assert url.startswith("/interpolate?from=1&model=digitsmith&to=")
    assert client.get(url).data == fresh.data


def test_a_seed_to_itself_stands_still(client):
    strip = pixels(client.get("/interpolate?from=1&to=1&steps=3"))
    np.testing.assert_array_equal(strip[:, :28], strip[:, 28:56])


def test_a_truncation_too_small_for_a_float_still_draws(client):
    tiny, zero = (client.get(f"/interpolate?from=1&to=2&digit=1&truncation={t}") for t in ("1e-300", "1e-40"))
    assert pixels(tiny).max() > 100
    assert tiny.data == zero.data


def test_a_model_without_labels_interpolates_too(client):
    assert "X-Digits" not in client.get("/interpolate?model=mlp").headers


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("steps=1", 422),
        ("steps=65", 422),
        ("format=png8", 422),
        ("from=-1", 422),
        ("seed=1", 422),
        ("format=gif&background=transparent", 422),
        ("model=mlp&digit=1", 409),
        ("digit=10", 422),
    ],
)
def test_bad_parameters(client, query, status):
    response = client.get(f"/interpolate?{query}")
    assert response.status_code == status
    assert response.get_json()["detail"]
