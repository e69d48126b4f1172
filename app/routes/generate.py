"""Digits to order: /generate."""

from math import ceil, sqrt
from typing import Any

from flask import Blueprint, Response, url_for

from app.catalogue import current
from app.images import png, sheet
from app.routes.pictures import answer, let_cache, plan_for
from app.sampling import fresh_seed
from app.schemas import GenerateParameters, parser

blueprint = Blueprint("generate", __name__)

SCHEMA = GenerateParameters()


@blueprint.route("/generate", methods=["GET", "POST"])
@parser.use_args(SCHEMA)
def generate(parameters: dict[str, Any]) -> Response:
    """One handwritten digit, or a sheet of them, as a grey PNG.

    With a seed the same URL gives the same bytes for ever; without one the answer tells the seed it chose.
    """
    model = current().find(parameters["model"])
    seeded = parameters["seed"] is not None
    seed = parameters["seed"] if seeded else fresh_seed()
    plan = plan_for(model, seed, parameters["count"], parameters["digit"], parameters["truncation"])
    digits = model.generator(plan.latents, plan.labels)
    columns = min(parameters["columns"] or ceil(sqrt(len(digits))), len(digits))
    picture = png(sheet(digits, columns), parameters["scale"], parameters["background"])
    url = url_for("generate.generate", **SCHEMA.changed(parameters | {"model": model.name, "seed": seed}))
    return let_cache(answer(picture, "image/png", model, plan, [seed], url), seeded)
