"""The attack on a finished report: with every number it publishes, what hidden figure can be found again?

Only the folder is read, as anybody could who has the report; the registry says which figures add up to which.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cpsr_study import disclosure, indicators
from cpsr_study.derivation import make_id
from cpsr_study.disclosure import SECRET, Cell, Parts, Tables
from cpsr_study.errors import RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import clause
from cpsr_study.sources.clause import counting, layout, printed, ratios, schema
from cpsr_study.sources.clause.layout import Layout
from cpsr_study.sources.clause.recognition import Recognition
from cpsr_study.territories import Territories

Row = dict[str, str]
Bounds = dict[tuple[str, ...], tuple[float, float]]


def attack(folder: Path, data_dir: Path, before: Path | None = None) -> tuple[int, list[str]]:
    """How many figures are hidden in a report, and one French sentence for each one found again.

    `before`: an earlier report of the same area, whose figures are known too. RequestError when a folder is no report.
    """
    rows = _rows(folder)
    hidden = {_id(row): row for row in rows if row["status"] == SECRET}
    found = [*_valued(rows), *_derived(rows, set(hidden))]
    found += _printed(folder, rows, data_dir) if hidden else []
    earlier = _by_area(_rows(before), data_dir) if before else {}
    for geo, years in _by_area(rows, data_dir).items():
        secret = {(*cell.name, year) for year, each in years.items() for cell in each.cells if cell.value != cell.value}
        for name, (low, high) in _recovered(years, earlier.get(geo, {}), secret).items():
            what = make_id(name[0], geo, name[2], name[1])
            found.append(f"{what} est secret, et les autres chiffres disent qu’il est entre {low:g} et {high:g}.")
    return len(hidden), found


def _recovered(years: dict[str, Tables], earlier: dict[str, Tables], secret: set[tuple[str, ...]]) -> Bounds:
    """The hidden figures that come back, from all that is known; from less, when all of it cannot be true together
    (an earlier report that has been corrected, a year that was left as it was shown)."""
    known = {year: replace(each, known=_unchanged(each, earlier.get(year))) for year, each in years.items()}
    for attempt in ([layout.across(known)], [layout.across(years)]):
        try:
            return {name: bounds for each in attempt for name, bounds in disclosure.recovered(each, secret).items()}
        except disclosure.ContradictionError:
            continue
    alone = [layout.across({year: each}) for year, each in years.items()]
    return {name: bounds for each in alone for name, bounds in disclosure.recovered(each, secret).items()}


def _unchanged(tables: Tables, earlier: Tables | None) -> list[tuple[Parts, float]]:
    """What an earlier report showed and that has every reason to be true still: figures of a table all of whose other
    figures, and the total of its measure, are the same in both reports. What has moved is not known to be the same."""
    if earlier is None:
        return []
    now, then = (
        {cell.name: cell.value for cell in each.cells if cell.value == cell.value} for each in (tables, earlier)
    )
    moved = {name[0] for name in now.keys() & then.keys() if now[name] != then[name]}
    totals = {measure: (total, "") for measure, total in layout.TOTALS.items()}
    steady = {measure for measure, total in totals.items() if total in now and now[total] == then.get(total)}
    return [
        (cell.parts, cell.value)
        for cell in earlier.cells
        if cell.name in then and cell.name[0] not in moved and counting.measure_of(cell.name[0]) in steady
    ]


def tables(rows: list[Row], data_dir: Path, *, first: bool = True) -> Tables:
    """The linked tables of one area and year as published; a hidden cell has the value NaN. `first`: of no earlier
    year is anything known."""
    registry, shape = indicators.read(data_dir), schema.read(data_dir)
    values = {(row["indicator"], row["category"]): _number(row["value"]) for row in rows}
    cells = []
    drawn = Layout(registry, shape, _used(values, shape, first=first))
    for name in drawn.figures():
        if name in values:
            whole = counting.measure_of(name[0]) != layout.HOURS
            cells.append(Cell(name, drawn.parts(*name), values[name], whole=whole))
    linked = Tables(cells, drawn.equal())
    for row in rows:
        if row["status"] != SECRET:
            ratios.add(linked, row, registry, drawn)
    return linked


def _used(values: dict[tuple[str, str], float], shape: schema.Schema, *, first: bool) -> set[tuple[str, str]]:
    """The leaves that are not plainly zero: what is neither published nor hidden is nothing."""
    used = set(values)
    for value in shape.values["public"]:
        if (layout.PUBLICS, value.code) in used:
            used.add((f"public.{value.code}", "oui"))
        used.add((f"public.{value.code}", "non"))
    if (layout.PROJECTS, "") in values:
        used.add((layout.PROJECTS, "oui"))
    if not first:
        used.add((layout.DONE, layout.MORE[layout.DONE]))
    paid, done = (values.get((name, ""), float("nan")) for name in (layout.PAID, layout.TOTALS[layout.HOURS]))
    if not paid < done:  # paid hours hold the hours done, unless they are known not to
        used.add((layout.PAID, layout.MORE[layout.PAID]))
    unsaid = {(indicator, layout.UNKNOWN) for indicator in (*layout.FOLLOWED.values(), layout.PROJECT)}
    return used | unsaid | {(layout.PROJECTS, "non")}


def _rows(folder: Path) -> list[Row]:
    path = folder / "observations.csv"
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        assert {"id", "indicator", "status", "value", "source", "inputs"} <= set(rows[0])
    except (OSError, UnicodeDecodeError, csv.Error, IndexError, AssertionError):
        raise RequestError(
            f"{shown(folder.name)} n'est pas le dossier d'un rapport : observations.csv manque."
        ) from None
    return rows


def _by_area(rows: list[Row], data_dir: Path) -> dict[str, dict[str, Tables]]:
    """The tables of each area that has results of its own, by year."""
    own: dict[str, set[str]] = {}
    for row in rows:
        if row["source"] == clause.SOURCE:
            own.setdefault(row["geo"], set()).add(row["time_period"])
    by_year: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_year.setdefault((row["geo"], row["time_period"]), []).append(row)
    return {
        geo: {year: tables(by_year[geo, year], data_dir, first=year == min(years)) for year in sorted(years)}
        for geo, years in own.items()
    }


def _id(row: Row) -> str:
    return row["id"]


def _number(text: str) -> float:
    return float(text) if text else float("nan")


def _valued(rows: list[Row]) -> Iterator[str]:
    """A figure said to be hidden, with its value."""
    for row in rows:
        if row["status"] == SECRET and (row["value"] or row["as_published"]):
            yield f"{row['id']} est secret, et observations.csv donne sa valeur."


def _derived(rows: list[Row], hidden: set[str]) -> Iterator[str]:
    """A rate, a share or a mean computed from a hidden figure, and published."""
    for row in rows:
        if row["status"] != SECRET and set(row["inputs"].split()) & hidden:
            yield f"{row['id']} est publié, et se calcule à partir d’un chiffre secret."


def _printed(folder: Path, rows: list[Row], data_dir: Path) -> Iterator[str]:
    """A hidden figure written anywhere else than in the observations: each file once a figure."""
    registry = indicators.read(data_dir)
    known = Recognition(
        [row for row in rows if row["indicator"] in registry.indicators], registry, _areas(folder, rows, data_dir)
    )
    told = ((finding.figure, where, finding.number) for where, finding in printed.found(folder, known))
    for name, where, number in dict.fromkeys(told):
        yield f"{name} est secret, et {where} l’écrit ({number})."


def _areas(folder: Path, rows: list[Row], data_dir: Path) -> dict[str, str]:
    """The name of each area of the report, as it is written there."""
    try:
        edition = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["parameters"]["edition"]
    except (OSError, ValueError, KeyError, TypeError):
        raise RequestError(f"{shown(folder.name)} n'est pas le dossier d'un rapport : manifest.json manque.") from None
    areas = Territories.load(data_dir, edition)
    return {code: areas.get(code).name for code in {row["geo"] for row in rows} if code in areas}
