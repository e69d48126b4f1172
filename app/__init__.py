"""Digitsmith's web app: handwritten digits to order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from app import api, errors, headers
from app.catalogue import Catalogue, load
from app.config import ROOT, from_environment, inference_threads
from app.routes import discriminate, documentation, generate, health, interpolate, latent_map, models, number, page


def create_app(config: Mapping[str, Any] | None = None, catalogue: Catalogue | None = None) -> Flask:
    """Make the app, ready to serve.

    Args:
        config: settings that go before those of the environment; `app.config` lists them.
        catalogue: models to serve instead of those in the folder that DIGITSMITH_MODELS names.
    Raises: ConfigError or ModelFolderError, each with one sentence that says what to mend.
    """
    app = Flask("app", static_folder=ROOT / "static", template_folder=ROOT / "templates")
    app.config.update(from_environment() | dict(config or {}))
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_BODY"]
    app.json.sort_keys = False  # type: ignore[attr-defined]

    app.extensions["digitsmith"] = catalogue or load(
        Path(app.config["MODELS"]), app.config["DEFAULT_MODEL"], inference_threads(app.config)
    )
    headers.init_app(app)
    errors.init_app(app)
    app.register_blueprint(page.blueprint)
    app.register_blueprint(documentation.blueprint)
    described = (generate, number, interpolate, latent_map, discriminate, models, health)
    api.init_app(app, [routes.blueprint for routes in described])
    return app
