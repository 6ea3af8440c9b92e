"""What a check looks at, and what it says."""

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import pandas as pd

from cpsr_study.derivation import SOURCE
from cpsr_study.display import numbers
from cpsr_study.indicators import Registry
from cpsr_study.precision import Interval, evaluate, interval

SEVERITIES = ["erreur", "alerte", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing to explain: the check that speaks, its sentence, the observations, stated and recomputed values."""

    check: str
    family: str
    severity: str
    sentence: str
    ids: tuple[str, ...]
    stated: str = ""
    recomputed: str = ""
    gap: float = 0.0

    @property
    def anchor(self) -> str:
        return f"constat-{self.check}-{self.ids[0]}".replace("~", "-").replace("@", "-")

    @property
    def gap_text(self) -> str:
        """The gap between stated and recomputed, relative to the recomputed value."""
        return numbers.value_text(100 * self.gap, "%", derived=True) if 0 < self.gap < math.inf else ""


@dataclass(frozen=True)
class Context:
    """The observations under examination: `frame` holds the published ones, `everything` the computed ones too."""

    everything: pd.DataFrame
    registry: Registry
    members: dict[str, list[str]]
    names: dict[str, str]

    @cached_property
    def frame(self) -> pd.DataFrame:
        return self.everything[self.everything["source"] != SOURCE]

    @cached_property
    def by_indicator(self) -> dict[str, pd.DataFrame]:
        return dict(iter(self.frame.groupby("indicator", sort=True)))

    def known(self, indicator: str, category: str = "") -> list[Any]:
        """Headline observations of a quantity, published or computed."""
        frame = self.everything
        found = frame[(frame["indicator"] == indicator) & (frame["category"] == category) & frame["headline"]]
        return list(found.itertuples(index=False))

    def allowed(self, row: Any) -> Interval:
        """The values that the words of the source allow or, for a computed observation, those of its inputs."""
        inputs = [self._by_id[name] for name in row.inputs.split() if name in self._by_id]
        if not inputs or len(inputs) < len(row.inputs.split()):
            return interval(row.value, row.as_published)
        values = [self.allowed(item) for item in inputs]
        formula = self.registry[row.indicator].formula
        if row.formula == formula:
            return evaluate(formula, dict(zip(self.registry[row.indicator].inputs, values, strict=True)))
        if row.formula.startswith("somme"):
            return reduce(operator.add, values)
        return interval(row.value, row.as_published)

    @cached_property
    def _by_id(self) -> dict[str, Any]:
        return {row.id: row for row in self.everything.itertuples(index=False)}

    def rows(self, indicator: str, geo: str, period: str, category: str = "") -> list[Any]:
        """The statements of one quantity, the headline first."""
        return self._by_quantity.get((indicator, geo, period, category), [])

    @cached_property
    def _by_quantity(self) -> dict[tuple[str, str, str, str], list[Any]]:
        quantities: dict[tuple[str, str, str, str], list[Any]] = {}
        ordered = self.frame.sort_values("headline", ascending=False, kind="stable")
        for row in ordered.itertuples(index=False):
            quantities.setdefault((row.indicator, row.geo, row.time_period, row.category), []).append(row)
        return quantities

    def text(self, row: Any) -> str:
        """The value with its unit."""
        return numbers.value_text(row.value, row.unit, units=self.registry.units)

    def value(self, value: float, unit: str) -> str:
        """A recomputed value with its unit."""
        return numbers.value_text(value, unit, units=self.registry.units, derived=True)

    def name(self, row: Any) -> str:
        """« Contrats de travail, France, 2019 »"""
        category = self.registry.category_label(row.breakdown, row.category)
        parts = [
            self.registry[row.indicator].label,
            category,
            self.names.get(row.geo, row.geo),
            numbers.period_text(row.time_period),
        ]
        return ", ".join(part for part in parts if part)


def allowed(row: Any) -> Interval:
    """The values that the words of the source allow."""
    return interval(row.value, row.as_published)


def relative_gap(stated: float, recomputed: float) -> float:
    """Distance between two values, relative to the second."""
    return abs(stated - recomputed) / abs(recomputed) if recomputed else math.inf


def joined(items: Iterable[str]) -> str:
    return numbers.join_fr(dict.fromkeys(items))
