"""Zoning: communes of France ruralités revitalisation (FRR) and priority districts (QPV 2024), as layers of an area.

FRR: `liste-communes-FRR-*.csv` (`;`; Code_insee, « Classement FRR et FRR+ au … »). QPV: the national list (`;`;
code_qp, insee_com — several communes as `="13055;13070"`). Each layer gives, by département and EPCI, the communes
concerned and their whole population (not that of the zone), with the official geography nearest to its year.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cpsr_study.area_names import key
from cpsr_study.display.numbers import period_text
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat, insee_codes
from cpsr_study.sources.harvest import Harvest, one
from cpsr_study.sources.reading import Reading
from cpsr_study.territories import Territories, opened

SOURCE = "zonages"
CODE, RANK = "Code_insee", "Classement FRR"
FRR_OUT = {"non classee", ""}
FRR_IN = {
    "frr socle",
    "frr",
    "frr beneficiaire",
    "frr beneficiaire partiellement",
    "classee frr partiellement",
    "frr partiellement",
}
NATIONAL = 80  # départements of a list that covers France
_MONTHS = ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre",
           "novembre", "decembre")  # fmt: skip


class Layer(NamedTuple):
    """A zone: the communes concerned, with the zones of each; `period`, `vintage`, and the words for the card."""

    name: str
    period: str
    vintage: str
    published: str
    communes: dict[str, list[str]]
    seen: set[str]


def recognise(path: Path) -> bool:
    """The FRR list or the QPV list."""
    names = flat.header(path)
    return {"code_qp", "insee_com"} <= set(names) or (CODE in names and _rank(names) is not None)


def read(paths: list[Path]) -> Reading:
    """Communes concerned and their population, by département and EPCI; for the QPV, the number of districts too."""
    path = one(paths)
    harvest = Harvest()
    layer = _qpv(path) if "code_qp" in flat.header(path) else _frr(path)
    territories = _geography(path, int(layer.period[:4]))
    _keep(path, _current(layer, territories), territories, harvest)
    return harvest.reading(paths, **_card(layer))


def _rank(names: Iterable[str]) -> str | None:
    return next((name for name in names if name.startswith(RANK)), None)


def _frr(path: Path) -> Layer:
    """The list dates itself in the name of its column: « … au 10 juillet 2025 »."""
    rank = _rank(flat.header(path))
    flat.check_columns(path, flat.header(path), [CODE, rank or RANK])
    match = re.search(r"\b(\w+) (20[0-9][0-9])$", key(rank or ""))
    if rank is None or not match or match[1] not in _MONTHS:
        raise DataError(f"{path.name} : la colonne du classement FRR ne dit pas sa date (« … au 10 juillet 2025 »).")
    period = f"{match[2]}-{_MONTHS.index(match[1]) + 1:02d}"
    communes: dict[str, list[str]] = {}
    seen = set()
    for line, row in flat.records(path, [CODE, rank]):
        where = f"{path.name}, ligne {line}"
        code, label = codes.commune(row[CODE], where), key(row[rank])
        plus = label == "frr" and row[rank].strip().endswith("+")
        if label not in FRR_IN | FRR_OUT:
            raise DataError(f"{where} : classement inconnu, « {shown(row[rank])} ».")
        if code in seen:
            raise DataError(f"{where} : la commune {code} est donnée deux fois.")
        seen.add(code)
        if label in FRR_IN:
            communes[code] = ["FRR+"] if plus else ["FRR"]
    return Layer("frr", period, f"frr-{period}", period, communes, seen)


def _qpv(path: Path) -> Layer:
    communes: dict[str, list[str]] = {}
    districts = set()
    for line, row in flat.records(path, ["code_qp", "insee_com"]):
        where = f"{path.name}, ligne {line}"
        if not re.fullmatch(r"QN([0-9]{3}|02[AB])[0-9A-Z]{3}", row["code_qp"]):
            raise DataError(f"{where} : « {shown(row['code_qp'])} » n'est pas un quartier de 2024 (QN07601M attendu).")
        if row["code_qp"] in districts:
            raise DataError(f"{where} : le quartier {row['code_qp']} est donné deux fois.")
        districts.add(row["code_qp"])
        members = [part for part in re.split(r"[^0-9AB]+", row["insee_com"].upper()) if part]
        if not members:
            raise DataError(f"{where} : le quartier {row['code_qp']} n'est dans aucune commune.")
        for member in members:
            communes.setdefault(codes.commune(member, where), []).append(row["code_qp"])
    return Layer("qpv", "2024", "qpv-2024", "2024", communes, set(communes))


def _geography(path: Path, year: int) -> Territories:
    """The geography nearest to the year of the list, the older of two, among those known when it came in."""
    folders = insee_codes.geographies(path)
    return opened(min(folders, key=lambda folder: (abs(int(folder.name[:4]) - year), folder.name)))


def _current(layer: Layer, territories: Territories) -> Layer:
    """The layer with communes merged since it was drawn replaced by those where they are now."""
    communes: dict[str, list[str]] = {}
    for code, zones in layer.communes.items():
        communes.setdefault(territories.current(code), []).extend(zones)
    return layer._replace(communes=communes, seen={territories.current(code) for code in layer.seen})


def _keep(path: Path, layer: Layer, territories: Territories, harvest: Harvest) -> None:
    members: dict[str, set[str]] = {}
    for code in sorted(layer.seen):
        for area in _areas(code, territories):
            members.setdefault(area, set())
            if code in layer.communes:
                members[area].add(code)
        if code in layer.communes and code not in territories:
            harvest.set_aside(path.name, code, "Commune absente du découpage : comptée, sans population ni EPCI.")
    known = sum(area.startswith("DEP-") for area in members)
    if layer.name == "qpv" and known >= NATIONAL:  # the list is of the whole country: elsewhere there is none
        members = {f"DEP-{code}": set() for code in codes.DEPARTEMENTS} | members
    for area, communes in sorted(members.items()):
        if communes or area.startswith("DEP-"):
            _keep_area(layer, area, communes, territories, harvest)


def _keep_area(layer: Layer, area: str, communes: set[str], territories: Territories, harvest: Harvest) -> None:
    known = [territories.get(code) for code in communes if code in territories]
    people = sum(commune.population or 0 for commune in known)
    note = f"Découpage et populations du millésime {territories.vintage} du code officiel géographique."
    zones = {zone for code in communes for zone in layer.communes[code]}
    values = {f"communes_{layer.name}": len(communes)}
    if len(known) == len(communes):
        values[f"population_communes_{layer.name}"] = people
    if layer.name == "qpv":
        values["quartiers_prioritaires"] = len(zones)
    else:
        values["communes_frr_plus"] = sum("FRR+" in layer.communes[code] for code in communes)
    for indicator, value in values.items():
        harvest.keep(indicator, area, layer.period, value, locator="liste des communes", note=note)


def _areas(code: str, territories: Territories) -> list[str]:
    departement = codes.departement_of_commune(code)
    above = territories.ancestors(code) if code in territories else []
    return [*filter(None, [departement]), *(area for area in above if area.startswith("EPCI-"))]


def _card(layer: Layer) -> dict[str, str]:
    frr = layer.name == "frr"
    title = "Communes de France ruralités revitalisation" if frr else "Quartiers prioritaires, liste de 2024"
    return {
        "source": SOURCE,
        "vintage": layer.vintage,
        "title": title,
        "short": f"{'DGCL, FRR' if frr else 'ANCT, QPV'} {period_text(layer.period)}",
        "producer": "DGCL" if frr else "ANCT",
        "reference_period": layer.period,
        "published": layer.published,
        "url": "https://www.collectivites-locales.gouv.fr" if frr else "https://www.data.gouv.fr",
        "citation": f"{'DGCL' if frr else 'ANCT'}, {title}, {layer.period}.",
        "notes": "Communes concernées et population de ces communes entières, non de la zone. "
        + (
            "Classées en tout ou partie : FRR socle, FRR+ et bénéficiaires."
            if frr
            else "Découpage en vigueur depuis 2024 (2025 outre-mer) ; décret 2023-1314 pour la métropole."
        ),
    }
