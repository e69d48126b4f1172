"""Networks as OpenVINO reads them: made from `.keras` files by Keras, rewritten by `app.graphs`, and kept.

Keras takes seconds and 150 MB to import, so it does this in a process of its own, and those that serve
never import it. The `.keras` file stays the source of truth: what is kept goes by its hash and what made it.
"""

import errno
import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import IO, Any

from app.config import ROOT

log = logging.getLogger(__name__)

SIGNATURE = "signature.json"
WRITING = ".writing-"  # what folders begin with whose network is not whole yet
FORM = 2  # of what is kept: grows when `_export` or app/graphs.py comes to write other files
NOTHING = 2**16  # bytes: with less room a disk is full
FULL = 28  # the exit status of who finds no room, after ENOSPC


class ExportError(Exception):
    """Which file cannot be made ready, and why, in one sentence."""


class _FullError(ExportError):
    """There is no room for what was made."""


@dataclass(frozen=True)
class Network:
    """A `.keras` file, its SHA-256, and the sizes of batch in which it is to run, growing."""

    path: str
    sha256: str
    sizes: tuple[int, ...]

    @property
    def name(self) -> str:
        """What it is kept as: other weights, sizes, libraries or another form make another."""
        made_by = [FORM, *(f"{library} {version(library)}" for library in ("keras", "openvino"))]
        return sha256(json.dumps([self.sha256, self.sizes, made_by]).encode()).hexdigest()


class Exports:
    """What a folder keeps: for each network a folder with `SIZE.xml`, `SIZE.bin` and its `signature.json`.

    Args:
        folder: made where it is not there. If it cannot be written, or is full, what it lacks is made for each
            who asks, and not kept, which the log tells.
    """

    def __init__(self, folder: Path):
        self._folder = folder.expanduser()
        self._told = False

    def prepare(self, networks: Iterable[Network]) -> None:
        """Make those networks that are not kept yet, all in one process. Raises ExportError."""
        wanted = [network for network in networks if not self._keeps(network)]
        if wanted and (lock := self._lock()):
            with lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # let the other processes of a server wait for the first
                for left in self._folder.glob(f"{WRITING}*"):  # by who was killed, for nobody else writes now
                    shutil.rmtree(left, ignore_errors=True)
                with suppress(_FullError):  # each makes its own then
                    _make([network for network in wanted if not self._keeps(network)], self._folder)

    @contextmanager
    def opened(self, network: Network) -> Iterator[Path]:
        """Yield the network's folder, which may be gone afterwards. Raises ExportError."""
        self.prepare([network])
        if self._keeps(network):
            yield self._kept(network)
            return
        self._tell()
        with TemporaryDirectory() as temporary:
            _make([network], Path(temporary))
            yield Path(temporary) / network.name

    def _tell(self) -> None:
        """Say once why it takes so long."""
        if not self._told:
            log.warning("%s cannot keep networks: each process makes them anew, which takes seconds.", self._folder)
        self._told = True

    def _keeps(self, network: Network) -> bool:
        """Whether a network is there to be read; not so where the folder may not even be looked into."""
        return os.access(self._kept(network), os.R_OK)

    def _kept(self, network: Network) -> Path:
        return self._folder / network.name

    def _lock(self) -> IO[str] | None:
        """The file whose lock lets one process write; None where nothing can be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / ".lock").open("w")
        except OSError:
            return None
        if os.access(self._folder, os.W_OK):
            return lock
        lock.close()
        return None


def _make(networks: list[Network], folder: Path) -> None:
    if not networks:
        return
    command = [sys.executable, "-P", "-c", "from app.exports import main; main()", str(folder)]
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    environment = os.environ | {"KERAS_BACKEND": "openvino", "PYTHONPATH": os.pathsep.join(paths)}
    wanted = json.dumps([asdict(network) for network in networks])
    done = subprocess.run(command, env=environment, input=wanted, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        kind = _FullError if done.returncode == FULL else ExportError
        raise kind((done.stderr.strip() or f"{networks[0].path} cannot be exported.").splitlines()[-1])


def only_or_all(inputs: dict[str, Any]) -> Any:
    """Inputs as Keras wants them: by name, or bare where there is but one."""
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def first_line(error: Exception) -> str:
    """What an error says first, or else what it is."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def main() -> None:
    """Make the networks that standard input lists, in the folder that the command names."""
    folder = Path(sys.argv[1])
    _spare_scipy()
    for given in json.load(sys.stdin):
        network = Network(given["path"], given["sha256"], tuple(given["sizes"]))
        try:
            _keep(network, folder)
        except Exception as error:  # Keras raises whatever its layers and its backend do
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                print(f"{network.path} cannot be made ready: {folder} has no room.", file=sys.stderr)  # noqa: T201
                sys.exit(FULL)
            sys.exit(f"{network.path} is not a Keras model that can be loaded ({first_line(error)}).")


def _keep(network: Network, folder: Path) -> None:
    """Make one network, whole or not at all, of a copy of its file: others may change that one meanwhile."""
    with TemporaryDirectory(dir=folder, prefix=WRITING) as temporary:
        content, copy, made = Path(network.path).read_bytes(), Path(temporary) / "copy.keras", Path(temporary) / "made"
        if sha256(content).hexdigest() != network.sha256:
            sys.exit(f"{network.path} has changed since it was looked at: start again.")
        copy.write_bytes(content)
        made.mkdir()
        with _no_room_told(made):
            _export(copy, network.sizes, made)
        os.sync()  # whole on the disk before it has its name
        try:
            made.rename(folder / network.name)
        except OSError:
            if not (folder / network.name).exists():  # else another process was first
                raise


@contextmanager
def _no_room_told(folder: Path) -> Iterator[None]:
    """Tell by an OSError that a disk is full, for which OpenVINO has no error of its own."""
    try:
        yield
    except RuntimeError as error:
        if shutil.disk_usage(folder).free < NOTHING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise


def _spare_scipy() -> None:
    """Let Keras be imported without SciPy.

    Its OpenVINO backend imports that for the windows of spectrograms, which no network of ours draws: 140 MB
    in the container and a second at the start. A network that does ends with an error.
    """
    sys.modules.update({name: ModuleType(name) for name in ("scipy", "scipy.signal")})


def _export(path: Path, sizes: tuple[int, ...], folder: Path) -> None:
    import keras

    from app.graphs import optimize_file

    model = keras.saving.load_model(path, compile=False)
    for size in sizes:
        specs = {
            tensor.name: keras.InputSpec(tensor.dtype, (size, *tensor.shape[1:]), name=tensor.name)
            for tensor in model.inputs
        }
        given = [only_or_all(specs)]
        file = str(folder / f"{size}.xml")
        model.export(file, format="openvino", input_signature=given, verbose=False)
        optimize_file(file)
    signature = {
        "inputs": {tensor.name: [tensor.shape[1:], tensor.dtype] for tensor in model.inputs},
        "outputs": [tensor.shape[1:] for tensor in model.outputs],
    }
    (folder / SIGNATURE).write_text(json.dumps(signature))
