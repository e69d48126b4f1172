"""The loaded generator: batches, bytes and the two runtimes."""

import io
import json

import numpy as np
import pytest
from conftest import SHIPPED, fake_images, running_server
from PIL import Image

from app.config import ROOT
from app.generator import BATCH_SIZES, Generator
from app.runtime import Runtime
from app.sampling import plan_digits


def test_every_count_is_cut_into_batches_and_put_together_again():
    sizes = []

    def run(inputs):
        sizes.append(len(inputs["latent"]))
        return fake_images(inputs)

    generator = Generator(Runtime(run, BATCH_SIZES), latent_dim=8, classes=10)
    plan = plan_digits(1, 150, 8, 10)
    whole = generator(plan.latents, plan.labels)
    assert set(sizes) <= set(BATCH_SIZES)
    assert whole.shape == (150, 28, 28)
    assert whole.dtype == np.uint8
    one_by_one = [generator(plan.latents[i : i + 1], plan.labels[i : i + 1])[0] for i in range(150)]
    np.testing.assert_array_equal(whole, one_by_one)


def served(get, server: str, name: str, query: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(get(f"{server}/generate?model={name}&{query}").read())))


@pytest.fixture(scope="module", params=SHIPPED)
def name(request) -> str:
    return request.param


def test_a_digits_bytes_do_not_depend_on_its_neighbours(server, get, name):
    """On OpenVINO, where every batch size is a program of its own."""
    sheet = served(get, server, name, "seed=7&count=64&columns=64")
    assert (
        len({served(get, server, name, f"seed=7&count={count}&columns=1")[:28].tobytes() for count in (1, 2, 17)}) == 1
    )
    few = served(get, server, name, "seed=7&count=16&columns=16")
    np.testing.assert_array_equal(sheet[:, : 16 * 28], few)


def test_openvino_is_within_one_grey_level_of_tensorflow(server, get, name):
    card = json.loads((ROOT / "models" / name / "card.json").read_text())
    classes = card["classes"] if card["conditional"] else None
    reference = Generator.load(ROOT / "models" / name / "generator.keras", card["latent"]["dim"], classes, threads=1)
    plan = plan_digits(3, 400, reference.latent_dim, classes)
    sheet = reference(plan.latents, plan.labels).reshape(400 * 28, 28)
    openvino = served(get, server, name, "seed=3&count=400&columns=1")
    assert np.abs(sheet.astype(int) - openvino).max() <= 1


def test_the_app_serves_on_tensorflow_too(get):
    with running_server(KERAS_BACKEND="tensorflow", WORKERS=1) as (address, _):
        assert served(get, address, "digitsmith", "seed=3&digit=7").shape == (28, 28)
