"""DREES, minima sociaux: RSA households by département at the end of each year, all regimes (CAF and MSA).

Source: workbook « Minima sociaux, données départementales par dispositif », sheet found by its title (« Répartition
des allocataires du RSA … depuis 2009 »). Columns taken: N° Dep, Libelle Dep, one column a year. Unit: households.
The source breaks in 2016 (new production of the CNAF): only the series from « 2016 (2) » on is taken, the older one
is set aside, never joined to it.
"""

import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cpsr_study.area_names import key
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat, workbooks
from cpsr_study.sources.harvest import Harvest, one
from cpsr_study.sources.reading import Reading

SOURCE = "drees-minima-sociaux"
BREAK = 2016
NOTE = "Tous régimes (CAF et MSA), fin décembre."
OLD_SERIES = "Série d'avant la rupture de 2016, non comparable à la suivante (RSA socle, ancien système de la CNAF)."
_TITLE = re.compile(r"tableau [0-9]+ repartition des allocataires du rsa par departement .* depuis [0-9]{4}")
_TOTALS = {"france metropolitaine": "FRMET", "france": "FR"}
_NUMBER = "n dep"
_MISSING = {"", "-", "nd", "s", "ns"}


def recognise(path: Path) -> bool:
    """A workbook whose sheet titles are those of the DREES minima sociaux."""
    try:
        if not zipfile.is_zipfile(path):
            return False
        with workbooks.opened(path) as book:
            return any("minima sociaux" in _title(sheet) for sheet in book.worksheets[:1]) or _find(book) is not None
    except Exception:  # recognising never fails: a file that does not open is another one
        return False


def read(paths: list[Path]) -> Reading:
    """RSA households of every département, of metropolitan France and of France, from 2016 on."""
    path = one(paths)
    with workbooks.opened(path) as book:
        sheet = _find(book)
        if sheet is None:
            raise DataError(f"{path.name} : aucune feuille ne titre « allocataires du RSA par département depuis… ».")
        where, table = sheet.title.strip(), workbooks.rows(path, sheet)
    top = next((n for n, row in enumerate(table) if any(key(str(c or "")) == _NUMBER for c in row)), None)
    if top is None or top + 1 >= len(table):
        raise DataError(f"{path.name}, {where} : la colonne « N° Dep » manque.")
    number = [key(str(cell or "")) for cell in table[top]].index(_NUMBER)
    harvest = Harvest()
    years = _years(path, where, table[top : top + 2], harvest)
    for line, row in enumerate(table[top + 1 :], start=top + 2):
        _take(path, where, line, row[number : number + 2], {y: row[c] for y, c in years.items()}, harvest)
    return harvest.reading(paths, **_card(path, max(years)))


def _find(book: Any) -> Any:
    """The sheet of RSA households; the older series has a title of its own (« de 2009 à 2015 »)."""
    return next((sheet for sheet in book.worksheets if _TITLE.match(_title(sheet))), None)


def _title(sheet: Any) -> str:
    first = next(sheet.iter_rows(max_row=1, values_only=True), ())
    return key(" ".join(str(cell) for cell in first if cell is not None))


def _years(path: Path, where: str, headers: list[tuple[Any, ...]], harvest: Harvest) -> dict[int, int]:
    """Column of each year since the break. Years may be on the line of « N° Dep » or on the next one."""
    found: dict[int, list[int]] = {}
    for cells in headers:
        for column, cell in enumerate(cells):
            if match := re.fullmatch(r"(20[0-9][0-9])\s*(\(\w+\))?", str(cell or "").strip()):
                found.setdefault(int(match[1]), []).append(column)
    doubled = [year for year, columns in found.items() if len(columns) > 1 and year != BREAK]
    if doubled:
        raise DataError(f"{path.name}, {where} : l'année {doubled[0]} est donnée deux fois, nouvelle rupture ?")
    new = {year: columns[-1] for year, columns in found.items() if year >= BREAK}
    if not new or sorted(new) != list(range(min(new), max(new) + 1)):
        raise DataError(f"{path.name}, {where} : une colonne d'année manque depuis {BREAK}.")
    for year, columns in found.items():
        if year < BREAK or len(columns) > 1:
            harvest.set_aside(f"{path.name}, {where}", f"colonne {year}", OLD_SERIES)
    return new


def _take(path: Path, where: str, line: int, area: tuple[Any, ...], cells: dict[int, Any], harvest: Harvest) -> None:
    code, label = (str(cell if cell is not None else "").strip() for cell in area)
    place = f"{path.name}, {where}, ligne {line}"
    geo = codes.departement(code, place) if code else _TOTALS.get(key(label.rstrip("*")))
    if geo is None:
        if (code or label) and any(isinstance(cell, int | float) for cell in cells.values()):
            harvest.set_aside(place, shown(f"{code} {label}".strip()), "Zone sans code dans le découpage officiel.")
        return
    for year, cell in sorted(cells.items()):
        workbooks.refuse_formula(cell, f"{place}, {year}")
        text = str(cell if cell is not None else "").strip()
        if text.lower() in _MISSING:
            harvest.set_aside(place, f"{label.rstrip('*')}, {year}", f"Valeur absente de la source (« {text} »).")
            continue
        value = flat.whole(text, f"{place}, {year}")
        note = f"{NOTE}{_note(code, label, geo, value)}"
        harvest.keep("allocataires_rsa", geo, str(year), value, locator=where, note=note)


def _note(code: str, label: str, geo: str, value: int) -> str:
    if geo in _TOTALS.values():
        return " Arrondi à la centaine par la source." if value % 100 == 0 else ""
    if f"DEP-{code}" != geo:
        return f" La source code ce département {code}."
    return " Y compris Saint-Barthélemy et Saint-Martin." if label.endswith("*") and code == "971" else ""


def _card(path: Path, last: int) -> dict[str, str]:
    saved = _saved(path)
    return {
        "source": SOURCE,
        "vintage": str(last),
        "title": f"Minima sociaux, allocataires du RSA par département de {BREAK} à {last}",
        "short": f"DREES {last}",
        "producer": "DREES",
        "reference_period": f"{BREAK} à {last} (fin décembre)",
        "published": max(str(last + 2), saved),
        "url": "https://data.drees.solidarites-sante.gouv.fr",
        "citation": f"DREES, minima sociaux, fin décembre {BREAK} à {last}, tous régimes (CNAF et MSA).",
        "notes": "Allocataires du RSA de tous les régimes (CAF et MSA) à la fin de décembre, depuis la rupture "
        f"de {BREAK}. Pour la CNAF, le département est celui de la caisse qui gère le dossier. La date de publication "
        "n'est pas dans le fichier : c'est la première plausible, deux ans après la dernière année ou la date à "
        "laquelle le classeur a été enregistré.",
    }


def _saved(path: Path) -> str:
    """Year and month in which the workbook was saved, "" when it does not say."""
    try:
        with zipfile.ZipFile(path) as archive:
            tree = ElementTree.fromstring(archive.read("docProps/core.xml"))
    except (KeyError, ElementTree.ParseError, OSError, zipfile.BadZipFile):
        return ""
    text = tree.findtext("{http://purl.org/dc/terms/}modified") or ""
    return text[:7] if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text[:7]) else ""
