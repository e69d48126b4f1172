"""/number: a number in handwriting."""

import numpy as np
import pytest
from conftest import canonical, pixels
from fakes import fake_model

from app import create_app
from app.catalogue import Catalogue


def test_every_digit_is_the_one_that_was_asked_for(client):
    strip = pixels(client.get("/number/2026?seed=1"))
    assert strip.shape == (28, 4 * 28)
    assert [int(strip[0, 28 * place]) for place in range(4)] == [2, 0, 2, 6]


def test_a_digit_is_the_same_in_generate(client):
    strip = pixels(client.get("/number/7707?seed=5"))
    sheet = pixels(client.get("/generate?digit=7&seed=5&count=4&columns=4"))
    np.testing.assert_array_equal(strip[:, :56], sheet[:, :56])
    np.testing.assert_array_equal(strip[:, 84:], sheet[:, 84:])


def test_it_tells_its_digits_its_seed_and_its_address(client):
    made = client.get("/number/007?scale=2&background=white")
    assert made.headers["X-Digits"] == "0,0,7"
    assert made.headers["Cache-Control"] == "no-store"
    url = canonical(made)
    assert url == f"/number/007?background=white&model=digitsmith&scale=2&seed={made.headers['X-Seed']}"
    again = client.get(url)
    assert again.data == made.data
    assert client.get(url, headers={"If-None-Match": again.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("number", ["1" * 33, "12a", "-1", "1.5", "%20", "\u0667", "\u00b2"])
def test_what_is_no_number_is_refused(client, number):
    response = client.get(f"/number/{number}")
    assert response.status_code == 422
    assert "it must be 1 to 32 digits from 0 to 9." in response.get_json()["detail"]


def test_the_longest_number_is_written(client):
    assert pixels(client.get("/number/" + "1234567890" * 3 + "12")).shape == (28, 32 * 28)


@pytest.mark.parametrize(
    ("query", "status"), [("digit=3", 422), ("scale=0", 422), ("model=mlp", 409), ("model=x", 404)]
)
def test_bad_parameters(client, query, status):
    assert client.get(f"/number/12?{query}").status_code == status


def test_where_no_model_can_write_numbers_that_is_said():
    client = create_app(catalogue=Catalogue([fake_model("mlp", None)])).test_client()
    answer = client.get("/number/12")
    assert answer.status_code == 409
    assert answer.get_json()["detail"] == "Model mlp knows no labels and cannot write a number: no model here can."


def test_turns_write_single_digits_anew(client):
    first, turned = (pixels(client.get(f"/number/2026?seed=1{turns}")) for turns in ("", "&turns=0,2"))
    np.testing.assert_array_equal(turned[:, :28], first[:, :28])
    np.testing.assert_array_equal(turned[:, 56:], first[:, 56:])
    assert (turned[1:, 28:56] != first[1:, 28:56]).any()
    assert int(turned[0, 28]) == 0
    sheet = pixels(client.get("/generate?digit=0&seed=1&count=66&columns=66"))
    np.testing.assert_array_equal(turned[:, 28:56], sheet[:, 65 * 28 :])


def test_each_digit_is_told_in_json(client):
    made = client.get("/number/70?seed=1&turns=1", headers={"Accept": "application/json"})
    assert [told["digit"] for told in made.get_json()["digits"]] == [7, 0]
    assert "turns=1" in canonical(made)


@pytest.mark.parametrize("turns", ["1,2,3", "x", "1,", "1000", "-1", "0%0A"])
def test_bad_turns(client, turns):
    assert client.get(f"/number/12?turns={turns}").status_code == 422
