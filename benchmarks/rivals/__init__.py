"""Servers that draw the same digits in other ways, for `benchmarks.serving` to measure beside ours."""

from pathlib import Path

import numpy as np

from app.config import ROOT, Settings
from app.exports import Exports
from app.generator import Generator
from app.images import png
from app.model_folder import check
from app.sampling import fresh_seed, plan_indices

MODEL = ROOT / "models" / "digitsmith"
CACHE = Path(Settings().load({})["CACHE"])


def load() -> Generator:
    """Our generator on our runtime, with one thread."""
    folder = check(MODEL)
    return Generator.load(folder.generator, folder.card["latent"]["dim"], folder.card["classes"], 1, Exports(CACHE))


def draw(generator: Generator, count: int) -> list[bytes]:
    """So many fresh digits, each as PNG."""
    plans = [plan_indices(fresh_seed(), [0], generator.latent_dim, generator.classes) for _ in range(count)]
    labels = [plan.labels for plan in plans if plan.labels is not None]
    digits = generator(np.concatenate([plan.latents for plan in plans]), np.concatenate(labels))
    return [png(digit) for digit in digits]
