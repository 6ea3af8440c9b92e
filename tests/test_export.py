"""A text that a spreadsheet would compute or follow is only ever a text, wherever a table puts it."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from cpsr_study.report import export

STARTS = {"equal": "=1+1", "plus": "+1", "minus": "-1", "at": "@SUM(1)", "tab": "\t=1+1", "return": "\r=1+1"}
FOLLOWED = ["https://exemple.invalid", "mailto:a@exemple.invalid", "file:///etc/passwd", "internal:Sommaire!A1"]


@pytest.mark.parametrize("text", STARTS.values(), ids=STARTS)
def test_a_cell_of_a_csv_that_would_be_computed_gets_an_apostrophe(text: str) -> None:
    head, row = csv.reader(io.StringIO(export.csv_text([text], [[text]]), newline=""))
    assert head == row == [f"'{text}"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_text_on_several_lines_stays_one_cell(end: str) -> None:
    """Else its second line would be the first cell of a row, and computed there."""
    text = f"un{end}=1+1"
    assert list(csv.reader(io.StringIO(export.csv_text(["a"], [[text]]), newline=""))) == [["a"], [text]]


def test_numbers_and_plain_texts_have_none() -> None:
    assert export.csv_text(["a"], [[-1.5], ["b=1"], [-2]]) == "a\n-1.5\nb=1\n-2\n"


@pytest.mark.parametrize("text", [*STARTS.values(), *FOLLOWED, "12", "{=1+1}"])
def test_no_place_of_the_workbook_computes_or_follows_a_text(text: str, tmp_path: Path) -> None:
    """The cover, the title of a sheet, its heads, its cells, its notes and its source."""
    fields = [{"name": "a", "title": text}, {"name": "b", "title": "nombre"}]
    payload = {
        "title": text,
        "schema": {"fields": fields},
        "data": [{"a": text, "b": -1.5}],
        "cpsr": {"notes": [text], "source": text},
    }
    export.workbook([(1, payload)], tmp_path / "tableaux.xlsx")
    cover, sheet = openpyxl.load_workbook(tmp_path / "tableaux.xlsx")
    cells = [cell for page in (cover, sheet) for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"} and not [cell for cell in cells if cell.hyperlink]
    places = [cover["B2"], sheet["A3"], sheet["A4"], sheet["A6"], sheet["A7"]]
    assert [cell.value.replace("_x000D_", "\r") for cell in places] == [text] * 5
    assert sheet["A1"].value.startswith("Tableau 1. ") and sheet["B4"].value == -1.5
