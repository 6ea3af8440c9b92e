"""The attack on a finished report: with every number it publishes, what hidden figure can be found again?

Only the folder is read, as anybody could who has the report; the registry says which figures add up to which.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from cpsr_study import disclosure, indicators
from cpsr_study.area_names import shown
from cpsr_study.derivation import make_id
from cpsr_study.disclosure import SECRET, Cell, Tables
from cpsr_study.errors import RequestError
from cpsr_study.sources import clause
from cpsr_study.sources.clause import counting, layout, printed, schema
from cpsr_study.sources.clause.layout import Layout
from cpsr_study.sources.clause.recognition import Recognition
from cpsr_study.territories import Territories

Row = dict[str, str]


def attack(folder: Path, data_dir: Path, before: Path | None = None) -> tuple[int, list[str]]:
    """How many figures are hidden in a report, and one French sentence for each one found again.

    `before`: an earlier report of the same area, whose figures are known too. RequestError when a folder is no report.
    """
    rows = _rows(folder)
    hidden = {_id(row): row for row in rows if row["status"] == SECRET}
    found = [*_valued(rows), *_derived(rows, set(hidden))]
    found += _printed(folder, rows, data_dir) if hidden else []
    earlier = _rows(before) if before else []
    for (geo, period), own in _grouped(rows).items():
        linked = tables(own, data_dir)
        known = tables([row for row in earlier if (row["geo"], row["time_period"]) == (geo, period)], data_dir)
        linked.known = [(cell.parts, cell.value) for cell in known.cells if cell.value == cell.value]
        secret = {cell.name for cell in linked.cells if cell.value != cell.value}
        for name, (low, high) in disclosure.recovered(linked, secret).items():
            what = make_id(name[0], geo, period, name[1])
            found.append(f"{what} est secret, et les autres chiffres disent qu’il est entre {low:g} et {high:g}.")
    return len(hidden), found


def tables(rows: list[Row], data_dir: Path) -> Tables:
    """The linked tables of one area and year as published; a hidden cell has the value NaN."""
    registry, shape = indicators.read(data_dir), schema.read(data_dir)
    values = {(row["indicator"], row["category"]): _number(row["value"]) for row in rows}
    cells = []
    drawn = Layout(registry, shape, _used(values, shape))
    for name in drawn.figures():
        if name in values:
            whole = counting.measure_of(name[0]) != layout.HOURS
            cells.append(Cell(name, drawn.parts(*name), values[name], whole=whole))
    return Tables(cells, drawn.equal())


def _used(values: dict[tuple[str, str], float], shape: schema.Schema) -> set[tuple[str, str]]:
    """The leaves that are not plainly zero: what is neither published nor hidden is nothing."""
    used = set(values)
    for value in shape.values["public"]:
        if (layout.PUBLICS, value.code) in used:
            used.add((f"public.{value.code}", "oui"))
        used.add((f"public.{value.code}", "non"))
    if (layout.PROJECTS, "") in values:
        used.add((layout.PROJECTS, "oui"))
    unsaid = {(indicator, layout.UNKNOWN) for indicator in layout.FOLLOWED.values()}
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


def _grouped(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["source"] == clause.SOURCE:
            groups.setdefault((row["geo"], row["time_period"]), []).append(row)
    return groups


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
        [row for row in rows if row["indicator"] in registry.indicators], registry, _areas(rows, data_dir)
    )
    told = ((finding.figure, where, finding.number) for where, finding in printed.found(folder, known))
    for name, where, number in dict.fromkeys(told):
        yield f"{name} est secret, et {where} l’écrit ({number})."


def _areas(rows: list[Row], data_dir: Path) -> dict[str, str]:
    """The name of each area of the report, as it is written there."""
    areas = Territories.load(data_dir, max(int(row["published"][:4]) for row in rows))
    return {code: areas.get(code).name for code in {row["geo"] for row in rows} if code in areas}
