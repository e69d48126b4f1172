"""Digitsmith's web app: handwritten digits to order."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import (
    admission,
    api,
    bodies,
    commands,
    cors,
    errors,
    headers,
    lifetime,
    metrics,
    ratelimit,
    telemetry,
    unreadable,
)
from app.catalogue import Catalogue, load
from app.config import ROOT, from_environment, inference_threads
from app.exports import Exports
from app.routes import (
    dataset,
    discriminate,
    documentation,
    generate,
    health,
    interpolate,
    latent_map,
    models,
    number,
    page,
    prometheus,
)


def create_app(config: Mapping[str, Any] | None = None, catalogue: Catalogue | None = None) -> Flask:
    """Make the app, ready to serve.

    Args:
        config: settings that go before those of the environment; `app.config` lists them.
        catalogue: models to serve instead of those in the folder that DIGITSMITH_MODELS names.
    Raises: ConfigError or ModelFolderError, each with one sentence that says what to mend.
    """
    app = Flask("app", static_folder=ROOT / "static", template_folder=ROOT / "templates")
    app.config.update(from_environment() | dict(config or {}))
    app.url_map.merge_slashes = False  # a path is right or it is not found, as every other is
    app.json.sort_keys = False  # type: ignore[attr-defined]

    app.extensions["digitsmith"] = catalogue or load(
        Path(app.config["MODELS"]),
        app.config["DEFAULT_MODEL"],
        inference_threads(app.config),
        Exports(Path(app.config["CACHE"])),
    )
    metrics.init_app(app)
    headers.init_app(app)
    cors.init_app(app)
    telemetry.init_app(app)
    lifetime.init_app(app)
    unreadable.init_app(app)
    admission.init_app(app)
    ratelimit.init_app(app)  # before a body is read, and after what asks nothing of a client
    bodies.init_app(app)
    errors.init_app(app)
    app.register_blueprint(page.blueprint)
    app.register_blueprint(documentation.blueprint)
    described = (generate, number, interpolate, latent_map, discriminate, dataset, models, health, prometheus)
    api.init_app(app, [routes.blueprint for routes in described])
    app.cli.add_command(commands.digits)
    if proxies := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
    return app
