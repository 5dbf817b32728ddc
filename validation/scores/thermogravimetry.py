"""Where cathodes and their mixtures with garnet begin to lose mass when heated slowly, beside thermogravimetry.

Each is heated in the open pan of a thermobalance, as ``sinterface tga`` does.  The extra loss of a mixture is what goes
beyond that of its two powders apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import SinterfaceError, SolveError
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.powders.materials import built_in
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.studies.thermogram import Thermogram, thermogram
from sinterface.validation.observations.evidence import Thermogravimetry
from sinterface.validation.scores import statements
from sinterface.validation.scores.plain_data import as_json

VISIBLE = 0.1
"""Loss, or extra loss, that marks the beginning of one [wt% of the sample]; an estimate for a thermobalance."""


def document(
    cards: Sequence[Thermogravimetry],
    values: Parameters,
    *,
    cells: int = 40,
    database: Database | None = None,
) -> dict[str, Any]:
    """Observed and predicted temperatures [degrees C] and orders; what can not be predicted, with the reason.

    A loss begins where it reaches VISIBLE.  Cards that name no gas are taken in O2.
    """
    missing = as_json(statements.without_mass_loss())

    @cache
    def heated(material: str, partner: str, heat: str, gas: Atmosphere, received: bool) -> Thermogram | None:
        garnet = not partner and material in built_in("electrolyte")
        cathode, electrolyte = (None, material) if garnet else (material, partner or None)
        try:
            task = problem(
                cathode, electrolyte, heat, atmosphere=gas, cells=cells, crucible="pan",
                as_received=received and electrolyte is not None,
            )  # fmt: skip
            curves = thermogram(task, database=database, parameters=values)
            if not curves.result.finished:
                raise SolveError(f"the run stopped early: {curves.result.dataset.attrs['advice']}")
        except SinterfaceError as error:
            missing.append({"what": " with ".join(filter(None, (material, partner))), "why": str(error)})
            return None
        return curves

    def of(card: Thermogravimetry, material: str) -> Thermogram | None:
        heat = f"{card.ramp:.10g} K/s to {card.end:.10g} K"
        gas = card.atmosphere or atmosphere("O2")
        return heated(material, card.electrolyte, heat, gas, bool(card.as_received))

    def predicted(card: Thermogravimetry, material: str) -> float | None:
        curves = of(card, material)
        start = None if curves is None else _loss_from(curves)
        return None if start is None else round(start - CELSIUS_ZERO, 6)

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
    garnets = [card for card in cards if card.mass_loss is not None and card.material in built_in("electrolyte")]
    return {
        "order": pure[0] if pure else {},
        "order_of_mixtures": [rank for rank in ranks if rank["electrolyte"]],
        "loss_from": losses,
        "garnet": _garnet(garnets[0], of(garnets[0], garnets[0].material)) if garnets else {},
        "not_predicted": missing,
    }


def _garnet(card: Thermogravimetry, curves: Thermogram | None) -> dict[str, Any]:
    """Mass loss of the garnet alone [wt%], and the temperatures [degrees C] of its steps."""
    observed = 0.0 if card.mass_loss is None else 100.0 * card.mass_loss.value
    steps = () if curves is None else curves.curve.steps()
    return {
        "material": card.material,
        "observed_wt_percent": round(observed, 9),
        "steps_C": [" to ".join(f"{T - CELSIUS_ZERO:g}" for T in step) for step in card.steps],
        "predicted_wt_percent": None if curves is None else round(-float(curves.curve.change[-1]), 3),
        "predicted_steps_C": [f"{step.begin - CELSIUS_ZERO:.0f} to {step.end - CELSIUS_ZERO:.0f}" for step in steps],
    }


def _loss_from(curves: Thermogram) -> float | None:
    """Temperature [K] from which a powder alone, or a mixture beyond its powders apart, has lost VISIBLE."""
    if curves.apart is not None:
        return curves.extra_loss_from(least=VISIBLE)
    lost = curves.curve.change <= -VISIBLE
    return float(curves.curve.temperature[int(np.argmax(lost))]) if lost.any() else None


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
