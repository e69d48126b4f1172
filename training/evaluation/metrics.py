"""Measures of generated digits against real ones: pure functions of features, labels and distances.

Features are float arrays (N, F) of a judge's penultimate layer.
"""

import numpy as np
from scipy import linalg
from scipy.special import rel_entr
from sklearn.metrics import pairwise_distances
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 5  # k of precision, recall, density and coverage


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Distance between the normal distributions fitted to two sets of features.

    Source: Heusel et al. 2017 (arXiv 1706.08500), equation 6, on a judge's features instead of Inception's.
    """
    means = first.mean(axis=0), second.mean(axis=0)
    covariances = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    # The trace of the product's square root, from its eigenvalues, which are real and not negative.
    eigenvalues = linalg.eigvals(covariances[0] @ covariances[1]).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return float(((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1]) - 2 * overlap)


def kernel_distance(first: np.ndarray, second: np.ndarray, subsets: int = 50, size: int = 1000) -> tuple[float, float]:
    """Squared maximum mean discrepancy under a cubic kernel: its unbiased mean over random subsets, and their spread.

    The spread is the standard deviation over the subsets. They overlap, so it does not tell the mean's error,
    which is smaller; of vectors so few that every subset has all of them it is 0.

    Source: Bińkowski et al. 2018 (arXiv 1801.01401), section 4.
    """
    rng = np.random.default_rng(0)
    size = min(size, len(first), len(second))
    estimates = []
    for _ in range(subsets):
        a, b = rng.choice(first, size, replace=False), rng.choice(second, size, replace=False)
        within = sum(kernel.sum() - np.trace(kernel) for kernel in (_cubic(a, a), _cubic(b, b)))
        estimates.append(within / (size * (size - 1)) - 2 * _cubic(a, b).mean())
    return float(np.mean(estimates)), float(np.std(estimates))


def _cubic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return polynomial_kernel(a, b, degree=3, gamma=None, coef0=1)  # gamma None: one over the features


def manifold_scores(real: np.ndarray, generated: np.ndarray) -> dict[str, float]:
    """How far generated digits lie within the neighbourhoods of real ones, and the other way about.

    Args: the same number of features of each, as the measures assume.
    Returns: precision and recall (Kynkäänniemi et al. 2019, arXiv 1904.06991), density and coverage
        (Naeem et al. 2020, arXiv 2002.09797), all with k = 5.
    """
    real_radius, generated_radius = _radius(real), _radius(generated)
    distances = pairwise_distances(real, generated)
    in_real_ball, in_generated_ball = distances <= real_radius[:, None], distances <= generated_radius
    return {
        "precision": float(in_real_ball.any(axis=0).mean()),
        "recall": float(in_generated_ball.any(axis=1).mean()),
        "density": float(in_real_ball.sum(axis=0).mean() / NEIGHBOURS),
        "coverage": float(in_real_ball.any(axis=1).mean()),
    }


def _radius(features: np.ndarray) -> np.ndarray:
    """Each one's distance to its fifth neighbour among the others."""
    return NearestNeighbors(n_neighbors=NEIGHBOURS).fit(features).kneighbors()[0][:, -1]


def class_shares(labels: np.ndarray, classes: int) -> np.ndarray:
    """Share of each class among labels (N,)."""
    return np.bincount(labels, minlength=classes) / len(labels)


def divergence(shares: np.ndarray, real_shares: np.ndarray) -> float:
    """Kullback-Leibler divergence of the classes' shares from the real ones, in nats."""
    return float(rel_entr(shares, real_shares).sum())
