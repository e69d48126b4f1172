"""Files and folders are replaced whole or not at all."""

import pytest

from training.errors import TrainingError
from training.files import replacing, replacing_folder


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("before")

    def broken() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert path.read_text() == "before"
    with replacing(path) as temporary:
        temporary.write_text("after")
    assert path.read_text() == "after"
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path):
    target = tmp_path / "folder"
    with replacing_folder(target) as fresh:
        (fresh / "file").write_text("old")
    with pytest.raises(TrainingError, match="No such file"), replacing_folder(target) as fresh:
        (fresh / "missing" / "file").write_text("new")
    assert (target / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]

    target.rename(tmp_path / ".replaced-folder")  # as a kill between the two renames leaves it
    with pytest.raises(KeyError), replacing_folder(target):
        raise KeyError
    assert (target / "file").read_text() == "old"
    with replacing_folder(target) as fresh:
        (fresh / "file").write_text("new")
    assert (target / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
