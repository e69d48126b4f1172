"""What each player minimises, as pure functions of logits; the penalty, of slopes.

`real` and `generated` are the discriminator's logits, float32 tensors of shape (N,), higher = more
real. Every loss is a scalar. With D = sigmoid(logit), log D = -softplus(-logit) and
log(1 - D) = -softplus(logit).
"""

from collections.abc import Callable
from math import log
from typing import NamedTuple

import tensorflow as tf

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Game(NamedTuple):
    """The two losses that are minimised against each other.

    Attributes: tie, the discriminator's loss where it gives every image the same logit of zero.
    """

    discriminator: Loss
    generator: Loss
    tie: float


def cross_entropy(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """Discriminator's loss -log D(x) - log(1 - D(G(z))) (Goodfellow et al. 2014, equation 1)."""
    return tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(generated))


def minimax(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """Generator's loss log(1 - D(G(z))) (Goodfellow et al. 2014, equation 1). Saturates when D wins."""
    return -tf.reduce_mean(tf.nn.softplus(generated))


def non_saturating(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """Generator's loss -log D(G(z)) (Goodfellow et al. 2014, section 3)."""
    return tf.reduce_mean(tf.nn.softplus(-generated))


def relativistic(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """Discriminator's pairing loss: real must look more real than its generated partner.

    Source: Jolicoeur-Martineau 2018 (arXiv 1807.00734); Huang et al. 2024 (arXiv 2501.05441), equation 2.
    """
    return tf.reduce_mean(tf.nn.softplus(generated - real))


def relativistic_generator(real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """Generator's pairing loss: the same with the roles exchanged."""
    return relativistic(real=generated, generated=real)


def gradient_penalty(slopes: tf.Tensor) -> tf.Tensor:
    """(R1 + R2) / 2: half the mean squared slope at real plus half that at generated images.

    Args: slopes, the gradient of each logit at its own image in [0, 1], (2N, 28, 28, 1), real ones
        first. They are halved to be those of an image in [-1, 1], for which the literature gives γ.
    Source: R1 is equation 9 of Mescheder et al. 2018 (arXiv 1801.04406); R2 is the same at generated images.
    """
    squared_norms = tf.reduce_sum(tf.square(slopes / 2), axis=(1, 2, 3))
    return tf.reduce_mean(squared_norms)  # the mean over 2N is (R1 + R2) / 2


GAMES = {
    "non-saturating": Game(cross_entropy, non_saturating, tie=2 * log(2)),
    "minimax": Game(cross_entropy, minimax, tie=2 * log(2)),
    "relativistic": Game(relativistic, relativistic_generator, tie=log(2)),
}
