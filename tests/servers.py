"""A real gunicorn for the tests: started, waited for, watched and ended."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from random import SystemRandom
from tempfile import NamedTemporaryFile
from threading import Event
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from app.config import ROOT

# Another export is not to be tested on what this one has kept.
EXPORTER = sha256(b"".join((ROOT / "app" / file).read_bytes() for file in ("exports.py", "graphs.py"))).hexdigest()[:8]

# This process's own ports: above those of Ray's workers, and below those, from 32,768 on, that Linux gives to whoever
# does not care which, such as a browser.
FIRST = 31_000 - 1000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = iter(SystemRandom().sample(range(FIRST, FIRST + 1000), 1000))


def wait_until(
    condition: Callable[[], object], seconds: float = 120, what: str = "the condition", pause: float = 0.05
) -> None:
    """Wait for a condition of another process; fail when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come true in {seconds} seconds")
        time.sleep(pause)


def free_port() -> int:
    """A port that nobody has, and that nobody is likely to take until the server that it is for has started."""
    for port in PORTS:
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("", port))
            return port
    raise AssertionError("every port has been given out")


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return response.status == 200
    except (URLError, OSError):
        return False


class Server(subprocess.Popen[str]):
    """gunicorn's first process."""

    log: Path

    @property
    def workers(self) -> list[int]:
        """The processes that it has forked."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    @contextmanager
    def alone(self, pid: int) -> Iterator[None]:
        """Hold all workers still but this one."""
        others = set(self.workers) - {pid}
        for other in others:
            os.kill(other, signal.SIGSTOP)
        try:
            yield
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)

    def has(self, pid: int, url: str) -> bool:
        """Whether this worker answers."""
        with self.alone(pid):
            return answers(url)

    def lines(self) -> list[dict[str, object]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def logged(self, words: str) -> bool:
        """Whether it has logged such words."""
        return any(words in line["event"] for line in self.lines())


def connected(address: str) -> socket.socket:
    """A bare connection to a server."""
    return socket.create_connection(address.removeprefix("http://").split(":"), timeout=60)


def digits_command(*arguments: object) -> list[str]:
    """The command that draws a data set."""
    return [sys.executable, "-m", "flask", "--app", "app", "digits", *map(str, arguments)]


class Held:
    """A request that is in flight until `finish`: a server's thread waits for its body."""

    def __init__(self, address: str):
        self.socket = connected(address)
        self.socket.sendall(
            b"POST /generate HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"
        )
        assert self.socket.recv(100).startswith(b"HTTP/1.1 100")

    def finish(self) -> int:
        """The answer's status; 0 when the connection is lost."""
        with self.socket, closing(http.client.HTTPResponse(self.socket)) as response:
            try:
                self.socket.sendall(b'{"seed":1}')
                response.begin()
                response.read()
            except (OSError, http.client.HTTPException):
                return 0
            return response.status


def status(url: str) -> int:
    """The answer's status; 0 where there is none."""
    try:
        with urlopen(url, timeout=60) as response:
            response.read()
            return response.status
    except HTTPError as error:
        with error:
            return error.code
    except (URLError, OSError):
        return 0


def server_environment(**settings: object) -> dict[str, str]:
    """The environment of a server as an operator would start it, on Keras's OpenVINO backend unless told."""
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    kept["DIGITSMITH_CACHE"] = str(ROOT / ".pytest_cache" / f"exports-{EXPORTER}")
    return kept | {name: str(value) for name, value in settings.items()}


@contextmanager
def running_server(folder: Path = ROOT, **settings: object) -> Iterator[tuple[str, Server]]:
    """A real gunicorn on the code in `folder`, ready to answer: its address and its process."""
    port = free_port()
    environment = server_environment(PORT=port, **settings)
    with NamedTemporaryFile("w+") as log:
        process = Server([sys.executable, "-m", "gunicorn"], cwd=folder, env=environment, stderr=log)
        process.log = Path(log.name)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: process.poll() is not None or answers(f"{address}/readyz"), what=f"{address}/readyz")
            if process.poll() is not None:
                pytest.fail(f"gunicorn ended: {process.log.read_text()}")
            yield address, process
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            finally:
                process.kill()


def refused(**settings: object) -> list[str]:
    """What gunicorn says when it must not start, but for its own log lines; each worker may say it."""
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=server_environment(PORT=free_port(), **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    return sorted({line for line in done.stderr.splitlines() if line and not line.startswith("{")})


def busy_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def only_file(folder: Path) -> Path:
    """The file that is alone in a folder."""
    (file,) = folder.iterdir()
    return file


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


def replace(file: Path, old: str, new: str) -> None:
    """Write another text into a file in the place of one that stands there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
