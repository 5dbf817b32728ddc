"""The validation report: one HTML page, made from the document of ``sinterface validate``, that loads nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinterface.simulate.files.output import check_writable, write_whole
from sinterface.simulate.views.page import MISSING, Html, Number, frame
from sinterface.simulate.views.page import details as _details
from sinterface.simulate.views.page import figure as _figure
from sinterface.simulate.views.page import html as _html
from sinterface.simulate.views.page import join as _join
from sinterface.simulate.views.page import nothing as _nothing
from sinterface.simulate.views.page import paragraph as _paragraph
from sinterface.simulate.views.page import table as _table
from sinterface.simulate.views.plot import STYLES, style
from sinterface.validation.report import figures

TOLERANCE = 50.0
"""An onset may lie this far outside its bracket [degrees C]."""

F1_IN_SAMPLE, F1_LEFT_OUT, DISTANCE_LEFT_OUT = 0.9, 0.75, 75.0
"""Targets: F1 with all cards and for powders left out; mean distance of the latter's onsets [degrees C]."""

SETS = {"in_sample": "In sample", "leave_one_out": "Leave one out"}

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Score:
    """Something counted, in words, and whether its target is met; None where there is no target or no number."""

    what: str
    told: str
    target: str = ""
    met: bool | None = None


def write(document: Entry, path: Path) -> None:
    """Write the report whole or not at all.  Raises InputError when the place can not be written."""
    check_writable(path)
    text = page(document)
    write_whole(path, lambda name: name.write_text(text, encoding="utf-8"))


def page(document: Entry) -> str:
    """The report as HTML; parts that the document does not have are said to be missing."""
    parts = {
        "Summary": _summary, "Verdict per powder": _verdicts, "Phase map": _phase_maps, "Onsets": _onsets,
        "Amounts against temperature": _amounts, "Thermogravimetry": _thermogravimetry, "Parameters": _parameters,
        "Sensitivity of the onsets": _sensitivity, "Right and wrong per family": _confusion,
        "Other laboratories": _other_laboratories, "What is not predicted, and why": _not_predicted,
        "Problems with cards": _problems,
    }  # fmt: skip
    about = f"sinterface {document.get('version') or 'of unknown version'}"
    about += f", database {document.get('database') or 'unknown'}"
    if document.get("samples"):
        about += f"; {document['samples']} samples of the parameters for each prediction"
    sections = {title: make(document) or _nothing("There is nothing to show here.") for title, make in parts.items()}
    return frame("Predicted and observed secondary phases", about, sections)


# ---- sections, in the order of the page


def _summary(document: Entry) -> Html:
    scores = {key: _scores(document.get(key) or {}, key == "leave_one_out") for key in SETS}
    if not any(scores.values()):
        return _join(_nothing("No comparison of predictions with observations."), _detection(document))
    rows: list[list[Any]] = []
    for what in dict.fromkeys(one.what for found in scores.values() for one in found):
        same = [next((one for one in found if one.what == what), Score(what, "–")) for found in scores.values()]
        rows.append([what, *map(_scored, same)])
    judged = [(SETS[key].lower(), one) for key, found in scores.items() for one in found if one.met is not None]
    missed = [f"{_lower(one.what)} ({name})" for name, one in judged if not one.met]
    closing = f"{len(judged) - len(missed)} of {len(judged)} targets are met"
    closing += f"; missed: {'; '.join(missed)}." if missed else "."
    kept = (document.get("leave_one_out") or {}).get("not_left_out") or []
    told = [_sentence(document.get(key) or {}, key) for key in SETS]
    return _join(
        *(_paragraph(one, "lead") for one in told if one),
        _paragraph(closing if judged else "No target can be judged with what there is.", "lead"),
        _table(
            ["", "in sample", "leave one out"], rows,
            "In sample: parameters estimated from all powders. "
            "Leave one out: each powder predicted with parameters estimated from the others alone.",
        ),
        _paragraph(f"Never left out, because not fitted: {', '.join(kept)}.", "about") if kept else "",
        _paragraph(
            "F1 joins precision (of the phases predicted, the share that was seen) and recall (of the phases seen, "
            "the share that was predicted); 1 is perfect.", "about",
        ),
        _detection(document),
    )  # fmt: skip


