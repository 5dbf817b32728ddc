"""Locks that keep a second process off a store or a checkpoint, and that end with the process, however it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sinterface.models.basics.errors import InputError


class Lock:
    """A lock on one path that is held from the start until ``release``, or until the process ends.

    A folder is locked itself.  For a file that need not be there yet, and that is replaced when it is written, an empty
    file ``.NAME.lock`` beside it is; it goes with the lock.  Symbolic links to one file are one lock.  Where the
    system has no such locks (Windows, some network drives) nothing is locked.

    Raises InputError when another process, or another part of this process, holds it; ``what`` the path is stands in
    the message.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Lock(Path(folder), "store") as lock:
    ...     before = lock.held
    >>> lock.held
    False
    """

    def __init__(self, path: Path, what: str) -> None:
        """Take the lock, or raise InputError at once: nobody is waited for."""
        real = Path(os.path.realpath(path))
        self._beside = None if real.is_dir() else real.with_name(f".{real.name[:240]}.lock")
        try:
            self._handle = self._taken(self._beside or real)
        except BlockingIOError as error:
            raise InputError(f"{what} {path}: another run writes to it; wait for it or name another") from error
        except OSError:  # a folder that may not be written, or without locks
            self._handle = None

    @staticmethod
    def _taken(place: Path) -> int | None:
        """Handle of the locked place.  Raises BlockingIOError when somebody has it."""
        try:
            import fcntl
        except ImportError:
            return None
        while True:
            if place.is_dir():
                handle = os.open(place, os.O_RDONLY)
            else:
                handle = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                mine, there = os.fstat(handle), None
                with contextlib.suppress(FileNotFoundError):
                    there = place.stat()
            except BaseException:
                os.close(handle)
                raise
            if there is not None and (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
                return handle
            os.close(handle)  # its holder has just removed it: lock the file that is there now

    @property
    def held(self) -> bool:
        """False after ``release``, and where the system has no locks."""
        return self._handle is not None

    def release(self) -> None:
        """Let others in; a second call does nothing."""
        if self._handle is None:
            return
        if self._beside is not None:
            with contextlib.suppress(OSError):
                self._beside.unlink()
        os.close(self._handle)
        self._handle = None

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@contextlib.contextmanager
def alone(path: Path | None, what: str) -> Iterator[None]:
    """A block in which no other process writes to ``path``; nothing is locked when it is None.

    Raises InputError when another process is in such a block.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, alone(Path(folder, "run.h5"), "checkpoint"):
    ...     [file.name for file in Path(folder).iterdir()]
    ['.run.h5.lock']
    """
    if path is None:
        yield
        return
    with Lock(path, what):
        yield
