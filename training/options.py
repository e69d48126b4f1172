"""Options that several commands share, and one for each setting of a training."""

import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from training.presets import PRESETS, Settings, option

JUDGES = Path(__file__).parent / "evaluation" / "judges"


class _Finite(click.FloatRange):
    """A number in a range; NaN passes every range of Click's, and infinity those without an end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not finite.", param, ctx)
        return number


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add one option for each of the settings but the preset; left out, the preset's default holds."""
    for setting in reversed(fields(Settings)[1:]):
        limits = dict(setting.metadata)
        kind: Any
        if "choices" in limits:
            kind = click.Choice(limits["choices"])
        else:
            ranged = click.IntRange if setting.type is int else _Finite
            kind = ranged(limits.get("min"), limits.get("max"))
        defaults = {name: preset.defaults[setting.name] for name, preset in PRESETS.items()}
        shared = len(set(defaults.values())) == 1
        shown = defaults["mlp"] if shared else ", ".join(f"{name} {value}" for name, value in defaults.items())
        command = click.option(option(setting.name), type=kind, help=f"{limits['help']} [default: {shown}]")(command)
    return command


data_option = click.option(
    "--data",
    default="mnist",
    show_default=True,
    help="'mnist' (downloaded by Keras), a folder of the four IDX files, plain or gzipped, or an .npz.",
)
judges_option = click.option(
    "--judges",
    type=click.Path(file_okay=False, path_type=Path),
    default=JUDGES,
    help="Folder of the judges. [default: the shipped ones, of MNIST]",
)
model_folder = click.Path(exists=True, file_okay=False, path_type=Path)
