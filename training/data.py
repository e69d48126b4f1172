"""Real digits: MNIST, or any 28×28 grey data set with up to 256 classes."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import TrainingError

# SHA-256 of the uncompressed IDX files of MNIST (LeCun et al. 1998).
MNIST_SHA256 = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
NPZ_NAMES = {"train-images": "x_train", "train-labels": "y_train", "t10k-images": "x_test", "t10k-labels": "y_test"}
UNSIGNED_BYTE = 0x08  # IDX's code for the only type that image data sets use
SEED = 28  # of the order in which digits other than MNIST's come


@dataclass(frozen=True)
class Dataset:
    """Images (N, 28, 28, 1) uint8, 0 = paper and 255 = ink, and labels (N,) int32, for training and test.

    `sha256` maps each of the four parts to the digest of its uncompressed IDX file.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    sha256: dict[str, str]

    @property
    def classes(self) -> int:
        """Number of classes: one more than the largest label."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from another, as the card and checkpoints keep it."""
        counts = {"train": len(self.train_images), "test": len(self.test_images)}
        return {"name": self.name, "sha256": self.sha256, "counts": counts}


def load(source: str) -> Dataset:
    """Read a data set.

    Args:
        source: "mnist" (Keras's download), a folder of the four IDX files, plain or gzipped, or an
            `.npz` with x_train, y_train, x_test and y_test.
    Returns: MNIST's digits in their own order; those of others, which are often sorted by class, in a random one,
        for much here takes the first or the last of them for all.
    Raises: TrainingError when it cannot be read, is not 28×28 grey with labels of one byte, has labels that no
        training digit has, or goes by the name of MNIST and is something else.
    """
    path = Path(source)
    if source == "mnist":
        parts = _download_mnist()
    elif path.is_dir():
        parts = {part: _read_idx(_find_idx(path, part)) for part in MNIST_SHA256}
    elif path.is_file():
        parts = _read_npz(path)
    else:
        raise TrainingError(f"--data is {source!r}; it must be 'mnist', a folder of IDX files or an .npz file.")
    return _verified(parts, source)


