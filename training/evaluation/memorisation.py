"""Does a generator copy its training digits? Every figure stands beside that of real test digits, which do not."""

from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors

NEAR_SHARE = 0.01  # of real test digits count as near to a training digit, which sets how near that is
EXACT = 1e-4  # digits nearer than this are the same but for rounding


class Space:
    """Training and test digits as vectors, of pixels or of features, both (N, F) float32.

    Attributes:
        near: the distance that counts as a near duplicate: only one in a hundred real test digits is so
            close to a training digit, or more where more are the same.
        test_neighbours: what `neighbours` gives for the test digits.
    """

    def __init__(self, train: np.ndarray, test: np.ndarray):
        self.train, self.test = train, test
        self._search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train)
        self._as_many = train[np.random.default_rng(0).choice(len(train), min(len(train), len(test)), replace=False)]
        self.test_neighbours = self.neighbours(test)
        self.near = max(EXACT, float(np.quantile(self.test_neighbours[1], NEAR_SHARE)))

    def neighbours(self, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each digit's nearest training digit: places (N,) and distances (N,)."""
        distances, places = self._search.kneighbors(digits)
        return places[:, 0], distances[:, 0]

    def scores(self, digits: np.ndarray) -> dict[str, Any]:
        """Figures of generated digits (N, F)."""
        return self._scores(digits, *self.neighbours(digits), to_test=_nearest(digits, self.test))

    def real_scores(self) -> dict[str, Any]:
        """The same figures of the real test digits."""
        return self._scores(self.test, *self.test_neighbours, to_test=_nearest_other(self.test, self.test))

    def _scores(
        self, digits: np.ndarray, places: np.ndarray, distances: np.ndarray, to_test: np.ndarray
    ) -> dict[str, Any]:
        """Distances, copies, authenticity and the pull towards the training digits.

        AuthPct is the share of digits that are further from their nearest training digit than that
        one is from its own nearest (Alaa et al. 2022, arXiv 2102.08921, section 4.3). The pull
        compares the distance to as many training digits as there are test digits; 0.5 is none.
        """
        nearer = binomtest(int((_nearest(digits, self._as_many) < to_test).sum()), len(digits))
        interval = nearer.proportion_ci(method="wilson")
        return {
            "median_distance": float(np.median(distances)),
            "exact_duplicates": float((distances < EXACT).mean()),
            "near_duplicates": float((distances < self.near).mean()),
            "authentic": float((distances > _nearest_other(self.train[places], self.train)).mean()),
            "nearer_to_train": float(nearer.statistic),
            "nearer_to_train_95": [float(interval.low), float(interval.high)],
        }


def _nearest(digits: np.ndarray, among: np.ndarray) -> np.ndarray:
    return pairwise_distances_argmin_min(digits, among)[1]


def _nearest_other(digits: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Distances (N,) of digits, each of which is among the others too, to the nearest but itself."""
    return NearestNeighbors(n_neighbors=2, algorithm="brute").fit(among).kneighbors(digits)[0][:, 1]
