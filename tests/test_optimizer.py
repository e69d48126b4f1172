"""Our Adam is Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.optimizer import Adam, adam
from training.presets import settings_for


@pytest.mark.parametrize("beta_1", [0.0, 0.5])
def test_it_moves_as_keras_does(beta_1):
    rng = np.random.default_rng(0)
    start = rng.standard_normal((5, 7)).astype(np.float32)
    ours, theirs = (keras.Variable(start) for _ in range(2))
    players = [(Adam(0.01, beta_1, 0.99), ours), (keras.optimizers.Adam(0.01, beta_1, 0.99), theirs)]
    for _ in range(20):
        gradient = tf.constant(rng.standard_normal((5, 7)), tf.float32)
        for optimizer, variable in players:
            optimizer.apply([gradient], [variable])
    assert np.abs(np.asarray(theirs) - start).max() > 0.05
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-5, atol=1e-6)


def test_a_label_that_was_not_seen_moves_on_by_its_momentum():
    embedding = [keras.Variable(np.ones((4, 2), np.float32)) for _ in range(2)]
    players = [(Adam(0.01, 0.5, 0.9), embedding[0]), (keras.optimizers.Adam(0.01, 0.5, 0.9), embedding[1])]
    for label in (1, 2, 2):
        sparse = tf.IndexedSlices(tf.ones((1, 2)), tf.constant([label]), tf.constant([4, 2]))
        for optimizer, variable in players:
            optimizer.apply([sparse], [variable])
    assert np.asarray(embedding[1])[1, 0] < 1 - 0.01
    np.testing.assert_allclose(np.asarray(embedding[0]), np.asarray(embedding[1]), rtol=1e-5)


def test_the_learning_rate_warms_up_and_falls_along_a_cosine():
    settings = settings_for("digitsmith", {"images": 3200, "batch_size": 32, "warmup_images": 320, "final_lr": 0.1})
    schedule = adam(settings, 0.5, [keras.Variable(np.zeros(1))])._learning_rate
    rates = [float(schedule(step)) for step in range(settings.steps + 1)]
    assert rates[0] == 0
    assert rates[10] == max(rates) == pytest.approx(0.5)
    assert rates[55] == pytest.approx((0.5 + 0.05) / 2)
    assert rates[-1] == pytest.approx(0.05)


def test_a_warm_up_takes_a_tenth_of_a_run_at_most():
    settings = settings_for("digitsmith", {"images": 3200, "batch_size": 32})
    schedule = adam(settings, 0.5, [keras.Variable(np.zeros(1))])._learning_rate
    assert settings.warmup_images > settings.images
    assert float(schedule(10)) == pytest.approx(0.5)


def test_one_that_begins_late_moves_as_a_fresh_one_does_at_the_later_learning_rate():
    settings = settings_for("digitsmith", {"images": 3200, "batch_size": 32, "warmup_images": 320})
    late, fresh = (keras.Variable(np.ones(3, np.float32)) for _ in range(2))
    optimizer = adam(settings, 0.5, [late])
    optimizer.begin_at(90)
    constant = Adam(float(optimizer.learning_rate), settings.beta_1, settings.beta_2)
    for one, variable in ((optimizer, late), (constant, fresh)):
        one.apply([tf.constant([1.0, -2.0, 3.0])], [variable])
    assert 0.05 < float(constant.learning_rate) < 0.1
    np.testing.assert_allclose(np.asarray(late), np.asarray(fresh), rtol=1e-5)
    assert np.asarray(late)[0] == pytest.approx(1 - float(constant.learning_rate), rel=1e-4)
