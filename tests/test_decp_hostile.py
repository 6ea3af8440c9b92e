"""Objects and names of contracts written to break out stay text in the page, the PDF, the tables and the workbook."""

import csv
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from browser import started
from cpsr_study import hidden
from cpsr_study.display import waiting
from cpsr_study.report.safe import visible
from decp_files import HERE, bare, rows, whole, written
from pdfs import compact, runs
from reports import build, html_of
from test_hostile import dangers, outputs, spaced

OBJECTS = (
    '=HYPERLINK("https://exemple.invalid";"cliquez")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1;1)",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '#eval("1") #set page(width: 1cm) $x$ *gras* @ref',
    "[lien](javascript:alert(1)) ![image](https://exemple.invalid/x.png)",
    "\u202eétiucnoc\u202c nom",
    "\x1b[2J\x1b[31mrouge\x07\x08\x9b1A \u2067\u061cisolé",
    "long " + "a" * 10_000,
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
BUYER = "=cmd|'/C calc'!A1 <b>#pagebreak() \u2066\x1b[8mcaché"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chapter on contracts, where the largest reserved ones and the buyers are these."""
    root = tmp_path_factory.mktemp("decp_hostile")
    base = rows()[0] | {"acheteur_nom": BUYER, "considerationsSociales": "Marché réservé"}
    lines = [base | {"id": f"H{rank}", "objet": text} for rank, text in enumerate(OBJECTS)]
    lines += [base | {"id": f"S{rank}", "considerationsSociales": ""} for rank in range(6)]
    data = whole(root, written(lines, root / "marches.csv"))
    return build(root / "out", "REG-28", ["01"], data_dir=data).folder


def as_shown(text: str) -> str:
    """The words of a table: what is hidden is named, what is too long is cut and says so."""
    told = hidden.named(text)
    return told if len(told) <= 160 else f"{told[:160]}… (objet abrégé)"


def acting(text: str) -> set[str]:
    """The characters of a text that would turn, colour, move or erase what is around them."""
    return {
        hex(ord(char))
        for char in text
        if char in BIDI or (ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160
    }


def test_the_page_shows_them_and_runs_nothing(report: Path) -> None:
    soup = BeautifulSoup(html_of(report), "html.parser")
    assert not dangers(soup)
    cells = {spaced(cell.get_text()) for cell in soup.find_all(["td", "th"])}
    assert {spaced(visible(as_shown(text))) for text in (*OBJECTS, BUYER)} <= cells
    assert not acting(html_of(report))


def test_the_pdf_shows_them(report: Path) -> None:
    pages = [page.extract_text() for page in PdfReader(report / "report.pdf").pages]
    text = compact("".join(pages))
    for each in (*OBJECTS, BUYER):
        assert compact(visible(as_shown(each))) in text, each
    assert not acting("".join(pages))


def test_no_text_of_the_pdf_leaves_its_page_nor_covers_another(report: Path) -> None:
    for page in PdfReader(report / "report.pdf").pages:
        found = sorted(runs(page), key=lambda run: (round(run.base), run.left))
        assert found and min(run.left for run in found) >= 60 and min(run.base for run in found) >= 30
        assert max(run.right for run in found) <= float(page.mediabox.width) - 60
        assert max(run.base for run in found) <= float(page.mediabox.height) - 60
        for run, after in pairwise(found):
            assert round(run.base) != round(after.base) or run.right <= after.left + 1, (run, after)


@pytest.mark.browser
def test_no_cell_of_the_page_leaves_it(report: Path) -> None:
    """Long texts go on several lines, on a phone too: the page does not move sideways."""
    with started() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 800})
        page.set_content(html_of(report))
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        wider = (
            "[...document.querySelectorAll('td, th')].filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"
        )
        assert page.evaluate(wider) == 0


def test_the_notebook_shows_them_and_obeys_none(report: Path) -> None:
    (path,) = (report / "notebooks").glob("01*.ipynb")
    page = "\n".join(outputs(report, "text/html"))
    assert not dangers(BeautifulSoup(page, "html.parser"))
    plain = spaced("\n".join(outputs(report, "text/plain")))
    for text in (*OBJECTS, BUYER):
        assert spaced(as_shown(text)) in plain
    assert not acting(page + plain) and not acting(path.read_text(encoding="utf-8"))


def test_an_import_obeys_none(tmp_path: Path, command) -> None:
    """The regions of a file are told as it writes them, and its name as it is."""
    bad = "\x1b[2J\u202e28\x07"
    data = bare(tmp_path, HERE / "marches.csv")
    path = written([rows()[0] | {"acheteur_region_code": bad}], tmp_path / f"m{bad[4:]}.csv")
    done = command("import", "decp", str(path), data_dir=data)
    assert done.code == 0 and "[U+001B][2J[U+202E]28[U+0007] (1)" in done.out.replace("\n", "")
    assert not acting(done.out)


def test_a_chain_and_a_table_obey_none(small, command, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = "\u202e\x1b[2Jtourné\x9b1A"
    small.lines(f"participants,REG-28,2020,,,8,A,{bad},{bad},{bad}")
    asked = (["trace", "participants", "REG-28"], ["observations", "--geo", "REG-28", "--period", "2020"])
    for words in asked:
        done = command(*words, data_dir=small.root)
        assert done.code == 0 and "[U+202E][U+001B][2Jtourné[U+009B]1A" in done.out and not acting(done.out), done
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for form in ("csv", "json"):
        done = command(*asked[1], "--format", form, data_dir=small.root)
        assert done.code == 0 and "tourné" in done.out and not acting(done.out)


@pytest.mark.parametrize("tty", [False, True])
def test_no_bar_of_progress_obeys_a_name(tty: bool, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """A file may be called anything; what moves a bar is the program's own."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: tty, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    bad = "a\u202e\x07\x9bb"
    with waiting.downloads() as advance:
        advance(bad, 1, 2)
    with waiting.progress("x") as advance:
        advance(bad, 1, 2)
    with waiting.countdown("x", 2) as advance:
        advance(bad, 1)
    told = capsys.readouterr().out
    assert told.count("a[U+202E][U+0007][U+009B]b") >= 3 and not acting(told.replace("\x1b", "").replace("\r", ""))


def test_no_cell_of_a_csv_is_a_formula(report: Path) -> None:
    cells = []
    for path in (report / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            cells += [cell for row in csv.reader(handle) for cell in row]
    assert {f"'{text}" for text in (*OBJECTS[:4], as_shown(BUYER))} <= set(cells)
    assert {as_shown(text) for text in OBJECTS[4:]} <= set(cells)
    assert not acting("".join(cells))
    numbers = [
        cell for cell in cells if cell[:1] in "=+-@" and cell and not cell.lstrip("-").replace(".", "").isdigit()
    ]
    assert not numbers


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(report: Path) -> None:
    book = openpyxl.load_workbook(report / "tables" / "tableaux.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert {as_shown(text) for text in (*OBJECTS, BUYER)} <= texts
    assert not acting("".join(map(str, texts)))
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
