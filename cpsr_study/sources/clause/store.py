"""The tables of a vintage as they are kept in `data/raw/clause/<vintage>/`, and the years they tell."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.area_names import key
from cpsr_study.errors import DataError
from cpsr_study.sources import Card
from cpsr_study.sources.clause import schema as schemas
from cpsr_study.sources.clause.counting import Year
from cpsr_study.sources.clause.layout import SAME, SPLITS, UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources.clause.schema import Schema
    from cpsr_study.territories import Territories

NUMBERS = {"entier", "decimal", "annee"}
SHARED = "|"  # before a pseudonym that structures share: no structure has an empty name
MOST_PROJECTS, OTHER_PROJECTS = 12, "autres_projets"
_MARKS = re.compile(r'[,"\n\r]')
_CODED = ["modalite", "type_employeur", "type_marche", *(column for _, _, column in SPLITS.values())]


def file_name(table: str) -> str:
    return f"{table}.csv"


def read(folder: Path, schema: "Schema") -> "dict[str, pd.DataFrame]":
    """The three tables, texts as texts and numbers as numbers (absent ones NaN)."""
    import pandas as pd

    tables = {}
    for table in schemas.TABLES:
        path = folder / file_name(table)
        try:
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        except (OSError, ValueError):
            raise DataError(f"clause/{folder.name}/{path.name} ne se lit pas.") from None
        for field in schema.fields[table]:
            if field.name not in frame and not field.required:
                frame[field.name] = ""  # kept before the template had this field
            if field.name not in frame:
                raise DataError(f"clause/{folder.name}/{path.name} : la colonne {field.name} manque.")
            if field.type in NUMBERS:
                frame[field.name] = pd.to_numeric(frame[field.name].replace("", None))
        tables[table] = frame
    return tables


def write(folder: Path, tables: "dict[str, pd.DataFrame]") -> None:
    """The three tables, as they are read again: whole numbers without decimals."""
    for table, frame in tables.items():
        texts = {name: _number_texts(frame[name]) for name in frame.select_dtypes("number")}
        columns = [_quoted(texts.get(name, frame[name]).tolist()) for name in frame]
        rows = map(",".join, zip(*columns, strict=True))
        text = "\n".join([",".join(frame.columns), *rows, ""])
        (folder / file_name(table)).write_text(text, encoding="utf-8", newline="")


def _quoted(texts: list[str]) -> list[str]:
    """The cells of a column as a CSV has them; most columns have none to quote, which one look tells."""
    joined = "\t".join(texts)
    if not any(mark in joined for mark in ',"\n\r'):
        return texts
    return ['"{}"'.format(text.replace('"', '""')) if _MARKS.search(text) else text for text in texts]


def _number_texts(column: "pd.Series") -> "pd.Series":
    """The numbers as texts, each distinct one written once: much faster than one by one."""
    return column.map({value: f"{value:.10g}" for value in column.dropna().unique()}).astype(object).fillna("")


def years(card: Card, area: str, territories: "Territories", schema: "Schema") -> Iterator[Year]:
    """Each year in which operations executed in the area have hours, of a vintage that is kept."""
    yield from years_of(read(card.folder, schema), area, territories, schema)


def years_of(
    tables: "dict[str, pd.DataFrame]", area: str, territories: "Territories", schema: "Schema"
) -> Iterator[Year]:
    """Each year in which operations executed in the area have hours."""
    lines, markets = joined(tables, schema)
    inside = [not code or _within(f"COM-{code}", area, territories) for code in markets["commune"]]
    markets = markets[inside]
    lines = lines[lines["market"].isin(markets["market"])]
    first = True
    for year, own in lines[lines["heures"] > 0].groupby("annee"):
        active = markets[markets["market"].isin(own["market"])].reset_index(drop=True)
        yield Year(int(year), own, active, lines, first)
        first = False


def _within(commune: str, area: str, territories: "Territories") -> bool:
    return commune in territories and territories.is_within(commune, area)


def heads(markets: "pd.DataFrame") -> list[str]:
    """For each operation, the one it counts as: the first with the same buyer and market reference, or itself."""
    first: dict[str, str] = {}
    found = []
    for row in markets[["structure", "operation", "acheteur", "reference"]].itertuples(index=False):
        own, reference = f"{row.structure}|{row.operation}", re.sub(r"[^a-z0-9]", "", key(row.reference))
        found.append(first.setdefault(f"{key(row.acheteur)}|{reference}", own) if reference else own)
    return found


def operations(tables: "dict[str, pd.DataFrame]") -> "tuple[pd.DataFrame, pd.Series]":
    """The operations, each once, with their name (`market`); that name for each contract."""
    markets, deeds = tables["operations"], tables["contrats"]
    own = markets["structure"] + "|" + markets["operation"]
    counted = dict(zip(own, heads(markets), strict=True))
    first = markets.assign(market=own)[[counted[name] == name for name in own]].reset_index(drop=True)
    return first, (deeds["structure"] + "|" + deeds["operation"]).map(counted)


def joined(tables: "dict[str, pd.DataFrame]", schema: "Schema") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Contracts with their operation and participant, and operations; what is not said is `non_renseigne`."""
    import pandas as pd

    deeds, people = tables["contrats"], tables["participants"]
    markets, of_deeds = operations(tables)
    markets = markets.assign(
        acheteur_cle=markets["acheteur"].map(key),
        type_marche=markets["type_marche"].replace("", UNKNOWN),
        projet_code=_projects(markets),
    )
    lines = deeds.assign(
        market=of_deeds,
        person=_persons(deeds, people),
        deed=deeds["structure"] + "|" + deeds["contrat"],
        heures=deeds["heures_realisees"].fillna(0.0),
        employeur=deeds["employeur"].map(key),
        jours=(pd.to_datetime(deeds["date_fin"]) - pd.to_datetime(deeds["date_debut"])).dt.days + 1,
    ).rename(columns={"date_debut": "contrat_debut", "date_fin": "contrat_fin"})
    about = ["market", "acheteur_cle", "modalite", "categorie_acheteur", "secteur", "zone", "grand_projet",
             "projet_code", "nom_grand_projet"]  # fmt: skip
    lines = lines.merge(markets[about], on="market", how="left").rename(columns={"acheteur_cle": "acheteur"})
    who = _described(people, [value.code for value in schema.values["public"]])
    lines = lines.merge(who, on="person", how="left")
    publics = lines["publics"].fillna("").str.split("|")
    for value in schema.values["public"]:
        if value.code not in SAME:
            lines[f"public.{value.code}"] = [_said(value.code in each) for each in publics]
    lines["projet"] = [_said(text == "oui") for text in lines["grand_projet"]]
    for column in {*_CODED} & {*lines.columns}:
        lines[column] = lines[column].fillna("").replace("", UNKNOWN)
    lines["acheteur_cle"] = lines["acheteur"]
    return lines, markets


