"""Numbers in handwriting: /number/<digits>."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Response, url_for

from app import answers
from app.api import DIGITS_HEADERS, Blueprint
from app.catalogue import Model, current
from app.errors import InvalidParameters
from app.images import sheet
from app.routes.pictures import check_room, classes_of, draw, plan_for, png_or_json
from app.sampling import Plan, seed_or_fresh
from app.schemas import NumberParameters

blueprint = Blueprint("number", __name__)

SCHEMA = NumberParameters()
LONGEST = 32  # digits
NUMBER = re.compile(rf"[0-9]{{1,{LONGEST}}}")
IN_PATH = {
    "name": "digits",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": f"^{NUMBER.pattern}$"},
}


@blueprint.get("/number/<digits>", parameters=[IN_PATH])
@blueprint.arguments(SCHEMA, location="query")
@blueprint.file("image/png", headers=DIGITS_HEADERS)
@blueprint.response(200, answers.Digits, content_type="application/json", headers=DIGITS_HEADERS)
@blueprint.errors(404, 409, 422)
def number(parameters: dict[str, Any], digits: str) -> Response:
    """The number as one PNG strip, or each of its digits in JSON; digit i is digit i of the seed, written as asked."""
    if not NUMBER.fullmatch(digits):
        detail = f"The number is {digits[:40]!r}; it must be 1 to {LONGEST} digits from 0 to 9."
        raise InvalidParameters({"digits": detail})
    model = current().find(parameters["model"])
    seed, seeded = seed_or_fresh(parameters["seed"]), parameters["seed"] is not None
    plan = plan_number(model, seed, digits, parameters["turns"], parameters["truncation"])
    asked = parameters | {"model": model.name, "seed": seed}
    check_room(len(digits), parameters["scale"], or_json=True)
    drawn = draw(model, plan, [seed])
    url = url_for("number.number", digits=digits, **SCHEMA.changed(asked))
    return png_or_json(sheet(drawn, len(drawn)), drawn, plan, model, asked, url, seeded)


def plan_number(model: Model, seed: int, digits: str, turns: str, truncation: float, called: str = "turns") -> Plan:
    """The plan of a number; `turns` is as in `NumberParameters`, and places left out of it have had none.

    Args: called, what the request calls its turns.

    Raises: Conflict when the model takes no label, InvalidParameters on a digit that it has not, or more turns
        than digits.
    """
    taken = [int(turn) for turn in turns.split(",") if turn]
    if len(taken) > len(digits):
        raise InvalidParameters({called: f"{called} has {len(taken)} numbers; it must have at most {len(digits)}."})
    numerals = [int(digit) for digit in digits]
    classes = classes_of(model, "write a number", "no model here can")
    if max(numerals) >= classes:
        raise InvalidParameters({"digits": f"The number has a {max(numerals)}; {model.name} draws 0 to {classes - 1}."})
    indices = _indices(taken + [0] * (len(digits) - len(taken)))
    return plan_for(model, seed, indices, numerals, truncation)


def _indices(turns: Sequence[int]) -> list[int]:
    return [place + LONGEST * turn for place, turn in enumerate(turns)]
