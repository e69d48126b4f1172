"""The loaded generator: batches, bytes and the two runtimes."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import SHIPPED
from fakes import fake_images
from PIL import Image
from servers import running_server, server_environment

from app import runtime
from app.config import ROOT
from app.exports import Exports
from app.generator import BATCH_SIZES, Generator
from app.model_folder import check
from app.runtime import Runtime, Signature
from app.sampling import plan_indices


def test_every_count_is_cut_into_batches_and_put_together_again():
    sizes = []

    def run(inputs):
        sizes.append(len(inputs["latent"]))
        return fake_images(inputs)

    generator = Generator(Runtime(dict.fromkeys(BATCH_SIZES, run)), latent_dim=8, classes=10)
    plan = plan_indices(1, range(150), 8, 10)
    whole = generator(plan.latents, plan.labels)
    assert set(sizes) <= set(BATCH_SIZES)
    assert whole.shape == (150, 28, 28)
    assert whole.dtype == np.uint8
    one_by_one = [generator(plan.latents[i : i + 1], plan.labels[i : i + 1])[0] for i in range(150)]
    np.testing.assert_array_equal(whole, one_by_one)


@pytest.mark.parametrize(
    ("other", "used"), [((), {1, 16}), ((1,), {2, 16}), ((1, 2), {16})], ids=["none", "one", "one and two"]
)
def test_a_size_that_rounds_otherwise_is_not_used(monkeypatch, other, used):
    sizes = set()

    def network(size):
        def run(inputs):
            sizes.add(size)
            return inputs["latent"][:, :1] * np.float32(1.0000001 if size in other else 1)

        return run

    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    monkeypatch.setattr(runtime, "_openvino", lambda *_: {size: network(size) for size in BATCH_SIZES})
    loaded = Runtime.load(None, Signature.of("latent", (3,), (1,), labelled=True), 1, None)
    sizes.clear()
    for count in (1, 16):
        loaded({"latent": np.ones((count, 3), np.float32), "label": np.zeros(count, np.int32)})
    assert sizes == used


def served(get, server: str, name: str, query: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(get(f"{server}/generate?model={name}&{query}").read())))


@pytest.fixture(scope="module", params=SHIPPED)
def name(request) -> str:
    return request.param


ALONE_AND_TOGETHER = """
import sys
import numpy as np
from app import create_app
from app.sampling import plan_indices

model = create_app().extensions["digitsmith"][sys.argv[1]]
plan = plan_indices(7, range(10_000), model.generator.latent_dim, model.generator.classes)
draw = lambda chosen: model.generator(plan.latents[chosen], None if plan.labels is None else plan.labels[chosen])
together = draw(slice(None))
for size in (1, 13, 40):
    pieces = [draw(slice(start, start + size)) for start in range(0, 10_000, size)]
    print(size, (np.concatenate(pieces) != together).any(axis=(1, 2)).sum())
"""


def test_a_digits_bytes_do_not_depend_on_its_neighbours(name):
    """On OpenVINO, where every batch size is a program of its own, with 10,000 digits."""
    command = [sys.executable, "-c", ALONE_AND_TOGETHER, name]
    done = subprocess.run(command, cwd=ROOT, env=server_environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0", "13", "0", "40", "0"]


BY_ANY_NUMBER_OF_THREADS = """
import sys
import numpy as np
from app import create_app
from app.sampling import plan_indices

drawn = []
for threads in (1, 2, 4):
    model = create_app({"INFERENCE_THREADS": threads}).extensions["digitsmith"][sys.argv[1]]
    plan = plan_indices(7, range(1_000), model.generator.latent_dim, model.generator.classes)
    drawn.append(model.generator(plan.latents, plan.labels))
print(*((other != drawn[0]).sum() for other in drawn[1:]))
"""


def test_a_digits_bytes_do_not_depend_on_the_threads_that_a_machine_has(name):
    command = [sys.executable, "-c", BY_ANY_NUMBER_OF_THREADS, name]
    done = subprocess.run(command, cwd=ROOT, env=server_environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "0"]


def test_openvino_is_within_one_grey_level_of_tensorflow(server, get, name, tmp_path):
    card = json.loads((ROOT / "models" / name / "card.json").read_text())
    classes = card["classes"] if card["conditional"] else None
    network = check(ROOT / "models" / name).generator
    reference = Generator.load(network, card["latent"]["dim"], classes, threads=1, exports=Exports(tmp_path))
    plan = plan_indices(3, range(400), reference.latent_dim, classes)
    sheet = reference(plan.latents, plan.labels).reshape(400 * 28, 28)
    openvino = served(get, server, name, "seed=3&count=400&columns=1")
    assert np.abs(sheet.astype(int) - openvino).max() <= 1


def test_the_app_serves_on_tensorflow_too(get):
    with running_server(KERAS_BACKEND="tensorflow", WORKERS=1) as (address, _):
        assert served(get, address, "digitsmith", "seed=3&digit=7").shape == (28, 28)
