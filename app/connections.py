"""How one of gunicorn's processes keeps slow and silent clients from holding its threads."""

import errno
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ
from time import monotonic, sleep
from typing import Any

from gunicorn.http.body import Body, LengthReader
from gunicorn.http.errors import ConfigurationProblem, ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from app import unreadable
from app.arrivals import awaited, bound_silence, is_whole, waiting_bytes, wake_after

SILENCE = 10  # seconds for the first byte on a new connection, enough for two lost packets
ARRIVAL = 30  # seconds for a request, from its first byte to its last
READ = 15  # seconds that a thread waits for the next bytes of a body
WRITE = 60  # seconds that it waits for a client to take more of an answer, which clients do in large steps
SKIPPED = 65_536  # bytes of a body, fewer of which gunicorn reads to get at the next request


class PatientWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's threaded worker, with habits of its own towards clients.

    A request gets a thread once it has come as a whole, where gunicorn's gives a new connection a thread
    for five seconds, and the first bytes of a request one for ever: browsers open connections in advance,
    and a few of those, or of clients on slow lines, would hold all threads. A thread waits only so long
    for a client, where gunicorn's would wait for ever. While a client has yet to close a connection that
    has ended, the others are served, where gunicorn's would wait for it for two seconds. And what cannot
    be read is answered by the app, where gunicorn would say it in its own way.
    """

    pending_conns: deque[TConn]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._due: dict[TConn, float] = {}  # when a request that has begun to come must be whole
        self._next_look = 0.0

    def init_process(self) -> None:
        """Begin, once forked; returns when the process ends."""
        for listener in self.sockets:
            bound_silence(listener, READ, WRITE)
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection; where no more files may be open it waits, where gunicorn's process would end."""
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            sleep(0.01)  # or this would be tried without a pause until a connection is closed

    def begun(self, conn: TConn) -> None:
        """The first byte of a request has come on a connection."""

    def late(self, conn: TConn) -> None:
        """A request is not whole in time: `tell_late` is to be called, and then `hang_up`."""

    def tell_late(self, conn: TConn) -> None:
        """Tell the client of a request that it did not come to its end."""
        self._answer(TimeoutError(f"its end has not come in {ARRIVAL} seconds"), conn.sock, conn.client)

    def take(self, conn: TConn) -> None:
        """A request is whole: a thread is to handle it."""
        super().enqueue_req(conn)

    def enqueue_req(self, conn: TConn) -> None:
        """A connection is new, or more has come on it."""
        read = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        unread = waiting_bytes(conn.sock)
        come = read + (unread or b"")
        start = come.removeprefix(b"\r\n")  # an empty line before a request means nothing (RFC 9112, section 2.2)
        if start and conn not in self._due:
            self._due[conn] = monotonic() + ARRIVAL
            self.begun(conn)
        if unread is None or is_whole(start):
            wake_after(conn.sock, 1)
            self._due.pop(conn, None)
            conn.data_ready = True  # or gunicorn's thread would look for itself, for which it opens another file
            self.take(conn)
        else:
            wake_after(conn.sock, awaited(start) + len(come) - len(start) - len(read))
            self._await(conn, self.on_pending_socket_readable, self._due.get(conn, monotonic() + SILENCE))

    def _await(self, conn: TConn, then: Callable[[TConn, Any], None], until: float | None = None) -> None:
        """Wait until a connection can be read; close it when that is not before `until`, or soon."""
        conn.sock.setblocking(False)
        conn.set_timeout()
        conn.timeout = until or conn.timeout
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def _leave(self, conn: TConn) -> None:
        """Wait for a connection no longer."""
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def murder_pending(self) -> None:
        """Close the connections that have been waited for long enough, which is seen to once a second."""
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + 1
        if not self.alive:
            self._cut_silence(now)
        for conn in [conn for conn, until in self._due.items() if until <= now]:
            del self._due[conn]
            self._leave(conn)
            self.late(conn)
        # gunicorn's stops at the first that is not due, and ours do not stand in order.
        self.pending_conns = deque(sorted(self.pending_conns, key=lambda conn: conn.timeout))
        super().murder_pending()

    def _cut_silence(self, now: float) -> None:
        """While the server stops, wait for who says nothing no longer than for who has kept a connection."""
        for conn in self.pending_conns:
            if conn not in self._due:
                conn.timeout = min(conn.timeout, now + self.cfg.keepalive)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Handle a request, in a thread; a client that takes nothing of its answer counts as gone.

        gunicorn ends a connection on which much of a body was left unread, but only the answer's head can
        tell the client not to use it again. So it is to look at the body when it writes that.
        """
        closes = req.should_close
        req.should_close = lambda: closes() or is_left(req.body)
        try:
            return super().handle_request(req, conn)
        except BlockingIOError as error:
            raise ConnectionResetError(errno.ECONNRESET, "The client takes nothing.") from error
        finally:
            del req.should_close  # or the two would hold each other in memory

    def handle_error(self, req: Any, client: socket.socket, addr: tuple[str, int], exc: BaseException) -> None:
        """Answer what cannot be read as a request; of a body that cannot be read, the app has spoken already."""
        if isinstance(exc, ParseException) and not isinstance(exc, ConfigurationProblem):  # the operator's
            if req is None:
                self._answer(exc, client, addr)
        else:
            super().handle_error(req, client, addr, exc)

    def _answer(self, error: Exception, client: socket.socket, address: tuple[str, int]) -> None:
        client.sendall(unreadable.answer(self.wsgi, error, address[0] if address else ""))

    def hang_up(self, conn: TConn) -> None:
        """Say that no more will come, and close once the client has (RFC 9112, section 9.6)."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
        else:
            self._await(conn, self._drain)

    def _drain(self, conn: TConn, client: socket.socket) -> None:
        """The client of a connection that has ended has sent more, which nobody reads, or closed it."""
        try:
            if client.recv(65_536):
                return
        except OSError:
            pass
        self._leave(conn)
        self.nr_conns -= 1
        conn.close()


def is_left(body: Body) -> bool:
    """Whether too much of a request's body is unread for the next request to be found behind it, or it did not come."""
    if body.failed:
        return True
    if isinstance(body.reader, LengthReader):
        return bool(body.reader.length >= SKIPPED)
    return body.reader.parser is not None  # chunks, whose end has not come
