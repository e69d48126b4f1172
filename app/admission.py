"""Which requests are not handled, for the server stops or is too busy: they get a 503 at once."""

from contextvars import ContextVar
from dataclasses import dataclass

from flask import Flask, request
from werkzeug.exceptions import ServiceUnavailable

from app import metrics
from app.headers import FILES

FOR_MACHINES = ("health", "prometheus")  # blueprints that are never refused: they tell how the server does


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused: for metrics, and for the client."""

    reason: str
    sentence: str


STOPPING = Refusal("stopping", "The server is shutting down and takes no new requests.")
BUSY = Refusal("busy", "The server has as much to do as it can take; ask again in a second.")

refusal: ContextVar[Refusal | None] = ContextVar("refusal", default=None)
"""Why the request that this thread handles is to be refused; `app.worker` sets it."""


def init_app(app: Flask) -> None:
    """Refuse the requests that `refusal` says."""
    app.before_request(_refuse)


def refuse(why: Refusal) -> ServiceUnavailable:
    """The error to raise, counted."""
    metrics.current().refused.labels(why.reason).inc()
    return ServiceUnavailable(why.sentence, retry_after=1)


def _refuse() -> None:
    why = refusal.get()
    if why and not is_spared():
        raise refuse(why)


def is_spared() -> bool:
    """Whether this request is never refused: what machines ask, the page's files and OPTIONS."""
    # A page without its scripts is dead; and a script of another site's page, whose browser asks by OPTIONS whether
    # it may ask, is to hear of a refusal, not that it may not.
    return request.blueprint in FOR_MACHINES or request.endpoint in FILES or request.method == "OPTIONS"
