"""What a run made, summed by family: courses in time, and the numerical errors of the final amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from sinterface.simulate.solve.result import Result

SECONDARY = "secondary"
"""Role of what forms.  What was put into the furnace, powders and additives alike, has other roles and never counts."""


def courses(result: Result) -> dict[str, NDArray[np.float64]]:
    """wt% of each secondary family against the run's times (time,).

    >>> import sinterface as si
    >>> result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 500 °C; quench", cells=8))
    >>> all(round(courses(result)[family][-1] - share, 9) == 0 for family, share in result.family_shares.items())
    True
    """
    share = result.dataset["wt_percent"]
    by_family: dict[str, NDArray[np.float64]] = {}
    for column, (family, role) in enumerate(zip(share["family"].values, share["role"].values, strict=True)):
        if role == SECONDARY:
            by_family[str(family)] = by_family.get(str(family), 0.0) + share.values[:, column]
    return by_family


def final_errors(result: Result) -> dict[str, float]:
    """Numerical error [wt%] of each secondary family at the end: the sum of its phases' errors.

    A family of which a phase has no error estimate is left out.
    """
    error = result.dataset["wt_percent_error"].isel(time=-1)
    by_family: dict[str, float] = {}
    for family, role, size in zip(error["family"].values, error["role"].values, error.values, strict=True):
        if role == SECONDARY:
            by_family[str(family)] = by_family.get(str(family), 0.0) + float(size)
    return {family: size for family, size in by_family.items() if np.isfinite(size)}


def with_family(phase: str, family: str) -> str:
    """A phase as figures name it, with its family where the name does not say it.

    >>> with_family("NiO", "rock salt"), with_family("Li1.2Mn0.8O2 (Li2MnO3)", "Li2MnO3"), with_family("SiO2", "other")
    ('NiO (rock salt)', 'Li1.2Mn0.8O2 (Li2MnO3)', 'SiO2')
    """
    told = family in (phase, "other") or phase.endswith(f"({family})")
    return phase if told else f"{phase} ({family})"


def with_error(share: float, error: float | None, digits: int = 2) -> str:
    """An amount as tables show it, with its numerical error behind ± where there is one.

    >>> with_error(3.912, 0.134), with_error(3.912, None)
    ('3.91 ± 0.13', '3.91')
    """
    return f"{share:.{digits}f}" + ("" if error is None or not np.isfinite(error) else f" ± {error:.{digits}f}")


def detected(role: str, share: float, error: float | None, limit: float) -> str:
    """Whether a secondary phase of this share [wt%] reaches the limit, "unsure" where its numerical error decides it.

    >>> detected("secondary", 1.2, 0.1, 1.0), detected("secondary", 1.2, 0.3, 1.0), detected("cathode", 50.0, None, 1.0)
    ('yes', 'unsure', '')
    """
    if role != SECONDARY:
        return ""
    if abs(share - limit) < np.nan_to_num(error or 0.0):
        return "unsure"
    return "yes" if share >= limit else "-"


def printed(shares: pd.DataFrame) -> str:
    """wt% by family as ``print`` shows them on 80 columns.

    >>> import pandas as pd
    >>> printed(pd.DataFrame())
    'no secondary phases'
    """
    return shares.to_string(float_format="{:.2f}".format, line_width=80) if shares.size else "no secondary phases"
