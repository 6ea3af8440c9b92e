"""INSEE reference populations: the file of communes (PMUN, municipal population), summed to départements and regions.

Columns REG, DEP, COM, PMUN; `;`, UTF-8. The year is only in the name of the file, and is checked against the
populations held in `insee-cog`. The tables of the COG (`DEP,REG,CHEFLIEU…`, `REG,CHEFLIEU…`) may come with it: the
hierarchy of the file must then be theirs. Gives `population`, in inhabitants.
"""

import re
from collections import defaultdict
from pathlib import Path

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import insee_codes, insee_cog, insee_files
from cpsr_study.sources import insee_population_checks as checks
from cpsr_study.sources.insee_files import Harvest
from cpsr_study.sources.reading import Reading
from cpsr_study.territories import Territories

SOURCE = "insee-population"
COLUMNS = ("REG", "DEP", "COM", "PMUN")
TOLERANCE = 0.03  # a year, on a département, where the geography of these populations is not held
PAGES = {"2023": "8680726?sommaire=8681011"}


def recognise(path: Path) -> bool:
    """True for a table of populations of communes, or a table of départements or regions of the COG."""
    return _is_population(path) or _is_cog(path)


def read(paths: list[Path]) -> Reading:
    """Populations of départements and regions from the communes of one vintage."""
    files = [path for path in paths if not _is_cog(path)]
    if not files:
        raise DataError(
            f"{paths[0].name} ne fait qu'accompagner le fichier des populations des communes : donnez-les ensemble."
        )
    if len(files) != 1:
        raise DataError(f"Un seul fichier des populations des communes est attendu ({len(files)} donnés).")
    path = files[0]
    year = _year(path)
    harvest = Harvest()
    communes, regions, count = _communes(path, harvest)
    checks.tables([p for p in paths if p != path], regions)
    held, held_year = checks.reference(path, year, communes)
    margin = TOLERANCE * abs(int(year) - int(held_year))
    checks.hierarchy(path, regions, held)
    complete = _departements(path, communes, held, margin, year, harvest)
    _regions(path, complete, held, year, harvest)
    observations, set_aside = harvest.frames(path.name)
    return Reading(
        source=SOURCE,
        vintage=str(int(year) + 3),
        title=f"Populations de référence {year}",
        short=f"Insee, populations {year}",
        producer="INSEE",
        reference_period=year,
        published=f"{int(year) + 2}-12",
        licence=insee_files.LICENCE,
        url=f"https://www.insee.fr/fr/statistiques/{PAGES[year]}" if year in PAGES else "",
        citation=f"INSEE, populations de référence {year}, en vigueur au 1er janvier {int(year) + 3}.",
        notes=_notes(year, count, len(complete), held, margin),
        observations=observations,
        set_aside=set_aside,
    )


def _is_population(path: Path) -> bool:
    header = insee_files.header(path, ";")
    return "COM" in header and any(name.startswith("PMUN") for name in header)


def _is_cog(path: Path) -> bool:
    header = insee_files.header(path, ",")
    return header[:3] == ["DEP", "REG", "CHEFLIEU"] or header[:2] == ["REG", "CHEFLIEU"]


def _year(path: Path) -> str:
    found = set(re.findall(r"(?<![0-9])20[0-9]{2}(?![0-9])", path.stem))
    if len(found) != 1:
        raise DataError(
            f"{path.name} : l'année des populations n'est pas dans le fichier, elle doit être seule dans son nom "
            "(par exemple insee_pop_reference_2023_communes.csv)."
        )
    return found.pop()


def _communes(path: Path, harvest: Harvest) -> tuple[dict[str, dict[str, int]], dict[str, str], int]:
    """Population by commune by département, region of each département, number of lines read."""
    lines = iter(insee_files.records(path))
    _, names = next(lines)
    for name in COLUMNS:
        if name not in names:
            raise DataError(f"{path.name} : la colonne « {name} » manque.")
    places = [names.index(name) for name in COLUMNS]
    communes: dict[str, dict[str, int]] = defaultdict(dict)
    regions: dict[str, str] = {}
    districts: dict[str, dict[str, int]] = defaultdict(dict)
    count = 0
    for line, row in lines:
        region, departement, code, cell = (row[place] for place in places)
        where = f"{path.name}, ligne {line}"
        _check_codes(path, where, region, departement, code)
        count += 1
        if cell.lower() in insee_files.NO_VALUE:
            harvest.drop(where, f"COM-{code}", insee_files.NO_VALUE[cell.lower()])
            continue
        if regions.setdefault(departement, region) != region:
            raise DataError(f"{where} : le département {departement} est dans deux régions.")
        city = insee_codes.district_of(code)
        target = districts[city] if city else communes[departement]
        if code in target:
            raise DataError(f"{where} : la commune {code} est là plusieurs fois.")
        target[code] = _count(cell, where)
    _add_districts(path, communes, districts, harvest)
    return communes, regions, count


