"""Two areas, or two editions, set side by side: what can be compared, what moved and why.

Pure functions over tables of observations (see `observations`). A *figure* is an indicator and a category. Headline
statements are compared, those that a report shows; between editions, the other statements that come or go are told too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, nan
from typing import Any

import pandas as pd

from cpsr_study import derivation
from cpsr_study.indicators import Break
from cpsr_study.selection import latest_row

# Between two areas; a figure that only one has bears « seulement REG-28 ».
COMPARABLE, PERIODS = "comparable", "périodes différentes"
STATUSES, SOURCES = "statuts différents", "sources différentes"
ONLY = "seulement"
# Between two editions.
REVISED, NEW, ABSENT, BROKEN, SAME = "révisé", "nouveau", "absent", "rupture", "inchangé"
# What is new or absent: one period, all of them, or one more statement of a figure that another source gives.
PERIOD, SERIES, STATEMENT = "période", "série", "énoncé"
# Why a value is revised: another vintage of its source, a declared correction, its status alone, its computation.
VINTAGE, CORRECTION, STATUS, COMPUTED = "millésime", "correction", "statut", "calcul"
# Why a series is broken.
DEFINITION, MATURITY, SCOPE = "définition", "maturité", "champ"
IMMATURE = {"F", "P", "E"}
FIGURE = ("indicator", "breakdown", "category", "unit")
SIDE = ("id", "value", "period", "status", "source")  # what is told of each side
NOTHING = ("", nan, "", "", "")
Key = tuple[str, str, str]
Row = Any  # a line of a table, as itertuples gives it
Breaks = dict[str, tuple[Break, ...]]


def between_areas(table: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
    """One line a figure known for `a` or `b`, at the latest period both have, else at the latest of each.

    Columns: indicator, breakdown, category, unit, nature, gap (b − a, in the unit), gap_percent (of a), then for each
    side id_a, value_a, period_a, status_a, source_a, id_b... Where nothing is known, numbers are NaN, texts empty.
    """
    sides = [_Known(table, code) for code in (a, b)]
    lines = []
    for figure in sorted({*sides[0].shown, *sides[1].shown}):
        periods = [known.periods(figure) for known in sides]
        common = max(periods[0] & periods[1], default="")
        left, right = (known.rows[*figure, common] if common else known.shown.get(figure) for known in sides)
        nature = _nature(sides, left, right, (a, b))
        lines.append({"nature": nature} | _line(sides, left, right, ("a", "b")))
    return _frame(lines, ["nature"], ("a", "b"))


def between_editions(old: pd.DataFrame, new: pd.DataFrame, geo: str, breaks: Breaks | None = None) -> pd.DataFrame:
    """What changed for one area from the table of an edition to that of another. `attrs["unchanged"]` counts the rest.

    Columns: indicator, breakdown, category, unit, nature, cause, gap (new − old), gap_percent, then id_old, value_old,
    period_old, status_old, source_old, id_new... Natures: « révisé » (same period, same source, the value or the status
    moved: another « millésime » or « correction », its own or of an input, or the « statut » alone), « nouveau » and
    « absent » (a period, a whole series, or an « énoncé » that is not the one shown), « rupture » with its causes:
    « définition » (another source or kind of source, computed instead of stated, or a declared break, of `breaks`),
    « maturité » (a forecast, provisional or estimated value becomes final, or the reverse), « champ » (a computed value
    rests on another population or on other areas).

    When the figure that a report shows passes to another period, the line gives both values; it is a « rupture » if
    the two are not of one series.
    """
    before, after = sides = [_Known(table, geo, breaks) for table in (old, new)]
    lines: list[dict[str, Any]] = []
    told: set[Key] = set()
    passed: dict[Key, tuple[Row, Row]] = {}
    for one, other in _passed_on(before, after):
        if causes := _causes(before, one, after, other):
            lines.append({"nature": BROKEN, "cause": causes} | _line(sides, one, other, ("old", "new")))
            told |= {_key(one), _key(other)}
        else:
            passed |= dict.fromkeys([_key(one), _key(other)], (one, other))
    unchanged = 0
    for key in {*before.rows, *after.rows}:
        nature, cause = _change(before, after, key)
        unchanged += nature == SAME
        if nature == SAME or (nature in (NEW, ABSENT) and key in told):
            continue
        pair = before.rows.get(key), after.rows.get(key)
        left, right = passed.get(key, pair) if None in pair else pair
        lines.append({"nature": nature, "cause": cause} | _line(sides, left, right, ("old", "new")))
    for nature, left, right in _restated(before, after):
        lines.append({"nature": nature, "cause": STATEMENT} | _line(sides, left, right, ("old", "new")))
    frame = _frame(lines, ["nature", "cause"], ("old", "new"))
    frame.attrs["unchanged"] = unchanged
    return frame


@dataclass(frozen=True)
class Standing:
    """The place of an area among others: rank from the largest value, number of areas, median, ids of the ends."""

    rank: int
    count: int
    median: float
    lowest: str
    highest: str


def standing(frame: pd.DataFrame, geo: str) -> Standing:
    """Where `geo` stands in observations of one indicator, one an area; areas with equal values share the best rank."""
    values = frame.set_index("id")["value"]
    own = frame.loc[frame["geo"] == geo, "value"].iloc[0]
    return Standing(
        int((values > own).sum()) + 1, len(values), float(values.median()), str(values.idxmin()), str(values.idxmax())
    )


class _Known:
    """What a table says of one area: its rows by key, the one shown of each figure, where each comes from."""

    def __init__(self, table: pd.DataFrame, geo: str, breaks: Breaks | None = None):
        self._breaks = breaks or {}
        everything = table[table["geo"] == geo]
        own = everything[everything["headline"]]
        self.statements = {_statement(row): row for row in everything.itertuples(index=False)}
        self.rows: dict[Key, Row] = {_key(row): row for row in own.itertuples(index=False)}
        self.shown: dict[tuple[str, str], Row] = {}
        for figure, group in own.groupby(["indicator", "category"]):
            self.shown[figure] = self.rows[_key(latest_row(group).iloc[0])]
        self._leaves = derivation.leaves(table)
        self._origin = dict(zip(table["id"], zip(table["source"], table["kind"], strict=True), strict=True))
        self._geo = dict(zip(table["id"], table["geo"], strict=True))
        said = zip(table["source"], table["vintage"], table["correction"], strict=True)
        self._said = dict(zip(table["id"], said, strict=True))

    def periods(self, figure: tuple[str, str]) -> set[str]:
        return {period for *known, period in self.rows if tuple(known) == figure}

    def sources(self, row: Row) -> str:
        """« insee-filosofi, insee-cog, calcul »."""
        names = [self._origin[name][0] for name in self._leaves[row.id]]
        return ", ".join(dict.fromkeys([*names, row.source]))

    def origins(self, row: Row) -> tuple[bool, set[Any]]:
        """Whether it is computed, and from which sources of which kind, all the way down."""
        return row.source == derivation.SOURCE, {self._origin[name] for name in self._leaves[row.id]}

    def breaks(self, one: Row, other: Row) -> bool:
        """Whether a declared break of the indicator stands between two values."""
        first, last = sorted([one.time_period, other.time_period])
        return any(each.parts(first, last) for each in self._breaks.get(one.indicator, ()))

    def said(self, row: Row) -> tuple[set[Any], set[Any]]:
        """The vintages, and the corrections, of all that a value rests on."""
        below = {name: self._said[name] for name in self._leaves[row.id]}
        return {each[:2] for each in below.values()}, {(name, each[2]) for name, each in below.items()}

    def scope(self, row: Row, same_period: bool) -> set[str]:
        """The observations a value rests on; their areas alone when another period changes them all."""
        return {name if same_period else self._geo[name] for name in self._leaves[row.id]}


def _nature(sides: list[_Known], left: Row | None, right: Row | None, codes: tuple[str, str]) -> str:
    if left is None or right is None:
        return f"{ONLY} {codes[left is None]}"
    if left.time_period != right.time_period:
        return PERIODS
    if left.status != right.status:
        return STATUSES
    # A sum of départements and a stated value of one source can be compared: only the sources count.
    same = sides[0].origins(left)[1] == sides[1].origins(right)[1]
    return COMPARABLE if same else SOURCES


def _passed_on(before: _Known, after: _Known) -> Iterator[tuple[Row, Row]]:
    """The rows shown of each figure that both editions know, when they are not of the same period."""
    for figure in before.shown.keys() & after.shown.keys():
        one, other = before.shown[figure], after.shown[figure]
        if one.time_period != other.time_period:
            yield one, other


def _change(before: _Known, after: _Known, key: Key) -> tuple[str, str]:
    """What happened to one period of one figure, and why."""
    if key not in before.rows:
        return NEW, PERIOD if key[:2] in before.shown else SERIES
    if key not in after.rows:
        return ABSENT, PERIOD if key[:2] in after.shown else SERIES
    one, other = before.rows[key], after.rows[key]
    if causes := _causes(before, one, after, other):
        return BROKEN, causes
    same = isclose(one.value, other.value, rel_tol=1e-9) or (one.value != one.value and other.value != other.value)
    if same and one.status == other.status:
        return SAME, ""
    return REVISED, _revision(before, one, after, other)


def _revision(before: _Known, one: Row, after: _Known, other: Row) -> str:
    """Why a value of one series moved."""
    (vintages, corrections), (later, corrected) = before.said(one), after.said(other)
    causes = {VINTAGE: vintages != later, CORRECTION: corrections != corrected, STATUS: one.status != other.status}
    return ", ".join(name for name, true in causes.items() if true) or COMPUTED


def _restated(before: _Known, after: _Known) -> Iterator[tuple[str, Row | None, Row | None]]:
    """The statements beside the one shown that only one edition knows; the one shown is told with its period."""
    for nature, known, other in ((NEW, after, before), (ABSENT, before, after)):
        for key in known.statements.keys() - other.statements.keys():
            row = known.statements[key]
            if not row.headline:
                yield nature, *((None, row) if nature == NEW else (row, None))


def _causes(before: _Known, one: Row, after: _Known, other: Row) -> str:
    """Why two values of one figure are not of the same series; empty when they are."""
    same_period = one.time_period == other.time_period
    redefined = before.origins(one) != after.origins(other) or after.breaks(one, other)
    matured = one.status != other.status and bool({one.status, other.status} & IMMATURE)
    rescoped = not redefined and before.scope(one, same_period) != after.scope(other, same_period)
    causes = {DEFINITION: redefined, MATURITY: matured, SCOPE: rescoped}
    return ", ".join(name for name, true in causes.items() if true)


def _key(row: Row) -> Key:
    return row.indicator, row.category, row.time_period


def _statement(row: Row) -> tuple[Any, ...]:
    """What one vintage of one source says of one period of one figure."""
    return *_key(row), row.source, row.vintage, str(row.value), row.status


def _line(sides: list[_Known], left: Row | None, right: Row | None, names: tuple[str, str]) -> dict[str, Any]:
    one: Any = left if left is not None else right
    line = {column: getattr(one, column) for column in FIGURE} | {"gap": nan, "gap_percent": nan}
    if left is not None and right is not None:
        line["gap"] = right.value - left.value
        line["gap_percent"] = 100 * line["gap"] / abs(left.value) if left.value else nan
    for name, known, row in zip(names, sides, (left, right), strict=True):
        told = (row.id, row.value, row.time_period, row.status, known.sources(row)) if row is not None else NOTHING
        line |= {f"{column}_{name}": value for column, value in zip(SIDE, told, strict=True)}
    return line


def _frame(lines: list[dict[str, Any]], first: list[str], names: tuple[str, str]) -> pd.DataFrame:
    sides = [f"{column}_{name}" for name in names for column in SIDE]
    columns = [*FIGURE, *first, "gap", "gap_percent", *sides]
    frame = pd.DataFrame(lines, columns=columns)
    order = ["indicator", "category", f"period_{names[1]}", f"period_{names[0]}", "nature"]
    return frame.sort_values(order, kind="stable", ignore_index=True)
