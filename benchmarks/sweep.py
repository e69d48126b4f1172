"""What each setting of `digitsmith` gives, on a slice of the training digits.

Run with `python -m benchmarks.sweep --data mnist`. The last 5,000 training digits stand for the test
set, which no choice may see; judge and GANs are trained on the other 55,000. Rows of the Markdown
table are printed as they are found. docs/training-notes.md keeps what was found.
"""

import time
from dataclasses import replace

import click
import numpy as np

from benchmarks.scoring import Scorer, steps
from training.data import Dataset, load
from training.evaluation.judge import SHAPES, Judge, train
from training.gan import GAN
from training.presets import settings_for

SLICE = 5_000
DRAWN = 20_000
SWEEP: dict[str, dict[str, float]] = {
    "the preset": {},
    "no mismatched labels": {"mismatch": 0.0, "final_mismatch": 0.0},
    "mismatch 0.5": {"mismatch": 0.5},
    "generator 12": {"generator_width": 12},
    "generator 24": {"generator_width": 24},
    "discriminator 24": {"discriminator_width": 24},
    "discriminator 48": {"discriminator_width": 48},
    "no drift": {"drift": 0.0},
    "learning rates 2.5e-4": {"generator_lr": 2.5e-4, "discriminator_lr": 2.5e-4},
    "learning rates 1e-3": {"generator_lr": 1e-3, "discriminator_lr": 1e-3},
    "gamma 1 to 0.4": {"final_gamma": 0.4},
    "gamma 1 to 0.1": {"final_gamma": 0.1},
    "gamma 0.5 throughout": {"gamma": 0.5, "final_gamma": 0.5},
    "beta 2 0.9": {"beta_2": 0.9},
    "beta 2 0.999": {"beta_2": 0.999},
    "batch 16": {"batch_size": 16},
    "batch 64": {"batch_size": 64},
    "batch 128": {"batch_size": 128},
    "latent 32": {"latent_dim": 32},
    "latent 128": {"latent_dim": 128},
    "average 50,000": {"average_images": 50_000},
    "no gain of the latents": {"latent_gain": 1.0},
    "penalty every 8 steps": {"penalty_every": 8},
    "penalty every step": {"penalty_every": 1},
}


@click.command()
@click.option("--data", default="mnist", show_default=True, help="As for `python -m training train`.")
@click.option(
    "--images", default=540_000, show_default=True, type=click.IntRange(1), help="Images that a row's training sees."
)
@click.argument("names", nargs=-1, type=click.Choice(list(SWEEP)))
def main(data: str, images: int, names: tuple[str, ...]) -> None:
    """Train with each setting that is named, or all, and print a row for each."""
    sliced = held_out(load(data))
    scorer = Scorer(Judge(train(SHAPES["first"], sliced)), sliced, DRAWN)
    click.echo(f"judge-FID of as many real digits: {scorer.floor:.2f}")
    click.echo("| | judge-FID | label accuracy | precision | recall | D's loss | images/s |\n" + "|---" * 7 + "|")
    for name in names or SWEEP:
        click.echo(row(name, scorer, sliced, {"images": images} | SWEEP[name]))


def held_out(data: Dataset) -> Dataset:
    """The data set without its test digits: the last training digits stand in their place."""
    if len(data.train_images) < 2 * SLICE:
        raise click.ClickException(
            f"{data.name} has {len(data.train_images)} training images; a sweep needs at least {2 * SLICE}."
        )
    return replace(
        data,
        name=f"{data.name}-slice",
        train_images=data.train_images[:-SLICE],
        train_labels=data.train_labels[:-SLICE],
        test_images=data.train_images[-SLICE:],
        test_labels=data.train_labels[-SLICE:],
    )


def row(name: str, scorer: Scorer, data: Dataset, changes: dict[str, float]) -> str:
    """Train with changed settings; return what came of it as a row of the table."""
    gan = GAN(settings_for("digitsmith", changes), data.classes)
    began = time.perf_counter()
    losses = [metrics["discriminator_loss"] for metrics in steps(gan, data)]
    speed = gan.settings.images / (time.perf_counter() - began)
    found = scorer(gan)
    return (
        f"| {name} | {found['judge_fid']:.2f} | {found['label_accuracy']:.2%} | {found['precision']:.3f} |"
        f" {found['recall']:.3f} | {np.mean(losses[-100:]):.2f} | {speed:,.0f} |"
    )


if __name__ == "__main__":
    main()
