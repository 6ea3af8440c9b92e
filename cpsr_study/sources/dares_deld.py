"""DARES and France Travail: jobseekers registered for a year or more, CSV exports of `dares_defm_stock_*`.

Columns taken: date (`2026-T2` or `2026-06`), code_region, code_departement, type_de_donnees, categorie, anciennete,
nombre_de_demandeurs_d_emploi. Every other dimension (sexe, tranche_d_age…) is filtered to its « Total » row.
Categories A, B and C together: the row « ABC », else the three added. Unit: jobseekers.
Kept: the end of each year and the last period. Two series, never joined: `deld`, quarterly averages, seasonally
adjusted; `deld_brut`, raw, end of month.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from cpsr_study.area_names import key
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat
from cpsr_study.sources.durations import long_term
from cpsr_study.sources.harvest import Harvest, later, one
from cpsr_study.sources.reading import Reading

SOURCE = "dares-deld"
VALUE = "nombre_de_demandeurs_d_emploi"
REQUIRED = ["date", "code_region", "code_departement", "type_de_donnees", "categorie", "anciennete", VALUE]
LABELS = {"region", "departement"}
TOTAL = "Total"
BREAK = "2025-01"
BREAK_NOTE = (
    " Rupture au 1er janvier 2025 : la loi pour le plein emploi inscrit d'office les allocataires du RSA"
    " et crée les catégories F et G ; à ne pas comparer aux périodes précédentes."
)
_FRANCE = {"total france": "FR", "total france metropolitaine": "FRMET"}
_SECRET = {"", "nd", "s", "ns", "nc"}
_ENDS = {"1": "03", "2": "06", "3": "09", "4": "12"}
Cell = tuple[str, str]  # as published, place in the file
Groups = dict[tuple[str, str, str], dict[tuple[str, str], Cell]]  # series, area, period -> category, duration


def recognise(path: Path) -> bool:
    """A CSV of jobseekers by region and département with their duration of registration."""
    return {"anciennete", "categorie", VALUE} <= set(flat.header(path))


def read(paths: list[Path]) -> Reading:
    """Long-term jobseekers of categories A, B, C by area and period. DataError lists the durations not understood."""
    path = one(paths)
    harvest = Harvest()
    labels: set[str] = set()
    last: dict[str, str] = {}
    for _, row, series in _totals(path, {}):  # a first pass: a label or a period may stand anywhere in the file
        labels.add(row["anciennete"])
        last[series[0]] = max(series[1], last.get(series[0], ""))
    if not last:
        raise DataError(f"{path.name} : aucune ligne de demandeurs d'emploi A, B, C tous sexes et tous âges.")
    chosen = long_term(path.name, labels)
    groups = _gather(path, set(chosen), last, harvest)
    for (indicator, geo, period), cells in sorted(groups.items()):
        _keep(indicator, geo, period, cells, chosen, harvest)
    periods = sorted({period for _, _, period in groups} | set(last.values()))
    return harvest.reading(paths, **_card(periods, raw="deld" not in last))


def _totals(path: Path, others: dict[str, int]) -> Iterator[tuple[str, dict[str, str], tuple[str, str]]]:
    """Rows of a series that is taken, all other dimensions being totals; `others` counts why the rest is not."""
    dimensions = [name for name in flat.header(path) if name and name not in REQUIRED and name not in LABELS]
    for line, row in flat.records(path, REQUIRED):
        where = f"{path.name}, ligne {line}"
        if any(row[name] != TOTAL for name in dimensions):
            reason = f"détail par {', '.join(dimensions)}"
        elif row["categorie"] not in {"A", "B", "C", "ABC"}:
            reason = f"catégorie {shown(row['categorie'])}"
        elif (series := _series(row, where)) is None:
            reason = f"données {row['type_de_donnees']}, ni CVS trimestrielles ni brutes mensuelles"
        else:
            yield where, row, series
            continue
        others[reason] = others.get(reason, 0) + 1


def _gather(path: Path, chosen: set[str], last: dict[str, str], harvest: Harvest) -> Groups:
    """Cells of the durations chosen, by series, area and period: the end of each year and the last period known."""
    groups: Groups = {}
    others: dict[str, int] = {}
    for where, row, (indicator, period) in _totals(path, others):
        geo = _area(row, where)
        if geo is None:
            reason = f"zone {shown(row['code_region'])} / {shown(row['code_departement'])} hors du découpage"
        elif row["anciennete"] not in chosen:
            reason = f"ancienneté {shown(row['anciennete'])}"
        elif not period.endswith("-12") and period != last[indicator]:
            reason = "seules la fin de chaque année et la dernière période connue sont reprises"
        else:
            cells = groups.setdefault((indicator, geo, period), {})
            if (row["categorie"], row["anciennete"]) in cells:
                raise DataError(f"{where} : seconde valeur pour {geo}, {row['date']}, {row['anciennete']}.")
            cells[row["categorie"], row["anciennete"]] = (row[VALUE], where)
            continue
        others[reason] = others.get(reason, 0) + 1
    for reason, number in others.items():
        harvest.set_aside(path.name, f"{flat.spaced(number)} ligne(s)", f"Non repris : {reason}.")
    return groups


def _series(row: dict[str, str], where: str) -> tuple[str, str] | None:
    """Indicator and period (last month of a quarter) of a row; None for a series that is not taken."""
    adjusted = key(row["type_de_donnees"]).startswith("cvs")
    if not adjusted and not key(row["type_de_donnees"]).startswith("brut"):
        raise DataError(f"{where} : type de données inconnu, « {shown(row['type_de_donnees'])} ».")
    if match := re.fullmatch(r"([0-9]{4})-?T([1-4])", row["date"]):
        return ("deld", f"{match[1]}-{_ENDS[match[2]]}") if adjusted else None
    if re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])(-[0-9][0-9])?", row["date"]):
        return None if adjusted else ("deld_brut", row["date"][:7])
    raise DataError(f"{where} : date illisible, « {shown(row['date'])} » (2026-T2 ou 2026-06 attendu).")


def _area(row: dict[str, str], where: str) -> str | None:
    if row["code_departement"] != TOTAL:
        return codes.departement(row["code_departement"], where)
    return _FRANCE.get(key(row["code_region"])) or codes.region(row["code_region"], where)


def _keep(
    indicator: str, geo: str, period: str, cells: dict[tuple[str, str], Cell], chosen: list[str], harvest: Harvest
) -> None:
    categories = ["ABC"] if any(category == "ABC" for category, _ in cells) else ["A", "B", "C"]
    wanted = [(category, label) for category in categories for label in chosen]
    missing = [pair for pair in wanted if pair not in cells or cells[pair][0].lower() in _SECRET]
    if missing:
        category, label = missing[0]
        where = cells[missing[0]][1] if missing[0] in cells else indicator
        reason = "Valeur secrète ou absente : le total ne peut pas être fait."
        harvest.set_aside(where, f"{geo}, {period}, {category}, {label}", reason)
        return
    words = [cells[pair][0] for pair in wanted]
    value = sum(flat.whole(*cells[pair]) for pair in wanted)
    kind = "Moyenne du trimestre, CVS-CJO" if indicator == "deld" else "Données brutes, fin de mois"
    parts = f" Somme : {' + '.join(chosen)}." if len(chosen) > 1 else ""
    note = f"{kind}, catégories A, B et C.{parts}{BREAK_NOTE if period >= BREAK else ''}"
    locator = f"{VALUE}, {'+'.join(categories)}, {' + '.join(chosen)}"
    harvest.keep(indicator, geo, period, value, as_published=" + ".join(words), locator=locator, note=note)


def _card(periods: list[str], raw: bool) -> dict[str, str]:
    return {
        "source": SOURCE,
        "vintage": periods[-1] + "-brut" * raw,  # both series of one period are taken in, one file each
        "title": "Demandeurs d'emploi inscrits depuis un an ou plus, par région et département",
        "short": f"DARES {periods[-1][:4]}",
        "producer": "DARES et France Travail",
        "reference_period": f"{periods[0]} à {periods[-1]}",
        "published": later(periods[-1], 1),
        "url": "https://data.dares.travail-emploi.gouv.fr",
        "citation": "DARES et France Travail, STMT, demandeurs d'emploi par ancienneté d'inscription.",
        "notes": "Catégories A, B et C, fin de chaque année et dernière période ; un trimestre est rangé à son dernier "
        "mois. La série CVS-CJO trimestrielle et la série brute mensuelle sont deux indicateurs. Rupture au 1er "
        "janvier 2025 (loi pour le plein emploi). La date de publication n'est pas dans le fichier : un mois après la "
        "dernière période.",
    }
