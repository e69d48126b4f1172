"""How fast digits are served, beside what Flask and gunicorn can do at all and beside other servers.

Run with `make benchmark-serving`, which needs wrk and hey. The servers run one at a time, in turns, with
two processes each, and the load generator runs beside them on the same cores. The tables show medians
and spreads over the turns, so that a noisy moment hits all alike.
"""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import click
import httpx
import psutil

from app.config import PREFIX, ROOT
from app.sampling import plan_indices
from benchmarks.load import hey, need, refuse_failures, requests_per_second, wrk
from benchmarks.rivals import load

PROCESSES = 2
PATIENCE = 120  # seconds until a server that does not draw is given up
CONNECTIONS = (1, 8, 64)
DATASET = 20_000  # digits
POST = "wrk.method = 'POST'\nwrk.body = '{}'\nwrk.headers['Content-Type'] = 'application/json'\n"


class Rival(NamedTuple):
    """A server: its name, its command for a port, and whether /generate wants a POST."""

    name: str
    command: Callable[[int], list[str]]
    post: bool = False


def gunicorn(application: str, port: int) -> list[str]:
    """The server of an application, with as many processes and threads as ours."""
    how = ["-c", os.devnull, "-k", "gthread", "--threads", "8", "-w", str(PROCESSES)]
    return [sys.executable, "-m", "gunicorn", *how, "-b", f"127.0.0.1:{port}", application]


