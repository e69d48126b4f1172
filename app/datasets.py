"""Labelled digits by the thousand: which digits a data set is of, in which order, and what is told of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalogue import Model
from app.images import Digits
from app.model_folder import GENERATOR
from app.sampling import plan_indices

CHUNK = 128  # digits drawn in one go: what others may have to wait for, and what is drawn for a client that has left
VERSION = 3  # grows when the same data set comes to have other bytes


@dataclass(frozen=True)
class Dataset:
    """Digits 0 to count - 1 of a seed, by a model that takes labels, each labelled.

    Digit i is a pure function of the model, the seed, i, its label and the truncation; its label is
    `digit`, or i modulo the number of classes, so that every class has as many digits, within one.
    """

    model: Model
    seed: int
    count: int
    digit: int | None = None
    truncation: float = 1.0

    @property
    def labels(self) -> range:
        """The labels in it."""
        return range(self.model.generator.classes or 1) if self.digit is None else range(self.digit, self.digit + 1)

    @property
    def parts(self) -> tuple[range, range]:
        """The indices of the digits to train on and, after them, to test on: a seventh of each class, as in MNIST.

        The seventh is rounded up, but a class with a single digit keeps it for training.
        """
        of_each = self.count // len(self.labels)
        held_out = -(-of_each // 7) if of_each > 1 else 0
        split = self.count - held_out * len(self.labels)
        return range(split), range(split, self.count)

    @property
    def manifest(self) -> dict[str, Any]:
        """What the data set is, for whoever finds it: where its digits come from, and how good its model is."""
        train, test = self.parts
        return {
            "version": VERSION,
            "model": self.model.name,
            "weights_sha256": self.model.card["sha256"][GENERATOR],
            "seed": self.seed,
            "truncation": self.truncation,
            "digit": self.digit,
            "counts": {"all": self.count, "train": len(train), "test": len(test)},
            "per_class": {str(label): self._count_of(place) for place, label in enumerate(self.labels)},
            "evaluation": self.model.card["evaluation"],
        }

    @property
    def manifest_json(self) -> bytes:
        """The manifest as it stands in a data set."""
        return json.dumps(self.manifest, indent=2).encode()

    def spans(self, part: range) -> Iterator[range]:
        """The indices of a part, cut into chunks."""
        for start in part[::CHUNK]:
            yield range(start, min(start + CHUNK, part.stop))

    def chunks(self) -> Iterator[range]:
        """The indices of all digits, cut into chunks that each lie in one part."""
        for part in self.parts:
            yield from self.spans(part)

    def labels_of(self, span: range) -> NDArray[np.uint8]:
        """The labels of digits with these indices."""
        return np.array(self.labels, np.uint8)[np.arange(span.start, span.stop) % len(self.labels)]

    def draw(self, span: range) -> Digits:
        """The digits with these indices."""
        generator, labels = self.model.generator, self.labels_of(span).tolist()
        plan = plan_indices(self.seed, span, generator.latent_dim, generator.classes, labels, self.truncation)
        return generator(plan.latents, plan.labels)

    def _count_of(self, place: int) -> int:
        return len(range(place, self.count, len(self.labels)))
