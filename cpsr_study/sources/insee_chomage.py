"""INSEE localised unemployment rates (BDM family TAUX-CHOMAGE): one line a series, one column a quarter.

The workbook has labels instead of codes: they become codes through the names of the official geography. Gives
`taux_chomage`, in %: the mean of the four quarters of a year, only when all four are there, for the ten newest
whole years (rounded to two decimals from numbers of one).
"""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from cpsr_study.area_names import key
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import insee_codes, insee_files, workbooks
from cpsr_study.sources.insee_files import Harvest
from cpsr_study.sources.reading import Reading

SOURCE = "insee-chomage-localise"
SHEET = "valeurs_trimestrielles"
YEARS = 10  # the newest whole years
FIRST = ["Libellé", "idBank", "Dernière mise à jour", "Période"]
WHOLES = {"france metropolitaine": "FRMET", "france entiere hors mayotte": "FR", "france hors mayotte": "FR"}
WHOLES |= {"france": "FR", "france entiere": "FR"}
PLAUSIBLE = (0, 60)
# Flags of a value, « 7,1 (P) »; those that are not here leave nothing to read.
STATUSES = {"": "A", "A": "A", "R": "A", "P": "P", "SD": "P", "E": "E", "F": "F", "U": "U"}
NOTHING = {"O": "valeur manquante (O)", "Q": "secret statistique (Q)", "N": "valeur non significative (N)"}
CERTAINTY = ["A", "P", "E", "U", "F"]
_LABEL = re.compile(r"Taux de chômage localisé par (région|département) - (.+)")
_VALUE = re.compile(r"(-?[0-9]+(?:[.,][0-9]+)?)?\s*(?:\(([A-Z]{1,2})\))?")


def recognise(path: Path) -> bool:
    """True for a workbook where a sheet has the columns of the BDM and series of localised unemployment."""
    try:
        with path.open("rb") as handle:
            if handle.read(4) != b"PK\x03\x04":
                return False
        with workbooks.opened(path) as book:
            return any(_looks_right(sheet) for sheet in book.worksheets[:5])
    except Exception:  # whatever a stranger's file makes the reader of workbooks raise
        return False


def read(paths: list[Path]) -> Reading:
    """The annual means of the workbook of one vintage."""
    if len(paths) != 1:
        raise DataError(f"Un seul classeur est attendu pour les taux de chômage localisés ({len(paths)} donnés).")
    path = paths[0]
    rows = _sheet(path)
    periods, series = _header(path, rows[0]), rows[1:]
    updated = _updated(path, series)
    years = _whole_years(path, periods)
    codes = {level: insee_codes.by_name(path, level) for level in ("REG", "DEP")}
    harvest, seen = Harvest(), set[str]()
    for number, row in enumerate(series, start=2):
        where = f"{path.name}, ligne {number}"
        if geo := _geo(row, codes, harvest, where):
            if geo in seen:
                raise DataError(f"{where} : deux séries pour {geo}.")
            seen.add(geo)
            quarters = {year: [row[periods[f"{year}-T{quarter}"]] for quarter in range(1, 5)] for year in years}
            _take(where, str(row[0]).strip(), geo, quarters, harvest)
    _set_aside_periods(path, periods, years, harvest)
    observations, set_aside = harvest.frames(path.name)
    period = f"{years[0]} à {years[-1]}"
    return Reading(
        source=SOURCE,
        vintage=updated[:7],
        title=f"Taux de chômage localisés, moyennes annuelles de {period}",
        short="Insee, chômage localisé",
        producer="INSEE",
        reference_period=period,
        published=updated,
        licence=insee_files.LICENCE,
        url="",
        citation="INSEE, taux de chômage localisés (base de données macroéconomiques, famille TAUX-CHOMAGE), "
        f"mis à jour le {'/'.join(reversed(updated.split('-')))}.",
        notes="Taux de chômage au sens du BIT, au lieu de résidence. La moyenne des quatre trimestres est calculée, "
        "l’INSEE publie des taux trimestriels corrigés des variations saisonnières. La ligne FR est celle de la "
        "source, « France entière (hors Mayotte) ».",
        observations=observations,
        set_aside=set_aside,
    )


def _looks_right(sheet: Any) -> bool:
    head = [row for _, row in zip(range(2), sheet.iter_rows(max_col=4, values_only=True), strict=False)]
    return len(head) == 2 and list(head[0])[:2] == FIRST[:2] and bool(re.match("Taux de chômage", str(head[1][0])))


def _sheet(path: Path) -> list[tuple[Any, ...]]:
    with workbooks.opened(path) as book:
        if SHEET not in book.sheetnames:
            found = ", ".join(f"« {shown(title)} »" for title in book.sheetnames)
            raise DataError(f"{path.name} : la feuille « {SHEET} » manque (feuilles trouvées : {found}).")
        rows = [row for row in workbooks.rows(path, book[SHEET]) if any(cell not in (None, "") for cell in row)]
    if len(rows) < 2:
        raise DataError(f"{path.name} : la feuille « {SHEET} » ne contient aucune série.")
    return [row + (None,) * (len(rows[0]) - len(row)) for row in rows]


