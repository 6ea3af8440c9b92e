"""Hours that have a total and no breakdown: planned, of internship, paid, cumulated since the operations began.

They are cells of the same linked tables: paid hours hold the hours done, cumulated hours hold those of the year and of
the years before, and whoever knows one has a bound of the other.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cpsr_study.disclosure import Cell, Rule
from cpsr_study.sources.clause.layout import DONE, MORE, PAID, PLANNED, TRAINING, Layout, Name

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources.clause.counting import Year

FIGURES = (PLANNED, TRAINING, PAID, DONE)


def used(data: "Year") -> set[Name]:
    """The leaves of these figures that are not plainly zero, and what a reader knows that they hold."""
    found: set[Name] = {(name, "") for name, value in _totals(data).items() if value}
    if _totals(data)[PAID] >= data.lines["heures"].sum():
        found.add((PAID, MORE[PAID]))
    return found if data.first else found | {(DONE, MORE[DONE])}


def quantities(data: "Year") -> dict[str, float]:
    """The elementary quantities, to compare two vintages."""
    totals, hours = _totals(data), float(data.lines["heures"].sum())
    rest = {f"{name}.{more}": totals[name] - hours for name, more in MORE.items()}
    return rest | {f"{name}.total": totals[name] for name in (PLANNED, TRAINING, PAID)}


def cells(data: "Year", shape: Layout, rule: Rule) -> Iterator[Cell]:
    """One cell a figure that is not zero. Planned and internship hours are those of markets: no person is behind."""
    from cpsr_study.sources.clause.counting import largest_share

    for name, total in _totals(data).items():
        if not total:
            continue
        lines, column = _rows(data, name)
        own = lines[lines[column] > 0]
        bodies = ("acheteur_cle",) if name in (PLANNED, TRAINING) else ("employeur", "acheteur_cle")
        people = rule.persons if name in (PLANNED, TRAINING) else own["person"].nunique()
        secret = rule.is_sensitive(people, largest_share(own, column, bodies))
        yield Cell((name, ""), shape.parts(name, ""), total, secret, whole=False)


def _totals(data: "Year") -> dict[str, float]:
    return {name: float(lines[column].sum()) for name in FIGURES for lines, column in [_rows(data, name)]}


def _rows(data: "Year", name: str) -> "tuple[pd.DataFrame, str]":
    """The rows that a figure adds up, and their column."""
    if name in (PLANNED, TRAINING):
        return data.markets, name
    return (data.lines, PAID) if name == PAID else (data.past, "heures")
