"""The contract of a model folder: finds them, and believes them only once checked."""

import csv
import io
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from click import ClickException
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema
from PIL import Image

from app import discriminator, generator
from app.answers import History
from app.exports import Network
from app.images import SIDE
from app.quality import figures

CARD, GENERATOR, DISCRIMINATOR, HISTORY = "card.json", "generator.keras", "discriminator.keras", "history.csv"
EVOLUTION, INDEX = "evolution", "evolution/index.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # it stands in URLs and headers


class ModelFolderError(ClickException):
    """Which file of a model folder is wrong, and why, in one sentence; the flask command shows nothing else."""


class _Latent(Schema):
    dim = fields.Integer(required=True, strict=True, validate=validate.Range(1, 65_536))
    distribution = fields.String(required=True, validate=validate.Equal("normal"))


class _Game(Schema):
    loss = fields.String(required=True)


class _Image(Schema):
    shape = fields.List(fields.Integer(), required=True, validate=validate.Equal([SIDE, SIDE, 1]))
    range = fields.List(fields.Integer(), required=True, validate=validate.Equal([0, 1]))


def _is_percentiles(values: list[float]) -> None:
    if len(values) != 101 or values != sorted(values):
        raise ValidationError("Must be 101 numbers that do not fall.")


class _Percentiles(Schema):
    all = fields.List(fields.Float(), required=True, validate=_is_percentiles)
    per_class = fields.List(fields.List(fields.Float(), allow_none=True, validate=_is_percentiles))


class _Realness(Schema):
    logit_percentiles = fields.Nested(_Percentiles, required=True)


class _Cost(Schema):
    mflop = fields.Float(required=True)
    parameters = fields.Integer(required=True, strict=True)


class _Card(Schema):
    """What the app itself needs of card.json; the rest is passed on as it is."""

    error_messages = {"type": "It must be a JSON object."}  # noqa: RUF012 - marshmallow's own

    title = fields.String(required=True)
    conditional = fields.Boolean(required=True, truthy={True}, falsy={False})
    classes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 256))
    latent = fields.Nested(_Latent(unknown=EXCLUDE), required=True)
    image = fields.Nested(_Image(unknown=EXCLUDE), required=True)
    settings = fields.Nested(_Game(unknown=EXCLUDE), required=True)
    sha256 = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    realness = fields.Nested(_Realness, required=True)
    evaluation = fields.Dict(required=True, allow_none=True)
    generator = fields.Nested(_Cost(unknown=EXCLUDE))

    @validates_schema
    def _has_percentiles_of_each_class(self, card: dict[str, Any], **_: Any) -> None:
        found = len(card["realness"]["logit_percentiles"].get("per_class", []))
        if card["conditional"] and found != card["classes"]:
            raise ValidationError(f"per_class has {found} lists; it must have {card['classes']}.", "realness")

    @validates_schema
    def _has_figures_to_show(self, card: dict[str, Any], **_: Any) -> None:
        try:
            figures(card)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValidationError(
                "A figure is not a number for generated and for real digits.", "evaluation"
            ) from error


class _Sheet(Schema):
    step = fields.Integer(required=True, strict=True)
    images_seen = fields.Integer(required=True, strict=True)
    file = fields.String(required=True, validate=validate.Regexp(r"[\w-]+\.png\Z"))


@dataclass(frozen=True)
class ModelFolder:
    """A model folder that has been checked: its card, the sheets of its evolution and its history's columns."""

    path: Path
    card: dict[str, Any]
    evolution: list[dict[str, Any]]
    history: dict[str, list[float]]

    @property
    def name(self) -> str:
        """The folder's name is the model's."""
        return self.path.name

    @property
    def generator(self) -> Network:
        """Its generator."""
        return self._network(GENERATOR, generator.BATCH_SIZES)

    @property
    def discriminator(self) -> Network:
        """Its discriminator."""
        return self._network(DISCRIMINATOR, discriminator.BATCH_SIZES)

    def _network(self, file: str, sizes: tuple[int, ...]) -> Network:
        return Network(str(self.path / file), self.card["sha256"][file], sizes)


