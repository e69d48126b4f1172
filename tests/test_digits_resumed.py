"""`flask --app app digits` goes on where another run broke off, and puts shards together."""

import shutil
import subprocess
from pathlib import Path

import pytest
from servers import digits_command, only_file, server_environment

from app import resuming
from app.config import ROOT
from app.datasets import CHUNK, Dataset


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


def test_shards_are_put_together_without_looking_for_every_chunk_in_each(digits, monkeypatch):
    for which in range(1, 6):
        assert digits(*REQUEST, "--shard", f"{which}/5").exit_code == 0
    read, looked = resuming._read, []
    monkeypatch.setattr(resuming, "_read", lambda *given: (looked.append(given), read(*given))[1])
    assert digits(*REQUEST).exit_code == 0
    assert len(looked) < 30  # of ten chunks in five shards of two, where 40 would be all that stand before each


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


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(digits, tmp_path, breaks_after):
    file = tmp_path / f"digitsmith-seed3-{COUNT}.parquet"
    file.write_bytes(b"old")
    breaks_after(4)
    digits(*REQUEST)
    assert file.read_bytes() == b"old"
    breaks_after(100)
    digits(*REQUEST)
    assert file.read_bytes().startswith(b"PAR1")
