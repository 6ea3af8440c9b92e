"""What INSEE's files have in common: text tables, numbers, what is kept and what is set aside."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown

if TYPE_CHECKING:
    import pandas as pd

BIGGEST = 300_000_000  # bytes: the largest file of INSEE read here has about 60 million
LICENCE = "Licence Ouverte 2.0"
FRAGILE = {"2020": "Millésime signalé comme fragile par l’INSEE (aides exceptionnelles de 2020)."}
# What stands in a cell instead of a number; never a zero.
NO_VALUE = {
    "s": "secret statistique (s)",
    "nd": "non disponible (nd)",
    "ns": "non significatif (ns)",
    "": "cellule vide",
}
# At most two decimals: three digits after a point or a comma are a group of thousands.
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,2})?")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:[\s.,'’][0-9]{3})+(?:[.,][0-9]+)?")


def header(path: Path, separator: str) -> list[str]:
    """Column names of a text table; empty when the file is not one. Never raises."""
    try:
        with path.open("rb") as handle:
            first = handle.readline(100_000)
    except OSError:
        return []
    if b"\0" in first:
        return []
    return [cell.strip().strip('"') for cell in first.decode("utf-8-sig", errors="replace").split(separator)]


def records(path: Path, separator: str = ";") -> Iterator[tuple[int, list[str]]]:
    """Each record with its line number, the header first. DataError names the file, the line and the fault."""
    line, width = 1, 0
    try:
        check_size(path)
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, delimiter=separator, strict=True)
            for row in reader:
                width = width or len(row)
                if row and len(row) != width:
                    raise DataError(f"{path.name}, ligne {line} : {len(row)} colonnes au lieu de {width}.")
                if row:
                    yield line, [cell.strip() for cell in row]
                line = reader.line_num + 1
    except UnicodeDecodeError:
        raise DataError(
            f"{path.name} n'est pas en UTF-8 (sans doute du latin-1, après un passage par un tableur) : "
            "reprenez le fichier d'origine."
        ) from None
    except csv.Error:
        raise DataError(f"{path.name}, ligne {line} : un guillemet est mal placé ou jamais refermé.") from None
    except OSError as error:
        raise DataError(f"{path.name} ne se lit pas ({error.strerror}).") from None
    if line <= 2:
        raise DataError(f"{path.name} ne contient aucune ligne de données.")


def check_size(path: Path) -> None:
    """Stop before a file that no source publishes."""
    if path.stat().st_size > BIGGEST:
        raise DataError(f"{path.name} dépasse {BIGGEST // 1_000_000} Mo : ce n'est pas le fichier attendu.")


def plain(text: str, where: str) -> str:
    """A number as plain text, with a point: « 10,5 » gives 10.5, « 18,0 » gives 18. DataError for anything else."""
    if _NUMBER.fullmatch(text):
        return f"{Decimal(text.replace(',', '.')).normalize():f}"
    if _GROUPED.fullmatch(text):
        reason = "a des séparateurs de milliers : reprenez le fichier d'origine, sans passer par un tableur"
    else:
        reason = "n'est pas un nombre"
    raise DataError(f"{where} : « {shown(text)} » {reason}.")


def lost_zero(path: Path, code: str) -> DataError:
    """The refusal of a code that a spreadsheet has taken for a number."""
    return DataError(
        f"{path.name} : le code « {shown(code)} » a perdu son zéro initial (un tableur l'a pris pour un nombre) : "
        "reprenez le fichier d'origine."
    )


class Harvest:
    """Observations kept and cells set aside, in the order they are read."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], dict[str, str]] = {}
        self.aside: list[dict[str, str]] = []

    def keep(self, indicator: str, geo: str, period: str, value: str, **more: str) -> None:
        """One observation; `more`: as_published, locator, status, note."""
        row = {"indicator": indicator, "geo": geo, "time_period": period, "breakdown": "", "category": ""}
        row |= {"value": value, "status": "A", "as_published": "", "locator": "", "note": ""} | more
        self.kept[indicator, geo, period] = row

    def drop(self, where: str, what: str, reason: str) -> None:
        """A cell, a row or a series that is not taken in, and why."""
        self.aside.append({"where": where, "what": what, "reason": reason})

    def frames(self, name: str) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """Observations and what was set aside. DataError when nothing at all could be kept."""
        import pandas as pd

        from cpsr_study.sources import typed

        if not self.kept:
            why = f" (par exemple : {self.aside[0]['reason']})" if self.aside else ""
            raise DataError(f"{name} : aucune valeur à retenir{why}.")
        rows = pd.DataFrame(list(self.kept.values()), columns=typed.COLUMNS, dtype=str)
        return rows, pd.DataFrame(self.aside, columns=["where", "what", "reason"], dtype=str)
