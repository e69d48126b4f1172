"""Every setting of the app: its name, default, limits and what it is for.

Setting X is read from the environment variable DIGITSMITH_X. The four of the server also answer to
their bare names, because every platform sets PORT.
"""

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET, socket
from typing import Any
from urllib.parse import urlsplit

from click import ClickException
from marshmallow import Schema, ValidationError, fields, validate

from app.fields import WholeNumber

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "DIGITSMITH_"
BARE = ("HOST", "PORT", "WORKERS", "THREADS")
SECRET = ("RATE_LIMIT_STORAGE",)  # a password may be in it, which no log may show
LARGEST_DATASET = 100_000_000  # digits
LOG_FORMATS = ("auto", "console", "json")

Check = Callable[[str], Any]  # raises ValidationError on a value that cannot be used


class ConfigError(ClickException):
    """A setting that cannot be used, in one sentence; the flask command shows nothing else."""


def _number(default: int, low: int, high: int, help_text: str) -> WholeNumber:
    metadata = {"help": help_text, "allowed": f"a whole number from {low} to {high}"}
    return WholeNumber(load_default=default, validate=validate.Range(low, high), metadata=metadata)


def _text(default: str, help_text: str, allowed: str = "text", valid: Check | None = None) -> fields.String:
    return fields.String(load_default=default, validate=valid, metadata={"help": help_text, "allowed": allowed})


def _is_folder_name(value: str) -> None:
    """Raises ValidationError on what names no folder: "", or one in the home of a user who has none."""
    try:
        Path(value).expanduser()
    except RuntimeError as error:
        raise ValidationError(str(error)) from error
    if not value:
        raise ValidationError("No name.")


def _is_rate(value: str) -> None:
    """Raises ValidationError on what is neither empty nor a rate, such as "60/minute"."""
    if not value:
        return
    from limits import parse_many  # only where there is a limit

    try:
        rates = parse_many(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if not all(rate.amount for rate in rates):
        raise ValidationError("No request at all.")


def _is_storage(value: str) -> None:
    """Raises ValidationError on what is neither this process's memory nor a Redis at a host."""
    if value == "memory://":
        return
    try:
        address = urlsplit(value)
        address.port  # noqa: B018 - it is read only now
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if address.scheme not in ("redis", "rediss") or not address.hostname:
        raise ValidationError("No Redis.")


class Settings(Schema):
    """The settings, one field each; `metadata` says what it is for, as README does, and what it may be."""

    HOST = _text("127.0.0.1", "address to listen on", "an address, such as 127.0.0.1", validate.Length(1))
    PORT = _number(8000, 1, 65_535, "port to listen on")
    WORKERS = _number(2, 1, 64, "server processes")
    THREADS = _number(8, 1, 256, "requests that one process handles at a time")
    QUEUE = _number(128, 0, 900, "requests that may wait for one of these; more are refused with a 503")
    DEADLINE = _number(2, 1, 3600, "seconds that a request may wait; then it is refused too")
    GRACE = _number(20, 1, 3600, "seconds that requests in flight get to finish")
    DRAIN = _number(
        0, 0, 3600, "seconds after SIGTERM in which only `/readyz` changes, before `DIGITSMITH_GRACE` begins"
    )
    PROXIES = _number(0, 0, 16, "proxies in front whose `X-Forwarded-For`, `-Proto` and `-Host` are believed")
    INFERENCE_THREADS = _number(
        0,
        0,
        64,
        "threads with which one process draws on OpenVINO; 0 shares the cores, or the container's quota of them, among"
        " the processes",
    )
    MODELS = _text(str(ROOT / "models"), "folder of the model folders", "a folder", _is_folder_name)
    DEFAULT_MODEL = _text(
        "", "model that is used when none is named; empty means `digitsmith`, or else the first by name"
    )
    CACHE = _text(
        "~/.cache/digitsmith", "folder in which networks are kept as OpenVINO reads them", "a folder", _is_folder_name
    )
    MAX_BODY = _number(2**20, 1, 2**30, "bytes that a request's body may have")
    MAX_DATASET = _number(100_000, 1, LARGEST_DATASET, "digits that one answer of `/dataset` may have")
    RATE_LIMIT = _text(
        "",
        "requests that one client may make, such as `60/minute`; empty means any number",
        "empty, or a number of requests and a time, such as 60/minute",
        _is_rate,
    )
    RATE_LIMIT_STORAGE = _text(
        "memory://",
        "where they are counted; `redis://127.0.0.1:6379/0` lets processes share a limit",
        "memory:// or the address of a Redis, such as redis://127.0.0.1:6379/0, a / # ? or @ in its password as %2F,"
        " %23, %3F or %40",
        _is_storage,
    )
    LOG_FORMAT = _text(
        "auto",
        "`console` for people, `json` for programs; `auto` is the first in a terminal",
        "one of " + ", ".join(LOG_FORMATS),
        validate.OneOf(LOG_FORMATS),
    )


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name


def from_environment(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Every setting's value.

    Raises: ConfigError that names the variable, its value and what would be right.
    """
    environ = os.environ if environ is None else environ
    schema = Settings()
    sources = {name: name for name in BARE if name in environ}
    sources |= {name: variable(name) for name in schema.fields if variable(name) in environ}
    given = {name: field.load_default for name, field in schema.fields.items()}  # which may not hold everywhere either
    given |= {name: environ[source] for name, source in sources.items()}
    try:
        return dict(schema.load(given))
    except ValidationError as error:
        name = next(iter(error.normalized_messages()))
        allowed, source = schema.fields[name].metadata["allowed"], sources.get(name, variable(name))
        found = "cannot be used" if name in SECRET else f"is {given[name]!r}"
        raise ConfigError(f"{source} {found}; it must be {allowed}.") from None


def check_address(config: Mapping[str, Any]) -> None:
    """See that the server can listen where it is told to. Raises ConfigError."""
    host, port = config["HOST"], config["PORT"]
    try:
        with socket(AF_INET6 if ":" in host else AF_INET) as probe:
            probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # as gunicorn does: who has left the port is no hindrance
            probe.bind((host, port))
    except OSError as error:
        raise ConfigError(
            f"Nothing can listen at HOST {host}, PORT {port} ({error.strerror}): stop what is there, or set others."
        ) from error


def misspelt(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that has our prefix and is no setting, for it changes nothing."""
    known = [*Settings().fields]
    said = []
    for name in sorted(name.removeprefix(PREFIX) for name in environ if name.startswith(PREFIX)):
        if name not in known:
            near = get_close_matches(name, known, 1)
            right = f"did you mean {variable(near[0])}?" if near else f"there are {', '.join(map(variable, known))}."
            said.append(f"{variable(name)} is no setting and changes nothing; {right}")
    return said


def inference_threads(config: Mapping[str, Any]) -> int:
    """Threads for one process, so that processes × threads do not outnumber the cores."""
    return int(config["INFERENCE_THREADS"]) or max(1, cores() // int(config["WORKERS"]))


def cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores that this process may use: those it is bound to, or what its container's quota comes to, if that is less.

    Args: quota, where Linux tells it: microseconds of processor time in a period, "max" for no quota.
    """
    bound = len(os.sched_getaffinity(0))
    try:
        time, period = map(int, quota.read_text().split())
    except (OSError, ValueError):  # no container, or one without a quota
        return bound
    return max(1, min(bound, time // period))