OURS = Rival("Digitsmith", lambda port: [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}"])
CONSTANT = Rival("a constant PNG from Flask", lambda port: gunicorn("benchmarks.rivals.constant:app", port))
TUTORIAL = Rival(
    "Flask and `predict` on TensorFlow",
    lambda port: ["env", "KERAS_BACKEND=tensorflow", *gunicorn("benchmarks.rivals.tutorial:app", port)],
)
LITSERVE = Rival(
    "LitServe", lambda port: [sys.executable, "-m", "benchmarks.rivals.lit", str(port), str(PROCESSES)], post=True
)
BENTOML = Rival(
    "BentoML",
    lambda port: [sys.executable, "-m", "bentoml", "serve", "benchmarks.rivals.bento:Digits", "--port", str(port)],
    post=True,
)
RIVALS = (CONSTANT, OURS, TUTORIAL, LITSERVE, BENTOML)


class Running(NamedTuple):
    """A server that runs: where, since how many seconds after its start it answers, and its first process."""

    rival: Rival
    address: str
    ready: float
    pid: int


@contextmanager
def running(rival: Rival) -> Iterator[Running]:
    """Start a server and wait until it draws; end it and all its processes."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "WORKERS": str(PROCESSES), f"{PREFIX}INFERENCE_THREADS": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(
        rival.command(port),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not answers(rival, f"http://127.0.0.1:{port}"):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise click.ClickException(f"{rival.name} does not serve: {' '.join(rival.command(port))}")
            time.sleep(0.01)
        yield Running(rival, f"http://127.0.0.1:{port}", time.perf_counter() - began, process.pid)
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def answers(rival: Rival, address: str) -> bool:
    """Whether the server draws a digit."""
    how = {"method": "POST", "json": {}} if rival.post else {"method": "GET"}
    try:
        answer = httpx.request(url=f"{address}/generate", timeout=60, trust_env=False, **how)
        return answer.content.startswith(b"\x89PNG")
    except httpx.TransportError:
        return False


def loaded(server: Running, connections: int, seconds: int, path: str = "/generate") -> tuple[float, float]:
    """Answers a second and the 99th percentile in milliseconds, as wrk measures them."""
    script = POST if server.rival.post else ""
    said = wrk(server.address + path, connections, seconds, min(connections, 2), script)
    refuse_failures(said)
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    return requests_per_second(said), float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def paced(server: Running, rate: float, seconds: int) -> float:
    """The 99th percentile in milliseconds of 8 clients that together ask so often a second, as hey measures it."""
    said = hey(f"{server.address}/generate", rate, 8, seconds)
    refuse_failures(said)
    if (reached := requests_per_second(said)) < 0.9 * rate:
        raise click.ClickException(f"hey asked {reached:.0f} times a second, not {rate:.0f}: nothing is measured.")
    return 1000 * float(re.search(r"99%+ in ([\d.]+) secs", said)[1])


def digits_per_second(server: Running) -> float:
    """Digits of a data set that come over one connection in a second."""
    began = time.perf_counter()
    with httpx.stream("GET", f"{server.address}/dataset?count={DATASET}&seed=1", timeout=60) as response:
        response.raise_for_status()
        for _ in response.iter_raw():
            pass
    return DATASET / (time.perf_counter() - began)


def bare_digits_per_second() -> float:
    """Digits that the generator draws in a second in one process, with one thread and no server."""
    generator = load()
    plan = plan_indices(1, range(128), generator.latent_dim, generator.classes)
    began, drawn = time.perf_counter(), 0
    while drawn < DATASET:
        generator(plan.latents, plan.labels)
        drawn += len(plan.latents)
    return drawn / (time.perf_counter() - began)


def megabytes(server: Running) -> float:
    """Proportional memory of the largest of the server's processes, which is one that draws."""
    first = psutil.Process(server.pid)
    sizes = []
    for process in (first, *first.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            sizes.append(process.memory_full_info().pss)
    return max(sizes) / 2**20


def bytes_on_the_wire(server: Running) -> int:
    """Bytes of one answer with its headers."""
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        body = b"{}" if server.rival.post else b""
        head = f"{'POST' if body else 'GET'} /generate HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return len(b"".join(iter(lambda: connection.recv(65_536), b"")))


def shown(values: list[float], places: int = 0) -> str:
    """The median, and the spread."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{places}f} ({low:,.{places}f} to {high:,.{places}f})"


@click.command()
@click.option("--turns", default=3, show_default=True, help="How often each server is measured.")
@click.option("--seconds", default=4, show_default=True, help="How long each load lasts.")
def main(turns: int, seconds: int) -> None:
    """Print how fast digits are served."""
    need("wrk", "hey")
    found: dict[str, dict[str, list[float]]] = {rival.name: {} for rival in RIVALS}
    ours: dict[str, list[float]] = {}
    for turn in range(turns):
        for rival in RIVALS[turn % len(RIVALS) :] + RIVALS[: turn % len(RIVALS)]:
            with running(rival) as server:
                for name, value in measure(server, seconds).items():
                    found[rival.name].setdefault(name, []).append(value)
                if rival is OURS:
                    most = found[rival.name]["64 connections, /s"][-1]
                    for name, value in measure_more(server, seconds, most).items():
                        ours.setdefault(name, []).append(value)
        ours.setdefault("the bare generator, one thread, digits/s", []).append(bare_digits_per_second())
    tell(found, ours)


def measure(server: Running, seconds: int) -> dict[str, float]:
    """What is measured of every server."""
    loaded(server, 8, 1)
    measured = {"ready, s": server.ready}
    for connections in CONNECTIONS:
        measured[f"{connections} connections, /s"], slowest = loaded(server, connections, seconds)
    return measured | {
        "64 connections, p99, ms": slowest,
        "a process, MB": megabytes(server),
        "an answer, bytes": bytes_on_the_wire(server),
    }


def measure_more(server: Running, seconds: int, most: float) -> dict[str, float]:
    """What only ours can do."""
    return {
        "/generate?count=100, 8 connections, digits/s": 100 * loaded(server, 8, seconds, "/generate?count=100")[0],
        "/dataset as npz, one connection, digits/s": digits_per_second(server),
        "/generate at half of its most, p99, ms": paced(server, most / 2, seconds),
    }


def tell(found: dict[str, dict[str, list[float]]], ours: dict[str, list[float]]) -> None:
    """Print the tables."""
    columns = list(found[OURS.name])
    click.echo(f"| | {' | '.join(columns)} |\n{'|---' * (len(columns) + 1)}|")
    for name, measured in found.items():
        cells = [shown(values, 1 if column.startswith("ready") else 0) for column, values in measured.items()]
        click.echo(f"| {name} | {' | '.join(cells)} |")
    click.echo("\n| Digitsmith | |\n|---|---|")
    for name, values in ours.items():
        click.echo(f"| {name} | {shown(values)} |")


if __name__ == "__main__":
    main()
