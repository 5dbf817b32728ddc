"""Stability maps: what forms, and with how much energy, over temperature and one partial pressure.

Every cell starts from the compositions of the solutions that its neighbour is made of, which saves most of the search
for them; the energies differ from those of cells worked out alone by at most ``column_generation.TOLERANCE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM, T_MAX, T_MIN
from sinterface.models.basics.errors import InputError, unknown
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.equilibrium.chemistry import ChemicalSystem, Pseudo
from sinterface.models.interface.mixture_input import Batch
from sinterface.models.interface.reactions import Couple, profile
from sinterface.models.interface.stability import ALLOWED
from sinterface.models.phases.atmosphere import PRESSURES, Atmosphere

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

RECENT = 20
"""Compositions that a cell hands on beside those it is made of."""


@dataclass(frozen=True)
class StabilityMap:
    """Cells over temperatures (n,) [K] and ``pressures`` (m,) [bar] of ``species``; ``gas`` gives the other pressures.

    energy (n, m): gained by reaction [J per mole of reactant atoms], negative; of a couple at its most favourable
    ratio x (n, m), the cathode's share of the cations.  beyond (n, m): the most that is gained beyond what each side
    gains alone.  field (n, m): position of the cell's assemblage in ``assemblages``, names of its phases; shares
    (n, m, F): shares of ``families`` in the mass.  Where a couple gains no more than was allowed the assemblage is the
    couple itself, x and shares are nan.  A batch has no x (nan), a bare composition no energies either.
    """

    subject: str
    gas: Atmosphere
    species: str
    temperatures: Array
    pressures: Array
    energy: Array
    beyond: Array
    x: Array
    field: NDArray[np.intp]
    assemblages: tuple[tuple[str, ...], ...]
    families: tuple[str, ...]
    shares: Array

    def phases(self, row: int, column: int) -> tuple[str, ...]:
        """Names of the phases in a cell, in alphabetical order; a solution by its name."""
        return self.assemblages[int(self.field[row, column])]

    def dataset(self) -> xr.Dataset:
        """The map with units: temperature in degrees C, pressures in bar, energies in meV/atom."""
        import xarray as xr

        both = ("temperature", self.species)
        energies = {
            "energy": "energy of reaction per atom of the reactants",
            "energy_beyond_decomposition": "part gained beyond the decomposition of each side",
        }
        table = {
            name: (both, values / EV_PER_ATOM * 1e3, {"units": "meV/atom", "long_name": energies[name]})
            for name, values in zip(energies, (self.energy, self.beyond), strict=True)
        }
        return xr.Dataset(
            {
                **table,
                "cathode_share": (both, self.x, {"units": "1", "long_name": "cathode's share of the cations"}),
                "field": (both, self.field, {"units": "1", "long_name": "position in assemblage"}),
                "wt_percent": ((*both, "family"), 100.0 * self.shares, {"units": "%", "long_name": "by mass"}),
                "assemblage": ("number", np.array([" + ".join(names) for names in self.assemblages], dtype=str)),
            },
            coords={
                "temperature": ("temperature", self.temperatures - CELSIUS_ZERO, {"units": "degC"}),
                self.species: (self.species, self.pressures, {"units": "bar"}),
                "family": np.array(self.families, dtype=str),
            },
            attrs={"subject": self.subject, "atmosphere": str(self.gas)},
        )  # fmt: skip


@dataclass(frozen=True)
class _Cell:
    energy: float
    beyond: float
    x: float
    names: tuple[str, ...]
    families: Mapping[str, float]
    starts: tuple[Pseudo, ...]


def stability_map(
    what: Couple | Batch, temperatures: Array, species: str, pressures: Array, gas: Atmosphere, *,
    allowed: float = ALLOWED,
) -> StabilityMap:  # fmt: skip
    """The map over temperatures (n,) [K] and pressures (m,) [bar] of pO2, pCO2 or pH2O; ``gas`` gives the other two.

    Of a couple at its most favourable mixing ratio, of a batch as it is.  ``allowed`` [J per mole of atoms].
    Raises InputError naming what is wrong with the axes.
    """
    T, p = np.atleast_1d(np.asarray(temperatures, dtype=float)), np.atleast_1d(np.asarray(pressures, dtype=float))
    if species not in PRESSURES:
        raise unknown("gas axis", species, PRESSURES)
    if T.ndim != 1 or T.size == 0 or not np.all((T >= T_MIN) & (T <= T_MAX)):
        raise InputError(f"temperatures must be a list of values between {T_MIN:g} and {T_MAX:g} K")
    if p.ndim != 1 or p.size == 0 or not np.all(p > 0.0):
        raise InputError(f"{species} must be a list of pressures above zero, in bar")
    work = _couple if isinstance(what, Couple) else _batch
    cells: list[list[_Cell]] = []
    for row, temperature in enumerate(T):
        starts, line = cells[row - 1][0].starts if row else (what.system.nothing(),), []
        for pressure in p:
            omega = what.system.phases.grand_potential(float(temperature), gas.having(species, float(pressure)))
            line.append(work(what, omega, float(temperature), starts, allowed))  # type: ignore[arg-type]
            starts = line[-1].starts
        cells.append(line)
    every = [cell for line in cells for cell in line]
    names = sorted({cell.names for cell in every})
    families = sorted({family for cell in every for family in cell.families})
    number = {label: position for position, label in enumerate(names)}
    shares = [[cell.families.get(family, 0.0 if cell.families else np.nan) for family in families] for cell in every]

    def table(values: list[float]) -> Array:
        return np.array(values).reshape(T.size, p.size)

    return StabilityMap(
        subject=f"{what.electrolyte.id} | {what.cathode.id}" if isinstance(what, Couple) else what.name,
        gas=gas,
        species=species,
        temperatures=T,
        pressures=p,
        energy=table([c.energy for c in every]),
        beyond=table([c.beyond for c in every]),
        x=table([c.x for c in every]),
        field=np.array([number[c.names] for c in every], dtype=np.intp).reshape(T.size, p.size),
        assemblages=tuple(names),
        families=tuple(families),
        shares=np.array(shares).reshape(T.size, p.size, len(families)),
    )


def _couple(pair: Couple, omega: Array, T: float, starts: tuple[Pseudo, ...], allowed: float) -> _Cell:
    line = profile(pair, omega, T, starts[0])
    atoms = pair.atoms(line.x)
    gain = line.energy / atoms
    beyond = (line.energy - (1.0 - line.x) * line.energy[0] - line.x * line.energy[-1]) / atoms
    best = int(np.argmin(gain))
    amounts, x = line.amounts[best], float(line.x[best])
    if gain[best] >= -allowed:
        amounts, x = np.zeros_like(amounts), np.nan
        amounts[list(pair.rows)] = 1.0
    names = tuple(sorted(assemblage.signature(pair.system, line.pseudo, amounts)))
    families = _families(pair.system, line.pseudo, amounts, T) if np.isfinite(x) else {}
    start = _useful(line.pseudo, np.any(line.amounts > 0.0, axis=0))
    return _Cell(float(gain[best]), float(np.min(beyond)), x, names, families, (start,))


def _batch(batch: Batch, omega: Array, T: float, starts: tuple[Pseudo, ...], allowed: float) -> _Cell:
    rows, table = list(batch.rows), batch.system.phases.composition
    totals = [batch.total] if len(rows) < 2 else [batch.total, *table[rows]]  # a single material is one of its own
    equilibria = [
        column_generation.equilibrium(batch.system, omega, T, total, starts[min(i, len(starts) - 1)])
        for i, total in enumerate(totals)
    ]
    best, pseudo = equilibria[0].answer, equilibria[0].pseudo
    names = tuple(sorted(assemblage.signature(batch.system, pseudo, best.amounts)))
    families = _families(batch.system, pseudo, best.amounts, T)
    again = tuple(_useful(each.pseudo, each.answer.amounts > 0.0) for each in equilibria)
    if not rows:
        return _Cell(np.nan, np.nan, np.nan, names, families, again)
    shares = np.array(batch.shares)
    atoms = float(shares @ batch.system.phases.atoms[rows])
    gain = best.energy - float(shares @ omega[rows])
    alone = [each.answer.energy - omega[row] for each, row in zip(equilibria[1:] or equilibria, rows, strict=True)]
    return _Cell(gain / atoms, (gain - float(shares @ alone)) / atoms, np.nan, names, families, again)


def _families(of: ChemicalSystem, pseudo: Pseudo, amounts: Array, T: float) -> Mapping[str, float]:
    return assemblage.by_family(assemblage.products(of, pseudo, amounts, T))


def _useful(pseudo: Pseudo, used: NDArray[np.bool_]) -> Pseudo:
    """The compositions in use (P + C,), and those of the last equilibrium: the neighbour's lie near them."""
    kept = used[len(used) - len(pseudo.mixture) :].copy()
    kept[-RECENT:] = True
    return Pseudo(pseudo.mixture[kept], pseudo.x[kept])