def _verdicts(document: Entry) -> Html:
    told = document.get("verdicts") or {}
    onsets = _powders(document.get("in_sample") or {})
    rows = [
        [powder, _bracket(onsets.get(powder)), _predicted(onsets.get(powder)), told.get(powder) or MISSING]
        for powder in dict.fromkeys([*told, *onsets])
    ]
    return _table(["powder", "observed onset", "predicted onset, in sample", "verdict"], rows)


def _phase_maps(document: Entry) -> Html:
    found = {
        key: [one for one in (document.get(key) or {}).get("cells") or [] if one.get("temperature_C") is not None]
        for key in SETS
    }
    if not any(found.values()):
        return _nothing("No observations of phases.")
    made = []
    for key, name in SETS.items():
        cells = found[key]
        if not cells:
            made.append(_join(f"<h3>{name}</h3>", _nothing("No observations of phases.")))
            continue
        temperatures = sorted({one["temperature_C"] for one in cells})
        panels = []
        for number, family in enumerate(_families(str(one.get("family")) for one in cells)):
            mine = [one for one in cells if str(one.get("family")) == family]
            drawn = figures.phase_map(family, mine, temperatures)
            panels.append(figures.svg(drawn, f"map-{key}-{number}", _map_label(family, mine)))
        legend = figures.svg(figures.phase_map_legend(), f"map-{key}-legend", "What fill and marks mean")
        caption = (
            f"{name}: {_right(cells)} of {len(cells)} observations are predicted rightly. One panel per family; the "
            "fill is the predicted probability that the family is seen, the mark what was observed. A place that is "
            "split holds several observations, by different methods."
        )
        made.append(_join(f"<h3>{name}</h3>", _figure(panels, caption, legend)))
    return _join(*made, _details("All numbers of both maps", _both(*found.values())))


def _onsets(document: Entry) -> Html:
    found = {key: _powders(document.get(key) or {}) for key in SETS}
    powders = list(dict.fromkeys(powder for one in found.values() for powder in one))
    if not powders:
        return _nothing("No onsets.")
    label = "Onsets. " + "; ".join(
        f"{powder}: observed {_bracket(next(one[powder] for one in found.values() if powder in one))}, "
        + ", ".join(
            f"predicted {_predicted(one[powder])} {SETS[key].lower()}" for key, one in found.items() if powder in one
        )
        for powder in powders
    )
    rows = []
    for powder in powders:
        entries = [one.get(powder) for one in found.values()]
        row: list[Any] = [powder, _bracket(next(one for one in entries if one))]
        for one in entries:
            row += [_predicted(one), Number(_degrees((one or {}).get("distance_C")))]
        rows.append(row)
    head = ["powder", "observed", "in sample: predicted (5 to 95 %)", "distance / °C"]
    head += ["leave one out: predicted (5 to 95 %)", "distance / °C"]
    return _join(
        _figure(
            [figures.svg(figures.onsets(found, TOLERANCE), "onsets", label)],
            "Lowest hold temperature with a detectable secondary phase. Grey: between the highest clean and the lowest "
            f"reacted temperature observed, open where one of them is not known, and {TOLERANCE:g} °C around. Points: "
            "the most probable parameters; lines: 5 to 95 % of the posterior samples.",
        ),
        _table(head, rows, "Distance of the prediction from the bracket, 0 inside."),
    )


