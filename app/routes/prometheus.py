"""What Prometheus reads: /metrics."""

from flask import Blueprint, Response, request

from app.metrics import current

blueprint = Blueprint("prometheus", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The metrics of all processes."""
    content, kind = current().expose(request.headers.get("Accept", ""))
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    return response
