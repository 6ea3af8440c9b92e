"""Tables of traced numbers, published with their plain data so that no reader has to copy a picture."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

from cpsr_study.display import numbers, publish, say
from cpsr_study.selection import SEPARATOR, Missing, Observation, Selection, as_observation
from cpsr_study.study import Study

Cell = dict[str, Any]


def compare(study: Study, indicators: list[str | tuple[str, str]], title: str, *, note: str = "") -> None:
    """Indicators in rows; the territory and the area compared with in columns, each with its period."""
    rows, sources, absent = [], [], []
    for item in indicators:
        name, category = (item, "") if isinstance(item, str) else item
        found = study.pair(name, category)
        known = [each for each in found if isinstance(each, Observation)]
        without_object = [isinstance(each, Missing) and study.is_without_object(each) for each in found]
        absent += [
            each for each, idle in zip(found, without_object, strict=True) if isinstance(each, Missing) and not idle
        ]
        sources += [each.source_label for each in known]
        label = ", ".join(filter(None, [study.registry[name].label, known[0].category_label if known else ""]))
        cells = [NOTHING if idle else _number(each) for each, idle in zip(found, without_object, strict=True)]
        rows.append([_text(label), *(cell for pair in zip(cells, map(_period, found), strict=True) for cell in pair)])
    areas = [area for code in study.geos for area in (study.territories.get(code).name, "Période")]
    _publish(title, ["Indicateur", *areas], rows, notes=[note, *_said(absent)], sources=sources)


def cross(
    selection: Selection,
    title: str,
    *,
    rows: str = "category_label",
    columns: str = "geo_label",
    head: str = "",
    order: str = "",
    about: dict[str, str] | None = None,
    note: str = "",
) -> None:
    """One observation a cell: `rows` and `columns` are columns of the labelled frame, `order` sorts the rows.

    `about` adds columns of text after the row's name: column of the frame -> heading.
    """
    if selection.empty:
        say.missing([selection.missing])
        return
    frame = selection.frame.sort_values(order, kind="stable") if order else selection.frame
    names, across = list(dict.fromkeys(frame[rows])), list(dict.fromkeys(frame[columns]))
    cells = {(row[rows], row[columns]): _number(as_observation(row)) for _, row in frame.iterrows()}
    texts = {row[rows]: [_text(row[column]) for column in about or {}] for _, row in frame.iterrows()}
    body = [[_text(name), *texts[name], *(cells.get((name, column), NOTHING) for column in across)] for name in names]
    heads = [
        head or HEADS.get(rows, ""),
        *(about or {}).values(),
        *(_column_title(frame, columns, name) for name in across),
    ]
    _publish(title, heads, body, notes=[note, selection.note], sources=list(frame["source_label"]))


def areas(study: Study, indicators: list[str], title: str, *, note: str = "") -> None:
    """The départements around in rows, the indicators in columns, each at its latest period."""
    selection = study.areas(indicators, study.around)
    cross(selection, title, rows="geo_label", columns="indicator_label", head="Département", order="geo", note=note)


def _column_title(frame: pd.DataFrame, column: str, name: str) -> str:
    """The name of a column, with the period when all its numbers share one."""
    periods = frame.loc[frame[column] == name, "period_label"].unique()
    shown = column not in ("period_label", "indicator_period") and frame["period_label"].nunique() > 0
    return f"{name}, {periods[0]}" if shown and len(periods) == 1 else name


def statements(selection: Selection, title: str, *, note: str = "") -> None:
    """Every statement of a quantity side by side: value, period, words of the source, place in the source."""
    if selection.empty:
        say.missing([selection.missing])
        return
    rows = [
        [
            _text(row["source_label"]),
            _text(row["geo_label"]),
            _text(row["period_label"]),
            _number(as_observation(row)),
            _text(row["as_published"] or row["formula"]),
        ]
        for _, row in selection.frame.iterrows()
    ]
    heads = ["Source", "Zone", "Période", "Valeur", "Tel que publié, ou calcul"]
    _publish(title, heads, rows, notes=[note], sources=[], right={3})


def listing(
    frame: pd.DataFrame, title: str, columns: dict[str, str], *, note: str = "", anchors: Iterable[str] = ()
) -> None:
    """A table of texts: `columns` maps the columns of the frame to the headings printed, `anchors` names the rows."""
    rows = [[_text(str(value)) for value in values] for values in frame[list(columns)].itertuples(index=False)]
    for row, anchor in zip(rows, anchors, strict=False):
        row[0]["anchor"] = anchor
    _publish(title, list(columns.values()), rows, notes=[note], sources=[], right=set())


HEADS = {
    "category_label": "Catégorie",
    "geo_label": "Territoire",
    "period_label": "Période",
    "indicator_label": "Indicateur",
}


def _publish(
    title: str,
    heads: list[str],
    rows: list[list[Cell]],
    *,
    notes: list[str],
    sources: list[str],
    right: set[int] | None = None,
) -> None:
    numeric = right if right is not None else {i for i in range(1, len(heads)) if any(_is_number(r[i]) for r in rows)}
    fields = [{"name": f"c{i}", "title": head, "type": "string"} for i, head in enumerate(heads)]
    listed = dict.fromkeys(name for source in sources for name in source.split(SEPARATOR) if name)
    publish.table(
        {
            "name": slug(title),
            "title": title,
            "schema": {"fields": fields},
            "data": [{f"c{i}": cell.get("value", cell["text"]) for i, cell in enumerate(row)} for row in rows],
            "cpsr": {
                "columns": [
                    {"title": head, "align": "right" if i in numeric else "left", "header": i == 0}
                    for i, head in enumerate(heads)
                ],
                "cells": [[{k: v for k, v in cell.items() if k != "value"} for cell in row] for row in rows],
                "notes": [text for text in notes if text],
                "source": f"Source : {SEPARATOR.join(listed)}." if listed else "",
            },
        }
    )


def slug(text: str) -> str:
    """A file name made of the words of a title."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].rstrip("-")


def _text(text: str) -> Cell:
    return {"text": text, "ref": "", "mark": ""}


NOTHING = _text("–")


def _number(item: Observation | Missing) -> Cell:
    if isinstance(item, Missing):
        return _text(numbers.MISSING)
    return item.part() | {"value": item.value}


def _is_number(cell: Cell) -> bool:
    return "value" in cell or cell["text"] in ("–", numbers.MISSING)


def _period(item: Observation | Missing) -> Cell:
    return _text(item.period_label if isinstance(item, Observation) else "")


def _said(absent: list[Missing]) -> list[str]:
    """What is missing, one sentence an area and an expected source."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in absent:
        groups.setdefault((item.en, item.expected_source), []).append(item.label[:1].lower() + item.label[1:])
    return [
        f"Non renseigné {en} : {numbers.join_fr(dict.fromkeys(labels))}."
        + (f" Source attendue : {source}." if source else "")
        for (en, source), labels in groups.items()
    ]
