"""Official areas by vintage: codes, names, French articles, hierarchy, populations.

An edition only knows the geography of its time. The 35 000 communes are read only when one is asked for.
"""

import csv
import difflib
import gzip
import re
import tomllib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from cpsr_study import lines
from cpsr_study.area_names import by_name, checked, commune_words, key, named, typographic
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import first_edition

LEVELS = ("FR", "FRMET", "REG", "DEP", "EPCI", "COM")  # from the largest to the smallest
_KINDS = {"REG": "la région", "DEP": "le département", "EPCI": "l'intercommunalité", "COM": "la commune"}
_CODE_LIKE = re.compile(r"(REG|DEP|EPCI|COM)?[ _.-]*([0-9]{1,9}|2[AB][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Territory:
    """One area. `population`: inhabitants or None; `le`, `de`, `en`: « la Normandie », « de Normandie »…"""

    code: str
    name: str
    level: str
    parent: str
    population: int | None
    le: str
    de: str
    en: str
    vintage: str

    @property
    def label(self) -> str:
        """« Normandie (REG-28) »."""
        return f"{self.name} ({self.code})"


class Territories:
    """The areas of one vintage; made by `Territories.load`."""

    def __init__(self, folder: Path):
        self.vintage = folder.name
        self._folder = folder
        self._touched: dict[str, set[str]] = {}  # EPCI -> départements where it has a commune
        self._epci: dict[str, str] = {}  # commune -> EPCI, filled with the communes
        self._areas = _read(folder / "territories.csv", self._area)

    @classmethod
    def load(cls, data_dir: Path, edition: int) -> "Territories":
        """Areas of the last published of the vintages that the edition knows, read once.

        RequestError when the edition is older than every vintage, DataError when a card or a table is broken.
        """
        cards = vintages(data_dir)
        known = [folder for since, folder in cards if since <= edition]
        if not known:
            raise RequestError(f"Édition trop ancienne : {edition}, la première est {min(cards)[0]}.")
        return opened(known[-1])

    def current(self, code: str) -> str:
        """The code itself, or that of the commune where a commune that is no longer one is now."""
        if not code.startswith("COM-") or code in self._communes:
            return code
        return self._passage.get(code, code)

    def __contains__(self, code: str) -> bool:
        return code in (self._communes if code.startswith("COM-") else self._areas)

    def get(self, code: str) -> Territory:
        """The area of this exact code. RequestError if there is none."""
        if code not in self:
            raise RequestError(f"Code de territoire inconnu : « {shown(code)} ».")
        return (self._communes if code.startswith("COM-") else self._areas)[code]

    def find(self, text: object) -> Territory:
        """The area of a code (any case) or of a name (accents, case, hyphens, leading article do not matter).

        The code of a commune that was merged gives the commune where it is now.
        A name held at several levels (La Réunion, Paris, Mayenne) gives the largest area, the others are
        reached by their code. RequestError for a bare number, an unknown name, a shared one.
        """
        wanted = checked(text)
        if (code := self.current(wanted.upper())) in self:
            return self.get(code)
        if code_like := _CODE_LIKE.fullmatch(wanted.upper()):
            raise RequestError(self._about_code(wanted, *code_like.groups()))
        found = named(self._area_names, wanted) or named(self._commune_names, wanted)
        if not found:
            raise RequestError(f"Territoire inconnu : « {shown(wanted)} ».{self._suggestion(key(wanted))}")
        largest = [area for area in found if area.level == found[0].level]
        if len(largest) > 1:
            codes = ", ".join(f"{area.code} ({self.get(area.parent).name})" for area in largest[:5])
            count = f"{len(largest)} territoires"
            raise RequestError(f"« {shown(wanted)} » désigne {count}, donnez un code, par exemple {codes}.")
        return largest[0]

    def all(self, level: str) -> list[Territory]:
        """Every area of a level (FR, FRMET, REG, DEP, EPCI, COM), in the order of codes."""
        if level not in LEVELS:
            raise RequestError(f"Niveau inconnu : « {shown(level)} » (niveaux : {', '.join(LEVELS)}).")
        pool = self._communes if level == "COM" else self._areas
        return [area for area in pool.values() if area.level == level]

    @property
    def passage_file(self) -> Path:
        """The table `ancien`, `code` of the codes that are no longer a commune's; a vintage may have none."""
        return self._folder / "passage.csv"

    @property
    def communes_file(self) -> Path:
        """The table of communes of this vintage, for what joins all of them at once."""
        return self._folder / "communes.csv.gz"

    def ancestors(self, code: str) -> list[str]:
        """Codes of the areas that hold this one: DEP-14 -> REG-28, FRMET, FR. A commune: its EPCI first."""
        area = self.get(code)
        codes = [self._epci[code]] if self._epci.get(code) else []
        while area.parent:
            codes.append(area.parent)
            area = self.get(area.parent)
        return codes

    def is_within(self, code: str, other: str) -> bool:
        """True when the first area is the second, or lies wholly in it."""
        return code == other or other in self.ancestors(code)

    def children(self, code: str, level: str) -> list[Territory]:
        """Areas of a smaller level in an area; an EPCI counts as soon as one of its communes is there."""
        area, candidates = self.get(code), self.all(level)
        if LEVELS.index(level) <= LEVELS.index(area.level):
            return []
        if level == "EPCI":
            departements = {child.code for child in self.children(code, "DEP")} or {code}
            return [epci for epci in candidates if self._touched[epci.code] & departements]
        return [candidate for candidate in candidates if self.is_within(candidate.code, code)]

    def search(self, query: str, limit: int = 20) -> list[Territory]:
        """Areas whose name holds the query, or whose code starts with it: closest, then largest first."""
        part, code = key(query), query.strip().upper()
        found = [
            area
            for area in (*self._areas.values(), *self._communes.values())
            if ((part or not code) and part in key(area.name)) or area.code.startswith(code)
        ]
        found.sort(key=lambda area: (not key(area.name).startswith(part), -(area.population or 0)))
        return found[:limit]

    def _about_code(self, wanted: str, prefix: str | None, number: str) -> str:
        number = number.zfill(2)
        levels = sorted(_KINDS, key=lambda level: level != prefix)  # the level asked for, then the largest
        known = [self.get(f"{level}-{number}") for level in levels if f"{level}-{number}" in self]
        if not known:
            return f"Territoire inconnu : « {shown(wanted)} »."
        if prefix:
            return f"Territoire inconnu : « {shown(wanted)} ». Vouliez-vous dire « {known[0].label} » ?"
        meanings = " et ".join(f"{_KINDS[area.level]} {area.name} ({area.code})" for area in known)
        return f"« {shown(wanted)} » ne suffit pas : ce numéro désigne {meanings}, donnez le code complet."

    def _suggestion(self, wanted: str) -> str:
        for names, cutoff in ((self._area_names, 0.8), (self._commune_names, 0.7)):
            if nearest := difflib.get_close_matches(wanted, names, n=1, cutoff=cutoff):
                return f" Vouliez-vous dire « {names[nearest[0]][0].label} » ?"
        return ""

    def _area(self, row: dict[str, Any]) -> Territory:
        self._touched[row["code"]] = set(row.pop("departements").split())
        return Territory(**row, vintage=self.vintage)

    def _commune(self, row: dict[str, Any]) -> Territory:
        code, name, parent = f"COM-{row['code']}", row["name"], f"DEP-{row['departement']}"
        self._epci[code] = row["epci"] and f"EPCI-{row['epci']}"
        de, en = commune_words(name, bool(row["elision"]))
        return Territory(code, name, "COM", parent, row["population"], name, de, en, self.vintage)

    @cached_property
    def _communes(self) -> dict[str, Territory]:
        return _read(self.communes_file, self._commune)

    @cached_property
    def _passage(self) -> dict[str, str]:
        """Old code -> current code."""
        if not self.passage_file.is_file():
            return {}
        records = lines.read(self.passage_file, f"insee-cog/{self.vintage}/passage.csv")
        return {f"COM-{old}": f"COM-{new}" for _, (old, new) in records}

    @cached_property
    def _area_names(self) -> dict[str, list[Territory]]:
        return by_name((area.name, area) for area in self._areas.values())

    @cached_property
    def _commune_names(self) -> dict[str, list[Territory]]:
        return by_name((area.name, area) for area in self._communes.values())


opened = lru_cache(maxsize=16)(Territories)  # each vintage is read once


def known_codes(data_dir: Path, codes: Iterable[str]) -> set[str]:
    """Those of the codes that exist in at least one vintage."""
    known = [opened(folder) for _, folder in vintages(data_dir)]
    return {code for code in codes if any(code in vintage for vintage in known)}


def vintages(data_dir: Path) -> list[tuple[int, Path]]:
    """First edition that knows it and folder of each vintage, the oldest publication first. DataError when none."""
    root, cards = Path(data_dir).resolve() / "reference" / "insee-cog", []
    for folder in filter(Path.is_dir, root.glob("[!.]*")):
        try:
            card = tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))
            published = card["published"]
            cards.append((f"{int(published[:4])}{published[4:]}", first_edition(card), folder))
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(f"insee-cog/{folder.name}/source.toml manque ou ne date pas ce millésime.") from None
    if not cards:
        raise DataError("Aucun découpage dans reference/insee-cog, le dossier de données est-il le bon ?")
    return [(since, folder) for _, since, folder in sorted(cards)]


def _read(path: Path, make: Callable[[dict[str, Any]], Territory]) -> dict[str, Territory]:
    """Areas of a table, by code. DataError names the file and the line."""
    areas: dict[str, Territory] = {}
    line, where = 1, f"insee-cog/{path.parent.name}/{path.name}"
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as handle:
            cells = filter(None, csv.reader(map(typographic, handle), strict=True))
            columns = next(cells, [])
            for found in cells:
                line += 1
                row: dict[str, Any] = dict(zip(columns, found, strict=True))
                row["population"] = int(row["population"]) if row["population"] else None
                area = make(row)
                areas[area.code] = area
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, csv.Error, zlib.error):
        raise DataError(f"{where} ne se lit pas après la ligne {line}.") from None
    if not areas:
        raise DataError(f"{where} est vide.")
    return areas
