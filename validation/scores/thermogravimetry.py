"""Where cathodes and their mixtures with garnet begin to lose mass when heated slowly, beside thermogravimetry.

A pure material is taken at equilibrium with the gas: it loses mass where decomposing sets oxygen free.  A mixture
follows the model; its extra loss is what goes beyond the equilibrium loss of its cathode alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import SinterfaceError, SolveError
from sinterface.models.interface import stability
from sinterface.models.phases import database as databases
from sinterface.models.phases import materials
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.solve.run import predict
from sinterface.validation.observations.evidence import Thermogravimetry
from sinterface.validation.scores import statements
from sinterface.validation.scores.plain_data import as_json

VISIBLE = 0.1
"""Loss, or extra loss, that marks the beginning of one [wt% of the sample]; an estimate for a thermobalance."""

Array = NDArray[np.float64]

GRID: Array = np.arange(400.0, 1101.0, 10.0) + CELSIUS_ZERO
"""Temperatures [K] at which losses are compared."""


def document(
    cards: Sequence[Thermogravimetry],
    values: Parameters,
    *,
    cells: int = 40,
    database: databases.Database | None = None,
) -> dict[str, Any]:
    """Observed and predicted temperatures [degrees C] and orders; what can not be predicted, with the reason.

    A loss begins where it reaches VISIBLE on GRID.  Cards that name no gas are taken in O2.
    """
    tables = values.energies(database or databases.embedded())
    missing = as_json(statements.without_mass_loss())

    @cache
    def alone(cathode: str, gas: Atmosphere) -> Array:
        return _alone(materials.find(cathode), gas, tables)

    @cache
    def lost_from(cathode: str, electrolyte: str, heat: str, gas: Atmosphere) -> float | None:
        try:
            loss = alone(cathode, gas)
            if electrolyte:
                task = problem(cathode, electrolyte, heat, atmosphere=gas, cells=cells)
                data = predict(task, database=database, parameters=values, estimate_error=False).dataset
                if data.attrs["outcome"] != "DONE":
                    raise SolveError(f"the run stopped early: {data.attrs['advice']}")
                mixture = -np.interp(GRID, data["temperature"].values, data["mass_change"].values)
                loss = mixture - task.mass_ratio / (1.0 + task.mass_ratio) * loss
        except SinterfaceError as error:
            missing.append({"what": " with ".join(filter(None, (cathode, electrolyte))), "why": str(error)})
            return None
        return next((float(T) for T, part in zip(GRID, loss, strict=True) if part >= VISIBLE), None)

    def predicted(card: Thermogravimetry, cathode: str) -> float | None:
        heat = f"{card.ramp:.10g} K/s to {card.end:.10g} K"
        start = lost_from(cathode, card.electrolyte, heat, card.atmosphere or atmosphere("O2"))
        return None if start is None or start > card.end + 1e-6 else round(start - CELSIUS_ZERO, 6)

    losses = []
    for card in (card for card in cards if card.loss_from is not None):
        at = predicted(card, card.material)
        low, high = ((round(T - CELSIUS_ZERO, 6)) for T in card.between or (card.loss_from, card.loss_from))
        losses.append({
            "id": card.id,
            "material": card.material,
            "electrolyte": card.electrolyte or None,
            "observed_C": round((card.loss_from or 0.0) - CELSIUS_ZERO, 6),
            "between_C": [low, high],
            "predicted_C": at,
            "inside": at is not None and low <= at <= high,
        })  # fmt: skip
    ordered = [card for card in cards if card.order]
    ranks = [_order(card, {name: predicted(card, name) for rank in card.order for name in rank}) for card in ordered]
    pure = [rank for rank in ranks if not rank["electrolyte"]]
    electrolytes = materials.built_in("electrolyte")
    garnet = next((card for card in cards if card.mass_loss is not None and card.material in electrolytes), None)
    return {
        "order": pure[0] if pure else {},
        "order_of_mixtures": [rank for rank in ranks if rank["electrolyte"]],
        "loss_from": losses,
        "garnet": {} if garnet is None or garnet.mass_loss is None else {
            "material": garnet.material,
            "observed_wt_percent": round(100.0 * garnet.mass_loss.value, 9),
            "steps_C": [" to ".join(f"{T - CELSIUS_ZERO:g}" for T in step) for step in garnet.steps],
            "predicted_wt_percent": None,
        },
        "not_predicted": missing,
    }  # fmt: skip


def _order(card: Thermogravimetry, predicted: dict[str, float | None]) -> dict[str, Any]:
    """Order from the most stable on; pairs that are told apart by experiment, and in how many the model agrees."""
    at = {name: np.inf if T is None else T for name, T in predicted.items()}
    pairs = [(a, b) for k, rank in enumerate(card.order) for a in rank for other in card.order[k + 1 :] for b in other]
    ranks = [[name for name in at if at[name] == T] for T in sorted(set(at.values()), reverse=True)]
    return {
        "id": card.id,
        "electrolyte": card.electrolyte or None,
        "observed": [list(rank) for rank in card.order],
        "predicted": ranks,
        "predicted_C": predicted,
        "pairs": len(pairs),
        "pairs_right": sum(at[a] > at[b] for a, b in pairs),
    }


def _alone(of: materials.Material, gas: Atmosphere, tables: databases.Database) -> Array:
    """Mass loss [%] of a material at equilibrium with the gas, over GRID; none where it is stable."""
    target = stability.subject(of, tables)
    own = target.itself.solids[0]
    loss = np.zeros(len(GRID))
    for k, T in enumerate(GRID):
        change = stability.decompose(target, float(T), gas)
        if change.per_atom > target.allowed:
            left = sum(part.moles * part.solid.molar_mass for part in change.formed)
            loss[k] = 100.0 * (1.0 - left * own.cations / own.molar_mass)
    return loss
