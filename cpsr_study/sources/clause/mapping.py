"""How the headings and values of another software are said in the template: a TOML file, or the template's own words.

[operations]                       # heading of the file = field of the template
"N° opération" = "operation"
[constantes.operations]            # a field that is the same on every line
structure = "PLIE de l’exemple"
[valeurs.type_employeur]           # value of the file = code of the template
"Ent. intérim insertion" = "etti"
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cpsr_study.errors import RequestError
from cpsr_study.hidden import shown
from cpsr_study.parameters import suggestion
from cpsr_study.sources.clause.schema import TABLES, Schema, plain


@dataclass(frozen=True)
class Mapping:
    """By table: field by heading (as `plain` writes it) and constants; by field: code by value."""

    columns: dict[str, dict[str, str]]
    constants: dict[str, dict[str, str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def headings(self) -> frozenset[str]:
        return frozenset(heading for columns in self.columns.values() for heading in columns)


def own(schema: Schema) -> Mapping:
    """The template read as it is."""
    return Mapping({table: schema.headings(table) for table in TABLES})


def read(path: Path, schema: Schema) -> Mapping:
    """The mapping of a file; the template's own headings stay understood. RequestError names what does not hold."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise RequestError(f"Correspondance introuvable : {shown(path.name)}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"{shown(path.name)} ne se lit pas comme du TOML : {shown(error)}.") from None
    _known(content, [*TABLES, "constantes", "valeurs"], path, "section")
    columns = own(schema).columns
    for table in TABLES:
        given = _texts(content.get(table, {}), path)
        _known(given.values(), schema.names(table), path, f"champ de {table}")
        mapped = {plain(heading): name for heading, name in given.items()}
        taken = set(mapped.values())
        columns[table] = (
            {h: n for h, n in columns[table].items() if n not in taken} | mapped if given else columns[table]
        )
    constants = {table: _texts(values, path) for table, values in content.get("constantes", {}).items()}
    _known(constants, TABLES, path, "table")
    for table, values in constants.items():
        _known(values, schema.names(table), path, f"champ de {table}")
    lists = {f.name: f.values for fields in schema.fields.values() for f in fields if f.values}
    said = {name: _texts(each, path) for name, each in content.get("valeurs", {}).items()}
    _known(said, lists, path, "champ à liste")
    for name, words in said.items():
        _known(words.values(), [value.code for value in schema.values[lists[name]]], path, f"valeur de {name}")
    return Mapping(columns, constants, {name: _plain(words) for name, words in said.items()})


def _plain(words: dict[str, str]) -> dict[str, str]:
    return {plain(word): code for word, code in words.items()}


def _known(words: Any, allowed: Any, path: Path, what: str) -> None:
    for word in words:
        if word not in allowed:
            raise RequestError(f"{shown(path.name)} : {what} inconnu, « {shown(word)} ».{suggestion(word, allowed)}")


def _texts(value: Any, path: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise RequestError(f'{shown(path.name)} : des lignes « "mot" = "mot" » sont attendues.')
    return value
