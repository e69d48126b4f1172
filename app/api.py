"""The description of the HTTP interface: OpenAPI 3.1, made from the routes' own schemas and docstrings."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
from flask import Flask

from app.answers import Problem
from app.schemas import WholeNumber, parser

View = TypeVar("View", bound=Callable[..., Any])

ERRORS = (400, 404, 409, 413, 415, 422)
DIGITS_HEADERS = {
    "X-Model": {"description": "The model that drew it.", "schema": {"type": "string"}},
    "X-Seed": {"description": "The seed, or two with a comma.", "schema": {"type": "string"}},
    "X-Digits": {"description": "What the digits show, with commas.", "schema": {"type": "string"}},
    "Link": {"description": "The URL that brings it back, as canonical.", "schema": {"type": "string"}},
}
INFORMATION = {
    "description": "Handwritten digits that no one ever wrote. A picture is a pure function of its URL: the same"
    " seed gives the same bytes. Errors are application/problem+json (RFC 9457).",
    "license": {"name": "MIT", "identifier": "MIT"},
}


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """Routes that appear in the description."""

    ARGUMENTS_PARSER = parser

    def errors(self, *statuses: int) -> Callable[[View], View]:
        """Say which errors a route may answer with."""

        def decorate(view: View) -> View:
            for status in statuses:
                view = self.alt_response(status, response=HTTPStatus(status).name)(view)
            return view

        return decorate

    def picture(self, *mimetypes: str) -> Callable[[View], View]:
        """Say that a route answers with a picture, which may be known by its ETag."""

        def decorate(view: View) -> View:
            view = self.alt_response(304, description="The picture that If-None-Match names.")(view)
            for mimetype in mimetypes:
                schema = {"type": "string", "format": "binary"}
                view = self.response(200, schema, content_type=mimetype, headers=DIGITS_HEADERS)(view)
            return view

        return decorate


class Api(flask_smorest.Api):  # type: ignore[misc]
    """Collects the description as blueprints are registered, and answers no error: `app.errors` does."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        contents = {"application/problem+json": {"schema": Problem}, "text/html": {"schema": {"type": "string"}}}
        for status in map(HTTPStatus, ERRORS):
            described = {"description": status.phrase, "content": contents}
            self.spec.components.response(status.name, described, lazy=True)

    def _register_error_handlers(self) -> None:
        """Leave errors to `app.errors`."""


def init_app(app: Flask, blueprints: list[Blueprint]) -> None:
    """Register the blueprints, and serve the description at /openapi.json."""
    app.config["OPENAPI_URL_PREFIX"] = "/"
    api = Api(spec_kwargs={"title": "Digitsmith", "version": "1", "openapi_version": "3.1.0", "info": INFORMATION})
    api.register_field(WholeNumber, "integer", None)
    api.init_app(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
