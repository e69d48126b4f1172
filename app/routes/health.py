"""Is the process alive, and can it serve: /livez and /readyz."""

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import ServiceUnavailable

from app import catalogue, lifetime

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="alive"))


@blueprint.get("/readyz")
def ready() -> Response:
    """The models are loaded, checked and warm, for a worker takes no request before they are; 503 from SIGTERM on."""
    if lifetime.current().stopping:
        raise ServiceUnavailable("The server is shutting down.")
    return _uncached(jsonify(status="ready", models=list(catalogue.current())))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
