"""Lines of a CSV whose quote is never closed: each swallows the lines after it, which are given back here."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cpsr_study.sources.decp import formats
from cpsr_study.sources.decp.formats import Format
from cpsr_study.sources.decp.tabular import LONGEST, Text

DAY, SIRET = re.compile(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}"), re.compile(r"\d{9,14}")


def given_back(text: Text, found: Format, records: int, folder: Path) -> Text | None:
    """The CSV without these lines, when it has some; `records`: how many were read in it, the bad ones too.

    A file that has as many records as lines has none, and is not read again.
    """
    if text.lines - 1 <= records or not (unclosed := dict(_unclosed(text.path, found))):
        return None
    mended = folder / "lignes.csv"
    with mended.open("wb") as target:
        for number, line in _numbered(text.path):
            target.write(b"\n" if number in unclosed else line)  # so that the others keep their number
    return replace(text, path=mended, lines=0, unclosed=unclosed)


def _unclosed(path: Path, found: Format) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that open a quote and close it nowhere, or only in another record."""
    waiting: list[tuple[int, bytes]] = []  # a record whose cell goes on: the line that opens it, and the next ones
    size = 0
    again: deque[tuple[int, bytes]] = deque()
    source = _numbered(path)
    next(source, None)
    while (numbered := again.popleft() if again else next(source, None)) is not None:
        line = numbered[1]
        odd = line.count(b'"') % 2
        if not waiting:
            waiting, size = ([numbered], len(line)) if odd and _opens(line, found) else ([], 0)
            continue
        waiting.append(numbered)
        size += len(line)
        if _is_record(line, found) or (odd and not _is_whole(waiting, found)):
            yield waiting[0][0], _read(waiting[0][1])
            again.extendleft(reversed(waiting[1:]))
            waiting = []
        elif odd or size > LONGEST:
            waiting = []


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    with formats.opened(path) as source:
        yield from enumerate(iter(lambda: source.readline(LONGEST), b""), 1)


def _opens(line: bytes, found: Format) -> bool:
    """Whether the last cell of a line is not closed at its end (a quote inside a plain cell is only a sign)."""
    try:
        next(csv.reader([_read(line)], delimiter=found.delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _is_record(line: bytes, found: Format) -> bool:
    """Whether a line is a contract in itself: all the columns, and a buyer or a day where they are expected."""
    cells = next(csv.reader([_read(line)], delimiter=found.delimiter), [])
    at = {name: int((found.columns or {})[name].removeprefix("c")) for name in ("acheteur_id", "date_notification")}
    return len(cells) == len(found.names) and bool(
        SIRET.fullmatch(cells[at["acheteur_id"]].strip()) or DAY.match(cells[at["date_notification"]].strip())
    )


def _is_whole(lines: list[tuple[int, bytes]], found: Format) -> bool:
    """Whether lines make one record, with all the columns."""
    text = [_read(line) for _, line in lines]
    try:
        return [len(row) for row in csv.reader(text, delimiter=found.delimiter, strict=True)] == [len(found.names)]
    except csv.Error:
        return False


def _read(line: bytes) -> str:
    return line.decode("utf-8", "replace")
