"""The official geography of a year from the published package that gathers it: `@etalab/decoupage-administratif`.

One archive (`.tgz`) holds the COG of INSEE, the EPCI of the DGCL and the populations of reference (Licence Ouverte).
Kept: the 18 regions and the 101 départements, the EPCI and today's communes (type `commune-actuelle`), and to which of
these leads each code that is no longer one (merged, delegated and associated communes, municipal arrondissements).
Left out: overseas collectivities (COM, TOM).
"""

import csv
import gzip
import io
import json
import re
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError

Rows = list[list[Any]]
Commune = dict[str, Any]
COLUMNS = ["code", "name", "level", "parent", "population", "le", "de", "en", "departements"]
COMMUNE_COLUMNS = ["code", "name", "departement", "epci", "population", "elision"]

# INSEE's "type de nom en clair" (TNCC, `typeLiaison`): the article of a name, and "of" with that article.
ARTICLE = {0: "", 1: "l'", 2: "le ", 3: "la ", 4: "les ", 5: "l'"}
OF = {0: "de ", 1: "d'", 2: "du ", 3: "de la ", 4: "des ", 5: "de l'"}

METROPOLE = "France métropolitaine"
WHOLE = {
    "FR": ("France", "", "la France", "de la France", "en France"),
    "FRMET": (METROPOLE, "FR", f"la {METROPOLE}", f"de la {METROPOLE}", f"en {METROPOLE}"),
}
# Regions: "the", "of", "in", as official publications write them.
REGIONS = {
    "01": ("la Guadeloupe", "de la Guadeloupe", "en Guadeloupe"),
    "02": ("la Martinique", "de la Martinique", "en Martinique"),
    "03": ("la Guyane", "de la Guyane", "en Guyane"),
    "04": ("La Réunion", "de La Réunion", "à La Réunion"),
    "06": ("Mayotte", "de Mayotte", "à Mayotte"),
    "11": ("l'Île-de-France", "d'Île-de-France", "en Île-de-France"),
    "24": ("le Centre-Val de Loire", "du Centre-Val de Loire", "en Centre-Val de Loire"),
    "27": ("la Bourgogne-Franche-Comté", "de Bourgogne-Franche-Comté", "en Bourgogne-Franche-Comté"),
    "28": ("la Normandie", "de Normandie", "en Normandie"),
    "32": ("les Hauts-de-France", "des Hauts-de-France", "dans les Hauts-de-France"),
    "44": ("le Grand Est", "du Grand Est", "dans le Grand Est"),
    "52": ("les Pays de la Loire", "des Pays de la Loire", "dans les Pays de la Loire"),
    "53": ("la Bretagne", "de Bretagne", "en Bretagne"),
    "75": ("la Nouvelle-Aquitaine", "de Nouvelle-Aquitaine", "en Nouvelle-Aquitaine"),
    "76": ("l'Occitanie", "d'Occitanie", "en Occitanie"),
    "84": ("l'Auvergne-Rhône-Alpes", "d'Auvergne-Rhône-Alpes", "en Auvergne-Rhône-Alpes"),
    "93": ("la Provence-Alpes-Côte d'Azur", "de Provence-Alpes-Côte d'Azur", "en Provence-Alpes-Côte d'Azur"),
    "94": ("la Corse", "de Corse", "en Corse"),
}
# Départements: usage decides between "à", "en" and "dans" + article; the three lists hold all 101.
USAGE = {
    "à": "75 974 976",
    "en": "07 09 12 16 17 19 21 24 28 2A 2B 31 33 35 37 38 41 43 44 47 48 49 52 53 54 57 70 71 73 74 76 77"
    " 82 85 87 91 93 971 972 973",
    "dans": "01 02 03 04 05 06 08 10 11 13 14 15 18 22 23 25 26 27 29 30 32 34 36 39 40 42 45 46 50 51 55"
    " 56 58 59 60 61 62 63 64 65 66 67 68 69 72 78 79 80 81 83 84 86 88 89 90 92 94 95",
}
IN = {code: word for word, codes in USAGE.items() for code in codes.split()}
# Départements that take an article alone ("la Saône-et-Loire") but none after "de" ("de Saône-et-Loire").
BARE_ARTICLE = {"49": "le ", "54": "la ", "71": "la ", "77": "la "}
EPCI_KINDS = {"CC": "communauté de communes", "CA": "communauté d'agglomération", "CU": "communauté urbaine"}


MEMBERS = tuple(f"package/data/{name}.json" for name in ("communes", "departements", "epci", "regions"))
LARGEST = 200_000_000  # bytes of one member, once uncompressed


def recognise(path: Path) -> bool:
    """Whether the file is such a package."""
    try:
        with tarfile.open(path) as archive:
            return set(MEMBERS) <= set(archive.getnames())
    except (OSError, tarfile.TarError, EOFError):
        return False


