"""The training digits that are hard to learn from generated ones, which the end of a run shows more often.

A generator draws rare shapes too seldom, and so a classifier that learns from its digits alone, as CAS's do, misreads
real ones of these shapes. What it misreads among the training digits tells which they are.
"""

import numpy as np

from training.data import Dataset
from training.evaluation import cas
from training.gan import GAN
from training.presets import Settings
from training.terminal import progress_bar

BEGINS = 0.9  # of a run: before, the generator does not draw its best, and all is hard
EPOCHS = 5


def due(settings: Settings, step: int) -> bool:
    """Whether the steps after this one are to show hard digits more often."""
    return settings.emphasis > 0 and step >= BEGINS * settings.steps


def weights(gan: GAN, data: Dataset) -> np.ndarray:
    """How often each training digit (N,) is to be shown, where one that a classifier reads without doubt counts 1.

    The classifier is CAS's, trained on as many digits of the best generator as there are training digits. A digit that
    it gives its true label with probability p is to be shown 1 + emphasis × (1 - p) times as often.
    """
    count, settings = len(data.train_labels), gan.settings
    rng = np.random.default_rng(settings.seed)
    labels = cas.balanced_labels(count, data.classes, rng)
    latents = rng.standard_normal((count, settings.latent_dim), dtype=np.float32)
    digits = gan.sample(latents, labels)[..., None]
    with progress_bar("hard digits", EPOCHS, "epoch") as bar:
        classifier = cas.train(digits, labels, settings.seed, EPOCHS, bar)
    probabilities = cas.probabilities(classifier, data.train_images)
    missed = 1 - probabilities[np.arange(count), data.train_labels]
    return np.round(1 + settings.emphasis * missed.astype(float), 4)
