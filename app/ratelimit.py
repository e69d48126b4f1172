"""How many requests one client may make; off unless DIGITSMITH_RATE_LIMIT says otherwise."""

from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil
from time import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Flask, Response, request

from app import metrics
from app.admission import is_spared
from app.config import ConfigError, variable
from app.errors import answer

TIMEOUT = 1  # second for Redis to answer in


def init_app(app: Flask) -> None:
    """Limit the requests of each client, if a limit is set.

    Every route counts but health, metrics, static files and evolution sheets, which the page shows by the dozen;
    what is no route is free, and so is OPTIONS. A Redis that stops answering is replaced by each process's own memory
    until it is back.
    """
    if not app.config["RATE_LIMIT"]:
        return
    from flask_limiter import Limiter, RateLimitExceeded  # only where there is a limit

    limiter = Limiter(
        _client,
        app=app,
        application_limits=[app.config["RATE_LIMIT"]],
        storage_uri=app.config["RATE_LIMIT_STORAGE"],
        storage_options=_options(app.config),
        strategy="fixed-window",  # in memory a moving one never forgets a client
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        key_prefix="digitsmith",
    )
    limiter.request_filter(lambda: is_spared() or request.endpoint == "models.evolution")

    def refuse(error: RateLimitExceeded) -> Response:
        metrics.current().rate_limited.inc()
        reset = limiter.current_limit.window.reset_time if limiter.current_limit else 0  # its reset_at is rounded up
        error.retry_after = max(1, ceil(reset - time()))
        limit = error.limit.limit
        requests, span = _counted(limit.amount, "request"), _counted(limit.multiples, limit.GRANULARITY.name)
        again = _counted(error.retry_after, "second")
        error.description = f"A client may make {requests} in {span}; ask again in {again}."
        return answer(error)

    app.register_error_handler(RateLimitExceeded, refuse)


def _counted(number: int, what: str) -> str:
    """A number of things: "1 hour", "2 hours"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _client() -> str:
    """A client's address; of IPv6 its first half, for whoever has one address has all with the same first half."""
    address = _without_port(request.remote_addr or "")
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def _without_port(address: str) -> str:
    """An address without the port that some proxies put behind it: each connection has another."""
    try:
        return str(ip_address(address))
    except ValueError:
        return SplitResult("", address, "", "", "").hostname or address


def check(config: Mapping[str, Any]) -> None:
    """See that requests can be counted where the settings say. Raises ConfigError."""
    if not config["RATE_LIMIT"]:
        return
    from limits.storage import RedisStorage, storage_from_string

    storage = config["RATE_LIMIT_STORAGE"]
    try:
        counts = storage_from_string(storage, **_options(config))
        if isinstance(counts, RedisStorage):
            counts.get_connection().ping()
        return
    except Exception as error:  # it does not answer, or not this user; or its package is not installed
        reason = " ".join(str(error).split()).rstrip(".")
    where = urlsplit(storage).netloc.rpartition("@")[2]  # no password in a log
    raise ConfigError(
        f"{variable('RATE_LIMIT_STORAGE')} names a Redis at {where}, which cannot be used ({reason}); start it or mend"
        " the address."
    )


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    """How Redis is asked: at once or not at all, for a request waits."""
    if config["RATE_LIMIT_STORAGE"].startswith("memory"):
        return {}
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": Retry(NoBackoff(), 1)}
