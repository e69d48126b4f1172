"""What gunicorn runs: the app, or one sentence on why not."""

from flask import Flask
from gunicorn.errors import AppImportError

from app import create_app
from app.config import ConfigError
from app.model_folder import ModelFolderError


def application() -> Flask:
    """The app. Raises gunicorn's AppImportError, which is printed without a traceback and ends the server."""
    try:
        return create_app()
    except (ConfigError, ModelFolderError) as error:
        raise AppImportError(str(error)) from error
