"""Whether memory stays flat under full load: `python -m benchmarks.soak`, which needs wrk.

Single digits, sheets, numbers in JSON, data sets and animations are asked for at once, over more connections
than the server has threads.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import click

from benchmarks.load import failures, need, wrk
from benchmarks.serving import OURS, Running, megabytes, running

LOADS = {
    "/generate": 64,
    "/generate?count=100": 8,
    "/generate?seed=1&digit=7": 16,
    "/number/2026?model=digitsmith": 8,
    "/dataset?count=1000": 2,
    "/interpolate?steps=64&scale=8&format=webp&background=transparent": 2,
}
JSON = "wrk.headers['Accept'] = 'application/json'"
WARM_UP = 30  # seconds until every thread and pool has its size
SPARE = 10  # seconds that the load outlasts the last look


@click.command()
@click.option("--minutes", default=10, show_default=True)
def main(minutes: int) -> None:
    """Print the largest process's proportional memory every minute, and how much it grew."""
    need("wrk")
    with running(OURS) as server, ThreadPoolExecutor(len(LOADS)) as pool:
        loads = [pool.submit(ask, server, *load, WARM_UP + 60 * minutes + SPARE) for load in LOADS.items()]
        time.sleep(WARM_UP)
        sizes = [megabytes(server)]
        for minute in range(1, minutes + 1):
            time.sleep(60)
            if any(load.done() for load in loads):
                break  # below it says why
            sizes.append(megabytes(server))
            click.echo(f"after {minute} minutes: {sizes[-1]:.0f} MB ({sizes[-1] / sizes[0] - 1:+.1%})")
        for load in loads:
            click.echo(load.result())


def ask(server: Running, path: str, connections: int, seconds: int) -> str:
    """Ask without pause; says how many answers came."""
    said = wrk(server.address + path, connections, seconds, 1, JSON if path.startswith("/number") else "")
    answered = [line.strip() for line in said.splitlines() if "requests in" in line]
    return f"{path}: {'; '.join(answered + failures(said))}"


if __name__ == "__main__":
    main()
