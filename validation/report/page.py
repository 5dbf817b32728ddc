"""The validation report: one HTML page, made from the record of ``sinterface validate``, that loads nothing."""

from __future__ import annotations

from pathlib import Path

from sinterface.simulate.files.output import check_writable, write_whole
from sinterface.simulate.pages.page import frame
from sinterface.validation.report import sections, sections_more
from sinterface.validation.scores.document import Validation

SECTIONS = {
    "Summary": sections.summary,
    "Verdict per powder": sections.verdicts,
    "Phase map": sections.phase_maps,
    "Onsets": sections.onsets,
    "Amounts": sections.amounts,
    "Amounts against temperature": sections.curves,
    "Thermogravimetry": sections_more.mass_losses,
    "Parameters": sections_more.parameters,
    "Sensitivity of the onsets": sections_more.sensitivity,
    "Right and wrong per family": sections_more.right_and_wrong,
    "Other laboratories": sections_more.other_laboratories,
    "What is not predicted, and why": sections_more.not_predicted,
    "Problems": sections_more.problems,
}
"""Headings and what makes the part below each."""


def write(validation: Validation, path: Path) -> None:
    """Write the report whole or not at all.  Raises InputError when the place can not be written."""
    check_writable(path)
    text = page(validation)
    write_whole(path, lambda name: name.write_text(text, encoding="utf-8"))


def page(validation: Validation) -> str:
    """The report as HTML; parts that the comparison does not have are said to be missing."""
    about = f"sinterface {validation.version}, database {validation.database}"
    if validation.samples:
        about += f"; {validation.samples} samples of the parameters for each prediction"
    parts = {title: make(validation) for title, make in SECTIONS.items()}
    return frame("Predicted and observed secondary phases", about, parts)
