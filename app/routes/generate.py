"""Digits to order: /generate."""

from math import ceil, sqrt
from typing import Any

from flask import Response, url_for

from app import answers
from app.api import DIGITS_HEADERS, Blueprint
from app.catalogue import current
from app.errors import InvalidParameters
from app.images import sheet
from app.parameters import FORMS
from app.routes.pictures import check_room, draw, plan_for, png_or_json
from app.sampling import seed_or_fresh
from app.schemas import LARGEST_SCALE, MOST, GenerateParameters

blueprint = Blueprint("generate", __name__)

SCHEMA = GenerateParameters()
FIELDS = {"$ref": "#/components/schemas/GenerateParameters"}


@blueprint.get("/generate")
@blueprint.arguments(SCHEMA, location="query")
@blueprint.file("image/png", headers=DIGITS_HEADERS)
@blueprint.response(200, answers.Digits, content_type="application/json", headers=DIGITS_HEADERS)
@blueprint.errors(404, 409, 422)
def generate(parameters: dict[str, Any]) -> Response:
    """One handwritten digit, or a sheet of them, as a grey PNG; or each of them in JSON, with its realness.

    With a seed the same URL gives the same bytes for ever; without one the answer tells the seed it chose.
    """
    return _generated(parameters)


@blueprint.post("/generate")
@blueprint.arguments(SCHEMA, location="json", required=False, example={"digit": 7})
@blueprint.file("image/png", headers=DIGITS_HEADERS, not_modified=False)
@blueprint.response(200, answers.Digits, content_type="application/json", headers=DIGITS_HEADERS)
@blueprint.errors(404, 409, 413, 415, 422)
@blueprint.doc(
    parameters=[{"in": "query", "schema": GenerateParameters}],
    requestBody={"content": {form: {"schema": FIELDS} for form in FORMS}},
)
def generate_from_body(parameters: dict[str, Any]) -> Response:
    """The same, with the parameters in a JSON or form body, in the query, or some here and some there."""
    return _generated(parameters)


def _generated(parameters: dict[str, Any]) -> Response:
    model = current().find(parameters["model"])
    columns = _columns(parameters["count"], parameters["columns"], parameters["scale"])
    seed, seeded = seed_or_fresh(parameters["seed"]), parameters["seed"] is not None
    plan = plan_for(model, seed, range(parameters["count"]), parameters["digit"], parameters["truncation"])
    asked = parameters | {"model": model.name, "seed": seed}
    check_room(columns * ceil(parameters["count"] / columns), parameters["scale"], or_json=True)
    digits = draw(model, plan, [seed])
    url = url_for("generate.generate", **SCHEMA.changed(asked))
    return png_or_json(sheet(digits, columns), digits, plan, model, asked, url, seeded)


def _columns(count: int, wish: int | None, scale: int) -> int:
    """Digits in a row. Raises InvalidParameters when empty places make a picture larger than any without would be."""
    columns = min(wish or ceil(sqrt(count)), count)
    places = ceil(count / columns) * columns
    most = MOST * LARGEST_SCALE**2 // scale**2
    if places > most:
        raise InvalidParameters(
            {
                "columns": f"columns is {columns}; with {count} digits it must leave at most {most - count} places"
                f" empty, or scale, which is {scale}, must be less."
            }
        )
    return columns
