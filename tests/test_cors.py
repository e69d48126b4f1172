"""Scripts of other sites' pages may ask for digits and read all that is said of them."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from browsing import opened
from fakes import fake_app

from app.admission import BUSY, FOR_MACHINES, refusal
from app.api import DATASET_HEADERS, DIGITS_HEADERS

PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
ASK = """async address => {
    const asked = {method: "POST", headers: {"Content-Type": "application/json"}, body: '{"digit": 7}'};
    const answer = await fetch(address, asked);
    return [answer.status, answer.headers.get("X-Digits"), (await answer.blob()).type];
}"""


def described(app) -> list[str]:
    """An address for each route that draws digits or tells of them, with a value for what is in its path."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] not in (*FOR_MACHINES, "page")]
    paths = app.test_client().get("/openapi.json").get_json()["paths"]
    found = [rule.rule for rule in rules if rule.rule.replace("<", "{").replace(">", "}") in paths]
    return [path.replace("<digits>", "7").replace("<name>", "mlp").replace("<file>", "1.png") for path in found]


def test_every_route_of_digits_is_open_even_where_it_refuses(app):
    addresses = [*described(app), "/openapi.json", "/generate?digit=x", "/models/none"]
    assert len(addresses) > 10
    for address in addresses:
        answer = app.test_client().get(address, headers={"Origin": "https://elsewhere.test"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*", address
        assert "Origin" not in answer.headers.get("Vary", "")
        asked = app.test_client().options(address, headers={"Origin": "https://elsewhere.test"} | PREFLIGHT)
        assert asked.headers["Access-Control-Allow-Headers"] == "*"
        assert asked.headers["Access-Control-Max-Age"] == "86400"


def test_a_refusal_can_be_read_and_a_browsers_question_before_is_never_refused():
    client = fake_app(RATE_LIMIT="1/hour").test_client()
    assert [client.options("/generate").status_code for _ in range(3)] == [200, 200, 200]
    assert [client.post("/generate").status_code for _ in range(2)] == [200, 429]
    before = refusal.set(BUSY)
    try:
        assert client.options("/generate").status_code == 200
        refused = client.post("/generate")
    finally:
        refusal.reset(before)
    assert refused.status_code == 503
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]


def test_an_error_of_what_cannot_be_read_can_be_read(server, get):
    assert get(f"{server}/generate?{'x' * 5000}").headers["Access-Control-Allow-Origin"] == "*"


def test_a_kept_answer_is_open_to_whoever_asks_next(app):
    """A cache keeps what came for a client that named no site."""
    assert app.test_client().get("/generate?seed=1").headers["Access-Control-Allow-Origin"] == "*"


def test_every_header_that_the_description_tells_of_can_be_read(app):
    exposed = app.test_client().get("/generate").headers["Access-Control-Expose-Headers"].split(", ")
    assert {*DIGITS_HEADERS, *DATASET_HEADERS, "Retry-After"} <= set(exposed)


@pytest.mark.parametrize(
    "address", ["/", "/metrics", "/livez", "/readyz", "/static/css/base.css", "/docs/", "/generated"]
)
def test_what_is_not_for_other_sites_stays_closed(app, address):
    with app.test_client().get(address, headers={"Origin": "https://elsewhere.test"}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.fixture
def elsewhere(tmp_path) -> Iterator[str]:
    """The address of another site, whose page is empty."""
    (tmp_path / "index.html").write_text("<title>Elsewhere</title>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as site:
        Thread(target=site.serve_forever).start()
        yield f"http://127.0.0.1:{site.server_port}/"
        site.shutdown()


def test_another_sites_page_asks_and_reads(browser, server, elsewhere):
    with opened(browser, server, elsewhere) as page:
        assert page.evaluate(ASK, f"{server}/generate") == [200, "7", "image/png"]
