"""Text from the data or from the command line is only ever text, whatever it looks like."""

import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import nbformat
import openpyxl
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from browser import started
from conftest import one_sentence
from cpsr_study import sources
from cpsr_study.report.pdf import cannot_be_drawn
from cpsr_study.report.safe import visible
from pdfs import compact
from reports import DATA, build, html_of

NASTY = (
    '=HYPERLINK("http://x","y")',
    "<script>alert(1)</script>",
    "+1+1",
    "](javascript:alert(1))",
    "-1-1",
    '#eval("1")',
    "@SUM(1)",
    r"$\alpha$",
    "{{ 7*7 }}",
    "\u202erevers\u202c",
    "\"guillemets\" 'apostrophes' \\antislash\\",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;</style>",
)
LONG = "a" * 2000
HEURES = {"indicator": "heures_insertion", "geo": "REG-28", "time_period": "2020"}
PRESENTATION = "raw/presentation-cpsr-normandie/2021-12"
REFERENCE = "reference"
GEOGRAPHY = "reference/insee-cog/2026"

ONLY_TRACED = {"observations.as_published", "observations.locator", "observations.note"}  # shown by the annex alone
NEVER_IN_A_CELL = ["indicators.expected_source", "territories.en"]  # shown by the notes and titles of tables
# Where the hostile texts are put: file, line (the values of some columns), column.
PLACES: tuple[tuple[str, dict[str, str], str], ...] = (
    (f"{REFERENCE}/indicators.csv", {"id": "heures_insertion"}, "label"),
    (f"{REFERENCE}/indicators.csv", {"id": "heures_par_participant"}, "definition"),
    (f"{REFERENCE}/indicators.csv", {"id": "participants_par_facilitateur"}, "expected_source"),
    (f"{REFERENCE}/categories.csv", {"breakdown": "modalite", "category": "condition_execution"}, "label"),
    (f"{REFERENCE}/glossary.csv", {"term": "ACI"}, "definition"),
    (f"{REFERENCE}/cadre_juridique.csv", {"dispositif": "Définition du besoin"}, "article"),
    (f"{PRESENTATION}/observations.csv", HEURES, "as_published"),
    (f"{PRESENTATION}/observations.csv", HEURES, "locator"),
    (f"{PRESENTATION}/observations.csv", HEURES, "note"),
    (f"{GEOGRAPHY}/territories.csv", {"code": "REG-28"}, "name"),
    (f"{GEOGRAPHY}/territories.csv", {"code": "REG-28"}, "en"),
    (f"{PRESENTATION}/source.toml", {}, "title"),
    (f"{PRESENTATION}/source.toml", {}, "short"),
    (f"{PRESENTATION}/source.toml", {}, "producer"),
    (f"{REFERENCE}/corrections.toml", {}, "reason"),
)


