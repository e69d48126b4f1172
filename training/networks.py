"""The networks of the three presets, as plain functional Keras models.

What is trained is what is shipped: a generator takes `latent` (N, latent_dim) float32 and, when
conditional, `label` (N,) int32, and gives images (N, 28, 28, 1) in [0, 1], 0 = paper and 1 = ink; a
discriminator takes `image` and, when conditional, `label`, and gives one logit (N,), higher = more
real. Inside, images are in [-1, 1], as tanh makes them.

Shapes in the trailing comments leave the batch out; W is the network's width.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import KerasTensor, layers

from training.errors import TrainingError
from training.presets import PRESETS, Settings

IMAGE_SHAPE = (28, 28, 1)
LEAK = 0.2  # negative slope of every LeakyReLU, as in Radford et al. 2015
EMBEDDING = 64  # size of a label's embedding in the conditional generator
PART = 10_000  # digits


def build_networks(settings: Settings, classes: int, precision: str) -> tuple[keras.Model, keras.Model]:
    """The settings' generator and discriminator, with fresh weights.

    Args: precision, "float32" or "bfloat16": the arithmetic of the hidden layers; weights, images
        and logits are float32 in both.
    """
    generator, discriminator = ARCHITECTURES[settings.preset]
    labels = {"classes": classes} if PRESETS[settings.preset].conditional else {}
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32" if precision == "float32" else f"mixed_{precision}")
    try:
        return (
            generator(settings.latent_dim, settings.generator_width, **labels),
            discriminator(settings.discriminator_width, **labels),
        )
    finally:
        keras.config.set_dtype_policy(before)


def call(network: keras.Model, *, training: bool, **inputs: Any) -> Any:
    """The network's output for its inputs, given by name; what it has no input for is left out."""
    given = [inputs[tensor.name] for tensor in network.inputs]
    return network(given if len(given) > 1 else given[0], training=training)


def parts(count: int) -> list[slice]:
    """Slices of `count` digits, of as many as may be floating-point numbers at a time."""
    return [slice(start, start + PART) for start in range(0, count, PART)]


def load_network(path: Path) -> keras.Model:
    """A network from its .keras file. Raises TrainingError when Keras cannot load it."""
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises half a dozen types for a file that is no whole .keras
        raise TrainingError(f"{path} is not a network that Keras can load: copy it anew, or train another.") from error


def mlp_generator(latent_dim: int, width: int) -> keras.Model:
    """A multi-layer perceptron from latents to digits (Goodfellow et al. 2014, arXiv 1406.2661)."""
    latent = keras.Input((latent_dim,), name="latent")
    x = latent
    for units in (width, 2 * width, 4 * width):
        x = layers.Dense(units)(x)
        x = layers.LeakyReLU(LEAK)(x)
        x = layers.BatchNormalization(momentum=0.8)(x)
    x = layers.Dense(28 * 28)(x)
    x = layers.Reshape(IMAGE_SHAPE)(x)
    return keras.Model(latent, _digit(x), name="generator")


def mlp_discriminator(width: int) -> keras.Model:
    """A multi-layer perceptron from an image to one logit; W is its narrowest hidden layer."""
    image = keras.Input(IMAGE_SHAPE, name="image")
    x = layers.Flatten()(_from_ink(image))
    for units in (2 * width, width):
        x = layers.Dense(units)(x)
        x = layers.LeakyReLU(LEAK)(x)
    return keras.Model(image, _logit(layers.Dense(1, dtype="float32")(x)), name="discriminator")


def dcgan_generator(latent_dim: int, width: int) -> keras.Model:
    """Dense, then transposed convolutions, with batch normalisation (Radford et al. 2015, arXiv 1511.06434)."""
    latent = keras.Input((latent_dim,), name="latent")
    x = _normalised(layers.Dense(4 * width, use_bias=False)(latent))
    x = _normalised(layers.Dense(7 * 7 * 2 * width, use_bias=False)(x))
    x = layers.Reshape((7, 7, 2 * width))(x)  # 7×7×2W
    x = _normalised(layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False)(x))  # 14×14×W
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same")(x)  # 28×28×1
    return keras.Model(latent, _digit(x), name="generator")


def dcgan_discriminator(width: int) -> keras.Model:
    """Two strided convolutions, then a dense layer that sees the digit whole, and one logit.

    No batch normalisation: it would let the images of a batch see each other, and `training.gan`
    counts on it that they do not.
    """
    image = keras.Input(IMAGE_SHAPE, name="image")
    x = layers.Conv2D(width, 4, strides=2, padding="same")(_from_ink(image))  # 14×14×W
    x = layers.LeakyReLU(LEAK)(x)
    x = layers.Conv2D(2 * width, 4, strides=2, padding="same")(x)  # 7×7×2W
    x = layers.LeakyReLU(LEAK)(x)
    x = layers.Dense(4 * width)(layers.Flatten()(x))
    x = layers.LeakyReLU(LEAK)(x)
    return keras.Model(image, _logit(layers.Dense(1, dtype="float32")(x)), name="discriminator")


