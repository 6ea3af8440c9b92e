"""CAF, RSA households by département: CSV exports of `rsa_s_type_age_5_dep` or `s_ben_dep` (data.caf.fr).

Columns taken: dtreffre (month), numdep, indfoy_rsa (households, rounded to 5). Any other column that is neither a
name, an area nor a count is a dimension (type of RSA, age): its « Total » row is taken when there is one, else its
parts are added, never both. CAF only, without the MSA: another indicator than the DREES one, `allocataires_rsa_caf`.
Kept: December of each year and the last month of the file.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from cpsr_study.area_names import key
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat
from cpsr_study.sources.harvest import Harvest, later, one
from cpsr_study.sources.reading import Reading

SOURCE = "caf-rsa"
INDICATOR = "allocataires_rsa_caf"
REQUIRED = ["dtreffre", "numdep", "indfoy_rsa"]
NOTE = "Caf seule, sans la MSA ; nombre arrondi à 5 par la source."
_TOTALS = {"total", "ensemble", "tous", "toutes", "tout"}
_NO_AREA = {"", "XX", "99", "9999"}
_SECRET = {"", "nd", "s", "ns", "nc", "c"}
_TECHNICAL = 5  # households of the technical row that repeats an area
Cells = dict[str, str]


def recognise(path: Path) -> bool:
    """A CSV of data.caf.fr by département with RSA households."""
    return {"dtreffre", "numdep", "indfoy_rsa"} <= set(flat.header(path))


def read(paths: list[Path]) -> Reading:
    """RSA households of the CAF by département: each December, and the last month known."""
    path = one(paths)
    harvest = Harvest()
    table = list(flat.records(path, REQUIRED))
    months = sorted({_month(path, line, row["dtreffre"]) for line, row in table})
    if not months:
        raise DataError(f"{path.name} ne contient aucune ligne.")
    wanted = {month for month in months if month.endswith("-12")} | {months[-1]}
    groups: dict[tuple[str, str], list[tuple[int, Cells]]] = {}
    for line, row in table:
        where = f"{path.name}, ligne {line}"
        geo = codes.departement(row["numdep"], where)
        if geo is None:
            reason = "Foyers non localisés." if row["numdep"].upper() in _NO_AREA else "Hors des 101 départements."
            harvest.set_aside(where, shown(row["numdep"] or "(vide)"), reason)
        else:
            groups.setdefault((geo, row["dtreffre"][:7]), []).append((line, row))
    dimensions = _dimensions(table[0][1])
    for (geo, month), rows in sorted(groups.items()):
        if month in wanted:
            _keep(path, geo, month, rows, dimensions, harvest)
    for month in months:
        if month not in wanted:
            harvest.set_aside(path.name, f"mois {month}", "Seuls décembre et le dernier mois connu sont repris.")
    return harvest.reading(paths, **_card(months[-1], wanted))


def _month(path: Path, line: int, text: str) -> str:
    if not re.fullmatch(r"20[0-9][0-9]-(0[1-9]|1[0-2])(-[0-9][0-9])?(T.*)?", text):
        raise DataError(f"{path.name}, ligne {line} : « {shown(text)} » n'est pas un mois (AAAA-MM attendu).")
    return text[:7]


def _dimensions(columns: Iterable[str]) -> list[str]:
    return [name for name in columns if name and not re.match(r"(dtreffre$|num|nom|ind|geo|code_)", name)]


def _keep(
    path: Path, geo: str, month: str, rows: list[tuple[int, Cells]], dimensions: list[str], harvest: Harvest
) -> None:
    for name in dimensions:
        totals = [(line, row) for line, row in rows if key(row[name]) in _TOTALS]
        rows = totals or rows
    rows = _without_technical(path, geo, month, rows, dimensions, harvest)
    secret = [line for line, row in rows if row["indfoy_rsa"].lower() in _SECRET]
    if secret:
        reason = "Valeur secrète ou absente : le total du département ne peut pas être fait."
        harvest.set_aside(f"{path.name}, ligne {secret[0]}", f"{geo}, {month}", reason)
        return
    cells = [row["indfoy_rsa"] for _, row in rows]
    value = sum(flat.whole(row["indfoy_rsa"], f"{path.name}, ligne {line}") for line, row in rows)
    note = NOTE if len(rows) == 1 else f"{NOTE} Somme de {len(rows)} lignes ({', '.join(dimensions)})."
    words = cells[0] if len(cells) == 1 else flat.spaced(value)
    harvest.keep(INDICATOR, geo, month, value, as_published=words, locator="indfoy_rsa", note=note)


def _without_technical(
    path: Path, geo: str, month: str, rows: list[tuple[int, Cells]], dimensions: list[str], harvest: Harvest
) -> list[tuple[int, Cells]]:
    """One row a combination of dimensions; the source repeats some areas in a row of a household or so."""
    chosen: dict[tuple[str, ...], tuple[int, Cells]] = {}
    for line, row in sorted(rows, key=lambda item: _size(item[1]), reverse=True):
        kept = chosen.setdefault(tuple(row[name] for name in dimensions), (line, row))
        if kept[0] == line:
            continue
        if row != kept[1] and _size(row) > _TECHNICAL:
            raise DataError(f"{path.name}, lignes {kept[0]} et {line} : deux valeurs pour {geo} en {month}.")
        harvest.set_aside(f"{path.name}, ligne {line}", f"{geo}, {month}", "Ligne répétée par la source.")
    return sorted(chosen.values(), key=lambda item: item[0])


def _size(row: Cells) -> int:
    return int(row["indfoy_rsa"]) if re.fullmatch(r"[0-9]{1,12}", row["indfoy_rsa"]) else 0


def _card(last: str, months: set[str]) -> dict[str, str]:
    return {
        "source": SOURCE,
        "vintage": last,
        "title": "Foyers allocataires du RSA de la CAF par département",
        "short": f"CNAF {last[:4]}",
        "producer": "CNAF",
        "reference_period": f"{min(months)} à {last}",
        "published": later(last, 3),
        "url": "https://data.caf.fr",
        "citation": f"CNAF, foyers allocataires percevant le RSA, jusqu'à {last}, régime général (CAF).",
        "notes": "Foyers de la seule CAF, sans la MSA : un peu moins que les chiffres de la DREES, surtout "
        "dans les départements ruraux, et jamais mêlés à eux. Nombres arrondis à 5. Décembre de chaque année et le "
        "dernier mois connu. La date de publication n'est pas dans le fichier : trois mois après le dernier mois.",
    }
