"""Every error in one form: problem+json (RFC 9457) for programs, a page for browsers."""

import logging
import re
import reprlib
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, json, render_template, request
from werkzeug.exceptions import (
    BadHost,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
    UnprocessableEntity,
)

from app.admission import BUSY, refuse
from app.crowding import CrowdedError
from app.headers import accepted

log = logging.getLogger(__name__)

LONGEST_NAME = 100  # characters of a parameter that are told
OWN_HEADERS = ("allow", "content-range", "retry-after")
HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?", re.ASCII)


class InvalidParameters(UnprocessableEntity):
    """Parameters that cannot be used.

    Args: problems, one sentence for each parameter's name.
    """

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = [{"parameter": name[:LONGEST_NAME], "detail": detail} for name, detail in problems.items()]


def init_app(app: Flask) -> None:
    """Answer every error, expected or not, in our own form."""
    app.before_request(_check_host)
    app.before_request(_refuse_doubled_slash)
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(CrowdedError, lambda _: answer(refuse(BUSY)))
    app.register_error_handler(Exception, _unexpected)


def _check_host() -> None:
    """Every request but those of HTTP/1.0 must say whom it is for (RFC 9112, section 3.2); links begin with that."""
    given = request.headers.get("Host")
    if given is None and request.environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        return
    if not HOST.fullmatch(given or ""):
        raise BadHost


def _refuse_doubled_slash() -> None:
    """Werkzeug takes any number of leading slashes for one; a proxy that keeps a path to itself may not."""
    if (path := request.environ["PATH_INFO"]).startswith("//"):
        raise NotFound(f"There is nothing at {path.encode('latin-1').decode(errors='replace')}.")


def _unexpected(error: Exception) -> Response:
    log.error("request %s failed", g.get("request_id"), exc_info=error)
    return answer(HTTPException("Something broke on our side; it is noted with this request's ID.", None))


def answer(error: HTTPException) -> Response:
    """The error in the form that whoever asks would rather have."""
    status = HTTPStatus(error.code or 500)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": _detail(error),
        "request_id": g.get("request_id"),
    }
    if isinstance(error, InvalidParameters):
        problem["errors"] = error.problems
    hostless = isinstance(error, BadHost) or isinstance(request.routing_exception, BadHost)
    if _wants_page() and not hostless:  # without a host there are no addresses for its links
        response = Response(render_template("error.html", problem=problem), mimetype="text/html")
    else:
        response = Response(json.dumps(problem), mimetype="application/problem+json")
    response.status_code = status.value
    response.headers.extend(header for header in error.get_headers() if header[0].lower() in OWN_HEADERS)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _detail(error: HTTPException) -> str:
    """The error's own sentence; or ours, where it has none but Werkzeug's."""
    if error.description and error.description != type(error).description:
        return error.description
    if isinstance(error, MethodNotAllowed):
        return (
            f"{request.path} does not take {request.method}; it takes {', '.join(sorted(error.valid_methods or []))}."
        )
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is too large; it must have at most {current_app.config['MAX_CONTENT_LENGTH']} bytes."
    if isinstance(error, NotFound):
        return f"There is nothing at {request.path}."
    if isinstance(error, RequestedRangeNotSatisfiable):
        return f"Range is {reprlib.repr(request.headers.get('Range'))}; there are {error.length} bytes."
    if isinstance(error, BadHost):
        return f"Host is {reprlib.repr(request.headers.get('Host', ''))}; it must be the name or the address of a host."
    return "The request cannot be understood."


def _wants_page() -> bool:
    """Whether whoever asks would rather read a page than JSON, as browsers say when a person navigates."""
    accept = accepted()
    return accept["text/html"] > max(accept["application/json"], accept["application/problem+json"])
