"""What a check looks at, and what it says."""

import math
import operator
from collections import namedtuple
from collections.abc import Iterable
from dataclasses import dataclass, field
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
    _groups: dict[tuple[str, ...], dict[tuple[Any, ...], list[Any]]] = field(default_factory=dict)

    @cached_property
    def _rows(self) -> list[Any]:
        """Every observation as a tuple: the checks look at them one by one, for which a frame is slow."""
        columns = [self.everything[name].tolist() for name in self.everything.columns]
        row = namedtuple("row", list(self.everything.columns))  # type: ignore[misc]
        return [row(*values) for values in zip(*columns, strict=True)]

    @cached_property
    def published(self) -> list[Any]:
        """The observations that a source states."""
        return [row for row in self._rows if row.source != SOURCE]

    def groups(self, *fields: str) -> dict[tuple[Any, ...], list[Any]]:
        """The published observations by the values of some fields, in order."""
        if fields not in self._groups:
            self._groups[fields] = grouped(self.published, *fields)
        return self._groups[fields]

    @cached_property
    def _known(self) -> dict[tuple[Any, ...], list[Any]]:
        return grouped([row for row in self._rows if row.headline], "indicator", "category")

    def known(self, indicator: str, category: str = "") -> list[Any]:
        """Headline observations of a quantity, published or computed."""
        return self._known.get((indicator, category), [])

    @cached_property
    def by_indicator(self) -> dict[str, list[Any]]:
        """The published observations of each indicator."""
        return {name: rows for (name,), rows in self.groups("indicator").items()}

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
        return {row.id: row for row in self._rows}

    def rows(self, indicator: str, geo: str, period: str, category: str = "") -> list[Any]:
        """The statements of one quantity, the headline first."""
        return self._by_quantity.get((indicator, geo, period, category), [])

    @cached_property
    def _by_quantity(self) -> dict[tuple[Any, ...], list[Any]]:
        headlines_first = sorted(self.published, key=lambda row: not row.headline)
        return grouped(headlines_first, "indicator", "geo", "time_period", "category")

    def text(self, row: Any) -> str:
        """The value with its unit."""
        return numbers.value_text(row.value, row.unit, units=self.registry.units)

    def value(self, value: float, unit: str) -> str:
        """A recomputed value with its unit."""
        return numbers.value_text(value, unit, units=self.registry.units, derived=True)

    def name(self, row: Any, *, dated: bool = True) -> str:
        """« Contrats de travail, France, 2019 »; without its year where the source gives none."""
        category = self.registry.category_label(row.breakdown, row.category)
        parts = [
            self.registry[row.indicator].label,
            category,
            self.names.get(row.geo, row.geo),
            numbers.period_text(row.time_period) if dated else "",
        ]
        return ", ".join(part for part in parts if part)


def grouped(rows: Iterable[Any], *fields: str) -> dict[tuple[Any, ...], list[Any]]:
    """Rows by the values of some fields, the keys sorted, the rows in their order."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, name) for name in fields), []).append(row)
    return dict(sorted(found.items()))


def allowed(row: Any) -> Interval:
    """The values that the words of the source allow."""
    return interval(row.value, row.as_published)


def relative_gap(stated: float, recomputed: float) -> float:
    """Distance between two values, relative to the second."""
    return abs(stated - recomputed) / abs(recomputed) if recomputed else math.inf


def joined(items: Iterable[str]) -> str:
    return numbers.join_fr(dict.fromkeys(items))
