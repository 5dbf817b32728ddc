"""Text files of the user's: never more is read than a stated size, and any fault is told in one line."""

from __future__ import annotations

from pathlib import Path

from sinterface.models.basics.errors import DataError, InputError, shown


def read_text(path: Path, most: int, what: str) -> str:
    """Text of a file of at most ``most`` bytes; ``what`` it should be stands in the messages.

    Devices and pipes are read no further than files.  Raises InputError when it can not be read, DataError when it is
    too long or not UTF-8.

    >>> read_text(Path("no-such-card.toml"), 100, "card")
    Traceback (most recent call last):
    ...
    sinterface.models.basics.errors.InputError: no-such-card.toml: No such file or directory
    """
    name = str(path) if str(path).isprintable() and len(str(path)) <= 300 else shown(str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from error
    except ValueError as error:  # a null in the name
        raise InputError(f"{name}: there is no such file") from error
    if len(content) > most:
        raise DataError(f"{name}: over {most} bytes is no {what}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not a {what}: byte {error.start} is not UTF-8 text") from error
