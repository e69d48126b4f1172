"""How one of gunicorn's processes begins and ends, so that no request is lost on the way."""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import redirect_stderr
from io import StringIO
from time import monotonic, sleep
from types import FrameType
from typing import Any, NamedTuple

from gunicorn.errors import AppImportError
from gunicorn.workers.gthread import TConn

from app import metrics
from app.admission import BUSY, STOPPING, refusal
from app.balance import ModestWorker
from app.lifetime import Lifetime

PAUSE = 1  # second after which a process that cannot load the app ends: gunicorn forks the next at once
REFUSING_THREADS = 2  # a client that does not send the body it was asked for holds one of them for a while


class Waiting(NamedTuple):
    """Since when a request has waited for a thread, and what that thread is to do."""

    since: float
    future: Future[Any]


class Worker(ModestWorker):
    """gunicorn's threaded worker, with habits of its own towards load and its own end.

    Only so many requests wait for a thread, and only for so long, where gunicorn's would let any number
    wait for ever: the others are refused, in threads kept for that. When the server stops it goes on
    accepting while it finishes what it has in hand, so that new requests are refused and `/readyz` says
    503, where gunicorn's would leave them waiting. When a reload replaces it, it serves until a process of
    the next generation can. And a process that cannot load what a reload brought ends alone, where
    gunicorn's would end the server.

    Attributes, set before it is forked:
        lifetime: what it shares with the other processes.
        generation: of which generation it is.
        queue: how many requests may wait; deadline: for how many seconds.
    """

    lifetime: Lifetime
    generation: int
    queue: int
    deadline: int

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._told_to_end = False
        self._in_hand: set[TConn] = set()  # connections with a request that came before the end
        self._accepted: set[TConn] = set()  # connections with a request that a thread handles, or is to
        self._waiting: deque[Waiting] = deque()

    def init_process(self) -> None:
        """Begin, once forked; returns when the process ends, unless a request outlasts its end: that ends with it."""
        self._refusing = ThreadPoolExecutor(REFUSING_THREADS)
        super().init_process()
        if self.nr_conns:  # or Python would wait for the request's thread
            os._exit(0)

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
            sleep(PAUSE)
            sys.exit(1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM."""
        self._told_to_end = True
        self._end_if_due()

    def notify(self) -> None:
        """Show gunicorn that this process lives, as its loop does at least once a second."""
        super().notify()
        self._refuse_overdue()
        self._tell_waiting()
        self._end_if_due()
        if not self.alive:
            self.set_accept_enabled(False)

    def _end_if_due(self) -> None:
        # A SIGTERM that comes before this process has handlers of its own does not reach it.
        if self.lifetime.ending or (self._told_to_end and not self.lifetime.needs(self.generation)):
            super().handle_exit(signal.SIGTERM, None)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; while the server ends, accept as long as an earlier request is in hand."""
        finishing = bool(self._in_hand or self.keepalived_conns)
        super().set_accept_enabled(enabled or (self.lifetime.ending and not self.alive and finishing))

    def begun(self, conn: TConn) -> None:
        """A request begins to come: it is to be finished, if it came before the end."""
        if self.alive or not self.lifetime.ending:
            self._in_hand.add(conn)

    def late(self, conn: TConn) -> None:
        """A request did not come to its end: a thread for refusals tells its client."""
        self._submit(self._refusing, self.tell_late, conn)

    def take(self, conn: TConn) -> None:
        """A request is whole: a thread will handle it, or refuse it."""
        if len(self._accepted) >= self.cfg.threads + self.queue:
            self._submit(self._refusing, self._refuse, conn)
            return
        self._accepted.add(conn)
        self._waiting.append(Waiting(monotonic(), self._submit(self.tpool, self.handle, conn)))

    def _submit(self, pool: ThreadPoolExecutor, work: Callable[[TConn], Any], conn: TConn) -> Future[Any]:
        future = pool.submit(work, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))
        return future

    def handle(self, conn: TConn) -> Any:
        """Handle a request, in a thread."""
        refusal.set(None if conn in self._in_hand else STOPPING)
        return super().handle(conn)

    def _refuse(self, conn: TConn) -> Any:
        """Refuse a request, in a thread; the app says it, so that a refusal looks and counts like any answer."""
        refusal.set(BUSY if conn in self._in_hand else STOPPING)
        return super().handle(conn)

    def _refuse_overdue(self) -> None:
        """Take those that have waited too long off the threads' queue; `finish_request` has them refused."""
        while self._waiting and self._waiting[0].future.running() | self._waiting[0].future.done():
            self._waiting.popleft()
        while self._waiting and self._waiting[0].since + self.deadline < monotonic():
            self._waiting.popleft().future.cancel()

    def _tell_waiting(self) -> None:
        waiting = max(0, len(self._accepted) - self.cfg.threads)
        self.wsgi.extensions["digitsmith_metrics"].waiting.set(waiting)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """A request has been answered, or has waited too long."""
        self._accepted.discard(conn)
        if fs.cancelled():
            self._submit(self._refusing, self._refuse, conn)
            return
        self._in_hand.discard(conn)
        if fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self.hang_up(conn)


def begin(server: Any, worker: Worker, queue: int, deadline: int) -> None:
    """Give a process that is about to be forked its settings and its place among the others."""
    worker.queue, worker.deadline = queue, deadline
    worker.lifetime, worker.generation, worker.counts = server.lifetime, server.lifetime.generation, server.counts
    taken = {other.slot for other in server.WORKERS.values()}
    worker.slot = min(set(range(len(taken) + 1)) - taken)


def survive_bad_configuration(server: Any) -> None:
    """Have SIGHUP keep what gunicorn.conf.py said before, where it cannot be used any more and would end the server."""
    read_anew = server.app.reload

    def reload() -> None:
        before = dict(vars(server.app))
        try:
            with redirect_stderr(StringIO()):  # gunicorn says it too, in no log line
                read_anew()
        except (Exception, SystemExit):
            vars(server.app).update(before)
            server.log.exception("gunicorn.conf.py cannot be used; what it said before goes on.")

    server.app.reload = reload


def hear_while_reloading(server: Any) -> None:
    """Have SIGHUP return once the new processes begin, where gunicorn's would hear nothing until the old ones are gone.

    They may take their whole grace, or stay where none can replace them. To be told to end once more
    does nothing to ours, which is why gunicorn waits.
    """
    reload_and_wait = server.reload

    def reload() -> None:
        reload_and_wait()  # with the grace that `on_reload` left
        server.cfg.set("graceful_timeout", server.grace)

    server.reload = reload


def stop_on_sigterm(server: Any, drain: int) -> None:
    """Have SIGTERM turn /readyz to 503 at once, and end the server `drain` seconds later; a second one ends it."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        server.lifetime.end()
        server.signal(signal.SIGTERM, None)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if os.getpid() != server.pid:  # just forked, and without a handler of its own yet
            return
        at_once = server.lifetime.stopping or not drain
        server.lifetime.stop()
        if at_once:
            end(_signal, _frame)
        else:
            signal.alarm(drain)

    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, stop)
