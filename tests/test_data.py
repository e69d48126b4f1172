"""Data sets: what is read, and what is refused."""

import errno
import gzip
import os
import re
import shutil
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from trainings import invoke

from training import data
from training.data import batches, load
from training.errors import TrainingError

PARTS = {
    "train-images-idx3-ubyte": (60, 28, 28),
    "train-labels-idx1-ubyte": (60,),
    "t10k-images-idx3-ubyte": (10, 28, 28),
    "t10k-labels-idx1-ubyte": (10,),
}


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """Random pictures of 26 classes, in the classes' order."""
    rng = np.random.default_rng(0)
    return {
        name: rng.integers(0, 256, shape, np.uint8)
        if len(shape) == 3
        else np.sort(np.arange(shape[0], dtype=np.uint8) % 26)
        for name, shape in PARTS.items()
    }


def together(images: np.ndarray, labels: np.ndarray) -> set[tuple[bytes, int]]:
    """Each picture and its label, in no order."""
    return {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)}


@pytest.fixture
def folder(tmp_path, arrays) -> Path:
    (tmp_path / "letters").mkdir()
    for name, array in arrays.items():
        (tmp_path / "letters" / name).write_bytes(idx(array))
    return tmp_path / "letters"


@pytest.mark.parametrize("layout", ["plain", "gzipped", "dotted"])
def test_a_folder_of_idx_files(folder, arrays, layout):
    for path in list(folder.iterdir()):
        if layout == "gzipped":
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
        elif layout == "dotted":
            path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    read = load(str(folder))
    assert (read.name, read.classes) == ("letters", 26)
    assert read.train_images.shape == (60, 28, 28, 1)
    train, train_labels, test, test_labels = arrays.values()
    assert together(read.train_images[..., 0], read.train_labels) == together(train, train_labels)
    assert together(read.test_images[..., 0], read.test_labels) == together(test, test_labels)


def test_what_is_sorted_by_class_is_so_no_more_and_always_the_same_way(folder):
    first, second = load(str(folder)), load(str(folder))
    assert len(np.unique(first.train_labels[:20])) > 8  # sorted, there were 7
    np.testing.assert_array_equal(first.train_images, second.train_images)
    np.testing.assert_array_equal(first.test_labels, second.test_labels)


def test_mnist_keeps_its_order(folder, arrays, monkeypatch):
    monkeypatch.setattr(data, "MNIST_SHA256", load(str(folder)).sha256)
    np.testing.assert_array_equal(load(str(folder)).train_images[..., 0], arrays["train-images-idx3-ubyte"])


def test_an_npz_is_the_same_data_as_its_idx_files(folder, arrays, tmp_path):
    path = tmp_path / "letters.npz"
    np.savez(path, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays.values(), strict=True)))
    assert load(str(path)).sha256 == load(str(folder)).sha256


def test_what_calls_itself_mnist_must_be_mnist(folder):
    pretender = folder.rename(folder.with_name("mnist"))
    with pytest.raises(TrainingError, match="calls itself MNIST, but the SHA-256 of its train-images"):
        load(str(pretender))


def test_mnist_is_known_by_its_digests(folder, monkeypatch):
    monkeypatch.setattr(data, "MNIST_SHA256", load(str(folder)).sha256)
    assert load(str(folder)).name == "mnist"


def test_no_way_to_the_download_says_what_to_do(monkeypatch):
    def unreachable() -> None:
        raise Exception("URL fetch failure\non a line")  # Keras raises just this

    monkeypatch.setattr("keras.datasets.mnist.load_data", unreachable)
    with pytest.raises(TrainingError) as caught:
        load("mnist")
    assert "give --data a folder with its four IDX files, or an mnist.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "cut short":
        path.write_bytes(content[:-1])
    elif how == "a cut-short gzip":
        path.unlink()
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(content)[:-20])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "too many axes":  # for NumPy
        path.write_bytes(struct.pack(">HBB70I", 0, 8, 70, *[1] * 70) + b"1")
    elif how == "too long axes":  # their product, in 64 bits, is 0
        path.write_bytes(struct.pack(">HBB4I", 0, 8, 4, *[65536] * 4))
    elif how == "no IDX":
        path.write_bytes(b"hello, world, this is text")


