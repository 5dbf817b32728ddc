"""Sections of the report beyond the reference experiment: heating alone, parameters, other laboratories, what lacks."""

from __future__ import annotations

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
from sinterface.validation.report import figures, figures_parameters, pieces, wording
from sinterface.validation.report.drawing import svg
from sinterface.validation.report.pieces import Row, family_name, verdict
from sinterface.validation.report.scores import IN_SAMPLE, sets
from sinterface.validation.report.wording import degrees, fixed, ratio
from sinterface.validation.scores.document import GarnetLoss, Loss, Order, Scores, Validation

PROBLEMS_SHOWN = 10
"""Problems listed at once; the others unfold."""


def mass_losses(validation: Validation) -> Html:
    """Where materials begin to lose mass when heated, and in which order."""
    heating = validation.thermogravimetry
    orders = [order for order in (heating.order, *heating.order_of_mixtures) if order]
    parts = []
    if heating.loss_from:
        drawn = svg(figures.losses(heating.loss_from), "losses", wording.losses_label(heating.loss_from))
        caption = (
            "Temperature from which a material loses mass when heated slowly or, mixed with the electrolyte, loses "
            "more than the other mixtures. Predicted with the calibrated parameters, without interval."
        )
        parts.append(figure([drawn], caption))
    if orders:
        head = ["", "observed", "predicted (loss from / °C)", "pairs right"]
        parts.append(table(head, [_order(order) for order in orders], "Order from the most to the least stable."))
    if heating.loss_from:
        head = ["material", "observed / °C", "bounds / °C", "predicted / °C", "prediction"]
        parts.append(details("All first mass losses", table(head, [_loss(entry) for entry in heating.loss_from])))
    if heating.garnet:
        parts.append(_garnet(heating.garnet))
    return join(*parts) if parts else nothing("No thermogravimetry.")


def _order(order: Order) -> Row:
    told = {name: f"{name} ({wording.loss(T)})" for name, T in order.predicted_C.items()}
    predicted = [[told.get(name, name) for name in rank] for rank in order.predicted]
    about = f"with {order.electrolyte}" if order.electrolyte else "pure cathodes"
    return [about, pieces.chain(order.observed), pieces.chain(predicted), f"{order.pairs_right} of {order.pairs}"]


def _loss(entry: Loss) -> Row:
    return [
        entry.couple, Number(degrees(entry.observed_C)), Number(wording.span(entry.between_C, 0)),
        Number(wording.loss(entry.predicted_C)), verdict(entry.inside, "inside", "outside"),
    ]  # fmt: skip


def _garnet(garnet: GarnetLoss) -> Html:
    predicted = garnet.predicted_wt_percent
    told = "and the run did not end" if predicted is None else f"predicted are {fixed(predicted, 2)} wt%"
    if garnet.predicted_steps_C:
        told += f", at {', '.join(garnet.predicted_steps_C)} °C"
    steps = f", in steps at {', '.join(garnet.steps_C)} °C" if garnet.steps_C else ""
    return paragraph(f"{garnet.material} alone lost {fixed(garnet.observed_wt_percent, 2)} wt%{steps}, {told}.")


def parameters(validation: Validation) -> Html:
    """Priors and posteriors of the global parameters."""
    known = validation.parameters
    if not known:
        return nothing("No parameters.")
    rows = [
        [
            parameter.name, parameter.unit,
            Number(wording.plus_minus(parameter.prior.mean, parameter.prior.sd, parameter.prior.sd)),
            Number(wording.plus_minus(parameter.posterior.mean, parameter.posterior.sd, parameter.prior.sd)),
            Number(wording.span(
                (parameter.posterior.q05, parameter.posterior.q95), wording.decimals(parameter.prior.sd)
            )),
            parameter.meaning, parameter.source,
        ]
        for parameter in known
    ]  # fmt: skip
    head = ["parameter", "unit", "prior", "posterior", "5 to 95 %", "meaning", "source of the prior"]
    told = (f"{parameter.name} {fixed(parameter.posterior.mean, 2)} {parameter.unit}" for parameter in known)
    label = f"Posterior of each parameter in units of its prior: {'; '.join(told)}"
    return join(
        figure(
            [svg(figures_parameters.parameters([(p.name, p.prior, p.posterior) for p in known]), "parameters", label)],
            "How far the observations moved each parameter, and how much they narrowed it. A line as wide as the grey "
            "bar: the observations say nothing of this parameter.",
        ),
        details("All parameters", table(head, rows, "Mean ± standard deviation.")),
    )


