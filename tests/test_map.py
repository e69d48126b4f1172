"""/map: the square of digits between four."""

import re

import numpy as np
import pytest
from conftest import canonical, pixels
from hypothesis import given
from hypothesis import strategies as st

from app.sampling import MAX_SEED, plan_indices, plan_interpolation, plan_map, turned
from app.schemas import SEEDS


def corners(*seeds):
    return [plan_indices(seed, range(1), 8, 10, 3) for seed in seeds]


def test_the_edges_are_the_ways_between_the_corners():
    four = corners(1, 2, 3, 4)
    squares = plan_map(four, 5).latents.reshape(5, 5, 8)
    for edge, ends in ((squares[0], (0, 1)), (squares[-1], (2, 3)), (squares[:, 0], (0, 2)), (squares[:, -1], (1, 3))):
        way = plan_interpolation(*(four[end] for end in ends), 5)
        np.testing.assert_allclose(edge, way.latents, rtol=1e-5, atol=1e-6)


def test_a_corner_that_is_not_turned_is_its_seeds_first_digit():
    digits = plan_indices(1, range(3), 64, 10, 3)
    np.testing.assert_array_equal(turned(digits, 0, 0).latents, digits.latents[:1])


def test_a_turned_corner_is_about_as_long_and_goes_on_smoothly():
    digits = plan_indices(1, range(3), 64, None)
    here, near, far = (turned(digits, angle, angle / 2).latents[0] for angle in (0.5, 0.501, 2))
    lengths = np.linalg.norm([here, near, far], axis=1)
    assert (abs(lengths / 8 - 1) < 0.3).all()
    assert np.linalg.norm(near - here) < 0.02
    assert np.linalg.norm(far - here) > 1


def test_the_map_is_a_square_sheet_of_one_digit(client):
    made = client.get("/map?seeds=1,2,3,4&digit=3&side=5")
    assert pixels(made).shape == (140, 140)
    assert made.headers["X-Digits"] == ",".join(25 * "3")
    np.testing.assert_array_equal(pixels(made)[:28, :28], pixels(client.get("/generate?seed=1&digit=3")))


def test_the_same_address_brings_the_same_map_back(client):
    fresh = client.get("/map?turns=0,0,0.5,-1.25,0,0,0,0")
    assert fresh.headers["Cache-Control"] == "no-store"
    again = client.get(canonical(fresh))
    assert again.data == fresh.data
    assert again.headers["ETag"]
    assert client.get(canonical(fresh).replace("0.5", "0.6")).data != fresh.data


def test_a_model_without_labels_has_a_map_too(client):
    assert "X-Digits" not in client.get("/map?model=mlp").headers


@given(st.integers(0, MAX_SEED) | st.integers(MAX_SEED - 10**15, MAX_SEED), st.integers(1, 10**15))
def test_every_seed_that_generate_takes_is_a_corner_too_and_no_greater_one(seed, more):
    assert re.search(SEEDS, f"{seed},0,{MAX_SEED},{seed}")
    assert not re.search(SEEDS, f"{seed},0,{MAX_SEED},{MAX_SEED + more}")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("seeds=1,2,3", 422),
        ("seeds=1,2,3,9007199254740992", 422),
        ("seeds=1,2,3,x", 422),
        ("turns=1", 422),
        ("turns=0,0,0,0,0,0,0,10", 422),
        ("turns=0,0,0,0,0,0,0,0%0A", 422),
        ("seeds=1,2,3,4%0A", 422),
        ("side=1", 422),
        ("side=17", 422),
        ("model=mlp&digit=1", 409),
        ("digit=10", 422),
    ],
)
def test_bad_parameters(client, query, status):
    response = client.get(f"/map?{query}")
    assert response.status_code == status
    assert response.get_json()["detail"]
