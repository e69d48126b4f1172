"""What a request may say: one schema a request, and the parser that reads it wherever it was put."""

import json
import reprlib
from typing import Any, NoReturn

from flask import Request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.errors import InvalidParameters
from app.images import ANIMATIONS, BACKGROUNDS
from app.sampling import MAX_SEED

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
TURNS = r"\A[0-9]{1,3}(,[0-9]{1,3}){0,31}\Z"
WRITING = r"\A(?:[ .,:/+()-]*[0-9]){1,32}[ .,:/+()-]*\Z"  # a number as people write it
EXAMPLE = "2026"
SEEDS = r"\A(?:[0-9]{1,15}|[1-8][0-9]{15})(?:,(?:[0-9]{1,15}|[1-8][0-9]{15})){3}\Z"
ANGLES = r"\A-?[0-9](?:\.[0-9]{1,3})?(?:,-?[0-9](?:\.[0-9]{1,3})?){7}\Z"
UNTURNED = ",".join(8 * "0")
PROBLEMS = 10  # so many bad parameters are told of at most


class WholeNumber(fields.Integer):
    """An integer that a query may spell in digits and that JSON may not spell as 7.5."""

    def _validated(self, value: Any) -> int:
        fraction = isinstance(value, float) and not value.is_integer()
        spelled_otherwise = isinstance(value, str) and not (value.isascii() and value.isdigit())
        if fraction or spelled_otherwise:
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def _whole(low: int, high: int, help_text: str, allowed: str = "", **settings: Any) -> WholeNumber:
    metadata = {"allowed": allowed or f"a whole number from {low} to {high}", "description": help_text}
    return WholeNumber(validate=validate.Range(low, high), metadata=metadata, **settings)


def _one_of(choices: tuple[str, ...], help_text: str, **settings: Any) -> fields.String:
    allowed = "one of " + ", ".join(choices)
    return fields.String(
        validate=validate.OneOf(choices), metadata={"allowed": allowed, "description": help_text}, **settings
    )


def _digit() -> WholeNumber:
    return _whole(
        0,
        255,  # as many classes as a model may have; the model asked decides
        "The digit to write; left out, any.",
        "a digit that the model writes, 0 to 9 for MNIST",
        load_default=None,
        allow_none=True,
    )


def _seed(help_text: str) -> WholeNumber:
    return _whole(0, MAX_SEED, f"{help_text}; left out, a fresh one.", load_default=None, allow_none=True)


