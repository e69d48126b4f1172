"""What a request may say: one schema a request."""

from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from app.fields import Number, WholeNumber
from app.formats import FORMATS
from app.images import ANIMATIONS, BACKGROUNDS
from app.sampling import MAX_SEED

TURNS = "^(?:[0-9]{1,3}(?:,[0-9]{1,3}){0,31})?$"
WRITING = "^(?:[ .,:/+()-]*[0-9]){1,32}[ .,:/+()-]*$"  # a number as people write it
EXAMPLE = "2026"
ANGLES = r"^-?[0-9](?:\.[0-9]{1,3})?(?:,-?[0-9](?:\.[0-9]{1,3})?){7}$"
UNTURNED = ",".join(8 * "0")
MOST = 400  # digits in a picture
LARGEST_SCALE = 16
PER_CLASS = 100  # digits of each class that a data set has when no size is given


def _up_to(limit: int) -> str:
    """A regular expression of the whole numbers from 0 to a limit of at least 10."""
    digits = str(limit)
    shorter = f"[0-9]{{1,{len(digits) - 1}}}"
    less = [  # at a place, and the same as the limit before it
        f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{len(digits) - 1 - place}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"(?:{'|'.join([shorter, *less, digits])})"


SEEDS = f"^{_up_to(MAX_SEED)}(?:,{_up_to(MAX_SEED)}){{3}}$"


class Spelled(validate.Regexp):
    """Text of which a pattern in `^` and `$` has all, as whoever reads the description takes it.

    In Python alone a line may still end behind `$`.
    """

    def __call__(self, value: Any) -> Any:
        """The text itself. Raises ValidationError on any other."""
        if value.endswith("\n"):
            raise ValidationError(self._format_error(value))
        return super().__call__(value)


def _whole(low: int, high: int, help_text: str, allowed: str = "", **settings: Any) -> WholeNumber:
    metadata = {"allowed": allowed or f"a whole number from {low} to {high}", "description": help_text}
    if high >= 2**31:
        metadata["format"] = "int64"  # or typed clients would take 32 bits
    return WholeNumber(validate=validate.Range(low, high), metadata=metadata, **settings)


def _one_of(choices: tuple[str, ...], help_text: str, **settings: Any) -> fields.String:
    allowed = "one of " + ", ".join(choices)
    return fields.String(
        validate=validate.OneOf(choices), metadata={"allowed": allowed, "description": help_text}, **settings
    )


def _digit(help_text: str = "The digit to write, 0 to 9 for MNIST; left out, any.") -> WholeNumber:
    return _whole(
        0,
        255,  # as many classes as a model may have; the model asked decides
        help_text,
        "a digit that the model writes, 0 to 9 for MNIST",
        load_default=None,
        allow_none=True,
    )


def _seed(help_text: str) -> WholeNumber:
    return _whole(0, MAX_SEED, f"{help_text}; left out, a fresh one.", load_default=None, allow_none=True)


def _many(help_text: str) -> WholeNumber:
    """How large a data set is to be; at most how large depends on who is asked."""
    metadata = {"allowed": "a whole number above 0", "description": help_text}
    return WholeNumber(validate=validate.Range(1), metadata=metadata, load_default=None, allow_none=True)


class DrawingParameters(Schema):
    """What every request for a picture may say; a parameter left out takes its default."""

    scale = _whole(1, LARGEST_SCALE, "Whole pixels for each of a digit's.", load_default=1)
    truncation = Number(
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
        metadata={"allowed": "the name of a model", "description": "Which model; left out, the default."},
    )

    def changed(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Those that are not as by default, by name: what a link must say to bring the same back."""
        return {name: value for name, value in sorted(parameters.items()) if value != self.fields[name].load_default}


class GenerateParameters(DrawingParameters):
    """What /generate may be asked."""

    digit = _digit()
    seed = _seed("Brings the same picture back")
    count = _whole(1, MOST, "How many digits; more than one make a sheet.", load_default=1)
    columns = _whole(1, MOST, "Digits in a row of a sheet; left out, a square.", load_default=None, allow_none=True)


class NumberParameters(DrawingParameters):
    """What /number may be asked beside its digits."""

    seed = _seed("Brings the same picture back")
    turns = fields.String(
        load_default="",
        validate=Spelled(TURNS),
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

    digit = _digit("The digit to write; left out, what the first seed gives.")
    steps = _whole(2, 64, "Digits from the first to the last.", load_default=16)
    format = _one_of(("png", *ANIMATIONS), "A strip, or an animation there and back.", load_default="png")


class DatasetParameters(DrawingParameters):
    """What a data set may be asked to be, over HTTP or from the shell."""

    class Meta:  # noqa: D106
        exclude = ("scale", "background")

    per_class = _many(f"Digits of each class; left out, {PER_CLASS}, unless count is given.")
    count = _many("Digits in all, in place of per_class.")
    digit = _digit("The digit to write; left out, every one in turn.")
    seed = _seed("Brings the same data set back")
    format = _one_of(tuple(FORMATS), "Layout of the data set.", load_default="npz")


class MapParameters(DrawingParameters):
    """What /map may be asked."""

    digit = _digit("The digit to write; left out, what the first corner's seed gives.")
    side = _whole(2, 16, "Digits along each side of the map.", load_default=8)
    seeds = fields.String(
        load_default=None,
        allow_none=True,
        validate=Spelled(SEEDS),
        metadata={
            "allowed": f"four whole numbers from 0 to {MAX_SEED} with commas between them",
            "description": "Of the corners: top left, top right, bottom left, bottom right; left out, fresh ones.",
        },
    )
    turns = fields.String(
        load_default=UNTURNED,
        validate=Spelled(ANGLES),
        metadata={
            "allowed": "eight numbers from -9.999 to 9.999 with commas between them",
            "description": "How far each corner is turned, in radians: to the right and down, corner by corner.",
        },
    )


class DiscriminateParameters(DrawingParameters):
    """What /discriminate may be asked beside its picture."""

    class Meta:  # noqa: D106
        fields = ("digit", "model")

    digit = _digit("What the picture shows; left out, each is tried and the most real told.")


class PageParameters(GenerateParameters):
    """What a link to the page may say: what to make, but not how large or on which ground."""

    count = _whole(1, 100, "How many digits.", load_default=1)
    number = fields.String(
        load_default=EXAMPLE,
        validate=Spelled(WRITING),
        metadata={"allowed": "1 to 32 digits, with spaces and . , : / + - ( ) between them"},
    )
    number_seed = _seed("Brings the same handwriting back")
    number_turns = fields.String(load_default="", validate=Spelled(TURNS), metadata={"allowed": "as in /number"})

    class Meta:  # noqa: D106
        exclude = ("columns", "scale", "background")
        unknown = EXCLUDE  # sites on which links are shared add parameters of their own
