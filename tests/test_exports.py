"""What OpenVINO reads is made once, kept whole or not at all, and done without where nothing can be kept."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import exports
from app.config import ROOT
from app.exports import ExportError, Exports, Network


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(str(ROOT / "models" / "mlp" / "discriminator.keras"), "0" * 64, (3,))


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
    others = [Network(network.path, "1" * 64, (3,)), Network(network.path, "0" * 64, (2, 3))]
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


def test_where_nothing_can_be_kept_it_is_made_and_removed(tmp_path, network):
    (tmp_path / "file").touch()
    with Exports(tmp_path / "file" / "folder").opened(network) as opened:
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
        Exports(tmp_path / "kept").prepare([Network(str(path), "2" * 64, (2,))])
    assert [each.name for each in (tmp_path / "kept").iterdir()] == [".lock"]
