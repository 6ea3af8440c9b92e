"""CSV and JSON files as producers publish them, read without guessing: what is not as expected stops, and is named."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown

LARGEST = 1_000_000_000  # bytes of a CSV, read line by line
LARGEST_JSON = 200_000_000  # bytes of a JSON, read whole
_SPACES = "\u202f\u00a0 "


def header(path: Path) -> list[str]:
    """Column names of the first line, whatever the file; [] when it has none. Never raises."""
    line = first_line(path).removeprefix("\ufeff")
    delimiter = ";" if line.count(";") >= line.count(",") else ","
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def first_line(path: Path) -> str:
    """The first line, at most 16 000 characters; "" for a file that is not text or does not open."""
    try:
        with path.open("rb") as handle:
            start = handle.readline(16_000)
    except OSError:
        return ""
    return "" if b"\0" in start else start.decode("utf-8", errors="replace").rstrip("\r\n")


def records(path: Path, required: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row of a UTF-8 CSV (`;` or `,`) with its line number, by column name; all text, outer spaces removed."""
    names = header(path)
    check_columns(path, names, required)
    while names and not names[-1]:
        names.pop()
    if len(set(names)) < len(names):
        raise DataError(f"{path.name} : deux colonnes portent le même nom.")
    delimiter = ";" if first_line(path).count(";") >= first_line(path).count(",") else ","
    for line, cells in raw_rows(path, delimiter):
        if line == 1 or not any(cells):
            continue
        if len(cells) < len(names) or any(cells[len(names) :]):
            raise DataError(f"{path.name}, ligne {line} : {len(cells)} colonnes au lieu de {len(names)}.")
        yield line, dict(zip(names, map(str.strip, cells), strict=False))


def raw_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record of a UTF-8 file with the number of its first line."""
    line = 1
    if path.stat().st_size > LARGEST:
        raise DataError(f"{path.name} dépasse un gigaoctet, ce n'est pas le fichier attendu.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, delimiter=delimiter, strict=True)
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
    except UnicodeDecodeError:
        raise DataError(f"{path.name} n'est pas en UTF-8 : reprenez le fichier du producteur tel quel.") from None
    except csv.Error:
        raise DataError(f"{path.name}, ligne {line} : un guillemet est mal placé ou jamais refermé.") from None


def check_columns(path: Path, names: Iterable[str], required: Iterable[str]) -> None:
    """DataError naming the first column that is not there."""
    for name in required:
        if name not in names:
            found = ", ".join(shown(column)[:25] for column in list(names)[:5])
            raise DataError(f"{path.name} : la colonne « {name} » manque (colonnes lues : {found}…).")


def read_json(path: Path) -> Any:
    """The content of a JSON file. DataError when it is not one, or is too large."""
    if path.stat().st_size > LARGEST_JSON:
        raise DataError(f"{path.name} est trop gros pour être lu d'un bloc.")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError(f"{path.name} n'est pas en UTF-8.") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path.name} n'est pas du JSON complet.") from None


def whole(text: str, where: str) -> int:
    """A count: « 1234 » or « 1234.0 ». DataError on anything else, and on thousands separators."""
    if re.fullmatch(r"[0-9]{1,12}(\.0+)?", text):
        return int(text.partition(".")[0])
    if re.fullmatch(rf"[0-9]{{1,3}}([{_SPACES},.][0-9]{{3}})+", text):
        raise DataError(f"{where} : « {shown(text)} » porte un séparateur de milliers, un nombre simple est attendu.")
    raise DataError(f"{where} : « {shown(text)} » n'est pas un nombre entier.")


def spaced_whole(text: str, where: str) -> int:
    """A count as INSEE prints it, with spaces between thousands: « 1 234 »."""
    if re.fullmatch(rf"[0-9]{{1,3}}([{_SPACES}][0-9]{{3}})+", text):
        return int(re.sub(f"[{_SPACES}]", "", text))
    return whole(text, where)


def spaced(number: int) -> str:
    """1234 -> « 1 234 »: how a count that we made is written in `as_published`."""
    return f"{number:,}".replace(",", "\u202f")
