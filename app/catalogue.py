"""The models on offer: finds the model folders, believes them only once checked, and loads them."""

import io
import json
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from click import ClickException
from flask import current_app
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema
from PIL import Image
from werkzeug.exceptions import NotFound

from app.discriminator import Discriminator
from app.generator import Generator
from app.runtime import NetworkError

CARD, GENERATOR, DISCRIMINATOR, HISTORY = "card.json", "generator.keras", "discriminator.keras", "history.csv"
EVOLUTION, INDEX = "evolution", "evolution/index.json"
PREFERRED = "digitsmith"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # it stands in URLs and headers


class ModelFolderError(ClickException):
    """Which file of a model folder is wrong, and why, in one sentence; the flask command shows nothing else."""


class _Latent(Schema):
    dim = fields.Integer(required=True, strict=True, validate=validate.Range(1, 65_536))
    distribution = fields.String(required=True, validate=validate.Equal("normal"))


class _Game(Schema):
    loss = fields.String(required=True)


class _Percentiles(Schema):
    all = fields.List(fields.Float(), required=True, validate=validate.Length(equal=101))
    per_class = fields.List(fields.List(fields.Float(), allow_none=True, validate=validate.Length(equal=101)))


class _Realness(Schema):
    logit_percentiles = fields.Nested(_Percentiles, required=True)


class _Card(Schema):
    """What the app itself needs of card.json; the rest is passed on as it is."""

    title = fields.String(required=True)
    conditional = fields.Boolean(required=True, truthy={True}, falsy={False})
    classes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 256))
    latent = fields.Nested(_Latent(unknown=EXCLUDE), required=True)
    settings = fields.Nested(_Game(unknown=EXCLUDE), required=True)
    sha256 = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    realness = fields.Nested(_Realness, required=True)

    @validates_schema
    def _has_percentiles_of_each_class(self, card: dict[str, Any], **_: Any) -> None:
        found = len(card["realness"]["logit_percentiles"].get("per_class", []))
        if card["conditional"] and found != card["classes"]:
            raise ValidationError(f"per_class has {found} lists; it must have {card['classes']}.", "realness")


class _Sheet(Schema):
    step = fields.Integer(required=True, strict=True)
    images_seen = fields.Integer(required=True, strict=True)
    file = fields.String(required=True, validate=validate.Regexp(r"[\w-]+\.png\Z"))


@dataclass(frozen=True)
class ModelFolder:
    """A model folder that has been checked: its card and the sheets of its evolution."""

    path: Path
    card: dict[str, Any]
    evolution: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """The folder's name is the model's."""
        return self.path.name


@dataclass(frozen=True)
class Model:
    """A model that can make digits and judge them."""

    name: str
    card: dict[str, Any]
    generator: Generator
    discriminator: Discriminator
    evolution: list[dict[str, Any]] = field(default_factory=list)
    folder: Path | None = None

    @property
    def conditional(self) -> bool:
        """Whether it can be asked for a digit."""
        return self.generator.classes is not None


class Catalogue(Mapping[str, Model]):
    """The loaded models by name, in the order of their names.

    Raises: ModelFolderError when there is none, or the default is not among them.
    """

    def __init__(self, models: list[Model], default: str = ""):
        self._models = {model.name: model for model in sorted(models, key=lambda model: model.name)}
        self.default = choose_default(list(self._models), default)

    def __getitem__(self, name: str) -> Model:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    @property
    def names(self) -> str:
        """The models' names as a sentence shows them."""
        return ", ".join(self._models)

    def find(self, name: str | None) -> Model:
        """The model of that name, or the default for None. Raises NotFound."""
        try:
            return self._models[name or self.default]
        except KeyError:
            raise NotFound(f"There is no model {reprlib.repr(name)}; there are {self.names}.") from None


def choose_default(names: list[str], default: str) -> str:
    """The model that is used when none is named: `default`, or if that is empty digitsmith, or else the first.

    Raises: ModelFolderError when there is none, or `default` is not among them.
    """
    if not names:
        raise ModelFolderError("There is no model to serve: DIGITSMITH_MODELS must hold at least one model folder.")
    if default and default not in names:
        raise ModelFolderError(f"DIGITSMITH_DEFAULT_MODEL is {default!r}; it must be one of {', '.join(names)}.")
    return default or (PREFERRED if PREFERRED in names else names[0])


def current() -> Catalogue:
    """The catalogue of the app that handles this request."""
    catalogue: Catalogue = current_app.extensions["digitsmith"]
    return catalogue


def load(folder: Path, default: str, threads: int) -> Catalogue:
    """Check and load every model folder in `folder`. Raises ModelFolderError."""
    return Catalogue([_load(found, threads) for found in find(folder)], default)


def find(folder: Path) -> list[ModelFolder]:
    """Every model folder in `folder`, checked, but with no network loaded. Raises ModelFolderError."""
    if not folder.is_dir():
        raise ModelFolderError(f"DIGITSMITH_MODELS is {folder}; it must be a folder of model folders.")
    return [check(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]


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
    if _bytes(path / HISTORY).count(b"\n") < 2:
        raise ModelFolderError(f"{path / HISTORY} is cut short: it must have a header and at least one row.")
    sheets = _json(path / INDEX, _Sheet(many=True))
    if not sheets:
        raise ModelFolderError(f"{path / INDEX} lists no sheet; it must list at least one.")
    for sheet in sheets:
        _check_picture(path / EVOLUTION / sheet["file"])
    return ModelFolder(path, card, sheets)


def _load(folder: ModelFolder, threads: int) -> Model:
    card, path = folder.card, folder.path / GENERATOR
    classes = card["classes"] if card["conditional"] else None
    try:
        generator = Generator.load(path, card["latent"]["dim"], classes, threads)
        path = folder.path / DISCRIMINATOR
        percentiles, loss = card["realness"]["logit_percentiles"], card["settings"]["loss"]
        # With one thread, for a logit's last bits depend on how many there are.
        discriminator = Discriminator.load(path, percentiles, classes, loss, threads=1)
    except NetworkError as error:
        raise ModelFolderError(f"{path} {error}.") from error
    return Model(folder.name, card, generator, discriminator, folder.evolution, folder.path)


def _json(path: Path, schema: Schema) -> Any:
    """The file's content as it stands, once it is known to satisfy the schema."""
    try:
        content = json.loads(_bytes(path))
        schema.load(content)
    except ValidationError as error:
        raise ModelFolderError(f"{path} does not hold what it must: {_sentence(error.messages)}") from error
    except (ValueError, RecursionError) as error:  # not JSON, or not even text
        raise ModelFolderError(f"{path} is not JSON: {error}.") from error
    return content


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
