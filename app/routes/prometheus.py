"""What Prometheus reads: /metrics."""

from flask import Response, request

from app.api import Blueprint
from app.metrics import current

blueprint = Blueprint("prometheus", __name__)


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
@blueprint.response(200, {"type": "string"}, content_type="application/openmetrics-text")
@blueprint.errors(refused=False)
def metrics() -> Response:
    """The metrics of all processes."""
    content, kind = current().expose(request.headers.get("Accept", ""))
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response
