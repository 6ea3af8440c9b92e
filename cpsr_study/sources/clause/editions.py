"""What a territory shows from one vintage to the next, so that the difference of two publications shows nobody.

A year whose figures rest on other people than those shown before is published again only when enough of them are other:
one person more, and the difference of two publications would be that person's portrait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cpsr_study import disclosure, indicators
from cpsr_study.disclosure import Cell, Rule, Tables
from cpsr_study.sources.clause import counting, layout, schema
from cpsr_study.sources.clause.counting import Year
from cpsr_study.sources.clause.layout import PAID

Hidden = set[tuple[str, ...]]

# What is said of a person in the figures, pseudonyms and identifiers apart.
_PORTRAIT = ["annee", "modalite", "type_employeur", "employeur", "acheteur", "projet", "heures", PAID, "jours"]


@dataclass(frozen=True)
class State:
    """What is shown: the data behind each year, its linked tables, the names (with the year) that are hidden.

    `kept`: the years whose figures stay those of an earlier vintage, and how many people have changed in them.
    """

    years: Mapping[int, Year] = field(default_factory=dict)
    tables: Mapping[int, Tables] = field(default_factory=dict)
    hidden: Hidden = field(default_factory=set)
    kept: Mapping[int, int] = field(default_factory=dict)

    def shown(self, year: int) -> list[Cell]:
        """The cells of a year that are not hidden."""
        tables = self.tables.get(year, Tables([]))
        return [cell for cell in tables.cells if (*cell.name, str(year)) not in self.hidden]


def following(before: State, new: Iterable[Year], data_dir: Path, rule: Rule | None = None) -> State:
    """What is shown after a vintage, knowing what was shown before it."""
    rule, registry, shape = rule or Rule(), indicators.read(data_dir), schema.read(data_dir)
    given = {data.year: data for data in new}
    kept: dict[int, int] = {}
    years: dict[int, Year] = {}
    for year in sorted({*before.years, *given}):
        earlier, later = before.years.get(year), given.get(year)
        moved = changed(earlier, later) if earlier else rule.persons
        if earlier and 0 < moved < rule.persons:
            years[year], kept[year] = earlier, moved
        elif later:
            years[year] = later
    tables = {
        year: _known(counting.tables(data, registry, shape, rule), before, data, shape) for year, data in years.items()
    }
    hidden = disclosure.suppress(layout.across({str(year): each for year, each in tables.items()}), rule)
    return State(years, tables, hidden, kept)


def _known(linked: Tables, before: State, data: Year, shape: schema.Schema) -> Tables:
    """The tables of a year with what was shown of it: a cell whose quantities have not moved is known."""
    earlier = before.years.get(data.year)
    if earlier is None:
        return linked
    now, then = counting.quantities(data, shape), counting.quantities(earlier, shape)

    def same(cell: Cell) -> bool:
        return all(now.get(part) == then.get(part) for part in cell.parts)

    shown = [cell for cell in before.shown(data.year) if same(cell)]
    # Hidden before and unchanged: hidden still, or both publications together would say what neither does.
    cells = [
        replace(cell, sensitive=True) if (*cell.name, str(data.year)) in before.hidden and same(cell) else cell
        for cell in linked.cells
    ]
    return Tables(cells, linked.equal, [(cell.parts, cell.value) for cell in shown])


def changed(earlier: Year, later: Year | None) -> int:
    """How many people are not in a year, or in the past of its operations, as they were: come, gone or corrected."""
    old, new = _portraits(earlier), _portraits(later) if later else {}
    return sum(old.get(name) != new.get(name) for name in {*old, *new})


def _portraits(data: Year) -> dict[str, list[tuple[str, ...]]]:
    """For each person, all that the figures of the year count of him or her."""
    columns = [*_PORTRAIT, *(column for _, _, column in layout.SPLITS.values())]
    rows = data.past
    columns = list(dict.fromkeys([*columns, *(name for name in rows.columns if name.startswith("public."))]))
    found: dict[str, list[tuple[str, ...]]] = {}
    for name, *told in rows[["person", *columns]].astype(str).itertuples(index=False):
        found.setdefault(name, []).append(tuple(told))
    return {name: sorted(lines) for name, lines in found.items()}
