"""A request's body, read once and as a whole, before anything looks at it."""

import reprlib

from flask import Flask, request
from gunicorn.http.errors import ParseException
from werkzeug import exceptions
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)


def init_app(app: Flask) -> None:
    """Read each POST's body, of at most MAX_BODY bytes; whoever wants it finds it in `request`."""
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = app.config["MAX_BODY"]
    app.config["MAX_FORM_PARTS"] = None  # there cannot be many in a body that is not large
    app.before_request(_read)


def _read() -> None:
    """Read the body.

    Raises: UnsupportedMediaType on a compressed body, RequestEntityTooLarge, RequestTimeout on a client that stops
        sending, NotImplemented on chunks of something compressed, BadRequest on a body that ends early or is in chunks
        that cannot be told apart.
    """
    if request.method != "POST":
        return
    if (coding := request.content_encoding) not in (None, "", "identity"):
        raise UnsupportedMediaType(f"Content-Encoding is {reprlib.repr(coding)}; a body must come as it is.")
    codings = request.headers.get("Transfer-Encoding", "chunked")
    if codings.strip().lower() != "chunked":  # gunicorn takes off the chunks alone
        raise exceptions.NotImplemented(
            f"Transfer-Encoding is {reprlib.repr(codings)}; it must be chunked, or left out."
        )
    try:
        _check_end(request.get_data())
    except (ClientDisconnected, ParseException) as error:  # gunicorn reads chunks, and Werkzeug lets its errors pass
        if isinstance(error.__context__, BlockingIOError):
            raise RequestTimeout("The body did not come to its end in time.") from error
        raise BadRequest("The body ends early, or its chunks cannot be told apart.") from error


def _check_end(body: bytes) -> None:
    """See that the body is as long as announced or, in chunks, that no more comes than may."""
    if request.content_length is not None:
        if len(body) < request.content_length:
            raise ClientDisconnected
    elif len(body) >= (request.max_content_length or 0) and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
