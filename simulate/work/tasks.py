"""What the app computes: tasks that another process carries out, each yielding its parts as they are ready."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sinterface.models.instruments.detector import Detector
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.powders.materials import Material
from sinterface.simulate.setup.problem import Problem

Progress = Callable[[float, str], None]
"""Told the share done [1] and what is being done."""

Part = tuple[str, Any]
"""A piece of an answer: its name and what can be sent between processes."""


@dataclass(frozen=True)
class Run:
    """One couple on one schedule; with ``samples`` its intervals too."""

    problem: Problem
    samples: int = 0

    def parts(self, progress: Progress) -> Iterator[Part]:
        """``result`` (again once its intervals are known), then ``pattern``, the diffractogram of the cooled sample."""
        from sinterface.models.basics.errors import InputError
        from sinterface.simulate.solve.run import predict
        from sinterface.simulate.studies.samples import spread

        alone = 1.0 if not self.samples else 0.1
        result = predict(self.problem, progress=lambda share: progress(alone * share, "the couple is heated"))
        result = replace(result, state=None)
        yield "result", result
        progress(alone, "the X-ray pattern is calculated")
        try:
            yield "pattern", result.xrd()
        except InputError as error:  # no phase has a structure
            yield "pattern", str(error)
        if self.samples:
            around = spread(
                self.problem, self.samples, workers=os.cpu_count() or 1,
                progress=lambda share: progress(alone + (1.0 - alone) * share, f"{self.samples} samples are heated"),
            )  # fmt: skip
            yield "result", replace(result, dataset=around.added_to(result.dataset))


@dataclass(frozen=True)
class SweepTask:
    """One couple at many hold temperatures [degrees C], each held for ``hours`` after a ramp [degrees C/min]."""

    problem: Problem
    temperatures: tuple[float, ...]
    hours: float
    ramp: float
    detect: Detector

    def parts(self, progress: Progress) -> Iterator[Part]:
        """``sweep``."""
        from sinterface.simulate.studies.sweep import sweep

        made = sweep(
            self.problem, self.temperatures, hours=self.hours, ramp=self.ramp, detect=self.detect,
            workers=os.cpu_count() or 1,
            progress=lambda share: progress(share, f"{len(self.temperatures)} temperatures are run"),
        )  # fmt: skip
        yield "sweep", replace(made, results=tuple(replace(result, state=None) for result in made.results))


@dataclass(frozen=True)
class Compare:
    """Several runs side by side, by what differs in them."""

    problems: Mapping[str, Problem]

    def parts(self, progress: Progress) -> Iterator[Part]:
        """``comparison``, in the order of the problems."""
        from sinterface.simulate.solve.run import predict
        from sinterface.simulate.studies.compare import Comparison, density

        results = []
        for number, problem in enumerate(self.problems.values()):
            many = len(self.problems)

            def advance(share: float, number: int = number, many: int = many) -> None:
                progress((number + share) / many, f"run {number + 1} of {many}")

            results.append(replace(predict(problem, progress=advance), state=None))
        plans = tuple(replace(problem.schedule, name=name) for name, problem in self.problems.items())
        yield "comparison", Comparison(plans, tuple(results), tuple(density(plan) for plan in plans))


@dataclass(frozen=True)
class React:
    """Reactions of two powders at every mixing ratio, at one temperature [K]."""

    cathode: Material
    electrolyte: Material
    temperature: float
    atmosphere: Atmosphere
    para: bool = False

    def parts(self, progress: Progress) -> Iterator[Part]:
        """``reactions``."""
        from sinterface.models.interface.reactions import interface_reactions
        from sinterface.models.phases.database import embedded

        progress(0.1, "equilibria are minimised")
        made = interface_reactions(
            self.cathode, self.electrolyte, self.temperature, self.atmosphere, embedded(), para=self.para
        )
        yield "reactions", made


Task = Run | SweepTask | Compare | React
