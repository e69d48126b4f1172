"""What Prometheus reads: /metrics."""

from flask import Response, request

from app.api import Blueprint
from app.headers import accepted
from app.metrics import current

OPEN = "application/openmetrics-text"

blueprint = Blueprint("prometheus", __name__)


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
@blueprint.response(200, {"type": "string"}, content_type=OPEN)
@blueprint.errors(refused=False)
def metrics() -> Response:
    """The metrics of all processes."""
    kinds = accepted()  # prometheus_client looks for a name alone, however little it is wanted
    rather = kinds[OPEN] > 0 and kinds[OPEN] >= kinds["text/plain"]
    content, kind = current().expose(request.headers.get("Accept", "") if rather else "")
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response
