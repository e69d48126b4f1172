"""What gunicorn cannot read as a request is answered as any other is: by the app, in its form, with its headers."""

from typing import Any
from wsgiref.util import setup_testing_defaults

from flask import Flask, request
from gunicorn.config import LimitRequestFields, LimitRequestFieldSize
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    UnsupportedTransferCoding,
)
from werkzeug import exceptions
from werkzeug.http import http_date

ERROR = "digitsmith.error"  # where in an environ it stands
KINDS: dict[type[Exception], type[exceptions.HTTPException]] = {
    LimitRequestLine: exceptions.RequestURITooLarge,
    LimitRequestHeaders: exceptions.RequestHeaderFieldsTooLarge,
    ExpectationFailed: exceptions.ExpectationFailed,
    UnsupportedTransferCoding: exceptions.NotImplemented,
    TimeoutError: exceptions.RequestTimeout,
}
HEADERS = (  # gunicorn's own words do not say how many
    f"it may have {LimitRequestFields.default} headers at most, each of {LimitRequestFieldSize.default} bytes at most"
)


def init_app(app: Flask) -> None:
    """Raise the error that stands in a request's environ."""
    app.before_request(_raise)


def _raise() -> None:
    if error := request.environ.get(ERROR):
        raise error


def answer(app: Any, error: Exception, client: str) -> bytes:
    """The app's answer to what could not be read, as it goes over the wire.

    Args: error, gunicorn's, or a TimeoutError; client, its address.
    """
    kind = KINDS.get(type(error), exceptions.BadRequest)
    reason = HEADERS if isinstance(error, LimitRequestHeaders) else error
    environ: dict[str, Any] = {"REQUEST_METHOD": "UNKNOWN", "PATH_INFO": "/(unreadable)", "REMOTE_ADDR": client}
    environ[ERROR] = kind(f"The request cannot be read: {reason}.")
    setup_testing_defaults(environ)
    head: list[str] = []

    def begin(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        every = [*headers, ("Date", http_date()), ("Connection", "close")]
        head.extend([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in every)])

    body = b"".join(app(environ, begin))
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body
