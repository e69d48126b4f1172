"""What a card tells of the discriminator: how it scores real digits."""

import numpy as np
import pytest

from training.data import load
from training.export import realness


class Ink:
    """In the place of a discriminator: scores the share of ink, and ten for each step of the label it is told."""

    def predict(self, inputs, **_):
        """Logits (N,)."""
        images, labels = inputs if isinstance(inputs, list) else (inputs, 0)
        return images.mean(axis=(1, 2, 3)) + 10 * labels


@pytest.mark.parametrize("conditional", [True, False])
def test_percentiles_are_those_of_real_test_digits_under_their_own_labels(few_digits, conditional):
    data = load(str(few_digits))
    found = realness(Ink(), data, conditional)["logit_percentiles"]
    ink = data.test_images.mean(axis=(1, 2, 3)) / 255
    scores = ink + 10 * data.test_labels * conditional
    assert found["all"] == pytest.approx(np.percentile(scores, range(101)), abs=1e-4)
    if conditional:
        for label, group in enumerate(found["per_class"]):
            of_class = 10 * label + ink[data.test_labels == label]
            assert group == pytest.approx(np.percentile(of_class, range(101)), abs=1e-4)
    else:
        assert "per_class" not in found
