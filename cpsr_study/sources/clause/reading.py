"""Files as partners send them: CSV of any usual encoding and separator, Excel workbooks, read as texts."""

import csv
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import flat, workbooks

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_000_000
HEADER_WITHIN = 15  # rows in which the headings must stand
FORMULA = "\u0000formule"  # a cell whose value is not in the file in a form that can be trusted


@dataclass(frozen=True)
class Sheet:
    """One table of a file: all texts, headings as they stand. `first` is the line of the first row in the file.

    `others` holds the texts above and beside the table, which are looked at for personal data and never kept. `broken`:
    lines that have more cells than there are headings, left out of the table, their texts among `others`.
    """

    where: str
    frame: "pd.DataFrame"
    lines: list[int]
    others: list[str] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    _distinct: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def distinct(self, name: str) -> list[str]:
        """The texts of a column, once each: looked for once, they are asked for by each check."""
        if name not in self._distinct:
            self._distinct[name] = self.frame[name].unique().tolist()
        return self._distinct[name]


def sheets(path: Path, known: "frozenset[str]", plain: Any) -> Iterator[Sheet]:
    """The tables of a file. `known`: headings as `plain` writes them, by which the row of headings is found."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        with workbooks.opened(path) as book:
            for sheet in book.worksheets:
                # A hidden sheet holds lists or an older state: it is not data, but is looked at like the rest.
                rows = [[_cell(value) for value in row] for row in workbooks.rows(path, sheet, MOST_ROWS)]
                where = f"{shown(path.name)}, feuille « {shown(sheet.title)} »"
                if sheet.sheet_state != "visible":
                    rows = [[f"{FORMULA}masquée"], *rows]
                yield from _sheet(where, rows, known, plain, hidden=sheet.sheet_state != "visible")
    elif path.suffix.lower() == ".xls":
        raise DataError(f"{shown(path.name)} est un ancien classeur .xls : enregistrez-le en .xlsx ou en CSV.")
    else:
        yield _csv(path, known, plain)


def _sheet(where: str, rows: list[list[str]], known: "frozenset[str]", plain: Any, *, hidden: bool) -> Iterator[Sheet]:
    import pandas as pd

    place = None if hidden else header_row(rows, known, plain)
    if place is None:
        yield Sheet(where, pd.DataFrame(), [], [cell for row in rows for cell in row if cell])
        return
    headings = merged_headings(rows, place)
    width = len(headings)
    numbered = [(number, row) for number, row in enumerate(rows[place + 1 :], place + 2) if any(row)]
    body = [(number, [*row, *[""] * width][:width]) for number, row in numbered if not any(row[width:])]
    broken = {number: row for number, row in numbered if any(row[width:])}
    frame = pd.DataFrame([row for _, row in body], columns=range(width), dtype=str)
    beside = [cell for row in rows[:place] for cell in row if cell]
    beside += [cell for row in broken.values() for cell in row if cell]
    yield Sheet(where, _named(frame, headings), [number for number, _ in body], beside, list(broken))


def _csv(path: Path, known: "frozenset[str]", plain: Any) -> Sheet:
    import pandas as pd

    text, encoding = decoded(path)
    start = text[:20_000].splitlines()
    delimiter = max(";,\t|", key=lambda mark: sum(line.count(mark) for line in start[:HEADER_WITHIN]))
    first = [next(csv.reader([line], delimiter=delimiter), []) for line in start[:HEADER_WITHIN]]
    place = header_row([[cell.strip() for cell in row] for row in first], known, plain) or 0
    headings = [cell.strip() for cell in first[place]] if first else []
    if not headings:
        raise DataError(f"{shown(path.name)} est vide.")
    others = [cell for row in first[:place] for cell in row if cell]
    broken: dict[int, list[str]] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # when the first line is long, others may be cut
            frame = pd.read_csv(
                path, encoding=encoding, encoding_errors="replace", sep=delimiter,
                header=None, names=range(len(headings)),
                skiprows=place + 1,
                dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False, index_col=False, engine="c",
                on_bad_lines="error",
            )  # fmt: skip
        lines = list(range(place + 2, place + 2 + len(frame)))
    except (ValueError, pd.errors.ParserError, pd.errors.ParserWarning):
        frame, lines, broken = _uneven(path, text, delimiter, place, len(headings))
    full = _full(frame)
    if not full.all():
        frame, lines = frame[full].reset_index(drop=True), [n for n, ok in zip(lines, full, strict=True) if ok]
    others += [cell for row in broken.values() for cell in row]
    return Sheet(shown(path.name), _named(frame, headings), lines, others, list(broken))


def _uneven(
    path: Path, text: str, delimiter: str, place: int, width: int
) -> "tuple[pd.DataFrame, list[int], dict[int, list[str]]]":
    """A file that pandas does not read at once, row by row: the rows of the right width with their lines, and the
    longer ones by line. DataError when a quotation mark is never closed."""
    import pandas as pd

    rows: list[list[str]] = []
    lines: list[int] = []
    broken: dict[int, list[str]] = {}
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader):
            while len(row) > width and not row[-1].strip():
                row.pop()
            if number > place and len(row) > width:
                broken[reader.line_num] = row
            elif number > place:
                rows.append([*row, *[""] * (width - len(row))])
                lines.append(reader.line_num)
    except csv.Error:
        raise DataError(
            f"{shown(path.name)} : un guillemet est ouvert et mal fermé, vers la ligne {reader.line_num}."
        ) from None
    return pd.DataFrame(rows, columns=range(width), dtype=str), lines, broken


def _full(frame: "pd.DataFrame") -> "pd.Series":
    """Whether each row holds something: rows whose first cell does need no other look."""
    full = frame[0] != ""
    rest = frame[~full]
    full[rest.index] = (rest != "").any(axis=1)
    return full


def decoded(path: Path) -> tuple[str, str]:
    """The text of a file and its encoding: UTF-8, UTF-16 with its mark, else Windows. DataError when it is not text."""
    if path.stat().st_size > flat.LARGEST:
        raise DataError(f"{shown(path.name)} dépasse un gigaoctet.")
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="strict"), "utf-16"
    if b"\0" in content[:4096]:
        raise DataError(f"{shown(path.name)} n'est ni un CSV ni un classeur .xlsx.")
    try:
        return content.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"


def header_row(rows: list[list[str]], known: "frozenset[str]", plain: Any) -> int | None:
    """The place of the row that holds most known headings, two at least: titles and merged groups stand above it."""
    best = [sum(plain(cell) in known for cell in row if cell) for row in rows[:HEADER_WITHIN]]
    return best.index(max(best)) if best and max(best) >= 2 else None


def merged_headings(rows: list[list[str]], place: int) -> list[str]:
    """The headings of a row; where a cell is merged with the one above, the text is above."""
    headings = list(rows[place])
    for column, text in enumerate(headings):
        above = [row[column] for row in rows[:place] if column < len(row) and row[column]]
        headings[column] = text or (above[-1] if above else "")
    while headings and not headings[-1]:
        headings.pop()
    return headings


def _named(frame: "pd.DataFrame", headings: list[str]) -> "pd.DataFrame":
    """The frame with its headings, made different where two are the same."""
    names: list[str] = []
    for place, text in enumerate(headings, 1):
        name = text or f"colonne {place}"
        names.append(name if name not in names else f"{name} ({place})")
    return frame.set_axis(names, axis=1)


def _cell(value: Any) -> str:
    """A cell of a workbook as text: dates in ISO form, whole numbers without decimals, formulas marked."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    text = str(value).strip()
    return FORMULA if text.startswith("=") else text
