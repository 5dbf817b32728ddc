"""Sections of the report on the reference experiment, each about a screen high; long tables unfold on a click."""

from __future__ import annotations

from collections.abc import Sequence

from sinterface.simulate.pages.page import (
    Html,
    Number,
    details,
    figure,
    html,
    join,
    nothing,
    paragraph,
    table,
)  # fmt: skip
from sinterface.validation.report import figures, pieces, wording
from sinterface.validation.report.drawing import SHOWN, svg
from sinterface.validation.report.pieces import Row, family_name, verdict
from sinterface.validation.report.scores import (
    IN_SAMPLE,
    LEFT_OUT,
    TOLERANCE,
    Score,
    counted,
    sentence,
    sets,
)  # fmt: skip
from sinterface.validation.report.wording import bracket, degrees, lower, percent, predicted_onset, ratio, share
from sinterface.validation.scores.document import Cell, ComparedAmount, Gone, Scores, Validation


def summary(validation: Validation) -> Html:
    """What was counted beside the targets, and which of these are met."""
    scores = {name: counted(comparison, name == LEFT_OUT) for name, comparison in sets(validation).items()}
    about = paragraph(f"Detection: {validation.detection}.", "about") if validation.detection else join()
    if not any(scores.values()):
        return join(nothing("No comparison of predictions with observations."), about)
    rows: list[Row] = []
    for what in dict.fromkeys(score.what for several in scores.values() for score in several):
        both = [next((s for s in several if s.what == what), Score(what, "–")) for several in scores.values()]
        rows.append([what, *map(_scored, both)])
    judged = [(name, score) for name, several in scores.items() for score in several if score.met is not None]
    missed = [f"{lower(score.what)} ({name})" for name, score in judged if not score.met]
    closing = f"{len(judged) - len(missed)} of {len(judged)} targets are met"
    closing += f"; missed: {'; '.join(missed)}." if missed else "."
    kept = validation.leave_one_out.not_left_out
    sentences = [sentence(comparison, name) for name, comparison in sets(validation).items()]
    return join(
        *(paragraph(told, "lead") for told in sentences if told),
        paragraph(closing if judged else "No target can be judged with what there is.", "lead"),
        table(
            ["", IN_SAMPLE, LEFT_OUT], rows,
            "In sample: parameters estimated from all powders. "
            "Leave one out: each powder predicted with parameters estimated from the others alone.",
        ),
        _baselines(validation),
        paragraph(f"Never left out, because not fitted: {', '.join(kept)}.", "about") if kept else "",
        paragraph(
            "F1 joins precision (of the phases predicted, the share that was seen) and recall (of the phases seen, "
            "the share that was predicted); 1 is perfect.", "about",
        ),
        about,
    )  # fmt: skip


def _baselines(validation: Validation) -> Html:
    """The model beside what needs no model."""
    baselines = validation.baselines
    if not baselines.guesses:
        return join()
    scores = validation.leave_one_out
    models = (
        ("this model", scores.onset.mean_distance_C, scores.phases),
        ("vote of its samples", scores.vote.mean_distance_C, scores.vote),
    )
    rows: list[Row] = [
        [name, degrees(off), *map(ratio, (marks.f1, marks.precision, marks.recall))] for name, off, marks in models
    ]
    rows += [
        [guess.what, degrees(guess.mean_distance_C), *map(ratio, (guess.f1, guess.precision, guess.recall))]
        for guess in baselines.guesses
    ]
    told = (
        "Skill is the share of the best baseline's error that the model takes away: "
        f"{ratio(baselines.skill_onset)} in onsets, {ratio(baselines.skill_f1)} in F1."
    )
    if (coverage := baselines.coverage) is not None:
        told += f" {coverage.inside} of {coverage.count} observed onsets lie inside of the 90 % intervals."
    return join(
        table(["each cathode left out", "onset off by, °C", "F1", "precision", "recall"], rows, told),
    )


def _scored(score: Score) -> Html:
    if not score.target:
        return html(score.told)
    told = ("<strong>", html(score.told), "</strong><br>target: ", html(score.target))
    return join(*told, verdict(score.met, "met", "missed"))


def verdicts(validation: Validation) -> Html:
    """Each powder in a sentence or two."""
    onsets = validation.in_sample.onset.powders
    rows = [
        [powder, bracket(onsets.get(powder)), predicted_onset(onsets.get(powder)), validation.verdicts.get(powder, "–")]
        for powder in dict.fromkeys([*validation.verdicts, *onsets])
    ]
    return table(["powder", "observed onset", "predicted onset, in sample", "verdict"], rows)


def phase_maps(validation: Validation) -> Html:
    """Marks of all families against temperature: in sample at once, powders left out on a click."""
    cells = {name: scores.cells for name, scores in sets(validation).items()}
    if not any(cells.values()):
        return nothing("No observations of phases.")
    return join(
        _phase_map(cells[IN_SAMPLE], "map-in-sample"),
        details("The same with each powder left out", _phase_map(cells[LEFT_OUT], "map-left-out")),
        details("All numbers of both maps", pieces.both(*cells.values())),
    )


