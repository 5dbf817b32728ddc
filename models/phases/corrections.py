"""Systematic errors of DFT formation energies, fitted per element to the measured enthalpies.

    H_measured - E_DFT = sum_e n_e delta_e + error,   error sd^2 = sd_measured^2 + (sigma_class * n_atoms)^2

Weighted least squares with a wide prior on each delta (Wang et al., Sci. Rep. 11, 15496 (2021) fit the Materials
Project's corrections in the same way).  Simple oxides err differently from mixed ones (La2O3 by -40 kJ per La, La
perovskites by -20), and phosphates, borates, tungstates, iron and niobium compounds scatter more; so each class has a
sigma of its own, the value at which its leave-one-out residuals have the size the error model says.  It becomes the
uncertainty of what nobody measured.  ``python -m sinterface.models.evidence.fit_corrections`` fits again and
writes ``data/corrections.csv``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import EV_PER_ATOM

PRIOR_SD = 100.0e3
"""Prior standard deviation of one element's correction [J/mol]: as large as the largest known (Ta)."""

CLASSES = ("simple oxide", "mixed oxide", "other")
CORE = frozenset(("Li", "La", "Zr", "Ta", "Al", "Ga", "Mg", "Ti", "Ni", "Mn", "Co", "O"))
"""Elements of the mixed oxides in which garnets and oxide cathodes react."""

ALONE = 0.9
"""Leverage above which an observation alone decides an element's correction: leaving it out then says nothing."""


def class_of(amounts: Mapping[str, float]) -> str:
    """The error class of a composition, one of CLASSES."""
    if len(amounts) <= 2:
        return "simple oxide"
    return "mixed oxide" if set(amounts) <= CORE else "other"


@dataclass(frozen=True)
class EnthalpyPair:
    """A phase with both a measured enthalpy and a DFT energy: amounts, measured minus DFT [J/mol] and its sd."""

    phase: str
    amounts: Mapping[str, float]
    difference: float
    sd: float

    @property
    def atoms(self) -> float:
        """Atoms in a formula unit."""
        return sum(self.amounts.values())


@dataclass(frozen=True)
class Corrections:
    """Element corrections [J/mol of atoms], their covariance, and the residual error of each class [J/mol of atoms]."""

    elements: tuple[str, ...]
    values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residual: Mapping[str, float]

    def _vector(self, amounts: Mapping[str, float]) -> NDArray[np.float64]:
        return np.array([amounts.get(element, 0.0) for element in self.elements])

    def enthalpy(self, amounts: Mapping[str, float], dft_eV_atom: float) -> tuple[float, float]:
        """Corrected formation enthalpy of a formula unit and its standard deviation [J/mol]."""
        atoms = sum(amounts.values())
        n = self._vector(amounts)
        variance = n @ self.covariance @ n + (self.residual[class_of(amounts)] * atoms) ** 2
        for element, amount in amounts.items():
            if element != "O" and element not in self.elements:
                variance += (PRIOR_SD * amount) ** 2
        return dft_eV_atom * EV_PER_ATOM * atoms + float(n @ self.values), float(np.sqrt(variance))


@dataclass(frozen=True)
class LeaveOneOut:
    """Residual of one observation predicted from all others [J/mol of atoms], and whether the others determine it."""

    phase: str
    error: float
    determined: bool
    kind: str


def fit(observations: Sequence[EnthalpyPair]) -> tuple[Corrections, list[LeaveOneOut]]:
    """Fit the corrections; also returns the leave-one-out residuals, in the order of the observations.

    Each sigma is multiplied by the root of its class's mean squared, normalised residual until that is one; a class
    with no determined observation keeps the sigma of the mixed oxides.
    """
    elements = tuple(sorted({element for observation in observations for element in observation.amounts} - {"O"}))
    n = np.array([[observation.amounts.get(element, 0.0) for element in elements] for observation in observations])
    atoms = np.array([observation.atoms for observation in observations])
    y = np.array([observation.difference for observation in observations])
    sd = np.array([observation.sd for observation in observations])
    kinds = np.array([CLASSES.index(class_of(observation.amounts)) for observation in observations])
    sigma = np.full(len(CLASSES), 2.0e3)
    for _ in range(300):
        variance = sd**2 + (sigma[kinds] * atoms) ** 2
        covariance = np.linalg.inv((n / variance[:, None]).T @ n + np.eye(len(elements)) / PRIOR_SD**2)
        values = covariance @ (n.T @ (y / variance))
        leverage = np.einsum("ij,jk,ik->i", n, covariance, n) / variance
        loo = (y - n @ values) / (1.0 - leverage)
        normalised = loo**2 * (1.0 - leverage) / variance
        for kind in range(len(CLASSES)):
            use = (kinds == kind) & (leverage < ALONE)
            sigma[kind] = sigma[kind] * np.sqrt(np.mean(normalised[use])) ** 0.5 if use.any() else sigma[1]
    residual = dict(zip(CLASSES, sigma.tolist(), strict=True))
    left_out = [
        LeaveOneOut(o.phase, float(e / a), bool(h < ALONE), CLASSES[k])
        for o, e, a, h, k in zip(observations, loo, atoms, leverage, kinds, strict=True)
    ]
    return Corrections(elements, values, covariance, residual), left_out


def rms(left_out: Sequence[LeaveOneOut], kind: str) -> float:
    """Root mean square leave-one-out error of a class [J/mol of atoms], over what the others determine."""
    errors = [row.error for row in left_out if row.kind == kind and row.determined]
    return float(np.sqrt(np.mean(np.square(errors))))


def to_csv(corrections: Corrections) -> str:
    """The table as shipped: kJ/mol rounded to 1 J, one row per element, covariance in (kJ/mol)^2."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["element", "correction_kJ_mol", *(f"cov_{element}" for element in corrections.elements)])
    for i, element in enumerate(corrections.elements):
        covariance = [f"{value * 1e-6:.3f}" for value in corrections.covariance[i]]
        writer.writerow([element, f"{corrections.values[i] * 1e-3:.3f}", *covariance])
    for kind, sigma in corrections.residual.items():
        writer.writerow([f"residual per atom, {kind}", f"{sigma * 1e-3:.3f}", *[""] * len(corrections.elements)])
    return out.getvalue()


def from_csv(text: str) -> Corrections:
    """Read what ``to_csv`` wrote."""
    rows = list(csv.reader(text.splitlines()))[1:]
    body, tail = rows[: -len(CLASSES)], rows[-len(CLASSES) :]
    residual = {kind: float(row[1]) * 1e3 for kind, row in zip(CLASSES, tail, strict=True)}
    values = np.array([float(row[1]) for row in body]) * 1e3
    covariance = np.array([[float(cell) for cell in row[2:]] for row in body]) * 1e6
    return Corrections(tuple(row[0] for row in body), values, covariance, residual)


def load() -> Corrections:
    """The shipped corrections."""
    return from_csv(resources.files("sinterface.models.data").joinpath("corrections.csv").read_text(encoding="utf-8"))
