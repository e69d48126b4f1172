"""Zip files that are written from front to back."""

import io
from contextlib import suppress

from app.formats.zips import writing


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
