"""A Keras model made ready to run. The only file that touches Keras or what runs it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Inputs = dict[str, NDArray[Any]]
Run = Callable[[Inputs], NDArray[np.float32]]

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
        run: from named inputs of one of the sizes to the network's output (B, …).
        sizes: the sizes that it takes, growing.
    """

    def __init__(self, run: Run, sizes: tuple[int, ...]):
        self._run = run
        self._sizes = sizes
        self._lock = Lock()  # requests that infer side by side would fight for the same cores

    @classmethod
    def load(cls, path: Path, signature: Signature, sizes: tuple[int, ...], threads: int) -> "Runtime":
        """Load a `.keras` file for these sizes of batch.

        Keras runs on OpenVINO unless KERAS_BACKEND says "tensorflow".

        Raises: NetworkError when it cannot be loaded, or has another signature.
        """
        try:
            model = _load_keras(path)
            _check_signature(model, signature)
            on_openvino = backend() == "openvino"
            return cls(_openvino(model, sizes, threads) if on_openvino else _tensorflow(model), sizes)
        except NetworkError:
            raise
        except Exception as error:  # Keras raises whatever its layers and its backend do
            raise NetworkError(f"is not a Keras model that can be loaded ({_first_line(error)})") from error

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        """The output (N, …) for inputs (N, …) by name, of any N above 0."""
        count, largest = len(next(iter(inputs.values()))), self._sizes[-1]
        pieces = [
            self._batch({name: array[start : start + largest] for name, array in inputs.items()})
            for start in range(0, count, largest)
        ]
        return np.concatenate(pieces)

    def _batch(self, inputs: Inputs) -> NDArray[np.float32]:
        """Run one batch, filled up to the next size with copies of its last row."""
        count = len(next(iter(inputs.values())))
        size = next(size for size in self._sizes if size >= count)
        rows = np.minimum(np.arange(size), count - 1)
        with self._lock:
            return self._run({name: array[rows] for name, array in inputs.items()})[:count]


def backend() -> str:
    """What runs the networks: OpenVINO, unless KERAS_BACKEND says otherwise."""
    return os.environ.setdefault("KERAS_BACKEND", "openvino")


def _load_keras(path: Path) -> Any:
    if backend() not in BACKENDS:
        raise NetworkError(f"needs KERAS_BACKEND to be one of {', '.join(BACKENDS)}; it is {backend()!r}")
    try:
        import keras
    except ImportError as error:
        raise NetworkError(f"needs Keras's backend {backend()}, which is not installed ({error})") from error
    return keras.saving.load_model(path, compile=False)


def _check_signature(model: Any, wanted: Signature) -> None:
    expected = {name: ((None, *shape), kind) for name, (shape, kind) in wanted.inputs.items()}
    found = {tensor.name: (tuple(tensor.shape), tensor.dtype) for tensor in model.inputs}
    outputs = [tuple(tensor.shape) for tensor in model.outputs]
    if found != expected or outputs != [(None, *wanted.output)]:
        raise NetworkError(f"maps {found} to {outputs}; it must map {expected} to {[(None, *wanted.output)]}")


def _openvino(model: Any, sizes: tuple[int, ...], threads: int) -> Run:
    """The model compiled by OpenVINO for each size, in float32 for the same bytes on every processor."""
    import keras
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})  # a mapped file would hold its place on a small /dev/shm for ever
    requests = {}
    for size in sizes:
        specs = {
            tensor.name: keras.InputSpec(tensor.dtype, (size, *tensor.shape[1:]), name=tensor.name)
            for tensor in model.inputs
        }
        with TemporaryDirectory() as folder:
            path = f"{folder}/network.xml"
            model.export(path, format="openvino", input_signature=[_only_or_all(specs)], verbose=False)
            compiled = core.compile_model(core.read_model(path), "CPU", settings)
        requests[size] = compiled.create_infer_request()

    def run(inputs: Inputs) -> NDArray[np.float32]:
        size = len(next(iter(inputs.values())))
        output: NDArray[np.float32] = requests[size].infer(_only_or_all(inputs))[0]
        return output

    return run


def _tensorflow(model: Any) -> Run:
    """The model as Keras itself runs it: the reference that OpenVINO is held against."""

    def run(inputs: Inputs) -> NDArray[np.float32]:
        return np.asarray(model.predict_on_batch(_only_or_all(inputs)))

    return run


def _only_or_all(inputs: dict[str, Any]) -> Any:
    """Inputs as Keras and OpenVINO want them: by name, or bare where there is but one."""
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
