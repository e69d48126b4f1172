"""Zip files that are written from front to back."""

import io
import struct
import zlib
from contextlib import suppress
from zipfile import ZIP_DEFLATED

from app.formats.zips import BLOCK, writing


def test_a_zip_file_that_is_broken_off_ends_at_once():
    out = io.BytesIO()
    with suppress(RuntimeError), writing(out, b"{}") as archive:
        for member in range(1000):
            archive.add(f"{member}.png", b"")
        end = out.tell()
        raise RuntimeError
    assert out.tell() - end < 100  # and lists no thousand members first


def test_a_large_member_of_a_zip_file_has_the_same_header_by_every_python():
    out = io.BytesIO()
    with writing(out, b"{}") as archive:
        start = out.tell()
        with archive.member("large", 2**31):
            pass
    header = out.getvalue()[start:]
    assert header[4:6] == b"\x2d\0"  # version 4.5
    assert header[18:26] == b"\xff" * 8  # the sizes


class Stream(io.BytesIO):
    """A file in which nobody can go back."""

    def tell(self) -> int:
        """Fail, as `seek` does."""
        raise io.UnsupportedOperation

    seek = tell


def test_a_zip_file_can_be_read_from_front_to_back_without_seeking():
    """As Java's ZipInputStream does: of each member the deflated bytes themselves say where they end."""
    contents = {"manifest.json": b"{}", "none": b"", "large": bytes(range(256)) * 1000, "full": b"x" * BLOCK}
    out = Stream()
    with writing(out, contents["manifest.json"]) as archive:
        for name, content in list(contents.items())[1:]:
            archive.add(name, content)
    left, found = out.getvalue(), {}
    while left.startswith(b"PK\x03\x04"):
        method, name_length, more_length = struct.unpack_from("<8xH16xHH", left)
        assert method == ZIP_DEFLATED
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        name = left[30 : 30 + name_length].decode()
        found[name] = inflate.decompress(left[30 + name_length + more_length :])
        assert inflate.eof
        left = inflate.unused_data[16:]  # behind the checksum and the sizes
    assert found == contents
