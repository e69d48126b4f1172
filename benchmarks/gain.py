"""judge-FID to the training digits of a model's digits, for each gain of the latents, by every judge.

Run with `python -m benchmarks.gain models/digitsmith --data mnist`; a gain takes half a minute. The test
digits have no say, for this is how the gain of `training/presets.py` was chosen.
"""

from pathlib import Path

import click
import numpy as np

from training.data import load
from training.evaluation.judge import load_all
from training.evaluation.metrics import frechet_distance
from training.evaluation.sampler import Sampler
from training.export import check_data
from training.options import JUDGES

SEED = 77
GAINS = (0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.025, 1.03, 1.035, 1.04)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--data", default="mnist", show_default=True, help="MNIST, given as for `python -m training train`.")
def main(folder: Path, data: str) -> None:
    """Print a row for each gain."""
    sampler, dataset = Sampler(folder), load(data)
    check_data(folder, sampler.card, dataset)
    judges = load_all(JUDGES, dataset)
    real = {name: judge(dataset.train_images)[0] for name, judge in judges.items()}
    latents = sampler.latents(len(dataset.train_images), SEED)
    own = sampler.card["settings"].get("latent_gain", 1.0)  # which the generator's weights have in them
    click.echo(f"| gain | {' | '.join(judges)} |\n" + "|---" * (1 + len(judges)) + "|")
    for gain in GAINS:
        digits = sampler(latents * np.float32(gain / own), dataset.train_labels)
        found = [frechet_distance(judge(digits)[0], real[name]) for name, judge in judges.items()]
        click.echo(f"| {gain:g} | " + " | ".join(f"{distance:.3f}" for distance in found) + " |")


if __name__ == "__main__":
    main()
