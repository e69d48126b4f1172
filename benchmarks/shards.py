"""Digits a second of `flask --app app digits`: in shards and on Ray, by one process and by several at once.

Run with `python -m benchmarks.shards`; it needs requirements-ray.txt. Each process draws with one thread. A time
runs from the first start to the last end, loading included: that of shards without putting them together, which is
measured by itself, that of Ray until the file is whole, but Ray itself runs already, as it does on a cluster.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import click

from app.config import ROOT

PORT = 6399  # of the benchmark's own Ray
ENVIRONMENT = os.environ | {
    "DIGITSMITH_INFERENCE_THREADS": "1",
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
}


@click.command()
@click.option("--count", default=200_000, show_default=True, help="Digits in all.")
@click.option("--turns", default=3, show_default=True, help="How often each is measured.")
@click.option("--processes", default=len(os.sched_getaffinity(0)), show_default=True, help="Against one.")
def main(count: int, turns: int, processes: int) -> None:
    """Print all, and what is lost on the way from one process to several."""
    if not find_spec("ray"):
        raise click.ClickException("Ray is missing: pip install -r requirements-ray.txt")
    found: dict[tuple[str, int], list[float]] = {}
    for _ in range(turns):
        for several in (1, processes):
            drawing, joining = in_shards(count, several)
            times = {"shards": drawing, "shards put together": joining, "Ray": on_ray(count, several)}
            for name, seconds in times.items():
                found.setdefault((name, several), []).append(count / seconds)
    for (name, several), speeds in sorted(found.items()):
        low, median, high = min(speeds), statistics.median(speeds), max(speeds)
        click.echo(f"{name}, {several}: {median:,.0f} digits/s ({low:,.0f} to {high:,.0f})")
    for name in ("shards", "Ray"):
        one, more = (statistics.median(found[name, several]) for several in (1, processes))
        click.echo(f"{name}: {1 - more / (processes * one):.1%} lost")


def in_shards(count: int, processes: int) -> tuple[float, float]:
    """How long so many processes take to draw all shards, and one of them to put these together."""
    with TemporaryDirectory() as folder:
        drawing = seconds([digits(count, folder, f"--shard={n}/{processes}") for n in range(1, processes + 1)])
        return drawing, seconds([digits(count, folder)])


def on_ray(count: int, processes: int) -> float:
    """How long Ray takes with so many processes."""
    with TemporaryDirectory() as folder, ray(processes):
        return seconds([digits(count, folder, "--engine=ray")], RAY_ADDRESS=f"127.0.0.1:{PORT}")


def digits(count: int, folder: str, *options: str) -> list[str]:
    """The command that draws."""
    asked = ["--count", str(count), "--seed", "1", "--out", folder]
    return [sys.executable, "-m", "flask", "--app", "app", "digits", *asked, *options]


def seconds(commands: list[list[str]], **settings: str) -> float:
    """How long it takes to run them all at once."""
    began = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(each, cwd=ROOT, env=ENVIRONMENT | settings, **quiet) for each in commands]
    codes = [each.wait() for each in running]
    if any(codes):
        raise click.ClickException(f"{' '.join(commands[0])} failed")
    return time.perf_counter() - began


@contextmanager
def ray(processes: int) -> Iterator[None]:
    """A Ray of so many processes on this machine."""
    start = ["start", "--head", f"--port={PORT}", f"--num-cpus={processes}", "--include-dashboard=false", "--block"]
    command = [sys.executable, "-m", "ray.scripts.scripts", *start]
    head = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        if not any("Ray runtime started" in line for line in head.stdout):
            raise click.ClickException("Ray did not start; perhaps another runs on this machine")
        yield
    finally:
        head.terminate()
        head.communicate()


if __name__ == "__main__":
    main()