def sensitivity(validation: Validation) -> Html:
    """How the onsets follow the parameters."""
    slopes = {powder: by_name for powder, by_name in validation.sensitivity.items() if by_name}
    if not any(value is not None for by_name in slopes.values() for value in by_name.values()):
        return nothing("Nothing can be told: no onset varies, or there are too few samples.")
    names = list(dict.fromkeys(name for by_name in slopes.values() for name in by_name))
    rows = [[name, *(Number(wording.signed(by_name.get(name))) for by_name in slopes.values())] for name in names]
    label = "Change of onsets in degrees C per prior sd; as table below"
    return join(
        figure(
            [svg(figures_parameters.sensitivity(slopes), "sensitivity", label)],
            "Change of the onset, in °C, when a parameter rises by one standard deviation of its prior. Positive: the "
            "powder reacts later. A dash: the onset does not vary, or the samples are too few to tell.",
        ),
        details("All numbers", table(["°C per prior sd", *slopes], rows)),
    )


def right_and_wrong(validation: Validation) -> Html:
    """Marks counted by family: in sample at once, powders left out on a click."""
    parts = []
    for name, scores in sets(validation).items():
        if scores.phases.families:
            counts = _counts(scores, f"{name.capitalize()}: number of marks.")
            parts.append(counts if name == IN_SAMPLE else details("The same with each powder left out", counts))
    return join(*parts) if parts else nothing("No families compared.")


def _counts(scores: Scores, caption: str) -> Html:
    rows = []
    for family in pieces.families(scores.phases.families):
        counts = scores.phases.families[family]
        numbers = (Number(str(count)) for count in (counts.tp, counts.fp, counts.fn, counts.tn))
        rows.append([family_name(family), *numbers, Number(ratio(counts.f1))])
    return table(
        ["family", "seen and predicted", "predicted, not seen", "seen, not predicted", "neither", "F1"], rows, caption
    )


def other_laboratories(validation: Validation) -> Html:
    """Marks of other laboratories: those that differ at once, all of them on a click."""
    cells = validation.other_laboratories
    if not cells:
        return nothing("No observations of other laboratories.")
    told = (
        f"{pieces.right(cells)} of {len(cells)} marks are predicted rightly, with parameters from all powders of the "
        "reference experiment. None was used to estimate parameters. Reports can contradict each other."
    )
    differing = [cell for cell in cells if cell.agrees is False]
    return join(
        paragraph(told),
        details(f"Marks that differ ({len(differing)})", pieces.elsewhere(differing)) if differing else "",
        details(f"All marks ({len(cells)})", pieces.elsewhere(cells)),
    )


def not_predicted(validation: Validation) -> Html:
    """What the model lacks, and what no prediction is made of."""
    reasons = (*validation.lacking, *validation.thermogravimetry.not_predicted)
    return table(["what", "why"], [[reason.what, reason.why] for reason in reasons])


def problems(validation: Validation) -> Html:
    """Cards that could not be read and runs that did not end."""
    texts = validation.problems
    if not texts:
        return paragraph("None: every card was read.")
    lists = (texts[:PROBLEMS_SHOWN], texts[PROBLEMS_SHOWN:])
    shown, rest = (join("<ul>", *(join("<li>", html(text), "</li>") for text in part), "</ul>") for part in lists)
    return join(shown, details(f"{len(lists[1])} more", rest)) if lists[1] else shown