def _check_codes(path: Path, where: str, region: str, departement: str, code: str) -> None:
    for text, width in ((region, 2), (departement, 2), (code, 5)):
        if re.fullmatch("[1-9][0-9]*", text) and len(text) == width - 1:
            raise insee_files.lost_zero(path, text)
    if not re.fullmatch(r"[0-9]{5}|2[AB][0-9]{3}", code) or not code.startswith(departement) or len(region) != 2:
        raise DataError(f"{where} : « {shown(code)} » n'est pas une commune du département « {shown(departement)} ».")


def _count(cell: str, where: str) -> int:
    value = insee_files.plain(cell, where)
    if not value.isdigit():
        raise DataError(f"{where} : « {shown(cell)} » n'est pas un nombre d'habitants.")
    return int(value)


def _add_districts(path: Path, communes: dict, districts: dict, harvest: Harvest) -> None:
    """Paris, Lyon and Marseille are given by district: their sum, unless the commune is there too."""
    for city, parts in districts.items():
        if city not in communes[city[:2]] and len(parts) == insee_codes.district_count(city):
            communes[city[:2]][city] = sum(parts.values())
            continue
        reason = "arrondissement déjà compté dans la commune" if city in communes[city[:2]] else "arrondissement isolé"
        for code in parts:
            harvest.drop(path.name, f"COM-{code}", f"{reason} ({city})")


def _departements(
    path: Path, communes: dict[str, dict[str, int]], held: Territories, margin: float, year: str, harvest: Harvest
) -> dict[str, int]:
    """Population of the départements whose communes are all there (with a margin: whose total is near)."""
    expected: dict[str, set[str]] = defaultdict(set)
    for area in held.all("COM"):
        expected[area.parent].add(area.code[4:])
    complete = {}
    for area in held.all("DEP"):
        found = communes.get(area.code[4:], {})
        missing, total = expected[area.code] - set(found), sum(found.values())
        far = abs(total - (area.population or 0)) > margin * (area.population or 0)
        far = far and area.code not in insee_cog.OLDER_CENSUS
        if not found:
            harvest.drop(path.name, area.code, "département absent du fichier")
        elif far if margin else missing:
            count = f"{len(missing)} communes manquent" if missing else "total trop loin de celui connu"
            harvest.drop(path.name, area.code, f"{count} (par exemple {min(missing, default='aucune')}) : pas de somme")
        else:
            complete[area.code] = total
            parts = f"somme de {len(found)} communes" if len(found) > 1 else "une seule commune"
            _keep(harvest, area.code, year, total, f"PMUN, {parts}")
    return complete


def _regions(path: Path, complete: dict[str, int], held: Territories, year: str, harvest: Harvest) -> None:
    for area in held.all("REG"):
        members = [child.code for child in held.children(area.code, "DEP")]
        if set(members) <= set(complete):
            total = sum(complete[code] for code in members)
            _keep(harvest, area.code, year, total, f"PMUN, somme de {len(members)} départements")
        else:
            harvest.drop(path.name, area.code, "un de ses départements manque : pas de somme")


def _keep(harvest: Harvest, code: str, year: str, total: int, locator: str) -> None:
    harvest.keep("population", code, year, str(total), locator=locator)


def _notes(year: str, count: int, departements: int, held: Territories, margin: float) -> str:
    check = f"géographie d'une autre année, total à {margin:.0%} près" if margin else "mêmes communes"
    return (
        f"Population municipale {year}, {count} lignes lues, {departements} départements complets, contrôlés sur le "
        f"découpage {held.vintage} : {check}. Un département absent ou incomplet n’a pas de somme, ni sa région. "
        f"Année tirée du nom du fichier ; publication en décembre {int(year) + 2}, date "
        "habituelle, non donnée par le fichier."
    )
