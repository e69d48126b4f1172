"""How log lines look, the app's and gunicorn's alike: JSON for programs, columns for people."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from gunicorn.glogging import Logger
from structlog.typing import Processor, WrappedLogger

from app.config import from_environment

Event = MutableMapping[str, Any]


class ServerLogger(Logger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's logger, which writes as the app does."""

    def setup(self, cfg: Any) -> None:
        """Set up gunicorn's own log and, as it runs in every process, the app's."""
        super().setup(cfg)
        formatter = make_formatter(from_environment()["LOG_FORMAT"])
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)
        logging.root.handlers = list(self.error_log.handlers)
        logging.captureWarnings(True)
        logging.getLogger("app").setLevel(logging.INFO)


def make_formatter(log_format: str) -> logging.Formatter:
    """Formats a log record as one line of JSON, or for people to read; `log_format` is as in the settings."""
    for_people = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso"),
        _add_process,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=_for_people() if for_people else _for_programs()
    )


def _for_people() -> list[Processor]:
    # Values are shown by repr, and the event made printable: what a client sends cannot steer the terminal.
    # The plain traceback shows no variables, which may hold what clients sent.
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        repr_native_str=True,
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _make_printable, renderer]


def _for_programs() -> list[Processor]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]


def _add_process(_logger: WrappedLogger, _name: str, event: Event) -> Event:
    event["pid"] = event["_record"].process
    return event


def _make_printable(_logger: WrappedLogger, _name: str, event: Event) -> Event:
    event["event"] = "".join(char if char.isprintable() else repr(char)[1:-1] for char in event["event"])
    return event
