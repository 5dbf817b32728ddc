"""A coating between cathode and electrolyte: the reactions of its two faces against that of the bare interface."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError, unknown
from sinterface.models.basics.lookalikes import level
from sinterface.models.basics.quantity import Quantity
from sinterface.models.equilibrium.chemistry import reactant
from sinterface.models.interface.reactions import InterfaceReactions, interface_reactions
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.substance import Solid
from sinterface.models.powders import materials
from sinterface.models.powders.materials import Material


@dataclass(frozen=True)
class Coated:
    """A coating between cathode and electrolyte: the reactions of its two faces, and of the bare interface.

    Energies [J per mole of reactant atoms] are those of the most favourable mixing ratio, decomposition of one side
    included, negative where it reacts.
    """

    coating: Material
    inner: InterfaceReactions
    outer: InterfaceReactions
    bare: InterfaceReactions

    @property
    def energies(self) -> tuple[float, float]:
        """Of cathode|coating and coating|electrolyte."""
        return self.inner.strongest.energy, self.outer.strongest.energy

    @property
    def score(self) -> float:
        """The worse, lower, of the two energies."""
        return min(self.energies)

    @property
    def alone(self) -> float:
        """What the coating gains by itself in the gas."""
        return self.inner.kinks[0].energy

    @property
    def helps(self) -> float:
        """By how much less the worse face reacts than the bare interface; negative when it reacts more."""
        return self.score - self.bare.strongest.energy


TYPICAL_DENSITY = 4000.0
"""Density [kg/m^3] of a layer of which none is known: an estimate, 2200 (borates) to 6000 for the oxides here."""


def coating(text: str, database: Database) -> Material:
    """A coating by built-in name or alias, by the phase id or formula of a compound of the database, or by a formula.

    A formula that is no compound has to be a composition of a solution of the database: LiNi0.5Mn0.5O2.  The density
    is that of the database's row, TYPICAL_DENSITY where it has none; grains are those of a typical built-in coating.
    Raises InputError naming the choices.

    >>> from sinterface.models.phases.database import embedded
    >>> coating("La2Zr2O7", embedded()).formula
    'La2Zr2O7'
    """
    cards = materials.built_in("coating")
    if text.casefold() in {key.casefold() for key in cards}:
        return materials.find(text, "coating")
    choices = f"choices are {', '.join(sorted(cards))} or what `sinterface phases list` shows"
    if level(text) in database.solids:
        return _layer(level(text), database[level(text)])
    try:
        composition = formula.parse(text)
    except InputError as error:
        if materials.is_named(text):
            return materials.find(text, "coating")  # an alias, or an error that tells what else it is
        phases = {solid: solid for solid in database.solids}
        raise unknown(
            "coating", text, cards, "or a formula or a phase that `sinterface phases list` shows", phases
        ) from error
    wanted = _shares(composition)
    alike = [s for s in database.solids.values() if s.observed and _shares(s.amounts) == wanted]
    if alike:
        return _layer(text, min(alike, key=lambda s: s.enthalpy / sum(s.amounts.values())))
    structure = materials.guess_structure(composition)
    if structure is None:
        raise InputError(f"coating {text!r}: no compound of the database has this composition, and no card; {choices}")
    layer = replace(_layer(text, None), composition=composition, structure=structure, source="formula")
    try:
        reactant(layer, database)
    except InputError as error:
        raise InputError(f"coating {text!r}: {error}; {choices}") from error
    return layer


def _layer(name: str, solid: Solid | None) -> Material:
    """A layer of a compound with the sizes of a typical coating; its composition is left to the caller without one."""
    typical = next(iter(materials.built_in("coating").values()))
    density = solid.density if solid is not None else math.nan
    if not density > 0.0:
        density = TYPICAL_DENSITY
    known = Quantity(density, 0.3 * density, "estimate" if density == TYPICAL_DENSITY else "phase table")
    layer = replace(typical, id=name, density=known)
    if solid is None:
        return layer
    return replace(layer, composition=solid.amounts, structure=solid.structure, source=f"phase {solid.id}")


def _shares(amounts: Mapping[str, float]) -> dict[str, float]:
    total = sum(amounts.values())
    return {symbol: round(amount / total, 6) for symbol, amount in amounts.items()}


def coatings(
    cathode: Material, electrolyte: Material, temperature: float, atmosphere: Atmosphere, database: Database,
    candidates: Sequence[str | Material] | None = None,
) -> tuple[Coated, ...]:  # fmt: skip
    """Coatings by their score, best first, at temperature [K] in a gas; ties by name.

    Of the built-in coatings when no candidates (names, phases, formulas or materials) are given.  Raises InputError.
    """
    chosen = list(materials.built_in("coating")) if candidates is None else candidates
    bare = interface_reactions(cathode, electrolyte, temperature, atmosphere, database)
    ranked = []
    for candidate in chosen:
        layer = candidate if isinstance(candidate, Material) else coating(candidate, database)
        inner = interface_reactions(cathode, layer, temperature, atmosphere, database)
        outer = interface_reactions(layer, electrolyte, temperature, atmosphere, database)
        ranked.append(Coated(layer, inner, outer, bare))
    return tuple(sorted(ranked, key=lambda coated: (-coated.score, coated.coating.id)))
