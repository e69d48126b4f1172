"""Every setting of the app: its name, default, limits and what it is for.

Setting X is read from the environment variable DIGITSMITH_X. The four of the server also answer to
their bare names, because every platform sets PORT.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "DIGITSMITH_"
BARE = ("HOST", "PORT", "WORKERS", "THREADS")


class ConfigError(Exception):
    """A setting that cannot be used, in one sentence."""


def _setting(kind: type[fields.Field[Any]], default: Any, help_text: str, check: Any = None) -> Any:
    return kind(load_default=default, validate=check, metadata={"help": help_text})


class Settings(Schema):
    """The settings, one field each; `metadata["help"]` says what it is for."""

    HOST = _setting(fields.String, "127.0.0.1", "Address to listen on.")
    PORT = _setting(fields.Integer, 8000, "Port to listen on.", validate.Range(1, 65535))
    WORKERS = _setting(fields.Integer, 2, "Server processes.", validate.Range(1, 64))
    THREADS = _setting(fields.Integer, 8, "Requests that one process handles at a time.", validate.Range(1, 256))
    GRACE = _setting(fields.Integer, 20, "Seconds that requests in flight get to finish.", validate.Range(1, 3600))
    INFERENCE_THREADS = _setting(
        fields.Integer,
        0,
        "Threads with which one process draws digits; 0 shares the processor's cores among the processes.",
        validate.Range(0, 64),
    )
    MODELS = _setting(fields.String, str(ROOT / "models"), "Folder of the model folders.")
    DEFAULT_MODEL = _setting(
        fields.String, "", "Model that is used when none is named; empty means digitsmith, or else the first by name."
    )
    MAX_BODY = _setting(fields.Integer, 65_536, "Bytes that a request's body may have.", validate.Range(min=1))


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name


def from_environment(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Every setting's value.

    Raises: ConfigError that names the variable, its value and what would be right.
    """
    environ = os.environ if environ is None else environ
    bare = {name: environ[name] for name in BARE if name in environ}
    prefixed = {name: environ[variable(name)] for name in Settings().fields if variable(name) in environ}
    given = bare | prefixed
    try:
        return dict(Settings().load(given))
    except ValidationError as error:
        name, messages = next(iter(error.normalized_messages().items()))
        raise ConfigError(f"{variable(name)} is {given[name]!r}: {' '.join(messages).lower()}") from None


def inference_threads(config: Mapping[str, Any]) -> int:
    """Threads for one process, so that processes × threads do not outnumber the cores."""
    cores = len(os.sched_getaffinity(0))
    return int(config["INFERENCE_THREADS"]) or max(1, cores // int(config["WORKERS"]))
