"""What OpenVINO reads is made once, kept whole or not at all, and done without where nothing can be kept."""

import errno
import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import exports
from app.config import ROOT
from app.exports import ExportError, Exports, Network


def network_at(path: Path) -> Network:
    return Network(str(path), sha256(path.read_bytes()).hexdigest(), (3,))


@pytest.fixture(scope="module")
def network() -> Network:
    return network_at(ROOT / "models" / "mlp" / "discriminator.keras")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, network: Network) -> Path:
    """A folder that keeps the network."""
    folder = tmp_path_factory.mktemp("exports") / "kept"
    Exports(folder).prepare([network])
    return folder


def test_what_is_kept_is_not_made_again(folder, network, monkeypatch):
    monkeypatch.setattr(exports.subprocess, "run", None)
    with Exports(folder).opened(network) as opened:
        assert {path.name for path in opened.iterdir()} == {"3.xml", "3.bin", "signature.json"}


def test_other_weights_and_other_sizes_are_kept_apart(network):
    others = [Network(network.path, "1" * 64, (3,)), Network(network.path, network.sha256, (2, 3))]
    assert len({each.name for each in (network, *others)}) == 3


def test_processes_that_start_together_make_it_once(tmp_path, folder, network, monkeypatch):
    made = []

    def make(networks, into):
        made.extend(networks)
        for each in networks:
            shutil.copytree(folder / network.name, into / each.name)

    monkeypatch.setattr(exports, "_make", make)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: Exports(tmp_path).prepare([network]), range(8)))
    assert made == [network]


def test_what_a_killed_process_left_is_removed(tmp_path, network):
    (tmp_path / ".writing-x").mkdir()
    (tmp_path / ".writing-x" / "copy.keras").touch()
    Exports(tmp_path).prepare([network])
    assert {path.name for path in tmp_path.iterdir()} == {".lock", network.name}


def test_where_nothing_can_be_kept_it_is_made_and_removed_and_the_log_says_so_once(tmp_path, network, caplog):
    (tmp_path / "file").touch()
    nowhere = Exports(tmp_path / "file" / "folder")
    for _ in range(2):
        with nowhere.opened(network) as opened:
            assert (opened / "3.xml").exists()
        assert not opened.exists()
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/file/folder cannot keep networks: each process makes them anew, which takes seconds."
    ]


def test_where_nobody_may_even_look_it_is_made_and_removed(tmp_path, network):
    with Exports(tmp_path / ("a" * 300)).opened(network) as opened:  # no name for a folder, for root neither
        assert (opened / "3.xml").exists()
    assert not opened.exists()


def test_where_the_lock_is_not_ours_it_is_made_and_removed(tmp_path, network):
    (tmp_path / ".lock").mkdir()  # which root, too, cannot open
    with Exports(tmp_path).opened(network) as opened:
        assert (opened / "3.xml").exists()
    assert [each.name for each in tmp_path.iterdir()] == [".lock"]


def test_keras_makes_it_without_scipy(tmp_path, network, monkeypatch):
    (tmp_path / "scipy.py").write_text("raise ImportError('SciPy is not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Exports(tmp_path / "kept").opened(network) as opened:
        assert (opened / "3.xml").exists()


def test_what_is_no_network_is_told_in_one_sentence_and_leaves_nothing(tmp_path):
    path = tmp_path / "generator.keras"
    path.write_bytes(b"not a zip")
    with pytest.raises(ExportError, match=rf"^{path} is not a Keras model that can be loaded \(.*\)\.$"):
        Exports(tmp_path / "kept").prepare([network_at(path)])
    assert [each.name for each in (tmp_path / "kept").iterdir()] == [".lock"]


def test_a_file_that_has_changed_is_not_kept_under_its_old_hash(tmp_path, network):
    with pytest.raises(ExportError, match=rf"^{network.path} has changed since it was looked at: start again\.$"):
        Exports(tmp_path / "kept").prepare([Network(network.path, "3" * 64, (2,))])
    assert [each.name for each in (tmp_path / "kept").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("basic_ios::clear: iostream error")]
)
def test_a_full_disk_is_told_apart_from_a_network_that_is_none(tmp_path, network, monkeypatch, capsys, error):
    def full(*_):
        raise error

    monkeypatch.setattr(exports, "_export", full)
    monkeypatch.setattr(exports.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    monkeypatch.setattr(exports, "_spare_scipy", lambda: None)
    monkeypatch.setattr(exports.sys, "argv", ["", str(tmp_path)])
    monkeypatch.setattr(exports.sys, "stdin", io.StringIO(json.dumps([asdict(network)])))
    with pytest.raises(SystemExit) as ended:
        exports.main()
    assert ended.value.code == exports.FULL
    assert "has no room" in capsys.readouterr().err


def test_where_there_is_no_room_to_keep_it_it_is_made_and_removed(tmp_path, folder, network, monkeypatch):
    def make(networks, into):
        if into == tmp_path:
            raise exports._FullError("no room")
        shutil.copytree(folder / network.name, into / network.name)

    monkeypatch.setattr(exports, "_make", make)
    with Exports(tmp_path).opened(network) as opened:
        assert (opened / "3.xml").exists()
    assert not opened.exists()
