"""Stopping, reloading and losing a process cost no request that they need not cost."""

import http.client
import json
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
from servers import Held, Server, busy_seconds, connected, running_server, status, wait_until

from app.config import ROOT


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of all that serves, with one model."""
    for name in ("app", "static", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "models" / "mlp", tmp_path / "models" / "mlp")
    shutil.copy(ROOT / "gunicorn.conf.py", tmp_path)
    return tmp_path


@contextmanager
def load(address: str) -> Iterator[list[int]]:
    """Twelve clients that ask without pause, half of them over connections that they keep; the statuses they get."""
    statuses: list[int] = []
    ended = Event()

    def ask(keep: bool) -> None:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
        while not ended.is_set():
            try:
                connection.request("GET", "/generate?seed=1")
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
            except (OSError, http.client.HTTPException):
                statuses.append(0)
                connection.close()
            if not keep:
                connection.close()
        connection.close()

    with ThreadPoolExecutor(12) as pool:
        clients = [pool.submit(ask, keep) for keep in [True, False] * 6]
        try:
            wait_until(lambda: len(statuses) > 20, what="the load to run")
            yield statuses
        finally:
            ended.set()
    for client in clients:
        client.result()


def test_from_sigterm_on_readyz_says_503_new_requests_are_refused_and_those_in_flight_finish(one_model, get):
    with running_server(DIGITSMITH_MODELS=one_model) as (address, process):
        held = Held(address)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: status(f"{address}/readyz") == 503, what="/readyz to say 503")
        refused = get(f"{address}/generate")
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["Connection"] == "close"
        assert b"shutting down" in refused.read()
        assert status(f"{address}/livez") == 200
        assert held.finish() == 200
        assert process.wait(timeout=60) == 0
        assert status(f"{address}/readyz") == 0


def test_a_stop_under_load_loses_nothing_but_what_it_refuses(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=3600) as (address, process):
        held = Held(address)
        with load(address) as statuses:
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: 503 in statuses, what="requests to be refused")
            until_then = len(statuses)
            wait_until(lambda: len(statuses) > until_then + 100, what="more requests to be refused")
            assert set(statuses) == {200, 503}
            assert held.finish() == 200
            assert process.wait(timeout=60) == 0  # though requests never ceased to come


def test_a_drain_serves_on_while_readyz_turns_balancers_away(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_DRAIN=3600) as (address, process):
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: status(f"{address}/readyz") == 503, what="/readyz to say 503")
        assert status(f"{address}/generate") == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_a_drain_ends_by_itself(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_DRAIN=1) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_a_drain_after_a_reload_that_failed_serves_on_too(house):
    weights = house / "models" / "mlp" / "generator.keras"
    with running_server(folder=house, DIGITSMITH_DRAIN=3600) as (address, process):
        before = process.workers
        weights.write_bytes(weights.read_bytes()[:-1])
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: logged(process, f"{weights} has SHA-256"), what="the refusal")
        wait_until(lambda: process.workers == before, what="those that cannot load to end")
        with load(address) as statuses:
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: status(f"{address}/readyz") == 503, what="/readyz to say 503")
            until_then = busy_seconds(before[0])
            wait_until(lambda: busy_seconds(before[0]) > until_then + 2, what="work for seconds more")
        assert set(statuses) == {200}
        assert process.workers == before
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_in_a_drain_a_process_that_a_reload_replaces_refuses_nothing(one_model):
    settings = {"WORKERS": 1, "DIGITSMITH_DRAIN": 3600, "DIGITSMITH_GRACE": 3600}
    with running_server(DIGITSMITH_MODELS=one_model, **settings) as (address, process):
        (before,) = process.workers
        held = Held(address)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(process.workers) == 2, what="the new process")
        (after,) = set(process.workers) - {before}
        wait_until(lambda: process.has(after, f"{address}/livez"), what="the new process to serve")
        with load(address) as statuses:
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: status(f"{address}/readyz") == 503, what="/readyz to say 503")
            until_then = busy_seconds(after)
            wait_until(lambda: busy_seconds(after) > until_then + 2, what="work for seconds more")
        assert set(statuses) == {200}
        assert held.finish() == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


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


def test_a_request_that_does_not_end_is_given_up_when_the_grace_is_over(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=1) as (address, process):
        held = Held(address)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert held.finish() == 0


def test_sighup_brings_new_code_and_models_and_fails_no_request(house, get):
    replace(house / "app" / "connections.py", "READ = 15", "READ = 600")  # so long the held one may take
    with running_server(folder=house) as (address, process):
        before = process.workers
        held = Held(address)
        with load(address) as statuses:
            replace(house / "app" / "headers.py", '"same-origin"', '"no-referrer"')
            shutil.copytree(house / "models" / "mlp", house / "models" / "another")
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: status(f"{address}/models/another") == 200, what="the new model")
            assert held.finish() == 200
            wait_until(lambda: not set(before) & set(process.workers), what="the old processes to end")
            assert get(f"{address}/").headers["Referrer-Policy"] == "no-referrer"
            assert status(f"{address}/models/another") == 200
        assert set(statuses) == {200}
        assert len(process.workers) == 2


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def logged(process: Server, words: str) -> bool:
    return any(words in line["event"] for line in process.lines())


def test_a_reload_of_a_damaged_model_leaves_the_old_one_serving_until_it_is_mended(house):
    weights = house / "models" / "mlp" / "generator.keras"
    whole = weights.read_bytes()
    with running_server(folder=house, DIGITSMITH_GRACE=3600) as (address, process):
        before = process.workers
        with load(address) as statuses:
            weights.write_bytes(whole[:-1])
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: logged(process, f"{weights} has SHA-256"), what="the refusal")
            wait_until(lambda: process.workers == before, what="those that cannot load to end")
            assert status(f"{address}/readyz") == 200
            weights.write_bytes(whole)
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: not set(before) & set(process.workers), what="the old processes to end")
        assert set(statuses) == {200}


def test_a_process_that_a_reload_replaces_ends_when_its_grace_is_over(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=1) as (address, process):
        before, held = process.workers, Held(address)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: not set(before) & set(process.workers), 10, "the old processes to end")
        assert held.finish() == 0
        assert status(f"{address}/readyz") == 200


def test_a_stop_soon_after_a_reload_takes_its_grace_and_no_longer(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=3600) as (address, process):
        before, held = process.workers, Held(address)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(set(process.workers) - set(before)) == 2, what="the new processes")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: status(f"{address}/generate") == 503, 30, "new requests being refused")
        assert held.finish() == 200
        assert process.wait(timeout=60) == 0


def test_a_process_that_begins_as_the_server_stops_ends_with_it(one_model):
    """A signal that comes before it has handlers of its own does not reach it."""
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=3600) as (_, process):
        before = set(process.workers)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: set(process.workers) - before, pause=0, what="a new process")  # it soon has its handlers
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("file", ["images.py", "connections.py"])  # of the app, and of gunicorn's processes
def test_a_reload_of_code_that_cannot_be_imported_leaves_the_old_code_serving(house, file):
    with running_server(folder=house) as (address, process):
        before = process.workers
        (house / "app" / file).write_text("def")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: logged(process, "The new code cannot be imported; the old goes on."), what="the refusal")
        wait_until(lambda: not set(before) & set(process.workers), what="the processes to be replaced")
        assert status(f"{address}/generate") == 200


def test_a_configuration_that_cannot_be_used_leaves_what_it_said_before(house):
    configuration = house / "gunicorn.conf.py"
    whole = configuration.read_text()
    with running_server(folder=house) as (address, process):
        for times, broken in enumerate(("x = (", "from app.worker import nothing"), 1):
            before = process.workers
            configuration.write_text(f"{whole}\n{broken}\n")
            process.send_signal(signal.SIGHUP)
            wait_until(lambda before=before: not set(before) & set(process.workers), what="a reload all the same")
            told = [line for line in process.lines() if "gunicorn.conf.py cannot be used" in line["event"]]
            assert len(told) == times
            assert status(f"{address}/generate") == 200
        configuration.write_text(f"{whole}\nworkers = 1\n")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(process.workers) == 1, what="the mended configuration")
        assert status(f"{address}/generate") == 200


def held_by(pid: int, requests: list[Held]) -> list[Held]:
    """Those of the requests that a process has in hand."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            sockets.add(str(entry.readlink()))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    names = {int(row[2].rpartition(":")[2], 16): f"socket:[{row[9]}]" for row in rows}  # by the client's port
    return [request for request in requests if names[request.socket.getsockname()[1]] in sockets]


def test_a_killed_process_costs_its_own_requests_in_flight_and_is_back_by_itself(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_THREADS=64) as (address, process):
        victim, other = process.workers
        for pid in (victim, other):
            wait_until(lambda pid=pid: process.has(pid, f"{address}/livez"), what="both processes to serve")
        held: list[Held] = []
        while not (held_by(victim, held) and held_by(other, held)):
            held.append(Held(address))
        lost = held_by(victim, held)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in process.workers and len(process.workers) == 2, what="a new process")
        for request in held:
            assert request.finish() == (0 if request in lost else 200)
        (back,) = set(process.workers) - {other}
        wait_until(lambda: process.has(back, f"{address}/generate"), what="the new process to serve")
