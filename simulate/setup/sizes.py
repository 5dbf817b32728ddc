"""Sizes of the particles of both powders, as users write them: means and deviations, or those of the cards."""

from __future__ import annotations

import re
from dataclasses import replace

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.basics.quantity import length
from sinterface.models.powders.materials import Material
from sinterface.models.powders.sizes import CLASSES, Mode, Sizes
from sinterface.simulate.setup.coating import POWDERS

CARDS = "cards"
"""What is written for the means and deviations of the powders' cards."""

_NUMBER = r"(\d+(?:\.\d*)?)"
_MODE = re.compile(
    rf"(?:{_NUMBER}\s*%\s+)?{_NUMBER}(?:\s*(?:±|\+-|\+/-)\s*{_NUMBER})?\s*(nm|um|µm|μm|mm)(\s+by\s+number)?",
    flags=re.IGNORECASE,
)
_HELP = "write e.g. 'cathode=5±3um, electrolyte=2±1um', 'cathode=70% 10±3um + 30% 2±1um' or 'cards'"


def read_sizes(
    text: str, cathode: Material | None, electrolyte: Material | None
) -> tuple[Material | None, Material | None, Sizes | None, Sizes | None]:
    """Both powders with the sizes that a text tells, and the distributions of these.

    Parts are separated by commas: a powder and the mean and deviation of the diameter, ``cathode=5±3um``, of a
    log-normal distribution by volume, or ``by number``; several with their shares by mass, joined by a plus; and
    ``classes=3``, the number of classes of each.  ``cards`` takes mean and deviation of both from their cards.  A
    powder that is not named keeps a single size, that of its card.  Raises InputError naming the part and the remedy.

    >>> from sinterface.models.powders.materials import find
    >>> read_sizes("cathode=5±3um", find("pc-LCO"), find("LLZTO", "electrolyte"))[2].label
    '5±3um'
    """
    powders = {"cathode": cathode, "electrolyte": electrolyte}
    told: dict[str, tuple[Mode, ...]] = {}
    count = CLASSES
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        if part.casefold() == CARDS:
            for role, powder in powders.items():
                if powder is not None:
                    told[role] = (Mode(powder.particle_diameter.value, powder.particle_diameter.sd),)
            continue
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name.casefold() == "classes" and re.fullmatch(r"\d{1,3}", value):
            count = int(value)
        elif name.casefold() in POWDERS and value:
            if powders[name.casefold()] is None:
                raise InputError(f"sizes {shown(part)}: there is no {name} in this problem")
            told[name.casefold()] = tuple(_mode(piece.strip(), part) for piece in value.split(" + "))
        else:
            raise InputError(f"sizes {shown(part)} are not understood: {_HELP}")
    if not told:
        raise InputError(f"sizes {shown(text)} name no powder: {_HELP}")
    sizes = {role: Sizes(modes, count) for role, modes in told.items()}
    for role, each in sizes.items():
        powder = powders[role]
        if powder is not None:
            powders[role] = _sized(powder, each)
    return powders["cathode"], powders["electrolyte"], sizes.get("cathode"), sizes.get("electrolyte")


def _mode(text: str, part: str) -> Mode:
    match = _MODE.fullmatch(text)
    if match is None:
        raise InputError(f"sizes {shown(part)}: {shown(text)} is not understood: {_HELP}")
    mean, deviation = (length(number, match[4]) for number in (match[2], match[3] or "0"))
    share = 0.01 * float(match[1] or "100")
    if mean <= 0.0:
        raise InputError(f"sizes {shown(part)}: a diameter is above 0")
    return (Mode.by_number if match[5] else Mode)(mean, deviation, share)


def _sized(powder: Material, sizes: Sizes) -> Material:
    """A powder of these sizes; its grains are no larger than its particles, and those of a single crystal are them."""
    mean = sizes.mean
    diameter = replace(powder.particle_diameter, value=mean, sd=sizes.modes[0].deviation)
    grain = powder.grain_size
    if powder.morphology == "single-crystal" or grain.value > mean:
        grain = replace(grain, value=mean)
    return replace(powder, particle_diameter=diameter, grain_size=grain)
