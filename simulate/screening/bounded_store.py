"""Zarr files of a store that may come from a stranger: nothing is read or unpacked before its size is known.

Zarr itself takes the size of what a chunk unpacks to from the chunk: 28 bytes can ask for two gigabytes.  Here a file
is read no further than a bound, the size that the head of its Zstandard frame declares is compared with what the array
needs, and a chunk of texts must hold as many of them as the array says.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zarr.core.buffer import default_buffer_prototype
from zarr.storage import LocalStore

from sinterface.models.basics.errors import DataError, shown

MOST_METADATA = 5_000_000
"""Bytes of one metadata file that are read; a screen of 50 temperatures writes some 30,000."""

_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class ChunkLimit:
    """What one chunk of an array may be: ``unpacked`` bytes at most, exactly ``texts`` texts or, when None, numbers."""

    unpacked: int
    texts: int | None = None


class BoundedStore(LocalStore):
    """A local Zarr store whose chunks are judged before zarr sees them.

    Chunks can be read once ``limits`` holds their array; no other array can.  Raises DataError for a file that is too
    long, is no file, or unpacks to something else than its array holds.
    """

    def __init__(self, root: Path | str, *, read_only: bool = False) -> None:
        """As zarr's LocalStore."""
        super().__init__(root, read_only=read_only)
        self.limits: dict[str, ChunkLimit] = {}

    def with_read_only(self, read_only: bool = False) -> BoundedStore:
        """The same files and limits, for reading alone or not."""
        other = type(self)(self.root, read_only=read_only)
        other.limits = self.limits
        return other

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Content of a file, or None when there is none."""
        try:
            content = self._judged(key)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
        if byte_range is not None:
            raise DataError(f"{self.root}: {shown(key)} is asked for by pieces, as no screen writes it")
        return (prototype or default_buffer_prototype()).buffer.from_bytes(content)

    async def get(self, key: str, prototype: Any = None, byte_range: Any = None) -> Any:
        """Content of a file, or None when there is none."""
        return await asyncio.to_thread(self.get_sync, key, prototype=prototype, byte_range=byte_range)

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[tuple[str, Any]]) -> list[Any]:
        """Contents of several files."""
        return [await self.get(key, prototype, wanted) for key, wanted in key_ranges]

    def _judged(self, key: str) -> bytes:
        name, _, rest = key.partition("/")
        chunk = rest.startswith("c/") or rest == "c"
        limit = self.limits.get(name) if chunk else None
        if chunk and limit is None:
            raise DataError(f"{self.root}: holds {shown(name)}, which no screen writes; name another store")
        most = MOST_METADATA if limit is None else limit.unpacked + limit.unpacked // 50 + 1000
        path = self.root / key
        with path.open("rb") as stream:
            if not stat.S_ISREG(path.stat().st_mode):
                raise DataError(f"{self.root}: {shown(key)} is no file; name another store")
            content = stream.read(most + 1)
        if len(content) > most:
            raise DataError(f"{self.root}: {shown(key)} has over {most} bytes: damaged; name another store")
        if limit is not None and (fault := chunk_fault(content, limit)):
            raise DataError(f"{self.root}: {shown(key)} {fault}: damaged; name another store")
        return content


def chunk_fault(content: bytes, limit: ChunkLimit) -> str:
    """What is wrong with a packed chunk, found without unpacking more than its limit; empty when nothing is.

    >>> chunk_fault(b"no frame", ChunkLimit(512))
    'is no Zstandard frame of known size'
    """
    size = frame_size(content)
    if size is None:
        return "is no Zstandard frame of known size"
    if size > limit.unpacked or (limit.texts is None and size != limit.unpacked):
        return f"unpacks to {size} bytes instead of {limit.unpacked}"
    if limit.texts is None:
        return ""
    import numcodecs.zstd

    packer: Any = numcodecs.zstd  # has no types
    try:
        head = bytes(packer.Zstd().decode(content))[:4]
    except (RuntimeError, ValueError) as error:
        return f"can not be unpacked ({type(error).__name__})"
    count = int.from_bytes(head, "little")
    return "" if len(head) == 4 and count == limit.texts else f"declares {count} texts instead of {limit.texts}"


def frame_size(content: bytes) -> int | None:
    """Bytes that the head of a Zstandard frame says it unpacks to; None when it does not say, or is no head.

    Layout: RFC 8878, section 3.1.1.1, as recalled and checked against frames of numcodecs.
    """
    if len(content) < 6 or content[:4] != _MAGIC:
        return None
    descriptor = content[4]
    single = bool(descriptor & 0x20)
    start = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    length = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    field = content[start : start + length]
    if not length or len(field) < length:
        return None
    return int.from_bytes(field, "little") + (256 if length == 2 else 0)
