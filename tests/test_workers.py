"""Training on several workers: real processes, which TF_CONFIG tells of each other."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from servers import free_port, wait_until
from trainings import history, invoke, training_command, without_speed

from app.config import ROOT
from training import checkpoint
from training.errors import TrainingError
from training.workers import of_environment

TINY = ("--batch-size", 32, "--generator-width", 8, "--discriminator-width", 8, "--latent-dim", 8)
EXACT = ("--precision", "float32")
ENDLESS = ("--preset", "mlp", "--images", 32 * 10**6, "--checkpoint-every", 320, *TINY)

Workers = list[subprocess.Popen[str]]


@pytest.fixture
def pair(few_digits: Path, tmp_path: Path) -> Iterator[Callable[..., Workers]]:
    """Start two workers that train into tmp_path/two, the second with flags of its own after those of both."""
    begun: Workers = []

    def begin(*flags: object, second: tuple[object, ...] = ()) -> Workers:
        addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        shared = ("--data", few_digits, "--out", tmp_path / "two", *flags)
        for index, own in enumerate(((), second)):
            process = subprocess.Popen(
                training_command("train", *shared, *own),
                cwd=ROOT,
                env=environment(addresses, index),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            begun.append(process)
        return begun[-2:]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def environment(addresses: list[str], index: int) -> dict[str, str]:
    """What tells one of the workers at these addresses of them."""
    config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
    return os.environ | {"TF_CONFIG": json.dumps(config)}


def wait_for_checkpoint(workers: Workers, folder: Path) -> None:
    """Wait until workers have saved one, unless one of them ends before, for which the other would wait long."""
    wait_until(lambda: checkpoint.exists(folder) or gone(workers), what="the first checkpoint")
    assert not gone(workers), [worker.communicate()[0] for worker in gone(workers)]


def gone(workers: Workers) -> Workers:
    """Those that have ended."""
    return [worker for worker in workers if worker.poll() is not None]


def ended(workers: Workers) -> list[tuple[int, str]]:
    """What each worker returned and said."""
    said = [worker.communicate(timeout=240)[0] for worker in workers]
    return [(worker.returncode, words) for worker, words in zip(workers, said, strict=True)]


def end_with_equal_weights(workers: Workers) -> None:
    ends = ended(workers)
    assert [code for code, _ in ends] == [0, 0], ends
    first, second = (re.search(r"SHA-256 of its weights is (\w{64})", words) for _, words in ends)
    assert first[1] == second[1]


def rows(folder: Path) -> np.ndarray:
    """A run's history as an array, a row for each of its rows, without the speed."""
    return np.array([list(row.values()) for row in without_speed(history(folder))])


def test_two_workers_end_with_equal_weights_and_the_history_of_one(pair, few_digits, tmp_path):
    flags = ("--images", 32 * 12, "--warmup-images", 0, *TINY, *EXACT)
    end_with_equal_weights(pair(*flags))
    one = invoke("train", "--data", few_digits, "--out", tmp_path / "one", *flags)
    assert one.exit_code == 0, one.output
    np.testing.assert_allclose(rows(tmp_path / "two"), rows(tmp_path / "one"), atol=1e-4)
    assert (tmp_path / "two" / "card.json").is_file()


def test_workers_show_the_hard_digits_that_the_first_of_them_finds(pair, tmp_path):
    flags = ("--images", 32 * 12, "--emphasis", 4, *TINY, *EXACT)
    end_with_equal_weights(pair(*flags))
    assert len(checkpoint.read(tmp_path / "two")[2].weights) == 600


def test_when_a_worker_is_killed_the_other_says_so_and_both_can_go_on_or_one(pair, few_digits, tmp_path):
    folder = tmp_path / "two"
    both = pair(*ENDLESS)
    wait_for_checkpoint(both, folder)
    both[1].kill()
    code, words = ended(both)[0]
    assert code == 1
    assert "Worker 1 of 2 has lost another" in words
    assert "--resume" in words
    told, _, _ = words.partition("Exception ignored in")  # which a pool of TensorFlow's may cause as Python ends
    assert "Traceback" not in told

    settings, _, progress, _ = checkpoint.read(folder)
    end_with_equal_weights(pair("--resume", "--images", (progress.step + 10) * settings.batch_size))
    images = (progress.step + 20) * settings.batch_size
    alone = invoke("train", "--data", few_digits, "--out", folder, "--resume", "--images", images)
    assert alone.exit_code == 0, alone.output
    steps = rows(folder)[:, 0]
    assert steps[-1] == progress.step + 20
    assert np.all(np.diff(steps) > 0)


def test_a_worker_that_is_told_to_stop_stops_all_at_the_same_step_and_saves(pair, tmp_path):
    folder = tmp_path / "two"
    both = pair(*ENDLESS)
    wait_for_checkpoint(both, folder)
    both[1].terminate()
    for code, words in ended(both):
        assert code == 130
        assert f"Stopped and saved: go on with --resume --out {folder}" in words
        assert "Traceback" not in words


def test_workers_that_do_not_train_the_same_are_refused(pair):
    ends = ended(pair("--preset", "mlp", "--images", 320, *TINY, second=("--generator-width", 16)))
    assert all(code == 1 for code, _ in ends)
    assert any("has other settings, data or steps behind it than another" in words for _, words in ends)


def test_a_worker_whose_port_is_taken_says_so(few_digits, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            training_command("train", "--data", few_digits, "--out", tmp_path / "two"),
            cwd=ROOT,
            env=environment([address, f"127.0.0.1:{free_port()}"], 0),
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert done.returncode == 1
    assert f"Worker 1 of 2 cannot listen at {address}, its address in TF_CONFIG" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_devices_of_one_machine_make_the_step_of_one():
    script = """
import numpy as np, tensorflow as tf
from training.gan import GAN
from training.presets import settings_for
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
small = {"batch_size": 32, "generator_width": 8, "discriminator_width": 8, "precision": "float32", "penalty_every": 1}
rng = np.random.default_rng(0)
images, labels = rng.integers(0, 256, (32, 28, 28, 1), np.uint8), rng.integers(0, 10, 32, np.int32)
for preset in ("dcgan", "digitsmith"):
    states = []
    for strategy in (None, mirrored):
        gan = GAN(settings_for(preset, small), 10, strategy)
        for step in range(1, 6):
            gan.train_step(step, images, labels)
        states.append(gan.state())
    for name in states[0]:
        np.testing.assert_allclose(states[1][name], states[0][name], atol=1e-4, err_msg=name)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "config",
    [
        "one:2222",
        "[]",
        '{"cluster": {"worker": ["one:2222"]}}',
        '{"cluster": {"worker": ["one:2222"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["one:2222"], "ps": ["two:2222"]}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_an_environment_that_does_not_tell_of_workers_is_refused(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(TrainingError, match="must tell of the cluster and this worker's place in it"):
        of_environment()
