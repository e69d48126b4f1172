"""/dataset streams: it draws while it sends, keeps nothing, and stops when the client is gone."""

import io
import re
import socket
import subprocess
import sys

import numpy as np
import pytest
from fakes import fake_app, fake_images
from PIL import Image
from servers import busy_seconds, connected, running_server, server_environment, status, wait_until

from app.config import ROOT
from app.datasets import CHUNK
from app.formats import FORMATS
from app.generator import BATCH_SIZES
from app.runtime import Runtime


@pytest.fixture
def drawn(app) -> list[int]:
    """The sizes of the batches that the fake generator has drawn."""
    sizes: list[int] = []

    def run(inputs):
        sizes.append(len(inputs["latent"]))
        return fake_images(inputs)

    app.extensions["digitsmith"]["digitsmith"].generator._runtime = Runtime(dict.fromkeys(BATCH_SIZES, run))
    return sizes


def test_a_seeded_answer_is_immutable_and_head_and_304_draw_nothing(client, drawn):
    head = client.head("/dataset?count=100000&seed=5")
    assert head.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not head.headers["ETag"].startswith("W/")
    assert "Content-Length" not in head.headers
    unchanged = client.get("/dataset?count=100000&seed=5", headers={"If-None-Match": head.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert drawn == []
    assert (
        client.get("/dataset?count=10&seed=5").headers["ETag"]
        == client.head("/dataset?per_class=1&seed=5").headers["ETag"]
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_digits_are_drawn_while_they_are_taken_and_no_more_once_the_client_is_gone(client, drawn, kind, caplog):
    response = client.get(f"/dataset?count=100000&seed=5&format={kind}")
    pieces = response.iter_encoded()
    for _ in range(3):
        next(pieces)
    so_far = sum(drawn)
    assert so_far <= 16 * CHUNK
    response.close()
    assert sum(drawn) == so_far
    assert re.search(r"the client left after \d+ bytes of digitsmith-seed5-100000", caplog.text)


PEAK = """
import re, sys
from pathlib import Path
import numpy as np
from app.catalogue import Model
from app.datasets import Dataset
from app.formats import stream
from app.generator import BATCH_SIZES, Generator
from app.runtime import Runtime

noise = np.random.default_rng(0).random((64, 28, 28, 1), dtype=np.float32)
generator = Generator(Runtime(dict.fromkeys(BATCH_SIZES, lambda inputs: noise[: len(inputs["latent"])])), 8, 10)
model = Model("noise", {"sha256": {"generator.keras": ""}, "evaluation": None}, generator, None)
for count in (1_000, 20_000):
    dataset = Dataset(model, 1, count)
    size = sum(map(len, stream(dataset, sys.argv[1], map(dataset.draw, dataset.chunks()))))
    print(size, re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.parametrize("kind", FORMATS)
def test_twenty_times_the_digits_take_no_more_memory(kind):
    command = [sys.executable, "-c", PEAK, kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    few, few_peak, many, many_peak = map(int, done.stdout.split())
    assert many > 19 * few > 14_000_000
    assert many_peak - few_peak < 6_000  # kilobytes; the digits themselves are 15,000


def asking(address: str, query: str) -> socket.socket:
    """A connection over which a data set has begun to come."""
    connection = connected(address)
    connection.sendall(f"GET /dataset?{query} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK")
    return connection


def test_a_client_that_leaves_ends_the_work_and_others_are_served_meanwhile(get):
    """The work is counted in processor time, which other processes do not add to."""
    with running_server(WORKERS=1, THREADS=2) as (address, process):
        (worker,) = process.workers
        with asking(address, "count=100000&seed=1"):
            assert get(f"{address}/generate?digit=7&seed=1").headers["X-Digits"] == "7"
        left = busy_seconds(worker)

        def said() -> str:
            return process.log.read_text()

        wait_until(lambda: "the client left after" in said(), what="the log to tell that the client left")
        assert busy_seconds(worker) - left < 1
        assert int(re.search(r"left after (\d+) bytes of digitsmith-seed1-100000.npz", said())[1]) < 40_000_000


def test_half_of_the_threads_may_stream_and_the_next_is_refused(get):
    with running_server(WORKERS=1, THREADS=4) as (address, _):
        small = f"{address}/dataset?count=10&seed=1"
        with asking(address, "count=100000&seed=1"), asking(address, "count=100000&seed=1"):
            with get(small) as refused:
                assert refused.status == 503
                assert refused.headers["Retry-After"] == "1"
            assert status(f"{address}/generate") == 200
        wait_until(lambda: status(small) == 200, what="a place to be free again")
        for _ in range(3):  # what is known already takes no place
            with get(small) as made:
                etag = made.headers["ETag"]
                made.read()  # to the end, where it gives its place back
            with get(small, **{"If-None-Match": etag}) as known, get(small, **{"If-Match": '"another"'}) as another:
                assert (known.status, another.status) == (304, 412)


def test_both_processes_and_the_real_model_give_the_same_bytes(get):
    with running_server() as (address, process):
        made = []
        for pid in process.workers:
            wait_until(lambda pid=pid: process.has(pid, f"{address}/livez"), what="both processes to serve")
            with process.alone(pid):
                made.append(get(f"{address}/dataset?per_class=30&seed=3").read())
        sheet = np.asarray(Image.open(io.BytesIO(get(f"{address}/number/0123456789?seed=3").read())))
    first, second = made
    assert first == second
    with np.load(io.BytesIO(first)) as file:
        assert file["x_train"].shape == (250, 28, 28)
        np.testing.assert_array_equal(np.hstack(file["x_train"][:10]), sheet)


def test_a_server_of_one_thread_streams_too():
    with fake_app(THREADS=1).test_client().get("/dataset?count=1") as response:
        assert response.status_code == 200


def test_pyarrow_is_not_loaded_before_it_is_needed():
    """Without pandas, which loads it, and which Keras loads where the tests' packages are installed."""
    hidden = "import sys; sys.modules['pandas'] = None"
    code = f"{hidden}; from app import create_app; create_app(); sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=server_environment()).returncode == 0
