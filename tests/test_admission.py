"""A server that has enough to do says so at once, and is itself again as soon as it has less."""

import re
import resource
import socket
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest
from servers import Held, busy_seconds, connected, running_server, status, wait_until


def metric(get, address: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (.+)$", get(f"{address}/metrics").read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0


def test_more_than_may_wait_are_refused_at_once_until_there_is_room_again(one_model, get):
    settings = {"WORKERS": 1, "THREADS": 2, "DIGITSMITH_QUEUE": 1, "DIGITSMITH_DEADLINE": 3600}
    with running_server(DIGITSMITH_MODELS=one_model, **settings) as (address, _):
        held = [Held(address) for _ in range(2)]
        waits = HTTPConnection(address.removeprefix("http://"), timeout=60)
        waits.request("GET", "/generate")
        wait_until(lambda: metric(get, address, "digitsmith_waiting_requests") == 1, what="a request that waits")
        refused = get(f"{address}/generate")
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "1"
        assert b"as much to do as it can take" in refused.read()
        assert metric(get, address, 'digitsmith_refused_total{reason="busy"}') == 1
        for spared in ("livez", "readyz", "static/css/base.css", "docs/swagger-ui.css"):
            assert status(f"{address}/{spared}") == 200
        assert [one.finish() for one in held] == [200, 200]
        assert waits.getresponse().status == 200
        waits.close()
        wait_until(lambda: status(f"{address}/generate") == 200, what="room for another request")
        wait_until(lambda: metric(get, address, "digitsmith_waiting_requests") == 0, what="nothing to wait")


def test_who_has_waited_too_long_is_refused_but_health_is_told_and_the_others_are_not_lost(one_model):
    settings = {"WORKERS": 1, "THREADS": 1, "DIGITSMITH_DEADLINE": 1}
    with running_server(DIGITSMITH_MODELS=one_model, **settings) as (address, _):
        held = Held(address)
        assert status(f"{address}/generate") == 503
        assert status(f"{address}/livez") == 200
        assert held.finish() == 200
        wait_until(lambda: status(f"{address}/generate") == 200, what="room for another request")


def test_more_connections_than_files_may_be_open_end_no_process(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, WORKERS=1) as (address, process), ExitStack() as many:
        (worker,) = process.workers
        files = Path(f"/proc/{worker}/fd")
        most = len([*files.iterdir()]) + 5
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        for _ in range(20):
            many.enter_context(connected(address))
        wait_until(lambda: len([*files.iterdir()]) == most, what="no file more to be open")
        many.close()
        assert status(f"{address}/livez") == 200
        assert process.workers == [worker]


def test_connections_that_say_nothing_hold_no_thread(one_model):
    settings = {"WORKERS": 1, "THREADS": 1, "DIGITSMITH_DEADLINE": 1}
    with running_server(DIGITSMITH_MODELS=one_model, **settings) as (address, _), ExitStack() as silent:
        for _ in range(10):
            silent.enter_context(connected(address))
        assert status(f"{address}/generate") == 200


def test_a_new_connection_may_be_silent_for_longer_than_one_that_is_kept(one_model):
    ask = b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n"
    with running_server(DIGITSMITH_MODELS=one_model, WORKERS=1) as (address, _), connected(address) as new:
        with connected(address) as kept:
            kept.sendall(ask)
            while kept.recv(1000):
                pass  # until the server has closed it
        new.sendall(ask)
        assert new.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (b"GET /generate?seed=1 HTTP/1.1\r\nHost: te", b"st\r\n\r\n"),
        (
            b"POST /generate HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
            b'"seed":1}',
        ),
        (b"\r\n", b"GET /generate?seed=1 HTTP/1.1\r\nHost: test\r\n\r\n"),
    ],
    ids=["a head", "a body", "an empty line before it"],
)
def test_requests_that_come_slowly_hold_no_thread_and_are_answered_once_they_are_whole(one_model, first, rest):
    with running_server(DIGITSMITH_MODELS=one_model, WORKERS=1, THREADS=1) as (address, _), ExitStack() as slow:
        connections = [slow.enter_context(connected(address)) for _ in range(10)]
        for connection in connections:
            connection.sendall(first)
        assert status(f"{address}/generate") == 200
        for connection in connections:
            connection.sendall(rest)
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_request_that_ends_half_way_is_forgotten(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, WORKERS=1, THREADS=1) as (address, server):
        with connected(address) as connection:
            connection.sendall(b"GET /generate HTTP/1.1\r\nHost: te")
            connection.shutdown(socket.SHUT_WR)
            before = busy_seconds(server.workers[0])
            assert connection.recv(1000) == b""
            assert busy_seconds(server.workers[0]) - before < 1
        assert status(f"{address}/generate") == 200


def test_clients_that_do_not_close_what_has_ended_keep_nobody_waiting(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, WORKERS=1) as (address, _), ExitStack() as ended:
        connections = [connected(address) for _ in range(40)]
        for connection in connections:
            ended.enter_context(connection)
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        for connection in connections:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert status(f"{address}/livez") == 200  # it waits a minute, where each of them could cost two seconds
