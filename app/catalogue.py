"""The models on offer: loaded from their folders once those are checked."""

import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import current_app
from werkzeug.exceptions import NotFound

from app.discriminator import Discriminator
from app.exports import ExportError, Exports
from app.generator import Generator
from app.model_folder import ModelFolder, ModelFolderError, find
from app.runtime import NetworkError, backend

PREFERRED = "digitsmith"


@dataclass(frozen=True)
class Model:
    """A model that can make digits and judge them."""

    name: str
    card: dict[str, Any]
    generator: Generator
    discriminator: Discriminator
    evolution: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
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
            return self._models[self.default if name is None else name]
        except KeyError:
            raise NotFound(f"There is no model {reprlib.repr(name)}; it must be one of {self.names}.") from None


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


def load(folder: Path, default: str, threads: int, exports: Exports) -> Catalogue:
    """Check and load every model folder in `folder`. Raises ModelFolderError."""
    found = find(folder)
    prepare(found, exports)
    return Catalogue([load_model(model, threads, exports) for model in found], default)


def prepare(folders: list[ModelFolder], exports: Exports) -> None:
    """See that the networks of some models are kept as OpenVINO reads them. Raises ModelFolderError."""
    if backend() != "openvino":
        return
    try:
        exports.prepare(network for folder in folders for network in (folder.generator, folder.discriminator))
    except ExportError as error:
        raise ModelFolderError(str(error)) from error


def load_model(folder: ModelFolder, threads: int, exports: Exports) -> Model:
    """Load a model whose networks are prepared. Raises ModelFolderError."""
    card, network = folder.card, folder.generator
    classes = card["classes"] if card["conditional"] else None
    percentiles, loss = card["realness"]["logit_percentiles"], card["settings"]["loss"]
    try:
        drawing = Generator.load(network, card["latent"]["dim"], classes, threads, exports)
        network = folder.discriminator
        judging = Discriminator.load(network, percentiles, classes, loss, exports)
    except NetworkError as error:
        raise ModelFolderError(f"{network.path} {error}.") from error
    except ExportError as error:
        raise ModelFolderError(str(error)) from error
    return Model(folder.name, card, drawing, judging, folder.evolution, folder.history, folder.path)
