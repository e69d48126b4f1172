"""A model is published under a name that the app serves."""

import re

import pytest
from trainings import invoke

from app import model_folder
from training.export import LONGEST, NAME
from training.publish import publish

REFUSED = ("", "my model", "ü", "-x", ".hidden", "a/b", "../esc", "..", "fine\n")


@pytest.mark.parametrize("name", ["mine", "7", "A.b_c-9", *REFUSED])
def test_what_is_published_has_a_name_that_the_app_serves(name):
    assert bool(NAME.fullmatch(name)) == bool(model_folder.NAME.fullmatch(name)) == (name not in REFUSED)


@pytest.mark.parametrize("name", [*REFUSED, "a" * (LONGEST + 1)])
def test_another_name_is_refused_before_anything_is_written(tmp_path, name):
    done = invoke("publish", tmp_path, f"--as={name}", "--models", tmp_path / "models")
    assert re.search(r"^Error: --as (is|has) .*; it must (be of letters|have at most 245)", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_own_name_cannot_be_a_models_is_refused_by_that(tmp_path):
    (tmp_path / "my run").mkdir()
    done = invoke("publish", tmp_path / "my run")
    assert re.search(r"^Error: The name of FOLDER is 'my run'; it must be of letters", done.stderr)


def test_the_longest_name_can_be_published_twice(run, tmp_path):
    for _ in range(2):
        publish(run, tmp_path / ("a" * LONGEST), force=False)
    assert (tmp_path / ("a" * LONGEST) / "card.json").is_file()
