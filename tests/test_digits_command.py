"""`flask --app app digits`: the bytes of /dataset in a file that is whole or not there."""

import io
import os
import pty
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
from servers import digits_command, server_environment, wait_until

from app import files
from app.config import ROOT
from app.datasets import CHUNK, Dataset
from app.files import replacing
from app.formats.zips import writing


@pytest.fixture
def digits(app, tmp_path):
    """Run the command in this process, writing to `tmp_path`."""

    def run(*arguments: object):
        given = ["digits", "--out", str(tmp_path), *map(str, arguments)]
        return app.test_cli_runner().invoke(args=given)

    return run


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


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
        (("--per-class", 10**8), "per_class is 100000000; it must be a whole number from 1 to 10000000."),
        (("--count", 1, "--per-class", 1), "per_class is 1; it must be left out where count is given."),
        (("--format", "csv"), "format is 'csv'; it must be one of npz, idx, png, parquet."),
        (("--model", "mlp"), "Model mlp knows no labels and cannot label a data set: ask digitsmith instead."),
        (("--model", "x"), "There is no model 'x'; it must be one of digitsmith, mlp."),
        (("--shard", "1/2"), "--shard needs --seed: the shards of other seeds do not go together."),
        (("--out", "/proc/nowhere"), "/proc/nowhere/digitsmith-seed"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(digits, tmp_path, arguments, says):
    done = digits(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {says}")
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_server_gives_can_be_drawn(app, digits, tmp_path):
    app.config["MAX_DATASET"] = 5
    assert digits("--count", 6).exit_code == 0


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "١/٢"])
def test_what_is_no_shard_is_refused(digits, tmp_path, shard):
    done = digits("--seed", 1, "--shard", shard)
    assert done.exit_code == 2
    assert f"'{shard}' is no shard; it must be a number, / and how many there are, such as 2/8." in done.stderr
    assert list(tmp_path.iterdir()) == []


class BreakdownError(Exception):
    """What stops a run in its midst."""


@pytest.fixture
def breaks_after(monkeypatch):
    """Let drawing break down after some chunks; tells how many digits were drawn until then, chunk by chunk."""
    draw = Dataset.draw

    def arrange(chunks: int) -> list[int]:
        sizes: list[int] = []

        def drawing(dataset, span):
            if len(sizes) == chunks:
                raise BreakdownError
            sizes.append(len(span))
            return draw(dataset, span)

        monkeypatch.setattr(Dataset, "draw", drawing)
        return sizes

    return arrange


COUNT = 10 * CHUNK
REQUEST = ("--count", COUNT, "--seed", 3, "--format", "parquet")
SAME = f"/dataset?count={COUNT}&seed=3&format=parquet"


@pytest.fixture
def broken_off(digits, tmp_path, breaks_after) -> Path:
    """What a run leaves that broke off after four chunks."""
    breaks_after(4)
    assert isinstance(digits(*REQUEST).exception, BreakdownError)
    left = only_file(tmp_path)
    assert left.name.startswith(f".unfinished-digitsmith-seed3-{COUNT}.parquet")
    return left


@pytest.mark.usefixtures("broken_off")
def test_a_run_goes_on_where_another_broke_off(client, digits, tmp_path, breaks_after):
    drawn = breaks_after(100)
    done = digits(*REQUEST)
    assert sum(drawn) == COUNT - 4 * CHUNK
    assert "Going on with what is drawn already." in done.stderr
    assert only_file(tmp_path).read_bytes() == client.get(SAME).data


@pytest.mark.parametrize(("damage", "left"), [("cut", 2), ("changed", 3)])
def test_what_is_damaged_is_drawn_anew(client, digits, tmp_path, breaks_after, broken_off, damage, left):
    content = bytearray(broken_off.read_bytes())
    middle = len(content) * 5 // 8  # in the third chunk
    content[middle] ^= 1
    broken_off.write_bytes(content[:middle] if damage == "cut" else content)
    drawn = breaks_after(100)
    assert digits(*REQUEST).exit_code == 0
    assert sum(drawn) == COUNT - left * CHUNK
    assert only_file(tmp_path).read_bytes() == client.get(SAME).data


@pytest.mark.usefixtures("broken_off")
def test_another_models_unfinished_digits_are_left_alone(app, digits, breaks_after):
    app.extensions["digitsmith"]["digitsmith"].card["sha256"]["generator.keras"] = "1" * 64
    drawn = breaks_after(100)
    assert digits(*REQUEST).exit_code == 0
    assert sum(drawn) == COUNT


