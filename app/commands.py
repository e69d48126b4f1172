"""The command line: `flask --app app digits`."""

import errno
import glob
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from app.config import LARGEST_DATASET
from app.datasets import Dataset
from app.engines import ENGINES, Engine
from app.files import OTHER_FILES, allow_files, memory, replacing
from app.formats import file_name, fingerprint, stream
from app.images import Digits
from app.parameters import problems
from app.resuming import remembered
from app.routes.dataset import SCHEMA, asked_for

Command = Callable[..., None]


class Shard(click.ParamType[tuple[int, int]]):
    """Which shard of how many, such as 2/8: counted from 1."""

    name = "shard"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """The two numbers. Fails with one sentence on anything else."""
        which, of = map(int, found.groups()) if (found := re.fullmatch("([0-9]{1,6})/([0-9]{1,6})", value)) else (0, 0)
        if not 1 <= which <= of:
            self.fail(f"{value!r} is no shard; it must be a number, / and how many there are, such as 2/8.", param, ctx)
        return which, of


def _as_options(words: str) -> str:
    """Words on parameters, with the names that the command gives them."""
    return words.replace("per_class", "--per-class")


def _parameters(command: Command) -> Command:
    """Give a command an option for every parameter of /dataset, read and refused as there."""
    for name, field in reversed(SCHEMA.fields.items()):
        text = _as_options(f"{field.metadata['description']} Must be {field.metadata['allowed']}.")
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
@click.option(
    "--shard",
    type=Shard(),
    metavar="I/N",
    help="Draw the I-th of N shards only, for the same command without --shard to put together.",
)
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="local",
    show_default=True,
    help="What draws them: this process, or Ray on all processors of this machine, or of the cluster at RAY_ADDRESS.",
)
@with_appcontext
def digits(out: Path, shard: tuple[int, int] | None, engine: str, **given: str | None) -> None:
    """Draw labelled digits into one file: the bytes of /dataset.

    The file has its name only once it is whole. After a kill, the same command goes on where that one
    was, if --seed is given. Shards of it can be drawn at once, by processes that share the folder.
    """
    if shard and given["seed"] is None:
        raise click.ClickException("--shard needs --seed: the shards of other seeds do not go together.")
    parameters = _read({name: value for name, value in given.items() if value is not None})
    try:
        dataset = asked_for(parameters, LARGEST_DATASET)
    except HTTPException as error:
        raise click.ClickException(_as_options(error.description or error.name)) from error
    path = out / file_name(dataset, parameters["format"])
    try:
        if shard:
            path = _draw_shard(path, dataset, parameters["format"], ENGINES[engine], *shard)
        else:
            _write(path, dataset, parameters["format"], ENGINES[engine])
    except KeyboardInterrupt:
        click.echo(f"\nThe same command goes on from here, with --seed {dataset.seed}.", err=True)
        raise
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
        raise click.ClickException(_as_options(" ".join(sentences))) from error


def _unfinished(path: Path, dataset: Dataset, kind: str) -> Path:
    """Where the digits of a file stand until it is whole; its shards have this name and more.

    Raises: OSError where the file could not be put.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".unfinished-{path.name}-{fingerprint(dataset, kind)[:16]}")


def _write(path: Path, dataset: Dataset, kind: str, draw: Engine) -> None:
    unfinished = _unfinished(path, dataset, kind)
    shards = sorted(path.parent.glob(f"{glob.escape(unfinished.name)}-*-of-*"))
    begun = bool(shards) or unfinished.exists()
    allow_files(len(shards) + OTHER_FILES)
    with ExitStack() as files:
        file, *others = [files.enter_context(memory(each)) for each in (unfinished, *shards)]
        if begun:
            click.echo("Going on with what is drawn already.", err=True)
        whole = files.enter_context(replacing(path))
        chunks = remembered(dataset, file, others, draw=draw)
        for piece in stream(dataset, kind, _shown(dataset.count, chunks)):
            whole.write(piece)


def _draw_shard(path: Path, dataset: Dataset, kind: str, draw: Engine, which: int, of: int) -> Path:
    unfinished = _unfinished(path, dataset, kind)
    shard = unfinished.with_name(f"{unfinished.name}-{which}-of-{of}")
    chunks = sum(1 for _ in dataset.chunks())
    numbers = range(chunks * (which - 1) // of, chunks * which // of)
    count = sum(len(chunk) for chunk in islice(dataset.chunks(), numbers.start, numbers.stop))
    with memory(shard, keep=True) as file:
        for _ in _shown(count, remembered(dataset, file, numbers=numbers, draw=draw)):
            pass
    return shard


def _shown(count: int, chunks: Iterator[Digits]) -> Iterator[Digits]:
    """Pass on the digits, with a progress bar where a person watches."""
    with click.progressbar(length=count, label="Drawing digits", file=sys.stderr) as bar:
        for chunk in chunks:
            bar.update(len(chunk))  # first, for whoever takes the last does not ask again
            yield chunk