def _header(path: Path, row: tuple[Any, ...]) -> dict[str, int]:
    """Column of each quarter « 2023-T4 », in the order of time. DataError when one is missing or there twice."""
    cells = [str(cell or "").strip() for cell in row]
    for name in FIRST[:3]:
        if name not in cells[:4]:
            raise DataError(f"{path.name}, feuille « {SHEET} » : la colonne « {name} » manque.")
    quarters = [(cell, place) for place, cell in enumerate(cells) if re.fullmatch(r"[12][0-9]{3}-T[1-4]", cell)]
    periods = dict(sorted(quarters))
    if len(periods) < max(4, len(quarters)):
        raise DataError(f"{path.name}, feuille « {SHEET} » : des trimestres manquent ou sont en double.")
    names = list(periods)
    for before, after in pairwise(names):
        year, quarter = int(before[:4]), int(before[-1])
        following = f"{year + quarter // 4}-T{quarter % 4 + 1}"
        if after != following:
            raise DataError(f"{path.name}, feuille « {SHEET} » : la colonne « {following} » manque.")
    return periods


def _updated(path: Path, series: list[tuple[Any, ...]]) -> str:
    """The latest date of update, ISO."""
    dates = {match[0] for row in series if (match := re.match(r"[0-9]{2}/[0-9]{2}/[0-9]{4}", str(row[2] or "")))}
    if not dates:
        raise DataError(f"{path.name}, feuille « {SHEET} » : aucune date de mise à jour (jj/mm/aaaa).")
    return max("-".join(reversed(date.split("/"))) for date in dates)


def _whole_years(path: Path, periods: dict[str, int]) -> list[str]:
    years = [year for year in sorted({p[:4] for p in periods}) if all(f"{year}-T{q}" in periods for q in range(1, 5))]
    if not years:
        raise DataError(f"{path.name} : aucune année n'a ses quatre trimestres.")
    return years[-YEARS:]


def _geo(row: tuple[Any, ...], codes: dict[str, dict[str, str]], harvest: Harvest, where: str) -> str:
    """Code of the area of a series; empty when it is set aside."""
    label = str(row[0] or "").strip()
    workbooks.refuse_formula(row[0], where)
    if not (found := _LABEL.fullmatch(label)):
        harvest.drop(where, shown(label), "autre série que le taux localisé d'une région ou d'un département")
        return ""
    name = key(found[2])
    geo = WHOLES.get(name) or codes["REG" if found[1] == "région" else "DEP"].get(name, "")
    if not geo:
        harvest.drop(where, shown(label), "nom absent des géographies connues de l'étude")
    return geo


def _take(line: str, label: str, geo: str, quarters: dict[str, list[Any]], harvest: Harvest) -> None:
    """Keep the mean of each year of a series, set aside a year without its four quarters."""
    for year, cells in quarters.items():
        where = f"{line}, {year}"
        read_cells = [_cell(cell, where) for cell in cells]
        if missing := [reason for _, _, reason in read_cells if reason]:
            harvest.drop(where, geo, f"{missing[0]} : la moyenne demande les quatre trimestres")
            continue
        mean = round(sum(value for value, _, _ in read_cells) / 4, 2)
        harvest.keep(
            "taux_chomage",
            geo,
            year,
            insee_files.plain(str(mean), where),
            status=max((status for _, status, _ in read_cells), key=CERTAINTY.index),
            as_published=" ; ".join(_shown(cell) for cell in cells),
            locator=f"moyenne des quatre trimestres, {label}",
        )


def _cell(cell: Any, where: str) -> tuple[float, str, str]:
    """Value, status, and why there is none (empty when there is one)."""
    workbooks.refuse_formula(cell, where)
    found = _VALUE.fullmatch(str("" if cell is None else cell).strip())
    number, flag = (found[1] or "", found[2] or "") if found else ("", "?")
    if found and (flag in NOTHING or not (number or flag)):
        return 0.0, "A", NOTHING.get(flag, "cellule vide")
    if flag not in STATUSES or not number:
        raise DataError(f"{where} : « {shown(cell)} » n'est pas un taux.")
    value = float(insee_files.plain(number, where))
    if not PLAUSIBLE[0] <= value <= PLAUSIBLE[1]:
        raise DataError(f"{where} : un taux de {shown(cell)} % n'est pas plausible.")
    return value, STATUSES[flag], ""


def _shown(cell: Any) -> str:
    return str(cell).replace(".", ",")


def _set_aside_periods(path: Path, periods: dict[str, int], years: list[str], harvest: Harvest) -> None:
    older = [period for period in periods if period[:4] < years[0]]
    newer = [period for period in periods if period[:4] > years[-1]]
    for left, reason in ((older, f"antérieurs aux {YEARS} dernières années entières"), (newer, "année incomplète")):
        if left:
            harvest.drop(path.name, f"toutes les séries, {left[0]} à {left[-1]} ({len(left)} trimestres)", reason)
