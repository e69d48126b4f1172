"""Zip files whose bytes depend on nothing but their content, and that need next to no memory.

Members stand in deflate's blocks for what it leaves as it is: compressed they would have other bytes on a machine with
another zlib, and of what is not deflated a reader that cannot seek, such as Java's ZipInputStream, finds no end.
(Java 17 finds none of an array of 2 to 4 GB either, for it reads its sizes in four bytes where zipfile writes eight.)
"""

import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MANIFEST = "manifest.json"
UNIX = 3  # zip's number for the system that wrote the file
READABLE = 0o644 << 16  # the permissions that a member is unpacked with
STREAMED = 0x08  # zip's flag of a member whose size and checksum stand behind it
BLOCK = 65_535  # bytes, at most, in one that deflate leaves as it is
BLOCK_HEAD = struct.Struct("<BHH")  # whether it is the last; its length, and the same with every bit turned
ENTRY = struct.Struct("<IQQB")  # checksum, size, place, length of the name
MEMBERS = 1024  # in a block
ZIP64_VERSION, ZIP64_SIZE = 45, 2**32 - 1  # of a member that may have more than fits: that its sizes stand elsewhere


class _Directory(list[ZipInfo]):
    """The members' places, which a zip file ends with, in 34 bytes each where zipfile's own list takes 400.

    They are forgotten while they are gone through, for by then each is written.
    """

    def __init__(self) -> None:
        self._blocks: deque[bytearray] = deque()
        self._count = 0

    def append(self, info: ZipInfo) -> None:
        if self._count % MEMBERS == 0:
            self._blocks.append(bytearray())
        name = info.filename.encode()
        self._blocks[-1] += ENTRY.pack(info.CRC, info.file_size, info.header_offset, len(name)) + name
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ZipInfo]:
        while self._blocks:
            yield from _members(self._blocks.popleft())


class _Member(ZipInfo):
    """A member whose size and checksum stand behind it."""

    def FileHeader(self, zip64: bool | None = None) -> bytes:  # noqa: N802 - zipfile's name
        """What stands before it. Of large members Python before 3.11.4 says what a small one's would."""
        header = bytearray(super().FileHeader(zip64))
        if zip64:
            struct.pack_into("<H", header, 4, ZIP64_VERSION)
            struct.pack_into("<II", header, 18, ZIP64_SIZE, ZIP64_SIZE)
        return bytes(header)


class _Storing:
    """In place of zlib's compressor: blocks that are not compressed (RFC 1951, section 3.2.4)."""

    def __init__(self) -> None:
        self._rest = b""

    def compress(self, content: bytes) -> bytes:
        """The blocks that are full by now."""
        content = self._rest + content
        full = len(content) // BLOCK * BLOCK
        self._rest = content[full:]
        return b"".join(_block(content[start : start + BLOCK]) for start in range(0, full, BLOCK))

    def flush(self) -> bytes:
        """The last block, which may be empty."""
        return _block(self._rest, last=True)


def _block(content: bytes, last: bool = False) -> bytes:
    return BLOCK_HEAD.pack(last, len(content), len(content) ^ 0xFFFF) + content


class Archive:
    """A zip file that is written from front to back, into a file that cannot seek."""

    def __init__(self, archive: ZipFile):
        self._archive = archive

    def add(self, name: str, content: bytes) -> None:
        """Add a member."""
        with self.member(name, len(content)) as file:
            file.write(content)

    @contextmanager
    def member(self, name: str, size: int) -> Iterator[IO[bytes]]:
        """A member to write to, which will have `size` bytes."""
        with self._archive.open(_info(name, size), "w") as file:
            file._compressor = _Storing()  # type: ignore[attr-defined]
            yield file
        self._archive.NameToInfo.clear()  # zipfile's second list of the members


@contextmanager
def writing(out: IO[bytes], manifest: bytes) -> Iterator[Archive]:
    """A zip file, with the manifest as its first member."""
    with ZipFile(out, "w") as file:
        file.filelist = _Directory()
        archive = Archive(file)
        try:
            archive.add(MANIFEST, manifest)
            yield archive
        except BaseException:
            file.filelist = []  # nobody takes what zipfile would still write of them, a minute long for 50 million
            raise


def _members(block: bytearray) -> Iterator[ZipInfo]:
    place = 0
    while place < len(block):
        checksum, size, offset, length = ENTRY.unpack_from(block, place)
        place += ENTRY.size + length
        info = _info(block[place - length : place].decode(), size)
        info.CRC, info.header_offset, info.flag_bits = checksum, offset, STREAMED
        info.compress_size = size + BLOCK_HEAD.size * (size // BLOCK + 1)
        yield info


def _info(name: str, size: int) -> ZipInfo:
    info = _Member(name)  # it is dated 1980, whenever it is written
    info.file_size, info.external_attr, info.create_system = size, READABLE, UNIX
    info.compress_type = ZIP_DEFLATED
    return info
