"""The requirements name every package that is installed for them, each in one version."""

import re
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from app.config import ROOT


def lines(file: str) -> list[str]:
    """The requirements of a file and of those that it includes."""
    found = []
    for line in (ROOT / file).read_text().splitlines():
        if included := re.fullmatch(r"-[rc] (\S+)", line):
            found += lines(included[1])
        elif line and not line.startswith("#"):
            found.append(line)
    return found


def needed(requirement: Requirement) -> set[str]:
    """The names of what a package needs on this machine, for itself and the extras that are asked of it."""
    asked = [{"extra": extra} for extra in ("", *requirement.extras)]
    found = map(Requirement, requires(requirement.name) or [])
    return {
        one.name.lower().replace("_", "-")
        for one in found
        if not one.marker or any(one.marker.evaluate(extra) for extra in asked)
    }


@pytest.mark.parametrize("kind", ["", "-training", "-ray", "-dev"])
def test_what_is_installed_is_pinned_with_all_that_it_needs_in_turn(kind):
    requirements = [Requirement(line) for line in lines(f"requirements{kind}.txt")]
    pinned = {one.name.lower() for one in requirements if one.specifier}
    assert set().union(*map(needed, requirements)) <= pinned
