"""How much of a phase family a method sees: detection limits of ``validation/detection.toml``, as mass fractions.

A limit is an estimate with a standard deviation.  X-rays see phases of heavy atoms better than those of light ones;
``validation/detection.toml`` holds the structures that tell how much better, and ``scattering.py`` works it out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar

from sinterface.models.basics.errors import DataError, SinterfaceError, unknown
from sinterface.models.instruments.detector import Detector
from sinterface.models.instruments.raman import raman_limits
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders import materials
from sinterface.validation.observations import fields
from sinterface.validation.observations.evidence import Experiment
from sinterface.validation.observations.fields import Share

METHODS = ("XRD", "Raman", "TEM", "XAS", "EDS")
"""Methods that a card may name."""

REACTANTS = {"electrolyte": "garnet", "cathode": "layered"}
"""Families whose limits hold for reactants that are gone; spinels and olivines scatter about as layered oxides do."""

FILM_RATIO = 0.05
"""Cathode to electrolyte by mass, of a thin film: it ends long before the electrolyte."""

FILM_SHARE = 0.1
"""Share of the sample that is looked at where the cathode is a thin film: X-ray absorption, grazing diffraction and
electron microscopy see the film, 5 % of the sample as it is simulated, and about as much of the garnet beneath.  An
estimate, good to a factor of two."""


def read(text: str) -> Mapping[str, Mapping[str, Share]]:
    """Limits by method and family from the text of the table.

    Those of Raman spectroscopy are the model's.  Raises DataError for a family or method that does not exist, and
    where a method has no limit for a family.
    """
    tables = tomllib.loads(text)["limit"]
    table: dict[str, dict[str, Share]] = {method: {} for method in METHODS}
    for row in tables:
        for family in row["families"]:
            if family not in FAMILIES:
                raise unknown("family", family, FAMILIES)
            for method in METHODS:
                if method in row:
                    value, sd = row[method]
                    table[method][family] = fields.percent(value, sd, row["why"])
            raman = raman_limits()[family]
            table["Raman"][family] = fields.percent(raman.wt_percent, raman.sd, row["why"])
    for method, limits in table.items():
        if missing := FAMILIES.keys() - limits.keys():
            raise DataError(f"{method} has no detection limit for {', '.join(sorted(missing))}")
    return table


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The table as it stands in ``validation/detection.toml``."""
    text = resources.files("sinterface.validation").joinpath("detection.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def limits() -> Mapping[str, Mapping[str, Share]]:
    """Limits by method and family, that of the package."""
    return read(resources.files("sinterface.validation").joinpath("detection.toml").read_text(encoding="utf-8"))


def of_method(methods: Sequence[str], family: str = "") -> Share:
    """The detection limit of a family by any of several methods: the lowest of theirs, as either counts.

    Without a family the limit of the family that is seen best.  Raises DataError for an unknown method or family.

    >>> of_method(("XRD",), "La2Zr2O7").value
    0.01
    """
    for method in methods:
        if method not in METHODS:
            raise unknown("method", method, METHODS)
    if family and family not in FAMILIES:
        raise unknown("family", family, FAMILIES)
    chosen = [limits()[method][name] for method in methods for name in ([family] if family else FAMILIES)]
    return min(chosen, key=lambda share: share.value)


def limit(experiment: Experiment, family: str = "") -> Share:
    """The detection limit of a family in an experiment, as a share of the sample: the card's own, or else its methods'.

    Limits that ``looked_at_with`` put on the card go before those of its methods.
    Of a film on a pellet the methods see FILM_SHARE of the sample, and the limit is as much lower.
    """
    if experiment.detection_limit is not None:
        return experiment.detection_limit
    if experiment.limits is None:
        least = of_method(experiment.method, family)
    else:
        least = experiment.limits[family] if family else min(experiment.limits.values(), key=lambda share: share.value)
    if experiment.contact != "film":
        return least
    return Share(FILM_SHARE * least.value, FILM_SHARE * least.sd, f"{least.origin}; of the film and what lies beneath")


Card = TypeVar("Card", bound=Experiment)


def looked_at_with(cards: Sequence[Card], detector: Detector) -> tuple[Card, ...]:
    """The same cards as if their samples had been looked at with one detector; a card's own limit stays.

    Limits are those of the mixture as weighed in; their deviation is half of each, an estimate.  What was heated alone,
    and a powder that ``materials.find`` does not know, keeps the limits of its methods.
    """
    return tuple(_looked_at(card, detector) for card in cards)


def _looked_at(card: Card, detector: Detector) -> Card:
    if card.alone:
        return card
    try:
        cathode = materials.find(card.cathode, "cathode")
        electrolyte = materials.find(card.electrolyte, "electrolyte")
    except SinterfaceError:
        return card
    least = detector.of_couple(cathode, electrolyte, card.mass_ratio or FILM_RATIO, FAMILIES)
    shares = {name: 0.01 * min(value, 100.0) for name, value in least.items()}
    told = f"estimate: {detector.name} of the mixture as weighed in"
    return replace(card, limits={name: Share(value, 0.5 * value, told) for name, value in shares.items()})
