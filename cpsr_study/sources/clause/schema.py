"""The three tables of the clause template, as `data/reference/clause_champs.csv` and `clause_valeurs.csv` define them.

These two tables drive the template, the reading, the mapping and the documents: a new field or value is a line there.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cpsr_study import lines
from cpsr_study.area_names import key
from cpsr_study.errors import DataError

TABLES = {"operations": "Opérations", "contrats": "Contrats", "participants": "Participants"}
KEYS = {
    "operations": ["structure", "operation"],
    "contrats": ["structure", "contrat", "annee"],
    "participants": ["structure", "participant"],
}


@dataclass(frozen=True)
class Field:
    """One column of a table of the template."""

    table: str
    name: str
    label: str
    type: str
    required: bool
    values: str
    definition: str


@dataclass(frozen=True)
class Value:
    """One allowed value of a list; `aliases` are other spellings that are understood."""

    code: str
    label: str
    aliases: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class Schema:
    """Fields of each table, in order, and values of each list."""

    fields: dict[str, list[Field]]
    values: dict[str, list[Value]]

    def names(self, table: str) -> list[str]:
        return [field.name for field in self.fields[table]]

    def headings(self, table: str) -> dict[str, str]:
        """Field name by heading as it is compared: the label or the name itself."""
        return {plain(text): field.name for field in self.fields[table] for text in (field.label, field.name)}

    def codes(self, values: str) -> dict[str, str]:
        """Code by text as it is compared: the code, the label, each alias."""
        return {
            plain(text): value.code
            for value in self.values[values]
            for text in (*value.aliases, value.label, value.code)
        }


def plain(text: str) -> str:
    """A text as headings and values are compared: no accent, case, unit in brackets nor punctuation."""
    return re.sub(r"[^a-z0-9+-]+", " ", key(re.sub(r"\((?!art)[^)]*\)", "", text))).strip()


@lru_cache(maxsize=8)
def read(data_dir: Path) -> Schema:
    """The schema of a data folder. DataError when the two tables do not hold together."""
    values: dict[str, list[Value]] = {}
    for row in _rows(data_dir, "clause_valeurs.csv"):
        aliases = tuple(filter(None, row["alias"].split("|")))
        values.setdefault(row["liste"], []).append(Value(row["code"], row["libelle"], aliases, row["definition"]))
    fields: dict[str, list[Field]] = {name: [] for name in TABLES}
    for row in _rows(data_dir, "clause_champs.csv"):
        listed = row["liste"] or ("oui_non" if row["type"] == "oui_non" else "")
        if row["table"] not in fields or (listed and listed not in values):
            raise DataError(f"clause_champs.csv : table ou liste inconnue pour {row['champ']}.")
        required = row["obligatoire"] == "oui"
        field = Field(row["table"], row["champ"], row["libelle"], row["type"], required, listed, row["definition"])
        fields[row["table"]].append(field)
    return Schema(fields, values)


def _rows(data_dir: Path, name: str) -> list[dict[str, str]]:
    path = data_dir / "reference" / name
    if not path.is_file():
        raise DataError(f"Table de référence absente : {name}.")
    records = lines.read(path, name)
    _, header = next(records, (1, []))
    return [dict(zip(header, cells, strict=True)) for _, cells in records]
