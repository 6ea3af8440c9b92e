"""CSV files read line by line, so that a fault is named where an editor shows it, and written to be read back."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from cpsr_study.errors import DataError


def read(path: Path, where: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its first line, the header first. DataError names the file and the line."""
    line, width = 1, 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            for row in reader:
                width = width or len(row)
                if row and len(row) != width:
                    raise DataError(f"{where}, ligne {line} : {len(row)} colonnes au lieu de {width}.")
                if row:
                    yield line, row
                line = reader.line_num + 1
    except UnicodeDecodeError:
        raise DataError(f"{where} n'est pas en UTF-8.") from None
    except csv.Error:
        raise DataError(f"{where}, ligne {line} : un guillemet est mal placé ou jamais refermé.") from None
    except OSError as error:
        raise DataError(f"{where} ne se lit pas ({error.strerror}).") from None


class _Ends:
    """The handle of a writer whose lines end by a return: they are given to another without it."""

    def __init__(self, handle: TextIO) -> None:
        self.handle = handle

    def write(self, line: str) -> None:
        self.handle.write(line.removesuffix("\r\n") + "\n")


def write(handle: TextIO, rows: Iterable[Iterable[object]]) -> None:
    """Write records, a line each. A cell that holds any end of line is quoted: `csv` looks for its own alone."""
    csv.writer(_Ends(handle), lineterminator="\r\n").writerows(rows)
