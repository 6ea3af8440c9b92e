"""CSV files read line by line, so that a fault is named where an editor shows it."""

import csv
from collections.abc import Iterator
from pathlib import Path

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
