"""A client that does not bring its request to its end is told so, and holds nothing."""

import http.client
import json
from contextlib import closing

from servers import Held, connected, replace, running_server, status, wait_until


def test_a_request_that_does_not_come_to_its_end_is_told_so_in_time(house):
    replace(house / "app" / "connections.py", "ARRIVAL = 30", "ARRIVAL = 1")
    with running_server(folder=house) as (address, process):
        head = b"POST /generate HTTP/1.1\r\nContent-Length: 9"
        for start in (head, head + b"\r\n\r\nseed"):
            with connected(address) as connection, closing(http.client.HTTPResponse(connection)) as response:
                connection.sendall(start)
                response.begin()
                assert (response.status, response.headers["Connection"]) == (408, "close")
                assert json.load(response)["detail"] == (
                    "The request cannot be read: its end has not come in 1 seconds."
                )
                assert connection.recv(1) == b""
        assert status(f"{address}/generate") == 200
        wait_until(lambda: [line.get("status") for line in process.lines()].count(408) == 2, what="two log lines")


def test_a_body_that_was_asked_for_and_does_not_come_ends_its_connection(house):
    replace(house / "app" / "connections.py", "READ = 15", "READ = 1")
    with running_server(folder=house) as (address, _):
        held = Held(address)
        with held.socket, closing(http.client.HTTPResponse(held.socket)) as response:
            response.begin()
            assert (response.status, response.headers["Connection"]) == (408, "close")
