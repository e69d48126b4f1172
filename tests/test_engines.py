"""`flask --app app digits --engine ray`: the same bytes, drawn by Ray, which is real here."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pyarrow
import pytest
from click import ClickException
from servers import digits_command, free_port, server_environment, wait_until

from app import engines
from app.config import ROOT
from app.datasets import CHUNK, Dataset

COUNT = 20_000


def command(folder: Path, count: int) -> list[str]:
    return digits_command("--engine", "ray", "--count", count, "--seed", 1, "--out", folder)


def descendants(pid: int) -> set[int]:
    """The processes that this one, and those, have started."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    except FileNotFoundError:
        return set()
    return children.union(*map(descendants, children))


def drawers(pid: int) -> set[int]:
    """Those of them in which Ray draws."""
    found = set()
    for child in descendants(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"ray::MapWorker"):
                found.add(child)
    return found


def drawn(folder: Path) -> int:
    """Bytes of digits that stand in the unfinished file."""
    return sum(file.stat().st_size for file in folder.glob(".unfinished-*"))


def test_a_killed_ray_process_costs_no_digit_and_the_bytes_are_those_of_the_route(tmp_path, server, get):
    process = subprocess.Popen(
        command(tmp_path, COUNT),
        cwd=ROOT,
        env=server_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: drawn(tmp_path) > 0 or process.poll() is not None, what="the first digits")
    victim = min(drawers(process.pid))
    os.kill(victim, signal.SIGKILL)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    (file,) = tmp_path.iterdir()
    expected = get(f"{server}/dataset?count={COUNT}&seed=1").read()
    assert sha256(file.read_bytes()).hexdigest() == sha256(expected).hexdigest()


def test_an_engine_is_asked_only_for_what_is_missing(app, client, tmp_path, monkeypatch):
    asked = []

    def breaks_off(dataset, spans):
        yield from (dataset.draw(next(spans)) for _ in range(3))
        raise ClickException("It broke off.")

    def goes_on(dataset, spans):
        asked.extend(spans)
        return engines.here(dataset, iter(asked))

    request = ["digits", "--out", str(tmp_path), "--count", str(6 * CHUNK), "--seed", "3", "--engine", "ray"]
    for engine, code in ((breaks_off, 1), (goes_on, 0)):
        monkeypatch.setitem(engines.ENGINES, "ray", engine)
        assert app.test_cli_runner().invoke(args=request).exit_code == code
    every = list(Dataset(app.extensions["digitsmith"]["digitsmith"], 3, 6 * CHUNK).chunks())
    assert asked == every[3:]
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == client.get(f"/dataset?count={6 * CHUNK}&seed=3").data


def test_without_ray_it_says_how_to_have_it(app, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    request = ["digits", "--out", str(tmp_path), "--count", "1", "--engine", "ray"]
    done = app.test_cli_runner().invoke(args=request)
    assert done.exit_code == 1
    assert done.stderr.endswith("Error: The engine ray needs Ray: pip install -r requirements-ray.txt\n")


@pytest.mark.parametrize(
    ("name", "says"),
    [("mlp", "would draw other digits: its mlp or its libraries"), ("x", "cannot draw: There is no model x in ")],
)
def test_a_machine_that_would_draw_other_digits_says_so_instead(one_model, monkeypatch, name, says):
    monkeypatch.setenv("DIGITSMITH_MODELS", str(one_model))
    drawer = engines.Drawer("another proof", name, 1, CHUNK, None, 1.0)
    table = drawer({"data": []})
    assert says in table["fault"][0].as_py()


def test_what_a_machine_says_instead_of_digits_ends_the_run(app, tmp_path, monkeypatch):
    class Refusing:
        def iter_batches(self, **_how):
            yield pyarrow.table({"fault": ["The Ray machine there cannot draw."]})

    monkeypatch.setattr(engines, "_drawn", lambda *_asked: Refusing())
    ray = SimpleNamespace(init=lambda *_where, **_how: None, shutdown=lambda: None)
    monkeypatch.setattr(engines, "_ray", lambda: ray)
    request = ["digits", "--out", str(tmp_path), "--count", "1", "--engine", "ray"]
    done = app.test_cli_runner().invoke(args=request)
    assert done.exit_code == 1
    assert done.stderr.endswith("Error: The Ray machine there cannot draw.\n")


def test_a_ray_that_cannot_be_reached_is_one_sentence(tmp_path):
    done = subprocess.run(
        command(tmp_path, 1), cwd=ROOT, env=server_environment(RAY_ADDRESS="nowhere"), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Error: Ray could not draw the digits: " in done.stderr
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def cluster() -> Iterator[dict[str, str]]:
    """The environment of a command that draws on a Ray which runs already."""
    port = free_port()
    environment = server_environment(
        RAY_ADDRESS=f"127.0.0.1:{port}", RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED=0
    )
    start = ["start", "--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--block"]
    head = subprocess.Popen(
        [sys.executable, "-m", "ray.scripts.scripts", *start],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert any("Ray runtime started" in line for line in head.stdout)
        yield environment
    finally:
        for pid in {head.pid} | descendants(head.pid):  # at once: told to end, Ray takes up to half a minute
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        head.communicate()


def test_a_cluster_draws_what_a_shard_has_left_out(cluster, tmp_path, server, get):
    shard = [*command(tmp_path, 5000), "--shard", "1/2", "--engine", "local"]
    subprocess.run(shard, cwd=ROOT, env=server_environment(), check=True, capture_output=True)
    done = subprocess.run(command(tmp_path, 5000), cwd=ROOT, env=cluster, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Going on with what is drawn already." in done.stderr
    assert "Warning" not in done.stderr  # as Ray's, that processes have nothing to do
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == get(f"{server}/dataset?count=5000&seed=1").read()
