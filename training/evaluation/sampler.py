"""Digits drawn from a model folder, as it would be served."""

from pathlib import Path

import numpy as np

from training.errors import TrainingError
from training.export import CARD, GENERATOR, read_card
from training.networks import load_network, parts


class Sampler:
    """Draws digits from a model folder's generator.

    Attributes: card, the folder's card; conditional, whether digits can be asked for; latent_dim; classes.
    Raises: TrainingError when the folder is not a whole model folder.
    """

    def __init__(self, folder: Path):
        self.card = read_card(folder)
        self.generator = load_network(folder / GENERATOR)
        self.conditional: bool = self.card["conditional"]
        self.latent_dim: int = self.card["latent"]["dim"]
        self.classes: int = self.card["classes"]
        takes = {"latent": (None, self.latent_dim)} | ({"label": (None,)} if self.conditional else {})
        found = {tensor.name: tensor.shape for tensor in self.generator.inputs}
        if found != takes:
            raise TrainingError(f"{folder / GENERATOR} takes {found}, but by its {CARD} {takes}: copy the folder anew.")

    def latents(self, count: int, seed: int) -> np.ndarray:
        """Latents (count, latent_dim) float32 of a seed."""
        return np.random.default_rng(seed).standard_normal((count, self.latent_dim), dtype=np.float32)

    def __call__(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Digits (N, 28, 28, 1) uint8; labels (N,) are left out where none can be asked for."""
        return np.concatenate([self._draw(latents[part], labels[part]) for part in parts(len(latents))])

    def _draw(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        inputs = [latents, labels] if self.conditional else latents
        images = self.generator.predict(inputs, batch_size=500, verbose=0)
        return np.rint(images * 255).astype(np.uint8)
