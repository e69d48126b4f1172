"""Digits to order: /generate."""

from math import ceil, sqrt
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import Conflict

from app.catalogue import Model, current
from app.errors import InvalidParameters
from app.images import png, sheet
from app.sampling import Plan, fresh_seed, plan_digits
from app.schemas import GenerateParameters, parser

blueprint = Blueprint("generate", __name__)

YEAR = 365 * 24 * 3600  # seconds
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
    plan = plan_for(model, parameters | {"seed": seed})
    digits = model.generator(plan.latents, plan.labels)
    columns = min(parameters["columns"] or ceil(sqrt(len(digits))), len(digits))
    response = Response(
        png(sheet(digits, columns), parameters["scale"], parameters["background"]), mimetype="image/png"
    )
    _describe(response, model, plan, parameters | {"seed": seed})
    if seeded:
        _let_cache(response)
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


def plan_for(model: Model, parameters: dict[str, Any]) -> Plan:
    """The plan that parameters with a seed ask of a model.

    Raises: Conflict when the model cannot be asked for a digit, InvalidParameters when it has no such digit.
    """
    digit, classes = parameters["digit"], model.generator.classes
    if digit is not None and classes is None:
        able = [other.name for other in current().values() if other.conditional]
        hint = f"ask {able[0]} instead" if able else "leave digit out"
        raise Conflict(f"Model {model.name} writes whatever digit comes and cannot be asked for a {digit}: {hint}.")
    if digit is not None and classes is not None and digit >= classes:
        detail = f"digit is {digit}; it must be a whole number from 0 to {classes - 1}."
        raise InvalidParameters([{"parameter": "digit", "detail": detail}])
    return plan_digits(
        parameters["seed"], parameters["count"], model.generator.latent_dim, classes, digit, parameters["truncation"]
    )


def _describe(response: Response, model: Model, plan: Plan, parameters: dict[str, Any]) -> None:
    """Say which digits these are, and the URL that gives these bytes again."""
    response.headers["X-Model"] = model.name
    response.headers["X-Seed"] = str(parameters["seed"])
    if plan.labels is not None:
        response.headers["X-Digits"] = ",".join(map(str, plan.labels))
    canonical = url_for("generate.generate", **SCHEMA.changed(parameters | {"model": model.name}))
    response.headers["Link"] = f'<{canonical}>; rel="canonical"'


def _let_cache(response: Response) -> None:
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response.add_etag()
    response.make_conditional(request)
