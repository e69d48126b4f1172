"""The real gunicorn: starting, refusing to start, load, stopping."""

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import need
from servers import answers, busy_seconds, free_port, refused, running_server, server_environment, wait_until

from app.config import ROOT


def test_sixteen_threads_get_the_bytes_that_a_lone_request_gets(server, get):
    urls = [f"{server}/generate?seed={seed}" for seed in range(16)]
    alone = [get(url).read() for url in urls]
    assert len(set(alone)) == 16
    with ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            assert [answer.read() for answer in pool.map(get, urls)] == alone


def test_no_request_writes_a_file(tmp_path, get):
    with running_server(WORKERS=1, TMPDIR=tmp_path) as (address, _):
        before = snapshot(tmp_path)
        assert get(f"{address}/generate?count=100").status == 200
        assert get(f"{address}/").status == 200
        assert snapshot(tmp_path) == before


def snapshot(folder: Path) -> set[Path]:
    places = [folder, ROOT / "static", ROOT / "models", ROOT / "templates", ROOT / "app"]
    written = {file for place in places for file in place.rglob("*")}
    return {file for file in written if "__pycache__" not in file.parts}  # which other tests' servers may write


def test_neither_tensorflow_nor_keras_is_in_the_serving_process():
    code = (
        "import sys; from app import create_app; create_app(); sys.exit(bool({'tensorflow', 'keras'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=server_environment()).returncode == 0


def test_importing_the_app_reads_and_loads_nothing():
    code = "import sys, app; sys.exit('keras' in sys.modules or 'openvino' in sys.modules)"
    environment = server_environment(DIGITSMITH_MODELS="/nowhere", DIGITSMITH_PORT="none")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment).returncode == 0


def test_a_kept_network_that_is_damaged_is_told_and_made_anew_once_deleted(one_model, tmp_path):
    settings = {"DIGITSMITH_MODELS": one_model, "DIGITSMITH_CACHE": tmp_path, "WORKERS": 1}
    with running_server(**settings):
        pass
    damaged = next(tmp_path.glob("*/16.bin"))
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    (said,) = refused(**settings)
    assert f"cannot be loaded from {damaged.parent}, which may be deleted" in said
    shutil.rmtree(damaged.parent)
    with running_server(**settings):
        pass


def test_sigterm_lets_a_request_in_flight_finish_and_ends_with_zero(get):
    with running_server(WORKERS=1) as (address, process), ThreadPoolExecutor(1) as pool:
        (worker,) = process.workers
        before = busy_seconds(worker)
        answer = pool.submit(lambda: get(f"{address}/generate?count=400&scale=16&columns=20"))
        wait_until(lambda: busy_seconds(worker) > before + 0.1, what="the worker to be drawing")
        process.send_signal(signal.SIGTERM)
        assert answer.result().read().startswith(b"\x89PNG")
        assert process.wait(timeout=60) == 0


def test_the_settings_of_the_environment_reach_the_server(get):
    settings = {"WORKERS": 3, "DIGITSMITH_THREADS": 2, "DIGITSMITH_DEFAULT_MODEL": "mlp"}
    with running_server(**settings, DIGITSMITH_QUEU=1) as (address, process):
        assert get(f"{address}/generate").headers["X-Model"] == "mlp"
        assert len(process.workers) == 3
        assert process.log.read_text().count("DIGITSMITH_QUEU is no setting and changes nothing; did you mean") == 1


def test_a_damaged_model_folder_is_refused_with_one_sentence(tmp_path):
    shutil.copytree(ROOT / "models" / "mlp", tmp_path / "mlp")
    weights = tmp_path / "mlp" / "generator.keras"
    weights.write_bytes(weights.read_bytes()[:-1])
    (said,) = refused(DIGITSMITH_MODELS=tmp_path)
    assert said.startswith(f"{weights} has SHA-256")


def test_a_fault_that_only_loading_shows_is_refused_with_one_sentence(tmp_path):
    shutil.copytree(ROOT / "models" / "mlp", tmp_path / "mlp")
    card = json.loads((tmp_path / "mlp" / "card.json").read_text())
    card["latent"]["dim"] = 99
    (tmp_path / "mlp" / "card.json").write_text(json.dumps(card))
    (said,) = refused(DIGITSMITH_MODELS=tmp_path)
    assert "it must map {'latent': ((None, 99), 'float32')}" in said


def test_a_default_that_is_not_there_is_refused_with_one_sentence():
    said = refused(DIGITSMITH_DEFAULT_MODEL="best")
    assert said == ["DIGITSMITH_DEFAULT_MODEL is 'best'; it must be one of dcgan, digitsmith, mlp."]


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("WORKERS", "0"), ("MODELS", "/nowhere")])
def test_a_bad_setting_is_refused_with_one_sentence(name, value):
    (said,) = refused(**{f"DIGITSMITH_{name}": value})
    assert said.startswith(f"DIGITSMITH_{name} is ")


def test_a_certificate_is_refused_with_one_sentence():
    (said,) = refused(GUNICORN_CMD_ARGS=f"--certfile {__file__} --keyfile {__file__}")
    assert said.endswith("Digitsmith speaks plain HTTP: let a proxy in front speak TLS.")


@pytest.mark.parametrize(
    ("host", "reason"),
    [("127.0.0.1", "Address already in use"), ("192.0.2.1", "Cannot assign requested address"), ("a b", "not known")],
)
def test_an_address_where_nothing_can_listen_is_refused_with_one_sentence(server, tmp_path, host, reason):
    port = server.rpartition(":")[2]
    (said,) = refused(DIGITSMITH_HOST=host, DIGITSMITH_PORT=port, TMPDIR=tmp_path)
    assert said.startswith(f"Nothing can listen at HOST {host}, PORT {port} (")
    assert reason in said
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_gunicorn_is_given_goes_before_the_settings(server, monkeypatch):
    port, taken = free_port(), server.rpartition(":")[2]
    monkeypatch.setattr("servers.free_port", lambda: port)
    bound = {"DIGITSMITH_PORT": taken, "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}"}
    with running_server(**bound) as (address, process):
        assert address.endswith(f":{port}")
        wait_until(lambda: f"Digitsmith is at {address} (" in process.log.read_text(), what="where it is")


def test_make_serve_serves_on_the_port_it_is_given(get):
    """What README promises; the packages are those of the test's own environment."""
    need((ROOT / ".venv" / "development").exists(), "the tests do not run in make's own environment")
    port = free_port()
    process = subprocess.Popen(
        ["make", "serve"],
        cwd=ROOT,
        env=server_environment(PORT=port),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        assert get(f"http://127.0.0.1:{port}/generate?digit=7").headers["X-Digits"] == "7"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert f"Digitsmith is at http://127.0.0.1:{port}" in said


@pytest.mark.parametrize(("host", "bind"), [("::", "[::]:8000"), ("127.0.0.1", "127.0.0.1:8000")])
def test_an_ipv6_address_stands_in_brackets_before_the_port(host, bind):
    told = "import runpy; print(runpy.run_path('gunicorn.conf.py')['bind'])"
    environment = server_environment(DIGITSMITH_HOST=host)
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout == f"{bind}\n"
