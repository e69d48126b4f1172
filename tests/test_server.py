"""The real gunicorn: starting, refusing to start, load, stopping."""

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import free_port, running_server, server_environment

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
    return {file for place in places for file in place.rglob("*")}


def test_tensorflow_is_not_in_the_serving_process():
    code = "import sys; from app import create_app; create_app(); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=server_environment()).returncode == 0


def test_importing_the_app_reads_and_loads_nothing():
    code = "import sys, app; sys.exit('keras' in sys.modules or 'openvino' in sys.modules)"
    environment = server_environment(DIGITSMITH_MODELS="/nowhere", DIGITSMITH_PORT="none")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment).returncode == 0


def test_sigterm_ends_the_server_with_zero():
    with running_server(WORKERS=1) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_the_settings_of_the_environment_reach_the_server(get):
    with running_server(WORKERS=3, DIGITSMITH_THREADS=2, DIGITSMITH_DEFAULT_MODEL="mlp") as (address, process):
        assert get(f"{address}/generate").headers["X-Model"] == "mlp"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 3


def refused(**settings: object) -> str:
    """What gunicorn says when it must not start, without its own log lines."""
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=server_environment(PORT=free_port(), WORKERS=1, **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    return "\n".join(line for line in done.stderr.splitlines() if line and not line.startswith("["))


def test_a_damaged_model_folder_is_refused_with_one_sentence(tmp_path):
    shutil.copytree(ROOT / "models" / "mlp", tmp_path / "mlp")
    weights = tmp_path / "mlp" / "generator.keras"
    weights.write_bytes(weights.read_bytes()[:-1])
    said = refused(DIGITSMITH_MODELS=tmp_path)
    assert said.startswith(f"{weights} has SHA-256")
    assert said.count("\n") == 0


def test_a_fault_that_only_loading_shows_is_refused_with_one_sentence():
    said = refused(DIGITSMITH_DEFAULT_MODEL="best")
    sentences = [line for line in said.splitlines() if not line.startswith("Digitsmith is at")]
    assert sentences == ["DIGITSMITH_DEFAULT_MODEL is 'best'; it must be one of dcgan, digitsmith, mlp."]


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("WORKERS", "0"), ("MODELS", "/nowhere")])
def test_a_bad_setting_is_refused_with_one_sentence(name, value):
    said = refused(**{f"DIGITSMITH_{name}": value})
    assert said.startswith(f"DIGITSMITH_{name} is ")
    assert said.count("\n") == 0


def test_make_serve_serves_on_the_port_it_is_given(get):
    """What README promises; the packages are those of the test's own environment."""
    if not (ROOT / ".venv" / "development").exists():
        pytest.skip("not run through make")
    port = free_port()
    from conftest import answers, wait_until

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
