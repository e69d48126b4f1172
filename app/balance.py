"""Which of gunicorn's processes takes a new connection: one that has the fewest."""

import socket
from mmap import mmap
from time import monotonic

from app.connections import PatientWorker

PATIENCE = 0.03  # seconds that a process with fewer connections gets to take one, for it may have to wake up first
PAUSE = 0.001  # seconds until this process looks whether that has been taken
ALONE = 1  # second for which it takes all that come, once nobody has taken what it left
EVEN = 1.25  # up to so many times as many connections count as equally many
NONE = 2**32 - 1
SLOTS = 256  # more than a reload has of the most processes that can be set; should there be more, some share one


class Counts:
    """How many connections each process has, by its slot, in memory that all of them share.

    Each process writes a number of its own, in one piece, so there is no lock.
    """

    def __init__(self) -> None:
        self._numbers = memoryview(mmap(-1, 4 * SLOTS)).cast("I")
        for slot in range(SLOTS):
            self.forget(slot)

    def tell(self, slot: int, count: int) -> None:
        """A process has so many connections, and would take more."""
        self._numbers[slot % SLOTS] = count

    def forget(self, slot: int) -> None:
        """A process takes no connections any more, or not yet."""
        self._numbers[slot % SLOTS] = NONE

    def fewest(self) -> int:
        """How many connections the process has that has the fewest."""
        return min(self._numbers)


class ModestWorker(PatientWorker):
    """A worker that lets one with fewer connections take the next.

    Of gunicorn's, whichever wakes up first takes all that come at once, in less time than another needs
    to wake up (issue 2817 of gunicorn). Where those are kept, as by a proxy, one process then works and the
    others sleep.

    Attributes, set before it is forked:
        counts: of all processes.
        slot: a number that no other living process has.
    """

    counts: Counts
    slot: int

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        self._leaves_since = self._paused_until = self._alone_until = 0.0
        self._pauses = False

    def notify(self) -> None:
        """Show gunicorn and the other processes that this one lives."""
        super().notify()
        if self.alive:
            self.counts.tell(self.slot, self.nr_conns)
        else:
            self.counts.forget(self.slot)

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, or leave it to another process; if none has taken it in a while, accept it."""
        if self._leaves_it(now := monotonic()):
            self._paused_until = now + PAUSE
            self.set_accept_enabled(True)
        else:
            self._leaves_since = 0.0
            super().accept(listener)
            self.counts.tell(self.slot, self.nr_conns)

    def _leaves_it(self, now: float) -> bool:
        if now < self._alone_until or self.nr_conns <= self.counts.fewest() * EVEN + 1:
            return False
        if now > self._leaves_since + 2 * PATIENCE:  # it left another one then
            self._leaves_since = now
        if now < self._leaves_since + PATIENCE:
            return True
        self._alone_until = now + ALONE
        return False

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; not yet, while others may take what has come."""
        self._pauses = enabled and monotonic() < self._paused_until
        super().set_accept_enabled(enabled and not self._pauses)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, but no longer than for others to take what has come."""
        if self._pauses:
            timeout = max(0.0, min(timeout, self._paused_until - monotonic()))
        super().wait_for_and_dispatch_events(timeout)
