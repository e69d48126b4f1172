"""How parameters are read from a query, from JSON and from forms, and what of that is refused."""

import pytest


@pytest.mark.parametrize("sent", [{"json": {"digit": 4, "seed": 11}}, {"data": {"digit": "4", "seed": "11"}}])
def test_post_takes_a_json_or_a_form_body(client, sent):
    assert client.post("/generate", **sent).data == client.get("/generate?digit=4&seed=11").data


def test_query_and_body_complete_each_other_and_null_means_left_out(client):
    response = client.post("/generate?seed=11", json={"digit": 5, "columns": None, "seed": None})
    assert response.headers["X-Digits"] == "5"
    assert response.headers["X-Seed"] == "11"


@pytest.mark.parametrize("sent", [{"json": {"digit": 5}}, {"data": {"digit": "5"}}])
def test_a_parameter_in_both_query_and_body_is_refused(client, sent):
    assert "digit is given more than once" in client.post("/generate?digit=4", **sent).get_json()["detail"]


def test_all_bad_values_are_named_at_once(client):
    problem = client.get("/generate?count=0&scale=0&seed=1").get_json()
    assert {error["parameter"] for error in problem["errors"]} == {"count", "scale"}


@pytest.mark.parametrize("body", [{"digit": 7.5}, {"seed": True}, {"count": [1]}, {"scale": {}}, {"background": 3}])
def test_json_of_another_type_is_a_bad_value(client, body):
    assert client.post("/generate", json=body).status_code == 422


@pytest.mark.parametrize("body", ["{", "[1]", "7", '"x"', "null", "[" * 60_000, '{"digit": ' + "[" * 985])
def test_a_body_that_is_no_json_object_is_a_bad_request(client, body):
    assert client.post("/generate", data=body, content_type="application/json").status_code == 400


def test_an_empty_json_body_asks_for_nothing_in_particular(client):
    sent = client.post("/generate?seed=1", data=b"", content_type="application/json")
    assert sent.data == client.get("/generate?seed=1").data


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
def test_a_body_of_another_kind_is_not_taken_for_an_empty_one(client, kind):
    response = client.post("/generate", data='{"digit": 3}', content_type=kind)
    assert response.status_code == 415
    assert "Content-Type" in response.get_json()["detail"]


FIELD = b'--b\r\nContent-Disposition: form-data; name="seed"%b\r\n\r\n1\r\n--b--\r\n'


def test_a_form_in_parts_is_a_form(client):
    sent = client.post("/generate", data=FIELD % b"", content_type="multipart/form-data; boundary=b")
    assert sent.headers["X-Seed"] == "1"


def test_a_form_in_parts_that_has_none_asks_for_nothing_in_particular(client):
    sent = client.post("/generate?seed=1", data=b"--b--\r\n", content_type="multipart/form-data; boundary=b")
    assert sent.data == client.get("/generate?seed=1").data


@pytest.mark.parametrize(
    "body", [FIELD % b'; filename="seed"', FIELD.replace(b'; name="seed"%b', b""), b"nothing of the kind"]
)
def test_a_form_of_files_or_of_nothing_is_not_taken_for_an_empty_one(client, body):
    assert client.post("/generate", data=body, content_type="multipart/form-data; boundary=b").status_code == 400


def test_json_that_is_sent_as_a_form_is_not_taken_for_an_empty_one(client):
    response = client.post("/generate", data='{"digit": 3}', content_type="application/x-www-form-urlencoded")
    assert response.status_code == 422


@pytest.mark.parametrize("query", ["digit=3&digit=4", "seed=1&seed=1"])
def test_a_parameter_that_is_given_twice_is_refused(client, query):
    assert "is given more than once" in client.get(f"/generate?{query}").get_json()["detail"]


def test_a_name_that_stands_twice_in_json_is_refused(client):
    answer = client.post("/generate", data='{"digit": 3, "digit": 4}', content_type="application/json")
    assert (answer.status_code, answer.get_json()["detail"]) == (422, "digit is given more than once.")


def test_a_name_that_stands_twice_within_a_value_is_not_that_of_a_parameter(client):
    answer = client.post("/generate", data='{"a": {"digit": 1, "digit": 2}}', content_type="application/json")
    assert answer.get_json()["detail"].startswith("'a' is not a parameter here")


def test_a_number_of_thousands_of_digits_is_no_seed(client):
    answer = client.post("/generate", data=f'{{"seed": {"1" * 5000}}}', content_type="application/json")
    assert (answer.status_code, answer.get_json()["errors"][0]["parameter"]) == (422, "seed")


def test_a_name_that_no_page_can_hold_is_refused_all_the_same(client):
    body, accept = r'{"\ud800": 1, "\ud800": 2}', {"Accept": "text/html"}
    answer = client.post("/generate", data=body, content_type="application/json", headers=accept)
    assert answer.status_code == 422
    assert r"\ud800 is given more than once." in answer.text


LONG = "1" * 10**6


@pytest.mark.parametrize("value", [f"{LONG}x", f"{LONG}.", f".{LONG}x", f"1e{LONG}e"])
def test_a_number_of_a_million_signs_is_refused_before_the_day_is_over(client, value):
    assert client.post("/generate", json={"truncation": value}).status_code == 422


@pytest.mark.parametrize("value", ["1", "1.0", ".5", "0.5", "5e-1", "05E-1"])
def test_a_number_is_spelled_as_people_do(client, value):
    assert client.get(f"/generate?truncation={value}").status_code == 200


def test_json_is_refused_at_every_depth(client):
    for depth in range(400, 1000):  # somewhere there it can be read and not be written
        body = '{"digit": ' + "[" * depth + "]" * depth + "}"
        assert client.post("/generate", data=body, content_type="application/json").status_code in (400, 422), depth


def test_values_from_json_are_shown_as_json(client):
    assert "scale is null; it must be" in client.post("/generate", json={"scale": None}).get_json()["detail"]
    assert "count is true; it must be" in client.post("/generate", json={"count": True}).get_json()["detail"]
    assert "There is no model ''" in client.post("/generate", json={"model": ""}).get_json()["detail"]
