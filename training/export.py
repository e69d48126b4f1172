"""From a trained GAN to a model folder: two plain Keras models and the card that describes them."""

import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training import cards, checkpoint
from training.checkpoint import Progress
from training.data import Dataset
from training.environment import machine, versions
from training.errors import TrainingError
from training.evaluation import report
from training.files import replacing, sha256_of
from training.gan import GAN
from training.networks import build_networks, call
from training.presets import PRESETS, Settings

GENERATOR, DISCRIMINATOR, CARD = "generator.keras", "discriminator.keras", "card.json"
NEEDED: cards.Shape = {
    "title": str,
    "conditional": bool,
    "classes": int,
    "latent/dim": int,
    "dataset/name": str,
    "dataset/sha256": dict,
    "dataset/counts/train": int,
    "dataset/counts/test": int,
    "settings/loss": str,
    "realness/logit_percentiles/all": list,
    "images_seen": int,
    f"sha256/{GENERATOR}": str,
    f"sha256/{DISCRIMINATOR}": str,
    "evaluation": dict | None,
    "generator/mflop": cards.NUMBER,
    "generator/parameters": int,
    "generator/bytes": int,
}
PERCENTILES = tuple(range(101))
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # the app serves no model of another name
LONGEST = 255 - len(".replaced-")  # what file systems allow, with what a replacement puts before it


def check_name(name: str, option: str) -> None:
    """Raises TrainingError when what an option gives cannot be a model's name."""
    if not NAME.fullmatch(name):
        raise TrainingError(
            f"{option} is {name!r}; it must be of letters from A to Z, digits, '.', '_' and '-', and begin with a"
            " letter or a digit."
        )
    if len(name) > LONGEST:
        raise TrainingError(f"{option} has {len(name)} letters; it must have at most {LONGEST}.")