def batches(
    images: np.ndarray, labels: np.ndarray, size: int, seed: int, step: int, weights: Sequence[float] = ()
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless batches from step number `step` (counted from 0) on, each epoch in an order of its own.

    Batch k is a function of the data, the size, the seed, the weights and k alone, so a resumed run sees
    what an unbroken one would have seen. What does not fill a batch at the end of an epoch is left out of it.

    Args: weights, how often each image is to come in the mean of many epochs; none, and each comes once in each.
    """
    per_epoch = len(images) // size
    shares = np.asarray(weights) / np.sum(weights) if len(weights) else None
    while True:
        epoch, position = divmod(step, per_epoch)
        rng = np.random.default_rng((seed, epoch))
        order = rng.permutation(len(images)) if shares is None else rng.choice(len(images), len(images), p=shares)
        for start in range(position * size, per_epoch * size, size):
            chosen = order[start : start + size]
            yield images[chosen], labels[chosen]
            step += 1


def _download_mnist() -> dict[str, np.ndarray]:
    from keras.datasets import mnist

    try:
        (train_images, train_labels), (test_images, test_labels) = mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when the download fails
        raise TrainingError(
            "MNIST could not be downloaded: give --data a folder with its four IDX files, or an mnist.npz"
            f" (Keras said: {' '.join(str(error).split())})."
        ) from error
    arrays = (train_images, train_labels, test_images, test_labels)
    return dict(zip(MNIST_SHA256, arrays, strict=True))


def _find_idx(folder: Path, part: str) -> Path:
    kind = "idx3" if part.endswith("images") else "idx1"
    names = [f"{part}{dot}{kind}-ubyte{suffix}" for dot in "-." for suffix in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise TrainingError(f"{folder} has no {names[0]} (nor {names[1]}); --data needs all four IDX files.")


def _read_idx(path: Path) -> np.ndarray:
    """The array in an IDX file: two zeros, a type, the number of axes, each axis's length, the bytes."""
    content = path.read_bytes()
    try:
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        zeros, kind, axes = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{axes}I", content, 4)
        array = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
        if zeros or kind != UNSIGNED_BYTE or array.size != math.prod(shape):
            raise ValueError("its header does not fit its content")
        return array.reshape(shape)
    except struct.error as error:
        raise TrainingError(f"{path} is not a whole IDX file of bytes: its header does not fit it.") from error
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise TrainingError(f"{path} is not a whole IDX file of bytes: {error}.") from error


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    wanted = f"the arrays of numbers {', '.join(NPZ_NAMES.values())}"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            missing = [name for name in NPZ_NAMES.values() if name not in arrays]
            parts = {part: arrays[name] for part, name in NPZ_NAMES.items() if not missing}
    except PermissionError:
        raise
    except Exception as error:  # NumPy raises half a dozen types, and speaks of its own insides
        raise TrainingError(f"{path} is not a whole .npz; --data needs one with {wanted}.") from error
    if missing:
        raise TrainingError(f"{path} has no {missing[0]}; --data needs an .npz with {wanted}.")
    return parts


def _verified(parts: dict[str, np.ndarray], source: str) -> Dataset:
    _refuse_unfit(parts, source)
    _refuse_gaps(parts, source)
    digests = {part: sha256(_idx(array)).hexdigest() for part, array in parts.items()}
    name = _name(source, digests)
    if digests != MNIST_SHA256:
        parts = _shuffled(parts)
    return Dataset(
        name=name,
        train_images=parts["train-images"].astype(np.uint8)[..., None],
        train_labels=parts["train-labels"].astype(np.int32),
        test_images=parts["t10k-images"].astype(np.uint8)[..., None],
        test_labels=parts["t10k-labels"].astype(np.int32),
        sha256=digests,
    )


def _refuse_unfit(parts: dict[str, np.ndarray], source: str) -> None:
    """Raises TrainingError when these are not grey images of 28×28 and a label for each."""
    for part, array in parts.items():
        axes = 3 if part.endswith("images") else 1
        if array.ndim != axes or (axes == 3 and array.shape[1:] != (28, 28)) or array.dtype.kind not in "iu":
            wanted = "(N, 28, 28)" if axes == 3 else "(N,)"
            raise TrainingError(f"{part} of {source} is {array.dtype} {array.shape}; it must be bytes {wanted}.")
        if array.size == 0 or array.min() < 0 or array.max() > 255:
            raise TrainingError(f"{part} of {source} must hold at least one value, and all from 0 to 255.")
    for split in ("train", "t10k"):
        images, labels = len(parts[f"{split}-images"]), len(parts[f"{split}-labels"])
        if images != labels:
            raise TrainingError(f"{source} has {images} {split} images but {labels} labels; it must have one each.")
    for part in ("train-images", "t10k-images"):
        if (most := parts[part].max()) <= 1:
            raise TrainingError(f"{part} of {source} go up to {most} only; they must be grey levels, 255 for ink.")


def _refuse_gaps(parts: dict[str, np.ndarray], source: str) -> None:
    """Raises TrainingError when a class has no training digit: it could neither be learnt nor be judged."""
    train, test = parts["train-labels"], parts["t10k-labels"]
    missing = np.setdiff1d(np.arange(int(max(train.max(), test.max())) + 1), train)
    if missing.size:
        raise TrainingError(
            f"{source} has no training image of class {missing[0]}; its classes must be numbered from 0 without gaps."
        )


def _shuffled(parts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    orders = {
        split: np.random.default_rng(SEED).permutation(len(parts[f"{split}-labels"])) for split in ("train", "t10k")
    }
    return {part: array[orders[part.split("-")[0]]] for part, array in parts.items()}


def _idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def _name(source: str, digests: dict[str, str]) -> str:
    if digests == MNIST_SHA256:
        return "mnist"
    path = Path(source).resolve()
    given = path.name if path.is_dir() else path.stem
    name = given.encode(errors="surrogateescape").decode(errors="replace")  # it may be no text
    if name.lower() == "mnist":
        wrong = ", ".join(part for part, digest in digests.items() if digest != MNIST_SHA256[part])
        raise TrainingError(
            f"{source} calls itself MNIST, but the SHA-256 of its {wrong} is another:"
            " get a whole copy, or give your own data another name."
        )
    return name
