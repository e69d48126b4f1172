"""The loaded generator: latents and labels in, digits out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.exports import Exports, Network
from app.images import SIDE
from app.runtime import NetworkError, Runtime, Signature

# Sixteen at a time; and a digit alone in the smaller of one and two that gives the same bits (`app.runtime` tries).
# Sixteen draw as many digits a second as sixty-four, and each size costs memory for every model.
BATCH_SIZES = (1, 2, 16)


class Generator:
    """Makes digits.

    Args:
        runtime: from `latent` (N, latent_dim) and, if it takes labels, `label` (N,) to images
            (N, 28, 28, 1) in [0, 1].
        latent_dim: numbers that a digit is drawn from.
        classes: number of labels, or None when the generator takes no label.
    """

    def __init__(self, runtime: Runtime, latent_dim: int, classes: int | None):
        self.latent_dim = latent_dim
        self.classes = classes
        self._runtime = runtime

    @classmethod
    def load(
        cls, network: Network, latent_dim: int, classes: int | None, threads: int, exports: Exports
    ) -> "Generator":
        """Load a network, check it against what its card promises, and warm it up.

        Raises: NetworkError when it cannot be loaded, or has another signature or another range.
        """
        signature = Signature.of("latent", (latent_dim,), (SIDE, SIDE, 1), labelled=classes is not None)
        runtime = Runtime.load(network, signature, threads, exports)
        generator = cls(runtime, latent_dim, classes)
        generator._check_range()
        return generator

    def __call__(self, latents: NDArray[np.float32], labels: NDArray[np.int32] | None) -> NDArray[np.uint8]:
        """Digits (N, 28, 28), 0 = paper and 255 = ink, for latents (N, latent_dim) and labels (N,)."""
        return np.rint(self._images(latents, labels) * 255).astype(np.uint8)

    def _images(self, latents: NDArray[np.float32], labels: NDArray[np.int32] | None) -> NDArray[np.float32]:
        inputs: dict[str, NDArray[Any]] = {"latent": latents}
        if self.classes is not None and labels is not None:
            inputs["label"] = labels
        return self._runtime(inputs)[..., 0]

    def _check_range(self) -> None:
        """Draw a batch of every size, which also warms each of them up."""
        rng = np.random.default_rng(0)
        for size in BATCH_SIZES:
            latents = rng.standard_normal((size, self.latent_dim), dtype=np.float32)
            images = self._images(latents, (np.arange(size) % (self.classes or 1)).astype(np.int32))
            if not (images.min() >= 0 and images.max() <= 1):
                raise NetworkError(f"gives values from {images.min()} to {images.max()}; they must be from 0 to 1")
