"""The loaded generator: latents and labels in, digits out. The only file that touches Keras or a runtime."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Inputs = dict[str, NDArray[Any]]
Run = Callable[[Inputs], NDArray[np.float32]]

SIDE = 28
# The sizes that a runtime is compiled for. A digit's bytes must not depend on its neighbours, and a
# fixed shape keeps the same arithmetic for every place in the batch.
BATCH_SIZES = (1, 16, 64)
BACKENDS = ("openvino", "tensorflow")


class GeneratorError(Exception):
    """A generator that does not keep the model folder's contract, in a phrase that follows the file's name."""


class Generator:
    """Makes digits.

    Args:
        run: from named inputs of one of the batch sizes to images (B, 28, 28, 1) in [0, 1].
        latent_dim: size of a latent.
        classes: number of labels, or None when the generator takes no label.
    """

    def __init__(self, run: Run, latent_dim: int, classes: int | None):
        self.latent_dim = latent_dim
        self.classes = classes
        self._run = run
        self._lock = Lock()  # requests that infer side by side would fight for the same cores

    @classmethod
    def load(cls, path: Path, latent_dim: int, classes: int | None, threads: int) -> "Generator":
        """Load a `.keras` file, check it against what its card promises, and warm it up.

        Keras runs on OpenVINO unless KERAS_BACKEND says "tensorflow".

        Raises: GeneratorError when it cannot be loaded, or has other inputs, another output or another range.
        """
        try:
            model = _load_keras(path)
            _check_signature(model, latent_dim, classes)
            generator = cls(_compiled(model, threads), latent_dim, classes)
            generator._check_range()
        except GeneratorError:
            raise
        except Exception as error:  # Keras raises whatever its layers and its backend do
            raise GeneratorError(f"is not a Keras model that can be loaded ({_first_line(error)})") from error
        return generator

    def __call__(self, latents: NDArray[np.float32], labels: NDArray[np.int32] | None) -> NDArray[np.uint8]:
        """Digits (N, 28, 28), 0 = paper and 255 = ink, for latents (N, latent_dim) and labels (N,)."""
        inputs: Inputs = {"latent": latents}
        if self.classes is not None and labels is not None:
            inputs["label"] = labels
        pieces = [self._batch(piece) for piece in _pieces(inputs)]
        images = np.concatenate(pieces)
        return np.rint(images[..., 0] * 255).astype(np.uint8)

    def _batch(self, inputs: Inputs) -> NDArray[np.float32]:
        """Run one batch, filled up to the next batch size with copies of its last row."""
        count = len(inputs["latent"])
        size = next(size for size in BATCH_SIZES if size >= count)
        rows = np.minimum(np.arange(size), count - 1)
        with self._lock:
            return self._run({name: array[rows] for name, array in inputs.items()})[:count]

    def _check_range(self) -> None:
        """Run every batch size once, which also warms it up."""
        rng = np.random.default_rng(0)
        for size in BATCH_SIZES:
            latents = rng.standard_normal((size, self.latent_dim), dtype=np.float32)
            inputs: Inputs = {"latent": latents}
            if self.classes is not None:
                inputs["label"] = (np.arange(size) % self.classes).astype(np.int32)
            images = self._run(inputs)
            if images.shape != (size, SIDE, SIDE, 1) or not (images.min() >= 0 and images.max() <= 1):
                raise GeneratorError(f"gives values from {images.min()} to {images.max()}; they must be from 0 to 1")


def _load_keras(path: Path) -> Any:
    backend = os.environ.setdefault("KERAS_BACKEND", "openvino")
    if backend not in BACKENDS:
        raise GeneratorError(f"needs KERAS_BACKEND to be one of {', '.join(BACKENDS)}; it is {backend!r}")
    try:
        import keras
    except ImportError as error:
        raise GeneratorError(f"needs Keras's backend {backend}, which is not installed ({error})") from error
    return keras.saving.load_model(path, compile=False)


def _check_signature(model: Any, latent_dim: int, classes: int | None) -> None:
    expected: dict[str, Any] = {"latent": ((None, latent_dim), "float32")}
    if classes is not None:
        expected["label"] = ((None,), "int32")
    found = {tensor.name: (tuple(tensor.shape), tensor.dtype) for tensor in model.inputs}
    outputs = [tuple(tensor.shape) for tensor in model.outputs]
    if found != expected or outputs != [(None, SIDE, SIDE, 1)]:
        raise GeneratorError(f"maps {found} to {outputs}; it must map {expected} to [(None, {SIDE}, {SIDE}, 1)]")


def _compiled(model: Any, threads: int) -> Run:
    import keras

    return _openvino(model, threads) if keras.backend.backend() == "openvino" else _tensorflow(model)


def _pieces(inputs: Inputs) -> list[Inputs]:
    largest = BATCH_SIZES[-1]
    starts = range(0, len(inputs["latent"]), largest)
    return [{name: array[start : start + largest] for name, array in inputs.items()} for start in starts]


def _openvino(model: Any, threads: int) -> Run:
    """The model compiled by OpenVINO for each batch size, in float32 for the same bytes on every processor."""
    import keras
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})  # a mapped file would hold its place on a small /dev/shm for ever
    requests = {}
    for size in BATCH_SIZES:
        specs = {
            tensor.name: keras.InputSpec(tensor.dtype, (size, *tensor.shape[1:]), name=tensor.name)
            for tensor in model.inputs
        }
        with TemporaryDirectory() as folder:
            path = f"{folder}/generator.xml"
            model.export(path, format="openvino", input_signature=[_only_or_all(specs)], verbose=False)
            compiled = core.compile_model(core.read_model(path), "CPU", settings)
        requests[size] = compiled.create_infer_request()

    def run(inputs: Inputs) -> NDArray[np.float32]:
        results = requests[len(inputs["latent"])].infer(_only_or_all(inputs))
        images: NDArray[np.float32] = results[0]
        return images

    return run


def _tensorflow(model: Any) -> Run:
    """The model as a TensorFlow function: the reference that OpenVINO is held against."""
    import tensorflow as tf

    function = tf.function(lambda inputs: model(inputs, training=False), autograph=False)

    def run(inputs: Inputs) -> NDArray[np.float32]:
        return np.asarray(function(_only_or_all({name: tf.constant(array) for name, array in inputs.items()})))

    return run


def _only_or_all(inputs: dict[str, Any]) -> Any:
    """Inputs as Keras and OpenVINO want them: by name, or bare where there is but one."""
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
