"""INSEE codes as they stand in files: which level they belong to, and which areas the study knows."""

import re
from collections.abc import Iterable
from pathlib import Path

from cpsr_study import paths
from cpsr_study.area_names import key
from cpsr_study.errors import DataError
from cpsr_study.sources import edition_of
from cpsr_study.sources.insee_files import lost_zero
from cpsr_study.territories import Territories, known_codes, opened, vintages

_SHAPES = {
    "COM": re.compile(r"[0-9]{5}|2[AB][0-9]{3}"),
    "EPCI": re.compile(r"[0-9]{9}"),
    "DEP": re.compile(r"[0-9]{2}|2[AB]|97[0-9]"),
}
_BARE = {"COM": re.compile(r"[1-9][0-9]{3}"), "DEP": re.compile(r"[1-9]")}
METROPOLE = "france metropolitaine"
# Paris, Lyon and Marseille, and the codes of their municipal districts.
_DISTRICTS = {"75056": ("75101", "75120"), "69123": ("69381", "69389"), "13055": ("13201", "13216")}


def data_dir_of(path: Path) -> Path:
    """The data folder a file of `data/raw/<source>/<vintage>/` belongs to; the study's own for a file elsewhere."""
    above = path.resolve().parents
    own = above[3] if len(above) > 3 else path
    return own if (own / "reference" / "insee-cog").is_dir() else paths.data_dir()


def geographies(path: Path) -> list[Path]:
    """Folders of the geographies known when the vintage of a file came in (else the first), the newest last.

    A later one must not move what a past edition reads in the file.
    """
    held, last = vintages(data_dir_of(path)), edition_of(path)
    return [folder for since, folder in held if since <= last] or [min(held)[1]]


def latest(path: Path) -> Territories:
    """The newest of the geographies known when the vintage of a file came in."""
    return opened(geographies(path)[-1])


def known(path: Path, codes: Iterable[str]) -> set[str]:
    """Those of the codes (`DEP-14`) that exist in a geography held."""
    return known_codes(data_dir_of(path), set(codes))


def district_of(code: str) -> str:
    """The commune (Paris, Lyon, Marseille) a municipal district belongs to; empty for any other code."""
    found = [city for city, (first, last) in _DISTRICTS.items() if first <= code <= last and len(code) == 5]
    return found[0] if found else ""


def district_count(city: str) -> int:
    """How many municipal districts Paris, Lyon or Marseille has."""
    first, last = _DISTRICTS[city]
    return int(last) - int(first) + 1


def areas(path: Path, codes: list[str], labels: list[str]) -> tuple[str, list[str]]:
    """The level of a file and the area of each of its codes (« DEP-14 »; empty where it is not France)."""
    level = level_of(path, codes, labels)
    if level != "FRMET":
        return level, [f"{level}-{code}" for code in codes]
    names = labels or [METROPOLE]
    return level, ["FRMET" if key(name) == METROPOLE else "" for name in names]


def level_of(path: Path, codes: list[str], labels: list[str]) -> str:
    """COM, EPCI, DEP, REG or FRMET, from the codes of a file (and its labels, possibly none), never from its name.

    DataError for codes without their leading zero, and where régions and départements cannot be told apart.
    """
    if any(key(label) == METROPOLE for label in labels) and len(codes) <= 5:
        return "FRMET"
    if not labels and len(codes) == 1 and re.fullmatch("[A-Z_]{1,12}", codes[0]):
        return "FRMET"  # the files of the whole metropole have one row, and a word for code
    found = {level: sum(bool(shape.fullmatch(code)) for code in codes) for level, shape in _SHAPES.items()}
    level = max(found, key=lambda name: found[name])
    if bare := [code for code in codes if level in _BARE and _BARE[level].fullmatch(code)]:
        raise lost_zero(path, bare[0])
    if 2 * found[level] <= len(codes):
        short = sum(bool(_BARE["COM"].fullmatch(code)) for code in codes)
        hint = " (des communes sans leur zéro initial ?)" if short else ""
        raise DataError(
            f"{path.name} : les codes ne sont ni de communes, ni d'EPCI, ni de départements, ni de régions{hint}."
        )
    return _departements_or_regions(path, codes, labels) if level == "DEP" else level


def _departements_or_regions(path: Path, codes: list[str], labels: list[str]) -> str:
    """Every code of a region is also one of a département: the others, or the names, decide."""
    geography = latest(path)
    if labels:
        matched = {level: _named(geography, level, codes, labels) for level in ("DEP", "REG")}
        best = max(matched, key=lambda name: matched[name])
        if 2 * matched[best] > len(codes):
            return best
        raise DataError(f"{path.name} : les noms de LIBGEO ne sont pas ceux des départements ni des régions actuelles.")
    regions = {area.code[4:]: area.parent for area in geography.all("REG")}
    if set(codes) - set(regions):
        return "DEP"
    if {code for code, parent in regions.items() if parent == "FRMET"} <= set(codes):
        return "REG"
    raise DataError(
        f"{path.name} : ces {len(codes)} codes peuvent être de régions comme de départements ; "
        "il faut le fichier entier, ou sa colonne LIBGEO."
    )


def _named(geography: Territories, level: str, codes: list[str], labels: list[str]) -> int:
    """How many codes bear the name they have at this level."""
    names = {area.code: key(area.name) for area in geography.all(level)}
    return sum(names.get(f"{level}-{code}") == key(label) for code, label in zip(codes, labels, strict=True))


def by_name(path: Path, level: str) -> dict[str, str]:
    """Code of each region or département by the key of its name (no accents, case nor hyphens)."""
    return {key(area.name): area.code for area in latest(path).all(level)}
