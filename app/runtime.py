"""A Keras model made ready to run: on OpenVINO, or on TensorFlow as the reference."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.batching import Batcher, Inputs, Run, count_rows
from app.exports import SIGNATURE, ExportError, Exports, Network, first_line, only_or_all

NEARLY_FULL = 0.7  # a batch that is emptier costs more than its rows in small ones
BACKENDS = ("openvino", "tensorflow")


class NetworkError(Exception):
    """A network that does not keep the model folder's contract, in a phrase that follows its file's name."""


@dataclass(frozen=True)
class Signature:
    """What a network takes and gives, without the batch.

    Attributes:
        inputs: each input's shape and type, by name.
        output: the shape of the only output.
    """

    inputs: Mapping[str, tuple[tuple[int, ...], str]]
    output: tuple[int, ...]

    @classmethod
    def of(cls, name: str, shape: tuple[int, ...], output: tuple[int, ...], labelled: bool) -> "Signature":
        """The signature of a network with one float32 input and, if it is told labels, `label`."""
        label = {"label": ((), "int32")} if labelled else {}
        return cls({name: (shape, "float32")} | label, output)


class Runtime:
    """Runs a network in batches of a few fixed sizes.

    What comes out for one row must not depend on the rows beside it, and a fixed size keeps the same
    arithmetic for every place in the batch.

    Args:
        runs: for each size, growing, from named inputs of that size to the network's output (B, …),
            which it may overwrite at its next call.
    """

    def __init__(self, runs: Mapping[int, Run]):
        self._runs = runs
        self._smallest, self._largest = min(runs), max(runs)
        self._batcher = Batcher(self._run_cut, self._largest)

    @classmethod
    def load(cls, network: Network, signature: Signature, threads: int, exports: Exports) -> "Runtime":
        """Load a network for its sizes of batch, of which two at most are kept, as `_alike` says.

        It runs on OpenVINO unless KERAS_BACKEND says "tensorflow".

        Raises: NetworkError when it cannot be loaded, or has another signature.
        """
        if backend() not in BACKENDS:
            raise NetworkError(f"needs KERAS_BACKEND to be one of {', '.join(BACKENDS)}; it is {backend()!r}")
        load = _openvino if backend() == "openvino" else _tensorflow
        try:
            return cls(_alike(load(network, signature, threads, exports), signature))
        except (NetworkError, ExportError):
            raise
        except Exception as error:  # Keras raises whatever its layers and its backend do
            raise NetworkError(f"is not a Keras model that can be loaded ({first_line(error)})") from error

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        """The output (N, …) for inputs (N, …) by name, of any N above 0."""
        count, largest = count_rows(inputs), self._largest
        return np.concatenate(
            [self._batcher(_rows(inputs, slice(start, start + largest))) for start in range(0, count, largest)]
        )

    def _run_cut(self, inputs: Inputs) -> NDArray[np.float32]:
        """Run up to as many rows as the largest size has: in one batch if they nearly fill it, else in small ones."""
        size = self._largest if count_rows(inputs) > self._largest * NEARLY_FULL else self._smallest
        return _in_batches(self._runs[size], inputs, size)


def _rows(inputs: Inputs, chosen: slice) -> Inputs:
    return {name: array[chosen] for name, array in inputs.items()}


def _in_batches(run: Run, inputs: Inputs, size: int) -> NDArray[np.float32]:
    """Run any number of rows in batches of one size, the last filled up with copies of the last row."""
    count = count_rows(inputs)
    lacking = -count % size
    if lacking:
        inputs = {name: np.concatenate([array, array[-1:].repeat(lacking, 0)]) for name, array in inputs.items()}
    starts = range(0, count, size)
    return np.concatenate([run(_rows(inputs, slice(start, start + size))).copy() for start in starts])[:count]


def _alike(runs: Mapping[int, Run], signature: Signature) -> Mapping[int, Run]:
    """The largest size, and the smallest that gives the same bits on this processor.

    A matrix times a vector may round otherwise than times a matrix, and a digit alone would differ.
    """
    *smaller, largest = runs
    rng = np.random.default_rng(0)
    noise = {
        name: rng.standard_normal((largest, *shape)).astype(kind) if kind == "float32" else np.zeros(largest, kind)
        for name, (shape, kind) in signature.inputs.items()
    }
    wanted = runs[largest](noise).copy()
    same = (size for size in smaller if np.array_equal(_in_batches(runs[size], noise, size), wanted))
    return {size: runs[size] for size in (next(same, largest), largest)}


def backend() -> str:
    """What runs the networks: OpenVINO, unless KERAS_BACKEND says otherwise."""
    return os.environ.setdefault("KERAS_BACKEND", "openvino")


def _openvino(network: Network, signature: Signature, threads: int, exports: Exports) -> dict[int, Run]:
    """The network compiled by OpenVINO for each size, in float32 for the same bytes on every processor."""
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})  # a mapped file would hold its place on a small /dev/shm for ever
    with exports.opened(network) as folder:
        try:
            found = json.loads((folder / SIGNATURE).read_text())
            files = {size: str(folder / f"{size}.xml") for size in network.sizes}
            compiled = {size: core.compile_model(file, "CPU", settings) for size, file in files.items()}
        except Exception as error:  # a file is damaged, and OpenVINO raises whatever it likes
            reason = first_line(error)
            raise NetworkError(f"cannot be loaded from {folder}, which may be deleted ({reason})") from error
    _check_signature(found["inputs"], found["outputs"], signature)
    return {size: _infer(model.create_infer_request(), list(signature.inputs)) for size, model in compiled.items()}


def _infer(request: Any, names: list[str]) -> Run:
    """Runs a compiled network, whose inputs and output stay where they are in memory, for their shapes are fixed."""
    lone = len(names) == 1  # and then it has lost its name
    given = {name: (request.get_input_tensor() if lone else request.get_tensor(name)).data for name in names}
    output: NDArray[np.float32] = request.get_output_tensor().data

    def run(inputs: Inputs) -> NDArray[np.float32]:
        for name, array in inputs.items():
            given[name][:] = array
        request.infer()
        return output

    return run


def _tensorflow(network: Network, signature: Signature, _threads: int, _exports: Exports) -> dict[int, Run]:
    """The network as Keras itself runs it: the reference that OpenVINO is held against."""
    try:
        import keras
    except ImportError as error:
        raise NetworkError(f"needs Keras's backend {backend()}, which is not installed ({error})") from error
    model = keras.saving.load_model(network.path, compile=False)
    inputs = {tensor.name: (tensor.shape[1:], tensor.dtype) for tensor in model.inputs}
    _check_signature(inputs, [tensor.shape[1:] for tensor in model.outputs], signature)

    def run(inputs: Inputs) -> NDArray[np.float32]:
        return np.asarray(model.predict_on_batch(only_or_all(inputs)))

    return dict.fromkeys(network.sizes, run)


def _check_signature(inputs: Mapping[str, Any], outputs: list[Any], wanted: Signature) -> None:
    """Compare each input's shape and type and each output's shape, without the batch, with those wanted."""
    expected = {name: ((None, *shape), kind) for name, (shape, kind) in wanted.inputs.items()}
    found = {name: ((None, *shape), kind) for name, (shape, kind) in inputs.items()}
    given = [(None, *shape) for shape in outputs]
    if found != expected or given != [(None, *wanted.output)]:
        raise NetworkError(f"maps {found} to {given}; it must map {expected} to {[(None, *wanted.output)]}")
