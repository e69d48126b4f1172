"""/discriminate: how real a picture of a digit looks."""

import json
from urllib.request import Request, urlopen

import numpy as np
import pytest
from pictures import drawn, encoded
from PIL import Image


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