class DrawingParameters(Schema):
    """What every request for a picture may say; a parameter left out takes its default."""

    scale = _whole(1, 16, "Whole pixels for each of a digit's.", load_default=1)
    truncation = fields.Float(
        load_default=1.0,
        validate=validate.Range(0, 1, min_inclusive=False),
        metadata={
            "allowed": "a number above 0 and at most 1",
            "description": "1 is all the variety, less is tidier.",
            "exclusiveMinimum": 0,
        },
    )
    background = _one_of(BACKGROUNDS, "Of the picture; black has white ink, as in MNIST.", load_default="black")
    model = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"allowed": "the name of a model", "description": "One of /models; left out, the default."},
    )

    def changed(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Those that are not as by default, by name: what a link must say to bring the same back."""
        return {name: value for name, value in sorted(parameters.items()) if value != self.fields[name].load_default}


class GenerateParameters(DrawingParameters):
    """What /generate may be asked."""

    digit = _digit()
    seed = _seed("Brings the same picture back")
    count = _whole(1, 400, "How many digits; more than one make a sheet.", load_default=1)
    columns = _whole(1, 400, "Digits in a row of a sheet; left out, a square.", load_default=None, allow_none=True)


class NumberParameters(DrawingParameters):
    """What /number may be asked beside its digits."""

    seed = _seed("Brings the same picture back")
    turns = fields.String(
        load_default="",
        validate=validate.Regexp(TURNS),
        metadata={
            "allowed": "1 to 32 numbers from 0 to 999 with commas between them",
            "description": "How often each digit was written anew, with commas: digit i after t turns is digit"
            " i + 32 t of the seed.",
        },
    )


class InterpolateParameters(DrawingParameters):
    """What /interpolate may be asked."""

    class Meta:  # noqa: D106
        include = {"from": _seed("Seed of the first digit"), "to": _seed("Seed of the last digit")}  # noqa: RUF012

    digit = _digit()
    steps = _whole(2, 64, "Digits from the first to the last.", load_default=16)
    format = _one_of(("png", *ANIMATIONS), "A strip, or an animation there and back.", load_default="png")


class MapParameters(DrawingParameters):
    """What /map may be asked."""

    digit = _digit()
    side = _whole(2, 16, "Digits along each side of the map.", load_default=8)
    seeds = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(SEEDS),
        metadata={
            "allowed": f"four whole numbers from 0 to {MAX_SEED} with commas between them",
            "description": "Of the corners: top left, top right, bottom left, bottom right; left out, fresh ones.",
        },
    )
    turns = fields.String(
        load_default=UNTURNED,
        validate=validate.Regexp(ANGLES),
        metadata={
            "allowed": "eight numbers from -9.999 to 9.999 with commas between them",
            "description": "How far each corner is turned, in radians: to the right and down, corner by corner.",
        },
    )


class DiscriminateParameters(DrawingParameters):
    """What /discriminate may be asked beside its picture."""

    class Meta:  # noqa: D106
        fields = ("digit", "model")

    digit = _digit()


class PageParameters(GenerateParameters):
    """What a link to the page may say: what to make, but not how large or on which ground."""

    count = _whole(1, 100, "How many digits.", load_default=1)
    number = fields.String(
        load_default=EXAMPLE,
        validate=validate.Regexp(WRITING),
        metadata={"allowed": "1 to 32 digits, with spaces and . , : / + - ( ) between them"},
    )
    number_seed = _seed("Brings the same handwriting back")
    number_turns = fields.String(
        load_default="", validate=validate.Regexp(TURNS), metadata={"allowed": "as in /number"}
    )

    class Meta:  # noqa: D106
        exclude = ("columns", "scale", "background")
        unknown = EXCLUDE  # sites on which links are shared add parameters of their own


class ParameterParser(FlaskParser):
    """Reads parameters from the query, or, where a route says "json", from a JSON or form body too, which wins.

    An empty value in a query or a form counts as left out: that is how a browser sends it.
    """

    DEFAULT_LOCATION = "query"
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"query": None, "json": None}  # noqa: RUF012 - the schemas decide

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, Any]:
        """The parameters in the query. Raises InvalidParameters on one that is given twice."""
        return _single(req.args, schema)

    def load_json(self, req: Request, schema: Schema) -> dict[str, Any]:
        """The parameters in the query and in the body.

        Raises: InvalidParameters on one that is given twice, BadRequest on a JSON body that is not an
            object, UnsupportedMediaType on a body that is neither JSON nor a form.
        """
        given = self.load_querystring(req, schema)
        if req.is_json:
            return given | _json_object(req)
        if req.mimetype not in FORMS and req.get_data():
            raise UnsupportedMediaType("The body must be JSON or a form, and its Content-Type must say which.")
        return given | _single(req.form, schema)

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        """Say of each bad parameter what was given and what is allowed."""
        ((location, messages),) = error.normalized_messages().items()
        given = self.load_querystring(req, schema) if location == "query" else self.load_json(req, schema)
        raise InvalidParameters({name: _problem(name, given, schema) for name in list(messages)[:PROBLEMS]}) from error


def _problem(name: str, given: dict[str, Any], schema: Schema) -> str:
    if name not in schema.fields:
        return f"{reprlib.repr(name)} is not a parameter here; there are {', '.join(schema.fields)}."
    return f"{name} is {_shown(given[name])}; it must be {schema.fields[name].metadata['allowed']}."


def _shown(value: Any) -> str:
    """A value as the client wrote it, cut short if need be: 'red' from a query, null from JSON."""
    return reprlib.repr(value) if isinstance(value, str) else json.dumps(value)[:40]


def _single(values: MultiDict[str, str], schema: Schema) -> dict[str, Any]:
    """The values of a query or a form, which may each be given once, without known ones left empty."""
    twice = [name for name, several in values.lists() if len(several) > 1]
    if twice:
        raise InvalidParameters({name: f"{name} is given more than once." for name in twice[:PROBLEMS]})
    return {name: value for name, value in values.items() if value != "" or name not in schema.fields}


def _json_object(req: Request) -> dict[str, Any]:
    try:
        body = req.get_json()
    except (BadRequest, RecursionError) as error:
        raise BadRequest("The body says that it is JSON, but it is not.") from error
    if not isinstance(body, dict):
        raise BadRequest("The JSON body must be an object of parameters.")
    return body


parser = ParameterParser()