def _amounts(document: Entry) -> Html:
    sample = document.get("in_sample") or {}
    amounts = sample.get("amounts") or []
    drawn = []
    for number, (powder, curve) in enumerate((document.get("curves") or {}).items()):
        if not (curve and curve.get("temperature_C")):
            continue
        limits = sorted({
            one["limit_wt_percent"] for one in sample.get("cells") or []
            if one.get("cathode") == powder and one.get("limit_wt_percent")
        }, reverse=True)  # fmt: skip
        mine = [one for one in amounts if one.get("cathode") == powder]
        drawn.append(
            figures.svg(figures.curves(powder, curve, mine, limits), f"curve-{number}", _curve_label(powder, curve))
        )
    parts = []
    if drawn:
        caption = (
            "Amounts after cooling, in wt% of the sample, against hold temperature: lines for the most probable "
            "parameters, bands for 5 to 95 % of the posterior samples, parameters from all powders. "
            f"Families that stay below {figures.SHOWN:g} wt% are "
            f"left out; the scale is linear below {figures.SHOWN:g} wt%. Open diamonds: measured, with standard "
            "deviation; dashed line: detection limit. Lower panels: wt% left of the reactants."
        )
        parts.append(_figure(drawn, caption))
    else:
        parts.append(_nothing("No curves."))
    for key, name in SETS.items():
        entries = (document.get(key) or {}).get("amounts") or []
        if entries:
            parts.append(
                _table(
                    ["observation", "powder", "T / °C", "what", "measured / wt%", "predicted / wt%", "agreement"],
                    [_amount(one) for one in entries], f"{name}: amounts measured and reactants gone.",
                )
            )  # fmt: skip
    for key, name in SETS.items():
        entries = (document.get(key) or {}).get("trends") or []
        if entries:
            rows = [
                [
                    one.get("id", ""), one.get("cathode", ""), _family(one.get("family")),
                    _trend(one), Number(_percent(one.get("probability"))),
                    _yes(one.get("holds"), "holds", "does not hold"),
                ]
                for one in entries
            ]  # fmt: skip
            head = ["observation", "powder", "family", "observed", "predicted probability", "prediction"]
            parts.append(_details(f"{name}: how amounts change with temperature ({len(rows)})", _table(head, rows)))
    return _join(*parts)


def _thermogravimetry(document: Entry) -> Html:
    found = {key: value for key, value in (document.get("thermogravimetry") or {}).items() if key != "not_predicted"}
    parts = []
    losses = [one for one in found.pop("loss_from", None) or [] if isinstance(one, Mapping)]
    if losses:
        label = "First mass loss: " + "; ".join(
            f"{figures.couple(one)} observed at {_degrees(one.get('observed_C'))} °C, predicted {_loss(one)}"
            for one in losses
        )
        rows = [
            [
                figures.couple(one), Number(_degrees(one.get("observed_C"))), Number(_range(one.get("between_C"), 0)),
                Number(_loss(one)), _yes(one.get("inside"), "inside", "outside"),
            ]
            for one in losses
        ]  # fmt: skip
        parts += [
            _figure(
                [figures.svg(figures.losses(losses), "losses", label)],
                "Temperature from which a material loses mass when heated slowly or, mixed with the electrolyte, loses "
                "more than the other mixtures. Predicted with the calibrated parameters, without interval.",
            ),
            _table(["material", "observed / °C", "bounds / °C", "predicted / °C", "prediction"], rows),
        ]
    ranks = [one for one in (found.get("order"), *(found.get("order_of_mixtures") or ())) if one]
    if ranks and all(isinstance(one, Mapping) and "observed" in one for one in ranks):
        found = {key: value for key, value in found.items() if key not in ("order", "order_of_mixtures")}
        rows = [
            [
                f"with {one['electrolyte']}" if one.get("electrolyte") else "pure cathodes",
                _value("observed", one["observed"]), _ranked(one),
                f"{one.get('pairs_right', '–')} of {one.get('pairs', '–')}",
            ]
            for one in ranks
        ]  # fmt: skip
        head = ["", "observed", "predicted (loss from / °C)", "pairs right"]
        parts.append(_table(head, rows, "Order from the most to the least stable."))
    rest = (_join("<h3>", _html(_words(key)), "</h3>", _anything(key, value)) for key, value in found.items() if value)
    return _join(*parts, *rest)