DAMAGES = ["missing", "cut short", "a cut-short gzip", "empty", "too many axes", "too long axes", "no IDX"]


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", PARTS)
def test_a_damaged_file_is_named(folder, name, how):
    damage(folder / name, how)
    with pytest.raises(TrainingError, match=name):
        load(str(folder))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("x_train", np.zeros((60, 32, 32), np.uint8), r"train-images of .* must be bytes \(N, 28, 28\)"),
        ("x_train", np.zeros((60, 28, 28), np.float32), "float32"),
        ("x_train", np.zeros((59, 28, 28), np.uint8), "59 train images but 60 labels"),
        ("y_train", np.full(60, 256), "from 0 to 255"),
        ("y_train", np.full(60, -1), "from 0 to 255"),
        ("x_test", np.zeros((0, 28, 28), np.uint8), "at least one"),
        ("x_train", np.ones((60, 28, 28), np.uint8), "go up to 1 only; they must be grey levels, 255 for ink"),
        (
            "y_train",
            1 + np.arange(60) % 26,
            "no training image of class 0; its classes must be numbered from 0 without",
        ),
        ("y_test", np.full(10, 30), "no training image of class 26; its classes must be"),
    ],
)
def test_data_of_another_form_is_refused(tmp_path, arrays, key, value, says):
    named = dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays.values(), strict=True))
    np.savez(tmp_path / "odd.npz", **(named | {key: value}))
    with pytest.raises(TrainingError, match=says):
        load(str(tmp_path / "odd.npz"))


def test_an_npz_without_the_arrays_and_one_with_pickles_are_refused(tmp_path):
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / "other.npz", x_train=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", **dict.fromkeys(names, np.array([{}], dtype=object)))
    (tmp_path / "text.npz").write_text("hello")
    np.save(tmp_path / "one.npy", np.zeros(3))
    for name, what in {
        "other.npz": "has no y_train",
        "pickled.npz": "is not a whole .npz",
        "text.npz": "is not a whole .npz",
        "one.npy": "is not a whole .npz",
    }.items():
        with pytest.raises(TrainingError) as caught:
            load(str(tmp_path / name))
        assert str(caught.value).startswith(f"{tmp_path / name} {what}; --data needs ")
        assert str(caught.value).endswith(f"the arrays of numbers {', '.join(names)}.")


def test_a_source_that_is_not_there():
    with pytest.raises(TrainingError, match="--data is '/nowhere'; it must be 'mnist', a folder"):
        load("/nowhere")


def test_fashion_mnist_has_mnists_file_names_and_is_read_as_what_it_is(fashion, tmp_path):
    read = load(str(fashion))
    assert (read.name, read.classes, len(read.train_images)) == ("fashion-mnist", 10, 60000)
    shutil.copytree(fashion, tmp_path / "mnist")
    with pytest.raises(TrainingError, match="calls itself MNIST"):
        load(str(tmp_path / "mnist"))


def test_batches_can_begin_anywhere_and_cover_each_epoch_once():
    images, labels = np.arange(10), np.arange(10)
    stream = batches(images, labels, size=3, seed=1, step=0)
    whole = [next(stream)[0].tolist() for _ in range(9)]
    assert len({image for batch in whole[:3] for image in batch}) == 9
    assert whole[:3] != whole[3:6]
    for step in range(9):
        assert next(batches(images, labels, 3, 1, step))[0].tolist() == whole[step]


def test_a_label_of_255_in_bytes_leaves_gaps_too(folder, arrays):
    labels = arrays["train-labels-idx1-ubyte"].copy()
    labels[-1] = 255
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(TrainingError, match="has no training image of class 26; its classes must be numbered from 0"):
        load(str(folder))


def test_a_name_that_is_no_text_becomes_one(folder):
    other = folder.rename(folder.with_name(os.fsdecode(b"b\xe4se")))
    assert load(str(other)).name == "b\ufffdse"


@pytest.mark.parametrize(("source", "name"), [("letters-1.5", "letters-1.5"), ("letters-1.5.npz", "letters-1.5")])
def test_a_folder_has_its_whole_name_and_a_file_has_it_without_its_ending(folder, tmp_path, arrays, source, name):
    places = dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays.values(), strict=True))
    np.savez(tmp_path / "letters-1.5.npz", **places)
    folder.rename(folder.with_name("letters-1.5"))
    assert load(str(tmp_path / source)).name == name


@pytest.mark.parametrize("source", ["letters", "digits.npz"])
def test_a_file_that_may_not_be_read_is_not_said_to_be_damaged(folder, tmp_path, monkeypatch, source):
    (tmp_path / "digits.npz").touch()

    opened = Path.open

    def refused(path: Path, *args: Any, **kwargs: Any) -> IO[Any]:
        if path.is_relative_to(tmp_path):  # which other files are not: TensorFlow reads its own
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refused)  # by which read_bytes opens too
    done = invoke("train", "--data", tmp_path / source, "--out", tmp_path / "run")
    assert re.search(rf"^Error: {tmp_path / source}\S* cannot be used: Permission denied\.$", done.stderr)
