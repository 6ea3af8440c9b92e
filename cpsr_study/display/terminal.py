"""What the commands print: sentences, tables, the chain of a number."""

import json
import sys
from math import isnan
from textwrap import fill, indent
from typing import TYPE_CHECKING, Any

from cpsr_study import hidden
from cpsr_study.errors import RequestError

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.study import Study
    from cpsr_study.territories import Territory

FORMATS = ("table", "csv", "json")
MAX_ROWS = 200


def say(text: str) -> None:
    """A line on the terminal, which obeys nothing that a name may hide."""
    print(hidden.named(text), flush=True)


def table(frame: "pd.DataFrame", format: str, name: str, shown: list[str] | None = None) -> None:
    """A frame as a table on the terminal (the columns `shown`), as CSV or as JSON (all columns)."""
    if format not in FORMATS:
        raise RequestError(f"Format inconnu : « {hidden.shown(format)} » ({', '.join(FORMATS)}).")
    if format == "json":
        records = [{key: _known(value) for key, value in row.items()} for row in frame.to_dict("records")]
        _data(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    elif format == "csv":
        from cpsr_study.report.export import csv_text

        rows = frame.astype(object).to_numpy().tolist()
        _data(csv_text(list(frame.columns), [[_plain(value) for value in row] for row in rows]))
    else:
        _rich_table(frame[shown] if shown else frame, name)


def _data(text: str) -> None:
    """Data go to a file as they are; a terminal would obey what they hide."""
    sys.stdout.write(hidden.named(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def _text(text: object) -> Any:
    from rich.text import Text

    return Text(hidden.named(str(text)))


def _plain(value: Any) -> Any:
    """Whole numbers without a useless `.0`, nothing for a number that is not known."""
    value = "" if _known(value) is None else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known(value: Any) -> Any:
    """The value, None for one that is not a number: JSON has no other word for it."""
    return None if isinstance(value, float) and isnan(value) else value


def _rich_table(frame: "pd.DataFrame", name: str) -> None:
    """A table, or a few lines a row where no word would be whole in its column.

    Lines are made by `fill`, which leaves together what no-break spaces join (3 449 370); rich would cut there too.
    """
    from rich.console import Console

    kept = [column for column in frame.columns if frame.empty or frame[column].ne("").any()]
    rows = frame[kept].head(MAX_ROWS).map(lambda value: hidden.named(str(_plain(value))))
    title, console = f"{len(frame)} {name}", Console()
    if widths := _widths(rows, console.width - 3 * len(kept) - 1):  # without the rules
        console.print(_grid(rows, title, widths))
    else:
        _blocks(rows, title, console)
    if len(frame) > MAX_ROWS:
        say(f"… {len(frame) - MAX_ROWS} lignes de plus : --format csv les donne toutes.")


def _widths(rows: "pd.DataFrame", room: int) -> dict[str, int]:
    """The width of each column: its longest word, and more as far as there is room; none when words do not fit."""
    texts = {column: [column, *rows[column]] for column in rows}
    widths = {name: max(len(word) for text in told for word in text.split(" ")) for name, told in texts.items()}
    more = {name: max(map(len, told)) - widths[name] for name, told in texts.items()}
    spare = room - sum(widths.values())
    for left, name in zip(range(len(more), 0, -1), sorted(more, key=more.__getitem__), strict=True):
        given = max(0, min(more[name], spare // left))  # those that need little first
        widths[name], spare = widths[name] + given, spare - given
    return widths if spare >= 0 else {}


def _grid(rows: "pd.DataFrame", title: str, widths: dict[str, int]) -> Any:
    from rich.table import Table

    grid = Table(title=title, show_lines=False)
    for column, width in widths.items():
        grid.add_column(fill(column, width), width=width)
    for row in rows.itertuples(index=False):
        grid.add_row(*(_text(fill(text, width)) for text, width in zip(row, widths.values(), strict=True)))
    return grid


def _blocks(rows: "pd.DataFrame", title: str, console: Any) -> None:
    """Each row as its first cell, then the others with the names of their columns."""
    console.print(_text(title), style="italic")
    head, *others = rows.columns
    for row in rows.to_dict("records"):
        console.print(_text(row[head]), style="bold")
        told = "\u00a0· ".join(f"{column}\u00a0: {row[column]}" for column in others if row[column])
        console.print(_text(indent(fill(told, console.width - 3), "  ")))


def areas(found: "list[Territory]", format: str) -> None:
    """Areas with code, name, level and population."""
    import pandas as pd

    rows = [(area.code, area.name, area.level, area.population) for area in found]
    table(pd.DataFrame(rows, columns=["code", "nom", "niveau", "population"]), format, "territoires")


def trace(study: "Study", found: "pd.DataFrame") -> None:
    """The whole chain of each observation, as a tree down to the words of the sources."""
    from rich.console import Console
    from rich.tree import Tree

    for name in found["id"]:
        tree = Tree(_line(study, name))
        _grow(tree, study, name)
        Console().print(tree)


def _grow(tree: Any, study: "Study", name: str) -> None:
    row = study.row(name)
    details = {
        "publié": f"« {row['as_published']} »" if row["as_published"] else "",
        "source": f"{row['source']}/{row['vintage']} ({_dated(study, row)})" if row["vintage"] else "",
        "emplacement": row["locator"],
        "formule": row["formula"],
        "correction": row["correction"],
        "note": row["note"],
    }
    for key, value in details.items():
        if value:
            tree.add(_text(f"{key} : {value}"))
    for each in row["inputs"].split():
        _grow(tree.add(_line(study, each)), study, each)


def _dated(study: "Study", row: dict[str, Any]) -> str:
    return next(card.dated for card in study.cards if (card.source, card.vintage) == (row["source"], row["vintage"]))


def _line(study: "Study", name: str) -> Any:
    line = study.labelled([name]).iloc[0]
    label = ", ".join(filter(None, [line["indicator_label"], line["category_label"]]))
    return _text(f"{label}, {line['geo_label']}, {line['period_label']} : {line['text']}  [{name}]")
