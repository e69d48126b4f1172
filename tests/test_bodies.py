"""What comes over the wire and is no whole, readable request gets a 4xx in our own form, from a real server."""

import http.client
import json
import socket
from contextlib import closing

import pytest
from servers import connected

LIMIT = 2**20
JSON = b"POST /generate HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
FORM = b"POST /generate HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"


def in_a_chunk(length: int) -> bytes:
    return CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (length, b'{"seed":1}'.ljust(length))


def asked(address: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """What a server answers to these bytes, after which no more come."""
    with connected(address) as connection, closing(http.client.HTTPResponse(connection)) as response:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        response.begin()
        return response.status, dict(response.headers), response.read()


@pytest.mark.parametrize(
    "request_", [in_a_chunk(LIMIT), JSON + b"Content-Length: %d\r\n\r\n" % LIMIT + b'{"seed":1}'.ljust(LIMIT)]
)
def test_a_body_may_be_as_large_as_the_limit(server, request_):
    status, headers, _ = asked(server, request_)
    assert (status, headers["X-Seed"]) == (200, "1")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (in_a_chunk(LIMIT + 1), 413),
        (CHUNKED + b"zz\r\n\r\n", 400),
        (CHUNKED + b"2\r\n{}and more\r\n0\r\n\r\n", 400),
        (CHUNKED + b'9\r\n{"se', 400),
        (JSON + b"Content-Length: 100\r\n\r\n{}", 400),
        (FORM + b"Content-Length: 100\r\n\r\nseed=1", 400),
        (b"GET /?%b HTTP/1.1\r\nHost: test\r\n\r\n" % (5000 * b"a"), 414),
        (b"GET / HTTP/1.1\r\nHost: test\r\n%b\r\n" % b"".join(b"A%d: a\r\n" % i for i in range(101)), 431),
        (b"GET / HTTP/1.1\r\nHost: test\r\nExpect: nothing\r\n\r\n", 417),
        (b"GET /livez HTTP/1.1\r\n\r\n", 400),
        (JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: test\r\nA: %b\r\n\r\n" % (9000 * b"a"), 431),
        (JSON + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
        (b"GET / HTTP/1.1\r\nBad Header: a\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: test\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\nHost: test\r\n\r\n", 400),
        (b"nothing\r\n\r\n", 400),
        (b"\x16\x03\x01\r\n", 400),
    ],
)
def test_what_cannot_be_read_is_refused_like_anything_else(server, request_, status):
    found, headers, body = asked(server, request_)
    assert found == status
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Content-Security-Policy"]
    problem = json.loads(body)
    assert problem["detail"].endswith(".")
    assert problem["request_id"] == headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        (JSON + b"Content-Length: 10\r\n\r\n" + b'{"seed":1}', True),
        (in_a_chunk(10), True),
        (b"PUT /generate HTTP/1.1\r\nHost: test\r\nContent-Length: 60000\r\n\r\n" + b" " * 60_000, True),
        (JSON + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1) + b" " * (LIMIT + 1), False),
        (in_a_chunk(2 * LIMIT), False),
        (CHUNKED + b"zz\r\n\r\n", False),
        (b"GET /livez HTTP/1.1\r\nHost: test\r\nContent-Length: 70000\r\n\r\n" + b" " * 70_000, False),
    ],
)
def test_an_answer_tells_whether_its_connection_takes_another_request(server, request_, kept):
    with connected(server) as connection:
        connection.sendall(request_)
        with closing(http.client.HTTPResponse(connection)) as response:
            response.begin()
            response.read()
        assert response.headers["Connection"] == ("keep-alive" if kept else "close")
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n")
        assert bool(connection.recv(1)) is kept
