"""One client's requests are limited where a setting says so, across all processes where they share a Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest
from fakeredis import TcpFakeServer
from fakes import fake_app
from servers import free_port, refused, running_server, wait_until


@contextmanager
def running_redis(port: int = 0) -> Iterator[str]:
    """The address of something that speaks Redis's protocol over a real socket."""
    server = TcpFakeServer(("127.0.0.1", port))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def redis() -> Iterator[str]:
    with running_redis() as address:
        yield address


def asked(client, count: int, **arguments: object) -> list[int]:
    return [client.get("/models", **arguments).status_code for _ in range(count)]


def test_there_is_no_limit_unless_one_is_set(client):
    assert set(asked(client, 100)) == {200}


def test_what_goes_beyond_the_limit_is_told_when_to_come_back():
    client = fake_app(RATE_LIMIT="3/hour").test_client()
    assert asked(client, 5) == [200, 200, 200, 429, 429]
    response = client.get("/generate")
    assert response.content_type == "application/problem+json"
    assert 3500 < int(response.headers["Retry-After"]) <= 3600
    told = f"A client may make 3 requests in 1 hour; ask again in {response.headers['Retry-After']} seconds."
    assert response.get_json()["detail"] == told
    assert "digitsmith_rate_limited_total 3.0" in client.get("/metrics").text


def test_health_metrics_what_the_page_loads_and_what_is_not_found_are_not_limited():
    client = fake_app(RATE_LIMIT="1/hour").test_client()
    assert asked(client, 2) == [200, 429]
    for path in ("/livez", "/readyz", "/metrics", "/static/css/base.css", "/docs/swagger-ui.css"):
        with client.get(path) as response:
            assert response.status_code == 200
    sheet = "/models/mlp/evolution/step-0000000.png"  # which the fake has not: 404, and no 429
    assert client.get(sheet).status_code == 404
    assert client.get("/nowhere").status_code == 404


def test_each_client_has_a_limit_of_its_own():
    client = fake_app(RATE_LIMIT="2/hour").test_client()
    assert asked(client, 3) == [200, 200, 429]
    assert asked(client, 3, environ_base={"REMOTE_ADDR": "10.0.0.2"}) == [200, 200, 429]


def test_a_client_is_forgotten_when_its_time_is_over():
    app = fake_app(RATE_LIMIT="1/second")
    clients = [f"10.0.0.{number}" for number in range(20)]
    for address in clients:
        assert asked(app.test_client(), 1, environ_base={"REMOTE_ADDR": address}) == [200]
    (limiter,) = app.extensions["limiter"]
    counted = limiter.storage
    wait_until(
        lambda: asked(app.test_client(), 1) and len(counted.storage) + len(counted.events) <= 1, what="them gone"
    )


def test_a_client_is_its_address_whatever_the_port_that_a_proxy_puts_behind_it():
    client = fake_app(RATE_LIMIT="1/hour", PROXIES=1).test_client()
    for address in ("10.0.0.1", "2001:db8::1"):
        told = [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for port in (1, 2)]
        assert [asked(client, 1, headers={"X-Forwarded-For": one}) for one in (address, *told)] == [[200], [429], [429]]


def test_of_ipv6_a_client_is_all_that_one_person_has():
    client = fake_app(RATE_LIMIT="1/hour", PROXIES=1).test_client()
    told = ("2001:db8::1", "2001:db8::2:1", "[2001:db8::3]:80", "2001:db8:0:1::1", "::ffff:10.0.0.1", "::ffff:10.0.0.2")
    found = [asked(client, 1, headers={"X-Forwarded-For": one})[0] for one in told]
    assert found == [200, 429, 429, 200, 200, 200]


def test_who_is_over_the_limit_need_not_send_a_body():
    client = fake_app(RATE_LIMIT="1/hour", MAX_BODY=10).test_client()
    assert [client.post("/generate", data=b"x" * 100).status_code for _ in range(2)] == [413, 429]


def test_clients_behind_a_proxy_are_told_apart_only_where_it_is_believed():
    first, second = {"X-Forwarded-For": "10.0.0.1"}, {"X-Forwarded-For": "10.0.0.2"}
    spoofing = fake_app(RATE_LIMIT="1/hour").test_client()
    assert asked(spoofing, 1, headers=first) + asked(spoofing, 1, headers=second) == [200, 429]
    behind = fake_app(RATE_LIMIT="1/hour", PROXIES=1).test_client()
    assert asked(behind, 1, headers=first) + asked(behind, 1, headers=second) == [200, 200]


def test_processes_that_share_a_redis_share_the_limit(redis, one_model, get):
    settings = {"DIGITSMITH_RATE_LIMIT": "7/hour", "DIGITSMITH_RATE_LIMIT_STORAGE": redis}
    with running_server(DIGITSMITH_MODELS=one_model, **settings) as (address, process):
        statuses = []
        for pid in process.workers:
            wait_until(lambda pid=pid: process.has(pid, f"{address}/livez"), what="both processes to serve")
            with process.alone(pid):
                statuses += [get(f"{address}/models").status for _ in range(5)]
    assert statuses == [200] * 7 + [429] * 3


def test_while_a_redis_is_away_each_process_counts_in_memory():
    port = free_port()
    client = fake_app(RATE_LIMIT="2/hour", RATE_LIMIT_STORAGE=f"redis://127.0.0.1:{port}/0").test_client()
    assert asked(client, 3) == [200, 200, 429]
    with running_redis(port):
        wait_until(lambda: asked(client, 1) == [200], what="the Redis, which has counted none, to be asked again")
        assert asked(client, 2) == [200, 429]


def test_a_redis_that_does_not_answer_is_refused_with_one_sentence():
    (said,) = refused(DIGITSMITH_RATE_LIMIT="1/hour", DIGITSMITH_RATE_LIMIT_STORAGE="redis://me:secret@127.0.0.1:1/0")
    assert said.startswith(
        "DIGITSMITH_RATE_LIMIT_STORAGE names a Redis at 127.0.0.1:1, which cannot be used (Error 111 "
    )
    assert "secret" not in said


class RefusingPasswords(StreamRequestHandler):
    """What a Redis says to whoever gives another password than its own."""

    def handle(self) -> None:
        """Say it to all that is asked."""
        while self.request.recv(4096):
            self.request.sendall(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")


def test_a_redis_that_takes_another_password_is_refused_with_what_it_says():
    with ThreadingTCPServer(("127.0.0.1", 0), RefusingPasswords) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        where = f"127.0.0.1:{server.server_address[1]}"
        (said,) = refused(DIGITSMITH_RATE_LIMIT="1/hour", DIGITSMITH_RATE_LIMIT_STORAGE=f"redis://:secret@{where}/0")
        server.shutdown()
    assert f"names a Redis at {where}, which cannot be used (invalid username-password pair" in said
    assert "secret" not in said
