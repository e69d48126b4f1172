"""How real a digit looks to a discriminator: /discriminate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from flask import request

from app import answers
from app.api import Blueprint
from app.catalogue import current
from app.discriminator import Discriminator
from app.drawings import read_digit
from app.routes.pictures import check_digit, data_uri
from app.schemas import DiscriminateParameters
from app.telemetry import note_model

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
    labels is asked about `digit`, or else about every digit it knows, and the one that looks most real is
    told: its guess at what the picture shows, though it learned to tell real from generated and not
    digits from each other.
    """
    model = current().find(parameters["model"])
    discriminator = model.discriminator
    note_model(model.name)
    check_digit(model, parameters["digit"])
    drawn = read_digit(request.get_data())
    asked = _labels(parameters["digit"], discriminator)
    logits, ranks = discriminator.judge(np.repeat(drawn[None], len(asked), axis=0), np.array(asked, np.int32))
    best = max(range(len(asked)), key=lambda which: (ranks[which], logits[which]))
    logit, realness, digit = logits[best], ranks[best], None if discriminator.classes is None else asked[best]
    opinion = {"model": model.name, "digit": digit, "realness": realness}
    if discriminator.has_probability:
        opinion["probability"] = round(float(1 / (1 + np.exp(-np.float64(logit)))), 6)
    return opinion | {"png": data_uri(drawn, background="transparent")}


def _labels(digit: int | None, discriminator: Discriminator) -> Sequence[int]:
    """The labels under which a picture is judged; a discriminator that takes none does not look at it."""
    if digit is not None:
        return [digit]
    return range(discriminator.classes or 1)
