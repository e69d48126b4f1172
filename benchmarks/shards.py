"""Digits a second of `flask --app app digits`, drawn by one process and in shards by several at once.

Run with `python -m benchmarks.shards`. Each process draws with one thread; the time runs from the first start
to the last end, loading included.
"""

import os
import statistics
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

import click

from app.config import ROOT


@click.command()
@click.option("--count", default=200_000, show_default=True, help="Digits in all.")
@click.option("--turns", default=3, show_default=True, help="How often each is measured.")
@click.option("--processes", default=len(os.sched_getaffinity(0)), show_default=True, help="Against one.")
def main(count: int, turns: int, processes: int) -> None:
    """Print both, and what is lost on the way from one to several."""
    found: dict[int, list[float]] = {1: [], processes: []}
    for _ in range(turns):
        for several in found:
            found[several].append(count / seconds(count, several))
    for several, speeds in found.items():
        low, median, high = min(speeds), statistics.median(speeds), max(speeds)
        click.echo(f"{several} processes: {median:,.0f} digits/s ({low:,.0f} to {high:,.0f})")
    one, more = (statistics.median(found[several]) for several in (1, processes))
    click.echo(f"lost: {1 - more / (processes * one):.1%}")


def seconds(count: int, processes: int) -> float:
    """How long so many processes take to draw all shards."""
    with TemporaryDirectory() as folder:
        asked = [sys.executable, "-m", "flask", "--app", "app", "digits", "--count", str(count), "--seed", "1"]
        environment = os.environ | {"DIGITSMITH_INFERENCE_THREADS": "1"}
        began = time.perf_counter()
        shards = [
            subprocess.Popen(
                [*asked, "--out", folder, "--shard", f"{which}/{processes}"],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for which in range(1, processes + 1)
        ]
        if any(shard.wait() for shard in shards):
            raise click.ClickException("a shard failed")
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
