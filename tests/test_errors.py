"""Every error has one form for programs and one for people, and every answer its headers."""

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/generate?scale=99", 422),
        ("GET", "/?digit=11", 422),
        ("GET", "/number/", 404),
        ("GET", "/models//mlp", 404),
        ("DELETE", "/generate", 405),
        ("POST", "/", 405),
        ("GET", "/models/none", 404),
        ("GET", "/models/mlp/evolution/none.png", 404),
    ],
)
def test_programs_get_problem_json_and_browsers_a_page(client, method, path, status):
    problem = client.open(path, method=method)
    assert problem.status_code == status
    assert problem.content_type == "application/problem+json"
    assert problem.get_json()["status"] == status
    assert problem.get_json()["detail"]
    page = client.open(path, method=method, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.status_code == status
    assert page.content_type.startswith("text/html")
    assert "Make a digit instead" in page.text


def test_a_program_that_takes_pages_too_gets_json(client):
    accept = {"Accept": "application/problem+json, text/html;q=0.9"}
    assert client.get("/nowhere", headers=accept).content_type == "application/problem+json"


def test_a_wrong_method_is_told_the_right_ones(client):
    response = client.delete("/generate")
    assert "GET" in response.headers["Allow"]
    assert response.get_json()["detail"] == "/generate does not take DELETE; it takes GET, HEAD, OPTIONS, POST."


def test_what_is_not_there_is_named(client):
    for path in ("/nowhere", "//metrics", "///generate", "//ü"):
        response = client.get("/", environ_overrides={"PATH_INFO": path.encode().decode("latin-1")})
        assert (response.status_code, response.get_json()["detail"]) == (404, f"There is nothing at {path}.")


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
@pytest.mark.parametrize("host", ["a..b", "a b", "", "[::1", "a:b", "<script>"])
def test_a_host_that_is_none_is_named_in_our_own_form(client, accept, host):
    response = client.get("/livez", headers={"Host": host, "Accept": accept})
    assert response.status_code == 400
    assert response.get_json()["detail"] == f"Host is '{host}'; it must be the name or the address of a host."


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Range"])
def test_a_date_that_is_none_is_ignored(client, name):
    headers = {name: "Mon, 01 Jan 99999999999999 00:00:00 GMT", "Range": "bytes=0-9"}
    for path in ("/generate?seed=1", "/static/css/base.css"):
        with client.get(path, headers=headers) as response:
            assert response.status_code in (200, 206)


def test_who_takes_more_kinds_than_anybody_gets_what_all_get(client):
    accept = ",".join(["text/html" + " " * 8000 + "x"] * 90)
    response = client.get("/nowhere", headers={"Accept": accept})
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_what_else_is_wrong_is_told_to_a_browser_too_where_the_host_is_none(client, host):
    headers = {"Host": host, "Accept": "text/html"}
    response = client.get("/", headers=headers, environ_overrides={"PATH_INFO": "//x"})
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["localhost:8000", "localhost:", "127.0.0.1", "[::1]:8000", "digits_1.test."])
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(client, host):
    assert client.get("/livez", headers={"Host": host}).status_code == 200


def test_a_range_that_is_not_there_is_named_with_what_is(client):
    with client.get("/static/css/base.css", headers={"Range": "bytes=9999999-"}) as response:
        assert response.status_code == 416
        length = response.headers["Content-Range"].removeprefix("bytes */")
        assert response.get_json()["detail"] == f"Range is 'bytes=9999999-'; there are {length} bytes."


@pytest.mark.parametrize("path", ["/static/css/base.css", "/docs/swagger-ui.css"])
@pytest.mark.parametrize("given", ["lines=1-2", "bytes=a", "bytes=0-1,5-6", "bytes=\u0663-", "bytes", "bytes=-9999999"])
def test_a_range_that_is_none_or_several_is_ignored(client, path, given):
    with client.get(path, headers={"Range": given}) as response:
        assert response.status_code == 200
    with client.get(path, headers={"Range": "bytes=10-19"}) as response:
        assert (response.status_code, len(response.data)) == (206, 10)


@pytest.mark.parametrize("path", ["/static/css/base.css", "/docs/swagger-ui.css"])
def test_a_file_is_sent_whatever_if_match_says(client, path):
    for names in ("*", '"another"'):
        with client.get(path, headers={"If-Match": names}) as response:
            assert response.status_code == 200
    with client.get(path, headers={"If-None-Match": response.headers["ETag"]}) as known:
        assert known.status_code == 304


def test_a_thousand_bad_names_make_a_short_answer(client):
    response = client.post("/generate", json={f"name{number}": 1 for number in range(10_000)})
    assert response.status_code == 422
    assert len(response.data) < 10_000
    assert len(client.get(f"/generate?model={'x' * 5000}").data) < 1000
    assert len(client.get(f"/generate?{'x' * 5000}=1").data) < 1000
    assert len(client.get(f"/generate?{'x' * 5000}=1&{'x' * 5000}=2").data) < 1000


def test_what_was_given_cannot_write_on_the_error_page(client):
    page = client.get("/generate?background=<script>alert(1)</script>", headers={"Accept": "text/html"})
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_body_that_is_too_large_is_refused(client):
    response = client.post("/generate", data=b"x" * (2**20 + 1), content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert "at most 1048576 bytes" in response.get_json()["detail"]


def test_a_form_of_many_fields_is_not_called_too_large(client):
    response = client.post(
        "/generate",
        data={f"name{number}": "1" for number in range(2000)} | {"count": "0"},
        content_type="multipart/form-data",
    )
    assert response.status_code == 422


def test_a_fault_of_ours_is_a_500_that_tells_nothing_but_its_id(app, caplog):
    def broken() -> None:
        raise RuntimeError("the secret")

    app.add_url_rule("/broken", view_func=broken)
    response = app.test_client().get("/broken", headers={"X-Request-ID": "abc-1"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.get_json()["request_id"] == "abc-1"
    assert "abc-1" in caplog.text
    assert "the secret" in caplog.text


@pytest.mark.parametrize("path", ["/", "/generate", "/models", "/livez", "/nowhere", "/static/css/base.css"])
def test_every_answer_carries_its_id_and_the_security_headers(client, path):
    with client.get(path) as response:
        assert len(response.headers["X-Request-ID"]) == 32
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'; img-src 'self' blob: data:")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_request_keeps_the_id_it_came_with_if_that_is_a_plain_word(client):
    assert client.get("/livez", headers={"X-Request-ID": "trace-1.a"}).headers["X-Request-ID"] == "trace-1.a"
    assert client.get("/livez", headers={"X-Request-ID": "<b>"}).headers["X-Request-ID"] != "<b>"
