"""Each request is one line, which programs can read, people can read, and clients cannot forge."""

import json
import logging
import sys

import pytest
from servers import running_server

from app.logs import make_formatter

HOSTILE = "/a\n\x1b[31m\x9b2J\u202eb"  # a line break, two ways to steer a terminal, and one to turn text around


def test_each_request_is_one_line_of_json_and_so_is_what_gunicorn_says(one_model, get):
    with running_server(WORKERS=1, DIGITSMITH_MODELS=one_model) as (address, process):
        before = len(process.lines())
        get(f"{address}/generate?seed=42&count=3&model=mlp", **{"X-Request-ID": "mine"})
        get(f"{address}/interpolate?from=1&to=2&steps=5")
        get(f"{address}/nowhere%0A%1B[31m?secret=1")
        drawn, way, lost = process.lines()[before:]
        events = {line["event"] for line in process.lines()}
    told = {name: drawn[name] for name in drawn if name not in ("ms", "timestamp", "pid")}
    assert told == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "path": "/generate",
        "status": 200,
        "request_id": "mine",
        "model": "mlp",
        "seed": 42,
        "batch_size": 3,
    }
    assert drawn["ms"] > 0
    assert (way["seed"], way["batch_size"], way["status"]) == ([1, 2], 5, 200)
    assert (lost["path"], lost["status"]) == ("/nowhere\n\x1b[31m", 404)
    assert f"Digitsmith is at {address} (Ctrl-C stops it)" in events
    assert any(event.startswith("Starting gunicorn") for event in events)


def written(log_format: str, message: str, **extra: object) -> str:
    """What becomes of a log record with a failure."""
    try:
        raise ValueError("the reason")
    except ValueError:
        failure = sys.exc_info()
    record = logging.LogRecord("app", logging.ERROR, "file.py", 1, message, (), failure)
    record.__dict__.update(extra)
    return make_formatter(log_format).format(record)


def test_a_failure_is_one_line_with_its_traceback():
    line = written("json", HOSTILE, path=HOSTILE)
    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert (told["event"], told["path"], told["level"]) == (HOSTILE, HOSTILE, "error")
    assert "ValueError: the reason" in told["exception"]


def test_people_read_columns_that_no_client_can_steer():
    text = written("console", HOSTILE, path=HOSTILE, id="\x1b[31m")
    first, *traceback = text.splitlines()
    assert first.isprintable()
    assert "path='/a\\n\\x1b[31m" in first
    assert traceback[-1] == "ValueError: the reason"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_gets_columns_and_a_pipe_gets_json(monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal, raising=False)
    assert written("auto", "hello").startswith("{") is not is_terminal
    assert written("json", "hello").startswith("{")
