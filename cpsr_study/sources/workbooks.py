"""Excel workbooks from outside: size checked before opening, cells read as they were typed, no formula taken in."""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError

LARGEST = 200_000_000  # bytes once uncompressed
MOST_ROWS = 20_000  # of one sheet


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The workbook, in openpyxl's read-only mode, formulas kept as text so that `number` can refuse them."""
    from openpyxl import load_workbook

    check_size(path)
    try:
        with warnings.catch_warnings():  # about styles and extensions, of which no figure depends
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except Exception:  # openpyxl lets out whatever a broken part makes it raise
        raise DataError(f"{path.name} n'est pas un classeur Excel lisible.") from None
    try:
        yield book
    finally:
        book.close()


def check_size(path: Path) -> None:
    """DataError unless the file is a zip archive whose parts, once uncompressed, hold within a bound."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        raise DataError(f"{path.name} n'est pas un classeur Excel (.xlsx) entier.") from None
    if len(parts) > 2000 or sum(part.file_size for part in parts) > LARGEST:
        raise DataError(f"{path.name} est anormalement gros une fois décompressé : il n'est pas ouvert.")


def rows(path: Path, sheet: Any, most: int = 0) -> list[tuple[Any, ...]]:
    """All rows of a sheet. DataError when there are too many, or when one does not read."""
    most = most or MOST_ROWS
    found: list[tuple[Any, ...]] = []
    try:
        for cells in sheet.iter_rows(values_only=True):
            found.append(cells)
            if len(found) > most:
                break
    except Exception:  # a broken part of the archive, met while reading
        raise DataError(f"{path.name}, feuille « {sheet.title} » : la feuille ne se lit pas.") from None
    if len(found) > most:
        raise DataError(f"{path.name}, feuille « {sheet.title} » : plus de {most} lignes.")
    return found


def refuse_formula(cell: Any, where: str) -> None:
    """DataError on a cell that holds a formula: its value is not in the file in a form that can be trusted."""
    if isinstance(cell, str) and cell.startswith("="):
        raise DataError(f"{where} : la cellule contient une formule au lieu d'une valeur.")
