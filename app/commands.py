"""The command line: `flask --app app digits`."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from app.datasets import Dataset
from app.files import memory, remembered, replacing
from app.formats import file_name, fingerprint, stream
from app.images import SIDE, Digits
from app.parameters import problems
from app.routes.dataset import SCHEMA, asked_for

Command = Callable[..., None]


def _parameters(command: Command) -> Command:
    """Give a command an option for every parameter of /dataset, read and refused as there."""
    for name, field in reversed(SCHEMA.fields.items()):
        text = f"{field.metadata['description']} Must be {field.metadata['allowed']}."
        command = click.option(f"--{name.replace('_', '-')}", name, help=text)(command)
    return command


@click.command()
@_parameters
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder to write to. [default: the one you are in]",
)
@with_appcontext
def digits(out: Path, **given: str | None) -> None:
    """Draw labelled digits into one file: the bytes of /dataset.

    The file has its name only once it is whole. After a kill, the same command goes on where that one
    was, if --seed is given.
    """
    parameters = _read({name: value for name, value in given.items() if value is not None})
    try:
        dataset = asked_for(parameters)
    except HTTPException as error:
        raise click.ClickException(error.description or error.name) from error
    path = out / file_name(dataset, parameters["format"])
    try:
        _write(path, dataset, parameters["format"])
    except BlockingIOError as error:
        raise click.ClickException(f"{path} is being written by another process.") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
    click.echo(path)


def _read(given: dict[str, str]) -> dict[str, Any]:
    try:
        return dict(SCHEMA.load(given))
    except ValidationError as error:
        sentences = problems(error.normalized_messages(), given, SCHEMA).values()
        raise click.ClickException(" ".join(sentences)) from error


def _write(path: Path, dataset: Dataset, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".unfinished-{path.name}-{fingerprint(dataset, kind)[:16]}")
    with memory(unfinished) as file, replacing(path) as whole:
        if drawn := unfinished.stat().st_size // SIDE**2:
            click.echo(f"Going on after the {drawn} digits of an earlier run.", err=True)
        for piece in stream(dataset, kind, _shown(dataset, remembered(dataset, file))):
            whole.write(piece)


def _shown(dataset: Dataset, chunks: Iterator[Digits]) -> Iterator[Digits]:
    """Pass on the digits, with a progress bar where a person watches."""
    with click.progressbar(length=dataset.count, label="Drawing digits", file=sys.stderr) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))
