"""INSEE, insertion professionnelle (IPRO): jobseekers who live in a priority district, with their duration.

File `IPRO_{year}_QPV.csv` (`;`, UTF-8 with BOM, thousands by spaces). Columns taken: CODGEO (QP… or QN…), ABC,
ABC_DUR1..4. Durations: under 6 months, 6 months to a year, 1 to 2 years, 2 years or more. Unit: jobseekers.
Districts are no areas of the study: each département gets the sum over its districts, as what it is — jobseekers of
priority districts, never those of the département. The year is only in the name of the file.
"""

import re
from pathlib import Path

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat
from cpsr_study.sources.harvest import Harvest, date_in_name, one
from cpsr_study.sources.reading import Reading

SOURCE = "insee-ipro"
ALL, LONG = "demandeurs_emploi_qpv", "deld_qpv"
COLUMNS = {ALL: ["ABC"], LONG: ["ABC_DUR3", "ABC_DUR4"]}
DURATIONS = [f"ABC_DUR{rank}" for rank in range(1, 5)]
REQUIRED = ["CODGEO", "LIBGEO", "ABC", *DURATIONS]
_SECRET = {"", "s", "nd", "ns", "nc"}
_TOLERANCE = 4  # four counts that may each be rounded


def recognise(path: Path) -> bool:
    """A CSV by district with jobseekers by duration."""
    return {"CODGEO", "ABC_DUR1", "ABC_DUR4"} <= set(flat.header(path))


def read(paths: list[Path]) -> Reading:
    """Jobseekers A, B, C of the priority districts of each département: all, and for a year or more."""
    path = one(paths)
    year = date_in_name(path)[:4]
    harvest = Harvest()
    sums: dict[str, dict[str, int]] = {}
    districts: dict[str, int] = {}
    absent: dict[str, int] = {}
    generations = set()
    for line, row in flat.records(path, REQUIRED):
        where = f"{path.name}, ligne {line}"
        geo = _departement(row["CODGEO"], where)
        generations.add(row["CODGEO"][:2])
        label = f"{row['CODGEO']} {shown(row['LIBGEO'])}"
        if geo is None:
            harvest.set_aside(where, label, "Quartier hors des 101 départements.")
            continue
        districts[geo] = districts.get(geo, 0) + 1
        if any(row[name].lower() in _SECRET for name in ["ABC", *DURATIONS]):
            harvest.set_aside(where, label, "Demandeurs d'emploi non diffusés pour ce quartier.")
            absent[geo] = absent.get(geo, 0) + 1
            continue
        _add(sums.setdefault(geo, dict.fromkeys(COLUMNS, 0)), row, where)
    for geo in sorted(sums):
        missing = absent.get(geo, 0)
        note = f"Quartiers prioritaires additionnés : {districts[geo] - missing} sur {districts[geo]}."
        note += " Les autres ne sont pas diffusés : un minimum." if missing else ""
        for indicator, columns in COLUMNS.items():
            status, locator = "U" if missing else "A", "+".join(columns)
            harvest.keep(indicator, geo, year, sums[geo][indicator], status=status, locator=locator, note=note)
    return harvest.reading(paths, **_card(year, generations))


def _add(total: dict[str, int], row: dict[str, str], where: str) -> None:
    counts = {name: flat.spaced_whole(row[name], f"{where}, {name}") for name in ["ABC", *DURATIONS]}
    if abs(sum(counts[name] for name in DURATIONS) - counts["ABC"]) > _TOLERANCE:
        raise DataError(f"{where} : les quatre anciennetés ne font pas le total ABC, les colonnes ont-elles changé ?")
    for indicator, columns in COLUMNS.items():
        total[indicator] += sum(counts[name] for name in columns)


def _departement(code: str, where: str) -> str | None:
    """« QP076001 », « QN07601M » -> DEP-76; « QP974047 » -> DEP-974."""
    if not re.fullmatch(r"Q[PN]([0-9]{3}|02[AB])[0-9A-Z]{3}", code):
        raise DataError(f"{where} : « {shown(code)} » n'est pas un code de quartier prioritaire (QP076001 attendu).")
    number = code[2:5]
    return codes.departement(number if number.startswith("97") else number[1:], where)


def _card(year: str, generations: set[str]) -> dict[str, str]:
    zoning = "2015" if generations == {"QP"} else "2024" if generations == {"QN"} else "2015 et 2024 mêlés"
    return {
        "source": SOURCE,
        "vintage": year,
        "title": f"Insertion professionnelle dans les quartiers prioritaires, {year}",
        "short": f"Insee, quartiers prioritaires {year}",
        "producer": "INSEE et France Travail",
        "reference_period": f"fin {year}",
        "published": str(int(year) + 1),
        "url": "https://www.insee.fr",
        "citation": f"INSEE, France Travail, indicateurs d'insertion professionnelle par quartier prioritaire, {year}.",
        "notes": f"Quartiers de la politique de la ville, découpage {zoning}. Demandeurs d'emploi A, B et C "
        "qui habitent un quartier prioritaire : une partie de ceux du département. Somme des quartiers diffusés. "
        "Ni l'année ni la date de publication ne sont dans le fichier : l'année vient de son nom, la publication est "
        "la première plausible. Le sens des quatre anciennetés vient de l'usage de l'INSEE, le fichier ne le dit pas.",
    }
