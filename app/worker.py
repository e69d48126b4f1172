"""How one of gunicorn's processes begins and ends, so that no request is lost on the way."""

import os
import signal
import sys
from types import FrameType
from typing import Any

from gunicorn.errors import AppImportError
from gunicorn.workers.gthread import TConn, ThreadWorker

from app import metrics
from app.lifetime import Lifetime, late


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's threaded worker, with three habits of its own.

    When the server stops it goes on accepting while it finishes what it has in hand, so that new requests
    are refused and `/readyz` says 503, where gunicorn's would leave them waiting. When a reload replaces it,
    it serves until a process of the next generation can. And a process that cannot load what a reload
    brought ends alone, where gunicorn's would end the server.

    Attributes, set before it is forked:
        lifetime: what it shares with the other processes.
        generation: of which generation it is.
        slot: a number that no other living process has.
    """

    lifetime: Lifetime
    generation: int
    slot: int

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._told_to_end = False
        self._in_hand: set[TConn] = set()  # connections with a request that came before the end

    def load_wsgi(self) -> None:
        """Load the app. Should that fail, the first process of all ends the server, and a later one but itself."""
        metrics.share(self.slot)
        try:
            super().load_wsgi()
        except Exception as error:  # whatever new code may raise
            if self.age == 1:
                raise
            self.log.error("This process cannot load the app.", exc_info=not isinstance(error, AppImportError))
            self.log.error("%s", error)
            sys.exit(1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM."""
        self._told_to_end = True
        self._end_if_due()

    def notify(self) -> None:
        """Show gunicorn that this process lives, as its loop does at least once a second."""
        super().notify()
        self._end_if_due()
        if not self.alive:
            self.set_accept_enabled(False)

    def _end_if_due(self) -> None:
        if self._told_to_end and not self.lifetime.needs(self.generation):
            super().handle_exit(signal.SIGTERM, None)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; while the server stops, accept as long as an earlier request is in hand."""
        finishing = bool(self._in_hand or self.keepalived_conns)
        super().set_accept_enabled(enabled or (self.lifetime.stopping and not self.alive and finishing))

    def enqueue_req(self, conn: TConn) -> None:
        """A request has come on a connection."""
        if self.alive or not self.lifetime.stopping:
            self._in_hand.add(conn)
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """Handle a request, in a thread."""
        late.set(conn not in self._in_hand)
        return super().handle(conn)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """A request has been answered."""
        self._in_hand.discard(conn)
        super().finish_request(conn, fs)


def begin(server: Any, worker: Worker) -> None:
    """Give a process that is about to be forked its place among the others."""
    worker.lifetime, worker.generation = server.lifetime, server.lifetime.generation
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = min(set(range(len(taken) + 1)) - taken)


def stop_on_sigterm(server: Any, drain: int) -> None:
    """Have SIGTERM turn /readyz to 503 at once, and end the server `drain` seconds later; a second one ends it."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        server.signal(signal.SIGTERM, None)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if os.getpid() != server.pid:  # just forked, and without a handler of its own yet
            return
        if server.lifetime.stopping or not drain:
            end(_signal, _frame)
        server.lifetime.stop()
        signal.alarm(drain)

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, stop)
