"""The cells of a table, and how they are published."""

from typing import Any

from cpsr_study.display import numbers, publish
from cpsr_study.selection import SEPARATOR, Missing, Observation

Cell = dict[str, Any]


def put(
    title: str,
    heads: list[str],
    rows: list[list[Cell]],
    *,
    notes: list[str],
    sources: list[str],
    right: set[int] | None = None,
) -> None:
    """Publish rows of cells under these heads; `right` names the columns of numbers, else they are found."""
    numeric = right if right is not None else {i for i in range(1, len(heads)) if any(is_number(r[i]) for r in rows)}
    fields = [{"name": f"c{i}", "title": head, "type": "string"} for i, head in enumerate(heads)]
    hidden = any(cell["text"] == numbers.SECRET and cell["ref"] for row in rows for cell in row)
    secret = numbers.SECRET_NOTE if hidden else ""
    listed = dict.fromkeys(name for source in sources for name in source.split(SEPARATOR) if name)
    publish.table(
        {
            "name": publish.slug(title),
            "title": title,
            "schema": {"fields": fields},
            "data": [{f"c{i}": cell.get("value", cell["text"]) for i, cell in enumerate(row)} for row in rows],
            "cpsr": {
                "columns": [
                    {"title": head, "align": "right" if i in numeric else "left", "header": i == 0}
                    for i, head in enumerate(heads)
                ],
                "cells": [[{k: v for k, v in cell.items() if k != "value"} for cell in row] for row in rows],
                "notes": [note for note in [*notes, secret] if note],
                "source": f"Source : {SEPARATOR.join(listed)}." if listed else "",
            },
        }
    )


def text(words: str) -> Cell:
    """A cell that only says something."""
    return {"text": words, "ref": "", "mark": ""}


NOTHING = text("–")


def number(item: Observation | Missing) -> Cell:
    """The cell of an observation, which leads to its line in the annex, or of what is not known."""
    if isinstance(item, Missing):
        return text(numbers.MISSING)
    return item.part() | ({"value": item.value} if numbers.is_known(item.value) else {})


def is_number(cell: Cell) -> bool:
    """Whether a cell holds a number, or says that there is none."""
    return "value" in cell or cell["text"] in ("–", numbers.MISSING, numbers.SECRET)


def period(item: Observation | Missing) -> Cell:
    """The cell that says of when an observation is."""
    return text(item.period_label if isinstance(item, Observation) else "")