def _projects(markets: "pd.DataFrame") -> list[str]:
    """The category of the large project of each operation, by its name in alphabetical order: no order tells a size."""
    large = markets["grand_projet"] == "oui"
    names = markets["nom_grand_projet"].map(key)
    known = sorted({name for name in names[large] if name})[:MOST_PROJECTS]
    codes = {name: f"projet_{place:02}" for place, name in enumerate(known, 1)}
    return [codes.get(name, OTHER_PROJECTS) if own else UNKNOWN for name, own in zip(names, large, strict=True)]


def _persons(rows: "pd.DataFrame", people: "pd.DataFrame") -> "pd.Series":
    """Who each row is about: the pseudonym that structures share, else the one of a single structure."""
    shared = people[people["pseudonyme_commun"] != ""]
    own = shared["structure"] + "|" + shared["participant"]
    common = dict(zip(own, SHARED + shared["pseudonyme_commun"], strict=True))
    return (rows["structure"] + "|" + rows["participant"]).map(lambda name: common.get(name, name))


def _described(people: "pd.DataFrame", publics: list[str]) -> "pd.DataFrame":
    """One row a person: of one whom several structures describe, the first thing said of each, and all the publics."""
    told = people.assign(person=_persons(people, people)).drop(
        columns=["structure", "participant", "pseudonyme_commun"]
    )
    if not told["person"].duplicated().any():
        return told
    told["publics"] = told.groupby("person")["publics"].transform(
        lambda each: "|".join(code for code in publics if any(code in text.split("|") for text in each))
    )
    return told.replace("", None).groupby("person", as_index=False, sort=False).first().fillna("")


def _said(yes: bool) -> str:
    return "oui" if yes else "non"