def tables(path: Path) -> dict[str, bytes]:
    """The files of a vintage by name: `territories.csv`, `communes.csv.gz`, `passage.csv` (ancien, code).

    DataError when the archive does not read, or does not hold 18 regions and 101 départements.
    """
    try:
        every = json.loads(_member(path, "communes"))
        communes = [c for c in every if c["type"] == "commune-actuelle" and len(c.get("region", "")) == 2]
        rows = _territories(path, communes)
        table = [
            [c["code"], c["nom"], c["departement"], c.get("epci", ""), c.get("population", ""),
             "1" if c["typeLiaison"] in (1, 6) else ""]
            for c in sorted(communes, key=lambda c: c["code"])
        ]  # fmt: skip
        passage = _passage(every, {c["code"] for c in communes})
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{path.name} ne se lit pas comme le paquet decoupage-administratif d'Etalab.") from None
    counts = [sum(row[2] == level for row in rows) for level in ("REG", "DEP")]
    if counts != [18, 101]:
        raise DataError(f"{path.name} : {counts[0]} régions et {counts[1]} départements au lieu de 18 et 101.")
    return {
        "territories.csv": csv_bytes(COLUMNS, rows),
        "communes.csv.gz": gzip_bytes(csv_bytes(COMMUNE_COLUMNS, table)),
        "passage.csv": csv_bytes(["ancien", "code"], passage),
    }


def _member(path: Path, name: str) -> bytes:
    with tarfile.open(path) as archive:
        member = archive.getmember(f"package/data/{name}.json")
        handle = archive.extractfile(member)
        if handle is None or member.size > LARGEST:
            raise DataError(f"{path.name} : {name}.json est absent ou anormalement gros.")
        return handle.read()


def _passage(every: list[Commune], current: set[str]) -> Rows:
    """Each code that is no longer a commune's, and that of the commune it is in now."""
    found = {old: c["code"] for c in every if c["code"] in current for old in c.get("anciensCodes", [])}
    for part in every:
        if part["type"] != "commune-actuelle":
            found.setdefault(part["code"], part.get("chefLieu") or part.get("commune") or "")
    return [[old, new] for old, new in sorted(found.items()) if old not in current and new in current]


def _departement_phrases(code: str, name: str, liaison: int) -> tuple[str, str, str]:
    """« le Calvados », « du Calvados », « dans le Calvados »."""
    the = BARE_ARTICLE.get(code, ARTICLE[liaison]) + name
    return the, OF[liaison] + name, f"{IN[code]} {the if IN[code] == 'dans' else name}"


def _epci_phrases(name: str) -> tuple[str, str, str]:
    """« la communauté urbaine Caen la Mer », and an "in" that suits every name: « sur le territoire de… »."""
    plain = re.sub(r"\s*\([^)]*\)$", "", name)  # the acronym some names repeat in brackets
    kind, _, rest = plain.partition(" ")
    if kind in EPCI_KINDS:
        the = f"la {EPCI_KINDS[kind]} {rest}"
    elif kind in ("Métropole", "Eurométropole"):
        the = f"l'{plain}" if kind[0] == "E" else f"la {plain}"
    else:
        the = plain
    of = f"d'{the}" if the[0] in "AEIOUÉÎ" else f"de {the}"
    return the, of, f"sur le territoire {of}"


def _total(communes: list[Commune]) -> int | str:
    """Population of the communes together; empty when one is unknown."""
    known = [commune["population"] for commune in communes if "population" in commune]
    return "" if len(known) < len(communes) or not known else sum(known)


def _smallest_container(communes: list[Commune]) -> str:
    """Code of the smallest area that holds all these communes."""
    departements, regions = ({c[key] for c in communes} for key in ("departement", "region"))
    if len(departements) == 1:
        return f"DEP-{departements.pop()}"
    return f"REG-{regions.pop()}" if len(regions) == 1 else "FRMET"


def _territories(package: Path, communes: list[Commune]) -> Rows:
    """Rows of `territories.csv`: France, regions, départements, EPCI."""
    groups: dict[str, list[Commune]] = defaultdict(list)
    for commune in communes:
        groups["FR"].append(commune)
        groups[f"REG-{commune['region']}"].append(commune)
        groups[f"DEP-{commune['departement']}"].append(commune)
        if commune["region"] > "06":
            groups["FRMET"].append(commune)
    rows = [
        [code, name, code, parent, _total(groups[code]), *phrases, ""]
        for code, (name, parent, *phrases) in WHOLE.items()
    ]
    for region in json.loads(_member(package, "regions")):
        if (code := region["code"]) in REGIONS:
            parent = "FRMET" if code > "06" else "FR"
            area = f"REG-{code}"
            rows.append([area, region["nom"], "REG", parent, _total(groups[area]), *REGIONS[code], ""])
    for departement in json.loads(_member(package, "departements")):
        if (code := departement["code"]) in IN:
            name, area, parent = departement["nom"], f"DEP-{code}", f"REG-{departement['region']}"
            phrases = _departement_phrases(code, name, departement["typeLiaison"])
            rows.append([area, name, "DEP", parent, _total(groups[area]), *phrases, ""])
    return rows + _epci_rows(package, {c["code"]: c for c in communes})


def _epci_rows(package: Path, communes: dict[str, Commune]) -> Rows:
    """EPCI with the population of their communes in the same vintage (epci.json has another year's)."""
    rows = []
    for epci in sorted(json.loads(_member(package, "epci")), key=lambda e: e["code"]):
        members = [communes[m["code"]] for m in epci["membres"]]
        for member in members:
            member["epci"] = epci["code"]
        name = " ".join(epci["nom"].split())
        touched = " ".join(sorted({f"DEP-{m['departement']}" for m in members}))
        code, parent = f"EPCI-{epci['code']}", _smallest_container(members)
        rows.append([code, name, "EPCI", parent, _total(members), *_epci_phrases(name), touched])
    return rows


def csv_bytes(columns: list[str], rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()


def gzip_bytes(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as archive:
        archive.write(data)
    return buffer.getvalue()
