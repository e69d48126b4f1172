"""Reads a request's parameters wherever they were put, and says what is wrong with them."""

import json
import reprlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

from flask import Request
from marshmallow import EXCLUDE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.errors import LONGEST_NAME, InvalidParameters

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
LONGEST_NUMBER = 400  # digits, beyond every float
PROBLEMS = 10  # so many bad parameters are told of at most


class ParameterParser(FlaskParser):
    """Reads parameters from the query or, where a route says "json", from a JSON or form body too, but not from both.

    An empty value in a query or a form counts as left out: that is how a browser sends it.
    """

    DEFAULT_LOCATION = "query"
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {"query": None, "json": None}  # noqa: RUF012 - the schemas decide

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, Any]:
        """The parameters in the query. Raises InvalidParameters on one that is given twice."""
        return _single(req.args, schema)

    def load_json(self, req: Request, schema: Schema) -> dict[str, Any]:
        """The parameters in the query and in the body, where null counts as left out if the schema allows it.

        Raises: InvalidParameters on one that is given twice, BadRequest on a JSON body that is not an object or a
            form that is none, UnsupportedMediaType on a body that is neither JSON nor a form.
        """
        in_query, in_body = self.load_querystring(req, schema), self._load_body(req, schema)
        _refuse_twice([name for name, value in in_body.items() if value is not None and name in in_query])
        return in_body | in_query

    def _load_body(self, req: Request, schema: Schema) -> dict[str, Any]:
        if req.is_json:
            return _json_object(req)
        if req.mimetype not in FORMS and req.get_data():
            raise UnsupportedMediaType("The body must be JSON or a form, and its Content-Type must say which.")
        nameless = None in req.form  # a part of which no name is told
        empty = req.get_data().strip() in (b"", _end_of_parts(req))
        if nameless or req.files or not (req.form or empty):
            raise BadRequest("The body says that it is a form, but it is not one of plain fields.")
        return _single(req.form, schema)

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        """Say of each bad parameter what was given and what is allowed."""
        ((location, messages),) = error.normalized_messages().items()
        given = self.load_querystring(req, schema) if location == "query" else self.load_json(req, schema)
        raise InvalidParameters(problems(messages, given, schema)) from error


def problems(bad: Iterable[str], given: dict[str, Any], schema: Schema) -> dict[str, str]:
    """For the name of each bad parameter, a sentence: what was given and what is allowed."""
    return {name: _problem(name, given, schema) for name in sorted(bad)[:PROBLEMS]}


def _problem(name: str, given: dict[str, Any], schema: Schema) -> str:
    if name not in schema.fields:
        return f"{reprlib.repr(name)} is not a parameter here; there are {', '.join(schema.fields)}."
    return f"{name} is {_shown(given[name])}; it must be {schema.fields[name].metadata['allowed']}."


def _shown(value: Any) -> str:
    """A value as the client wrote it, cut short if need be: 'red' from a query, null from JSON."""
    try:
        return reprlib.repr(value) if isinstance(value, str) else json.dumps(value)[:40]
    except RecursionError:  # it could be read, but only just
        return "nested too deep"


def _single(values: MultiDict[str, str], schema: Schema) -> dict[str, Any]:
    """The values of a query or a form, which may each be given once, without known ones left empty."""
    ignored = set() if schema.unknown != EXCLUDE else values.keys() - schema.fields.keys()
    _refuse_twice([name for name, several in values.lists() if len(several) > 1 and name not in ignored])
    return {name: value for name, value in values.items() if value != "" or name not in schema.fields}


def _refuse_twice(names: list[str]) -> None:
    if names:
        shown = {name: name[:LONGEST_NAME].encode(errors="backslashreplace").decode() for name in names[:PROBLEMS]}
        raise InvalidParameters({name: f"{told} is given more than once." for name, told in shown.items()})


class _Object(dict[str, Any]):
    """A JSON object, and the names that stand in it more than once, of whose values Python takes the last."""

    def __init__(self, pairs: list[tuple[str, Any]]):
        super().__init__(pairs)
        self.twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]


def _whole_number(digits: str) -> int | float:
    """What JSON spells without a point; Python would not read what has thousands of digits, and finds it infinite."""
    return int(digits) if len(digits) < LONGEST_NUMBER else float(digits)


def _end_of_parts(req: Request) -> bytes:
    """What ends a multipart form, and is all of one without fields, which Werkzeug's reading does not know."""
    return f"--{req.mimetype_params.get('boundary', '')}--".encode()


def _json_object(req: Request) -> dict[str, Any]:
    if not req.get_data():
        return {}
    try:
        body = json.loads(req.get_data(), object_pairs_hook=_Object, parse_int=_whole_number)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body says that it is JSON, but it cannot be read as that.") from error
    if not isinstance(body, _Object):
        raise BadRequest("The JSON body must be an object of parameters.")
    _refuse_twice(body.twice)
    return body


parser = ParameterParser()