def _parameters(document: Entry) -> Html:
    found = document.get("parameters") or []
    if not found:
        return _nothing("No parameters.")
    rows = []
    for one in found:
        prior, posterior = one.get("prior") or {}, one.get("posterior") or {}
        rows.append([
            one.get("name", ""), one.get("unit", ""),
            Number(_plus_minus(prior.get("mean"), prior.get("sd"), prior.get("sd"))),
            Number(_plus_minus(posterior.get("mean"), posterior.get("sd"), prior.get("sd"))),
            Number(_range([posterior.get("q05"), posterior.get("q95")], _decimals(prior.get("sd")))),
            one.get("meaning", ""),
        ])  # fmt: skip
    head = ["parameter", "unit", "prior", "posterior", "5 to 95 %", "meaning"]
    label = "Posterior of each parameter in units of its prior: " + "; ".join(
        f"{one.get('name', '')} {_fixed((one.get('posterior') or {}).get('mean'), 2)} {one.get('unit', '')}"
        for one in found
    )
    return _join(
        _figure(
            [figures.svg(figures.parameters(found), "parameters", label)],
            "How far the observations moved each parameter, and how much they narrowed it. A line as wide as the grey "
            "bar: the observations say nothing of this parameter.",
        ),
        _table(head, rows, "Mean ± standard deviation."),
        _details(
            "Sources of the priors",
            _table(["parameter", "source"], [[one.get("name", ""), one.get("source") or MISSING] for one in found]),
        ),
    )


def _sensitivity(document: Entry) -> Html:
    found = {powder: one for powder, one in (document.get("sensitivity") or {}).items() if one}
    if not any(_known(value) for one in found.values() for value in one.values()):
        return _nothing("Nothing can be told: no onset varies, or there are too few samples.")
    names = list(dict.fromkeys(name for one in found.values() for name in one))
    rows = [[name, *(Number(_signed(one.get(name))) for one in found.values())] for name in names]
    return _join(
        _figure(
            [
                figures.svg(
                    figures.sensitivity(found),
                    "sensitivity",
                    "Change of onsets in degrees C per prior sd; as table below",
                )
            ],
            "Change of the onset, in °C, when a parameter rises by one standard deviation of its prior. Positive: the "
            "powder reacts later. A dash: the onset does not vary, or the samples are too few to tell.",
        ),
        _details("All numbers", _table(["°C per prior sd", *found], rows)),
    )


def _confusion(document: Entry) -> Html:
    found = {key: ((document.get(key) or {}).get("phases") or {}).get("families") or {} for key in SETS}
    families = _families(name for one in found.values() for name in one)
    if not families:
        return _nothing("No families compared.")
    parts = []
    for key, name in SETS.items():
        rows = []
        for family in families:
            one = found[key].get(family)
            if one:
                counts = [one.get(count) or 0 for count in ("tp", "fp", "fn", "tn")]
                rows.append([_family(family), *(Number(str(n)) for n in [*counts]), Number(_ratio(_f1(*counts[:3])))])
        head = ["family", "seen and predicted", "predicted, not seen", "seen, not predicted", "neither", "F1"]
        if rows:
            parts.append(_table(head, rows, f"{name}: number of observations."))
        else:
            parts.append(_nothing(f"{name}: nothing."))
    return _join(*parts)


