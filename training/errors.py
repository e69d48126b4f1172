"""The one kind of error that is shown to the person at the command line instead of a traceback."""

import click


class TrainingError(click.ClickException):
    """What went wrong and what would be right, in one sentence."""
