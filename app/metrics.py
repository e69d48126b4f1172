"""What is counted for Prometheus.

Every metric is an attribute of `Metrics`: a new one is one more line there, and `current()` finds it
where something happens. Under gunicorn each process keeps its numbers in files of its own, and `expose`
adds them up; a gauge therefore needs a `multiprocess_mode`, "livesum" for one that adds up over the
processes that live.
"""

import os
import shutil
import tempfile
from http import HTTPMethod
from pathlib import Path

from flask import Flask, current_app

from app.config import ConfigError

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable
if not os.environ.get(FOLDER):
    os.environ.pop(FOLDER, None)  # or prometheus_client would take an empty name for that of the current folder

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values  # noqa: E402
from prometheus_client.exposition import choose_encoder  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead  # noqa: E402

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
DIGITS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400)


class Metrics:
    """The metrics of one app. No label may take more values than we choose: each makes a series of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "digitsmith_http_requests_total",
            "HTTP requests by route, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "digitsmith_http_request_duration_seconds",
            "Seconds from a request's arrival in the app until its answer begins, by route.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batch = Histogram(
            "digitsmith_batch_size_digits",
            "Digits that one request for pictures drew.",
            buckets=DIGITS,
            registry=self.registry,
        )
        self.digits = Counter("digitsmith_digits_total", "Digits drawn, by model.", ["model"], registry=self.registry)
        self.rate_limited = Counter(
            "digitsmith_rate_limited_total", "Requests refused by the rate limit.", registry=self.registry
        )

        self.refused = Counter(
            "digitsmith_refused_total",
            "Requests refused because the server stops or is busy.",
            ["reason"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "digitsmith_waiting_requests",
            "Requests that wait for a thread.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request has an answer, so many seconds after it came; a method of the client's own making is "other"."""
        known = method if method in HTTPMethod.__members__ else "other"
        self.requests.labels(route, known, status).inc()
        self.seconds.labels(route).observe(seconds)

    def count_digits(self, model: str, digits: int) -> None:
        """So many digits have been drawn."""
        self.digits.labels(model).inc(digits)

    def expose(self, accept: str) -> tuple[bytes, str]:
        """All metrics of all processes as text, and its type: of what is accepted OpenMetrics, or else Prometheus's."""
        try:
            encode, kind = choose_encoder(accept)
        except (TypeError, ValueError):  # a version that is no version
            encode, kind = choose_encoder("")
        registry = self.registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return encode(registry), kind


def init_app(app: Flask) -> None:
    """Give the app its metrics."""
    app.extensions["digitsmith_metrics"] = Metrics()


def current() -> Metrics:
    """The metrics of the app that handles this request."""
    metrics: Metrics = current_app.extensions["digitsmith_metrics"]
    return metrics


class Folder:
    """Where the processes of one server keep their numbers: few small files, empty at every start.

    It is a new one in TMPDIR, unless PROMETHEUS_MULTIPROC_DIR names another.

    Raises: ConfigError when it cannot be made or emptied.
    """

    def __init__(self) -> None:
        self._is_ours = FOLDER not in os.environ
        try:
            if self._is_ours:
                os.environ[FOLDER] = tempfile.mkdtemp(prefix="digitsmith-metrics-")
            self._path = Path(os.environ[FOLDER])
            self._path.mkdir(parents=True, exist_ok=True)
            for file in self._path.glob("*.db"):
                file.unlink()
        except OSError as error:
            where = "a new one in TMPDIR" if self._is_ours else os.environ[FOLDER]
            raise ConfigError(f"{FOLDER} is {where}, which cannot be used: {error.strerror}.") from error

    def forget(self, slot: int) -> None:
        """A process has died: what it was doing at the moment counts no more, what it did stays."""
        mark_process_dead(slot, str(self._path))  # type: ignore[no-untyped-call]

    def remove(self) -> None:
        """Leave nothing behind."""
        if self._is_ours:
            shutil.rmtree(self._path, ignore_errors=True)


def share(slot: int) -> None:
    """Keep this process's numbers in the folder under its slot, from where those of a dead process are taken up."""
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]
