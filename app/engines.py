"""What draws the digits of a data set: this process, or Ray, in as many processes and on as many machines as it has."""

import logging
import os
import socket
from collections.abc import Callable, Generator, Iterator
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from click import ClickException
from numpy.typing import NDArray

from app.catalogue import Model, load_model, prepare
from app.config import from_environment
from app.datasets import Dataset
from app.exports import Exports
from app.formats import fingerprint
from app.images import SIDE, Digits
from app.model_folder import ModelFolderError, find

Engine = Callable[[Dataset, Iterator[range]], Generator[Digits]]

QUIETLY: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
TASK = 32  # chunks, at least, that one process of Ray draws in one go: half a second's work, three megabytes
TASKS = 2000  # at most, for Ray takes a millisecond and much memory for each before the first begins


def here(dataset: Dataset, spans: Iterator[range]) -> Generator[Digits]:
    """The digits with these indices, drawn in this process, one chunk after the other."""
    for span in spans:
        yield dataset.draw(span)


def on_ray(dataset: Dataset, spans: Iterator[range]) -> Generator[Digits]:
    """The same digits in the same order, drawn by Ray Data in a process for each of its processors.

    Ray runs on this machine, unless RAY_ADDRESS names a cluster; each of its machines needs this program
    and the same models. A process that is lost costs the time of its task, which another draws anew.

    Raises: ClickException when Ray is not installed, cannot be reached or fails, or would draw other digits.
    """
    bounds = np.fromiter(chain.from_iterable((span.start, span.stop) for span in spans), np.int64).reshape(-1, 2)
    if not len(bounds):
        return
    ray = _ray()
    try:
        ray.init(os.environ.get("RAY_ADDRESS") or "local", **QUIETLY)
        for block in _drawn(ray, dataset, bounds).iter_batches(batch_size=None, batch_format="pyarrow"):
            if "fault" in block.column_names:
                raise ClickException(block["fault"][0].as_py())
            for chunk in block["digits"]:
                yield np.frombuffer(chunk.as_py(), np.uint8).reshape(-1, SIDE, SIDE)
    except ClickException:
        raise
    except Exception as error:  # Ray raises a dozen types for what it cannot reach, start or keep
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]  # what stands behind the traceback
        raise ClickException(f"Ray could not draw the digits: {reason}") from error
    finally:
        ray.shutdown()


def _ray() -> Any:
    """Ray, told to be quiet and to call nobody."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray.data
    except ImportError as error:
        raise ClickException("The engine ray needs Ray: pip install -r requirements-ray.txt") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    return ray


def _drawn(ray: Any, dataset: Dataset, bounds: NDArray[np.int64]) -> Any:
    """The chunks between these bounds (N, 2) as a data set of Ray's, a block for each task, that is yet to be drawn."""
    size = max(TASK, -(-len(bounds) // TASKS))
    tasks = [bounds[start : start + size] for start in range(0, len(bounds), size)]
    processors = int(ray.cluster_resources().get("CPU", 1))
    asked = (dataset.model.name, dataset.seed, dataset.count, dataset.digit, dataset.truncation)
    return ray.data.from_numpy(tasks).map_batches(
        Drawer,
        fn_constructor_args=(_proof(dataset), *asked),
        compute=ray.data.ActorPoolStrategy(size=max(1, min(processors, len(tasks)))),
        num_cpus=1,
        batch_size=None,
    )


def _proof(dataset: Dataset) -> str:
    """A hash that is the same only where the digits will be: of all that determines them, and of the first of them."""
    digits = dataset.draw(next(dataset.chunks()))
    return sha256(fingerprint(dataset).encode() + digits.tobytes()).hexdigest()


class Drawer:
    """Draws digits in one of Ray's processes, or says why it cannot: raising would have Ray try again and again.

    Args:
        proof: of the data set, which must be the same here.
        name: of its model; the others are as `Dataset` has them.
    """

    def __init__(self, proof: str, name: str, *asked: Any):
        host, self._fault = socket.gethostname(), ""
        try:
            self._dataset = Dataset(_model(name), *asked)
            if _proof(self._dataset) != proof:
                self._fault = f"The Ray machine {host} would draw other digits: its {name} or its libraries are others."
        except ClickException as error:
            self._fault = f"The Ray machine {host} cannot draw: {error.message}"

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> Any:
        """A row with the bytes of each chunk, for its bounds; or one with the fault."""
        import pyarrow  # NumPy would take the paper at the end of a digit for the end of the bytes

        if self._fault:
            return pyarrow.table({"fault": [self._fault]})
        chunks = [self._dataset.draw(range(start, stop)).tobytes() for start, stop in batch["data"].tolist()]
        return pyarrow.table({"digits": pyarrow.array(chunks, pyarrow.binary())})


def _model(name: str) -> Model:
    """The model of that name, alone. Raises ConfigError or ModelFolderError."""
    settings = from_environment()
    found = {folder.name: folder for folder in find(Path(settings["MODELS"]))}
    if name not in found:
        raise ModelFolderError(f"There is no model {name} in {settings['MODELS']}.")
    exports = Exports(Path(settings["CACHE"]))
    prepare([found[name]], exports)
    return load_model(found[name], 1, exports)


ENGINES: dict[str, Engine] = {"local": here, "ray": on_ray}
