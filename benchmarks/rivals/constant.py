"""The ceiling of Flask and gunicorn: a route that answers with the same PNG every time."""

import numpy as np
from flask import Flask, Response

from app.images import png

app = Flask(__name__)
PNG = png(np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))


@app.get("/generate")
def generate() -> Response:
    """The same PNG as ever."""
    return Response(PNG, mimetype="image/png")
