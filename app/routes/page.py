"""The page: /."""

from math import ceil, sqrt
from typing import Any

from flask import Blueprint, render_template

from app.catalogue import Model, current
from app.routes.pictures import each_told, plan_for
from app.sampling import fresh_seed
from app.schemas import PageParameters, parser

blueprint = Blueprint("page", __name__)

SCHEMA = PageParameters()


@blueprint.get("/")
@parser.use_args(SCHEMA)
def page(parameters: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The page with its picture already made, so that it is there at once, and without JavaScript too.

    With a seed in the link it is that seed's picture, else a fresh one at every visit.
    """
    offered = current()
    model = offered.find(parameters["model"])
    asked = parameters | {"model": model.name}
    if asked["seed"] is None:
        asked["seed"] = fresh_seed()
    html = render_template(
        "page.html",
        models=list(offered.values()),
        model=model,
        asked=asked,
        link=SCHEMA.changed(asked),
        digits=_made(model, asked),
        columns=ceil(sqrt(asked["count"])),
    )
    return html, {"Cache-Control": "no-store"}


def _made(model: Model, asked: dict[str, Any]) -> list[dict[str, Any]]:
    plan = plan_for(model, asked["seed"], asked["count"], asked["digit"], asked["truncation"])
    return each_told(model.generator(plan.latents, plan.labels), plan, model, 1, "transparent")
