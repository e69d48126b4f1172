"""The GAN: two networks, their optimizers, the generator's average, and one step of their game."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.losses import GAMES, gradient_penalty, relativistic
from training.networks import build_networks, call, parts, synchronise, two_labelled
from training.optimizer import adam, fading
from training.presets import Settings

SMALLEST_SLOPE = 1e-30  # keeps a division finite where the discriminator has won beyond doubt


class GAN:
    """Plays one step at a time; knows nothing of files, progress or time.

    Args:
        strategy: how the replicas of a batch are shared out and brought together again; each plays on its
            share, and all have equal weights at all times. None for TensorFlow's default, one replica.

    Attributes:
        generator: from latents (and labels) to images; discriminator: from images (and labels) to
            logits. Both as `training.networks` describes them.
        best_generator: the moving average of the generator where the settings keep one, else itself.
    """

    def __init__(self, settings: Settings, classes: int, strategy: tf.distribute.Strategy | None = None):
        keras.utils.set_random_seed(settings.seed)
        # TensorFlow orders its sums by the layers' names, which count on through a process: without
        # this, a second GAN in it would differ from the first in the last bits of bfloat16.
        keras.utils.clear_session()
        self.settings = settings
        self.classes = classes
        self.game = GAMES[settings.loss]
        self.strategy = strategy or tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        with self.strategy.scope():
            self._build()

    def _build(self) -> None:
        settings = self.settings
        self.generator, self.discriminator = build_networks(settings, self.classes, settings.precision)
        if self.replicas > 1:
            synchronise(self.generator)
        self._two_labelled = two_labelled(self.discriminator) if settings.mismatched else None
        self.best_generator = self.generator
        if settings.average_images:
            self.best_generator, _ = build_networks(settings, self.classes, settings.precision)
            self.best_generator.set_weights(self.generator.get_weights())
        self.generator_optimizer = adam(settings, settings.generator_lr, self.generator.trainable_variables)
        self.discriminator_optimizer = adam(settings, settings.discriminator_lr, self.discriminator.trainable_variables)

    def train_step(self, step: int, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """Both players move once, from one shared pass.

        Args:
            step: number of this step, from 1; it decides the latents and every schedule.
            images: (N, 28, 28, 1) uint8; labels: (N,) integers.
        Returns: the two losses and the discriminator's mean logit on real and on generated images.
        """
        settings = self.settings
        progress = min(1.0, step * settings.batch_size / settings.images)
        gamma = fading(settings.gamma, settings.final_gamma, progress) * settings.penalty_every
        mismatch = fading(settings.mismatch, settings.final_mismatch, progress)
        weights = {"penalty": tf.constant(gamma), "mismatch": tf.constant(mismatch)}
        penalise = settings.penalised and step % settings.penalty_every == 0
        results = self._play(tf.constant(step), images, labels, weights, penalise)
        if settings.average_images:
            half_life = min(settings.average_images, 0.05 * step * settings.batch_size)
            self._update_average(tf.constant(0.5 ** (settings.batch_size / half_life), tf.float32))
        return {name: float(value) for name, value in results.items()}

    def sample(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Digits (N, 28, 28) uint8, 0 = paper, of the best generator for latents (N, latent_dim).

        Raises: FloatingPointError when the generator gives what is not a number.
        """
        latents = latents * np.float32(self.settings.latent_gain)
        drawn = [
            call(self.best_generator, latent=latents[part], label=labels[part], training=False)
            for part in parts(len(latents))
        ]
        images = np.concatenate(drawn)
        if not np.isfinite(images).all():
            raise FloatingPointError("the generator gave an image that is not finite")
        return np.rint(images[..., 0] * 255).astype(np.uint8)

    def state(self) -> dict[str, np.ndarray]:
        """Every number that the next step depends on, by name."""
        return {name: np.asarray(variable) for name, variable in self._variables()}

    def digest(self) -> str:
        """SHA-256 of the state."""
        digest = sha256()
        for array in self.state().values():
            digest.update(array.tobytes())
        return digest.hexdigest()

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Put back what `state` gave. Raises KeyError or ValueError on a state of other networks."""
        for name, variable in self._variables():
            variable.assign(state[name])

    def adopt(self, generator: keras.Model, discriminator: keras.Model, step: int) -> None:
        """Go on after `step` steps from finished networks of the same shapes. Raises ValueError on others."""
        self.generator.set_weights(generator.get_weights())
        self.best_generator.set_weights(generator.get_weights())
        self.discriminator.set_weights(discriminator.get_weights())
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            optimizer.begin_at(step)

    def _variables(self) -> Iterator[tuple[str, Any]]:
        owners = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "best_generator": self.best_generator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }
        for owner, holder in owners.items():
            for index, variable in enumerate(holder.variables):
                yield f"{owner}/{index:03d}", variable

    @tf.function
    def _play(
        self, step: tf.Tensor, images: tf.Tensor, labels: tf.Tensor, weights: dict[str, tf.Tensor], penalise: bool
    ) -> dict[str, tf.Tensor]:
        """Every replica moves on its share of the batch; the results are means over all of them."""
        results = self.strategy.run(self._move, (step, images, labels, weights, penalise))
        return {name: self.strategy.reduce(tf.distribute.ReduceOp.MEAN, each, None) for name, each in results.items()}

    def _move(
        self, step: tf.Tensor, images: tf.Tensor, labels: tf.Tensor, weights: dict[str, tf.Tensor], penalise: bool
    ) -> dict[str, tf.Tensor]:
        shape = (self.settings.batch_size, self.settings.latent_dim)
        latents = self._share(tf.random.stateless_normal(shape, seed=tf.stack([self.settings.seed, step])))
        others = self._share(self._other_labels(labels, step))
        real, labels = tf.cast(self._share(images), tf.float32) / 255, self._share(labels)
        with tf.GradientTape() as tape:
            generated = call(self.generator, latent=latents, label=labels, training=True)
        discriminator_step = self._penalised_discriminator_step if penalise else self._discriminator_step
        images = tf.concat([real, generated], 0)
        labels, others = tf.concat([labels, labels], 0), tf.concat([others, others], 0)
        loss, logits, slopes = discriminator_step(images, labels, others, weights)
        real_logits, generated_logits = tf.split(logits, 2)
        generator_loss = self._generator_step(tape, generated, real_logits, generated_logits, slopes)
        return {
            "discriminator_loss": loss,
            "generator_loss": generator_loss,
            "real_logit": tf.reduce_mean(real_logits),
            "generated_logit": tf.reduce_mean(generated_logits),
        }

    def _discriminator_step(
        self, images: tf.Tensor, labels: tf.Tensor, others: tf.Tensor, weights: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Update the discriminator; return its loss, its logits and each generated image's slope.

        Images (2N, 28, 28, 1), the real ones first. An image's slope is the gradient of its own
        logit. No image sees another in our discriminators, so the loss's gradient at an image is
        that slope times the loss's gradient at the logit, and a division gives the slope without a
        second pass through the network.
        """
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits, loss, minimised = self._judge(images, labels, others, weights)
        variables = self.discriminator.trainable_variables
        gradients, at_images, at_logits = tape.gradient(minimised, [variables, images, logits])
        self._apply(self.discriminator_optimizer, gradients, variables)
        at_generated = tf.maximum(tf.split(at_logits, 2)[1], SMALLEST_SLOPE)
        return loss, logits, tf.split(at_images, 2)[1] / tf.reshape(at_generated, (-1, 1, 1, 1))

    def _penalised_discriminator_step(
        self, images: tf.Tensor, labels: tf.Tensor, others: tf.Tensor, weights: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The same with weight × (R1 + R2) / 2 added to what is minimised; the loss is returned without."""
        with tf.GradientTape() as tape:
            with tf.GradientTape() as slope_tape:
                slope_tape.watch(images)
                logits, loss, minimised = self._judge(images, labels, others, weights)
                total = tf.reduce_sum(logits)
            slopes = slope_tape.gradient(total, images)
            penalised = minimised + weights["penalty"] * gradient_penalty(slopes)
        variables = self.discriminator.trainable_variables
        self._apply(self.discriminator_optimizer, tape.gradient(penalised, variables), variables)
        return loss, logits, tf.split(slopes, 2)[1]

    def _judge(
        self, images: tf.Tensor, labels: tf.Tensor, others: tf.Tensor, weights: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Logits of images (2N, 28, 28, 1) under their labels, the game's loss, and what is minimised.

        Both of a pair share their label, so the game alone never shows the discriminator a digit under
        a wrong one (Reed et al. 2016, arXiv 1605.05396, section 4.1). With a weight for mismatches, a
        real image under its label must also look more real than the same image under another.

        A relativistic pair fixes the difference between two logits and nothing their level, which wanders
        until it takes everything along. So real images' squared logits are weighed in too (Karras et al.
        2018, arXiv 1710.10196, appendix A.1).
        """
        if self._two_labelled is None:
            logits, mismatched = call(self.discriminator, image=images, label=labels, training=True), 0.0
        else:
            logits, other_logits = self._two_labelled([images, labels, others], training=True)
            mismatched = relativistic(real=tf.split(logits, 2)[0], generated=tf.split(other_logits, 2)[0])
        real_logits, generated_logits = tf.split(logits, 2)
        loss = self.game.discriminator(real_logits, generated_logits)
        minimised = loss + weights["mismatch"] * mismatched
        if self.settings.drift:
            minimised += self.settings.drift * tf.reduce_mean(tf.square(real_logits))
        return logits, loss, minimised

    def _other_labels(self, labels: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """For each label another one, drawn evenly."""
        seed = tf.stack([self.settings.seed, -step])  # latents have the steps above zero
        away = tf.random.stateless_uniform(tf.shape(labels), seed, 1, max(2, self.classes), tf.int32)
        return (labels + away) % self.classes

    def _generator_step(
        self,
        tape: tf.GradientTape,
        generated: tf.Tensor,
        real_logits: tf.Tensor,
        generated_logits: tf.Tensor,
        slopes: tf.Tensor,
    ) -> tf.Tensor:
        """Update the generator: its loss's gradient at the logits, through the slopes, to its weights."""
        with tf.GradientTape() as loss_tape:
            loss_tape.watch(generated_logits)
            loss = self.game.generator(real_logits, generated_logits)
        at_logits = tf.reshape(loss_tape.gradient(loss, generated_logits), (-1, 1, 1, 1))
        variables = self.generator.trainable_variables
        gradients = tape.gradient(generated, variables, output_gradients=slopes * at_logits)
        self._apply(self.generator_optimizer, gradients, variables)
        return loss

    def _share(self, batch: tf.Tensor) -> tf.Tensor:
        """What of a batch is this replica's."""
        if self.replicas == 1:
            return batch
        size = self.settings.batch_size // self.replicas
        start = tf.distribute.get_replica_context().replica_id_in_sync_group * size
        return batch[start : start + size]

    def _apply(self, optimizer: keras.Optimizer, gradients: list[tf.Tensor], variables: list[Any]) -> None:
        """Update the variables by the mean of the replicas' gradients, of which Keras takes the sum."""
        if self.replicas > 1:
            gradients = [keras.ops.divide(gradient, self.replicas) for gradient in gradients]
        optimizer.apply(gradients, variables)

    @tf.function
    def _update_average(self, decay: tf.Tensor) -> None:
        for average, weight in zip(self.best_generator.weights, self.generator.weights, strict=True):
            average.assign(weight + decay * (average - weight))
