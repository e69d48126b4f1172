"""Every figure of a model folder's digits, each beside what real digits score under the same code.

Generated digits, as many as there are training digits, are compared with the real test digits. What
stands beside a figure as "real" is what real digits score in the place of the generated ones: training
digits where distributions or classes are compared, and the test digits themselves for labels and copies.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from training.data import Dataset
from training.evaluation import cas, memorisation, metrics
from training.evaluation.judge import Judge
from training.evaluation.sampler import Sampler
from training.terminal import progress_bar

SEED = 20_260  # of the latents; a training draws its own from other streams
SAMPLE = 10_000  # digits at most for what grows with the square of their number
TRUNCATIONS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Figures = dict[str, Any]
Arrays = dict[str, np.ndarray]  # of "generated", "train" and "test" digits


def evaluate(sampler: Sampler, data: Dataset, judges: dict[str, Judge]) -> Figures:
    """Every figure but CAS.

    Args: judges, the first of which gives the figures; what the others find stands under "other_judges".
    """
    count, sample = len(data.train_images), sample_size(data)
    figures: Figures = {"seed": SEED, "count": count, "sample": sample}
    with progress_bar("evaluate", len(judges) + 4, "part") as bar:

        def part(name: str, measure: Callable[..., Any], *given: Any) -> Any:
            bar.set_postfix_str(name)
            found = measure(*given)
            bar.update()
            return found

        drawn, labels = part("drawing", measured_digits, sampler, data, count)
        digits = {"generated": drawn, "train": data.train_images, "test": data.test_images}
        by_judge = {
            name: part(f"{name} judge", _judged, judge, digits, labels, data, sampler.conditional)
            for name, judge in judges.items()
        }
        (first, (found, features)), *others = by_judge.items()
        figures |= found | {"other_judges": {name: found for name, (found, _) in others}}
        compared = {"train": data.train_images, "generated": drawn[:sample], "test": data.test_images[:sample]}
        pixels = {kind: flat(images) for kind, images in compared.items()}
        figures["memorisation"] = {
            "pixels": part("neighbours in pixels", _memorised, pixels, sample),
            "features": part("neighbours in features", _memorised, features, sample),
        }
        truncated = part("truncation", _truncated, sampler, judges[first], features["test"][:sample], labels[:sample])
    return {**figures, "truncation": truncated}


def measured_digits(sampler: Sampler, data: Dataset, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` of the digits that are measured (N, 28, 28, 1) uint8, and the labels asked for (N,)."""
    labels = np.random.default_rng(SEED).permutation(data.train_labels)[:count]
    return sampler(sampler.latents(count, SEED), labels), labels


def sample_size(data: Dataset) -> int:
    """Digits of each kind for what compares neighbours."""
    return min(SAMPLE, len(data.train_images), len(data.test_images))


def accuracy_scores(sampler: Sampler, data: Dataset, ceiling: list[float]) -> Figures:
    """CAS: what a classifier learns from generated digits alone, for each seed, beside the real digits' ceiling."""
    count = len(data.train_images)
    labels = cas.balanced_labels(count, data.classes, np.random.default_rng(SEED))
    digits = sampler(sampler.latents(count, SEED + 1), labels)
    scores = cas.scores(digits, labels, data.test_images, data.test_labels)
    return {
        "generated": float(np.mean(scores)),
        "real": float(np.mean(ceiling)),
        "seeds": scores,
        "real_seeds": ceiling,
    }


def flat(images: np.ndarray) -> np.ndarray:
    """Pixels (N, 784) float32 in [0, 1] of images (N, 28, 28, 1) uint8."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _judged(
    judge: Judge, digits: Arrays, labels: np.ndarray, data: Dataset, conditional: bool
) -> tuple[Figures, Arrays]:
    """What one judge finds, and its features of each kind of digits."""
    read = {kind: judge(images) for kind, images in digits.items()}
    (generated, named), (train, _), (test, named_test) = read["generated"], read["train"], read["test"]
    figures: Figures = {"judge_fid": _beside(metrics.frechet_distance, generated, train, test), "judge_kid": {}}
    for kind, (mean, spread) in _beside(metrics.kernel_distance, generated, train, test).items():
        figures["judge_kid"] |= {kind: mean, f"{kind}_spread": spread}
    sample = sample_size(data)
    manifold = _beside(metrics.manifold_scores, generated[:sample], train[:sample], test[:sample])
    for name in manifold["generated"]:
        figures[name] = {kind: scores[name] for kind, scores in manifold.items()}
    if conditional:
        right = {"generated": named == labels, "real": named_test == data.test_labels}
        figures["label_accuracy"] = {kind: float(found.mean()) for kind, found in right.items()}
    shares = {kind: metrics.class_shares(found, data.classes) for kind, (_, found) in read.items()}
    shares["real"] = shares["train"]  # by which labels are asked for; those of test digits may be others
    true = metrics.class_shares(data.train_labels, data.classes)
    figures["class_shares"] = {kind: shares[kind].tolist() for kind in ("generated", "real")}
    figures["class_kl"] = {kind: metrics.divergence(shares[kind], true) for kind in ("generated", "real")}
    return figures, {kind: vectors for kind, (vectors, _) in read.items()}


def _beside(measure: Callable[..., Any], generated: np.ndarray, train: np.ndarray, test: np.ndarray) -> Figures:
    """A measure of generated digits against test digits, and that of training digits in their place."""
    return {"generated": measure(test, generated), "real": measure(test, train)}


def _memorised(vectors: Arrays, sample: int) -> Figures:
    space = memorisation.Space(vectors["train"], vectors["test"][:sample])
    return {"generated": space.scores(vectors["generated"][:sample]), "real": space.real_scores()}


def _truncated(sampler: Sampler, judge: Judge, test: np.ndarray, labels: np.ndarray) -> list[Figures]:
    """Label accuracy, precision and recall where latents are multiplied by each t, as the app truncates.

    Args: the test digits' features, and as many labels, to be asked for.
    """
    latents = sampler.latents(len(test), SEED + 2)
    rows = []
    for t in TRUNCATIONS:
        features, named = judge(sampler(latents * np.float32(t), labels))
        scores = metrics.manifold_scores(test, features)
        row = {"t": t, "precision": scores["precision"], "recall": scores["recall"]}
        rows.append(row | ({"label_accuracy": float((named == labels).mean())} if sampler.conditional else {}))
    return rows
