"""From seeds to what the generator is asked: latents and labels.

Digit i of seed s is a pure function of (s, i): a counter-based generator (Philox; Salmon et al.
2011, "Parallel random numbers: as easy as 1, 2, 3") is keyed by the seed and its counter starts at
the index. So a digit is the same alone, in a sheet, on any worker, under any load.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**53 - 1  # the largest whole number that JavaScript holds exactly


@dataclass(frozen=True)
class Plan:
    """What the generator is asked for: latents (N, latent_dim) float32 and labels (N,) int32, or None."""

    latents: NDArray[np.float32]
    labels: NDArray[np.int32] | None


def fresh_seed() -> int:
    """A seed that no one has chosen, 0 to 2⁵³-1, from the operating system's randomness."""
    return secrets.randbelow(MAX_SEED + 1)


def seed_or_fresh(seed: int | None) -> int:
    """The seed that was asked for, or a fresh one for None."""
    return fresh_seed() if seed is None else seed


def plan_indices(
    seed: int,
    indices: Sequence[int],
    latent_dim: int,
    classes: int | None,
    digit: int | Sequence[int] | None = None,
    truncation: float = 1.0,
) -> Plan:
    """Plan the digits of a seed that have these indices.

    Args:
        classes: number of labels to draw from, or None for a generator without labels.
        digit: the label of every digit, or one for each; None draws each. The latents are the same
            either way.
        truncation: 0 < t <= 1; latents are multiplied by it, which trades variety for tidiness
            (the truncation trick: Marchesi 2017, Brock et al. 2018).
    """
    latents, labels = _draw(seed, indices, latent_dim, classes or 1)
    latents *= np.float32(truncation)
    if classes is None:
        return Plan(latents, None)
    if digit is not None:
        labels[:] = digit
    return Plan(latents, labels)


def plan_interpolation(first: Plan, last: Plan, steps: int) -> Plan:
    """Plan the way from one digit to another, both included, in equal steps of the angle between their latents.

    Spherical interpolation keeps every latent as long as a normal one is, where a straight line would
    pass through shorter ones (White 2016, arXiv 1609.04468). The label is the first digit's throughout.

    Args: first and last, plans of one digit each; steps, at least 2.
    """
    latents = _arc(first.latents[0].astype(np.float64), last.latents[0].astype(np.float64), steps)
    labels = None if first.labels is None else np.repeat(first.labels, steps)
    return Plan(latents.astype(np.float32), labels)


def plan_map(corners: Sequence[Plan], side: int) -> Plan:
    """Plan a square map (side · side digits, row by row) between four digits, in equal steps of angles.

    The left and the right edge go from corner to corner as `plan_interpolation` does, and every row
    from edge to edge. The label is the first digit's throughout.

    Args: corners, four plans of one digit each: top left, top right, bottom left, bottom right; side, at least 2.
    """
    a, b, c, d = (corner.latents[0].astype(np.float64) for corner in corners)
    left, right = _arc(a, c, side), _arc(b, d, side)
    rows = [_arc(*ends, side) for ends in zip(left, right, strict=True)]
    labels = None if corners[0].labels is None else np.repeat(corners[0].labels, side * side)
    return Plan(np.concatenate(rows).astype(np.float32), labels)


def turned(digits: Plan, right: float, down: float) -> Plan:
    """The first of three digits, its latent turned towards the second's by `right` and the third's by `down`.

    A seed's first three latents stand nearly at right angles to each other, so the turned one is about
    as long as a normal one is.

    Args: right and down, in radians; 0 and 0 leave the digit as it is.
    """
    latent, *others = digits.latents.astype(np.float64)
    angle = np.hypot(right, down)
    aside = (right * others[0] + down * others[1]) / angle if angle > 0 else 0.0
    labels = None if digits.labels is None else digits.labels[:1]
    return Plan((np.cos(angle) * latent + np.sin(angle) * aside).astype(np.float32)[None], labels)


def _arc(a: NDArray[np.float64], b: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Latents (steps, latent_dim) from a to b, both included, in equal steps of the angle between them.

    Opposite ones have none: the way between them is straight.
    """
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b / lengths, -1, 1)) if lengths > 0 else 0.0
    share = np.linspace(0, 1, steps)[:, None]
    # One direction, or none: a straight line is the same thing, without 0 / 0. It is all there is between opposite
    # ones too, where no arc is nearer than another.
    if np.sin(angle) < 1e-6:
        return np.asarray((1 - share) * a + share * b)
    return np.asarray((np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle))


def _draw(
    seed: int, indices: Sequence[int], latent_dim: int, classes: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Latents (N, latent_dim) and labels (N,) of digits, each of which has 2¹⁹² counters of its own."""
    philox = np.random.Philox(key=seed)
    rng, start = np.random.Generator(philox), philox.state
    latents, labels = np.empty((len(indices), latent_dim), np.float32), np.empty(len(indices), np.int32)
    for place, index in enumerate(indices):
        start["state"]["counter"][3] = index
        philox.state = start  # which takes an eighth of the time of a new Philox
        labels[place] = rng.integers(classes)
        rng.standard_normal(dtype=np.float32, out=latents[place])
    return latents, labels
