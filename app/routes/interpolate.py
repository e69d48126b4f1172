"""From one digit to another: /interpolate."""

from typing import Any

from flask import Response, url_for

from app.api import DIGITS_HEADERS, Blueprint
from app.catalogue import current
from app.errors import InvalidParameters
from app.images import animation, png, sheet
from app.routes.pictures import answer, check_room, draw, let_cache, plan_for
from app.sampling import plan_interpolation, seed_or_fresh
from app.schemas import InterpolateParameters

blueprint = Blueprint("interpolate", __name__)

SCHEMA = InterpolateParameters()


@blueprint.get("/interpolate")
@blueprint.arguments(SCHEMA, location="query")
@blueprint.file("image/png", "image/webp", "image/gif", headers=DIGITS_HEADERS)
@blueprint.errors(404, 409, 422)
def interpolate(parameters: dict[str, Any]) -> Response:
    """The way between the first digits of two seeds, as a PNG strip or an animation there and back."""
    kind, scale, background = parameters["format"], parameters["scale"], parameters["background"]
    if kind == "gif" and background == "transparent":
        detail = "background is 'transparent'; it must be black or white for a gif, which knows no half transparency."
        raise InvalidParameters({"background": detail})
    model = current().find(parameters["model"])
    ends = {name: seed_or_fresh(parameters[name]) for name in ("from", "to")}
    first, last = (
        plan_for(model, seed, digit=parameters["digit"], truncation=parameters["truncation"]) for seed in ends.values()
    )
    seeds = list(ends.values())
    plan = plan_interpolation(first, last, parameters["steps"])
    strip, steps = kind == "png", parameters["steps"]
    check_room(steps if strip else 2 * steps - 2, scale)  # an animation goes there and back
    digits = draw(model, plan, seeds)
    picture = (
        png(sheet(digits, len(digits)), scale, background) if strip else animation(digits, kind, scale, background)
    )
    url = url_for("interpolate.interpolate", **SCHEMA.changed(parameters | ends | {"model": model.name}))
    seeded = parameters["from"] is not None and parameters["to"] is not None
    return let_cache(answer(picture, f"image/{kind}", model, plan, seeds, url), seeded)