def find(folder: Path) -> list[ModelFolder]:
    """Every model folder in `folder`, checked, but with no network loaded. Raises ModelFolderError."""
    folder = folder.expanduser().absolute()  # Flask takes what is relative for a folder beside its own code
    try:
        found = [path for path in sorted(folder.iterdir()) if path.is_dir() or path.is_symlink()]  # to nowhere, too
    except OSError as error:
        why = f"it must be a folder of model folders that can be read ({error.strerror})"
        raise ModelFolderError(f"DIGITSMITH_MODELS is {folder}; {why}.") from error
    if (folder / CARD).is_file():
        raise ModelFolderError(
            f"DIGITSMITH_MODELS is {folder}, a model folder itself; it must be the folder it lies in."
        )
    return [check(path) for path in found if not path.name.startswith(".") and path.name != "lost+found"]


def check(path: Path) -> ModelFolder:
    """Check that a model folder is whole and that its weights are those its card describes.

    Raises: ModelFolderError that says which file is wrong and why.
    """
    if not NAME.fullmatch(path.name):
        raise ModelFolderError(f"{path} cannot be a model's name: it must be of letters, digits, '.', '_' and '-'.")
    card = _json(path / CARD, _Card(unknown=EXCLUDE))
    for file in (GENERATOR, DISCRIMINATOR):
        promised, found = card["sha256"].get(file), sha256(_bytes(path / file)).hexdigest()
        if found != promised:
            raise ModelFolderError(f"{path / file} has SHA-256 {found}, but its {CARD} says {promised}.")
    history = _history(path / HISTORY)
    sheets = _json(path / INDEX, _Sheet(many=True))
    if not sheets:
        raise ModelFolderError(f"{path / INDEX} lists no sheet; it must list at least one.")
    for sheet in sheets:
        _check_picture(path / EVOLUTION / sheet["file"])
    return ModelFolder(path, card, sheets, history)


def _json(path: Path, schema: Schema) -> Any:
    """The file's content as it stands, once it is known to satisfy the schema."""
    try:
        content = json.loads(_bytes(path))
        _loaded(path, content, schema)
    except (ValueError, RecursionError) as error:  # not JSON, or not even text
        raise ModelFolderError(f"{path} is not JSON: {error}.") from error
    return content


def _history(path: Path) -> dict[str, list[float]]:
    content = _bytes(path)
    if content.count(b"\n") < 2 or not content.endswith(b"\n"):
        raise ModelFolderError(f"{path} is cut short: it must have a header and at least one row, each with its end.")
    try:
        header, *rows = csv.reader(io.StringIO(content.decode()))
        columns = dict(zip(header, zip(*rows, strict=True), strict=True))
        return dict(_loaded(path, columns, History()))
    except (ValueError, csv.Error) as error:  # not text, or rows of other lengths
        raise ModelFolderError(f"{path} is not a table of numbers: {error}.") from error


def _loaded(path: Path, content: Any, schema: Schema) -> Any:
    """What the schema makes of a file's content."""
    try:
        return schema.load(content)
    except ValidationError as error:
        raise ModelFolderError(f"{path} does not hold what it must: {_sentence(error.messages)}") from error


def _sentence(messages: Any, name: str = "") -> str:
    """Marshmallow's messages, which nest as the data does, as words: "latent.dim: Not a valid integer."."""
    if isinstance(messages, dict):
        return " ".join(_sentence(inner, f"{name}.{key}".strip(".")) for key, inner in messages.items())
    return f"{name.removeprefix('_schema')}: {' '.join(messages)}".removeprefix(": ")


def _check_picture(path: Path) -> None:
    content = io.BytesIO(_bytes(path))
    try:
        with Image.open(content, formats=["PNG"]) as picture:
            picture.load()
    except Exception as error:  # Pillow has a dozen ways to say that a PNG is damaged
        raise ModelFolderError(f"{path} is not a whole PNG.") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFolderError(f"{path} cannot be read: {error.strerror}.") from error
