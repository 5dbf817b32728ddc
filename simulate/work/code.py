"""The lines of Python and the command that make what a page of the app shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pprint import pformat
from typing import Any

from sinterface.models.instruments.detector import Detector
from sinterface.simulate.cli.options import CoupleOptions
from sinterface.simulate.setup import schedule as schedules
from sinterface.simulate.studies.sweep import temperatures as read_temperatures
from sinterface.simulate.work import form

CARD = "my_cathode.toml"
"""What a card of the user's own is called in commands: the app does not know where it is kept."""


def python(page: str, values: Mapping[str, str], output: str = "") -> str:
    """Lines of Python that make what a page shows; with ``output``, a file of it.

    >>> print(python("run", {**form.defaults("run"), "cathode": "pc-LCO"}))
    import sinterface as si
    result = si.simulate("pc-LCO", "LLZTO", "10 °C/min to 800 °C; hold 2 h; cool naturally")
    result.plot()
    """
    lines = ["import sinterface as si"]
    if page == "run":
        if samples := _samples(values):
            lines += [
                f"task = si.problem({_call(values)})",
                f'around = si.spread(task, {samples})  # 5, 50 and 95 %: around.quantiles("LaMO3")',
                "result = si.predict(task)",
            ]
        else:
            lines.append(f"result = si.simulate({_call(values)})")
        lines.append(f'result.to_netcdf("{output}")' if output else "result.plot()")
    elif page == "sweep":
        degrees = read_temperatures(values["temperatures"])
        ramp = schedules.rate(values["ramp"]) * 60.0
        hours = schedules.duration(values["hold"]) / 3600.0
        others = "" if (hours, ramp) == (2.0, 10.0) else f", hours={hours:g}, ramp={ramp:g}"
        detect = Detector.read(values["detect"])
        if not detect.method:
            others += f", detect=Detector.fixed({detect.wt_percent:g})"
        elif detect.method != "xrd":
            others += f', detect=Detector("{detect.method}")'
        if "Detector" in others:
            lines.append("from sinterface.models.instruments.detector import Detector")
        listed = ", ".join(f"{T:g}" for T in degrees)
        lines += [
            f"sweep = si.sweep(si.problem({_call(values, without='schedule')}), [{listed}]{others})",
            f'sweep.to_netcdf("{output}")' if output else "sweep.plot()",
        ]
    elif page == "compare":
        each = form.variants(values)
        key = form.ARGUMENTS.get(values["vary"], values["vary"])
        lines += [
            f"{key}s = {pformat(list(each), width=100)}".replace("'", '"'),
            f"results = [si.simulate({_call(values, varied=key)}) for {key} in {key}s]",
        ]
    else:
        electrolyte = _text(values["electrolyte"])
        where = f"{float(values['temperature']):g} + 273.15, si.atmosphere({_text(values['atmosphere'])})"
        cathode = _text(CARD if values["card"].strip() else values["cathode"])
        para = ", para=True" * (values["para"] == "yes")
        given = "" if not values["structure"] else f", structure={_text(values['structure'])}"
        lines += [
            f'powders = si.material({cathode}{given}), si.material({electrolyte}, "electrolyte")',
            f"made = si.interface_reactions(*powders, {where}, si.load_database(){para})",
            "print(made.strongest.energy_meV_per_atom)",
        ]
    return "\n".join(lines)


def command(page: str, values: Mapping[str, str], output: str = "") -> str:
    """The command that makes what a page shows.

    >>> command("run", {**form.defaults("run"), "cathode": "pc-LCO", "atmosphere": "air"})
    "sinterface run pc-LCO --schedule '10 °C/min to 800 °C; hold 2 h; cool naturally' --atmosphere air"
    """
    ending = f" -o {shlex.quote(output)}" if output else ""
    if page == "compare":
        each = form.variants(values)
        if values["vary"] == "schedule":
            plans = [part for text in each for part in ("--schedule", text)]
            return _line(["sinterface", "compare", _cathode(values), *plans, *_options(values)]) + ending
        return "\n".join(command("run", told) for told in each.values())
    parts = ["sinterface", page, _cathode(values)]
    if page == "run":
        parts += ["--schedule", values["schedule"]]
        if samples := _samples(values):
            parts += ["--samples", str(samples)]
    elif page == "sweep":
        parts += ["--temperatures", values["temperatures"]]
        parts += [part for name in ("hold", "ramp", "detect") if values[name] != form.field(name).default
                  for part in (f"--{name}", values[name])]  # fmt: skip
    else:
        parts += [values["electrolyte"], "-T", values["temperature"]]
        parts += ["--para"] * (values["para"] == "yes")
        values = {name: text for name, text in values.items() if name != "electrolyte"}
    if page == "run" and (limit := form.limit(values)) != 1.0:
        parts += ["--detection-limit", f"{limit:g}"]
    return _line([*parts, *_options(values)]) + ending


def _line(parts: list[str]) -> str:
    return " ".join(shlex.quote(part) for part in parts)


def _cathode(values: Mapping[str, str]) -> str:
    return CARD if values.get("card", "").strip() else values["cathode"].strip()


def _samples(values: Mapping[str, str]) -> int:
    return form.whole(values.get("samples", "").strip() or "0", "samples")


def _changed(values: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a couple that differ from their defaults, as values."""
    standard, told = CoupleOptions(), form.couple(values)
    names = [name for name in form.couple_fields() if name in values]
    return {name: getattr(told, name) for name in names if getattr(told, name) != getattr(standard, name)}


def _options(values: Mapping[str, str]) -> list[str]:
    parts: list[str] = []
    for name, value in _changed(values).items():
        option = f"--{name.replace('_', '-')}"
        parts += [option] if value is True else [option, str(value)]
    return parts


def _call(values: Mapping[str, str], *, without: str = "", varied: str = "") -> str:
    """Arguments of ``problem``; ``varied`` is a variable of its own name."""
    changed = {form.ARGUMENTS.get(name, name): repr(value) for name, value in _changed(values).items()}
    changed.pop("electrolyte", None)
    first = {"cathode": _text(_cathode(values)), "electrolyte": _text(values["electrolyte"].strip())}
    if "schedule" in values and without != "schedule":
        first["schedule"] = _text(values["schedule"])
    if varied in first:
        first[varied] = varied
    elif varied:
        changed[varied] = varied
    named = [f"{name}={text}".replace("'", '"') for name, text in changed.items()]
    return ", ".join([*first.values(), *named])


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "; ") + '"'
