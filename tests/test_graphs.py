"""The rewritten graphs: they give what they gave, without what made them slow."""

from collections import Counter

import numpy as np
import openvino
import pytest
from openvino import Model, Node, Type
from openvino import opset13 as ops

from app.config import ROOT
from app.exports import Exports
from app.graphs import CHANNELS_FIRST, CHANNELS_LAST, optimize
from app.model_folder import check


def given_by(model: Model, *inputs: np.ndarray) -> np.ndarray:
    """What OpenVINO gives, in float32."""
    return openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(list(inputs))[0]


def kinds(model: Model) -> Counter[str]:
    return Counter(node.get_type_name() for node in model.get_ops())


def kinds_once_optimized(model: Model, images: np.ndarray) -> Counter[str]:
    """What a graph consists of when it is optimized, which must not change what it gives."""
    expected = given_by(model, images)
    optimize(model)
    np.testing.assert_allclose(given_by(model, images), expected, atol=1e-5)
    return kinds(model)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


def as_keras_exports(rows: int, columns: int, size: tuple[int, int], stride: int) -> Model:
    """To `stride` times as many rows and columns, from three channels to five, by a kernel of some rows and columns."""
    images = ops.parameter([2, rows, columns, 3], Type.f32)
    kernel = ops.transpose(noise(*size, 5, 3), [3, 2, 0, 1])
    sides = ops.constant(np.array([rows * stride, columns * stride]))
    made = ops.convolution_backprop_data(
        ops.transpose(images, CHANNELS_FIRST), kernel, [stride, stride], output_shape=sides, auto_pad="same_lower"
    )
    biased = ops.add(ops.transpose(made, CHANNELS_LAST), noise(1, 1, 1, 5))
    return Model([ops.prelu(biased, np.float32(0.2))], [images])


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("size", [(2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (3, 6), (5, 2)])
def test_a_transposed_convolution_becomes_a_plain_one(size, stride):
    found = kinds_once_optimized(as_keras_exports(4, 7, size, stride), noise(2, 4, 7, 3))
    assert found["ConvolutionBackpropData"] == 0


@pytest.mark.parametrize(
    "how",
    [
        {"strides": [2, 2], "size": 3},  # 4 rows become 9
        {"strides": [2, 1], "size": 8, "pads_end": [6, 0]},  # 7 columns become 14 all the same
        {"strides": [2, 2], "size": 2, "dilations": [2, 2], "pads_end": [1, 1]},
        {"strides": [2, 2], "size": 2, "kernel": "given"},
        {"strides": [2, 2], "size": 2, "kind": Type.bf16},
        {"strides": [2, 2], "size": 2, "kind": Type.f16},
    ],
)
def test_one_that_is_another_is_left_as_it_is(how):
    kind, size = how.get("kind", Type.f32), how["size"]
    images, kernel = (ops.parameter(shape, Type.f32) for shape in ([2, 3, 4, 7], [3, 5, size, size]))
    given = [noise(2, 3, 4, 7), noise(3, 5, size, size)]
    taps = kernel if how.get("kernel") else ops.constant(given[1])
    made = ops.convolution_backprop_data(
        *(ops.convert(each, kind) for each in (images, taps)),
        how["strides"],
        pads_begin=[0, 0],
        pads_end=how.get("pads_end", [0, 0]),
        dilations=how.get("dilations", [1, 1]),
    )
    model = Model([ops.convert(made, Type.f32)], [images, kernel])
    expected = given_by(model, *given)
    optimize(model)
    assert kinds(model)["ConvolutionBackpropData"] == 1
    np.testing.assert_array_equal(given_by(model, *given), expected)


def convolved(images: Node, seed: int, *bias: int) -> Node:
    """As Keras exports it: 3 x 3, from and to three channels that come last, and activated."""
    kernel = ops.transpose(noise(3, 3, 3, 3, seed=seed), [3, 2, 0, 1])
    made = ops.convolution(ops.transpose(images, CHANNELS_FIRST), kernel, [1, 1], [1, 1], [1, 1], [1, 1])
    biased = ops.add(ops.transpose(made, CHANNELS_LAST), noise(*(bias or (1, 1, 1, 3)), seed=seed))
    return ops.prelu(biased, np.float32(0.2))


def test_channels_stay_first_through_convolutions_and_what_goes_around_them():
    images = ops.parameter([2, 6, 5, 3], Type.f32)
    first = convolved(images, 1)
    around = ops.add(convolved(convolved(first, 2), 3), first)
    found = kinds_once_optimized(Model([ops.multiply(around, images)], [images]), noise(2, 6, 5, 3))
    assert found["Transpose"] <= 3  # of the images twice, and of what is given


@pytest.mark.parametrize("bias", [(3,), (5, 3), (6, 1, 1)])
def test_what_is_added_by_its_last_axes_is_added_to_these(bias):
    images = ops.parameter([2, 6, 5, 3], Type.f32)
    kinds_once_optimized(Model([convolved(convolved(images, 1, *bias), 2)], [images]), noise(2, 6, 5, 3))


def test_a_graph_of_any_number_of_images_is_left_as_it_is():
    images = ops.parameter([-1, 6, 5, 3], Type.f32)
    model = Model([convolved(convolved(images, 1), 2)], [images])
    optimize(model)
    assert kinds(model)["Transpose"] == 6


def test_what_is_kept_of_the_shipped_generator_is_rewritten(tmp_path):
    with Exports(tmp_path).opened(check(ROOT / "models" / "digitsmith").generator) as folder:
        found = kinds(openvino.Core().read_model(folder / "16.xml"))
    assert found["ConvolutionBackpropData"] == 0
    assert found["DepthToSpace"] == 2
    assert found["Transpose"] <= 3  # of the seven by seven pixels, at the two places that need them, and at the end
