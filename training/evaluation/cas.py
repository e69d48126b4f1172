"""CAS, the classification accuracy score: what a classifier learns from generated digits alone.

Source: Ravuri and Vinyals 2019 (arXiv 1905.10887). The protocol is that of dpgan-revisit (Bie et al.
2023, arXiv 2302.02936), so that figures can be compared: 60,000 digits with balanced labels, its
network, Adam 1e-3, batches of 64, 10 epochs, the best of them chosen on the last 5,000 digits.
"""

import keras
import numpy as np
from keras import layers
from tqdm import tqdm

from training.terminal import progress_bar

SEEDS = (1, 2, 3)
EPOCHS, BATCH = 10, 64
HELD_OUT = 12  # one in so many digits, the last 5,000 of MNIST's 60,000, chooses the epoch


def scores(images: np.ndarray, labels: np.ndarray, test_images: np.ndarray, test_labels: np.ndarray) -> list[float]:
    """Accuracy on real test digits of a network trained on these digits alone, for each of three seeds.

    Args: images (N, 28, 28, 1) uint8 and labels (N,); test_images and test_labels, likewise.
    """
    with progress_bar("CAS", len(SEEDS) * EPOCHS, "epoch") as bar:
        networks = (train(images, labels, seed, EPOCHS, bar) for seed in SEEDS)
        scaled = _scaled(test_images)
        return [float(network.evaluate(scaled, test_labels, 500, verbose=0)[1]) for network in networks]


def balanced_labels(count: int, classes: int, rng: np.random.Generator) -> np.ndarray:
    """Labels (count,) of which each class has as many, in a random order."""
    return rng.permutation(np.resize(np.arange(classes), count))


def train(images: np.ndarray, labels: np.ndarray, seed: int, epochs: int, bar: tqdm) -> keras.Model:
    """A network trained on these digits alone, with the weights of the epoch that reads the last of them best.

    Args: images (N, 28, 28, 1) uint8 and labels (N,); bar, which counts the epochs.
    """
    keras.utils.set_random_seed(seed)
    network = build(int(labels.max()) + 1)
    network.compile(
        keras.optimizers.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    best = _Best(bar)
    scaled = _scaled(images)
    held_out = max(1, len(images) // HELD_OUT)
    network.fit(
        scaled[:-held_out],
        labels[:-held_out],
        BATCH,
        epochs,
        verbose=0,
        validation_data=(scaled[-held_out:], labels[-held_out:]),
        callbacks=[best],
    )
    network.set_weights(best.weights)
    return network


def probabilities(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """The probability (N, classes) that a trained network gives each label of images (N, 28, 28, 1) uint8."""
    return np.asarray(keras.ops.softmax(network.predict(_scaled(images), 500, verbose=0)))


def build(classes: int) -> keras.Model:
    """The protocol's network: 3×3 convolutions of 32 and 64 without padding, then a dense layer of 128."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(classes),
        ]
    )


def _scaled(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32) / 255


class _Best(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of the epoch that read the held-out digits best."""

    def __init__(self, bar: tqdm):
        super().__init__()
        self.accuracy = -1.0
        self.weights: list[np.ndarray] = []
        self._bar = bar

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._bar.update()
        if logs and logs["val_accuracy"] > self.accuracy:
            self.accuracy, self.weights = logs["val_accuracy"], self.model.get_weights()
