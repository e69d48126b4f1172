"""How good a GAN's digits are while it trains: what the sweep and the time to quality have in common."""

from collections.abc import Iterator

import numpy as np

from training.data import Dataset, batches
from training.evaluation import metrics
from training.evaluation.judge import Judge
from training.gan import GAN

SEED = 1_000  # of the latents that are scored


class Scorer:
    """Scores generated digits against a data set's test digits in a judge's features.

    Args: count, digits drawn for a score, if there are as many training digits.
    Attributes: floor, the judge-FID of as many training digits.
    """

    def __init__(self, judge: Judge, data: Dataset, count: int):
        self.judge, self.data, self.count = judge, data, min(count, len(data.train_images))
        self.test, _ = judge(data.test_images)
        train, _ = judge(data.train_images[: self.count])
        self.floor = metrics.frechet_distance(self.test, train)

    def distance(self, gan: GAN) -> float:
        """judge-FID alone."""
        features, _, _ = self._judged(gan)
        return metrics.frechet_distance(self.test, features)

    def __call__(self, gan: GAN) -> dict[str, float]:
        """judge-FID, label accuracy (without meaning where labels cannot be asked for), precision, recall."""
        features, read, labels = self._judged(gan)
        sample = min(len(self.test), self.count)
        manifold = metrics.manifold_scores(self.test[:sample], features[:sample])
        fid = metrics.frechet_distance(self.test, features)
        accuracy = float((read == labels).mean())
        return {"judge_fid": fid, "label_accuracy": accuracy, **manifold}

    def _judged(self, gan: GAN) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of `count` digits: their features, the labels that the judge reads, and those that were asked for."""
        rng = np.random.default_rng(SEED)
        latents = rng.standard_normal((self.count, gan.settings.latent_dim), dtype=np.float32)
        labels = rng.permutation(self.data.train_labels)[: self.count]
        return *self.judge(gan.sample(latents, labels)[..., None]), labels


def steps(gan: GAN, data: Dataset) -> Iterator[dict[str, float]]:
    """Train a GAN on a data set; yields what each step reports, to its settings' end."""
    stream = batches(data.train_images, data.train_labels, gan.settings.batch_size, gan.settings.seed, 0)
    for step in range(1, gan.settings.steps + 1):
        yield gan.train_step(step, *next(stream))
