"""The micro-data of one territory and one year, counted: hours, people and contracts by every breakdown."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpsr_study.disclosure import Cell, Rule, Tables
from cpsr_study.sources.clause import alone, layout
from cpsr_study.sources.clause.layout import CONTRACTS, HOURS, PEOPLE, UNKNOWN, Layout

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.indicators import Registry
    from cpsr_study.sources.clause.schema import Schema


@dataclass(frozen=True)
class Year:
    """The contracts of a year with all that is known of their operation and participant; its operations.

    `lines` columns: those of the three tables, `person`, `deed` (contract), `market`, `heures`; one row a contract.
    `markets`: one row an operation active in the year. `all_lines`: the contracts of every year of these operations.
    `first`: no earlier year is known.
    """

    year: int
    lines: "pd.DataFrame"
    markets: "pd.DataFrame"
    all_lines: "pd.DataFrame"
    first: bool = True

    @property
    def past(self) -> "pd.DataFrame":
        """The contracts of the operations of the year, from their start to its end."""
        known = self.all_lines
        return known[(known["annee"] <= self.year) & known["market"].isin(self.markets["market"])]


def tables(data: Year, registry: "Registry", schema: "Schema", rule: Rule) -> Tables:
    """The linked tables of a year, with what is sensitive in them."""
    lines = data.lines
    shape = Layout(registry, schema, {name for name, _ in _leaves(lines, schema)} | alone.used(data))
    cells = []
    for indicator, category in shape.figures():
        if indicator in alone.FIGURES:
            continue
        own = lines[_mask(lines, shape, indicator, category)]
        measure = measure_of(indicator)
        value = _measured(own, measure)
        if value:
            sensitive = rule.is_sensitive(own["person"].nunique(), largest_share(own) if measure == HOURS else 0)
            parts = shape.parts(indicator, category)
            cells.append(Cell((indicator, category), parts, value, sensitive, whole=measure != HOURS))
    cells += _complements(lines, shape, rule)
    cells += alone.cells(data, shape, rule)
    return Tables(cells, shape.equal())


def measure_of(indicator: str) -> str:
    """Hours, people or contracts: what a figure of these tables counts."""
    return next(measure for measure in (HOURS, PEOPLE, CONTRACTS) if indicator.startswith(measure))


def largest_share(
    lines: "pd.DataFrame", column: str = "heures", bodies: tuple[str, ...] = ("employeur", "acheteur")
) -> float:
    """The share (%) of these hours that one body makes up: the largest of the employers' and of the buyers'."""
    total = lines[column].sum()
    if total <= 0:
        return 0.0
    return 100 * max(float(lines.groupby(body)[column].sum().max()) for body in bodies) / float(total)


def quantities(data: Year, schema: "Schema") -> dict[str, float]:
    """Every elementary quantity of the layout: what only the partner knows, to compare two vintages."""
    lines = data.lines
    found = {f"{name}.{code}": value for (name, code), value in _leaves(lines, schema) if name not in _CROSSED}
    crossed = lines.groupby(["modalite", "type_employeur"])["heures"].sum()
    found |= {f"heures.{way}.{kind}": float(value) for (way, kind), value in crossed.items()}
    return found | alone.quantities(data)


_CROSSED = {"heures_modalite": "modalite", "heures_employeur": "type_employeur"}


def _leaves(lines: "pd.DataFrame", schema: "Schema") -> Iterator[tuple[tuple[str, str], float]]:
    """Each leaf that is not zero: ((indicator, code), value)."""
    columns = {name: (HOURS, column) for name, column in _CROSSED.items()}
    columns |= {name: (measure, column) for name, (measure, _, column) in layout.SPLITS.items()}
    columns[layout.PROJECTS] = (HOURS, "projet")
    for code in {value.code for value in schema.values["public"]} - set(layout.SAME):
        columns[f"public.{code}"] = (PEOPLE, f"public.{code}")
    for name, (measure, column) in columns.items():
        for leaf, own in lines.groupby(column):
            if value := _measured(own, measure):
                yield (name, str(leaf)), value


def _measured(lines: "pd.DataFrame", measure: str) -> float:
    if measure == HOURS:
        return float(lines["heures"].sum())
    return float(lines["person" if measure == PEOPLE else "deed"].nunique())


def _mask(lines: "pd.DataFrame", shape: Layout, indicator: str, category: str) -> "pd.Series":
    """The rows that a figure counts."""
    if indicator in layout.TOTALS.values():
        return lines["heures"].notna()
    if indicator == "heures_modalite":
        return lines["modalite"].isin(shape.members("modalite", category))
    if indicator == "heures_employeur":
        return lines["type_employeur"].isin(shape.members("employeur", category))
    if indicator == "heures_condition_execution":
        return lines["modalite"] == layout.EXECUTION
    if indicator == "heures_mode_embauche":
        kinds = layout.MODES[category]
        return (lines["modalite"] == layout.EXECUTION) & lines["type_employeur"].isin(kinds)
    if indicator == layout.PROJECTS:
        return lines["projet"] == "oui"
    if indicator in layout.FOLLOWED:
        return lines[layout.SPLITS[layout.FOLLOWED[indicator]][2]] != UNKNOWN
    if indicator == layout.PUBLICS and category not in layout.SAME:
        return lines[f"public.{category}"] == "oui"
    if indicator == layout.PUBLICS:
        name, codes = layout.SAME[category]
        return lines[layout.SPLITS[name][2]].isin(codes)
    _, breakdown, column = layout.SPLITS[indicator]
    return lines[column].isin(shape.members(breakdown, category))


def _complements(lines: "pd.DataFrame", shape: Layout, rule: Rule) -> Iterator[Cell]:
    """The few who are not of a public: never printed, but the total less the public would say how many they are."""
    for category in {value.code for value in shape.schema.values["public"]} - set(layout.SAME):
        others = lines.loc[lines[f"public.{category}"] == "non", "person"].nunique()
        if rule.is_sensitive(others, 0):
            yield Cell((layout.PUBLICS, f"hors {category}"), shape.complement(category), float(others), True)
    for indicator in layout.FOLLOWED.values():
        unsaid = lines.loc[lines[layout.SPLITS[indicator][2]] == UNKNOWN, "person"].nunique()
        if rule.is_sensitive(unsaid, 0):
            yield Cell((indicator, "hors suivi"), shape.unknown(indicator), float(unsaid), True)
    other = lines[lines["projet"] == "non"]
    if len(other) < len(lines) and rule.is_sensitive(other["person"].nunique(), largest_share(other)):
        hours = _measured(other, HOURS)
        yield Cell((layout.PROJECTS, "hors projets"), shape.others(), hours, True, whole=False)
