"""Taking a partner's files in: read, refused at the first personal data, checked line by line, consolidated, kept.

What is kept is the three tables in the words of the template, never the files. A vintage is the state of the base after
an import: what came before, where the same lines replace their older form.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.disclosure import Rule
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.parameters import suggestion
from cpsr_study.sources import Card, catalogue, clause, read_card, sha256, writing
from cpsr_study.sources.clause import cells, consolidation, editions, mapping, pace, personal, reading, schema, store
from cpsr_study.territories import Territories

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources.clause.mapping import Mapping
    from cpsr_study.sources.clause.schema import Schema

REMARKS = ["fichier", "ligne", "table", "champ", "valeur", "gravité", "message"]
ERROR, ALERT = "erreur", "alerte"


@dataclass(frozen=True)
class Intake:
    """What an import did: `kept` counts lines by table, `remarks` has the columns REMARKS, `new` says if it changed
    anything, `pace` is the private list of `pace.listed`, `waiting` the years in which too few people changed for the
    figures to follow."""

    vintage: str
    new: bool
    kept: dict[str, int]
    remarks: "pd.DataFrame"
    pace: "pd.DataFrame"
    waiting: tuple[int, ...] = ()


def take(
    paths: Iterable[Path], data_dir: Path, territory: str, *, map_path: Path | None = None, strict: bool = False,
    day: date | None = None, invented: bool = False, replace: bool = False,
) -> Intake:  # fmt: skip
    """Take files in for a territory (its code). DataError on personal data, and on any error when `strict`.

    With `replace`, what is held of the structures of these files is dropped first: a line taken out of them goes.
    """
    import pandas as pd

    shape = schema.read(data_dir)
    words = mapping.read(map_path, shape) if map_path else mapping.own(shape)
    remarks: list[dict[str, Any]] = []
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in schema.TABLES}
    sheets = [sheet for path in _checked(paths) for sheet in reading.sheets(path, words.headings, schema.plain)]
    _refuse_personal(sheets)
    for sheet in sheets:
        for line in sheet.broken:
            message = "plus de cellules que d'en-têtes : un séparateur dans un texte ?"
            _remark(remarks, sheet.where, line, "", "", "", ERROR, message)
        _read_sheet(sheet, words, shape, parts, remarks)
    if not any(parts.values()):
        raise DataError(
            "Aucune table reconnue : les en-têtes du modèle sont attendus, ou une correspondance (--map). "
            "« cpsr-study new-territory » écrit le modèle."
        )
    new = {table: pd.concat(each, ignore_index=True) if each else _empty(shape, table) for table, each in parts.items()}
    earlier = _held(data_dir, territory)
    before = store.read(earlier.folder, shape) if earlier else None
    held = before
    if before and replace:
        given = {name for frame in new.values() for name in frame["structure"]}
        held = {table: frame[~frame["structure"].isin(given)] for table, frame in before.items()}
    tables, more = consolidation.consolidate(new, held, shape, territory, data_dir)
    remarks += more
    listed = pd.DataFrame(remarks, columns=REMARKS).drop_duplicates(ignore_index=True)
    errors = int((listed["gravité"] == ERROR).sum())
    if strict and errors:
        raise StrictError(f"{errors} erreur(s) et --strict : rien n'a été importé.", listed)
    if tables["contrats"].empty:
        raise StrictError("Aucun contrat lisible : rien n'a été importé.", listed)
    day = day or date.today()
    vintage, fresh = _write(tables, data_dir, territory, earlier, day, invented)
    waiting = _waiting(before, tables, data_dir, territory) if before and fresh else ()
    kept = {name: len(frame) for name, frame in tables.items()}
    return Intake(vintage, fresh, kept, listed, pace.listed(tables, day), waiting)


def _waiting(
    before: "dict[str, pd.DataFrame]", after: "dict[str, pd.DataFrame]", data_dir: Path, territory: str
) -> tuple[int, ...]:
    """The years that differ from the vintage before by a few people only: see `editions`."""
    areas, shape = Territories.load(data_dir, date.today().year), schema.read(data_dir)
    old, new = ({data.year: data for data in store.years_of(each, territory, areas, shape)} for each in (before, after))
    moved = {year: editions.changed(data, new.get(year)) for year, data in old.items()}
    return tuple(year for year, count in moved.items() if 0 < count < Rule().persons)


class StrictError(DataError):
    """An import refused, with the table of what is to be corrected."""

    def __init__(self, message: str, remarks: "pd.DataFrame"):
        super().__init__(message)
        self.remarks = remarks


def _checked(paths: Iterable[Path]) -> list[Path]:
    found = list(dict.fromkeys(paths))
    for path in found:
        if not path.is_file():
            raise RequestError(f"Fichier introuvable : {shown(path.name)}.")
        if path.stat().st_size == 0:
            raise DataError(f"{shown(path.name)} est vide.")
    if not found:
        raise RequestError("Aucun fichier à importer.")
    return found


def _refuse_personal(sheets: list[reading.Sheet]) -> None:
    """Every column of every sheet is looked at, hidden sheets and unknown columns too, before anything is kept."""
    for sheet in sheets:
        columns = [(name, sheet.distinct(name)) for name in sheet.frame.columns]
        aside = ("hors du tableau", sheet.others)
        found = [(shown(name), kinds) for name, texts in [*columns, aside] if (kinds := personal.kinds(name, texts))]
        if found:
            raise DataError(personal.sentence(sheet.where, found))


def _read_sheet(
    sheet: reading.Sheet, words: "Mapping", shape: "Schema", parts: dict[str, list["pd.DataFrame"]],
    remarks: list[dict[str, Any]],
) -> None:  # fmt: skip
    """Every table whose required columns are there: a flat export may hold the three on one line."""
    headings = {name: schema.plain(name) for name in sheet.frame.columns}
    used: set[str] = set()
    for table in schema.TABLES:
        columns = {words.columns[table][text]: name for name, text in headings.items() if text in words.columns[table]}
        constants = words.constants.get(table, {})
        required = [field.name for field in shape.fields[table] if field.required]
        lacking = [name for name in required if name not in columns and name not in constants]
        describes = set(columns) - set(schema.KEYS[table])  # the keys alone: the lines of another table
        if not lacking and describes:
            parts[table].append(_converted(sheet, table, columns, constants, words, shape, remarks))
            used |= set(columns.values())
        elif len(lacking) == 1 and len(columns) > len(required):
            _remark(remarks, sheet.where, "", table, lacking[0], "", ERROR, "colonne obligatoire absente")
    for name in sheet.frame.columns if used else []:
        if name not in used:
            near = suggestion(name, [field.label for fields in shape.fields.values() for field in fields])
            _remark(remarks, sheet.where, "", "", shown(name), "", ALERT, f"colonne inconnue, ignorée.{near}")


def _converted(
    sheet: reading.Sheet, table: str, columns: dict[str, str], constants: dict[str, str], words: "Mapping",
    shape: "Schema", remarks: list[dict[str, Any]],
) -> "pd.DataFrame":  # fmt: skip
    """The lines of a table that can be kept; what cannot is remarked, with its line."""
    import pandas as pd

    frame = pd.DataFrame({"_ligne": sheet.lines, "_fichier": sheet.where})
    good = pd.Series(True, index=frame.index)
    for field in shape.fields[table]:
        if field.name in columns:
            raw, distinct = sheet.frame[columns[field.name]], sheet.distinct(columns[field.name])
        else:
            distinct = [constants.get(field.name, "")]
            raw = pd.Series(distinct[0], index=frame.index, dtype=str)
        read, refused = cells.converted(distinct, field, shape, words.values.get(field.name, {}))
        # Most columns are kept as they are written: nothing to put in the place of anything.
        kept = raw if all(text == new for text, new in read.items()) else raw.map(read)
        frame[field.name] = kept
        lacking = field.required and not all(read.values())
        empty = kept.eq("") if lacking else pd.Series(False, index=frame.index)
        good &= ~empty
        severity = ERROR if field.required else ALERT
        for place in frame.index[raw.isin(refused)] if refused else []:
            text, line = raw[place], sheet.lines[place]
            _remark(remarks, sheet.where, line, table, field.name, cells.quoted(text, field), severity, refused[text])
        for place in frame.index[empty & ~raw.isin(refused)] if empty.any() else []:
            _remark(
                remarks, sheet.where, sheet.lines[place], table, field.name, "", ERROR, "valeur obligatoire absente"
            )
    return frame if good.all() else frame[good]


def _remark(remarks: list[dict[str, Any]], *values: Any) -> None:
    remarks.append(dict(zip(REMARKS, map(str, values), strict=True)))


def _empty(shape: "Schema", table: str) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(columns=["_ligne", "_fichier", *shape.names(table)], dtype=str)


def _held(data_dir: Path, territory: str) -> Card | None:
    """The last vintage of the territory."""
    own = [card for card in catalogue(data_dir) if card.source == clause.SOURCE and card.covers == territory]
    return max(own, key=lambda card: (card.published, card.vintage), default=None)


def _write(
    tables: "dict[str, pd.DataFrame]", data_dir: Path, territory: str, earlier: Card | None, day: date, invented: bool
) -> tuple[str, bool]:
    """The vintage, and whether it is a new one: the same content is not written twice."""
    with writing.staging(data_dir / "raw" / clause.SOURCE) as folder:
        store.write(folder, tables)
        files = {path.name: sha256(path) for path in sorted(folder.glob("*.csv"))}
        if earlier and earlier.files == files:
            return earlier.vintage, False
        vintage = _free(data_dir, f"{territory}-{day.isoformat()}")
        writing.write_card(folder, _fields(tables, territory, day, invented), files)
        writing.publish(folder, data_dir / "raw" / clause.SOURCE / vintage)
    read_card.cache_clear()
    return vintage, True


def _free(data_dir: Path, name: str) -> str:
    """The name, or name-2, name-3... when one was already taken on the same day."""
    names = [name, *(f"{name}-{n:02}" for n in range(2, 100))]
    return next(each for each in names if not (data_dir / "raw" / clause.SOURCE / each).exists())


def _fields(tables: "dict[str, pd.DataFrame]", territory: str, day: date, invented: bool) -> dict[str, Any]:
    years = sorted(set(tables["contrats"]["annee"].astype(int)))
    structures = tables["operations"]["structure"].nunique()
    title = f"Clause sociale, données de {structures} structure{'s' if structures > 1 else ''}"
    return {
        "title": f"{title} (données fictives)" if invented else title,
        "short": "Données fictives" if invented else "Structures facilitatrices du territoire",
        "producer": "Données fictives" if invented else "Structures facilitatrices du territoire",
        "kind": "fictif" if invented else "producteur",
        "published": day.isoformat(),
        "reference_period": f"{years[0]} à {years[-1]}" if len(years) > 1 else str(years[0]),
        "url": "",
        "licence": "Micro-données non diffusées ; résultats : Licence Ouverte 2.0",
        "citation": "Données fictives, pour la démonstration." if invented
        else f"Structures facilitatrices du territoire, données de la clause sociale, {day.year}.",
        "covers": territory,
        "notes": "Données des structures ; une personne suivie par deux structures compte une fois si elles lui "
        "donnent un pseudonyme commun, deux fois sinon.",
    }  # fmt: skip
