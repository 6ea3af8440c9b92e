"""FINESS: ESAT, their places and adapted companies by département.

Two files. The web export (`="…"` cells, header in UTF-8 and body in cp1252, duplicate column names): columns taken
« Numéro FINESS », « Code categorie », « Lib categorie », « Capacité totale1..5 »; it does not date itself, its name
must. The stock file `etalab-cs1100502-stock-*` (no header, first line `finess;etalab;n;date`, 32 fields): number (2nd),
département (14th), category (19th) and its label; no capacity. ESAT = category 246. Units: establishments, places.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cpsr_study.area_names import key
from cpsr_study.display.numbers import period_text
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat
from cpsr_study.sources.harvest import Harvest, date_in_name, one
from cpsr_study.sources.reading import Reading

SOURCE = "finess"
ESAT = "246"
ADAPTED = "entreprise adaptee"
LARGEST = 200_000_000  # bytes of a web export: the whole directory takes half of that
FIELDS = 32  # of a line of the stock file
_OVERSEAS = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9E": "975", "9F": "976"}
_IN_NUMBER = {"9701": "971", "9702": "972", "9703": "973", "9704": "974", "9705": "975", "9706": "976", "98": "976"}
_WEB = {"number": r"Num.*ro FINESS", "category": "Code categorie", "label": "Lib categorie"}
_PLACES = r"Capacit.* totale[0-9]"


class Place(NamedTuple):
    """An establishment: where it is in the file, its number, département code, category, label, capacity."""

    where: str
    number: str
    departement: str
    category: str
    label: str
    places: int | None


def recognise(path: Path) -> bool:
    """The web export or the stock file of FINESS establishments."""
    line = flat.first_line(path)
    return bool(re.match(r"finess;etalab;[0-9]+;[0-9]{4}-[0-9][0-9]-[0-9][0-9]", line)) or (
        line.startswith('="Num') and "FINESS" in line[:40] and "Code categorie" in line
    )


def read(paths: list[Path]) -> Reading:
    """ESAT, places where the file gives capacities, and adapted companies where there are any, by département."""
    path = one(paths)
    stock = flat.first_line(path).startswith("finess;")
    period = _stock_date(path) if stock else date_in_name(path)
    harvest = Harvest()
    seen: set[str] = set()
    found: dict[str, list[Place]] = {}
    adapted: dict[str, int] = {}
    others = 0
    for place in _stock(path) if stock else _web(path):
        if place.category != ESAT and ADAPTED not in key(place.label):
            others += 1
            continue
        if place.number in seen:
            harvest.set_aside(place.where, place.number, "Établissement répété.")
            continue
        seen.add(place.number)
        geo = codes.departement(place.departement, place.where)
        if geo is None:
            harvest.set_aside(place.where, place.number, "Hors des 101 départements.")
        elif place.category == ESAT:
            found.setdefault(geo, []).append(place)
        else:
            adapted[geo] = adapted.get(geo, 0) + 1
    if others:
        harvest.set_aside(path.name, f"{flat.spaced(others)} établissement(s)", "Autres catégories que les ESAT et EA.")
    _keep(found, adapted, period, harvest)
    return harvest.reading(paths, **_card(period, stock))


def _keep(found: dict[str, list[Place]], adapted: dict[str, int], period: str, harvest: Harvest) -> None:
    for geo in sorted(found | adapted):
        if places := found.get(geo):
            harvest.keep("esat", geo, period, len(places), locator=f"catégorie {ESAT}")
            total = sum(place.places or 0 for place in places)
            if any(place.places is not None for place in places):
                locator = f"catégorie {ESAT}, capacité totale"
                harvest.keep("places_esat", geo, period, total, locator=locator)
        if geo in adapted:
            harvest.keep("entreprises_adaptees", geo, period, adapted[geo], locator="catégorie « entreprise adaptée »")


def _web(path: Path) -> Iterator[Place]:
    """Rows of the web export: semicolons never stand in a cell, each cell is `="…"` or empty."""
    if path.stat().st_size > LARGEST:
        raise DataError(f"{path.name} est trop gros pour un export du site FINESS.")
    lines = path.read_bytes().split(b"\n")
    names = [_cell(cell) for cell in lines[0].decode("utf-8", errors="replace").strip().split(";")]
    columns = {}
    for role, pattern in _WEB.items():
        matches = [n for n, name in enumerate(names) if re.fullmatch(pattern, name)]
        if not matches:
            raise DataError(f"{path.name} : la colonne « {pattern.replace('.*', 'é')} » manque.")
        columns[role] = matches[0]
    places = [n for n, name in enumerate(names) if re.fullmatch(_PLACES, name)]
    for line, raw in enumerate(lines[1:], start=2):
        if not raw.strip():
            continue
        cells = [_cell(cell) for cell in raw.decode("cp1252", errors="replace").strip("\r").split(";")]
        where = f"{path.name}, ligne {line}"
        if len(cells) != len(names):
            raise DataError(f"{where} : {len(cells)} colonnes au lieu de {len(names)}.")
        number = cells[columns["number"]]
        if not re.fullmatch(r"([0-9]{2}|2[AB])[0-9]{7}", number):
            raise DataError(f"{where} : « {shown(number)} » n'est pas un numéro FINESS de 9 caractères (zéro perdu ?).")
        sizes = [flat.whole(cells[n], where) for n in places if cells[n]]
        area = _IN_NUMBER.get(number[:4]) or _IN_NUMBER.get(number[:2]) or number[:2]
        total = (sum(sizes) if sizes else 0) if places else None
        yield Place(where, number, area, cells[columns["category"]], cells[columns["label"]], total)


def _cell(text: str) -> str:
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text.strip()


def _stock_date(path: Path) -> str:
    match = re.match(r"finess;etalab;[0-9]+;([0-9]{4}-[0-9][0-9])-[0-9][0-9]", flat.first_line(path))
    if not match:
        raise DataError(f"{path.name} : la première ligne ne date pas le fichier (finess;etalab;…;AAAA-MM-JJ attendu).")
    return match[1]


def _stock(path: Path) -> Iterator[Place]:
    for line, cells in flat.raw_rows(path, ";"):
        where = f"{path.name}, ligne {line}"
        if line == 1 or not cells:
            continue
        if cells[0] != "structureet":
            raise DataError(f"{where} : « structureet » attendu en tête de ligne, est-ce le fichier cs1100502 ?")
        if len(cells) != FIELDS:
            raise DataError(f"{where} : {len(cells)} champs au lieu de {FIELDS}, la forme du fichier a changé.")
        area = _OVERSEAS.get(cells[13], cells[13])
        yield Place(where, cells[1], area, cells[18], cells[19], None)


def _card(period: str, stock: bool) -> dict[str, str]:
    capacity = "Le fichier ne donne pas les capacités." if stock else "Capacité : somme des capacités totales."
    return {
        "source": SOURCE,
        "vintage": period,
        "title": f"Répertoire FINESS, ESAT par département, {period}",
        "short": f"FINESS {period_text(period)}",
        "producer": "FINESS, ministère chargé de la santé",
        "reference_period": period,
        "published": period,
        "url": "https://www.data.gouv.fr/datasets/finess-extraction-du-fichier-des-etablissements",
        "citation": f"FINESS, extraction des établissements de catégorie {ESAT} (ESAT), {period}.",
        "notes": f"Établissements de catégorie {ESAT} par département, et entreprises adaptées s'il y en a dans le "
        f"répertoire (il n'en tient pas la liste complète). {capacity} Des établissements et des places, non des "
        f"personnes. {'Date de la première ligne.' if stock else 'La date vient du nom du fichier.'}",
    }
