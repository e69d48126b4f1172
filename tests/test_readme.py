"""README's lines work when they are pasted."""

import re
import subprocess

import pytest

from app.config import ROOT

README = (ROOT / "README.md").read_text()
CURL = re.search(r"```sh\n(.+?)```", README, re.DOTALL)[1].strip().splitlines()


@pytest.mark.parametrize("line", CURL)
def test_a_curl_line_works_when_pasted(server, tmp_path, line):
    command = line.replace("http://127.0.0.1:8000", server).replace("curl ", "curl --fail --silent --show-error ", 1)
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    for file in tmp_path.iterdir():
        assert file.read_bytes().startswith({".png": b"\x89PNG", ".webp": b"RIFF"}[file.suffix])
    assert done.stdout.startswith(b"{") or list(tmp_path.iterdir())


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_what_the_readme_points_to_is_there(target):
    assert (ROOT / target).exists()