class Hostile(NamedTuple):
    """A report made from hostile data, and the texts that it must show, by place."""

    folder: Path
    texts: dict[str, str]

    def in_chapters(self) -> dict[str, str]:
        """Those that the chapters themselves show."""
        return {place: text for place, text in self.texts.items() if place not in ONLY_TRACED}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Chapters 03, 04 and 08 for Normandie, from a copy of the data that holds all these texts."""
    root = tmp_path_factory.mktemp("hostile")
    data = root / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("processed"))
    texts = {}
    for turn, (name, line, column) in enumerate(PLACES):
        place = f"{Path(name).stem}.{column}"
        turned = [*NASTY[turn % len(NASTY) :], *NASTY[: turn % len(NASTY)]]
        texts[place] = f"{' '.join(turned)} [{place}]"
        put(data / name, line, column, texts[place])
    texts["long"] = LONG
    put(data / REFERENCE / "glossary.csv", {"term": "ACI"}, "term", LONG)
    for card in data.rglob("source.toml"):
        refresh(card)
    return Hostile(build(root / "out", "REG-28", ["03", "04", "08"], data_dir=data).folder, texts)


def put(path, line, column, text):
    """Write a text into the first line of a CSV file that has these values, or into all such fields of a TOML file."""
    if path.suffix == ".toml":
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [i for i, each in enumerate(lines) if each.startswith(f"{column} = ")]
        for i in found[-1:]:
            lines[i] = f"{column} = {json.dumps(text, ensure_ascii=False)}"
        content = "\n".join(lines) + "\n"
    else:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        found = [row for row in rows if all(row[name] == value for name, value in line.items())]
        found[0][column] = text
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        content = out.getvalue()
    assert found, f"{line} is not in {path.name}"
    path.write_text(content, encoding="utf-8", newline="\n")


def refresh(card):
    """Give a card the sha256 of the files that are beside it now."""
    text = card.read_text(encoding="utf-8")
    for path in card.parent.iterdir():
        new = f'"{path.name}" = "{sources.sha256(path)}"'
        text = re.sub(rf'(?m)^"{re.escape(path.name)}" = ".*"$', lambda _, new=new: new, text)
    card.write_text(text, encoding="utf-8", newline="\n")


def spaced(text):
    """A text with single spaces, as a page shows it."""
    return " ".join(text.split())


def absent(texts, page):
    """The places whose text is not in a page, where hidden characters may be shown by their names."""
    page = spaced(page)
    return [place for place, text in texts.items() if text not in page and visible(text) not in page]


def dangers(soup):
    """Whatever in a page would run, load or lead out of it."""
    found = [str(tag) for tag in soup.find_all(["script", "iframe", "object", "embed", "link", "base", "form", "b"])]
    for tag in soup.find_all():
        found += [f"{tag.name} {name}" for name in tag.attrs if name.startswith("on")]
        found += [tag["src"] for _ in "s" if not tag.get("src", "data:").startswith("data:")]
    links = [tag["href"] for tag in soup.find_all(href=True)]
    return found + [link for link in links if not re.match(r"#|(figures|tables)/[\w-]+\.(csv|svg)$|https://", link)]


def cells(folder):
    """Every cell of every CSV file."""
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            yield from (cell for row in csv.reader(handle, strict=True) for cell in row)


def outputs(folder, mime):
    """Every output of that type in the executed notebooks."""
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            yield from (output.data[mime] for output in cell.get("outputs", []) if mime in output.get("data", {}))


def test_html_shows_each_text_and_obeys_none(hostile):
    soup = BeautifulSoup(html_of(hostile.folder), "html.parser")
    assert not dangers(soup)
    assert not absent(hostile.texts, soup.body.get_text(" "))
    assert "\u202e" not in soup.get_text()  # a hidden character is named, as it would turn the text around it


def test_pdf_shows_each_text_and_obeys_none(hostile):
    pdf = PdfReader(hostile.folder / "report.pdf")
    text = compact("".join(page.extract_text() for page in pdf.pages))
    for nasty in (*NASTY, LONG):
        assert compact(visible(nasty, cannot_be_drawn)) in text, nasty
    assert not [place for place in hostile.texts if place != "long" and compact(f"[{place}]") not in text]
    root = pdf.trailer["/Root"]
    assert "/OpenAction" not in root and "/JavaScript" not in root.get("/Names", {}) and "/AcroForm" not in root
    actions = [note.get_object().get("/A", {}) for page in pdf.pages for note in page.get("/Annots", [])]
    assert {action["/S"] for action in actions if action} <= {"/GoTo", "/URI"}
    assert all(action["/URI"].startswith("https://") for action in actions if "/URI" in action)


def test_csv_holds_each_text_and_no_formula(hostile):
    found = list(cells(hostile.folder))
    assert not [cell for cell in found if re.match(r"[=+@\t\r]|-(?![0-9.]+$)", cell)]
    assert absent(hostile.texts, " ".join(found)) == NEVER_IN_A_CELL
    assert {f"'{hostile.texts[place]}" for place in ("indicators.label", "observations.as_published")} <= set(found)


def test_workbook_holds_each_text_and_no_formula(hostile):
    path = hostile.folder / "tables" / "tableaux.xlsx"
    found = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in found if cell.data_type == "f" or cell.hyperlink]
    assert not absent(hostile.in_chapters(), " ".join(str(cell.value) for cell in found))
    with zipfile.ZipFile(path) as book:
        assert not [name for name in book.namelist() if re.search(rb"<f[ >]|<hyperlink", book.read(name))]


def test_notebooks_show_each_text_and_obey_none(hostile):
    soup = BeautifulSoup("\n".join(outputs(hostile.folder, "text/html")), "html.parser")
    assert not dangers(soup)
    assert not absent(hostile.in_chapters(), soup.get_text(" "))
    assert not absent(hostile.in_chapters(), "\n".join(outputs(hostile.folder, "text/plain")))


def test_figures_are_drawings_alone(hostile):
    drawings = list((hostile.folder / "figures").glob("*.svg"))
    assert drawings
    for path in drawings:
        for element in ElementTree.parse(path).iter():
            assert not re.search(r"\}(script|foreignObject|image|a|set|animate)$", str(element.tag)), path.name
            links = [value for name, value in element.attrib.items() if name.endswith("href")]
            assert all(link.startswith("#") for link in links), path.name
            assert not [name for name in element.attrib if name.startswith("on")], path.name


@pytest.mark.browser
@pytest.mark.parametrize("what", ["report", "notebooks"])
def test_a_browser_obeys_none(hostile, what):
    pages = {"report": html_of, "notebooks": lambda folder: "\n".join(outputs(folder, "text/html"))}
    with started() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 800})
        happened = []
        page.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: happened.append(message.text))
        page.on("request", lambda request: request.url.startswith("data:") or happened.append(request.url))
        page.set_content(pages[what](hostile.folder))
        assert happened == [] and page.evaluate("document.scripts.length") == 0
        assert not absent(hostile.in_chapters(), page.evaluate("document.body.textContent"))
        assert what == "notebooks" or page.evaluate("document.documentElement.scrollWidth") <= 320


WORDS = {
    "tag": "<script>alert(1)</script>",
    "parent": "../../etc",
    "path": "/etc/passwd",
    "windows path": r"C:\Windows",
    "line end": "REG-28\nREG-53",
    "null": "REG-28\0",
    "turned": "\u202eREG-28",
    "long": "a" * 10_000,
    "markup": "[bold]REG-28[/bold]",
    "format": "{territory} %s $HOME `id`",
    "formula": "=REG-28",
    "empty": "",
}


def refused(small, command, folder, *words):
    """The command ends with 2 and one sentence, and leaves everything as it was."""
    before = small.files()
    outcome = command("run", *words, data_dir=small.root)
    assert (outcome.code, outcome.out) == (2, "") and one_sentence(outcome.err), outcome
    assert small.files() == before and [path.name for path in folder.iterdir()] == [small.root.name]


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
def test_a_hostile_territory_is_refused_in_one_sentence(small, command, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    refused(small, command, tmp_path, text)


@pytest.mark.parametrize("option", ["--compare-with", "--edition", "--chapters", "--formats", "--project-years"])
def test_a_hostile_option_is_refused_in_one_sentence(small, command, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    for text in filter(None, WORDS.values()):
        refused(small, command, tmp_path, "REG-28", option, text)


@pytest.mark.parametrize("text", [WORDS["tag"], WORDS["line end"], WORDS["long"]], ids=["tag", "line end", "long"])
@pytest.mark.parametrize(
    "words", [["trace", "{}", "REG-28"], ["trace", "heures_insertion", "{}"], ["observations", "--geo", "{}"],
              ["observations", "--indicator", "{}"], ["observations", "--source", "{}"], ["sources", "--format", "{}"]]
)  # fmt: skip
def test_every_command_refuses_it_too(small, command, words, text):
    outcome = command(*[word.format(text) for word in words], data_dir=small.root)
    assert outcome.code == 2 and one_sentence(outcome.err), outcome
