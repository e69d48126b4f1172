"""What a training, or an evaluation, shows on its way: a bar and, at times, a sentence, neither of which may end it."""

import sys
from contextlib import suppress
from typing import Any

from tqdm import tqdm


class Terminal:
    """Standard error, which may go away or be full long before the work ends: what cannot be shown is left out."""

    def write(self, text: str) -> None:
        """Show it if that can be."""
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Show now what waits, if that can be."""
        with suppress(OSError):
            sys.stderr.flush()

    def __getattr__(self, name: str) -> Any:
        """All else, such as how wide it is, standard error knows."""
        return getattr(sys.stderr, name)


_TERMINAL = Terminal()  # one, so that a sentence knows the bar that it stands above


def progress_bar(name: str, total: int, unit: str, shown: bool = True, **settings: Any) -> tqdm:
    """A bar, with tqdm's settings; nothing where it is not to be shown."""
    disable = not shown or sys.stderr is None
    return tqdm(desc=name, total=total, unit=unit, file=_TERMINAL, disable=disable, dynamic_ncols=True, **settings)


def advance(bar: tqdm, batch_size: int, metrics: dict[str, float]) -> None:
    """Let a bar show one more step and both players' losses in it."""
    losses = {"D": metrics["discriminator_loss"], "G": metrics["generator_loss"]}
    bar.set_postfix({name: f"{loss:.3f}" for name, loss in losses.items()}, refresh=False)
    bar.update(batch_size)


def say(sentence: str) -> None:
    """Show a sentence above the bar."""
    if sys.stderr is not None:
        tqdm.write(sentence, file=_TERMINAL)