def _other_laboratories(document: Entry) -> Html:
    cells = document.get("other_laboratories") or []
    if not cells:
        return _nothing("No observations of other laboratories.")
    return _join(
        _paragraph(
            f"{_right(cells)} of {len(cells)} observations are predicted rightly, with parameters from all powders of "
            "the reference experiment. None was used to estimate parameters. Reports can contradict each other."
        ),
        _table(
            [
                "observation", "powder", "electrolyte", "T / °C", "family", "observed", "limit / wt%",
                "predicted / wt% (5 to 95 %)", "to be seen", "prediction", "known",
            ],
            [
                [
                    one.get("id", ""), one.get("cathode", ""), one.get("electrolyte") or MISSING,
                    Number(_degrees(one.get("temperature_C"))), _family(one.get("family")),
                    one.get("observed") or MISSING, Number(_share(one.get("limit_wt_percent"))),
                    Number(_predicted_share(one)), Number(_percent(one.get("probability_seen"))), _agreement(one),
                    one.get("known") or MISSING,
                ]
                for one in cells
            ],
            "Known: read in the source, quoted by another text (secondary), or recalled from memory.",
        ),
    )  # fmt: skip


def _not_predicted(document: Entry) -> Html:
    missing = (document.get("thermogravimetry") or {}).get("not_predicted") or []
    entries = [*(document.get("lacking") or []), *missing]
    return _table(["what", "why"], [[one.get("what", ""), one.get("why", "")] for one in entries])


def _problems(document: Entry) -> Html:
    found = document.get("problems") or []
    if not found:
        return _paragraph("None: every card was read.")
    return _join("<ul>", *(_join("<li>", _html(one), "</li>") for one in found), "</ul>")


# ---- scores


def _powders(score: Entry) -> Mapping[str, Entry]:
    found: Mapping[str, Entry] = (score.get("onset") or {}).get("powders") or {}
    return {powder: one for powder, one in found.items() if one}


def _inside(one: Entry) -> bool:
    """Within the bracket itself; the document's own ``inside`` allows the tolerance."""
    return one.get("distance_C") == 0.0


def _near(one: Entry) -> bool:
    distance = one.get("distance_C")
    return bool(one.get("inside")) or (distance is not None and distance <= TOLERANCE)


def _scores(found: Entry, left_out: bool) -> list[Score]:
    """What can be counted of one set, beside its targets."""
    onset, phases, powders = found.get("onset") or {}, found.get("phases") or {}, _powders(found)
    scores = []
    if powders:
        near, count, mean = sum(map(_near, powders.values())), len(powders), onset.get("mean_distance_C")
        target = "" if left_out else f"all, ± {TOLERANCE:g} °C"
        inside = sum(map(_inside, powders.values()))
        scores.append(Score("Onsets inside their bracket", f"{inside} of {count}"))
        scores.append(
            Score(
                f"Onsets at most {TOLERANCE:g} °C outside",
                f"{near} of {count}",
                target,
                near == count if target else None,
            )
        )
        target = f"under {DISTANCE_LEFT_OUT:g} °C" if left_out else ""
        met = mean < DISTANCE_LEFT_OUT if left_out and mean is not None else None
        scores.append(Score("Mean distance of onsets", f"{_degrees(mean)} °C", target, met))
    if phases:
        least, f1 = F1_LEFT_OUT if left_out else F1_IN_SAMPLE, phases.get("f1")
        scores.append(Score("F1 of phases", _ratio(f1), f"at least {least:g}", None if f1 is None else f1 >= least))
        scores += [Score(key.capitalize(), _ratio(phases.get(key))) for key in ("precision", "recall")]
    amounts = [one for one in found.get("amounts") or [] if one.get("within_30_percent") is not None]
    if amounts:
        good = sum(bool(one.get("within_30_percent")) for one in amounts)
        target = "" if left_out else "all"
        met = good == len(amounts) if target else None
        scores.append(Score("Amounts within 30 %", f"{good} of {len(amounts)}", target, met))
    gone = [one for one in found.get("amounts") or [] if "gone" in one]
    if gone:
        good = sum(_is_gone(one) is True for one in gone)
        scores.append(Score("Reactants gone as observed", f"{good} of {len(gone)}"))
    trends = found.get("trends") or []
    if trends:
        good = sum(bool(one.get("holds")) for one in trends)
        scores.append(Score("Changes with temperature as observed", f"{good} of {len(trends)}"))
    return scores