def export(folder: Path, gan: GAN, data: Dataset, progress: Progress) -> None:
    """Write generator.keras, discriminator.keras and, last, card.json into the run's folder.

    The report of an earlier evaluation, which was of other weights, goes.
    """
    generator, discriminator = float32_networks(gan, data.classes)
    for network, file in ((generator, GENERATOR), (discriminator, DISCRIMINATOR)):
        with replacing(folder / file) as path:
            network.save(path)
    card = describe(folder, gan, data, progress)
    card["generator"] = cost(generator) | {"bytes": (folder / GENERATOR).stat().st_size}
    card["realness"] = realness(discriminator, data, PRESETS[gan.settings.preset].conditional)
    shutil.rmtree(folder / report.FOLDER, ignore_errors=True)
    cards.write(folder / CARD, card)


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a model folder.

    Raises: TrainingError when it has none, the card is not whole, or describes other networks than are there.
    """
    remedy = whole_again(folder)
    missing = [file for file in (CARD, GENERATOR, DISCRIMINATOR) if not (folder / file).is_file()]
    if len(missing) == 3:
        raise TrainingError(f"{folder} is not a model folder; it must hold {CARD}, {GENERATOR} and {DISCRIMINATOR}.")
    if missing:
        raise TrainingError(f"{folder} is not a model folder, for it has no {missing[0]}: {remedy}.")
    try:
        card: dict[str, Any] = cards.read(folder / CARD)
    except ValueError as error:
        raise TrainingError(f"{folder / CARD} is not JSON ({error}): {remedy}.") from error
    cards.require(card, NEEDED, folder / CARD)
    changed = [file for file in (GENERATOR, DISCRIMINATOR) if card["sha256"][file] != sha256_of(folder / file)]
    if changed:
        raise TrainingError(f"{folder / changed[0]} is not the file that its {CARD} describes: {remedy}.")
    return card


def whole_again(folder: Path) -> str:
    """What makes a folder whole of which something is missing or damaged."""
    return "go on with its run by --resume" if checkpoint.exists(folder) else "copy it anew"


def check_data(folder: Path, card: dict[str, Any], data: Dataset) -> None:
    """Raises TrainingError when the model of a folder, whose card that is, was trained on other data."""
    if card["dataset"]["sha256"] != data.sha256:
        raise TrainingError(f"{folder} was trained on {card['dataset']['name']}, not on this {data.name}.")
    if card["classes"] != data.classes:
        raise TrainingError(f"{folder / CARD} has {card['classes']} as classes; {data.name} has {data.classes}.")


def exported(folder: Path, settings: Settings, progress: Progress) -> bool:
    """Whether the run is at its end and its folder already holds the model of that end, under these settings."""
    try:
        card = read_card(folder)
    except TrainingError:
        return False
    finished = progress.step == settings.steps and card["images_seen"] == progress.step * settings.batch_size
    return finished and card["settings"] == asdict(settings)


def float32_networks(gan: GAN, classes: int) -> tuple[keras.Model, keras.Model]:
    """The best generator and the discriminator in float32 from end to end.

    Layers saved under a bfloat16 policy keep bfloat16 inside, which other runtimes refuse; so the
    networks are built anew and the weights, float32 in both, are copied. The gain of the latents goes
    into the weights that they meet first.
    """
    generator, discriminator = build_networks(gan.settings, classes, "float32")
    generator.set_weights(gan.best_generator.get_weights())
    discriminator.set_weights(gan.discriminator.get_weights())
    scale_latents(generator, gan.settings.latent_dim, gan.settings.latent_gain)
    return generator, discriminator


def scale_latents(generator: keras.Model, latent_dim: int, factor: float) -> None:
    """Let a generator draw for latents what it has drawn for latents that are so much longer."""
    first = next(layer for layer in generator.layers if isinstance(layer, keras.layers.Dense))
    kernel, *bias = first.get_weights()
    kernel[:latent_dim] *= factor  # the label's rows come after
    first.set_weights([kernel, *bias])


def describe(folder: Path, gan: GAN, data: Dataset, progress: Progress) -> dict[str, Any]:
    """The card, but for what the discriminator says of real digits. Evaluation and gate are not run here."""
    settings = gan.settings
    preset = PRESETS[settings.preset]
    return {
        "name": folder.resolve().name,
        "preset": settings.preset,
        "title": preset.title,
        "conditional": preset.conditional,
        "classes": data.classes,
        "latent": {"dim": settings.latent_dim, "distribution": "normal"},
        "image": {"shape": [28, 28, 1], "range": [0, 1]},
        "dataset": data.identity,
        "settings": asdict(settings),
        "seed": settings.seed,
        "images_seen": progress.step * settings.batch_size,
        "rescheduled": progress.rescheduled,
        "wall_seconds": round(progress.seconds, 1),
        "machine": machine(),
        "versions": versions(),
        "sha256": {file: sha256_of(folder / file) for file in (GENERATOR, DISCRIMINATOR)},
        "evaluation": None,
        "gate": None,
    }


def cost(generator: keras.Model) -> dict[str, Any]:
    """Parameters, and millions of floating-point operations that one digit takes."""
    inputs = {tensor.name: tf.TensorSpec((1, *tensor.shape[1:]), tensor.dtype) for tensor in generator.inputs}
    run = tf.function(lambda **given: call(generator, training=False, **given))
    graph = run.get_concrete_function(**inputs).graph
    return {"parameters": generator.count_params(), "mflop": round(floating_point_operations(graph) / 1e6, 2)}


def floating_point_operations(graph: tf.Graph) -> int:
    """What TensorFlow's profiler counts in a graph of fixed shapes."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder
    counted = options(options.float_operation()).with_empty_output().build()
    return int(tf.compat.v1.profiler.profile(graph, options=counted).total_float_ops)


def realness(discriminator: keras.Model, data: Dataset, conditional: bool) -> dict[str, Any]:
    """Percentiles 0 to 100 of the logit over the real test digits, and per class when conditional.

    They let a logit be read as the share of real digits that the discriminator finds less real.
    """
    images = data.test_images.astype(np.float32) / 255
    inputs = [images, data.test_labels] if conditional else images
    logits = discriminator.predict(inputs, batch_size=500, verbose=0)
    percentiles: dict[str, Any] = {"all": _percentiles(logits)}
    if conditional:
        groups = [logits[data.test_labels == label] for label in range(data.classes)]
        percentiles["per_class"] = [_percentiles(group) if len(group) else None for group in groups]
    return {"logit_percentiles": percentiles}


def _percentiles(logits: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in np.percentile(logits, PERCENTILES)]
