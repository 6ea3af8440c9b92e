"""Objects and names of contracts written to break out stay text in the page, the PDF, the tables and the workbook."""

import csv
from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from cpsr_study.report.safe import visible
from decp_files import rows, whole, written
from pdfs import compact
from reports import build, html_of
from test_hostile import dangers, spaced

OBJECTS = (
    '=HYPERLINK("https://exemple.invalid";"cliquez")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1;1)",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '#eval("1") #set page(width: 1cm) $x$ *gras* @ref',
    "[lien](javascript:alert(1)) ![image](https://exemple.invalid/x.png)",
    "\u202eétiucnoc\u202c nom",
    "long " + "a" * 10_000,
)
BUYER = "=cmd|'/C calc'!A1 <b>#pagebreak()"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chapter on contracts, where the largest reserved ones and the buyers are these."""
    root = tmp_path_factory.mktemp("decp_hostile")
    base = rows()[0] | {"acheteur_nom": BUYER, "considerationsSociales": "Marché réservé"}
    lines = [base | {"id": f"H{rank}", "objet": text} for rank, text in enumerate(OBJECTS)]
    lines += [base | {"id": f"S{rank}", "considerationsSociales": ""} for rank in range(6)]
    data = whole(root, written(lines, root / "marches.csv"))
    return build(root / "out", "REG-28", ["01"], data_dir=data).folder


def shortened(text: str) -> str:
    return text if len(text) < 160 else text[:100]


def test_the_page_shows_them_and_runs_nothing(report: Path) -> None:
    soup = BeautifulSoup(html_of(report), "html.parser")
    assert not dangers(soup)
    page = spaced(soup.get_text())
    for text in (*OBJECTS, BUYER):
        assert spaced(shortened(text)) in page or spaced(visible(shortened(text))) in page, text[:60]
    assert "a" * 200 not in page and "(objet abrégé)" in page


def test_the_pdf_shows_them(report: Path) -> None:
    text = compact("".join(page.extract_text() for page in PdfReader(report / "report.pdf").pages))
    for each in (*OBJECTS[:7], BUYER):
        assert compact(each)[:24] in text, each


def test_no_cell_of_a_csv_is_a_formula(report: Path) -> None:
    cells = []
    for path in (report / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            cells += [cell for row in csv.reader(handle) for cell in row]
    for text in OBJECTS[:4]:
        assert f"'{text}" in cells
    assert f"'{BUYER}" in cells
    numbers = [
        cell for cell in cells if cell[:1] in "=+-@" and cell and not cell.lstrip("-").replace(".", "").isdigit()
    ]
    assert not numbers


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(report: Path) -> None:
    book = openpyxl.load_workbook(report / "tables" / "tableaux.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert {*OBJECTS[:7], BUYER} <= texts
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
