"""What lies beside the report: figures, tables, the workbook, the observations."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from cpsr_study import lines
from cpsr_study.display.publish import FIGURE, TABLE
from cpsr_study.observations import as_written
from cpsr_study.study import Study

# A spreadsheet would compute a text that starts with one of these: an apostrophe keeps it a text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SHEET_NAME = 31


def figures_and_tables(document: NotebookNode, folder: Path) -> None:
    """`figures/NN-name.svg` with its data as CSV, `tables/NN-name.csv`, and `tables/tableaux.xlsx`."""
    tables = []
    for cell in document.cells:
        for output in cell.get("outputs", []):
            file = output.metadata.get("cpsr", {}).get("file", "")
            if FIGURE in output.data and file:
                _write(folder / file.replace(".csv", ".svg"), "".join(output.data[FIGURE]))
                data = output.metadata[FIGURE]["data"]
                _write(folder / file, csv_text(data["fields"], data["rows"]))
            elif TABLE in output.data and file:
                payload = output.data[TABLE]
                heads, rows = plain(payload)
                _write(folder / file, csv_text(heads, rows))
                tables.append((output.metadata["cpsr"]["number"], payload))
    if tables:
        workbook(tables, folder / "tables" / "tableaux.xlsx")


def plain(payload: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows of a table resource, as plain values."""
    fields = payload["schema"]["fields"]
    return [field["title"] for field in fields], [[row[field["name"]] for field in fields] for row in payload["data"]]


def csv_text(heads: list[str], rows: list[list[Any]]) -> str:
    """CSV in which a text is only ever a text, even opened in a spreadsheet."""
    out = io.StringIO()
    lines.write(out, ([as_text(value) for value in row] for row in (heads, *rows)))
    return out.getvalue()


def as_text(value: Any) -> Any:
    """A text guarded against being computed; numbers as they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def workbook(tables: list[tuple[int, dict[str, Any]]], path: Path) -> None:
    """All tables in one workbook: a cover with their titles, then a sheet each."""
    import xlsxwriter

    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        # No clock: two runs of the same inputs give the same bytes.
        book.set_properties({"title": "Tableaux du rapport", "created": datetime(2020, 1, 1)})
        bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        cover = book.add_worksheet("Sommaire")
        cover.set_column(0, 0, 12)
        cover.set_column(1, 1, 90, wrap)
        cover.write_row(0, 0, ["Tableau", "Titre"], bold)
        for line, (number, payload) in enumerate(tables, start=1):
            cover.write_row(line, 0, [f"Tableau {number}", payload["title"]])
            _sheet(book.add_worksheet(f"Tableau {number}"[:_SHEET_NAME]), number, payload, bold)


def _sheet(sheet: Any, number: int, payload: dict[str, Any], bold: Any) -> None:
    heads, rows = plain(payload)
    sheet.write_string(0, 0, f"Tableau {number}. {payload['title']}", bold)
    sheet.set_column(0, 0, 48)
    sheet.set_column(1, max(1, len(heads) - 1), 22)
    for column, head in enumerate(heads):
        sheet.write_string(2, column, head, bold)
    for line, row in enumerate(rows, start=3):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, column, value)
            else:
                sheet.write_number(line, column, value)
    below = [*payload["cpsr"].get("notes", []), payload["cpsr"].get("source", "")]
    for line, text in enumerate([text for text in below if text], start=4 + len(rows)):
        sheet.write_string(line, 0, text)
    sheet.freeze_panes(3, 1)


def observations(study: Study, path: Path) -> None:
    """The observations of the territory, of the area compared with, of its départements, and all their inputs."""
    own = study.table[study.table["geo"].isin([*study.geos, "FR", *study.departements])]
    frame = as_written(study.trace(list(own["id"])).sort_values("id", kind="stable"), study.registry)
    columns = list(study.table.columns)
    known = frame[columns].astype(object).where(frame[columns].notna(), "")  # a hidden figure is an empty cell
    _write(path, csv_text(columns, known.to_numpy().tolist()))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