def _sentence(found: Entry, key: str) -> str:
    """One set in plain words."""
    powders, f1 = _powders(found), (found.get("phases") or {}).get("f1")
    parts = []
    if powders:
        onset = found.get("onset") or {}
        inside = sum(map(_inside, powders.values()))
        near = sum(map(_near, powders.values()))
        parts.append(
            f"{inside} of {len(powders)} onsets lie inside their observed bracket, {near} at most "
            f"{TOLERANCE:g} °C outside, and their mean distance from it is {_degrees(onset.get('mean_distance_C'))} °C"
        )
    if f1 is not None:
        parts.append(f"phases are predicted with an F1 of {_ratio(f1)}")
    how = {
        "in_sample": "With parameters estimated from all powders, ",
        "leave_one_out": "For powders that the parameters do not know, ",
    }[key]
    return how + "; ".join(parts) + "." if parts else ""


def _is_gone(one: Entry) -> bool | None:
    if "predicted_gone" in one:
        told: bool | None = one["predicted_gone"]
        return told
    left, limit = one.get("left"), one.get("limit")
    return None if left is None or limit is None else left < limit


def _f1(right: int, false: int, missed: int) -> float | None:
    every = 2 * right + false + missed
    return 2 * right / every if every else None


# ---- words and numbers


