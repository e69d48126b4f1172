"""The judges: small classifiers of real digits, in whose features generated ones are measured.

The first judge gives the figures; two others, of another seed and another shape, check that none of
them hangs on it.
"""

import shlex
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from training import cards
from training.data import Dataset
from training.environment import machine, versions
from training.errors import TrainingError
from training.files import put_back, replacing_folder, sha256_of
from training.networks import load_network, parts

CARD = "card.json"
FEATURES = 128  # size of the penultimate layer
EPOCHS, BATCH, LEARNING_RATE = 12, 128, 2e-3


@dataclass(frozen=True)
class Shape:
    """A judge's seed, the widths of its three stages and the side of its kernels."""

    seed: int
    widths: tuple[int, int, int]
    kernel: int


SHAPES = {"first": Shape(1, (24, 48, 96), 3), "second": Shape(2, (24, 48, 96), 3), "third": Shape(3, (16, 32, 64), 5)}
NEEDED: cards.Shape = {"dataset/name": str, "dataset/sha256": dict, "ceiling": list | None}
NEEDED |= {f"judges/{name}/sha256": str for name in SHAPES} | {
    f"judges/{name}/accuracy": cards.NUMBER for name in SHAPES
}


class Judge:
    """A trained judge."""

    def __init__(self, network: keras.Model):
        self._network = keras.Model(network.inputs, [network.get_layer("features").output, network.output])

    def __call__(self, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features (N, 128) float32 of digits (N, 28, 28, 1) uint8, and the classes (N,) it reads."""
        seen = [
            self._network.predict(digits[part].astype(np.float32) / 255, batch_size=500, verbose=0)
            for part in parts(len(digits))
        ]
        features, logits = (np.concatenate(found) for found in zip(*seen, strict=True))
        return features, logits.argmax(axis=1)


def train(shape: Shape, data: Dataset) -> keras.Model:
    """A judge of this shape, trained on the real training digits under small random shifts and turns."""
    keras.utils.set_random_seed(shape.seed)
    network = build(shape, data.classes)
    shifted = layers.RandomTranslation(0.08, 0.08, fill_mode="constant", seed=shape.seed)
    turned = layers.RandomRotation(0.03, fill_mode="constant", seed=shape.seed)
    trained = keras.Sequential([keras.Input((28, 28, 1)), shifted, turned, network])
    steps = EPOCHS * -(-len(data.train_images) // BATCH)
    trained.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    trained.fit(data.train_images / np.float32(255), data.train_labels, BATCH, EPOCHS, verbose=2)
    return network


def build(shape: Shape, classes: int) -> keras.Model:
    """The network: three stages of convolutions, then the features, then one logit a class."""
    image = x = keras.Input((28, 28, 1), name="image")
    for stage, width in enumerate(shape.widths):
        for _ in range(2 if stage else 1):
            x = layers.Conv2D(width, shape.kernel, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(FEATURES, activation="relu", name="features")(layers.Flatten()(x))
    x = layers.Dropout(0.5, seed=shape.seed)(x)
    return keras.Model(image, layers.Dense(classes, name="logits")(x), name="judge")


def train_all(data: Dataset, folder: Path) -> dict[str, Any]:
    """Train every judge; then they and their card take the folder's place, all at once. Return the card.

    Raises: TrainingError when the folder holds anything else, which would be lost.
    """
    _refuse_others(folder)
    card: dict[str, Any] = {"dataset": data.identity, "machine": machine(), "versions": versions()}
    card |= {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": LEARNING_RATE, "judges": {}, "ceiling": None}
    with replacing_folder(folder) as fresh:
        for name, shape in SHAPES.items():
            card["judges"][name] = asdict(shape) | _trained(shape, data, _file(fresh, name))
        write_card(fresh, card)
    return card


def _trained(shape: Shape, data: Dataset, path: Path) -> dict[str, Any]:
    """Train one judge into a file; return what its card tells of it."""
    began = time.monotonic()
    network = train(shape, data)
    network.save(path)
    _, read = Judge(network)(data.test_images)
    return {
        "accuracy": float((read == data.test_labels).mean()),
        "seconds": round(time.monotonic() - began, 1),
        "sha256": sha256_of(path),
    }


def _refuse_others(folder: Path) -> None:
    ours = {CARD, *(_file(folder, name).name for name in SHAPES)}
    others = sorted({path.name for path in folder.glob("[!.]*")} - ours)
    if others:
        raise TrainingError(f"--judges is {folder}, which holds {others[0]}: give a folder for judges alone.")


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Replace the card of the judges in a folder."""
    cards.write(folder / CARD, card)


def read_card(folder: Path, data: Dataset | None = None) -> dict[str, Any]:
    """The card of a folder's judges. Raises TrainingError when there is none, or they judge other data than `data`."""
    put_back(folder)
    try:
        card: dict[str, Any] = cards.read(folder / CARD)
    except (FileNotFoundError, NotADirectoryError) as error:
        command = f"python -m training judge --judges {shlex.quote(str(folder))}"
        raise TrainingError(f"{folder} has no judges: give a folder that has, or train some by `{command}`.") from error
    except ValueError as error:
        raise TrainingError(f"{folder / CARD} is not JSON ({error}): copy the folder anew.") from error
    if isinstance(card, dict) and "judges" not in card:
        raise TrainingError(f"{folder} has no judges, for its {CARD} is of something else: give the folder of judges.")
    cards.require(card, NEEDED, folder / CARD)
    if data and card["dataset"]["sha256"] != data.sha256:
        raise TrainingError(
            f"The judges in {folder} were trained on {card['dataset']['name']}, not on this {data.name}: train others"
            " with `python -m training judge --data … --judges FOLDER`, and give that folder."
        )
    return card


def load_all(folder: Path, data: Dataset) -> dict[str, Judge]:
    """Every judge of a folder, the one that gives the figures first.

    Raises: TrainingError when one is not the one that its card vouches for, or judges other data.
    """
    card = read_card(folder, data)
    judges = {}
    for name, facts in card["judges"].items():
        path = _file(folder, name)
        if not path.is_file() or sha256_of(path) != facts["sha256"]:
            raise TrainingError(f"{path} is not the judge that its {CARD} describes: train the judges anew.")
        judges[name] = Judge(load_network(path))
    return judges


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.keras"
