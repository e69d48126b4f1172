"""How fast training is, beside the usual tutorial loop, PyTorch and what the machine can do.

Run with `make benchmark-training`. Every measure runs in a process of its own, in turns, and the
table shows the median and the spread over the turns, so that a noisy moment hits all alike. Batches
are of 32, as in the tutorials and in `digitsmith`'s training, and of 128, as in the DCGAN paper.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import click

SMALL, LARGE = 32, 128  # images in a batch
STEPS = 24  # timed steps of one turn; a multiple of the penalty's period
WARM_UP = 8


def timed(step: Callable[[], object], batch: int, steps: int = STEPS) -> float:
    """Images a second over `steps` calls for a batch each, after a warm-up."""
    for _ in range(WARM_UP):
        step()
    began = time.perf_counter()
    for _ in range(steps):
        step()
    return steps * batch / (time.perf_counter() - began)


def ours(preset: str, precision: str, batch: int) -> dict[str, float]:
    """Images a second of a preset's networks and step, and their arithmetic in GFLOP/s."""
    import tensorflow as tf

    from training.export import floating_point_operations
    from training.gan import GAN
    from training.presets import settings_for

    gan = GAN(settings_for(preset, {"precision": precision, "batch_size": batch}), 10)
    images, labels = random_digits(batch)
    steps = iter(range(1, 10_000))
    speed = timed(lambda: gan.train_step(next(steps), images, labels), batch)
    given = (tf.constant(1), images, labels, {"penalty": tf.constant(1.0), "mismatch": tf.constant(1.0)})
    every = gan.settings.penalty_every
    plain = floating_point_operations(gan._play.get_concrete_function(*given, False).graph)
    penalised = floating_point_operations(gan._play.get_concrete_function(*given, True).graph)
    mean = (plain * (every - 1) + penalised) / every if gan.settings.penalised else plain
    return {"images_per_second": speed, "gflops": mean / batch * speed / 1e9}


def tutorial(batch: int) -> dict[str, float]:
    """The loop of the public Keras GAN repositories over dcgan's two networks: predict, and train_on_batch thrice."""
    import keras
    import numpy as np

    from training.networks import build_networks
    from training.presets import settings_for

    settings = settings_for("dcgan", {})
    generator, discriminator = build_networks(settings, 10, "float32")
    adam = {"learning_rate": settings.generator_lr, "beta_1": settings.beta_1}
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    discriminator.compile(keras.optimizers.Adam(**adam), loss)
    images, _ = random_digits(batch)
    real, ones, zeros = images.astype("float32") / 255, np.ones((batch,)), np.zeros((batch,))
    discriminator.train_on_batch(real, ones)  # traced while it may learn: the combined model freezes it
    discriminator.trainable = False
    latent = keras.Input((settings.latent_dim,))
    combined = keras.Model(latent, discriminator(generator(latent)))
    combined.compile(keras.optimizers.Adam(**adam), loss)
    rng = np.random.default_rng(0)

    def step() -> None:
        generated = generator.predict(rng.standard_normal((batch, settings.latent_dim)), verbose=0)
        discriminator.train_on_batch(real, ones)
        discriminator.train_on_batch(generated, zeros)
        combined.train_on_batch(rng.standard_normal((batch, settings.latent_dim)), ones)

    return {"images_per_second": timed(step, batch)}


def pytorch(precision: str, batch: int) -> dict[str, float]:
    """The two networks of dcgan and their usual step in PyTorch."""
    import torch
    from torch import nn
    from torch.nn.functional import binary_cross_entropy_with_logits as loss

    latent, width = 100, 64
    generator = nn.Sequential(
        nn.Linear(latent, 4 * width, bias=False), nn.BatchNorm1d(4 * width), nn.ReLU(),
        nn.Linear(4 * width, 7 * 7 * 2 * width, bias=False), nn.BatchNorm1d(7 * 7 * 2 * width), nn.ReLU(),
        nn.Unflatten(1, (2 * width, 7, 7)),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, 2 * width, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(7 * 7 * 2 * width, 4 * width), nn.LeakyReLU(0.2), nn.Linear(4 * width, 1),
    )  # fmt: skip
    players = [torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in (generator, discriminator)]
    real, ones, zeros = torch.rand(batch, 1, 28, 28) * 2 - 1, torch.ones(batch, 1), torch.zeros(batch, 1)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            generated = generator(torch.randn(batch, latent))
            logits = discriminator(real), discriminator(generated.detach())
        players[1].zero_grad()
        (loss(logits[0].float(), ones) + loss(logits[1].float(), zeros)).backward()
        players[1].step()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            logit = discriminator(generated)
        players[0].zero_grad()
        loss(logit.float(), ones).backward()
        players[0].step()

    return {"images_per_second": timed(step, batch)}


