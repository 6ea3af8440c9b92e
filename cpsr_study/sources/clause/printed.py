"""Everything that a finished report publishes besides its observations, read file by file for numbers that are hidden.

Tables (CSV, workbook, HTML), figures with their data, alternative texts, sentences, the annex, the manifest, the PDF:
each is read as anybody could who has the folder, and given to `recognition`.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cpsr_study.sources.clause.recognition import Finding, Recognition

Found = Iterator[tuple[str, Finding]]  # where, what

_BLOCKS = ["p", "li", "dd", "dt", "figcaption", "caption", "h1", "h2", "h3", "h4", "title", "td", "th", "div"]
_ATTRIBUTES = ("alt", "title", "aria-label", "content")


def found(folder: Path, known: Recognition) -> Found:
    """Every hidden figure that a file of the folder writes, with the name of the file."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        where = path.relative_to(folder).as_posix()
        if where != "observations.csv" and path.suffix in _READERS:
            yield from _READERS[path.suffix](path, where, known)


def _csv(path: Path, where: str, known: Recognition) -> Found:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    yield from _table(where, where.replace("-", " "), rows, known)


def _table(where: str, title: str, rows: list[list[str]], known: Recognition) -> Found:
    """A table whose first row is its headings: each cell that is a number, with its row's texts and its heading."""
    heads = rows[0] if rows else []
    for row in rows[1:]:
        line = " ".join(row)
        for finding in known.prose(line) if any(name in line for name in known.ids) else ():
            yield where, finding
        words = [cell for cell in row if not re.fullmatch(r"[\d\s.,%-]*", cell)]
        for place, cell in enumerate(row):
            for finding in known.cell(words, heads[place] if place < len(heads) else "", title, cell):
                yield where, finding


def _workbook(path: Path, where: str, known: Recognition) -> Found:
    from cpsr_study.sources import workbooks

    with workbooks.opened(path) as book:
        for sheet in book.worksheets:
            rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            name = f"{where}, feuille « {sheet.title} »"
            title = rows[0][0] if rows and rows[0] else ""
            yield from _table(name, title, rows[2:], known)
            for row in rows:
                yield from _texts(name, (cell for cell in row if len(cell) > 12), known)


def _figure(path: Path, where: str, known: Recognition) -> Found:
    data = path.with_suffix(".csv")
    rows = list(csv.DictReader(io.StringIO(data.read_text(encoding="utf-8")))) if data.is_file() else []
    yield from _drawing(where, path.read_text(encoding="utf-8"), rows, known)


def _drawing(where: str, svg: str, data: Iterable[dict[str, Any]], known: Recognition) -> Found:
    """The texts of a figure: those drawn, which it keeps as comments, its title and its description."""
    texts = re.findall(r"<!--\s*(.*?)\s*-->", svg, re.DOTALL)
    texts += [
        re.sub(r"<[^>]+>", " ", each) for each in re.findall(r"<(?:text|title|desc)\b[^>]*>(.*?)</", svg, re.DOTALL)
    ]
    indicators = {str(row["indicator"]) for row in data if row.get("indicator")}
    for finding in known.drawing(texts, indicators):
        yield where, finding
    yield from _texts(where, texts, known)


def _page(path: Path, where: str, known: Recognition) -> Found:
    from bs4 import BeautifulSoup

    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for item in page.select('[id^="obs-"]'):
        name = str(item["id"]).removeprefix("obs-")
        values = " ".join(each.get_text(" ") for each in item.select(".t-value"))
        if name in known.ids and (number := re.search(r"\d[\d\s.,]*", values)):
            yield f"{where}, annexe", Finding(name, number[0].strip())
    for link in page.select('a[href^="#obs-"]'):
        name, words = str(link["href"]).removeprefix("#obs-"), link.get_text().rpartition(":")[2]
        if name in known.ids and (number := re.search(r"\d[\d\s.,]*", words)):
            yield where, Finding(name, number[0].strip())
    yield from _images(page, path.parent, where, known)
    for table in page.find_all("table"):
        rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
        caption = table.caption.get_text(" ") if table.caption else ""
        yield from _table(where, caption, rows, known)
    yield from _attributes(page, where, known)
    for block in page.find_all(_BLOCKS):
        if not block.find(_BLOCKS) and block.find_parent("table") is None:
            yield from _texts(where, [block.get_text(" ")], known)


def _images(page: Any, folder: Path, where: str, known: Recognition) -> Found:
    """The images that the page holds: those of `figures/`, read already, or others, which could draw anything."""
    files = {each.read_text(encoding="utf-8") for each in (folder / "figures").glob("*.svg")}
    for image in page.select('img[src^="data:image/svg+xml;base64,"]'):
        svg = base64.b64decode(image["src"].partition(",")[2]).decode("utf-8")
        if svg not in files:
            drawn = [{"indicator": name} for name in known.indicators]
            yield from _drawing(f"{where}, image", svg, drawn, known)


def _attributes(page: Any, where: str, known: Recognition) -> Found:
    for item in page.find_all(lambda tag: any(tag.has_attr(name) for name in _ATTRIBUTES)):
        for name in _ATTRIBUTES:
            if item.has_attr(name):
                yield from _texts(f"{where}, texte alternatif" if name == "alt" else where, [item[name]], known)


def _notebook(path: Path, where: str, known: Recognition) -> Found:
    """Traced numbers, the data of tables and figures, what each output says in plain text."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, text in _traced(content):
        if name in known.ids and (number := re.search(r"\d[\d\s.,]*", text)):
            yield where, Finding(name, number[0].strip())
    for cell in content.get("cells", []):
        for output in cell.get("outputs", []):
            texts, about = output.get("data", {}), output.get("metadata", {}).get("image/svg+xml", {})
            yield from _texts(where, ["".join(texts.get("text/plain", ""))], known)
            if "image/svg+xml" in texts:
                fields, rows = about.get("data", {}).get("fields", []), about.get("data", {}).get("rows", [])
                data = [dict(zip(fields, row, strict=False)) for row in rows]
                yield from _drawing(where, "".join(texts["image/svg+xml"]), data, known)


def _traced(value: Any) -> Iterator[tuple[str, str]]:
    """(id, text) of every traced number published in a notebook."""
    if isinstance(value, dict):
        if value.get("ref") and "text" in value:
            yield str(value["ref"]), f"{value['text']} {value.get('value', '')}"
        for item in value.values():
            yield from _traced(item)
    elif isinstance(value, list):
        for item in value:
            yield from _traced(item)


def _json(path: Path, where: str, known: Recognition) -> Found:
    yield from _texts(where, _lines("", json.loads(path.read_text(encoding="utf-8"))), known)


def _lines(name: str, value: Any) -> Iterator[str]:
    """`name : value` for each value of a JSON document, whatever its depth; digests are no numbers."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _lines(str(key) if isinstance(value, dict) else name, item)
    elif not re.fullmatch("[0-9a-f]{64}", str(value)):
        yield f"{name} : {value}"


def _pdf(path: Path, where: str, known: Recognition) -> Found:
    from pypdf import PdfReader

    for number, page in enumerate(PdfReader(path).pages, 1):
        yield from _texts(f"{where}, page {number}", [page.extract_text()], known)


def _texts(where: str, texts: Iterable[str], known: Recognition) -> Found:
    for text in texts:
        for finding in known.prose(text):
            yield where, finding


_READERS = {
    ".csv": _csv,
    ".xlsx": _workbook,
    ".svg": _figure,
    ".html": _page,
    ".ipynb": _notebook,
    ".json": _json,
    ".pdf": _pdf,
}
