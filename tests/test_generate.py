"""/generate: what it gives, what it says about it, and what it refuses."""

import io
from base64 import b64decode
from threading import BoundedSemaphore

import numpy as np
import pytest
from conftest import canonical, pixels
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app import crowding

MAX_SEED = 2**53 - 1


def test_one_grey_digit(client):
    assert pixels(client.get("/generate")).shape == (28, 28)


def test_the_same_url_gives_the_same_bytes(client):
    first, again = client.get("/generate?seed=5"), client.get("/generate?seed=5")
    assert first.data == again.data
    assert first.data != client.get("/generate?seed=6").data


def test_without_a_seed_one_is_chosen_told_and_not_cached(client):
    fresh = client.get("/generate")
    assert fresh.headers["Cache-Control"] == "no-store"
    assert "ETag" not in fresh.headers
    assert fresh.headers["X-Seed"] != client.get("/generate").headers["X-Seed"]
    assert client.get(f"/generate?seed={fresh.headers['X-Seed']}").data == fresh.data


def test_a_seeded_answer_is_immutable_and_known_by_its_etag(client):
    seeded = client.get("/generate?seed=5&digit=3")
    assert seeded.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not seeded.headers["ETag"].startswith("W/")
    unchanged = client.get("/generate?seed=5&digit=3", headers={"If-None-Match": seeded.headers["ETag"]})
    assert unchanged.status_code == 304
    assert unchanged.data == b""


def test_an_answer_other_than_the_one_that_must_be_is_not_sent(client):
    etag = client.get("/generate?seed=5").headers["ETag"]
    assert client.get("/generate?seed=5", headers={"If-Match": f'"another", {etag}'}).status_code == 200
    assert client.get("/generate?seed=5", headers={"If-Match": "*"}).status_code == 200
    assert client.post("/generate?seed=5", headers={"If-None-Match": '"another"'}).status_code == 200
    for known in (etag, f"W/{etag}", "*"):
        assert client.post("/generate?seed=5", headers={"If-None-Match": known}).status_code == 412
    assert client.get("/generate?seed=5", headers={"If-Match": etag, "If-None-Match": etag}).status_code == 304
    refused = client.get("/generate?seed=5", headers={"If-Match": '"another"'})
    assert refused.status_code == 412
    assert refused.content_type == "application/problem+json"
    assert etag in refused.get_json()["detail"]


@pytest.mark.parametrize("query", ["", "?digit=3&count=7&scale=2", "?model=mlp&background=white&truncation=0.5"])
def test_the_canonical_link_brings_the_same_bytes(client, query):
    made = client.get(f"/generate{query}")
    assert client.get(canonical(made)).data == made.data


def test_the_canonical_link_of_a_canonical_link_is_itself(client):
    made = client.get("/generate?seed=5&scale=1&count=1&digit=")
    assert made.headers["Link"] == '</generate?model=digitsmith&seed=5>; rel="canonical"'


def test_the_digit_that_is_asked_for_is_drawn_and_told(client):
    response = client.get("/generate?digit=7&count=3")
    assert response.headers["X-Digits"] == "7,7,7"
    assert (pixels(response)[0, :84] == 7).all()


def test_a_model_without_labels_tells_no_digits(client):
    response = client.get("/generate?model=mlp")
    assert response.headers["X-Model"] == "mlp"
    assert "X-Digits" not in response.headers


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("count=1", (28, 28)),
        ("count=9", (84, 84)),
        ("count=10", (84, 112)),
        ("count=10&columns=10", (28, 280)),
        ("count=3&columns=400", (28, 84)),
        ("count=400&columns=1", (11200, 28)),
        ("scale=16", (448, 448)),
        ("count=400", (560, 560)),
    ],
)
def test_sheets_and_scales(client, query, shape):
    assert pixels(client.get(f"/generate?seed=1&{query}")).shape == shape


def test_a_digit_is_the_same_alone_and_in_a_sheet(client):
    alone, together = pixels(client.get("/generate?seed=9")), pixels(client.get("/generate?seed=9&count=12&columns=4"))
    np.testing.assert_array_equal(together[:28, :28], alone)