def peak() -> dict[str, float]:
    """The fastest bfloat16 convolution found among shapes like those of the networks, in GFLOP/s."""
    import tensorflow as tf

    best = 0.0
    for side, width in ((14, 32), (14, 64), (14, 128), (7, 128), (7, 256), (28, 64)):
        images = tf.cast(tf.random.normal((2 * LARGE, side, side, width)), tf.bfloat16)
        kernel = tf.cast(tf.random.normal((3, 3, width, width)), tf.bfloat16)

        @tf.function
        def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
            for _ in range(8):
                images = tf.nn.conv2d(images, kernel, 1, "SAME")
            return tf.reduce_sum(images)

        calls = timed(lambda convolve=convolve, x=images, k=kernel: convolve(x, k), 1, steps=8)
        best = max(best, calls * 8 * 2 * 9 * width**2 * side**2 * 2 * LARGE / 1e9)
    return {"gflops": best}


def random_digits(batch: int) -> tuple[object, object]:
    """A batch of noise in the shape of digits, and labels."""
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (batch, 28, 28, 1), np.uint8), rng.integers(0, 10, batch).astype(np.int32)


TUTORIAL, PEAK = "dcgan, the tutorial's loop, float32", "bfloat16 convolution, the machine's peak"
LOOPS: dict[str, Callable[[int], dict[str, float]]] = {
    TUTORIAL: tutorial,
    "dcgan, PyTorch, float32": partial(pytorch, "float32"),
    "dcgan, PyTorch, bfloat16": partial(pytorch, "bfloat16"),
    "dcgan, float32": partial(ours, "dcgan", "float32"),
    "dcgan, bfloat16": partial(ours, "dcgan", "bfloat16"),
    "digitsmith, float32": partial(ours, "digitsmith", "float32"),
    "digitsmith, bfloat16": partial(ours, "digitsmith", "bfloat16"),
}
MEASURES: dict[str, Callable[[], dict[str, float]]] = {
    **{f"{batch}: {name}": partial(loop, batch=batch) for batch in (SMALL, LARGE) for name, loop in LOOPS.items()},
    PEAK: peak,
}


@click.command()
@click.option("--turns", default=5, show_default=True, type=click.IntRange(1), help="How often each is measured.")
@click.option("--only", type=click.Choice(list(MEASURES)), hidden=True)
def main(turns: int, only: str | None) -> None:
    """Measure everything in turns and print one table."""
    if only:
        click.echo(json.dumps(MEASURES[only]()))
        return
    found: dict[str, list[dict[str, float]]] = {name: [] for name in MEASURES}
    for turn in range(turns):
        for name in MEASURES:
            click.echo(f"turn {turn + 1} of {turns}: {name}", err=True)
            found[name].append(in_a_process(name))
    click.echo(table(found))


def in_a_process(name: str) -> dict[str, float]:
    """One measure in a fresh process."""
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "benchmarks.training", "--only", name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{name} failed: {(done.stderr.strip().splitlines() or ['it was killed'])[-1]}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """The Markdown table: medians, lowest and highest, and ratios to the tutorial's loop and to the peak."""
    speeds = {name: [turn["images_per_second"] for turn in turns] for name, turns in found.items() if name != PEAK}
    top = statistics.median(turn["gflops"] for turn in found[PEAK])
    rows = [
        "| batch | | images/s (lowest to highest) | × the tutorial's | GFLOP/s | share of peak |",
        "|---|---|---|---|---|---|",
    ]
    for name, values in speeds.items():
        batch, _, loop = name.partition(": ")
        median, base = statistics.median(values), statistics.median(speeds[f"{batch}: {TUTORIAL}"])
        spread = f"{median:,.0f} ({min(values):,.0f} to {max(values):,.0f})"
        rows.append(f"| {batch} | {loop} | {spread} | {median / base:.2f} | {_arithmetic(found[name], top)} |")
    return "\n".join([*rows, f"| | {PEAK} | | | {top:.0f} | 100% |"])


def _arithmetic(turns: list[dict[str, float]], top: float) -> str:
    if "gflops" not in turns[0]:
        return " | "
    gflops = statistics.median(turn["gflops"] for turn in turns)
    return f"{gflops:.0f} | {gflops / top:.0%}"


if __name__ == "__main__":
    main()
