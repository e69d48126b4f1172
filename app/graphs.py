"""A network's graph as Keras exports it, rewritten so that OpenVINO runs it sooner.

Keras has channels last and OpenVINO has them first, so the export transposes images before and after every
convolution, and OpenVINO cannot fuse what follows one into it. And a transposed convolution takes OpenVINO longer
than a plain one that gives the same.
"""

import numpy as np
from numpy.typing import NDArray
from openvino import Core, Model, Node, Output, Type, serialize
from openvino import opset13 as ops
from openvino.passes import ConstantFolding, Manager

CHANNELS_LAST, CHANNELS_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]  # the transpositions that bring them there
ELEMENTWISE = {"Add", "Clamp", "Convert", "Divide", "Elu", "Maximum", "Minimum", "Multiply", "PRelu", "Relu"}
ELEMENTWISE |= {"Sigmoid", "Subtract", "Tanh"}


def optimize_file(file: str) -> None:
    """Rewrite a graph where it is kept, as an .xml file with a .bin file beside it.

    Whoever changes what comes of it raises `app.exports.FORM`.
    """
    core = Core()
    core.set_property({"ENABLE_MMAP": False})  # or the graph would lie in the file that is overwritten
    model = core.read_model(file)
    optimize(model)
    serialize(model, file)


def optimize(model: Model) -> None:
    """Rewrite a graph in place; what it gives stays the same but for float32's rounding.

    Where a shape is not known before it runs, a graph is left as it is.
    """
    if model.is_dynamic():
        return
    folding = Manager()
    folding.register_pass(ConstantFolding())
    folding.run_passes(model)  # kernels and what is added are constants now
    for node in model.get_ordered_ops():
        if _multiplies_pixels(node):
            _make_plain(node)
    for node in model.get_ordered_ops():
        if _transposes(node, CHANNELS_FIRST):
            node.output(0).replace(_channels_first(node.input_value(0)))
        elif _can_go_before(node):
            _transpose_afterwards(node)
    folding.run_passes(model)


def _multiplies_pixels(node: Node) -> bool:
    """Whether a node is a transposed convolution in float32 that makes `stride` x `stride` pixels of each."""
    if node.get_type_name() != "ConvolutionBackpropData" or len(node.get_output_shape(0)) != 4:
        return False
    if node.get_output_element_type(0) != Type.f32:  # NumPy has no bfloat16 to read a kernel in
        return False
    (rows, columns), dilations = (node.get_attributes()[name] for name in ("strides", "dilations"))
    sides = [side * rows for side in node.get_input_shape(0)[2:]]
    known = node.input_value(1).get_node().get_type_name() == "Constant"
    return known and rows == columns and set(dilations) == {1} and sides == list(node.get_output_shape(0)[2:])


def _make_plain(node: Node) -> None:
    """Have a plain convolution give what a pixel becomes as channels of its own, and shuffle these into place.

    Source: Shi et al. 2016, arXiv 1609.07009.
    """
    attributes = node.get_attributes()
    stride, kernel = attributes["strides"][0], node.input_value(1).get_node().get_data()
    sizes, cuts = kernel.shape[2:], attributes["pads_begin"]
    (row_taps, top, bottom), (column_taps, left, right) = (
        _taps(*axis, stride) for axis in zip(sizes, cuts, strict=True)
    )
    padded = np.pad(kernel, ((0, 0), (0, 0), (0, 1), (0, 1)))  # the last row and column are for taps that are not there
    # (in, out, stride, stride, taps, taps)
    split = padded[:, :, row_taps[:, None, :, None], column_taps[None, :, None, :]]
    weights = split.transpose(2, 3, 1, 0, 4, 5).reshape(-1, len(kernel), *split.shape[4:])
    plain = ops.convolution(node.input_value(0), ops.constant(weights), [1, 1], [top, left], [bottom, right], [1, 1])
    node.output(0).replace(ops.depth_to_space(plain, "blocks_first", stride).output(0))


def _taps(size: int, cut: int, stride: int) -> tuple[NDArray[np.int64], int, int]:
    """Which taps of a transposed convolution's kernel meet which pixels, along one axis.

    Pixel `stride` * i + place of the output is the sum of input pixels i + d times taps place + cut - stride * d.

    Args:
        cut: pixels that the output lacks before its first.

    Returns:
        The tap for each place and each d, (stride, ds), where `size` stands for none; and how far ds go before
        and after 0.
    """
    before, after = (size - 1 - cut) // stride, (stride - 1 + cut) // stride
    taps = np.arange(stride)[:, None] + cut - stride * np.arange(-before, after + 1)
    return np.where((taps >= 0) & (taps < size), taps, size), before, after


def _transposes(node: Node, axes: list[int]) -> bool:
    if node.get_type_name() != "Transpose" or node.input_value(1).get_node().get_type_name() != "Constant":
        return False
    return bool(node.input_value(1).get_node().get_data().tolist() == axes)


def _can_go_before(node: Node) -> bool:
    """Whether a node works element by element on what a transposition brings, and may as well do it before."""
    if node.get_type_name() not in ELEMENTWISE or any(len(given.get_shape()) not in (0, 4) for given in node.inputs()):
        return False
    return any(_transposes(given.get_node(), CHANNELS_LAST) for given in node.input_values())


def _transpose_afterwards(node: Node) -> None:
    takers = node.output(0).get_target_inputs()
    for given in node.inputs():
        given.replace_source_output(_channels_first(given.get_source_output()))
    node.validate_and_infer_types()
    transposed = ops.transpose(node, CHANNELS_LAST)
    for taker in takers:
        taker.replace_source_output(transposed.output(0))


def _channels_first(output: Output) -> Output:
    """An output transposed, or what it was before its own transposition; a single number is left as it is."""
    if _transposes(output.get_node(), CHANNELS_LAST):
        return output.get_node().input_value(0)
    return ops.transpose(output, CHANNELS_FIRST).output(0) if len(output.get_shape()) == 4 else output
