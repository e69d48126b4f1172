"""One step of the game: the shared pass gives the gradients that two separate passes would."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from training.errors import TrainingError
from training.export import float32_networks
from training.gan import GAN
from training.losses import GAMES, gradient_penalty
from training.networks import call
from training.presets import PRESETS, settings_for

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)
LABELS = np.arange(8, dtype=np.int32)


def tiny(preset: str, **changes: object) -> GAN:
    small = {"batch_size": 8, "latent_dim": 4, "generator_width": 4, "discriminator_width": 4, "images": 800}
    small |= {"penalty_every": 1}  # or a step with the penalty and one without would both have to be compiled
    return GAN(settings_for(preset, small | changes), classes=10)


def stir(*networks) -> None:
    """Move all weights: what begins at zero would hide what depends on it."""
    rng = np.random.default_rng(1)
    for network in networks:
        network.set_weights([weight + rng.normal(0, 0.1, weight.shape) for weight in network.get_weights()])


def without_moving(optimizer, monkeypatch) -> list:
    """Where gradients go that an optimizer is to apply, so that the weights stay."""
    given: list = []
    monkeypatch.setattr(optimizer, "apply", lambda gradients, _: given.extend(gradients))
    return given


@pytest.fixture(scope="module", params=PRESETS)
def players(request):
    """A GAN whose weights no test changes."""
    gan = tiny(request.param, precision="float32")
    stir(gan.generator, gan.discriminator)
    return gan


@pytest.mark.parametrize("loss", GAMES)
@pytest.mark.parametrize("penalised", [False, True])
def test_the_generators_gradient_is_that_of_a_pass_of_its_own(players, monkeypatch, loss, penalised):
    gan = players
    monkeypatch.setattr(gan, "game", GAMES[loss])
    latents, given = tf.random.stateless_normal((8, 4), seed=(1, 2)), tf.constant(LABELS)
    real = tf.constant(IMAGES / 255, tf.float32)

    with tf.GradientTape() as tape:
        generated = call(gan.generator, latent=latents, label=given, training=True)
        real_logits = call(gan.discriminator, image=real, label=given, training=True)
        generated_logits = call(gan.discriminator, image=generated, label=given, training=True)
        expected_loss = gan.game.generator(real_logits, generated_logits)
    expected = tape.gradient(expected_loss, gan.generator.trainable_variables)

    applied = without_moving(gan.generator_optimizer, monkeypatch)
    without_moving(gan.discriminator_optimizer, monkeypatch)
    with tf.GradientTape() as tape:
        generated = call(gan.generator, latent=latents, label=given, training=True)
    step = gan._penalised_discriminator_step if penalised else gan._discriminator_step
    labels = tf.concat([given, given], 0)
    weights = {"penalty": tf.constant(1.0), "mismatch": tf.constant(0.2)}
    _, logits, slopes = step(tf.concat([real, generated], 0), labels, (labels + 1) % 10, weights)
    gan._generator_step(tape, generated, *tf.split(logits, 2), slopes)
    for found, wanted in zip(applied, expected, strict=True):
        wanted = tf.convert_to_tensor(wanted)
        np.testing.assert_allclose(tf.convert_to_tensor(found), wanted, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_exported_draws_what_is_sampled(preset):
    gan = tiny(preset, latent_gain=1.5, precision="float32")
    stir(gan.best_generator)
    latents = np.random.default_rng(2).standard_normal((8, 4), dtype=np.float32)
    generator, _ = float32_networks(gan, 10)
    exported = np.asarray(call(generator, latent=latents, label=LABELS, training=False))[..., 0] * 255
    assert np.abs(exported - gan.sample(latents, LABELS)).max() <= 1
    gan.settings = replace(gan.settings, latent_gain=1.0)
    assert np.abs(exported - gan.sample(latents, LABELS)).max() > 1


@pytest.mark.parametrize("preset", PRESETS)
def test_both_players_move_and_a_restored_state_goes_on_as_if_nothing_had_happened(preset):
    gan, other = tiny(preset), tiny(preset)
    weights = [*gan.generator.trainable_variables, *gan.discriminator.trainable_variables]
    before = [np.asarray(weight) for weight in weights]
    for step in range(1, 5):  # the last layers of residual blocks begin at zero, and keep the others still at first
        gan.train_step(step, IMAGES, LABELS)
    moved = [bool((np.asarray(weight) != old).any()) for weight, old in zip(weights, before, strict=True)]
    assert all(moved)
    other.restore(gan.state())
    assert gan.train_step(5, IMAGES, LABELS) == other.train_step(5, IMAGES, LABELS)
    for name, array in gan.state().items():
        np.testing.assert_array_equal(array, other.state()[name], err_msg=name)


def test_another_seed_is_another_game():
    gan, other = tiny("mlp", seed=1), tiny("mlp", seed=2)
    assert gan.digest() != other.digest()
    other.restore(gan.state())
    assert gan.train_step(1, IMAGES, LABELS) != other.train_step(1, IMAGES, LABELS)


def test_a_seed_decides_every_bit_even_of_bfloat16():
    images, labels = np.repeat(IMAGES, 4, axis=0), np.repeat(LABELS, 4)
    states = []
    for _ in range(2):
        gan = GAN(settings_for("digitsmith", {"batch_size": 32}), classes=10)
        gan.train_step(1, images, labels)
        states.append(gan.state())
    for name, array in states[0].items():
        np.testing.assert_array_equal(array, states[1][name], err_msg=name)


@pytest.fixture(scope="module", params=[(0.0, 0.0), (0.5, 0.0), (0.5, 0.3)], ids=str)
def weighed(request):
    """A GAN whose weights no test changes, its weight of mismatched labels and that of drift."""
    mismatch, drift = request.param
    gan = tiny("digitsmith", mismatch=mismatch, drift=drift, precision="float32")
    stir(gan.discriminator)
    return gan, mismatch, drift


@pytest.mark.parametrize("loss", GAMES)
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_the_discriminators_gradient_is_that_of_its_loss_and_penalties(weighed, monkeypatch, loss, gamma):
    gan, mismatch, drift = weighed
    monkeypatch.setattr(gan, "game", GAMES[loss])
    images = tf.concat([IMAGES / 255, tf.random.stateless_uniform((8, 28, 28, 1), seed=(1, 2))], 0)
    images, labels = tf.cast(images, tf.float32), tf.concat([LABELS, LABELS], 0)
    others = (labels + 3) % 10

    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(images)
            logits = call(gan.discriminator, image=images, label=labels, training=True)
        slopes = inner.gradient(logits, images)
        wrong = call(gan.discriminator, image=images[:8], label=others[:8], training=True)
        expected_loss = gan.game.discriminator(logits[:8], logits[8:]) + gamma * gradient_penalty(slopes)
        expected_loss += mismatch * tf.reduce_mean(tf.nn.softplus(wrong - logits[:8]))
        expected_loss += drift * tf.reduce_mean(tf.square(logits[:8]))
    expected = tape.gradient(expected_loss, gan.discriminator.trainable_variables)

    applied = without_moving(gan.discriminator_optimizer, monkeypatch)
    step = gan._penalised_discriminator_step if gamma else gan._discriminator_step
    step(images, labels, others, {"penalty": tf.constant(gamma), "mismatch": tf.constant(mismatch)})
    for found, wanted in zip(applied, expected, strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(found), tf.convert_to_tensor(wanted), rtol=1e-3, atol=1e-6)


def test_a_weight_that_is_zero_at_both_ends_alone_is_left_out():
    for start, end, whether in ((0, 0, False), (0, 0.1, True), (0.1, 0, True)):
        settings = settings_for(
            "digitsmith", {"gamma": start, "final_gamma": end, "mismatch": start, "final_mismatch": end}
        )
        assert settings.penalised is settings.mismatched is whether


def test_mismatched_labels_are_always_other_ones_and_all_of_them():
    gan = tiny("digitsmith")
    labels = tf.repeat(tf.range(10), 100)
    others = gan._other_labels(labels, tf.constant(1)).numpy()
    assert (others != labels.numpy()).all()
    assert {(label, other) for label, other in zip(labels.numpy(), others, strict=True)} == {
        (label, other) for label in range(10) for other in range(10) if label != other
    }


def test_a_model_without_labels_cannot_be_shown_wrong_ones():
    with pytest.raises(TrainingError, match=r"--mismatch is 0.5 and --final-mismatch 0.0; both must be 0 for mlp"):
        settings_for("mlp", {"mismatch": 0.5})


def test_the_penalty_comes_when_it_is_due_and_both_weights_fade_on_a_cosine():
    fading = {"gamma": 1.0, "final_gamma": 0.1, "mismatch": 0.2, "final_mismatch": 0.02}
    gan = tiny("digitsmith", **fading, penalty_every=4, images=800)
    results = dict.fromkeys(("discriminator_loss", "generator_loss"), 0.0)
    weights, penalised = {}, []

    def play(step, _images, _labels, given, penalise):
        weights[int(step)] = (float(given["penalty"]), float(given["mismatch"]))
        penalised.extend([int(step)] if penalise else [])
        return results

    gan._play = play
    for step in range(1, 101):
        gan.train_step(step, IMAGES, LABELS)
    assert penalised == list(range(4, 101, 4))
    assert weights[4] == pytest.approx((4 * 0.996, 0.2 * 0.996), rel=0.01)
    assert weights[50] == pytest.approx((4 * 0.55, 0.11), rel=0.01)
    assert weights[100] == pytest.approx((4 * 0.1, 0.02))


def test_the_average_has_the_half_life_it_is_given():
    gan = tiny("digitsmith", average_images=16)  # two steps of eight, once 5% of the images seen are more
    for step, kept in ((101, 0.5**0.5), (20, 0.5)):  # after 20 steps, 5% are one step
        gan.train_step(step - 1, IMAGES, LABELS)
        before = gan.best_generator.get_weights()
        gan.train_step(step, IMAGES, LABELS)
        weights = gan.generator.get_weights()
        for average, old, new in zip(gan.best_generator.get_weights(), before, weights, strict=True):
            np.testing.assert_allclose(average, new + kept * (old - new), atol=1e-6)


def test_without_an_average_the_generator_itself_is_the_best():
    gan = tiny("mlp")
    assert gan.best_generator is gan.generator


def test_samples_are_digits():
    digits = tiny("digitsmith").sample(np.zeros((3, 4), np.float32), np.arange(3, dtype=np.int32))
    assert digits.shape == (3, 28, 28)
    assert digits.dtype == np.uint8
