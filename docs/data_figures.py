"""Prints every statistic of the phase data that docs/data.md quotes: ``python docs/data_figures.py``."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from importlib import resources

import numpy as np

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.phases import corrections, estimates, substance
from sinterface.models.phases.database import embedded, observations, unadjusted
from sinterface.models.phases.phase_tables import read_records

MEV = 1e3 / EV_PER_ATOM
GARNET_ELEMENTS = frozenset(["Li", "La", "Zr", "Ta", "Ni", "Mn", "Co", "O"])


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
    some = [one for one in left_out if one.kind == kind]
    say(
        f"{kind}: {len(some)} observations, {sum(one.determined for one in some)} determined by the others; "
        f"residual {fitted.residual[kind] * MEV:.1f} meV/atom ({fitted.residual[kind] * 1e-3:.2f} kJ/mol), "
        f"leave-one-out rms {corrections.rms(left_out, kind) * MEV:.1f} meV/atom"
    )
worst = sorted((one for one in left_out if one.determined), key=lambda one: -abs(one.error))[:8]
say("largest leave-one-out errors, meV/atom: " + ", ".join(f"{one.phase} {one.error * MEV:+.0f}" for one in worst))
for element, value, variance in zip(fitted.elements, fitted.values, np.diag(fitted.covariance), strict=True):
    say(f"  {element:3s} {value * 1e-3:8.1f} ± {np.sqrt(variance) * 1e-3:.1f} kJ/mol")
shipped = resources.files("sinterface.models.data").joinpath("corrections.csv").read_text(encoding="utf-8")
say(f"the fit repeats the shipped table: {corrections.to_csv(fitted) == shipped}")

say("\nentropy estimate")
table = estimates.read_ions(lambda key: records[key].entropy, lambda key: records[key].cp)
recipes = resources.files("sinterface.models.data").joinpath("ions.csv").read_text(encoding="utf-8")
base = {name for row in csv.DictReader(recipes.splitlines()) for name in re.findall(r"[0-9./]+\s+(\S+)", row["recipe"])}
errors: dict[str, float] = {}
for key, record in records.items():
    held = set(record.amounts)
    if (
        record.entropy is None
        or key in base
        or "liquid" in key
        or held & {"C", "H"}
        or not substance.cations(record.amounts)
    ):
        continue
    charges = estimates.charges(record.amounts)
    if charges is not None and set(charges) <= set(table.ions):
        errors[key] = (table.estimate(record.amounts)[0] - record.entropy) / substance.cations(record.amounts)
core = {key: error for key, error in errors.items() if set(records[key].amounts) <= GARNET_ELEMENTS}
for label, some in (("all oxides outside the recipes", errors), ("of Li La Zr Ta Ni Mn Co O only", core)):
    values = np.array(list(some.values()))
    say(
        f"{label}: {len(values)}, mean {values.mean():+.1f}, rms {np.sqrt(np.mean(values**2)):.1f} J/(mol K) per cation"
    )
widest = sorted(errors, key=lambda key: -abs(errors[key]))[:8]
say("largest, estimate minus table: " + ", ".join(f"{key} {errors[key]:+.1f}" for key in widest))
say(f"sd used in the model: {table.entropy_sd_per_cation:g} J/(mol K) per cation")

say("\nadjustments (kJ per mole of formula units)")
for key, solid in final.solids.items():
    change = solid.enthalpy - raw[key].enthalpy
    if abs(change) > 0.5:
        say(f"  {key:14s} {change * 1e-3:+7.2f}  sd {raw[key].enthalpy_sd * 1e-3:6.1f}  ({raw[key].method})")
