"""Prints every statistic of the phase data that docs/data.md quotes: ``python docs/data_figures.py``."""

from __future__ import annotations

import sys
from collections import Counter
from importlib import resources

import numpy as np

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.evidence.fit_corrections import ion_table, measured_residuals
from sinterface.models.phases import corrections
from sinterface.models.phases.database import embedded, observations, unadjusted
from sinterface.models.phases.phase_tables import read_records

MEV = 1e3 / EV_PER_ATOM


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(text + "\n")


records = read_records()
raw, final = unadjusted(), embedded()
say(f"database {final.fingerprint}: {len(records)} rows, {sum(r.observed for r in records.values())} observed")
say(f"enthalpy taken from: {dict(Counter(s.method for s in raw.solids.values()).most_common())}")
say(f"rows by `known`: {dict(Counter(r.row['known'] for r in records.values()).most_common())}")
both = [k for k, r in records.items() if r.enthalpy is not None and r.dft is not None]
say(f"measured and DFT: {len(both)}; DFT only: {sum(r.enthalpy is None for r in records.values())}")
say(f"measured, but DFT taken as surer: {', '.join(k for k in both if raw[k].method == 'dft') or 'none'}")
say(f"entropy given: {sum(r.entropy is not None for r in records.values())}, Cp given: "
    f"{sum(r.cp is not None for r in records.values())}")  # fmt: skip

say("\nDFT corrections")
seen = observations(records)
fitted, left_out = corrections.fit(seen)
difference = np.array([o.difference / o.atoms for o in seen]) * MEV
say(f"{len(seen)} observations; measured minus raw DFT: rms {np.sqrt(np.mean(difference**2)):.0f} meV/atom")
for kind in corrections.CLASSES:
    some = [entry for entry in left_out if entry.kind == kind]
    say(
        f"{kind}: {len(some)} observations, {sum(entry.determined for entry in some)} determined by the others; "
        f"residual {fitted.residual[kind] * MEV:.1f} meV/atom ({fitted.residual[kind] * 1e-3:.2f} kJ/mol), "
        f"leave-one-out rms {corrections.rms(left_out, kind) * MEV:.1f} meV/atom"
    )
worst = sorted((entry for entry in left_out if entry.determined), key=lambda entry: -abs(entry.error))[:8]
say(
    "largest leave-one-out errors, meV/atom: " + ", ".join(f"{entry.phase} {entry.error * MEV:+.0f}" for entry in worst)
)
for element, value, variance in zip(fitted.elements, fitted.values, np.diag(fitted.covariance), strict=True):
    say(f"  {element:3s} {value * 1e-3:8.1f} ± {np.sqrt(variance) * 1e-3:.1f} kJ/mol")
shipped = resources.files("sinterface.models.data").joinpath("corrections.csv").read_text(encoding="utf-8")
say(f"the fit repeats the shipped table: {corrections.to_csv(fitted) == shipped}")

say("\nentropy estimate, measured less ion sum per mole of cations, J/(mol K)")
measured = list(measured_residuals(records))
for kind, kind_of_ions in ion_table(records).classes.items():
    members = sorted(((error, phase) for phase, its, error in measured if its == kind), reverse=True)
    say(f"{kind}: {kind_of_ions.phases} phases, taken {kind_of_ions.mean:+.2f} ± {kind_of_ions.sd:.2f}; "
        + ", ".join(f"{phase} {error:+.1f}" for error, phase in members))  # fmt: skip

say("\nadjustments (kJ per mole of formula units)")
for key, solid in final.solids.items():
    change = solid.enthalpy - raw[key].enthalpy
    if abs(change) > 0.5:
        say(f"  {key:14s} {change * 1e-3:+7.2f}  sd {raw[key].enthalpy_sd * 1e-3:6.1f}  ({raw[key].method})")
