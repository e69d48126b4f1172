"""What a cache in front brings: requests a second through nginx, by the share that asks for digits asked for before.

Run with `python -m benchmarks.cache` while `docker compose --file deploy/compose.scale.yaml up` runs; it needs wrk,
which runs on the same cores. A share of the requests goes to so many popular seeds, the rest to seeds no one asks
for twice, and the answers' X-Cache tells which of them nginx knew.
"""

import re
import time

import click

from benchmarks.load import need, refuse_failures, requests_per_second, wrk

SHARES = (0, 0.5, 0.9, 0.99, 1)
SCRIPT = """
share, popular, others, hits, answers = {share}, {popular}, {second} * 2 ^ 20, 0, 0
math.randomseed({second})
function setup(thread) only = thread end
function request()
  others = others + 1
  local seed = math.random() < share and math.random(popular) or others
  return wrk.format("GET", "/generate?seed=" .. string.format("%.0f", seed))
end
function response(status, headers)
  answers = answers + 1
  if headers["X-Cache"] == "HIT" then hits = hits + 1 end
end
function done(summary)
  io.write(string.format("hit rate %.4f\\n", only:get("hits") / only:get("answers")))
end
"""


@click.command()
@click.option("--address", default="http://127.0.0.1:8000", show_default=True, help="Of nginx.")
@click.option("--popular", default=1000, show_default=True, help="Seeds that many ask for.")
@click.option("--seconds", default=10, show_default=True, help="For each share.")
def main(address: str, popular: int, seconds: int) -> None:
    """Print the hit rate and the requests a second for each share."""
    need("wrk")
    for share in SHARES:
        script = SCRIPT.format(share=share, popular=popular, second=int(time.time()))
        hit_rate, speed = measured(address, script, seconds)
        click.echo(f"{share:.0%} to popular seeds: {speed:,.0f} requests/s, {hit_rate:.1%} of them hits")


def measured(address: str, script: str, seconds: int) -> tuple[float, float]:
    """The share of hits and the answers a second."""
    said = wrk(address, 64, seconds, 1, script)
    refuse_failures(said)
    return float(re.search(r"hit rate ([0-9.]+)", said)[1]), requests_per_second(said)


if __name__ == "__main__":
    main()
