"""What is told of every request: one log line, and its place in the metrics."""

import logging
from collections.abc import Sequence
from time import perf_counter

from flask import Flask, Response, g, request

from app import metrics

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Time, count and log each request."""
    app.before_request(_begin)
    app.after_request(_finish)


def note_model(model: str) -> None:
    """Say which model this request asks about."""
    g.drawing = {"model": model}


def note_drawing(model: str, seeds: Sequence[int], digits: int) -> None:
    """Say what this request draws, before it does: should that fail, the log line tells of what.

    Of several pictures the line tells the last one's model and seed, and the digits of all.
    """
    digits += g.drawing.get("batch_size", 0)
    g.drawing = {"model": model, "seed": seeds[0] if len(seeds) == 1 else list(seeds), "batch_size": digits}


def note_drawn(model: str, digits: int) -> None:
    """Say how many digits this request has drawn for a picture; some requests draw several pictures."""
    g.drawn += digits
    metrics.current().count_digits(model, digits)


def _begin() -> None:
    g.started, g.drawing, g.drawn = perf_counter(), {}, 0


def _finish(response: Response) -> Response:
    seconds = perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule else "none"
    metrics.current().count_request(route, request.method, response.status_code, seconds)
    if g.drawn:
        metrics.current().batch.observe(g.drawn)
    told = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "request_id": g.request_id,
    }
    log.info("request", extra=told | g.drawing)
    return response
