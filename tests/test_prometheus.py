"""The metrics count right: over several processes, after one is killed and after a reload."""

import os
import signal
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families
from servers import refused, running_server, wait_until

from app.config import ROOT
from app.routes.prometheus import OPEN


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample's value by its name and its labels' values, these in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_digits_and_batches_are_counted(client):
    client.get("/generate?count=5")
    client.get("/generate?model=mlp")
    client.get("/number/2026")
    client.get("/interpolate?steps=3")
    client.get("/?count=6&model=mlp&number=7")
    client.get("/generate?count=no")
    client.get("/dataset?count=300").get_data()
    found = samples(client.get("/metrics").text)
    assert found["digitsmith_http_requests_total", "GET", "/generate", "200"] == 2
    assert found["digitsmith_http_requests_total", "GET", "/generate", "422"] == 1
    assert found["digitsmith_http_requests_total", "GET", "/number/<digits>", "200"] == 1
    assert found["digitsmith_http_request_duration_seconds_count", "/generate"] == 3
    assert found["digitsmith_digits_total", "digitsmith"] == 5 + 4 + 3 + 1 + 300
    assert found["digitsmith_digits_total", "mlp"] == 1 + 6
    assert found["digitsmith_batch_size_digits_count",] == 5  # a visit of the page draws twice and is one request
    assert found["digitsmith_batch_size_digits_sum",] == 20
    assert found["digitsmith_batch_size_digits_bucket", "4.0"] == 3


@pytest.mark.parametrize("kind", ["text/plain", "application/openmetrics-text"])
@pytest.mark.parametrize("version", ["0.0.4", "1.0.0", "1.x", "abc", ""])
def test_any_version_that_a_client_takes_is_answered(client, kind, version):
    answer = client.get("/metrics", headers={"Accept": f"{kind};version={version}"})
    assert answer.status_code == 200
    assert "digitsmith_http_requests" in answer.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", OPEN),
        ("text/plain;q=0.5, application/openmetrics-text;q=0.3", "text/plain"),
        ("application/openmetrics-text;q=0, text/plain", "text/plain"),
        ("application/openmetrics-text;q=0", "text/plain"),
        ("*/*", "text/plain"),
    ],
)
def test_the_kind_that_a_client_would_rather_have_is_answered(client, accept, kind):
    assert client.get("/metrics", headers={"Accept": accept}).mimetype == kind


def test_no_client_can_make_series_without_end(client):
    """A label may only take values that we choose."""
    for index in range(5):
        client.get(f"/nowhere/{index}")
        client.open("/generate", method=f"SPELL{index}")
        client.get(f"/models/none{index}")
    found = {name for name in samples(client.get("/metrics").text) if name[0] == "digitsmith_http_requests_total"}
    assert found == {
        ("digitsmith_http_requests_total", "GET", "none", "404"),
        ("digitsmith_http_requests_total", "other", "none", "405"),
        ("digitsmith_http_requests_total", "GET", "/models/<name>", "404"),
    }


def test_metrics_come_in_the_form_that_is_asked_for(client):
    plain = client.get("/metrics")
    assert plain.content_type.startswith("text/plain; version=")
    assert plain.headers["Cache-Control"] == "no-store"
    asked = {"Accept": "application/openmetrics-text;version=1.0.0"}
    assert client.get("/metrics", headers=asked).content_type.startswith("application/openmetrics-text")


def test_the_processes_count_as_one_forget_nothing_and_leave_nothing_behind(one_model, tmp_path, get):
    with running_server(DIGITSMITH_MODELS=one_model, TMPDIR=tmp_path) as (address, process):

        def drawing() -> set[int]:
            """Ask for 10 × 2 digits; the processes that drew them."""
            before = len(process.lines())
            for _ in range(10):
                assert get(f"{address}/generate?count=2").status == 200
            return {line["pid"] for line in process.lines()[before:] if line.get("path") == "/generate"}

        def is_right() -> bool:
            """Whether every process tells of all digits that were ever drawn."""
            drawn = 2 * sum(line.get("path") == "/generate" for line in process.lines())
            told = [samples(get(f"{address}/metrics").read().decode()) for _ in range(20)]
            return {one["digitsmith_digits_total", "mlp"] for one in told} == {drawn}

        wait_until(lambda: len(drawing()) == 2, what="both processes to draw")
        assert is_right()

        killed, other = process.workers
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: drawing() - {killed, other}, what="the new process to draw")
        assert is_right()

        for _ in range(2):
            old = process.workers
            process.send_signal(signal.SIGHUP)
            wait_until(lambda old=old: not set(old) & set(process.workers), what="the processes to be replaced")
        wait_until(lambda: len(drawing()) == 2, what="both new processes to draw")
        assert is_right()

        (folder,) = tmp_path.glob("digitsmith-metrics-*")
        assert len(list(folder.iterdir())) <= 12  # counters, gauges and histograms of two pairs: never more
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_used_is_refused_with_one_sentence():
    said = refused(PROMETHEUS_MULTIPROC_DIR="/proc/metrics")
    assert said == ["PROMETHEUS_MULTIPROC_DIR is /proc/metrics, which cannot be used: No such file or directory."]


def test_a_folder_of_the_operators_is_used_and_emptied_of_what_an_earlier_server_left(one_model, tmp_path, get):
    (tmp_path / "counter_0.db").write_bytes(b"torn")
    settings = {"PROMETHEUS_MULTIPROC_DIR": tmp_path, "DIGITSMITH_MODELS": one_model}
    with running_server(WORKERS=1, **settings) as (address, _):
        assert get(f"{address}/metrics").status == 200
        assert {file.name for file in tmp_path.iterdir()} == {"counter_0.db", "gauge_livesum_0.db", "histogram_0.db"}


def test_an_empty_name_of_the_folder_counts_as_none(tmp_path):
    (tmp_path / "mine.db").touch()
    code = "from app.metrics import Folder, Metrics; assert Metrics().expose('')[0]; Folder().remove()"
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": "", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.db"]
