"""A coating between cathode and electrolyte: the reactions of its two faces against that of the bare interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError
from sinterface.models.interface.reactions import InterfaceReactions, interface_reactions
from sinterface.models.phases import materials
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.materials import Material


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


def coating(text: str, database: Database) -> Material:
    """A coating by built-in name or alias, or by the phase id or formula of a compound of the database.

    For thermodynamics: thickness and density of a compound are those of a built-in coating.
    Raises InputError naming the choices.
    """
    cards = materials.built_in("coating")
    if text.casefold() in {key.casefold() for key in cards}:
        return materials.find(text, "coating")
    if text in database.solids:
        solid = database[text]
    else:
        try:
            wanted = _shares(formula.parse(text))
        except InputError:
            return materials.find(text, "coating")  # an alias, or an error that names the choices
        alike = [s for s in database.solids.values() if s.observed and _shares(s.amounts) == wanted]
        if not alike:
            raise InputError(
                f"coating {text!r}: no compound of the database has this composition, and no card; choices are "
                f"{', '.join(sorted(cards))} or what `sinterface phases list` shows"
            )
        solid = min(alike, key=lambda s: s.enthalpy / sum(s.amounts.values()))
    typical = next(iter(cards.values()))
    return replace(typical, id=text, composition=solid.amounts, structure=solid.structure, source=f"phase {solid.id}")


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
