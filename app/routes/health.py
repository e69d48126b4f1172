"""Is the process alive, and can it serve: /livez and /readyz."""

from flask import Blueprint, Response, jsonify

from app.catalogue import current

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="alive"))


@blueprint.get("/readyz")
def ready() -> Response:
    """The models are loaded, checked and warm: a worker takes no request before they are."""
    return _uncached(jsonify(status="ready", models=list(current())))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
