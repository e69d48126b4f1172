"""The house's inner walls: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import ROOT

FILES = [path.relative_to(ROOT) for package in ("app", "training") for path in sorted((ROOT / package).rglob("*.py"))]


def imported(file: Path) -> Iterator[str]:
    """The packages that a file imports, at its top or anywhere in it."""
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.partition(".")[0] for name in names)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_app_and_training_never_import_each_other(file):
    other = {"app": "training", "training": "app"}[file.parts[0]]
    assert other not in imported(file)


def test_three_files_of_the_app_alone_know_what_runs_the_networks():
    knowing = {str(file) for file in FILES if file.parts[0] == "app" and {"keras", "openvino"} & {*imported(file)}}
    assert knowing == {"app/exports.py", "app/graphs.py", "app/runtime.py"}
