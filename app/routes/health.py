"""Is the process alive, and can it serve: /livez and /readyz."""

from flask import Response, jsonify

from app import answers
from app.api import Blueprint
from app.catalogue import current

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
@blueprint.response(200, answers.Health)
def alive() -> Response:
    """The process answers."""
    return _uncached(jsonify(status="alive"))


@blueprint.get("/readyz")
@blueprint.response(200, answers.Health)
def ready() -> Response:
    """The models are loaded, checked and warm: a worker takes no request before they are."""
    return _uncached(jsonify(status="ready", models=list(current())))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
