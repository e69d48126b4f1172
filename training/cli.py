"""The command line: `python -m training train`, `judge`, `evaluate` and `publish`."""

import errno
import logging
import os
import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from training.checkpoint import Progress
from training.errors import TrainingError
from training.options import JUDGES, data_option, judges_option, model_folder, setting_options
from training.presets import PRESETS, settings_for


class _Commands(click.Group):
    """What the system refuses, such as a name too long for it, is told in one sentence too."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.ENOSPC and error.filename is None:
                raise TrainingError(f"The output cannot be written: {error.strerror}.") from error
            if error.filename is None:  # a pipe that was closed, which Click knows
                raise
            raise TrainingError(f"{error.filename} cannot be used: {error.strerror}.") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Train Digitsmith's GANs, measure their digits and publish what passes."""
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever the app may be told to serve with
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter, or most of it
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice to who writes programs


@cli.command()
@click.option("--preset", type=click.Choice(list(PRESETS)), help="Which GAN to train. [default: digitsmith]")
@data_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder. [default: runs/PRESET]")
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run in --out, or with the finished model there, with its own settings; --images,"
    " --precision, --emphasis and --latent-gain may be others.",
)
@click.option(
    "--checkpoint-every",
    type=click.IntRange(1),
    default=50_000,
    show_default=True,
    help="Images between two checkpoints.",
)
@click.option("--tensorboard", is_flag=True, help="Also write TensorBoard events to the folder's tensorboard/.")
@setting_options
def train(
    preset: str | None,
    data: str,
    out: Path | None,
    resume: bool,
    checkpoint_every: int,
    tensorboard: bool,
    **changes: Any,
) -> None:
    """Train a GAN; at the end --out is a model folder that the app can serve.

    On all GPUs of this machine or, where TF_CONFIG tells of other machines that run the same command, with them.
    """
    from training import history
    from training.data import load
    from training.export import export, exported
    from training.files import alone, there
    from training.resume import begun, continued
    from training.trainer import Trainer
    from training.workers import of_environment

    folder = out or Path("runs") / (preset or "digitsmith")
    _check_out(folder, resume)
    settings = None if resume else settings_for(preset or "digitsmith", changes)
    dataset = load(data)
    workers = of_environment()
    with workers.together(), there(folder, "--out"), alone(folder) if workers.chief else nullcontext():
        if workers.chief:
            _check_out(folder, resume)  # again: another may have begun, or ended, there since
        if settings:
            gan, progress = begun(settings, dataset, workers)
        else:
            given = {name: value for name, value in {"preset": preset, **changes}.items() if value is not None}
            gan, progress = continued(folder, dataset, given, workers)
        finished = exported(folder, gan.settings, progress)
        if finished and _is_shown(folder, progress):
            click.echo(f"{folder} is finished and a model folder already: it is left as it is.")
            return
        Trainer(gan, dataset, folder, progress, checkpoint_every, tensorboard, workers).run()
        if workers.chief:
            history.plot(folder, progress.history, f"{folder.name}: {gan.settings.loss} game")
            if not finished:
                export(folder, gan, dataset, progress)
    if workers.number > 1:
        click.echo(f"{workers} is done; the SHA-256 of its weights is {gan.digest()}")
    if workers.chief:
        models = shlex.quote(str(folder.resolve().parent))
        click.echo(f"{folder} is a model folder: serve all that are there with DIGITSMITH_MODELS={models} make serve")


@cli.command()
@data_option
@judges_option
def judge(data: str, judges: Path) -> None:
    """Train the judges: three classifiers of real digits, which evaluate generated ones."""
    from training.data import MNIST_SHA256, load
    from training.evaluation.judge import train_all
    from training.files import alone, put_back, there

    dataset = load(data)
    if judges.resolve() == JUDGES.resolve() and dataset.sha256 != MNIST_SHA256:
        raise TrainingError(f"The judges in {JUDGES} are MNIST's: give --judges another folder for {dataset.name}'s.")
    put_back(judges)
    with there(judges, "--judges"), alone(judges):
        card = train_all(dataset, judges)
    for name, facts in card["judges"].items():
        click.echo(f"{name} judge: {facts['accuracy']:.2%} of the test digits read right, {facts['seconds']:.0f} s")


