"""Labelled digits as one stream: /dataset."""

import logging
import reprlib
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any

from flask import Response, current_app, g, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wsgi import ClosingIterator

from app import metrics
from app.admission import BUSY, refuse
from app.api import DATASET_HEADERS, Blueprint
from app.catalogue import current
from app.datasets import Dataset
from app.errors import InvalidParameters
from app.formats import FORMATS, file_name, fingerprint, stream
from app.images import Digits
from app.routes.pictures import check_digit, classes_of, let_cache, tell_origin
from app.sampling import seed_or_fresh
from app.schemas import PER_CLASS, DatasetParameters
from app.telemetry import note_drawing

blueprint = Blueprint("dataset", __name__)
log = logging.getLogger(__name__)

SCHEMA = DatasetParameters()


@blueprint.record
def _make_places(state: BlueprintSetupState) -> None:
    """Half of the threads may stream at a time: a stream holds one for long, and others want some too."""
    places = max(1, state.app.config["THREADS"] // 2)
    state.app.extensions["digitsmith_streams"] = BoundedSemaphore(places)


@blueprint.get("/dataset")
@blueprint.arguments(SCHEMA, location="query")
@blueprint.file(*(kind.mimetype for kind in FORMATS.values()), headers=DATASET_HEADERS)
@blueprint.errors(404, 409, 422)
def dataset(parameters: dict[str, Any]) -> Response:
    """Labelled digits in one of MNIST's layouts, as PNGs or as Parquet, drawn while they are sent.

    With a seed the same URL gives the same bytes for ever; without one the answer tells the seed it chose.
    A server gives 100,000 digits at most, unless it is told otherwise.
    """
    wanted = asked_for(parameters, current_app.config["MAX_DATASET"], " on this server")
    kind, seeded = parameters["format"], parameters["seed"] is not None
    name = file_name(wanted, kind)
    response = Response(iter(()), mimetype=FORMATS[kind].mimetype)
    response.direct_passthrough = True  # else Werkzeug would gather the stream, to tell its length
    url = url_for("dataset.dataset", **SCHEMA.changed(parameters | {"model": wanted.model.name, "seed": wanted.seed}))
    tell_origin(response, wanted.model, [wanted.seed], url)
    response.headers["Accept-Ranges"] = "none"  # a stream that broke off begins anew (RFC 9110, section 14.3)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if seeded:
        response.set_etag(fingerprint(wanted, kind))
    response = let_cache(response, seeded)
    if request.method == "GET" and response.status_code == HTTPStatus.OK:
        place = _take_place()
        pieces = _until_left(stream(wanted, kind, _counted(wanted)), name, g.request_id, place)
        response.response = ClosingIterator(pieces, place.close)
    return response


def _take_place() -> ExitStack:
    """Take a place to stream; it is given back by `close`, however often that is called.

    Raises: ServiceUnavailable when all are taken.
    """
    places: BoundedSemaphore = current_app.extensions["digitsmith_streams"]
    if not places.acquire(blocking=False):
        raise refuse(BUSY)
    place = ExitStack()
    place.callback(places.release)
    return place


def asked_for(parameters: dict[str, Any], most: int, where: str = "") -> Dataset:
    """The data set that `DatasetParameters` ask for.

    Args: most, digits that it may have; where, words that say so after the limit.
    Raises: NotFound, Conflict or InvalidParameters where there is no such model, it knows no labels, or
        it cannot be told what is asked.
    """
    model, digit = current().find(parameters["model"]), parameters["digit"]
    classes = classes_of(model, "label a data set", "no model here can")
    check_digit(model, digit)
    count, of_each = parameters["count"], parameters["per_class"]
    if count and of_each:
        raise InvalidParameters({"per_class": f"per_class is {of_each}; it must be left out where count is given."})
    seed = seed_or_fresh(parameters["seed"])
    count = count or (of_each or PER_CLASS) * (classes if digit is None else 1)
    wanted = Dataset(model, seed, count, digit, parameters["truncation"])
    _check_size(wanted, parameters, most, where)
    return wanted


def _counted(wanted: Dataset) -> Iterator[Digits]:
    """Draw the data set's digits, chunk by chunk; the log and the metrics tell of them."""
    note_drawing(wanted.model.name, [wanted.seed], wanted.count)
    counted = metrics.current()  # of this request, which is over when the chunks are drawn

    def draw(span: range) -> Digits:
        digits = wanted.draw(span)
        counted.count_digits(wanted.model.name, len(digits))
        return digits

    return map(draw, wanted.chunks())


def _check_size(wanted: Dataset, parameters: dict[str, Any], most: int, where: str) -> None:
    """See that a data set has at most so many digits. Raises InvalidParameters on a larger one."""
    if wanted.count <= most:
        return
    name, asked, meant, of_each = "count", parameters["count"], f"{wanted.count} here", most // len(wanted.labels)
    if asked is None and of_each:
        name, asked, meant, most = "per_class", parameters["per_class"], str(PER_CLASS), of_each
    given = f"left out, which means {meant}" if asked is None else reprlib.repr(asked)
    detail = f"{name} is {given}; it must be a whole number from 1 to {most}{where}."
    raise InvalidParameters({name: detail})


def _until_left(pieces: Iterator[bytes], name: str, request_id: str, place: ExitStack) -> Iterator[bytes]:
    """Pass on the pieces for as long as the client takes them, then give up the place; who leaves early is noted."""
    sent = 0
    try:
        with place:
            for piece in pieces:
                yield piece
                sent += len(piece)
    except GeneratorExit:
        log.warning(
            "request %s: the client left after %d bytes of %s, of which no more is drawn", request_id, sent, name
        )
        raise
