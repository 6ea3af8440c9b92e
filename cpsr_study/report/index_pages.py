"""What the index shows: the key figures of each report, from its own `observations.csv`, as they are written."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cpsr_study import indicators
from cpsr_study.display import numbers
from cpsr_study.report import index, index_map, manifest
from cpsr_study.report.export import csv_text
from cpsr_study.report.exporter import TEMPLATES
from cpsr_study.sources import catalogue
from cpsr_study.territories import Territories

# Counts and shares that most territories have, then what the study is about.
KEY_INDICATORS = ("population", "taux_pauvrete", "taux_chomage", "rsa_pour_1000_habitants", "heures_insertion")
TITLE = "La commande publique socialement responsable : les rapports par territoire"


@dataclass(frozen=True)
class Line:
    """A report: its area, its edition, and the latest headline observation of each key indicator it knows."""

    folder: Path
    code: str
    name: str
    edition: int
    known: dict[str, dict[str, str]]

    def value(self, indicator: str) -> float | None:
        """Its value, None when it is not known."""
        return float(self.known[indicator]["value"]) if indicator in self.known else None


def make(output: Path, folders: list[Path], data_dir: Path) -> None:
    """Write `index.csv` and the pages, one for each order of the table."""
    lines = [read(folder, data_dir) for folder in folders]
    registry = indicators.read(data_dir)
    index.write(output / index.TABLE, csv_text(*_plain(lines, registry)))
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / "index", TEMPLATES / "etude"]), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["inside"] = numbers.inside
    template = environment.get_template("index.html.j2")
    drawn = index_map.drawn(lines, registry, data_dir)
    orders = _orders(registry)
    for order in orders:
        page = _page(sorted(lines, key=order["key"]), order, registry, data_dir)
        index.write(output / order["page"], template.render(**page, **drawn, orders=orders, order=order))


def read(folder: Path, data_dir: Path) -> Line:
    """The key figures of a report."""
    about = json.loads((folder / manifest.FILE).read_text(encoding="utf-8"))["parameters"]
    code, known = about["territory"], dict[str, dict[str, str]]()
    with (folder / "observations.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if row["geo"] == code and row["indicator"] in KEY_INDICATORS and not row["category"]:
                last = known.get(row["indicator"])
                if row["headline"] == "True" and (not last or row["time_period"] > last["time_period"]):
                    known[row["indicator"]] = row
    name = Territories.load(data_dir, about["edition"]).get(code).name
    return Line(folder, code, name, about["edition"], known)


def _orders(registry: indicators.Registry) -> list[dict[str, Any]]:
    def by_value(name: str) -> Callable[[Line], Any]:
        return lambda line: (line.value(name) is None, -(line.value(name) or 0), _by_name(line))

    first = {"page": index.PAGE, "label": "Nom", "indicator": "", "key": _by_name}
    return [
        first,
        *(
            {
                "page": f"index-{name.replace('_', '-')}.html",
                "label": registry[name].label,
                "indicator": name,
                "key": by_value(name),
            }
            for name in KEY_INDICATORS
        ),
    ]


def _by_name(line: Line) -> tuple[str, str, int]:
    from cpsr_study.area_names import key

    return key(line.name), line.code, -line.edition


def _page(lines: list[Line], order: dict[str, Any], registry: indicators.Registry, data_dir: Path) -> dict[str, Any]:
    columns = [
        {"title": "Territoire", "num": False, "sort": "" if order["indicator"] else "ascending"},
        {"title": "Édition", "num": False, "sort": ""},
    ]
    for name in KEY_INDICATORS:
        sort = "descending" if name == order["indicator"] else ""
        columns.append({"title": _head(name, registry), "num": True, "sort": sort})
    columns.append({"title": "Fichiers", "num": False, "sort": ""})
    count = f"{numbers.number(len(lines))} rapport{'s' if len(lines) > 1 else ''}"
    how = f"par {numbers.inside(order['label'])}" + (", du plus élevé au plus faible" if order["indicator"] else "")
    return {
        "title": TITLE,
        "lead": f"{count} : ce que l’on sait, ce que l’on ne sait pas, ce qui se contredit, territoire par territoire.",
        "caption": f"{count}, {how}",
        "columns": columns,
        "rows": [_row(line, registry) for line in lines],
        "notes": _notes(lines, registry, data_dir),
    }


def _head(name: str, registry: indicators.Registry) -> str:
    """The label of an indicator and its unit, unless the label already says it."""
    label, unit = registry[name].label, _unit(name, registry)
    return label if label.endswith(unit) else f"{label} ({unit})"


def _unit(name: str, registry: indicators.Registry) -> str:
    unit = registry[name].unit
    return registry.units[unit][0] or unit


def _row(line: Line, registry: indicators.Registry) -> dict[str, Any]:
    files = [("HTML", "report.html"), ("PDF", "report.pdf"), ("Données", "observations.csv")]
    present = [
        {"label": label, "link": f"{line.folder.name}/{name}"}
        for label, name in files
        if (line.folder / name).is_file()
    ]
    return {
        "name": line.name,
        "code": line.code,
        "edition": line.edition,
        "link": present[0]["link"],
        "cells": [_cell(line.known.get(name), registry) for name in KEY_INDICATORS],
        "files": present,
    }


def _cell(row: dict[str, str] | None, registry: indicators.Registry) -> dict[str, str]:
    if row is None:
        return {"text": numbers.MISSING, "period": ""}
    text = numbers.value_text(
        float(row["value"]), row["unit"], units=registry.units, derived=not row["as_published"], with_unit=False
    )
    period = ", ".join(filter(None, [numbers.period_text(row["time_period"]), numbers.status_text(row["status"])]))
    return {"text": text, "period": period}


def _notes(lines: list[Line], registry: indicators.Registry, data_dir: Path) -> list[str]:
    """Where each column comes from, and what it is a share of."""
    titles = {(card.source, card.vintage): card.label for card in catalogue(data_dir)}
    notes = ["La valeur est la dernière que connaît l’édition du rapport ; sa période est écrite dessous."]
    for name in KEY_INDICATORS:
        rows = [line.known[name] for line in lines if name in line.known]
        found = dict.fromkeys(titles.get((row["source"], row["vintage"]), "calcul de l’étude") for row in rows)
        known = registry[name]
        base = registry.indicators.get(known.denominator)
        share = f" (base : {base.label if base else known.denominator})" if known.denominator else ""
        notes.append(f"{known.label}{share} : {' ; '.join(sorted(found)) or 'aucune source'}.")
    return notes


def _plain(lines: list[Line], registry: indicators.Registry) -> tuple[list[str], list[list[Any]]]:
    heads = ["code", "nom", "edition", "rapport"]
    for name in KEY_INDICATORS:
        heads += [f"{name} ({registry[name].unit})", f"{name}, période", f"{name}, statut", f"{name}, source"]
    rows = []
    for line in sorted(lines, key=_by_name):
        cells: list[Any] = [line.code, line.name, line.edition, _row(line, registry)["link"]]
        for name in KEY_INDICATORS:
            row = line.known.get(name)
            source = f"{row['source']}/{row['vintage']}" if row and row["vintage"] else row["source"] if row else ""
            cells += [float(row["value"]), row["time_period"], row["status"], source] if row else [""] * 4
        rows.append(cells)
    return heads, rows
