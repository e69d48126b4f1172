"""Whether a request has come as a whole, so that no thread need wait for the rest of it."""

import re
import socket
import struct

LARGEST = 65_536  # bytes that are waited for; a thread reads what goes beyond
HEAD_ENDS = b"\r\n\r\n"
LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
EXPECTS = re.compile(rb"^expect:", re.IGNORECASE | re.MULTILINE)


def is_whole(start: bytes) -> bool:
    """Whether a thread can begin on a request of which so much is here.

    It can once the head and the body that it announces have come, or LARGEST bytes of them. Of a body in
    chunks, or one that the client sends only when told to, the head is enough.
    """
    head, ends, body = start.partition(HEAD_ENDS)
    if len(start) >= LARGEST or (ends and EXPECTS.search(head)):
        return True
    length = LENGTH.search(head)
    return bool(ends) and len(body) >= (int(length[1]) if length else 0)


def waiting_bytes(sock: socket.socket) -> bytes | None:
    """What has come on a connection and not been read, up to LARGEST bytes; None when no more will come."""
    try:
        waiting = sock.recv(LARGEST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""
    except OSError:
        return None
    ended = len(waiting) < sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)
    return None if ended else waiting


def wake_after(sock: socket.socket, count: int) -> None:
    """Let a connection be readable, and a read of it end, only once so many bytes are there or it has ended."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)


def bound_silence(listener: socket.socket, seconds: int) -> None:
    """Let reads and writes of a listener's connections fail after so long in which the client does nothing."""
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", seconds, 0))