def _known(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _fixed(value: Any, decimals: int) -> str:
    """A number with a true minus sign; a dash where there is none."""
    if not _known(value):
        return MISSING
    told = f"{value:.{decimals}f}"
    return told.lstrip("-") if float(told) == 0.0 else told.replace("-", "−")


def _degrees(value: Any) -> str:
    return _fixed(value, 0)


def _ratio(value: Any) -> str:
    return _fixed(value, 2)


def _share(value: Any) -> str:
    """wt%, to what can be measured."""
    if _known(value) and 0.0 < value < 0.005:
        return "< 0.01"
    return _fixed(value, 1 if _known(value) and value >= 9.95 else 2)


def _percent(value: Any) -> str:
    if not _known(value):
        return MISSING
    told = "> 99" if 0.995 <= value < 1.0 else "< 1" if 0.0 < value < 0.005 else f"{100 * value:.0f}"
    return f"{told} %"


def _signed(value: Any) -> str:
    told = _degrees(value)
    return told if told in (MISSING, "0") or told.startswith("−") else f"+{told}"


def _decimals(sd: Any) -> int:
    """Decimals that show two digits of a standard deviation."""
    return max(0, 1 - math.floor(math.log10(sd))) if _known(sd) and sd > 0.0 else 2


def _plus_minus(mean: Any, sd: Any, scale: Any) -> str:
    decimals = _decimals(scale)
    return _fixed(mean, decimals) + (f" ± {_fixed(sd, decimals)}" if _known(sd) else "")


def _range(ends: Sequence[Any] | None, decimals: int) -> str:
    if not ends or not any(map(_known, ends)):
        return MISSING
    return " to ".join(_fixed(end, decimals) for end in ends)


def _shares(ends: Sequence[Any] | None) -> str:
    return " to ".join(_share(end) for end in ends) if ends else ""


def _bracket(one: Entry | None) -> str:
    """The observed bracket in words."""
    clean, seen = (one or {}).get("bracket_C") or (None, None)
    if seen is None:
        return MISSING if clean is None else f"none up to {clean:g} °C"
    return f"at or below {seen:g} °C" if clean is None else f"{clean:g} to {seen:g} °C"


def _predicted(one: Entry | None) -> str:
    """The predicted onset and its interval in words."""
    if one is None:
        return MISSING
    ends = one.get("interval_C") or ()
    told = " to ".join(_beyond(end) for end in ends) if any(end is not None for end in ends) else ""
    return _beyond(one.get("predicted_C"), " °C") + (f" ({told})" if told else "")


def _beyond(value: Any, unit: str = "") -> str:
    return f"{_degrees(value)}{unit}" if _known(value) else f"none up to {figures.HIGHEST:g}{unit}"


def _lower(text: str) -> str:
    return text if text[1:2].isdigit() else text[:1].lower() + text[1:]


def _words(key: str) -> str:
    """A key of the document as a heading, its unit behind a stroke."""
    for end, unit in (("_wt_percent", "wt%"), ("_percent", "%"), ("_C", "°C")):
        if key.endswith(end) and key != end:
            return f"{key.removesuffix(end).replace('_', ' ')} / {unit}"
    return key.replace("_", " ")


def _trend(one: Entry) -> str:
    return f"{one.get('said') or '?'} at {_degrees(one.get('to_C'))} than at {_degrees(one.get('from_C'))} °C"


def _map_label(family: str, cells: Sequence[Entry]) -> str:
    told = (
        f"{one.get('cathode')} {_degrees(one.get('temperature_C'))} °C {one.get('observed')}, "
        f"predicted {_percent(one.get('probability_seen'))}"
        for one in cells
    )
    return f"{family}: " + "; ".join(told)


def _curve_label(powder: str, curve: Entry) -> str:
    temperatures = curve["temperature_C"]
    highest = (
        (
            family,
            *max(
                ((v, T) for v, T in zip(one.get("value") or [], temperatures, strict=False) if _known(v)),
                default=(0, 0),
            ),
        )
        for family, one in (curve.get("families") or {}).items()
    )
    told = [f"{family} at most {_share(v)} wt% at {_degrees(T)} °C" for family, v, T in highest if v >= figures.SHOWN]
    start = f"{powder}, amounts from {_degrees(temperatures[0])} to {_degrees(temperatures[-1])} °C: "
    return start + ("; ".join(told) or "no family to speak of")


# ---- pieces of HTML


def _detection(document: Entry) -> Html:
    told = document.get("detection")
    return _paragraph(f"Detection: {told}", "about") if told else _join()


def _yes(value: bool | None, good: str, bad: str) -> Html:
    """A verdict in words; colour and sign repeat it."""
    if value is None:
        return _join('<span class="verdict open">not judged</span>')
    kind, sign, told = ("met", "✓", good) if value else ("missed", "✗", bad)
    return _join(f'<span class="verdict {kind}">{sign} {told}</span>')


def _family(family: object) -> Html:
    """The name of a family behind a spot of its colour."""
    if not family:
        return MISSING
    return _join(f'<span class="swatch" style="background:{style(str(family))[0]}"></span>', _html(family))


def _both(first: Sequence[Entry], second: Sequence[Entry]) -> Html:
    """Observations beside predictions in sample and leave one out."""

    def key(one: Entry) -> tuple[Any, ...]:
        return tuple(one.get(name) for name in ("id", "cathode", "temperature_C", "family", "observed"))

    tables = [{key(one): one for one in cells} for cells in (first, second)]
    rows = []
    for name in dict.fromkeys(name for table in tables for name in table):
        found = [table.get(name) for table in tables]
        one = next(one for one in found if one)
        row: list[Any] = [
            one.get("id", ""), Number(_degrees(one.get("temperature_C"))), _family(one.get("family")),
            one.get("observed") or MISSING, Number(_share(one.get("limit_wt_percent"))),
        ]  # fmt: skip
        for entry in found:
            row += [Number(_predicted_share(entry or {})), Number(_percent((entry or {}).get("probability_seen")))]
            row.append(_agreement(entry) if entry else MISSING)
        rows.append(row)
    head = ["observation", "T / °C", "family", "observed", "limit / wt%"]
    for told in ("in sample", "leave one out"):
        head += [f"{told}: wt% (5 to 95 %)", "to be seen", "prediction"]
    return _table(head, rows, "To be seen: probability that the family is at or above its detection limit.")


def _agrees(one: Entry) -> bool | None:
    predicted = one.get("predicted")
    return None if predicted is None else bool(predicted) == (one.get("observed") == "seen")


def _agreement(one: Entry) -> Html:
    return _yes(_agrees(one), "agrees", "differs")


def _right(cells: Iterable[Entry]) -> int:
    return sum(_agrees(one) is True for one in cells)


def _families(found: Iterable[str]) -> list[str]:
    """Families, once each, in the order of the styles of figures."""
    order = list(STYLES)
    return sorted(dict.fromkeys(found), key=lambda name: order.index(name) if name in order else len(order))


def _scored(one: Score) -> Html:
    if not one.target:
        return _html(one.told)
    return _join(
        "<strong>", _html(one.told), "</strong><br>target: ", _html(one.target), _yes(one.met, "met", "missed")
    )


def _loss(one: Entry) -> str:
    at = one.get("predicted_C")
    return _degrees(at) if _known(at) else "none found"


def _ranked(one: Entry) -> Html:
    """The predicted order, with temperatures where they are given."""
    at = one.get("predicted_C") or {}
    told = {name: f"{name} ({_loss({'predicted_C': T})})" for name, T in at.items()}
    ranks = one.get("predicted") or []
    return _value("predicted", [[told.get(name, name) for name in _listed(rank)] for rank in ranks])


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)


