"""The square of digits between four: /map."""

from typing import Any

from flask import Response, url_for

from app.api import DIGITS_HEADERS, Blueprint
from app.catalogue import current
from app.images import png, sheet
from app.routes.pictures import answer, check_room, draw, let_cache, plan_for
from app.sampling import fresh_seed, plan_map, turned
from app.schemas import MapParameters

blueprint = Blueprint("map", __name__)

SCHEMA = MapParameters()
AXES = range(3)  # a corner is turned from the first digit of its seed towards the second and the third


@blueprint.get("/map")
@blueprint.arguments(SCHEMA, location="query")
@blueprint.file("image/png", headers=DIGITS_HEADERS)
@blueprint.errors(404, 409, 422)
def latent_map(parameters: dict[str, Any]) -> Response:
    """A square sheet whose corners are four digits, and between them the digits on the way from each to each."""
    model = current().find(parameters["model"])
    seeded = parameters["seeds"] is not None
    seeds = [int(seed) for seed in parameters["seeds"].split(",")] if seeded else [fresh_seed() for _ in range(4)]
    angles = [float(angle) for angle in parameters["turns"].split(",")]
    digits = (plan_for(model, seed, AXES, parameters["digit"], parameters["truncation"]) for seed in seeds)
    turns = zip(angles[::2], angles[1::2], strict=True)
    corners = [turned(plan, *turn) for plan, turn in zip(digits, turns, strict=True)]
    plan = plan_map(corners, parameters["side"])
    check_room(parameters["side"] ** 2, parameters["scale"])
    squares = sheet(draw(model, plan, seeds), parameters["side"])
    asked = parameters | {"model": model.name, "seeds": ",".join(map(str, seeds))}
    url = url_for("map.latent_map", **SCHEMA.changed(asked))
    picture = png(squares, parameters["scale"], parameters["background"])
    return let_cache(answer(picture, "image/png", model, plan, seeds, url), seeded)
