"""Numbers as people write them in a query, in JSON or in a setting: each in one way only."""

import re
from typing import Any

from marshmallow import fields

SPELLED = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")  # one way only, or it takes for ever


class WholeNumber(fields.Integer):
    """An integer that a query may spell in digits and that JSON may not spell as 7.5."""

    def _validated(self, value: Any) -> int:
        fraction = isinstance(value, float) and not value.is_integer()
        spelled_otherwise = isinstance(value, str) and not (value.isascii() and value.isdigit())
        if fraction or spelled_otherwise:
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Number(fields.Float):
    """A number in decimal digits, with a point or an exponent: neither infinite nor with underscores."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, str) and not SPELLED.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)
