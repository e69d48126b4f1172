"""The page: /."""

from typing import Any

from flask import Blueprint, render_template

from app.catalogue import current
from app.routes.pictures import plan_for
from app.sampling import fresh_seed
from app.schemas import PageParameters, parser

blueprint = Blueprint("page", __name__)

SCHEMA = PageParameters()


@blueprint.get("/")
@parser.use_args(SCHEMA)
def page(parameters: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The page with one picture already made, so that it works without JavaScript.

    With a seed in the link it is that seed's picture, else a fresh one at every visit.
    """
    offered = current()
    model = offered.find(parameters["model"])
    asked = parameters | {"model": model.name}
    if asked["seed"] is None:
        asked["seed"] = fresh_seed()
    plan = plan_for(model, asked["seed"], asked["count"], asked["digit"], asked["truncation"])
    digits = [] if plan.labels is None else plan.labels.tolist()
    html = render_template(
        "page.html", models=list(offered.values()), model=model, asked=asked, link=SCHEMA.changed(asked), digits=digits
    )
    return html, {"Cache-Control": "no-store"}