def _phase_map(cells: Sequence[Cell], key: str) -> Html:
    if not cells:
        return nothing("No observations of phases.")
    temperatures = sorted({cell.temperature_C for cell in cells})
    panels = []
    for number, family in enumerate(pieces.families(cell.family for cell in cells)):
        own = [cell for cell in cells if cell.family == family]
        drawn = figures.phase_map(family, own, temperatures)
        panels.append(svg(drawn, f"{key}-{number}", wording.map_label(family, own)))
    caption = (
        f"{pieces.right(cells)} of {len(cells)} marks are predicted rightly. One panel per family; the fill is the "
        "predicted probability that the family is seen, the sign what was observed. A place that is split holds "
        "several observations, by different methods."
    )
    return figure(panels, caption, svg(figures.phase_map_legend(), f"{key}-legend", "What fill and marks mean"))


def onsets(validation: Validation) -> Html:
    """First hold temperature with a secondary phase, beside the brackets observed."""
    compared = {name: scores.onset.powders for name, scores in sets(validation).items()}
    powders = list(dict.fromkeys(powder for several in compared.values() for powder in several))
    if not powders:
        return nothing("No onsets.")
    rows: list[Row] = []
    labels = []
    for powder in powders:
        entries = {name: several.get(powder) for name, several in compared.items()}
        observed = bracket(next(onset for onset in entries.values() if onset))
        row: Row = [powder, observed]
        for onset in entries.values():
            row += [predicted_onset(onset), Number(degrees(onset.distance_C if onset else None))]
        rows.append(row)
        told = (f"predicted {predicted_onset(onset)} {name}" for name, onset in entries.items() if onset)
        labels.append(f"{powder}: observed {observed}, {', '.join(told)}")
    head = ["powder", "observed", "in sample: predicted (5 to 95 %)", "distance / °C"]
    head += ["leave one out: predicted (5 to 95 %)", "distance / °C"]
    return join(
        figure(
            [svg(figures.onsets(compared, TOLERANCE), "onsets", "Onsets. " + "; ".join(labels))],
            "Lowest hold temperature with a detectable secondary phase. Grey: between the highest clean and the lowest "
            f"reacted temperature observed, open where one of them is not known, and {TOLERANCE:g} °C around. Points: "
            "the most probable parameters; lines: 5 to 95 % of the posterior samples.",
        ),
        details("All onsets", table(head, rows, "Distance of the prediction from the bracket, 0 inside.")),
    )


def amounts(validation: Validation) -> Html:
    """Measured amounts and reactants that are gone; how amounts change with temperature."""
    parts = []
    for name, scores in sets(validation).items():
        if scores.amounts:
            head = ["observation", "powder", "T / °C", "what", "measured / wt%", "predicted / wt%", "agreement"]
            rows = [_gone(entry) if isinstance(entry, Gone) else _amount(entry) for entry in scores.amounts]
            parts.append(table(head, rows, f"{name.capitalize()}: amounts measured and reactants gone."))
    for name, scores in sets(validation).items():
        if scores.trends:
            title = f"{name.capitalize()}: how amounts change with temperature ({len(scores.trends)})"
            parts.append(details(title, _trends(scores)))
    return join(*parts) if parts else nothing("No amounts.")


def _amount(entry: ComparedAmount) -> Row:
    return [
        entry.id, entry.cathode, Number(degrees(entry.temperature_C)), " + ".join(entry.families),
        Number(f"{share(entry.measured)} ± {share(entry.sd)}"),
        Number(wording.share_with_interval(entry.predicted, entry.interval)),
        verdict(entry.within_30_percent, "within 30 %", "over 30 % off"),
    ]  # fmt: skip


def _gone(entry: Gone) -> Row:
    return [
        entry.id, entry.cathode, Number(degrees(entry.temperature_C)), f"{entry.gone} gone",
        Number(f"< {share(entry.limit)}"), Number(wording.share_with_interval(entry.left, entry.interval, " left")),
        verdict(entry.predicted_gone, "gone", "not gone"),
    ]  # fmt: skip


def _trends(scores: Scores) -> Html:
    rows = [
        [
            trend.id, trend.cathode, family_name(trend.family), wording.trend(trend),
            Number(percent(trend.probability)), verdict(trend.holds, "holds", "does not hold"),
        ]
        for trend in scores.trends
    ]  # fmt: skip
    return table(["observation", "powder", "family", "observed", "predicted probability", "prediction"], rows)


def curves(validation: Validation) -> Html:
    """Amounts against hold temperature, a figure for each powder."""
    drawn = []
    scores = validation.in_sample
    for number, (powder, curve) in enumerate(validation.curves.items()):
        limits = sorted({cell.limit_wt_percent for cell in scores.cells if cell.cathode == powder}, reverse=True)
        measured = [entry for entry in scores.amounts if entry.cathode == powder]
        panel = svg(
            figures.curves(powder, curve, measured, limits), f"curve-{number}", wording.curve_label(powder, curve)
        )
        drawn.append(details(powder, figure([panel], "")) if number else figure([panel], ""))
    caption = (
        "Amounts after cooling, in wt% of the sample, against hold temperature: lines for the most probable "
        "parameters, bands for 5 to 95 % of the posterior samples, parameters from all powders. Families that stay "
        f"below {SHOWN:g} wt% are left out; the scale is linear below {SHOWN:g} wt%. Open diamonds: measured, with "
        "standard deviation; dashed line: detection limit. Lower panels: wt% left of the reactants."
    )
    return join(paragraph(caption, "about"), *drawn) if drawn else nothing("No curves.")
