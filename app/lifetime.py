"""Whether the server is to go on: every process knows it, and /readyz tells it."""

from mmap import mmap

from flask import Flask, current_app


class Lifetime:
    """What gunicorn's processes must know of each other, in memory that all of them share.

    The processes that one start or one reload brings are a generation, counted from 1. Each number is
    written in one piece, and two processes never write different values to one, so there is no lock.
    """

    def __init__(self) -> None:
        # Stopping, newest generation, newest that serves, ending.
        self._numbers = memoryview(mmap(-1, 16)).cast("I")
        self.renew()

    @property
    def stopping(self) -> bool:
        """Whether the whole server has been told to end."""
        return bool(self._numbers[0])

    def stop(self) -> None:
        """Tell every process that the server is about to end."""
        self._numbers[0] = 1

    @property
    def ending(self) -> bool:
        """Whether every process is to end by now, with its grace to finish what it has in hand."""
        return bool(self._numbers[3])

    def end(self) -> None:
        """Tell every process to end."""
        self._numbers[3] = 1

    @property
    def generation(self) -> int:
        """The newest generation, which may still be loading."""
        return self._numbers[1]

    def renew(self) -> None:
        """Begin a generation."""
        self._numbers[1] += 1

    def serve(self, generation: int) -> bool:
        """Say that a process of this generation can serve; tells whether it is the first that does."""
        first = self._numbers[2] < generation
        self._numbers[2] = max(self._numbers[2], generation)
        return first

    def needs(self, generation: int) -> bool:
        """Whether a process of this generation must stay, for those that are to replace it cannot serve yet."""
        return self.generation > generation >= self._numbers[2] and not self.ending


def init_app(app: Flask) -> None:
    """Give the app a lifetime; gunicorn puts its own in its place."""
    app.extensions["digitsmith_lifetime"] = Lifetime()


def current() -> Lifetime:
    """The lifetime of the server that handles this request."""
    lifetime: Lifetime = current_app.extensions["digitsmith_lifetime"]
    return lifetime
