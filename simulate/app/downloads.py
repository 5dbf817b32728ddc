"""Figures and tables of the app to take away: each is made when it is asked for, in memory, and says how to make it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sinterface.models.basics.errors import InputError
from sinterface.simulate.app.results import Rows, rows_of
from sinterface.simulate.figures import plot, plot_instruments, plot_mass, plot_schedules
from sinterface.simulate.work import code, form
from sinterface.simulate.work.jobs import Job

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TYPES = {
    "png": "image/png", "svg": "image/svg+xml", "csv": "text/csv; charset=utf-8", "nc": "application/x-netcdf",
    "xy": "text/plain; charset=utf-8",
}  # fmt: skip
"""What browsers are told of a file, by its ending."""

Draw = Callable[[Job, float], "Figure"]

FIGURES: Mapping[str, Mapping[str, Draw]] = {
    "run": {
        "phases": lambda job, limit: plot.run(job.parts["result"], limit),
        "profile": lambda job, limit: plot.profile(job.parts["result"]),
        "mass": lambda job, limit: plot_mass.against_time(job.parts["result"]),
        "pattern": lambda job, limit: plot_instruments.diffractogram(job.parts["pattern"]),
    },
    "sweep": {"sweep": lambda job, limit: plot.sweeps([job.parts["sweep"]])},
    "compare": {"compare": lambda job, limit: plot_schedules.compared(job.parts["comparison"], limit)},
    "reactions": {"reactions": lambda job, limit: plot.reactions([(job.parts["reactions"], None)])},
}
"""Figures of each page by name."""

DATASETS: Mapping[str, str] = {"run": "result", "sweep": "sweep", "compare": "comparison"}
"""Parts whose dataset is taken away as NetCDF."""


def made(job: Job, name: str) -> tuple[bytes, str] | None:
    """Content and type of a file of a job by its name, such as ``phases.svg``; None for a name that it has not."""
    stem, _, ending = name.partition(".")
    if ending not in TYPES or not job.parts:
        return None
    values = form.read(job.page, job.query)
    limit = form.limit(values)
    told = {"python": code.python(job.page, values), "command": code.command(job.page, values)}
    try:
        if ending in ("png", "svg") and stem in FIGURES[job.page]:
            return _picture(FIGURES[job.page][stem](job, limit), ending, told), TYPES[ending]
        if ending == "csv" and stem == "table":
            return _csv(rows_of(job, limit), told), TYPES[ending]
        if ending == "nc" and stem == job.page and job.page in DATASETS:
            data = job.parts[DATASETS[job.page]].dataset.assign_attrs(**told)
            return bytes(data.to_netcdf(engine="h5netcdf")), TYPES[ending]
        if ending == "xy" and stem == "pattern":
            pattern = job.parts["pattern"]
            lines = (f"{angle:.4f} {count:.1f}" for angle, count in zip(pattern.angles, pattern.counts, strict=True))
            return "\n".join(lines).encode() + b"\n", TYPES[ending]
    except (KeyError, AttributeError, InputError):  # a part that is not there yet, or can not be: no pattern
        return None
    return None


def _picture(figure: Figure, ending: str, told: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    words = f"{told['command']}\n\n{told['python']}"
    figure.savefig(content, format=ending, dpi=200, metadata={"Description": words})
    return content.getvalue()


def _csv(rows: Rows, told: Mapping[str, str]) -> bytes:
    """Head and rows with the command and the lines of Python before them, behind #."""
    out = io.StringIO()
    for text in told.values():
        out.writelines(f"# {line}\n" for line in text.splitlines())
    writer: Any = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.head)
    writer.writerows(rows.lines)
    return out.getvalue().encode()
