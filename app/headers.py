"""What every answer carries: a request ID, and the security headers; and which kinds of answer a client takes."""

import re
from uuid import uuid4

from flask import Flask, Response, g, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_date

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
LONGEST_ACCEPT = 1000  # characters; browsers send 150
DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_RANGE")
FILES = ("static", "documentation.part")  # endpoints
RANGE = re.compile(r"bytes=\d+-\d*", re.ASCII)
REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


def init_app(app: Flask) -> None:
    """Give each request an ID, its client's own if that is a plain word, and each answer its headers."""
    app.before_request(_identify)
    app.before_request(_forget_impossible_dates)
    app.before_request(_spare_files)
    app.after_request(_complete)


def accepted() -> MIMEAccept:
    """The kinds of answer that the client takes, whatever their parameters, such as a charset.

    One that says more than anybody would counts as none: Werkzeug's reading takes its square in time.
    """
    if len(request.headers.get("Accept", "")) > LONGEST_ACCEPT:
        return MIMEAccept()
    return MIMEAccept([(kind.partition(";")[0].strip(), quality) for kind, quality in request.accept_mimetypes])


def _identify() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex


def _forget_impossible_dates() -> None:
    """Ignore a date that is none, as RFC 9110 has it (section 13.1.3); Werkzeug fails on a year of many digits."""
    for name in DATES:
        try:
            parse_date(request.environ.get(name))
        except OverflowError:
            del request.environ[name]


def _spare_files() -> None:
    """Where a file is read ignore If-Match, and any Range but one from a byte on, as RFC 9110 allows (13.1.1, 14.2).

    Flask, which sends it, would answer 412 to *, with the file, and 416 to units that it does not know, and to the
    last thousand bytes of a file that has fewer.
    """
    if request.endpoint in FILES:
        request.environ.pop("HTTP_IF_MATCH", None)
        if not RANGE.fullmatch(request.headers.get("Range", "")):
            request.environ.pop("HTTP_RANGE", None)


def _complete(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