@cli.command()
@click.argument("folder", type=model_folder)
@data_option
@judges_option
@click.option(
    "--cas", is_flag=True, help="Also train three classifiers on generated digits alone; about 5 minutes each."
)
def evaluate(folder: Path, data: str, judges: Path, cas: bool) -> None:
    """Measure the digits of a model folder beside real ones, into its card and its evaluation/."""
    from training.data import load
    from training.evaluation import report
    from training.evaluation.folder import check_places, evaluate_folder
    from training.export import read_card
    from training.files import alone

    with alone(folder):
        read_card(folder)  # before data is fetched for it, and all else is done
        check_places(folder)
        figures = evaluate_folder(folder, load(data), judges, cas)
    click.echo(report.table(figures))
    click.echo(f"\nThe whole report: {folder / report.FOLDER / report.FILE}")


@cli.command()
@click.argument("folder", type=model_folder)
@click.option("--as", "name", help="Name to publish it under. [default: that of the folder]")
@click.option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("models"),
    show_default=True,
    help="Folder of the published models.",
)
@data_option
@judges_option
@click.option("--force", is_flag=True, help="Publish it even if it does not pass; the card says so.")
@click.pass_context
def publish(
    ctx: click.Context, folder: Path, name: str | None, models: Path, data: str, judges: Path, force: bool
) -> None:
    """Copy a model folder to --models if it passes the gate; evaluates it first if that was not done."""
    from training.data import load
    from training.evaluation.folder import check_places, evaluate_folder
    from training.export import check_data, check_name, read_card
    from training.files import alone, check_writable
    from training.publish import check_judges, publish

    option, name = ("The name of FOLDER", folder.resolve().name) if name is None else ("--as", name)
    check_name(name, option)
    target = models / name
    with alone(folder):
        card = read_card(folder)
        check_writable(models)
        evaluated = card["evaluation"] is not None
        if not evaluated or ctx.get_parameter_source("data") is not ParameterSource.DEFAULT:
            dataset = load(data)
            check_data(folder, card, dataset)
            if not evaluated:
                check_places(folder)
                evaluate_folder(folder, dataset, judges, with_cas=False)
        check_judges(folder, judges)
        found, incomparable = publish(folder, target, force)
    for check in found:
        click.echo(f"{'passed' if check.passed else 'FAILED'}: {check}")
    if incomparable:
        click.echo(f"FAILED: {incomparable}.")
    click.echo(f"{target} is published.")


def _is_shown(folder: Path, progress: Progress) -> bool:
    """Whether all that tells of a finished run is there: its sheets, its plot and its whole history."""
    from training import evolution, history

    drawn = bool(evolution.listed(folder)) and (folder / history.PLOT).is_file()
    return drawn and history.holds(folder, progress.history) and not progress.sums


def _check_out(folder: Path, resume: bool) -> None:
    """Refuse to go on where there is no run, and to begin where there is one."""
    from training import checkpoint
    from training.evaluation import report
    from training.export import CARD, DISCRIMINATOR, GENERATOR, check_name

    if resume and not checkpoint.exists(folder) and not (folder / CARD).exists():
        raise TrainingError(f"{folder} has no checkpoint to resume from: leave --resume out to begin there.")
    if not resume and checkpoint.exists(folder):
        raise TrainingError(f"{folder} holds a run already: add --resume to go on with it, or give another --out.")
    if not resume and (folder / CARD).exists():
        raise TrainingError(f"{folder} holds a model already: add --resume to go on with it, or give another --out.")
    for name in (GENERATOR, DISCRIMINATOR, report.FOLDER):
        if not resume and (folder / name).exists():
            raise TrainingError(f"{folder} holds {name}, which would be lost: give another --out.")
    if not resume:
        check_name(folder.resolve().name, "The last part of --out")
