"""Records as plain data and back: dicts, lists, texts, numbers and None, as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sinterface.models.basics.errors import DataError, shown

T = TypeVar("T")


def as_json(value: Any) -> Any:
    """Records, mappings and sequences as dicts and lists; all else as it is.

    >>> as_json({"interval": (0.5, None)})
    {'interval': [0.5, None]}
    """
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_json(part) for part in value]
    return value


def read(kind: type[T], value: object, where: str = "document") -> T:
    """The record that plain data describe; what ``as_json`` made of a record is read back as it was.

    Every field has to be there with its type, and nothing else.  Raises DataError that names the place.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Pair:
    ...     low: float
    ...     high: float | None
    >>> read(Pair, {"low": 1, "high": None})
    Pair(low=1.0, high=None)
    """
    record: T = _read(kind, value, where)
    return record


def _read(kind: Any, value: object, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return _record(kind, value, where)
    if origin in (UnionType, Union):
        return _either(inner, value, where)
    if origin is tuple and isinstance(value, (list, tuple)):
        kinds = [inner[0]] * len(value) if inner[-1] is ... else list(inner)
        if len(kinds) == len(value):
            return tuple(
                _read(part, entry, f"{where}[{k}]") for k, (part, entry) in enumerate(zip(kinds, value, strict=True))
            )
    elif origin is not None and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {str(key): _read(inner[1], entry, f"{where}.{key}") for key, entry in value.items()}
    elif kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    elif origin is None and isinstance(value, kind) and (kind is not int or not isinstance(value, bool)):
        return value
    raise DataError(f"{where}: {shown(value)} is no {getattr(kind, '__name__', kind)}")


def _record(kind: Any, value: object, where: str) -> Any:
    hints = _hints(kind)
    if not isinstance(value, Mapping) or set(value) != set(hints):
        given = sorted(map(str, value)) if isinstance(value, Mapping) else shown(value)
        raise DataError(f"{where}: {kind.__name__} has the keys {', '.join(hints)}; given are {given}")
    return kind(**{name: _read(hint, value[name], f"{where}.{name}") for name, hint in hints.items()})


def _either(kinds: tuple[Any, ...], value: object, where: str) -> Any:
    """The first kind that fits; an empty object stands for nothing where nothing is allowed."""
    if NoneType in kinds and (value is None or value == {}):
        return None
    errors = []
    for kind in kinds:
        try:
            return _read(kind, value, where)
        except DataError as error:
            errors.append(error)
    raise errors[0]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