def residual_generator(latent_dim: int, width: int, classes: int) -> keras.Model:
    """Latent and label to a digit through norm-free residual blocks (after Huang et al. 2024, arXiv 2501.05441)."""
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((), dtype="int32", name="label")
    embedding = layers.Embedding(classes, EMBEDDING)(label)
    x = layers.Concatenate()([latent, embedding])
    x = _dense(x, 7 * 7 * 3 * width)
    x = layers.Reshape((7, 7, 3 * width))(x)  # 7×7×3W
    x = _residual(x, 3 * width)
    x = _doubled(x, width)  # 14×14×W
    x = _residual(x, width)
    x = _doubled(x, width // 2)  # 28×28×W/2
    x = layers.LeakyReLU(LEAK)(x)
    x = layers.Conv2D(1, 3, padding="same")(x)  # 28×28×1
    return keras.Model([latent, label], _digit(x), name="generator")


def residual_discriminator(width: int, classes: int) -> keras.Model:
    """The generator's mirror, with a projection on the label (Miyato and Koyama 2018, arXiv 1802.05637)."""
    image = keras.Input(IMAGE_SHAPE, name="image")
    label = keras.Input((), dtype="int32", name="label")
    x = _convolved(_from_ink(image), width // 2)  # 28×28×W/2
    x = layers.LeakyReLU(LEAK)(x)
    x = _halved(x, width)  # 14×14×W
    x = _residual(x, width)
    x = _halved(x, 2 * width)  # 7×7×2W
    x = _residual(x, 2 * width)
    x = layers.LeakyReLU(LEAK)(x)
    x = layers.Flatten()(x)
    features = layers.LeakyReLU(LEAK, name="features")(_dense(x, 128))
    embedded = layers.Embedding(classes, 128, name="embedding")(label)
    score = layers.Dense(1, dtype="float32", name="score")
    return keras.Model([image, label], _projection(features, embedded, score), name="discriminator")


def two_labelled(discriminator: keras.Model) -> keras.Model:
    """The conditional discriminator, its weights shared, asked about each image under two labels.

    Takes `image`, `label` and `other`; gives a logit (N,) for each label at the price of one pass.
    """
    features, embedding, score = (discriminator.get_layer(name) for name in ("features", "embedding", "score"))
    other = keras.Input((), dtype="int32", name="other")
    other_logit = _projection(features.output, embedding(other), score)
    return keras.Model([*discriminator.inputs, other], [discriminator.output, other_logit])


def synchronise(network: keras.Model) -> None:
    """Have batch normalisation see what all replicas see of a batch, not its own share alone."""
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.synchronized = True


def _projection(features: KerasTensor, embedded: KerasTensor, score: layers.Layer) -> KerasTensor:
    """Logits (N,) of features (N, 128) under embedded labels (N, 128)."""
    projected = layers.Dot(axes=1, dtype="float32")([features, embedded])
    return _logit(layers.Add(dtype="float32")([score(features), projected]))


def _residual(x: KerasTensor, width: int) -> KerasTensor:
    """Add two 3×3 convolutions of x to it; the last starts at zero, so a new block is the identity (Fixup)."""
    y = layers.LeakyReLU(LEAK)(x)
    y = _convolved(y, width)
    y = layers.LeakyReLU(LEAK)(y)
    y = layers.Conv2D(width, 3, padding="same", kernel_initializer="zeros")(y)
    return layers.Add()([x, y])


def _convolved(x: KerasTensor, width: int) -> KerasTensor:
    return layers.Conv2D(width, 3, padding="same", kernel_initializer=_he())(x)


def _halved(x: KerasTensor, width: int) -> KerasTensor:
    """Half as high and wide."""
    return layers.Conv2D(width, 4, strides=2, padding="same", kernel_initializer=_he())(x)


def _doubled(x: KerasTensor, width: int) -> KerasTensor:
    """Twice as high and wide."""
    return layers.Conv2DTranspose(width, 4, strides=2, padding="same", kernel_initializer=_he())(x)


def _dense(x: KerasTensor, units: int) -> KerasTensor:
    return layers.Dense(units, kernel_initializer=_he())(x)


def _he() -> keras.Initializer:
    return keras.initializers.HeNormal()


def _normalised(x: KerasTensor) -> KerasTensor:
    return layers.ReLU()(layers.BatchNormalization()(x))


def _digit(x: KerasTensor) -> KerasTensor:
    """tanh, then from [-1, 1] to ink in [0, 1]."""
    x = layers.Activation("tanh", dtype="float32")(x)
    return layers.Rescaling(0.5, 0.5, dtype="float32", name="digit")(x)


def _from_ink(image: KerasTensor) -> KerasTensor:
    """From ink in [0, 1] to [-1, 1]."""
    return layers.Rescaling(2.0, -1.0)(image)


def _logit(x: KerasTensor) -> KerasTensor:
    return layers.Reshape((), dtype="float32")(x)


ARCHITECTURES: dict[str, tuple[Callable[..., keras.Model], Callable[..., keras.Model]]] = {
    "mlp": (mlp_generator, mlp_discriminator),
    "dcgan": (dcgan_generator, dcgan_discriminator),
    "digitsmith": (residual_generator, residual_discriminator),
}
