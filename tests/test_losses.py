"""The losses against their formulas, written out in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from training import losses

REAL, GENERATED = np.array([0.5, -1.0, 3.0], np.float32), np.array([-0.5, 2.0, 0.0], np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (losses.cross_entropy, -np.log(sigmoid(REAL)) - np.log(1 - sigmoid(GENERATED))),
        (losses.minimax, np.log(1 - sigmoid(GENERATED))),
        (losses.non_saturating, -np.log(sigmoid(GENERATED))),
        (losses.relativistic, -np.log(sigmoid(REAL - GENERATED))),
        (losses.relativistic_generator, -np.log(sigmoid(GENERATED - REAL))),
    ],
)
def test_a_loss_is_its_formula(loss, formula):
    assert float(loss(tf.constant(REAL), tf.constant(GENERATED))) == pytest.approx(formula.mean(), rel=1e-5)


def test_losses_stay_finite_where_one_player_has_won():
    for game in losses.GAMES.values():
        for real, generated in ((1e4, -1e4), (-1e4, 1e4)):
            for loss in (game.discriminator, game.generator):
                assert np.isfinite(loss(tf.constant([real]), tf.constant([generated])))


@pytest.mark.parametrize("name", losses.GAMES)
def test_a_discriminator_that_tells_nothing_apart_has_the_loss_of_a_tie(name):
    game = losses.GAMES[name]
    assert float(game.discriminator(tf.zeros(3), tf.zeros(3))) == pytest.approx(game.tie)


def test_the_penalty_is_half_the_mean_squared_slopes_of_images_in_minus_one_to_one():
    real, generated = np.full((2, 28, 28, 1), 2.0), np.full((2, 28, 28, 1), 4.0)
    r1, r2 = 784 * 1.0**2, 784 * 2.0**2  # half the slopes: [-1, 1] is twice as wide as [0, 1]
    penalty = losses.gradient_penalty(tf.constant(np.concatenate([real, generated])))
    assert float(penalty) == pytest.approx((r1 + r2) / 2)
