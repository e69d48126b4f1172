"""Whether a request has come as a whole, so that no thread need wait for the rest of it."""

import re
import socket
import struct

LARGEST = 65_536  # bytes that are waited for; a thread reads what goes beyond
LONGEST_LINE = 4_096
HEAD_ENDS = b"\r\n\r\n"
BEGINS = re.compile(rb"[A-Z]+ ")
LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
AT_ONCE = re.compile(rb"^(?:expect|transfer-encoding):", re.IGNORECASE | re.MULTILINE)


def is_whole(start: bytes) -> bool:
    """Whether a thread can begin on a request of which so much is here.

    It can once the head and the body that it announces have come, or LARGEST bytes of them. Of a body
    in chunks or sent only when asked for, the head is enough; and so is a start that makes no request.
    """
    head, ends, body = start.partition(HEAD_ENDS)
    line, line_ends, _ = start.partition(b"\r\n")
    bare_line_ends = head.count(b"\n") - head.count(b"\r\n")
    if len(line) >= LONGEST_LINE or (line_ends and not BEGINS.match(line)) or bare_line_ends:
        return True
    if len(start) >= LARGEST:
        return True
    if not ends:
        return False
    length = _body_length(head)
    return length is None or len(body) >= length or bool(AT_ONCE.search(head))


def awaited(start: bytes) -> int:
    """How many bytes of a request must be there before it is worth looking at again: all, if its head says how many."""
    head, ends, _ = start.partition(HEAD_ENDS)
    length = _body_length(head) if ends else None
    announced = 0 if length is None else len(head) + len(ends) + length
    return max(len(start) + 1, min(LARGEST, announced))


def _body_length(head: bytes) -> int | None:
    """How many bytes of a body a head announces; None where it says none or several."""
    lengths = LENGTH.findall(head)
    return int(lengths[0]) if len(lengths) == 1 else None


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


def bound_silence(listener: socket.socket, read: int, write: int) -> None:
    """Let reads and writes of a listener's connections fail after so many seconds in which the client does nothing."""
    for option, seconds in ((socket.SO_RCVTIMEO, read), (socket.SO_SNDTIMEO, write)):
        listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", seconds, 0))
