"""How real a digit looks to a discriminator: /discriminate."""

from typing import Any

import numpy as np
from flask import request

from app import answers
from app.api import Blueprint
from app.catalogue import current
from app.drawings import read_digit
from app.errors import InvalidParameters
from app.routes.pictures import check_digit, data_uri
from app.schemas import DiscriminateParameters

blueprint = Blueprint("discriminate", __name__)

PICTURE = {"required": True, "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}


@blueprint.post("/discriminate")
@blueprint.arguments(DiscriminateParameters(), location="query")
@blueprint.response(200, answers.Opinion)
@blueprint.errors(404, 409, 413, 415, 422)
@blueprint.doc(requestBody=PICTURE)
def discriminate(parameters: dict[str, Any]) -> dict[str, Any]:
    """How real the digit in a PNG body looks.

    `realness` is the share of real digits that look less real, 0 to 1; `probability` is D(x) of
    Goodfellow et al. 2014, only where the model's loss gives it that meaning. A model that is told
    labels must be told `digit` too: its discriminator has only ever seen digits under their own label,
    and what it says of others means nothing.
    """
    model = current().find(parameters["model"])
    digit, discriminator = parameters["digit"], model.discriminator
    check_digit(model, digit)
    if digit is None and discriminator.classes is not None:
        detail = f"digit is left out; model {model.name} must be told which digit the picture shows."
        raise InvalidParameters({"digit": detail})
    labels = None if digit is None else np.array([digit], np.int32)
    drawn = read_digit(request.get_data())
    (logit,), (realness,) = discriminator.judge(drawn[None], labels)
    opinion = {"model": model.name, "digit": digit, "realness": realness}
    if discriminator.has_probability:
        opinion["probability"] = round(float(1 / (1 + np.exp(-np.float64(logit)))), 6)
    return opinion | {"png": data_uri(drawn, background="transparent")}
