"""Digit i of seed s is a pure function of (s, i)."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.sampling import MAX_SEED, fresh_seed, plan_indices, plan_interpolation

seeds = st.integers(0, MAX_SEED)


@given(seed=seeds, count=st.integers(1, 40), index=st.integers(0, 39))
def test_a_digit_does_not_depend_on_how_many_are_asked_for(seed, count, index):
    index = min(index, count - 1)
    few, many = plan_indices(seed, range(index + 1), 8, 10), plan_indices(seed, range(count), 8, 10)
    assert np.array_equal(few.latents[index], many.latents[index])
    assert few.labels[index] == many.labels[index]


@given(seed=seeds, start=st.integers(0, 30), count=st.integers(1, 10))
def test_a_plan_may_begin_anywhere(seed, start, count):
    whole = plan_indices(seed, range(start + count), 8, 10)
    part = plan_indices(seed, range(start, start + count), 8, 10)
    assert np.array_equal(part.latents, whole.latents[start:])
    assert np.array_equal(part.labels, whole.labels[start:])


@given(seed=seeds, digit=st.integers(0, 9))
def test_the_digit_that_is_asked_for_does_not_change_the_hand(seed, digit):
    drawn, asked = plan_indices(seed, range(3), 8, 10), plan_indices(seed, range(3), 8, 10, digit)
    assert np.array_equal(drawn.latents, asked.latents)
    assert asked.labels.tolist() == [digit] * 3


def test_seeds_and_indices_give_different_digits():
    latents = np.concatenate([plan_indices(seed, range(5), 8, 10).latents for seed in range(20)])
    assert len(np.unique(latents, axis=0)) == 100


def test_known_values_stay_as_they_are():
    """A link that was shared must bring the same digit back from every later version."""
    plan = plan_indices(42, range(2), 4, 10)
    known = [
        [-1.2426393032073975, -0.5515530109405518, 0.3664800226688385, 0.6007904410362244],
        [-0.34272876381874084, 1.023800253868103, 1.44877290725708, 0.8683236837387085],
    ]
    assert plan.labels.tolist() == [3, 3]
    np.testing.assert_array_equal(plan.latents, np.array(known, np.float32))


def test_latents_are_standard_normal_and_labels_even():
    plan = plan_indices(1, range(4000), 64, 10)
    assert abs(plan.latents.mean()) < 0.01
    assert abs(plan.latents.std() - 1) < 0.01
    assert np.bincount(plan.labels, minlength=10).min() > 320


def test_truncation_scales_the_latents():
    whole, half = plan_indices(7, range(2), 8, 10), plan_indices(7, range(2), 8, 10, truncation=0.5)
    np.testing.assert_array_equal(half.latents, whole.latents * np.float32(0.5))


def test_a_model_without_labels_gets_none_and_the_same_latents():
    np.testing.assert_array_equal(plan_indices(7, range(2), 8, 1).latents, plan_indices(7, range(2), 8, None).latents)
    assert plan_indices(7, range(2), 8, None).labels is None


def test_a_fresh_seed_is_another_each_time_and_within_what_javascript_holds():
    drawn = {fresh_seed() for _ in range(100)}
    assert len(drawn) == 100
    assert all(0 <= seed <= MAX_SEED for seed in drawn)


def test_each_digit_can_have_its_own_label():
    assert plan_indices(7, range(4), 8, 10, [2, 0, 2, 6]).labels.tolist() == [2, 0, 2, 6]


@given(first=seeds, last=seeds, steps=st.integers(2, 64))
def test_an_interpolation_goes_from_end_to_end_in_equal_angles(first, last, steps):
    ends = plan_indices(first, range(1), 8, 10), plan_indices(last, range(1), 8, 10)
    way = plan_interpolation(*ends, steps)
    assert way.latents.shape == (steps, 8)
    assert way.labels.tolist() == ends[0].labels.tolist() * steps
    np.testing.assert_allclose(way.latents[0], ends[0].latents[0], atol=1e-5)
    np.testing.assert_allclose(way.latents[-1], ends[1].latents[0], atol=1e-5)
    assert np.isfinite(way.latents).all()


def test_an_interpolation_stays_as_far_from_the_middle_as_its_ends():
    ends = plan_indices(1, range(1), 64, None), plan_indices(2, range(1), 64, None)
    lengths = np.linalg.norm(plan_interpolation(*ends, 9).latents, axis=1)
    assert lengths.min() > 0.95 * min(lengths[0], lengths[-1])
    unit = [end.latents[0] / np.linalg.norm(end.latents[0]) for end in ends]
    middle = plan_interpolation(*ends, 3).latents[1]
    angles = [np.arccos(middle @ end / np.linalg.norm(middle)) for end in unit]
    halfway = np.arccos(unit[0] @ unit[1]) / 2
    assert abs(angles[0] + angles[1] - 2 * halfway) < 1e-3
