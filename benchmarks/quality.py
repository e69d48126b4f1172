"""Minutes of training until judge-FID passes twice the floor of real digits, for each preset.

Run with `python -m benchmarks.quality --data mnist`. Only training is timed, not the scoring in between.
"""

import time
from collections.abc import Iterator

import click

from benchmarks.scoring import Scorer, steps
from training.data import Dataset, load
from training.evaluation.judge import load_all
from training.gan import GAN
from training.options import JUDGES
from training.presets import PRESETS, Settings, settings_for

DRAWN = 10_000
EVERY = 60  # seconds of training between two scores
PASSED = 2.0  # times the floor


@click.command()
@click.option("--data", default="mnist", show_default=True, help="MNIST, given as for `python -m training train`.")
@click.option(
    "--minutes",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Of training, after which a preset is given up.",
)
@click.option("--images", type=click.IntRange(1), help="Length of the trainings' schedules. [default: the presets']")
@click.argument("presets", nargs=-1, type=click.Choice(list(PRESETS)))
def main(data: str, minutes: float, images: int | None, presets: tuple[str, ...]) -> None:
    """Train each preset that is named, or all, and print a table."""
    dataset = load(data)
    scorer = Scorer(next(iter(load_all(JUDGES, dataset).values())), dataset, DRAWN)
    click.echo(f"Floor: {scorer.floor:.2f}\n\n| | minutes to {PASSED:g} × the floor | images | best judge-FID |")
    click.echo("|---" * 4 + "|")
    for preset in presets or reversed(PRESETS):
        click.echo(row(settings_for(preset, {"images": images}), scorer, dataset, minutes))


def row(settings: Settings, scorer: Scorer, data: Dataset, minutes: float) -> str:
    """Train until the digits pass, the training ends or it runs out of time; return its row."""
    gan = GAN(settings, data.classes)
    training, seconds, seen, best = steps(gan, data), 0.0, 0, float("inf")
    while best > PASSED * scorer.floor and seconds < 60 * minutes and seen < settings.images:
        trained, taken = for_a_while(training)
        seconds, seen = seconds + taken, seen + trained * settings.batch_size
        distance = scorer.distance(gan)
        best = min(best, distance)
        click.echo(f"{settings.preset}: {seconds / 60:.1f} min, {seen:,} images, judge-FID {distance:.2f}", err=True)
    passed = f"{seconds / 60:.1f}" if best <= PASSED * scorer.floor else f"not in {seconds / 60:.0f}"
    return f"| {settings.preset} | {passed} | {seen:,} | {best:.2f} |"


def for_a_while(training: Iterator[dict[str, float]]) -> tuple[int, float]:
    """Train for EVERY seconds, or to the end; return the steps done and the seconds taken."""
    began, done = time.perf_counter(), 0
    for _ in training:
        done += 1
        if time.perf_counter() - began >= EVERY:
            break
    return done, time.perf_counter() - began


if __name__ == "__main__":
    main()
