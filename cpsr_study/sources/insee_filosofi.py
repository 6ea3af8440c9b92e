"""INSEE Filosofi: poverty rate, persons of the fiscal households, median standard of living.

Three families of files, all `;` and UTF-8: FILO{year}_DISP_PAUVRES_* (TP60yy), FILO{year}_DISP_* (NBPERSyy, Q2yy),
cc_filosofi_{year}_* (TP60yy, NBPERSMENFISCyy, MEDyy). The number of poor persons is computed by the study from a
rate and a number of persons: it needs the first two together. Rates in %, median in euros a year.
"""

import re
from collections import Counter
from pathlib import Path

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import insee_codes, insee_files
from cpsr_study.sources.insee_files import Harvest
from cpsr_study.sources.reading import Reading

SOURCE = "insee-filosofi"
PRODUCER = "INSEE-DGFiP-Cnaf-Cnav-CCMSA"
INDICATORS = ("taux_pauvrete", "personnes_menages_fiscaux", "niveau_vie_median")
# Columns read in each family, without the two digits of the year; the first family wins when two give one figure.
COLUMNS = {
    "pauvres": {"taux_pauvrete": "TP60"},
    "disp": {"personnes_menages_fiscaux": "NBPERS", "niveau_vie_median": "Q2"},
    "cc": {"taux_pauvrete": "TP60", "personnes_menages_fiscaux": "NBPERSMENFISC", "niveau_vie_median": "MED"},
}
PLAUSIBLE = {
    "taux_pauvrete": (0, 100),
    "personnes_menages_fiscaux": (1, 70_000_000),
    "niveau_vie_median": (1_000, 200_000),
}
LEVELS = {"FRMET": "France métropolitaine", "REG": "régions", "DEP": "départements", "EPCI": "EPCI", "COM": "communes"}
PAGES = {"2017": "4291712", "2018": "5009218", "2019": "6036907", "2020": "7233950", "2021": "7756729"}
FLOOR = {"5", "5,0", "5.0"}
FLOOR_NOTE = "Valeur plancher : le taux est de 5 % ou moins."
_OTHER = re.compile(r"_(IRIS|ZE|UU|AU|AAV|BV|ARR|CV|QPV)[0-9]*(_|\.|$)", re.IGNORECASE)


def recognise(path: Path) -> bool:
    """True for a table whose columns are those of one of the three families."""
    return bool(_family(insee_files.header(path, ";")))


def read(paths: list[Path]) -> Reading:
    """The observations of all the files of one vintage."""
    harvest, years, levels, families = Harvest(), {}, set(), {}
    for path in sorted(paths, key=lambda p: (_order(p), p.name)):
        columns = insee_files.header(path, ";")
        families[path.name] = family = _family(columns) or _unknown(path, columns)
        years[path.name] = year = _year(path, columns, family)
        levels.add(_read_one(path, family, year, harvest))
    if len(set(years.values())) > 1:
        told = ", ".join(f"{name} ({year})" for name, year in years.items())
        raise DataError(f"Ces fichiers de Filosofi ne sont pas de la même année : {told}.")
    year = next(iter(years.values()))
    harvest.kept = dict(sorted(harvest.kept.items(), key=lambda item: _rank(*item[0])))
    observations, set_aside = harvest.frames(next(iter(years)))
    where = ", ".join(name for level, name in LEVELS.items() if level in levels)
    return Reading(
        source=SOURCE,
        vintage=year,
        title=f"Filosofi {year}, pauvreté et niveau de vie ({where})",
        short=f"Insee, Filosofi {year}",
        producer=PRODUCER,
        reference_period=year,
        published=str(int(year) + 3),
        licence=insee_files.LICENCE,
        url=f"https://www.insee.fr/fr/statistiques/{PAGES[year]}" if year in PAGES else "",
        citation=f"{PRODUCER}, Filosofi {year}.",
        notes=_notes(year, set(families.values()), _absent(paths[0], levels, harvest)),
        observations=observations,
        set_aside=set_aside,
    )


def _family(columns: list[str]) -> str:
    """pauvres, disp, cc, or an empty text."""

    def has(pattern: str) -> bool:
        return any(re.fullmatch(pattern, column) for column in columns)

    if "CODGEO" not in columns:
        return ""
    if has(r"(NB(PERS)?MENFISC|MED|PIMP|TP60AGE[1-6])[0-9]{2}"):
        return "cc"
    if has(r"TP60(Q2|IP)[0-9]{2}") or has(r"TP[45]0[0-9]{2}"):
        return "pauvres"
    # The files of declared income (DEC) have the same first columns, not the social benefits.
    return "disp" if has(r"NB(MEN|PERS|UC)[0-9]{2}") and has(r"PP(SOC|MINI)[0-9]{2}") else ""


def _unknown(path: Path, columns: list[str]) -> str:
    if len(columns) == 1:
        raise DataError(f"{path.name} : des colonnes séparées par des points-virgules sont attendues.")
    if any(re.fullmatch(r"NBPERS[0-9]{2}", column) for column in columns):
        raise DataError(
            f"{path.name} donne les revenus déclarés (DEC) : il faut les fichiers du revenu disponible (DISP)."
        )
    raise DataError(f"{path.name} n'a pas les colonnes d'un fichier Filosofi (DISP, DISP_PAUVRES ou cc_filosofi).")


