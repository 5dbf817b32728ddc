"""Cells of foreign tables, judged one by one: whatever is wrong becomes a DataError that says where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError

MOST = 500
"""Longest fault told [characters]."""


class Row:
    """One row of a file: reads its cells, and knows where it stands when a cell is wrong."""

    def __init__(self, where: str, cells: object) -> None:
        """``where`` is what messages begin with; ``cells`` must be a mapping."""
        self.where = where
        if not isinstance(cells, dict):
            self.wrong("is not an object")
        self.cells: dict[str, Any] = cells

    def wrong(self, fault: str) -> NoReturn:
        """Raise DataError in one printable line."""
        line = "".join(character if character.isprintable() else "?" for character in fault[:MOST])
        raise DataError(f"{self.where}: {line}")

    def value(self, column: str) -> Any:
        """The cell as it is; it must be there."""
        if column not in self.cells:
            self.wrong(f"{column} is absent")
        return self.cells[column]

    def number(self, column: str, bounds: tuple[float, float] = (-math.inf, math.inf)) -> float:
        """A finite number within bounds."""
        value = self.value(column)
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ValueError(value)
            number = float(value)
        except (ValueError, OverflowError):
            self.wrong(f"{column} = {value!r:.60} is not a number")
        if not math.isfinite(number) or not bounds[0] <= number <= bounds[1]:
            self.wrong(f"{column} = {value!r:.60} is outside {bounds[0]:g} to {bounds[1]:g}")
        return number

    def optional(self, column: str, bounds: tuple[float, float]) -> float | None:
        """A number, or None where the cell is absent or blank."""
        return None if self.cells.get(column) in (None, "") else self.number(column, bounds)

    def text(self, column: str) -> str:
        """A line of printable text."""
        value = self.value(column)
        if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
            self.wrong(f"{column} = {value!r:.60} is not a line of text")
        return value.strip()

    def flag(self, column: str) -> bool | None:
        """True, false, or None where the cell is absent."""
        value = self.cells.get(column)
        if value is not None and not isinstance(value, bool):
            self.wrong(f"{column} = {value!r:.60} is neither true nor false")
        return value

    def amounts(self, column: str) -> dict[str, float]:
        """Moles of each element of a formula."""
        try:
            return formula.parse(self.text(column))
        except InputError as error:
            self.wrong(str(error))

    def moles(self, column: str) -> dict[str, float]:
        """Moles of each element of a mapping, as written."""
        composition = Row(f"{self.where}, {column}", self.value(column))
        amounts = {symbol: composition.number(symbol, (0.0, 1e6)) for symbol in composition.cells}
        amounts = {symbol: amount for symbol, amount in amounts.items() if amount > 0.0}
        if not amounts:
            self.wrong(f"{column} is empty")
        for symbol in amounts:
            try:
                formula.atomic_mass(symbol)
            except InputError as error:
                self.wrong(str(error))
        return amounts


def reduced(amounts: Mapping[str, float]) -> dict[str, float]:
    """Amounts divided by their greatest common divisor where all are whole, as they are otherwise."""
    if not all(float(amount).is_integer() for amount in amounts.values()):
        return dict(amounts)
    divisor = math.gcd(*(int(amount) for amount in amounts.values()))
    return {symbol: amount / divisor for symbol, amount in amounts.items()}
