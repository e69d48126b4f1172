"""What all routes that answer with a picture share: what a model can be asked, and what is said of the answer."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from flask import Response, json, request
from werkzeug.exceptions import Conflict, PreconditionFailed

from app.catalogue import Model, current
from app.crowding import LARGE, refuse_if_crowded
from app.errors import InvalidParameters
from app.headers import accepted
from app.images import SIDE, Digits, png
from app.sampling import Plan, plan_indices
from app.telemetry import note_drawing, note_drawn

PNG = "image/png"
YEAR = 365 * 24 * 3600  # seconds


def classes_of(model: Model, wish: str, otherwise: str) -> int:
    """How many labels a model knows.

    Args: for the error, what a model that knows none cannot do, and what to do where no other can either.
    Raises: Conflict when it takes no label, naming a model that does.
    """
    if model.generator.classes is None:
        able = [other.name for other in current().values() if other.conditional]
        hint = f"ask {able[0]} instead" if able else otherwise
        raise Conflict(f"Model {model.name} knows no labels and cannot {wish}: {hint}.")
    return model.generator.classes


def check_digit(model: Model, digit: int | None) -> None:
    """See that a model can be asked for a digit; None is no digit in particular.

    Raises: Conflict when it takes no label, InvalidParameters when it has no such digit.
    """
    if digit is None:
        return
    classes = classes_of(model, f"be asked for a {digit}", "leave it out")
    if digit >= classes:
        detail = f"digit is {digit}; it must be a whole number from 0 to {classes - 1}."
        raise InvalidParameters({"digit": detail})


def plan_for(
    model: Model,
    seed: int,
    indices: Sequence[int] = (0,),
    digit: int | Sequence[int] | None = None,
    truncation: float = 1.0,
) -> Plan:
    """The plan of some digits of a seed, after `check_digit`; `digit` is as in `plan_indices`."""
    check_digit(model, max(digit) if isinstance(digit, Sequence) else digit)
    return plan_indices(seed, indices, model.generator.latent_dim, model.generator.classes, digit, truncation)


def each_told(digits: Digits, plan: Plan, model: Model, scale: int, background: str) -> list[dict[str, Any]]:
    """What is told of each digit by itself, as `app.answers.Digit` has it."""
    _, realness = model.discriminator.judge(digits, plan.labels)
    labels = [None] * len(digits) if plan.labels is None else plan.labels.tolist()
    pictures = [data_uri(digit, scale, background) for digit in digits]
    return [
        {"index": index, "digit": label, "realness": rank, "png": picture}
        for index, (label, rank, picture) in enumerate(zip(labels, realness, pictures, strict=True))
    ]


def _preferred_kind() -> str:
    """What the client would rather have: image/png or application/json."""
    return accepted().best_match([PNG, "application/json"], PNG)


def png_or_json(
    picture: Digits, digits: Digits, plan: Plan, model: Model, asked: dict[str, Any], url: str, seeded: bool
) -> Response:
    """What the client would rather have: the picture as PNG, or each digit by itself in JSON.

    Args: picture, all digits in one image; asked, the request's parameters, its seed among them; url, what
        brings the answer back; seeded, whether the request named the seed.
    """
    kind = _preferred_kind()
    if kind == PNG:
        content = png(picture, asked["scale"], asked["background"])
    else:
        told = each_told(digits, plan, model, asked["scale"], asked["background"])
        content = json.dumps({"model": model.name, "seed": asked["seed"], "digits": told}).encode()
    response = answer(content, kind, model, plan, [asked["seed"]], url)
    response.vary.add("Accept")
    return let_cache(response, seeded)


def data_uri(digit: Digits, scale: int = 1, background: str = "black") -> str:
    """A digit's PNG as a data URI."""
    return f"data:image/png;base64,{b64encode(png(digit, scale, background)).decode()}"


def check_room(places: int, scale: int, or_json: bool = False) -> None:
    """See, before a picture of so many places for digits is drawn, that it may be.

    Args: or_json, whether a client that would rather have JSON gets that, in which no picture is large.
    Raises: CrowdedError when too many large ones wait already.
    """
    if places * (SIDE * scale) ** 2 > LARGE and not (or_json and _preferred_kind() != PNG):
        refuse_if_crowded()


def draw(model: Model, plan: Plan, seeds: Sequence[int]) -> Digits:
    """The digits (N, 28, 28) of a plan; the log and the metrics tell of them."""
    note_drawing(model.name, seeds, len(plan.latents))
    digits = model.generator(plan.latents, plan.labels)
    note_drawn(model.name, len(digits))
    return digits


def answer(content: bytes, mimetype: str, model: Model, plan: Plan, seeds: Sequence[int], url: str) -> Response:
    """A picture that says by which model, from which seeds, of which digits it is, and which URL brings it back."""
    response = Response(content, mimetype=mimetype)
    tell_origin(response, model, seeds, url)
    if plan.labels is not None:
        response.headers["X-Digits"] = ",".join(map(str, plan.labels))
    return response


def tell_origin(response: Response, model: Model, seeds: Sequence[int], url: str) -> None:
    """Say by which model and from which seeds an answer is, and which URL brings it back."""
    response.headers["X-Model"] = model.name
    response.headers["X-Seed"] = ",".join(map(str, seeds))
    response.headers["Link"] = f'<{url}>; rel="canonical"'


def let_cache(response: Response, seeded: bool) -> Response:
    """Let a seeded answer be kept for ever and known by its ETag; an unseeded one is new every time.

    The ETag comes from the bytes, unless the answer already has one, as a stream must.
    """
    if not seeded:
        response.headers["Cache-Control"] = "no-store"
        return response
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response.add_etag()
    return conditional(response)


def conditional(response: Response) -> Response:
    """An answer with an ETag, or 304 where If-None-Match names it.

    Raises: PreconditionFailed when If-Match does not name it or, of a POST, If-None-Match does.
    """
    try:
        _check_preconditions(response.get_etag()[0] or "")
    except PreconditionFailed:
        response.close()  # it may be an open file
        raise
    response.make_conditional(request.environ | {"HTTP_IF_MATCH": ""})  # that is decided
    return response


def _check_preconditions(etag: str) -> None:
    """See that the request wants an answer with this ETag. Raises PreconditionFailed."""
    if request.method == "POST" and request.if_none_match.contains_weak(etag):
        raise PreconditionFailed(f'If-None-Match must not name the ETag "{etag}" in a POST.')
    if request.if_match and etag not in request.if_match:
        raise PreconditionFailed(f'If-Match must name the ETag "{etag}"; it is {request.if_match.to_header()}.')
