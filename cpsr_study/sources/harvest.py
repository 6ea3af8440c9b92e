"""What a reader gathers row after row, and the Reading that comes out of it."""

import re
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError
from cpsr_study.sources import codes, typed
from cpsr_study.sources.flat import spaced
from cpsr_study.sources.reading import Reading

LICENCE = "Licence Ouverte 2.0"
ASIDE = ["where", "what", "reason"]
SUM_NOTE = "Somme des départements, la source ne donne pas la région."


class Harvest:
    """Observations kept and rows set aside, in the order of the file."""

    def __init__(self) -> None:
        self.kept: list[dict[str, str]] = []
        self.aside: list[tuple[str, str, str]] = []

    def keep(self, indicator: str, geo: str, period: str, value: int, **rest: str) -> None:
        """One observation; `rest`: breakdown, category, status, as_published, locator, note."""
        row = dict.fromkeys(typed.COLUMNS, "") | {"status": "A", "as_published": spaced(value)} | rest
        self.kept.append(row | {"indicator": indicator, "geo": geo, "time_period": period, "value": str(value)})

    def set_aside(self, where: str, what: str, reason: str) -> None:
        self.aside.append((where, what, reason))

    def reading(self, paths: list[Path], **card: Any) -> Reading:
        """The Reading. DataError when nothing could be kept: a file that gives no figure is not the right one."""
        import pandas as pd

        if not self.kept:
            names = ", ".join(path.name for path in paths)
            raise DataError(f"{names} : aucune valeur à reprendre, est-ce bien le fichier attendu ?")
        frame = pd.DataFrame(self.kept, columns=typed.COLUMNS, dtype=str)
        twice = frame.duplicated([*typed.KEY, "locator"])
        if twice.any():
            row = frame[twice].iloc[0]
            names = ", ".join(path.name for path in paths)
            raise DataError(f"{names} : deux valeurs pour {row['indicator']}, {row['geo']}, {row['time_period']}.")
        aside = pd.DataFrame(self.aside, columns=ASIDE, dtype=str)
        return Reading(**({"licence": LICENCE} | card), observations=frame, set_aside=aside)


def summed(counts: dict[str, dict[Any, int]]) -> dict[str, dict[Any, int]]:
    """Counts by key (kind, period…) of the regions whose départements are all in `counts`, keyed REG-…"""
    totals: dict[str, dict[Any, int]] = {}
    for region, members in codes.REGIONS.items():
        parts = [counts[f"DEP-{code}"] for code in members if f"DEP-{code}" in counts]
        if len(parts) == len(members):
            keys = dict.fromkeys(key for part in parts for key in part)
            totals[f"REG-{region}"] = {key: sum(part.get(key, 0) for part in parts) for key in keys}
    return totals


def date_in_name(path: Path) -> str:
    """« 2026 » or « 2026-03 » from the name of a file that does not date itself. DataError when it is not there."""
    months = re.findall(r"(?<![0-9])(20[0-9][0-9])-?(0[1-9]|1[0-2])(?:-?[0-9][0-9])?(?![0-9])", path.stem)
    if months:
        return "-".join(months[-1])
    years = re.findall(r"(?<![0-9])(20[0-9][0-9])(?![0-9])", path.stem)
    if len(set(years)) != 1:
        raise DataError(f"{path.name} ne porte aucune date : ajoutez l'année et le mois à son nom (AAAA-MM).")
    return str(years[0])


def later(period: str, months: int) -> str:
    """The month that comes so many months after « 2025-12 »."""
    year, month = (int(part) for part in period.split("-"))
    return f"{year + (month - 1 + months) // 12}-{(month - 1 + months) % 12 + 1:02d}"


def one(paths: list[Path]) -> Path:
    """The only file of a vintage. DataError when there are several, or none."""
    if len(paths) != 1:
        names = ", ".join(path.name for path in paths) or "aucun"
        raise DataError(f"Un seul fichier est attendu pour ce millésime (reçus : {names}).")
    return paths[0]
