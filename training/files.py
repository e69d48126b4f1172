"""Files that are whole or not there: written under a temporary name, synced, then renamed."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile

from training.errors import TrainingError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there takes its place on a clean exit.

    A failure inside the block, or a kill at any moment, leaves the old `path` as it was. What a kill
    leaves under the temporary name is overwritten when the same file is next written.

    Raises: TrainingError when the system refuses to write it, as on a full disk.
    """
    # The same suffix: NumPy, Keras and Matplotlib choose the format by it.
    temporary = path.with_name(f".writing-{path.name}")
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`, which takes its place on a clean exit; a link to it stays one.

    A kill between the two renames leaves the old folder under a hidden name, from where `put_back`
    brings it.

    Raises: TrainingError when the system refuses to write it, as on a full disk.
    """
    path = path.resolve()
    fresh, old = path.with_name(f".writing-{path.name}"), _aside(path)
    put_back(path)
    with _told(path):
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            yield fresh
            for entry in (*fresh.rglob("*"), fresh):
                _sync(entry)
            if path.exists():
                path.rename(old)
            fresh.rename(path)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        _sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def there(folder: Path, option: str) -> Iterator[None]:
    """Have a folder that an option names; what is made for it and still empty at the end goes again.

    Raises: TrainingError when it cannot be.
    """
    missing = [path for path in (folder, *folder.absolute().parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{option} is {folder}, which cannot be a folder: {error.strerror}.") from error
    try:
        yield
    finally:
        for path in missing:
            with suppress(OSError):
                path.rmdir()  # refused where there is anything in it


def check_writable(folder: Path) -> None:
    """Make sure that there can be files in a folder, which need not be there yet, before there is anything to lose.

    Raises: TrainingError when the system refuses them, as on a file system that is read-only.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with _told(folder), TemporaryFile(dir=nearest):
        pass


def put_back(path: Path) -> None:
    """Give a folder its name back where a killed replacement has left it without.

    Raises: TrainingError when whoever replaces it is at it still.
    """
    path = path.resolve()
    if path.exists() or not _aside(path).exists():
        return
    with _told(path), alone(_aside(path)):
        if not path.exists():
            _aside(path).rename(path)


def _aside(path: Path) -> Path:
    return path.with_name(f".replaced-{path.name}")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other process out of a folder, until the block or this process ends.

    Where the file system knows no locks, nobody is kept out.

    Raises: TrainingError when another is in it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TrainingError(f"Another process is at work in {folder}: let it end first.") from error


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the system says when it cannot write `path` into one sentence."""
    try:
        yield
    except OSError as error:
        reason = " ".join((error.strerror or str(error)).split())
        other = error.filename2 or error.filename  # the second where one file is copied to another
        if other and not Path(other).absolute().is_relative_to(path.absolute().parent):
            reason += f" ({other})"
        raise TrainingError(f"{path} cannot be written: {reason}; what was there before is whole.") from error


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
