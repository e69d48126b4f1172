"""What the report shows: sheets of digits and plots, as PNG files."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from training.data import Dataset
from training.evaluation.evaluate import SEED, flat, measured_digits
from training.evaluation.memorisation import Space
from training.evaluation.sampler import Sampler
from training.evolution import SIDE, sheet, sheet_labels
from training.files import replacing

PAIRS = 20  # closest pairs that are shown


def draw(folder: Path, sampler: Sampler, data: Dataset, figures: dict[str, Any]) -> None:
    """Write every picture of the report into its folder."""
    labels = sheet_labels(sampler.classes)
    latents = sampler.latents(SIDE * SIDE, SEED + 3)
    _save_sheet(folder / "classes.png", sampler(latents, labels))
    _save_sheet(folder / "interpolation.png", sampler(_paths(latents), np.repeat(labels[::SIDE], SIDE)))
    _save_plot(folder / "class-shares.png", _class_shares(figures))
    _save_plot(folder / "truncation.png", _truncation(figures["truncation"]))
    drawn, _ = measured_digits(sampler, data, figures["sample"])
    _save_plot(folder / "closest-pairs.png", _closest_pairs(drawn, data))


def _paths(latents: np.ndarray) -> np.ndarray:
    """From each row's first latent to its second, along the arc on which latents keep their length."""
    ends = latents.reshape(SIDE, SIDE, -1)[:, :2]
    angles = np.linspace(0, np.pi / 2, SIDE)[None, :, None]
    paths = np.cos(angles) * ends[:, :1] + np.sin(angles) * ends[:, 1:]
    return paths.reshape(SIDE * SIDE, -1).astype(np.float32)


def _save_sheet(path: Path, digits: np.ndarray) -> None:
    with replacing(path) as temporary:
        Image.fromarray(sheet(digits[..., 0])).save(temporary, optimize=True)


def _save_plot(path: Path, figure: Figure) -> None:
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=100)


def _class_shares(figures: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    for offset, (kind, shares) in zip((-0.2, 0.2), figures["class_shares"].items(), strict=True):
        axes.bar(np.arange(len(shares)) + offset, shares, 0.4, label=kind)
    axes.set(xlabel="class, as the judge reads it", ylabel="share", xticks=range(len(shares)))
    axes.legend(frameon=False)
    return figure


def _truncation(rows: list[dict[str, float]]) -> Figure:
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    for name in [name for name in rows[0] if name != "t"]:
        axes.plot([row["t"] for row in rows], [row[name] for row in rows], marker="o", label=name.replace("_", " "))
    axes.set(xlabel="truncation t", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _closest_pairs(drawn: np.ndarray, data: Dataset) -> Figure:
    """The digits nearest to a training digit, each above it: of the generated ones, and of the real test digits."""
    test_images = data.test_images[: len(drawn)]
    space = Space(flat(data.train_images), flat(test_images))
    figure = Figure(figsize=(10, 2.9), layout="constrained")
    rows: list[Axes] = list(figure.subplots(2))
    kinds = (
        ("generated", drawn, space.neighbours(flat(drawn))),
        ("real test digits", test_images, space.test_neighbours),
    )
    for axes, (name, digits, (places, distances)) in zip(rows, kinds, strict=True):
        nearest = np.argsort(distances)[:PAIRS]
        pairs = [np.concatenate([digits[i, ..., 0], data.train_images[places[i], ..., 0]]) for i in nearest]
        axes.imshow(np.concatenate(pairs, axis=1), cmap="gray")
        axes.set_title(f"{name} (above) and their nearest training digits; distances from {distances[nearest[0]]:.2f}")
        axes.axis("off")
    return figure
