"""The rewritten graphs: they give what they gave, without what made them slow."""

from collections import Counter
from hashlib import sha256

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from app.config import ROOT
from app.exports import Exports, Network
from app.graphs import CHANNELS_FIRST, CHANNELS_LAST, optimize


def given_by(model: openvino.Model, images: np.ndarray) -> np.ndarray:
    """What OpenVINO gives for the only input, in float32."""
    core = openvino.Core()
    return core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([images])[0]


def kinds(model: openvino.Model) -> Counter[str]:
    return Counter(node.get_type_name() for node in model.get_ops())


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def as_keras_exports(rows: int, columns: int, size: int, stride: int) -> openvino.Model:
    """Two images of three channels, transposed around a convolution that makes `stride` times as many rows of five."""
    images = ops.parameter([2, rows, columns, 3], openvino.Type.f32)
    kernel = ops.transpose(noise(size, size, 5, 3), [3, 2, 0, 1])
    sides = ops.constant(np.array([rows * stride, columns * stride]))
    made = ops.convolution_backprop_data(
        ops.transpose(images, CHANNELS_FIRST), kernel, [stride, stride], output_shape=sides, auto_pad="same_lower"
    )
    biased = ops.add(ops.transpose(made, CHANNELS_LAST), noise(1, 1, 1, 5))
    return openvino.Model([ops.prelu(biased, np.float32(0.2))], [images])


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
def test_a_transposed_convolution_of_any_size_becomes_a_plain_one(size, stride):
    model, images = as_keras_exports(4, 7, size, stride), noise(2, 4, 7, 3)
    expected = given_by(model, images)
    optimize(model)
    assert kinds(model)["ConvolutionBackpropData"] == 0
    np.testing.assert_allclose(given_by(model, images), expected, atol=1e-5)


def test_one_that_makes_other_sides_is_left_as_it_is():
    images = ops.parameter([2, 3, 4, 7], openvino.Type.f32)
    made = ops.convolution_backprop_data(images, noise(3, 5, 3, 3), [2, 2])  # 4 rows become 9
    model, given = openvino.Model([made], [images]), noise(2, 3, 4, 7)
    expected = given_by(model, given)
    optimize(model)
    np.testing.assert_array_equal(given_by(model, given), expected)


def test_a_graph_of_any_number_of_images_is_left_as_it_is():
    images = ops.parameter([-1, 6, 5, 3], openvino.Type.f32)
    model = openvino.Model([convolved(convolved(images))], [images])
    optimize(model)
    assert kinds(model)["Transpose"] == 6


def convolved(images: openvino.Node) -> openvino.Node:
    """As Keras exports it: 3 x 3, from and to three channels that come last, and activated."""
    kernel = ops.transpose(noise(3, 3, 3, 3), [3, 2, 0, 1])
    made = ops.convolution(ops.transpose(images, CHANNELS_FIRST), kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    return ops.prelu(ops.add(ops.transpose(made, CHANNELS_LAST), noise(1, 1, 1, 3)), np.float32(0.2))


def test_channels_stay_first_through_convolutions_and_what_goes_around_them():
    images, given = ops.parameter([2, 6, 5, 3], openvino.Type.f32), noise(2, 6, 5, 3)
    first = convolved(images)
    around = ops.add(convolved(convolved(first)), first)
    model = openvino.Model([ops.multiply(around, images)], [images])
    expected = given_by(model, given)
    optimize(model)
    assert kinds(model)["Transpose"] == 3  # of the images twice, and of what is given
    np.testing.assert_allclose(given_by(model, given), expected, atol=1e-5)


def test_what_is_kept_of_the_shipped_generator_is_rewritten(tmp_path):
    path = ROOT / "models" / "digitsmith" / "generator.keras"
    network = Network(str(path), sha256(path.read_bytes()).hexdigest(), (2,))
    with Exports(tmp_path).opened(network) as folder:
        found = kinds(openvino.Core().read_model(folder / "2.xml"))
    assert found["ConvolutionBackpropData"] == 0
    assert found["DepthToSpace"] == 2
    assert found["Transpose"] == 3  # of the seven by seven pixels, at the two places that need them, and at the end
