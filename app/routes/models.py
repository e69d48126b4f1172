"""The models on offer: /models, their cards and their evolution."""

from typing import Any

from flask import Response, jsonify, send_from_directory, url_for
from werkzeug.exceptions import NotFound

from app import answers
from app.api import Blueprint
from app.catalogue import Model, current
from app.model_folder import EVOLUTION
from app.routes.pictures import conditional

blueprint = Blueprint("models", __name__, url_prefix="/models")


@blueprint.get("")
@blueprint.response(200, answers.ModelList)
@blueprint.errors()
def list_models() -> dict[str, Any]:
    """Every model that can be named in `model`, and which one is the default."""
    offered = current()
    return {"default": offered.default, "models": [_summary(model) for model in offered.values()]}


@blueprint.get("/<name>")
@blueprint.response(200, {"type": "object"})
@blueprint.errors(404)
def card(name: str) -> Response:
    """The model's card: what it is, how it was trained, how good it is; and the sheets of its evolution."""
    model = current().find(name)
    sheets = [sheet | {"url": url_for("models.evolution", name=name, file=sheet["file"])} for sheet in model.evolution]
    return jsonify(model.card | {"name": model.name, "evolution": sheets})


@blueprint.get("/<name>/evolution/<file>")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/png")
@blueprint.alt_response(304, description="The sheet that If-None-Match names.")
@blueprint.errors(404, 412)
def evolution(name: str, file: str) -> Response:
    """One sample sheet of the model's training, as PNG."""
    model = current().find(name)
    if model.folder is None or file not in [sheet["file"] for sheet in model.evolution]:
        raise NotFound(f"Model {name} has no evolution sheet {file!r}; /models/{name} lists them.")
    sheet = send_from_directory(model.folder / EVOLUTION, file, mimetype="image/png", conditional=False, max_age=3600)
    return conditional(sheet)


@blueprint.get("/<name>/history")
@blueprint.response(200, answers.History)
@blueprint.errors(404)
def history(name: str) -> dict[str, list[float]]:
    """The losses and the discriminator's mean scores along the model's training."""
    model = current().find(name)
    if not model.history:
        raise NotFound(f"Model {name} has no history.")
    return model.history


def _summary(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.card["title"],
        "conditional": model.conditional,
        "classes": model.card["classes"],
        "latent_dim": model.generator.latent_dim,
        "url": url_for("models.card", name=model.name),
    }