def test_head_has_no_body_and_the_same_headers(client):
    head, get = client.head("/generate?seed=5"), client.get("/generate?seed=5")
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("digit=10", "digit is 10; it must be a whole number from 0 to 9."),
        ("digit=seven", "digit is 'seven'; it must be a digit"),
        ("digit=-1", "digit is '-1'"),
        ("digit=256", "digit is '256'"),
        ("seed=-1", f"seed is '-1'; it must be a whole number from 0 to {MAX_SEED}."),
        (f"seed={MAX_SEED + 1}", "seed is"),
        ("seed=" + "9" * 5000, "seed is"),
        ("seed=1.5", "seed is '1.5'"),
        ("seed=1_0", "seed is '1_0'"),
        ("seed=%EF%BC%97", "seed is '７'"),
        ("colour=", "'colour' is not a parameter here"),
        ("count=0", "count is '0'; it must be a whole number from 1 to 400."),
        ("count=401", "count is '401'"),
        ("columns=0", "columns is '0'"),
        ("scale=17", "scale is '17'; it must be a whole number from 1 to 16."),
        ("truncation=0", "truncation is '0'; it must be a number above 0 and at most 1."),
        ("truncation=1.01", "truncation is '1.01'"),
        ("truncation=nan", "truncation is 'nan'"),
        ("truncation=0.1_5", "truncation is '0.1_5'"),
        ("background=red", "background is 'red'; it must be one of black, white, transparent."),
        ("colour=red", "'colour' is not a parameter here; there are scale, truncation"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(client, query, says):
    response = client.get(f"/generate?{query}")
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert says in response.get_json()["detail"]
    assert response.get_json()["errors"][0]["parameter"] == query.partition("=")[0]


def test_empty_places_make_no_picture_larger_than_one_without(client):
    bad = client.get("/generate?count=400&columns=399&scale=16")
    assert bad.get_json()["detail"] == (
        "columns is 399; with 400 digits it must leave at most 0 places empty, or scale, which is 16, must be less."
    )
    assert "at most 122 places empty" in client.get("/generate?count=400&columns=399&scale=14").get_json()["detail"]
    assert client.get("/generate?count=400&columns=261&scale=14").status_code == 200
    assert pixels(client.get("/generate?count=400&columns=399&scale=1")).shape == (56, 399 * 28)
    assert client.get("/generate?count=3&columns=400&scale=16").status_code == 200


def test_when_as_many_large_pictures_wait_as_may_others_are_refused_and_small_ones_are_made(client, monkeypatch):
    monkeypatch.setattr(crowding, "_LINE", BoundedSemaphore(1))
    with crowding.alone_if_large(crowding.LARGE + 1):
        refused = client.get("/generate?count=100&scale=16")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        addresses = ("/number/" + 32 * "1", "/interpolate?steps=40&format=webp", "/map?side=16")
        assert [client.get(f"{url}{'&' if '?' in url else '?'}scale=16").status_code for url in addresses] == [503] * 3
        assert "digitsmith_digits_total{" not in client.get("/metrics").text  # nothing was drawn for them
        assert client.get("/generate?count=100&scale=16", headers=JSON).status_code == 200  # a hundred small pictures
        assert client.get("/generate?count=100").status_code == 200
    assert client.get("/generate?count=100&scale=16").status_code == 200


def test_truncation_and_background_reach_the_picture(client):
    whole, half = (pixels(client.get(f"/generate?seed=3&truncation={t}")).astype(int) for t in (1, 0.01))
    assert abs(whole[14, 14] - 128) > abs(half[14, 14] - 128)
    np.testing.assert_array_equal(pixels(client.get("/generate?seed=3&background=white")), 255 - whole)
    np.testing.assert_array_equal(pixels(client.get("/generate?seed=3&background=transparent"))[..., 1], whole)


JSON = {"Accept": "application/json"}


def test_json_has_every_digit_with_its_realness_and_its_picture(client):
    answer = client.get("/generate?count=3&seed=5&background=white", headers=JSON)
    assert answer.content_type == "application/json"
    told = answer.get_json()
    assert (told["model"], told["seed"]) == ("digitsmith", 5)
    assert [digit["index"] for digit in told["digits"]] == [0, 1, 2]
    assert ",".join(str(digit["digit"]) for digit in told["digits"]) == answer.headers["X-Digits"]
    sheet = pixels(client.get("/generate?count=3&seed=5&columns=3&background=white"))
    for place, digit in enumerate(told["digits"]):
        assert 0 < digit["realness"] < 1
        picture = Image.open(io.BytesIO(b64decode(digit["png"].removeprefix("data:image/png;base64,"))))
        np.testing.assert_array_equal(np.asarray(picture), sheet[:, 28 * place : 28 * place + 28])


def test_json_of_a_model_without_labels_tells_no_digit(client):
    (digit,) = client.get("/generate?model=mlp", headers=JSON).get_json()["digits"]
    assert digit["digit"] is None
    assert 0 <= digit["realness"] <= 1


@pytest.mark.parametrize("accept", ["*/*", "image/*", "image/png, application/json;q=0.5", "text/html", ""])
def test_a_picture_is_what_comes_unless_json_is_asked_for(client, accept):
    assert client.get("/generate", headers={"Accept": accept}).content_type == "image/png"


@pytest.mark.parametrize("accept", ["application/json; charset=utf-8", "image/png;q=0.5, application/json;indent=4"])
def test_parameters_of_what_is_accepted_do_not_matter(client, accept):
    assert client.get("/generate", headers={"Accept": accept}).content_type == "application/json"


def test_both_forms_are_kept_apart_by_caches(client):
    picture, told = client.get("/generate?seed=1"), client.get("/generate?seed=1", headers=JSON)
    assert picture.headers["Vary"] == told.headers["Vary"] == "Accept"
    assert picture.headers["ETag"] != told.headers["ETag"]
    assert client.get("/generate?seed=1", headers=JSON).data == told.data


def test_an_unknown_model_is_not_found(client):
    response = client.get("/generate?model=../secret")
    assert response.status_code == 404
    assert "it must be one of digitsmith, mlp" in response.get_json()["detail"]


def test_a_model_without_labels_cannot_be_asked_for_a_digit(client):
    response = client.get("/generate?model=mlp&digit=3")
    assert response.status_code == 409
    assert "ask digitsmith instead" in response.get_json()["detail"]


words = st.text(max_size=20) | st.integers().map(str) | st.floats().map(str)
names = st.sampled_from(["digit", "seed", "count", "columns", "scale", "truncation", "background", "model", "x"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(names, words))
def test_no_query_breaks_the_server(client, query):
    assert client.get("/generate", query_string=query).status_code in {200, 404, 409, 422}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(names, st.none() | st.booleans() | st.integers() | st.floats() | words | st.lists(words)))
def test_no_json_breaks_the_server(client, body):
    assert client.post("/generate", json=body).status_code in {200, 404, 409, 422}
