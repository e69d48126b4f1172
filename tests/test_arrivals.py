"""A request gets a thread once it has come as a whole."""

import socket
import struct

import pytest

from app.arrivals import LARGEST, LONGEST_LINE, awaited, bound_silence, is_whole, waiting_bytes, wake_after

POST = b"POST /generate HTTP/1.1\r\nHost: test\r\n"
WHOLE = [
    b"GET / HTTP/1.1\r\n\r\n",
    POST + b"Content-Length: 0\r\n\r\n",
    POST + b"content-length:\t3 \r\nAccept: */*\r\n\r\nabc",
]
HEAD_IS_ENOUGH = [
    POST + b"Transfer-Encoding: chunked\r\n\r\n",
    POST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    POST + b"Content-Length: nonsense\r\n\r\n",
    POST + b"Content-Length: 9\r\nContent-Length: 0\r\n\r\n",
]
NO_REQUESTS = [b"hello\r\n", b"GET / HTTP/1.0\n", b"GET /".ljust(LONGEST_LINE, b"a")]


def test_a_body_whose_length_is_told_is_looked_at_once_it_is_there():
    head = POST + b"Content-Length: 5000\r\n\r\n"
    assert awaited(head) == awaited(head + b"x" * 4998) == len(head) + 5000
    assert awaited(head[:-1]) == len(head)
    assert awaited(POST + b"Content-Length: 9999999\r\n\r\n") == LARGEST
    assert awaited(b"") == 1


@pytest.mark.parametrize("request_", WHOLE)
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_):
    assert is_whole(request_)
    assert is_whole(request_ + b"GET /the/next HTTP/1.1")
    assert not any(is_whole(request_[:count]) for count in range(len(request_)))


@pytest.mark.parametrize("head", HEAD_IS_ENOUGH)
def test_a_head_is_enough_where_nobody_knows_how_long_the_body_is_or_it_waits_to_be_asked_for(head):
    assert is_whole(head)
    assert not is_whole(head[:-1])


@pytest.mark.parametrize("start", NO_REQUESTS)
def test_what_makes_no_request_is_refused_at_once(start):
    assert is_whole(start)


def test_no_more_is_waited_for_than_fits():
    start = POST + b"Content-Length: 1000000\r\n\r\n"
    assert not is_whole(start.ljust(LARGEST - 1))
    assert is_whole(start.ljust(LARGEST))


@pytest.fixture
def connection():
    """The client's end and the listener's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bound_silence(listener, read=1, write=1)
        with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
            yield client, server


def test_what_has_come_is_told_without_being_read_until_the_client_has_ended(connection):
    client, server = connection
    assert waiting_bytes(server) == b""
    client.sendall(b"half")
    assert server.recv(100, socket.MSG_PEEK) == b"half"
    assert waiting_bytes(server) == waiting_bytes(server) == b"half"
    wake_after(server, 5)
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100, socket.MSG_PEEK) == b"half"  # once it has ended, for there is no fifth byte
    assert waiting_bytes(server) is None


def test_a_client_that_does_nothing_holds_a_read_and_a_write_for_so_long_and_no_longer(connection):
    server = connection[1]
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        assert struct.unpack("@ll", server.getsockopt(socket.SOL_SOCKET, option, 16)) == (1, 0)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    with pytest.raises(BlockingIOError):
        server.sendall(bytes(10_000_000))
