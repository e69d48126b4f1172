"""The measures give what their definitions say where that is known without them."""

import numpy as np
import pytest

from training.evaluation import metrics
from training.evaluation.memorisation import Space


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_the_frechet_distance_of_two_normals_is_its_closed_form(rng):
    first = rng.standard_normal((50_000, 4))
    second = 3 * rng.standard_normal((50_000, 4)) + np.array([2, 0, 0, 0])
    assert metrics.frechet_distance(first, second) == pytest.approx(2**2 + 4 * (3 - 1) ** 2, rel=0.02)
    assert metrics.frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_the_kernel_distance_tells_another_distribution_and_is_unbiased(rng):
    first, same = rng.standard_normal((2, 5000, 8))
    distance, spread = metrics.kernel_distance(first, same)
    assert abs(distance) < spread < 0.02
    assert metrics.kernel_distance(first, same + 1)[0] > 0.5


def test_the_spread_of_the_kernel_distance_is_that_of_subsets_of_its_size(rng):
    alone = [metrics.kernel_distance(*rng.standard_normal((2, 100, 8)), subsets=1, size=100)[0] for _ in range(100)]
    _, spread = metrics.kernel_distance(*rng.standard_normal((2, 5000, 8)), size=100)
    assert spread == pytest.approx(np.std(alone), rel=0.5)


def test_manifold_scores_tell_quality_from_variety(rng):
    real = rng.standard_normal((1000, 2))
    alike = metrics.manifold_scores(real, rng.standard_normal((1000, 2)))
    assert min(alike["precision"], alike["recall"], alike["coverage"]) > 0.9
    assert alike["density"] == pytest.approx(1, abs=0.1)
    collapsed = metrics.manifold_scores(real, real[:1] + 0.01 * rng.standard_normal((1000, 2)))
    assert collapsed["precision"] > 0.9
    assert collapsed["recall"] < 0.1
    assert collapsed["coverage"] < 0.1
    noise = metrics.manifold_scores(real, real + 100)
    assert set(noise.values()) == {0}


def test_leaving_one_of_ten_classes_out_costs_what_it_must():
    shares = metrics.class_shares(np.arange(9000) % 9, 10)
    assert shares[9] == 0
    assert metrics.divergence(shares, np.full(10, 0.1)) == pytest.approx(np.log(10 / 9))
    assert metrics.divergence(np.full(10, 0.1), np.full(10, 0.1)) == 0


def test_copies_are_found_out_and_new_digits_are_not(rng):
    train, test, fresh = (rng.random((size, 20), dtype=np.float32) for size in (2000, 500, 500))
    space = Space(train, test)
    copied, new, real = space.scores(train[:500]), space.scores(fresh), space.real_scores()
    assert copied["exact_duplicates"] == copied["near_duplicates"] == 1
    assert copied["authentic"] == copied["median_distance"] == 0
    assert new["exact_duplicates"] == real["exact_duplicates"] == 0
    assert new["near_duplicates"] < 0.04
    assert real["near_duplicates"] == pytest.approx(0.01, abs=0.002)
    assert new["authentic"] == pytest.approx(real["authentic"], abs=0.1)
    for scores in (new, real):
        low, high = scores["nearer_to_train_95"]
        assert low < scores["nearer_to_train"] < high
        assert scores["nearer_to_train"] == pytest.approx(0.5, abs=0.1)
        assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 500), rel=0.1)


def test_digits_that_keep_close_to_the_training_ones_are_drawn_to_them(rng):
    train, test = (rng.random((500, 20), dtype=np.float32) for _ in range(2))
    close = train + 0.1 * rng.standard_normal(train.shape, dtype=np.float32)
    scores = Space(train, test).scores(close)
    assert scores["nearer_to_train_95"][0] > 0.9
    assert scores["authentic"] < 0.1
