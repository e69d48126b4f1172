"""The loaded discriminator: how real a digit looks to the network that learned to tell."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.exports import Exports, Network
from app.images import SIDE
from app.runtime import NetworkError, Runtime, Signature

BATCH_SIZES = (16,)  # one size, for a logit's last bits differ between sizes
WITH_A_PROBABILITY = ("non-saturating", "minimax")  # games in which sigmoid(logit) is the paper's D(x)


class Discriminator:
    """Scores digits.

    Args:
        runtime: from `image` (N, 28, 28, 1) in [0, 1] and, if it takes labels, `label` (N,) to logits (N,).
        percentiles: percentiles 0 to 100 of the logit over real test digits: (101,) for all, and
            (classes, 101) when it takes labels; None for a class without test digits, for which all stand in.
        classes: number of labels, or None when it takes no label.
        loss: the game it was trained in.
    """

    def __init__(self, runtime: Runtime, percentiles: dict[str, Any], classes: int | None, loss: str):
        self.classes = classes
        self.has_probability = loss in WITH_A_PROBABILITY
        self._runtime = runtime
        self._percentiles = percentiles

    @classmethod
    def load(
        cls, network: Network, percentiles: dict[str, Any], classes: int | None, loss: str, exports: Exports
    ) -> "Discriminator":
        """Load a network, check it against what its card promises, and warm it up.

        Raises: NetworkError when it cannot be loaded, or has another signature, or gives no number.
        """
        signature = Signature.of("image", (SIDE, SIDE, 1), (), labelled=classes is not None)
        # One thread, for a logit's last bits depend on how many there are.
        runtime = Runtime.load(network, signature, threads=1, exports=exports)
        discriminator = cls(runtime, percentiles, classes, loss)
        logits, _ = discriminator.judge(np.zeros((1, SIDE, SIDE), np.uint8), np.zeros(1, np.int32))
        if not np.isfinite(logits).all():
            raise NetworkError(f"gives the logit {logits[0]}; it must be a finite number")
        return discriminator

    def judge(
        self, digits: NDArray[np.uint8], labels: NDArray[np.int32] | None
    ) -> tuple[NDArray[np.float32], list[float]]:
        """What it makes of digits (N, 28, 28) under labels (N,).

        Returns: logits (N,), higher = more real; and for each the share of real digits of its label
            that look less real, 0 to 1, to three places.
        """
        inputs: dict[str, NDArray[Any]] = {"image": digits[..., None].astype(np.float32) / 255}
        references = [self._percentiles["all"]] * len(digits)
        if self.classes is not None and labels is not None:
            inputs["label"] = labels
            references = [self._percentiles["per_class"][label] or self._percentiles["all"] for label in labels]
        logits = self._runtime(inputs)
        return logits, [_rank(logit, reference) for logit, reference in zip(logits, references, strict=True)]


def _rank(logit: np.float32, percentiles: list[float]) -> float:
    return round(float(np.interp(logit, percentiles, np.linspace(0, 1, len(percentiles)))), 3)