def test_shards_drawn_in_any_order_or_not_at_all_are_put_together_to_the_same_bytes(
    client, digits, tmp_path, breaks_after
):
    for which in (3, 1):
        assert digits(*REQUEST, "--shard", f"{which}/3").exit_code == 0
    assert len(list(tmp_path.iterdir())) == 2
    drawn = breaks_after(100)
    assert digits(*REQUEST, "--shard", "3/3").exit_code == 0
    assert drawn == []
    assert digits(*REQUEST).exit_code == 0
    assert 3 * CHUNK <= sum(drawn) <= 4 * CHUNK
    assert only_file(tmp_path).read_bytes() == client.get(SAME).data


def test_a_name_that_a_folder_has_is_refused_before_a_digit_is_drawn(digits, tmp_path):
    taken = tmp_path / "digitsmith-seed1-20.npz"
    taken.mkdir()
    done = digits("--count", 20, "--seed", 1)
    assert done.exit_code == 1
    assert "Is a directory" in done.stderr
    assert "Drawing digits" not in done.stderr
    assert [*tmp_path.iterdir()] == [taken]


def test_shards_are_put_together_without_looking_for_every_chunk_in_each(digits, monkeypatch):
    for which in range(1, 6):
        assert digits(*REQUEST, "--shard", f"{which}/5").exit_code == 0
    read, looked = files._read, []
    monkeypatch.setattr(files, "_read", lambda *given: (looked.append(given), read(*given))[1])
    assert digits(*REQUEST).exit_code == 0
    assert len(looked) < 30  # of ten chunks in five shards of two, where 40 would be all that stand before each


def test_two_writers_of_one_file_are_kept_apart(tmp_path):
    with replacing(tmp_path / "digits.npz") as first:
        with pytest.raises(BlockingIOError), replacing(tmp_path / "digits.npz"):
            pass
        first.write(b"whole")
    assert only_file(tmp_path).read_bytes() == b"whole"


def test_a_zip_file_that_is_broken_off_ends_at_once():
    out = io.BytesIO()
    with suppress(BreakdownError), writing(out, b"{}") as archive:
        for member in range(1000):
            archive.add(f"{member}.png", b"")
        end = out.tell()
        raise BreakdownError
    assert out.tell() - end < 100  # and lists no thousand members first


def test_a_large_member_of_a_zip_file_has_the_same_header_by_every_python():
    out = io.BytesIO()
    with writing(out, b"{}") as archive:
        start = out.tell()
        with archive.member("large", 2**31):
            pass
    header = out.getvalue()[start:]
    assert header[4:6] == b"\x2d\0"  # version 4.5
    assert header[18:26] == b"\xff" * 8  # the sizes


def test_more_shards_than_files_may_be_open_are_put_together(tmp_path):
    asked = [*digits_command("--count", 10, "--seed", 1, "--out", tmp_path), "--shard", "1/300"]
    subprocess.run(asked, cwd=ROOT, env=server_environment(), check=True, capture_output=True)
    first = only_file(tmp_path)
    for which in range(2, 301):
        shutil.copy(first, first.with_name(first.name.replace("-1-of-", f"-{which}-of-")))
    few = ["prlimit", "--nofile=200:4096", *asked[:-2]]
    done = subprocess.run(few, cwd=ROOT, env=server_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert only_file(tmp_path).name == "digitsmith-seed1-10.npz"


def test_a_whole_run_shows_that_it_is(tmp_path):
    terminal, end = pty.openpty()
    asked = digits_command("--count", 10, "--seed", 1, "--out", tmp_path)
    subprocess.run(asked, cwd=ROOT, env=server_environment(TERM="xterm"), stderr=end, check=True)
    os.close(end)
    assert b"100%" in os.read(terminal, 65536)
    os.close(terminal)


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(digits, tmp_path, breaks_after):
    file = tmp_path / f"digitsmith-seed3-{COUNT}.parquet"
    file.write_bytes(b"old")
    breaks_after(4)
    digits(*REQUEST)
    assert file.read_bytes() == b"old"
    breaks_after(100)
    digits(*REQUEST)
    assert file.read_bytes().startswith(b"PAR1")


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
