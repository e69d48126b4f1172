"""The description of the HTTP interface: OpenAPI 3.1, made from the routes' own schemas and docstrings."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
from flask import Flask

from app.answers import Problem
from app.fields import Number, WholeNumber
from app.parameters import parser

View = TypeVar("View", bound=Callable[..., Any])

# What cannot be read: no HTTP, or a Host that is none; slow to come; a path too long; an Expect or a
# Transfer-Encoding that is not known; headers too long.
UNREADABLE = (400, 408, 414, 417, 431, 501)
REFUSED = (429, 503)  # over the client's limit; too busy, or shutting down
ERRORS = (404, 409, 412, 413, 415, 422, *UNREADABLE, *REFUSED)


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


EVERY_HEADER = {"X-Request-ID": _header("The request's ID: the client's own, if that is a plain word, or a new one.")}
ORIGIN_HEADERS = EVERY_HEADER | {
    "X-Model": _header("The model that drew it."),
    "X-Seed": _header("The seed, or several with commas."),
    "Link": _header("The URL that brings it back, as canonical."),
    "ETag": _header("Of a seeded answer."),
    "Cache-Control": _header("A seeded answer may be kept for ever; no other may be kept."),
}
DIGITS_HEADERS = ORIGIN_HEADERS | {"X-Digits": _header("What the digits show, with commas.")}
DATASET_HEADERS = ORIGIN_HEADERS | {"Content-Disposition": _header("The file's name.")}
INFORMATION = {
    "description": "Handwritten digits that no one ever wrote. A picture is a pure function of its URL: the same"
    " seed gives the same bytes. Errors are application/problem+json (RFC 9457). Scripts of any site's pages may ask.",
    "license": {"name": "MIT", "identifier": "MIT"},
}


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """Routes that appear in the description."""

    ARGUMENTS_PARSER = parser

    def add_url_rule(self, rule: str, endpoint: str | None = None, view_func: View | None = None, **given: Any) -> None:
        """Register a view, which clients made from the description call by its name."""
        if view_func is not None:
            view_func = self.doc(operationId=view_func.__name__)(view_func)
        super().add_url_rule(rule, endpoint, view_func, **given)

    def errors(self, *statuses: int, refused: bool = True) -> Callable[[View], View]:
        """Say which errors a route may answer with, beside those of what cannot be read.

        Args: refused, whether a request may be refused whatever it asks.
        """

        def decorate(view: View) -> View:
            for status in (*statuses, *UNREADABLE, *(REFUSED if refused else ())):
                view = self.alt_response(status, response=HTTPStatus(status).name)(view)
            return view

        return decorate

    def file(self, *mimetypes: str, headers: dict[str, Any], not_modified: bool = True) -> Callable[[View], View]:
        """Say that a route answers with a file of one of these types, which may be asked for by its ETag.

        Args: not_modified, whether If-None-Match may be answered with a 304, as for GET.
        """

        def decorate(view: View) -> View:
            if not_modified:
                view = self.alt_response(304, description="What If-None-Match names.")(view)
            view = self.alt_response(412, response=HTTPStatus(412).name)(view)
            for mimetype in dict.fromkeys(mimetypes):
                schema = {"type": "string", "format": "binary"}
                view = self.response(200, schema, content_type=mimetype, headers=headers)(view)
            return view

        return decorate


class Api(flask_smorest.Api):  # type: ignore[misc]
    """Collects the description as blueprints are registered, and answers no error: `app.errors` does."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        contents = {"application/problem+json": {"schema": Problem}, "text/html": {"schema": {"type": "string"}}}
        for status in map(HTTPStatus, ERRORS):
            waits = {"Retry-After": _header("Seconds to wait.")} if status in (429, 503) else {}
            described = {"description": status.phrase, "content": contents, "headers": EVERY_HEADER | waits}
            self.spec.components.response(status.name, described, lazy=True)

    def _register_pagination_header(self) -> None:
        """Describe none: no route answers in pages."""

    def _register_error_handlers(self) -> None:
        """Leave errors to `app.errors`."""


def init_app(app: Flask, blueprints: list[Blueprint]) -> None:
    """Register the blueprints, and serve the description at /openapi.json."""
    app.config["OPENAPI_URL_PREFIX"] = "/"
    api = Api(spec_kwargs={"title": "Digitsmith", "version": "1", "openapi_version": "3.1.0", "info": INFORMATION})
    api.register_field(WholeNumber, "integer", None)
    api.register_field(Number, "number", None)
    api.init_app(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
