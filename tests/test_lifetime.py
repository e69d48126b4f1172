"""Stopping, and losing a process, cost no request that they need not cost."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from servers import Held, busy_seconds, load, running_server, status, wait_until


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
        wait_until(lambda: process.logged(f"{weights} has SHA-256"), what="the refusal")
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


def test_a_request_that_does_not_end_is_given_up_when_the_grace_is_over(one_model):
    with running_server(DIGITSMITH_MODELS=one_model, DIGITSMITH_GRACE=1) as (address, process):
        held = Held(address)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert held.finish() == 0


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