def _order(path: Path) -> int:
    family = _family(insee_files.header(path, ";"))
    return list(COLUMNS).index(family) if family else 0


def _year(path: Path, columns: list[str], family: str) -> str:
    """The year that every column read bears in its name, and the name of the file too if it tells one."""
    years = set()
    for stem in COLUMNS[family].values():
        found = {column[-2:] for column in columns if re.fullmatch(stem + "[0-9]{2}", column)}
        if not found:
            raise DataError(f"{path.name} : la colonne {stem} suivie de l'année manque.")
        years |= found
    told = re.search(r"(?:FILO|filosofi_)(20[0-9]{2})", path.name, re.IGNORECASE)
    if told:
        years.add(told[1][2:])
    if len(years) > 1:
        mixed = " et ".join(f"20{year}" for year in sorted(years))
        raise DataError(f"{path.name} mêle les années {mixed} (nom du fichier et colonnes).")
    return f"20{years.pop()}"


def _read_one(path: Path, family: str, year: str, harvest: Harvest) -> str:
    """Add the cells of one file; gives its level."""
    if _OTHER.search(path.stem + "."):
        raise DataError(f"{path.name} : ce zonage d'étude n'est pas suivi (communes, EPCI, départements, régions).")
    lines = list(insee_files.records(path))
    columns, rows = lines[0][1], lines[1:]
    labels = [row[columns.index("LIBGEO")] for _, row in rows] if "LIBGEO" in columns else []
    codes = [row[columns.index("CODGEO")] for _, row in rows]
    level, areas = insee_codes.areas(path, codes, labels)
    if repeated := [code for code, times in Counter(codes).items() if times > 1]:
        raise DataError(f"{path.name} : le code « {shown(repeated[0])} » est là plusieurs fois.")
    known = insee_codes.known(path, areas)
    for (line, row), code, area in zip(rows, codes, areas, strict=True):
        for indicator, stem in COLUMNS[family].items():
            column = stem + year[2:]
            place, cell = f"{path.name}:{column}", row[columns.index(column)]
            reason = _refusal(harvest, indicator, area, year, cell, area in known, code)
            if reason:
                harvest.drop(f"{place}, ligne {line}", f"{area or code} : {shown(cell)}", reason)
            else:
                _keep(harvest, indicator, area, year, cell, place, line)
    return level


def _refusal(harvest: Harvest, indicator: str, area: str, year: str, cell: str, known: bool, code: str) -> str:
    """Why a cell is set aside; empty when it is kept."""
    if insee_codes.district_of(code):
        return "arrondissement municipal, compté dans sa commune"
    if not known:
        return "zone absente des géographies connues de l'étude"
    if cell.lower() in insee_files.NO_VALUE:
        return insee_files.NO_VALUE[cell.lower()]
    given = harvest.kept.get((indicator, area, year))
    return f"déjà donné par {given['locator']}" if given else ""


def _keep(harvest: Harvest, indicator: str, area: str, year: str, cell: str, place: str, line: int) -> None:
    value = insee_files.plain(cell, f"{place}, ligne {line}")
    low, high = PLAUSIBLE[indicator]
    if not low <= float(value) <= high:
        raise DataError(f"{place}, ligne {line} : « {cell} » n'est pas plausible, une colonne a-t-elle été déplacée ?")
    notes, more = [insee_files.FRAGILE.get(year, "")], {"as_published": cell, "status": "A"}
    if indicator == "taux_pauvrete" and cell in FLOOR:
        notes.append(FLOOR_NOTE)
        more = {"as_published": f"{cell} (5 ou moins)", "status": "U"}
    harvest.keep(indicator, area, year, value, locator=place, note=" ".join(filter(None, notes)), **more)


def _rank(indicator: str, area: str, _year: str) -> tuple[int, str, int]:
    return list(LEVELS).index(area.split("-")[0]), area, INDICATORS.index(indicator)


def _absent(path: Path, levels: set[str], harvest: Harvest) -> list[str]:
    """Départements and regions that the files say nothing of: those out of the field, or lost on the way."""
    told = {area for _, area, _ in harvest.kept} | {cell["what"].partition(" ")[0] for cell in harvest.aside}
    areas = [area.code for level in sorted(levels & {"DEP", "REG"}) for area in insee_codes.latest(path).all(level)]
    return [code for code in areas if code not in told]


def _notes(year: str, families: set[str], absent: list[str]) -> str:
    notes = [
        "Champ : ménages fiscaux de France métropolitaine, Martinique et La Réunion, hors communautés et sans-abri.",
        f"Date de publication non donnée par les fichiers : {int(year) + 3} est la première année plausible.",
    ]
    if families == {"disp"}:
        notes.append(
            "Sans le taux de pauvreté : il est dans le fichier DISP_PAUVRES de la même année, à importer avec."
        )
    if families == {"pauvres"}:
        notes.append("Sans le nombre de personnes : il est dans le fichier DISP de la même année, à importer avec.")
    if absent:
        more = f" et {len(absent) - 6} autres" if len(absent) > 6 else ""
        notes.append(f"Absents des fichiers : {', '.join(absent[:6])}{more}.")
    if year == "2020":
        notes.append("L’INSEE signale 2020 comme fragile.")
    return " ".join(notes)
