"""The page: /."""

import re
from math import ceil, sqrt
from typing import Any

from flask import Blueprint, render_template

from app.catalogue import Catalogue, Model, current
from app.parameters import parser
from app.quality import figures
from app.routes.number import plan_number
from app.routes.pictures import draw, each_told, plan_for
from app.sampling import Plan, seed_or_fresh
from app.schemas import PageParameters

blueprint = Blueprint("page", __name__)

SCHEMA = PageParameters()
SEEDS = ("seed", "number_seed")
NUMERALS = 10


@blueprint.get("/")
@parser.use_args(SCHEMA)
def page(parameters: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The page with its pictures already made, so that they are there at once, and without JavaScript too.

    With a seed in the link it is that seed's picture, else a fresh one at every visit.
    """
    offered = current()
    model = offered.find(parameters["model"])
    asked = parameters | {"model": model.name}
    asked |= {name: seed_or_fresh(asked[name]) for name in SEEDS}
    link = SCHEMA.changed({name: value for name, value in asked.items() if not name.startswith("number")})
    writer = _writer(offered)
    written = _written(writer, asked) if writer else []  # before the picture, for the log line tells of the last
    html = render_template(
        "page.html",
        models=list(offered.values()),
        model=model,
        most_classes=max(offer.generator.classes or 0 for offer in offered.values()) or NUMERALS,
        asked=asked,
        link=link,
        digits=_made(model, asked),
        quality=figures(model.card),
        columns=ceil(sqrt(asked["count"])),
        writer=writer,
        written=written,
    )
    return html, {"Cache-Control": "no-store"}


def _made(model: Model, asked: dict[str, Any]) -> list[dict[str, Any]]:
    plan = plan_for(model, asked["seed"], range(asked["count"]), asked["digit"], asked["truncation"])
    return _told(model, plan, asked["seed"])


def _written(writer: Model, asked: dict[str, Any]) -> list[str | dict[str, Any]]:
    """The number as it is written: its digits, and what stands between them; nothing by who knows too few digits."""
    if (writer.generator.classes or 0) < NUMERALS:
        return []
    digits = re.sub(r"\D", "", asked["number"])
    plan = plan_number(writer, asked["number_seed"], digits, asked["number_turns"], 1.0, "number_turns")
    told = iter(_told(writer, plan, asked["number_seed"]))
    return [next(told) if sign.isdigit() else sign for sign in asked["number"].strip()]


def _writer(offered: Catalogue) -> Model | None:
    """The model that writes what it is asked for: the default if it takes labels, or else the first that does."""
    able = [model for model in offered.values() if model.conditional]
    return next((model for model in able if model.name == offered.default), able[0] if able else None)


def _told(model: Model, plan: Plan, seed: int) -> list[dict[str, Any]]:
    return each_told(draw(model, plan, [seed]), plan, model, 1, "transparent")
