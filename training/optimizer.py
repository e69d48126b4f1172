"""Adam, and the cosines along which its learning rates and the weights of a loss fall."""

from math import cos, pi
from typing import Any

import keras
import tensorflow as tf

from training.presets import Settings


class Adam(keras.optimizers.Adam):  # type: ignore[misc]
    """Keras's Adam (Kingma and Ba 2015, arXiv 1412.6980), in one pass over a variable's numbers.

    Keras's own step is a dozen operations on each variable, of which every one reads and writes all of
    its numbers; TensorFlow has a kernel that does the same in one.
    """

    def build(self, variables: list[Any]) -> None:
        """Make what it remembers of these variables' gradients, and the step before which it remembers none."""
        super().build(variables)
        self.begun = self.add_variable((), dtype="int64", name="begun")

    def begin_at(self, step: int) -> None:
        """Take the next step for the one after `step`, at its learning rate, but with no gradient seen before."""
        self.iterations.assign(step)
        self.begun.assign(step)

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Move a variable, once, by its gradient."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1 - self.begun, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),
        )


def adam(settings: Settings, learning_rate: float, variables: list[Any]) -> Adam:
    """Adam for these variables, its learning rate warmed up and then let down along a cosine."""
    warmup = settings.warmup_steps
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else learning_rate,
        decay_steps=max(1, settings.steps - warmup),
        alpha=settings.final_lr,
        warmup_target=learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    optimizer = Adam(schedule, settings.beta_1, settings.beta_2)
    optimizer.build(variables)
    return optimizer


def fading(start: float, end: float, progress: float) -> float:
    """Half a cosine from `start` to `end` as progress goes from 0 to 1."""
    return end + (start - end) * (1 + cos(pi * progress)) / 2
