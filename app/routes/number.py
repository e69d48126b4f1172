"""Numbers in handwriting: /number/<digits>."""

import re
from typing import Any

from flask import Response, url_for

from app.api import DIGITS_HEADERS, Blueprint
from app.catalogue import current
from app.errors import InvalidParameters
from app.images import png, sheet
from app.routes.pictures import answer, draw, let_cache, plan_for
from app.sampling import fresh_seed
from app.schemas import NumberParameters

blueprint = Blueprint("number", __name__)

SCHEMA = NumberParameters()
NUMBER = re.compile(r"[0-9]{1,32}")
IN_PATH = {"name": "digits", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9]{1,32}$"}}


@blueprint.get("/number/<digits>", parameters=[IN_PATH])
@blueprint.arguments(SCHEMA, location="query")
@blueprint.file("image/png", headers=DIGITS_HEADERS)
@blueprint.errors(404, 409, 422)
def number(parameters: dict[str, Any], digits: str) -> Response:
    """The number as one PNG strip; digit i is digit i of the seed, written as asked."""
    if not NUMBER.fullmatch(digits):
        detail = f"The number is {digits[:40]!r}; it must be 1 to 32 digits from 0 to 9."
        raise InvalidParameters({"digits": detail})
    model = current().find(parameters["model"])
    seeded = parameters["seed"] is not None
    seed = parameters["seed"] if seeded else fresh_seed()
    plan = plan_for(model, seed, len(digits), [int(digit) for digit in digits], parameters["truncation"])
    strip = sheet(draw(model, plan, [seed]), columns=len(digits))
    picture = png(strip, parameters["scale"], parameters["background"])
    asked = SCHEMA.changed(parameters | {"model": model.name, "seed": seed})
    url = url_for("number.number", digits=digits, **asked)
    return let_cache(answer(picture, "image/png", model, plan, [seed], url), seeded)
