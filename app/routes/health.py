"""Is the process alive, and can it serve: /livez and /readyz."""

from flask import Response, jsonify
from werkzeug.exceptions import ServiceUnavailable

from app import answers, catalogue, lifetime
from app.api import Blueprint

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
@blueprint.response(200, answers.Health)
@blueprint.errors(refused=False)
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="alive"))


@blueprint.get("/readyz")
@blueprint.response(200, answers.Health)
@blueprint.errors(503, refused=False)
def ready() -> Response:
    """The models are loaded, checked and warm, for a worker takes no request before they are; 503 from SIGTERM on."""
    if lifetime.current().stopping:
        raise ServiceUnavailable("The server is shutting down.")
    return _uncached(jsonify(status="ready", models=list(catalogue.current())))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