def _predicted_share(one: Entry) -> str:
    ends = _shares(one.get("interval"))
    return _share(one.get("predicted_wt_percent")) + (f" ({ends})" if ends else "")


def _amount(one: Entry) -> list[Any]:
    start = [one.get("id", ""), one.get("cathode", ""), Number(_degrees(one.get("temperature_C")))]
    if "gone" in one:
        gone = one["gone"] if isinstance(one["gone"], str) else " + ".join(map(str, one["gone"] or []))
        ends = _shares(one.get("interval"))
        left = f"{_share(one.get('left'))} left" + (f" ({ends})" if ends else "")
        told = [f"{gone} gone", Number(f"< {_share(one.get('limit'))}"), Number(left)]
        return [*start, *told, _yes(_is_gone(one), "gone", "not gone")]
    ends = _shares(one.get("interval"))
    measured = f"{_share(one.get('measured'))} ± {_share(one.get('sd'))}"
    predicted = _share(one.get("predicted")) + (f" ({ends})" if ends else "")
    agrees = _yes(one.get("within_30_percent"), "within 30 %", "over 30 % off")
    return [*start, " + ".join(one.get("families") or []), Number(measured), Number(predicted), agrees]


def _anything(key: str, value: Any) -> Html:
    """What has no fixed form: rankings as chains, lists of tables as tables, tables as lists of terms."""
    if isinstance(value, Mapping):
        nested = value and all(isinstance(one, Mapping) for one in value.values())
        value = [{"": name, **one} for name, one in value.items()] if nested else [value]
    if (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and value
        and all(isinstance(v, Mapping) for v in value)
    ):
        names = list(dict.fromkeys(name for one in value for name in one))
        rows = [[_value(name, one.get(name)) for name in names] for one in value]
        return _table([_words(name) for name in names], rows)
    return _join("<p>", _value(key, value), "</p>")


def _value(key: str, value: Any) -> Html:
    if value is None or value == "" or value == []:
        return MISSING
    if isinstance(value, bool):
        return _html("yes" if value else "no")
    if isinstance(value, (int, float)):
        return _html(_fixed(value, 0 if isinstance(value, int) or key.endswith("_C") or abs(value) >= 100 else 2))
    if isinstance(value, Mapping):
        return _anything(key, value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if any(isinstance(one, Sequence) and not isinstance(one, str) for one in value):  # ranks, equals together
            return _join(" &gt; ".join(" ≈ ".join(_name(key, name) for name in _listed(rank)) for rank in value))
        between = " to " if len(value) == 2 and not any(isinstance(one, str) for one in value) else ", "
        return _join(between.join(_value(key, one) for one in value))
    return _html(value)


def _name(key: str, value: Any) -> Html:
    """A name in a chain, on one line."""
    return _join('<span class="brief">', _value(key, value), "</span>")
