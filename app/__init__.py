"""Digitsmith's web app: handwritten digits to order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from app import catalogue, config, errors, headers
from app.routes import generate, health, models, page


def create_app(settings: Mapping[str, Any] | None = None, offered: catalogue.Catalogue | None = None) -> Flask:
    """Make the app, ready to serve.

    Args:
        settings: values that go before those of the environment; `app.config` lists them.
        offered: models to serve instead of those in the folder that DIGITSMITH_MODELS names.
    Raises: ConfigError or ModelFolderError, each with one sentence that says what to mend.
    """
    app = Flask("app", static_folder=config.ROOT / "static", template_folder=config.ROOT / "templates")
    app.config.update(config.from_environment() | dict(settings or {}))
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_BODY"]
    app.json.sort_keys = False  # type: ignore[attr-defined]

    app.extensions["digitsmith"] = offered or catalogue.load(
        Path(app.config["MODELS"]), app.config["DEFAULT_MODEL"], config.inference_threads(app.config)
    )
    headers.init_app(app)
    errors.init_app(app)
    for routes in (page, generate, models, health):
        app.register_blueprint(routes.blueprint)
    return app
