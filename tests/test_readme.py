"""README's lines work when they are pasted."""

import re
import subprocess

import pytest

from app.config import ROOT

README = (ROOT / "README.md").read_text()
CURL = re.search(r"```sh\n(.+?)```", README, re.DOTALL)[1].strip().splitlines()

STARTS = {".png": b"\x89PNG", ".webp": b"RIFF", ".npz": b"PK", ".parquet": b"PAR1"}


def test_the_curl_lines_work_when_pasted(server, tmp_path):
    """One after the other, for the last ones send what the first ones fetched."""
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
    assert (ROOT / target).exists()
