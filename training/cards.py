"""Cards, the JSON files that describe what lies beside them: written whole, and read with suspicion."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from math import isfinite
from operator import getitem
from pathlib import Path
from types import UnionType
from typing import Any

from training.errors import TrainingError
from training.files import replacing

NUMBER = int | float
WORDS = {
    NUMBER: "a number",
    int: "a whole number",
    str: "a text",
    bool: "true or false",
    dict: "an object",
    dict | None: "an object or null",
    list: "a list",
    list | None: "a list or null",
}
Shape = dict[str, type | UnionType]  # the way to a value, slashes between the names → its type


def write(path: Path, card: Mapping[str, Any]) -> None:
    """Replace a card. Raises TrainingError, and writes nothing, when a number in it is not finite."""
    try:
        text = json.dumps(card, indent=2, allow_nan=False)
    except ValueError as error:
        names = ", ".join(dict.fromkeys(_not_finite(card)))
        raise TrainingError(f"{path} is not written, for these of its numbers would not be finite: {names}.") from error
    with replacing(path) as temporary:
        temporary.write_text(text + "\n")


def _not_finite(value: Any, name: str = "") -> Iterator[str]:
    """The names of the numbers in a card that JSON has no word for."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{name}.{key}".strip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _not_finite(inner, name)
    elif isinstance(value, float) and not isfinite(value):
        yield name


def read(path: Path) -> Any:
    """The content of a card, which may be of any shape. Raises OSError, or ValueError when it is not JSON."""
    try:
        return json.loads(path.read_text(), parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it nests too deep") from error


def require(content: Any, shape: Shape, where: object) -> None:
    """Make sure that all that `shape` names is in a card's content, each of its type.

    Raises: TrainingError that begins with `where` and names the first that is not.
    """
    for way, kind in shape.items():
        name = way.replace("/", ".")
        try:
            value = reduce(getitem, way.split("/"), content)
        except (KeyError, TypeError) as error:
            raise TrainingError(f"{where} has no {name}; it must be {WORDS[kind]}.") from error
        if not is_of(value, kind):
            raise TrainingError(f"{where} has {value!r:.40} as {name}; it must be {WORDS[kind]}.")


def is_of(value: Any, kind: type | UnionType) -> bool:
    """Whether a value is of a type; true and false are no numbers, though Python has them among these."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def figures(names: Iterable[str], kinds: Iterable[str] = ("generated", "real")) -> Shape:
    """The shape of figures that stand beside those of real digits."""
    return {f"{name}/{kind}": NUMBER for name in names for kind in kinds}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")
