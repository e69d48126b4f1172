"""How gunicorn runs the app; `app/config.py` says which environment variables set it."""

import sys
from pathlib import Path

from app.catalogue import ModelFolderError, choose_default, find
from app.config import ConfigError, from_environment

try:
    settings = from_environment()
except ConfigError as error:
    sys.exit(str(error))

wsgi_app = "app.server:application()"
host = f"[{settings['HOST']}]" if ":" in settings["HOST"] else settings["HOST"]  # IPv6 goes in brackets
bind = f"{host}:{settings['PORT']}"
workers = settings["WORKERS"]
worker_class = "gthread"
logger_class = "app.logs.ServerLogger"
threads = settings["THREADS"]
graceful_timeout = settings["GRACE"]
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat file must not wait for a disk, nor need a writable one
control_socket_disable = True


def on_starting(server):
    """Refuse to start on a model folder that is not whole, before any worker is forked."""
    try:
        choose_default([folder.name for folder in find(Path(settings["MODELS"]))], settings["DEFAULT_MODEL"])
    except ModelFolderError as error:
        sys.exit(str(error))


def post_worker_init(worker):
    """Tell the person at the terminal where to go, once the first worker can serve."""
    if worker.age == 1:
        worker.log.info("Digitsmith is at http://%s (Ctrl-C stops it)", bind)
