"""Which answers the scripts of other sites' pages may read: what draws digits, and what is told of them."""

import re

from flask import Flask, Response, request

from app.api import DATASET_HEADERS, DIGITS_HEADERS

# Nothing there is anybody's own, and no cookie is read: a script gets what its user would. The page, its files,
# health and metrics stay with their own site. What could not be read may have been for any of these.
PATHS = re.compile(r"/(generate|number|interpolate|map|discriminate|dataset|models|openapi\.json|\(unreadable\))(/|$)")
EXPOSED = ", ".join(sorted({*DIGITS_HEADERS, *DATASET_HEADERS, "Retry-After"}))
DAY = 24 * 3600  # seconds


def init_app(app: Flask) -> None:
    """Let scripts of any site ask and read (CORS; Fetch standard, section 3.3)."""
    app.after_request(_open)


def _open(response: Response) -> Response:
    # Whether or not the request names a site: caches keep one answer for all.
    if PATHS.match(request.path):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        if request.method == "OPTIONS":  # a browser's question before a POST of JSON
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST"
            response.headers["Access-Control-Allow-Headers"] = "*"
            response.headers["Access-Control-Max-Age"] = str(DAY)
    return response
