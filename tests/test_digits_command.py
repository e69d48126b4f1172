"""`flask --app app digits`: the bytes of /dataset in a file that is whole or not there."""

import os
import pty
import re
import signal
import subprocess
from pathlib import Path
from unittest.mock import Mock

import pytest
from servers import digits_command, only_file, server_environment, wait_until

from app.config import ROOT
from app.datasets import Dataset
from app.files import replacing


@pytest.mark.parametrize("kind", ["png", "npz", "idx", "parquet"])
@pytest.mark.parametrize("size", ["count", "per-class"])
def test_the_bytes_and_the_name_are_those_of_the_route(client, digits, tmp_path, kind, size):
    done = digits("--digit", 7, f"--{size}", 300, "--seed", 1, "--truncation", 0.5, "--format", kind)
    assert done.exit_code == 0, done.output
    answer = client.get(f"/dataset?digit=7&{size.replace('-', '_')}=300&seed=1&truncation=0.5&format={kind}")
    file = only_file(tmp_path)
    assert file.read_bytes() == answer.data
    assert f'"{file.name}"' in answer.headers["Content-Disposition"]
    assert done.stdout.strip() == str(file)


def test_a_seed_that_is_left_out_is_chosen_and_told_by_the_name(digits, tmp_path):
    digits("--per-class", 1)
    digits("--per-class", 1)
    assert len({file.name for file in tmp_path.glob("digitsmith-seed*-10.npz")}) == 2


def test_who_ends_it_early_is_told_how_to_go_on(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(Dataset, "draw", Mock(side_effect=KeyboardInterrupt))
    done = digits("--per-class", 1)
    (seed,) = re.findall(r"goes on from here, with --seed (\d+)\.", done.stderr)
    assert f"seed{seed}-" in only_file(tmp_path).name


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--digit", 10), "digit is 10; it must be a whole number from 0 to 9."),
        (("--count", 0), "count is '0'; it must be a whole number above 0."),
        (("--per-class", 10**8), "--per-class is 100000000; it must be a whole number from 1 to 10000000."),
        (("--count", 1, "--per-class", 1), "--per-class is 1; it must be left out where count is given."),
        (("--format", "csv"), "format is 'csv'; it must be one of npz, idx, png, parquet."),
        (("--model", "mlp"), "Model mlp knows no labels and cannot label a data set: ask digitsmith instead."),
        (("--model", "x"), "There is no model 'x'; it must be one of digitsmith, mlp."),
        (("--model", ""), "There is no model ''; it must be one of digitsmith, mlp."),
        (("--shard", "1/2"), "--shard needs --seed: the shards of other seeds do not go together."),
        (("--out", "/proc/nowhere"), "/proc/nowhere/digitsmith-seed"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(digits, tmp_path, arguments, says):
    done = digits(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {says}")
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_server_gives_can_be_drawn(app, digits):
    app.config["MAX_DATASET"] = 5
    assert digits("--count", 6).exit_code == 0


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "١/٢"])
def test_what_is_no_shard_is_refused(digits, tmp_path, shard):
    done = digits("--seed", 1, "--shard", shard)
    assert done.exit_code == 2
    assert f"'{shard}' is no shard; it must be a number, / and how many there are, such as 2/8." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_a_folder_has_is_refused_before_a_digit_is_drawn(digits, tmp_path):
    taken = tmp_path / "digitsmith-seed1-20.npz"
    taken.mkdir()
    done = digits("--count", 20, "--seed", 1)
    assert done.exit_code == 1
    assert "Is a directory" in done.stderr
    assert "Drawing digits" not in done.stderr
    assert [*tmp_path.iterdir()] == [taken]


def test_two_writers_of_one_file_are_kept_apart(tmp_path):
    with replacing(tmp_path / "digits.npz") as first:
        with pytest.raises(BlockingIOError), replacing(tmp_path / "digits.npz"):
            pass
        first.write(b"whole")
    assert only_file(tmp_path).read_bytes() == b"whole"


def test_an_interrupt_once_a_file_has_its_name_is_no_failure_to_write_it(tmp_path, monkeypatch):
    rename = Path.replace

    def interrupted(path: Path, target: Path) -> None:
        rename(path, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "digits.npz") as file:
        file.write(b"whole")
    assert only_file(tmp_path).read_bytes() == b"whole"


def test_a_whole_run_shows_that_it_is(tmp_path):
    terminal, end = pty.openpty()
    asked = digits_command("--count", 10, "--seed", 1, "--out", tmp_path)
    subprocess.run(asked, cwd=ROOT, env=server_environment(TERM="xterm"), stderr=end, check=True)
    os.close(end)
    assert b"100%" in os.read(terminal, 65536)
    os.close(terminal)


def test_a_killed_run_shows_its_progress_leaves_no_file_and_is_taken_up(tmp_path, server, get):
    asked = digits_command("--count", 12_000, "--seed", 1, "--out", tmp_path)
    terminal, end = pty.openpty()
    process = subprocess.Popen(asked, cwd=ROOT, env=server_environment(TERM="xterm"), stderr=end)
    os.close(end)
    seen = b""

    def some_progress() -> bool:
        nonlocal seen
        seen += os.read(terminal, 4096)
        return re.search(rb" [1-9][0-9]%", seen) is not None

    wait_until(some_progress, what="a progress bar beyond 10%")
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    os.close(terminal)
    file = tmp_path / "digitsmith-seed1-12000.npz"
    assert not file.exists()
    done = subprocess.run(asked, cwd=ROOT, env=server_environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Going on with what is drawn already." in done.stderr
    assert only_file(tmp_path) == file
    assert file.read_bytes() == get(f"{server}/dataset?count=12000&seed=1").read()


def test_two_runs_do_not_write_the_same_file_at_once(tmp_path):
    asked = digits_command("--count", 100_000, "--seed", 1, "--out", tmp_path)
    first = subprocess.Popen(asked, cwd=ROOT, env=server_environment(), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: any(tmp_path.glob(".unfinished-*")), what="the first run to be drawing")
        first.send_signal(signal.SIGSTOP)
        second = subprocess.run(asked, cwd=ROOT, env=server_environment(), capture_output=True, text=True, timeout=120)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 1
    assert second.stderr == f"Error: {tmp_path}/digitsmith-seed1-100000.npz is being written by another process.\n"


@pytest.mark.parametrize(("name", "value"), [("DIGITSMITH_PORT", "http"), ("DIGITSMITH_MODELS", "/nowhere")])
def test_a_bad_setting_is_one_sentence_here_too(name, value):
    settings = server_environment(**{name: value})
    done = subprocess.run(digits_command(), cwd=ROOT, env=settings, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {name} is ")
    assert done.stderr.count("\n") == 1
