"""How gunicorn runs the app; `app/config.py` says which environment variables set it.

gunicorn runs this file at its start and again on SIGHUP.
"""

import gc
import logging
import os
import sys
from ctypes import CDLL
from importlib import import_module
from pathlib import Path


def import_anew():
    """Import the app as it is on disk now; where that fails on a reload, keep what there was."""
    old = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "app"}
    try:
        for name in ("app.server", "app.worker", "app.logs"):  # all that gunicorn is told of below
            import_module(name)
    except Exception:
        if not old:
            raise
        logging.getLogger("gunicorn.error").exception("The new code cannot be imported; the old goes on.")
        for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
            del sys.modules[name]
        sys.modules.update(old)


import_anew()

from app import metrics, ratelimit  # noqa: E402
from app.balance import Counts  # noqa: E402
from app.catalogue import choose_default, prepare  # noqa: E402
from app.config import ConfigError, check_address, from_environment, misspelt  # noqa: E402
from app.exports import Exports  # noqa: E402
from app.files import OTHER_FILES, allow_files  # noqa: E402
from app.lifetime import Lifetime  # noqa: E402
from app.model_folder import ModelFolderError, find  # noqa: E402
from app.worker import begin, hear_while_reloading, stop_on_sigterm, survive_bad_configuration  # noqa: E402

# glibc's mallopt with M_ARENA_MAX: all threads share one heap, where each would keep what its largest
# picture took, up to 100 MB.
CDLL(None).mallopt(-8, 1)

try:
    settings = from_environment()
except ConfigError as error:
    sys.exit(str(error))

wsgi_app = "app.server:application()"
host = f"[{settings['HOST']}]" if ":" in settings["HOST"] else settings["HOST"]  # IPv6 goes in brackets
bind = f"{host}:{settings['PORT']}"
workers = settings["WORKERS"]
worker_class = "app.worker.Worker"
logger_class = "app.logs.ServerLogger"
threads = settings["THREADS"]
wanted = threads + settings["QUEUE"] + 1000  # more than are handled and wait, or none would be refused
worker_connections = max(threads + 1, min(wanted, allow_files(wanted + OTHER_FILES) - OTHER_FILES))
timeout = 300  # a process shows no life while it makes networks ready that no cache could keep
graceful_timeout = settings["GRACE"]
forwarded_allow_ips = ""  # the app alone decides which proxy to believe
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat file must not wait for a disk, nor need a writable one
control_socket_disable = True
INHERITED = {"GUNICORN_FD", "LISTEN_FDS"}  # how gunicorn is told of sockets that are open already
sendfile = False  # it would wait for ever for a client that takes nothing


def on_starting(server):
    """Refuse to start on what cannot work, before any worker is forked."""
    if server.cfg.is_ssl:  # connections are looked at before they are read, which TLS does not allow
        sys.exit("gunicorn was given a certificate, but Digitsmith speaks plain HTTP: let a proxy in front speak TLS.")
    try:
        models = find(Path(settings["MODELS"]))
        choose_default([model.name for model in models], settings["DEFAULT_MODEL"])
        prepare(models, Exports(Path(settings["CACHE"])))
        ratelimit.check(settings)
        if server.cfg.bind == [bind] and not INHERITED & {*os.environ}:
            check_address(settings)
    except (ConfigError, ModelFolderError) as error:
        sys.exit(str(error))
    for sentence in misspelt(os.environ):
        server.log.warning("%s", sentence)
    server.lifetime, server.counts, server.grace = Lifetime(), Counts(), server.cfg.graceful_timeout


def when_ready(server):
    """The port is ours: make the folder of the metrics, and listen for SIGTERM and SIGHUP in our own way."""
    try:
        server.metrics = metrics.Folder()
    except ConfigError as error:
        sys.exit(str(error))
    stop_on_sigterm(server, settings["DRAIN"])
    survive_bad_configuration(server)
    hear_while_reloading(server)


def on_reload(server):
    """SIGHUP: those forked from now on replace those before."""
    server.lifetime.renew()
    server.grace = server.cfg.graceful_timeout
    server.cfg.set("graceful_timeout", 0)  # for which the server would hear nothing; see hear_while_reloading


def pre_fork(server, worker):
    """Give each worker what it shares with the others."""
    begin(server, worker, settings["QUEUE"], settings["DEADLINE"])


def post_fork(server, worker):
    """Give each worker the grace that `on_reload` took."""
    server.cfg.set("graceful_timeout", server.grace)


def post_worker_init(worker):
    """A worker can serve; the first of all tells the person at the terminal where to go."""
    worker.wsgi.extensions["digitsmith_lifetime"] = worker.lifetime
    gc.collect()
    gc.freeze()  # what is loaded by now stays: no collection while serving need look at it again
    if worker.lifetime.serve(worker.generation) and worker.generation == 1:
        worker.log.info("Digitsmith is at %s (Ctrl-C stops it)", worker.sockets[0])


def child_exit(server, worker):
    """A worker is gone."""
    server.metrics.forget(worker.slot)
    server.counts.forget(worker.slot)


def on_exit(server):
    """The server is gone."""
    server.metrics.remove()
