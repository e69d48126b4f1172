"""README's lines work when they are pasted."""

import json
import re
import shutil
import subprocess

import pytest
from conftest import need

from app.config import ROOT

README = (ROOT / "README.md").read_text()
CURL = re.search(r"```sh\n(.+?)```", README, re.DOTALL)[1].strip().splitlines()

STARTS = {".png": b"\x89PNG", ".webp": b"RIFF", ".npz": b"PK", ".parquet": b"PAR1"}


def test_the_curl_lines_work_when_pasted(server, tmp_path):
    """One after the other, for the last ones send what the first ones fetched."""
    need(shutil.which("curl") is not None, "curl is not installed")
    for line in CURL:
        before = set(tmp_path.iterdir())
        command = line.replace("http://127.0.0.1:8000", server).replace("curl ", "curl --fail --no-progress-meter ", 1)
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, (line, done.stderr)
        fetched = set(tmp_path.iterdir()) - before
        assert done.stdout.startswith(b"{") or len(fetched) == 1, line
        for file in fetched:
            assert file.read_bytes().startswith(STARTS[file.suffix]), line


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_what_the_readme_points_to_is_there(target):
    file, _, heading = target.partition("#")
    assert (ROOT / file).exists()
    if heading:
        titles = re.findall(r"^## (.+)$", README, re.MULTILINE)
        assert heading in [title.lower().replace(" ", "-") for title in titles]


def near_duplicates(figures, space):
    return {kind: found["near_duplicates"] for kind, found in figures["memorisation"][space].items()}


ROWS = {
    "CAS": lambda figures: figures["cas"],
    "label accuracy": lambda figures: figures.get("label_accuracy"),
    "judge-FID": lambda figures: figures["judge_fid"],
    "precision": lambda figures: figures["precision"],
    "recall": lambda figures: figures["recall"],
    "coverage": lambda figures: figures["coverage"],
    "near duplicates in pixels": lambda figures: near_duplicates(figures, "pixels"),
    "near duplicates in features": lambda figures: near_duplicates(figures, "features"),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_figures_of_quality_are_those_of_the_cards(row):
    cells = re.search(rf"^\| {row} \| (.+) \|$", README, re.MULTILINE)[1].split(" | ")
    names = re.search(r"^\| \| (`digitsmith`.+) \| real digits \|$", README, re.MULTILINE)[1].split(" | ")
    cards = [json.loads((ROOT / "models" / name.strip("`") / "card.json").read_text()) for name in names]
    found = [ROWS[row](card["evaluation"]) for card in cards]
    expected = [both["generated"] if both else None for both in found] + [found[0]["real"]]
    for cell, value in zip(cells, expected, strict=True):
        if value is None:
            assert cell == "–"
        else:
            number, percent, _ = cell.partition("%")
            decimals = len(number.partition(".")[2])
            assert number == f"{100 * value if percent else value:.{decimals}f}"
            assert decimals >= 2
