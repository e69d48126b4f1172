"""The three shipped model folders keep the contract, and their digits can be read."""

import csv
import json
from hashlib import sha256

import keras
import numpy as np
import pytest
from conftest import SHIPPED
from evaluations import card_of
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from app.config import ROOT
from app.sampling import plan_indices


@pytest.fixture(scope="module", params=SHIPPED)
def folder(request):
    return ROOT / "models" / request.param


@pytest.fixture(scope="module")
def card(folder):
    return card_of(folder)


def drawn(folder, card, count: int) -> tuple[np.ndarray, np.ndarray | None]:
    generator = keras.saving.load_model(folder / "generator.keras", compile=False, safe_mode=True)
    plan = plan_indices(1, range(count), card["latent"]["dim"], card["classes"] if card["conditional"] else None)
    inputs = [plan.latents, plan.labels] if card["conditional"] else plan.latents
    return generator.predict(inputs, batch_size=500, verbose=0), plan.labels


def test_only_what_the_contract_names_is_shipped(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {"generator.keras", "discriminator.keras", "card.json", "evolution", "history.csv", "evaluation"}


def test_the_card_tells_how_good_its_digits_are_and_that_the_gate_was_passed(folder, card):
    figures = card["evaluation"]
    judges = card_of(ROOT / "training" / "evaluation" / "judges")
    assert figures["judge"]["sha256"] == judges["judges"]["first"]["sha256"]
    assert figures["count"] == 60000
    assert all({"generated", "real"} <= set(figures[name]) for name in ("judge_fid", "precision", "recall", "coverage"))
    assert card["gate"]["passed"] is True
    assert card["generator"]["bytes"] == (folder / "generator.keras").stat().st_size
    report = (folder / "evaluation" / "report.md").read_text()
    assert f"| judge-FID | {figures['judge_fid']['generated']:.4g} " in report


def test_digitsmith_is_cheap_and_as_good_as_it_was_meant_to_be():
    """All that it was meant to reach and has reached, so that no model takes its place that does not."""
    card = card_of(ROOT / "models" / "digitsmith")
    figures = card["evaluation"]
    assert card["generator"]["mflop"] <= 10
    assert card["generator"]["bytes"] <= 2_000_000
    assert figures["label_accuracy"]["generated"] >= 0.995
    assert figures["judge_fid"]["generated"] <= 1.05 * figures["judge_fid"]["real"]
    for name in ("precision", "recall"):
        assert figures[name]["generated"] >= figures[name]["real"] - 0.03
    for copies in figures["memorisation"].values():
        assert copies["generated"]["near_duplicates"] <= copies["real"]["near_duplicates"]


def test_the_card_tells_what_was_trained_on_what(folder, card):
    assert card["name"] == card["preset"] == folder.name
    assert card["dataset"]["name"] == "mnist"
    assert card["dataset"]["counts"] == {"train": 60000, "test": 10000}
    assert card["images_seen"] >= card["settings"]["images"]
    for file, digest in card["sha256"].items():
        assert sha256((folder / file).read_bytes()).hexdigest() == digest


def test_networks_are_plain_keras_in_float32(folder, card):
    for file, names in (("generator.keras", ["latent", "label"]), ("discriminator.keras", ["image", "label"])):
        network = keras.saving.load_model(folder / file, compile=False, safe_mode=True)
        assert type(network) is keras.src.models.functional.Functional
        assert [tensor.name for tensor in network.inputs] == names[: 2 if card["conditional"] else 1]
        for layer in network.layers:
            assert type(layer).__module__.startswith("keras.")
            assert not isinstance(layer, keras.layers.Lambda)
            assert layer.compute_dtype in {"float32", "int32"}


def test_digits_are_ink_on_paper(folder, card):
    images, _ = drawn(folder, card, 500)
    assert images.shape == (500, 28, 28, 1)
    assert images.dtype == np.float32
    assert 0 <= images.min() < 0.01
    assert 0.99 < images.max() <= 1
    assert 0.09 < images.mean() < 0.17  # MNIST has 0.13
    assert images.std(axis=0).max() > 0.3  # not one digit over and over


def test_the_discriminator_has_percentiles_for_every_class_it_is_told(card):
    percentiles = card["realness"]["logit_percentiles"]
    groups = [percentiles["all"], *percentiles.get("per_class", [])]
    assert len(groups) == (11 if card["conditional"] else 1)
    for group in groups:
        assert len(group) == 101
        assert group == sorted(group)


def test_the_evolution_goes_from_noise_to_the_end(folder, card):
    index = json.loads((folder / "evolution" / "index.json").read_text())
    assert len(index) >= 12
    assert index[0]["images_seen"] == 0
    assert index[-1]["images_seen"] == card["images_seen"]
    assert np.all(np.diff([sheet["step"] for sheet in index]) > 0)
    assert {sheet["file"] for sheet in index} == {path.name for path in (folder / "evolution").glob("*.png")}
    for sheet in index:
        with Image.open(folder / "evolution" / sheet["file"]) as image:
            assert (image.mode, image.size) == ("L", (280, 280))


def test_the_history_is_whole(folder, card):
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    assert len(rows) >= 50
    assert steps == sorted(set(steps))
    assert int(rows[-1]["images_seen"]) == card["images_seen"]
    assert all(np.isfinite([float(value) for value in row.values()]).all() for row in rows)


@pytest.fixture(scope="session")
def reader(real_digits):
    """Reads digits by their nearest neighbours among 4,500 real ones: right for 93% of other real ones."""
    with np.load(real_digits) as data:
        return KNeighborsClassifier(3).fit(data["x_train"].reshape(-1, 784) / 255, data["y_train"])


def test_digits_are_those_that_were_asked_for(reader):
    folder = ROOT / "models" / "digitsmith"
    images, labels = drawn(folder, card_of(folder), 500)
    assert (reader.predict(images.reshape(-1, 784)) == labels).mean() > 0.9


@pytest.mark.parametrize("name", ["mlp", "dcgan"])
def test_every_digit_comes_where_none_can_be_asked_for(reader, name):
    folder = ROOT / "models" / name
    images, _ = drawn(folder, card_of(folder), 1000)
    shares = np.bincount(reader.predict(images.reshape(-1, 784)), minlength=10) / 1000
    assert shares.min() > 0.02
    assert shares.max() < 0.3
