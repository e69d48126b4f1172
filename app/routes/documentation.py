"""The interface's description for people: /docs reads /openapi.json."""

from flask import Blueprint, Response, render_template, send_from_directory
from openapi_ui_bundles import swagger_ui
from werkzeug.exceptions import NotFound

blueprint = Blueprint("documentation", __name__)

FILES = ("swagger-ui-bundle.js", "swagger-ui.css")


@blueprint.get("/docs")
def docs() -> str:
    """Swagger UI over the description, with no file from another host."""
    return render_template("docs.html")


@blueprint.get("/docs/<file>")
def part(file: str) -> Response:
    """A file of Swagger UI, from its package."""
    if file not in FILES:
        raise NotFound(f"There is no file {file!r} here; there are {', '.join(FILES)}.")
    return send_from_directory(swagger_ui.static_path, file, max_age=3600)
