"""The ways that `decp.py` compares, each run in a process of its own: `python decp_ways.py WAY FOLDER FILE`.

Three ways count the same table from the same Parquet, in both geographies: each year of France, metropolitan France,
each région and each département, with the columns of FIGURES (amounts in M€, added in whole cents).

* `ours_aggregate`: the queries of the program, as `by_area` runs them, up to their lines in Python.
* `bare_aggregate`: the query that one writes at once in DuckDB, GROUPING SETS over the contracts joined to the official
  codes; its lines in Python.
* `pandas_aggregate`: only the columns needed; codes of areas as categories, booleans summed, amounts in whole
  cents; one groupby a level. Its frames are its result.
"""

import sys
from pathlib import Path
from typing import Any

from decp_files import fresh

DATA = Path(__file__).resolve().parent.parent / "data"
AREAS = DATA / "reference" / "insee-cog" / "2026" / "territories.csv"
COUNTS = ("marches", "oui", "declares", "clause", "critere", "reserve", "contradictoires", "accords", "natures",
          "sans_nature", "ecartes", "identiques", "non_localises", "situes_sirene", "acheteurs")  # fmt: skip
FIGURES = (*COUNTS, "montant", "plafond", "montant_median")
PLACES = ("siege", "lieu")


def ours_import(folder: Path, name: str) -> None:
    """The import of a file, as the program does it."""
    from cpsr_study.sources.decp import normalise

    normalise.normalise(folder / name, fresh(folder / "made") / "out", "2026-12-31")


def bare_copy_in_memory(folder: Path, name: str) -> None:
    """The same copy, in the same order, with the memory that the import is given: it spills instead of growing."""
    import duckdb

    from cpsr_study.sources.decp import tabular

    duckdb.execute(f"SET memory_limit = '{tabular.MEMORY}'")
    duckdb.execute(f"SET temp_directory = '{folder / 'spill'}'")
    bare_copy(folder, name)


def bare_copy(folder: Path, name: str) -> None:
    """The columns that we keep, read and written by DuckDB without any rule."""
    import duckdb

    aside = fresh(folder / "bare")
    columns = ("id, acheteur_id, acheteur_nom, acheteur_categorie, acheteur_commune_code, acheteur_departement_code, "
               "acheteur_region_code, nature, objet, codeCPV, procedure, techniques, dateNotification, "
               "datePublicationDonnees, montant, considerationsSociales, lieuExecution_code, lieuExecution_typeCode, "
               "titulaire_id, modification_id, donneesActuelles")  # fmt: skip
    path = folder / name
    source = f"read_csv('{path}', all_varchar = true)" if name.endswith("csv") else f"read_parquet('{path}')"
    duckdb.execute(
        f"COPY (SELECT {columns}, left(dateNotification, 4) AS annee FROM {source}) TO '{aside / 'out'}' "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (annee))"
    )


def ours_json(folder: Path, name: str) -> None:
    """The JSON read into the lines that the import writes."""
    from cpsr_study.sources.decp import json_lines, json_stream

    lines = json_lines.Held()
    with (folder / name).open("rb") as handle, json_stream.no_collection():
        for batch in json_stream.records(handle, name, lambda done: None):
            lines.take(batch)
            if lines.held >= json_lines.WRITTEN:
                lines.clear()


def ijson_json(folder: Path, name: str) -> None:
    """The same lines, the records given by ijson."""
    import ijson

    from cpsr_study.sources.decp import records
    from cpsr_study.sources.decp.json_stream import Loose

    fields = set(Loose.__struct_fields__)
    with (folder / name).open("rb") as handle:
        for record in ijson.items(handle, "marches.marche.item", use_float=True):
            contract = Loose(**{key: value for key, value in record.items() if key in fields})
            records.loose([contract])
            records.modifications(contract.modifications)


def ours_aggregate(folder: Path, name: str) -> dict[str, list[dict]]:
    """The program's own queries."""
    from cpsr_study.sources.decp import aggregate, session
    from cpsr_study.territories import Territories

    with session.connected(folder, macros=False) as base:
        base.execute(f"CREATE TEMP VIEW marches AS FROM read_parquet('{folder / name}')")
        aggregate.places(base, Territories.load(DATA, 2026))
        aggregate.count(base, aggregate.ALL)
        found = aggregate.wholes(base, PLACES, aggregate.ALL)
    return {place: [line for line in found if line["geographie"] == place] for place in PLACES}


BARE = """
SELECT
    CASE WHEN GROUPING(dep) = 0 THEN 'DEP-' || dep WHEN GROUPING(reg) = 0 THEN 'REG-' || reg
         WHEN GROUPING(metropole) = 0 THEN 'FRMET' ELSE 'FR' END AS geo,
    annee, count(*) AS marches,
    count(*) FILTER (social = 'oui') AS oui, count(*) FILTER (social IN ('oui', 'aucune')) AS declares,
    count(*) FILTER (clause) AS clause, count(*) FILTER (critere) AS critere, count(*) FILTER (reserve) AS reserve,
    count(*) FILTER (social = 'contradictoire') AS contradictoires, count(*) FILTER (accord_cadre) AS accords,
    count(*) FILTER (nature_dite) AS natures, count(*) FILTER (NOT nature_dite) AS sans_nature,
    count(*) FILTER (ecarte IS NOT NULL) AS ecartes, count(*) FILTER (identique) AS identiques,
    count(*) FILTER (reg IS NULL) AS non_localises,
    count(*) FILTER (siege_sirene AND '{place}' = 'siege') AS situes_sirene,
    count(DISTINCT acheteur_id) AS acheteurs,
    sum(round(montant * 100)::BIGINT) FILTER (ecarte IS NULL AND NOT accord_cadre)::DOUBLE / 1e8 AS montant,
    sum(round(montant * 100)::BIGINT) FILTER (ecarte IS NULL AND accord_cadre)::DOUBLE / 1e8 AS plafond,
    median(montant) FILTER (ecarte IS NULL AND NOT accord_cadre) AS montant_median
FROM (
    SELECT c.*, d.dep, coalesce(d.reg, r.reg) AS reg, coalesce(d.metropole, r.metropole) AS metropole
    FROM read_parquet('{path}') AS c
    LEFT JOIN departements AS d ON d.dep = c.{place}_departement
    LEFT JOIN regions AS r ON r.reg = c.{place}_region
)
GROUP BY GROUPING SETS ((annee), (annee, metropole), (annee, reg), (annee, dep))
HAVING NOT (GROUPING(dep) = 0 AND dep IS NULL OR GROUPING(reg) = 0 AND reg IS NULL
    OR GROUPING(metropole) = 0 AND metropole IS NOT TRUE)
"""


def bare_aggregate(folder: Path, name: str) -> dict[str, list[dict]]:
    """DuckDB alone."""
    import duckdb

    base = duckdb.connect()
    areas = f"read_csv('{AREAS}', all_varchar = true)"
    base.execute(
        "CREATE TEMP TABLE regions AS SELECT code[5:] AS reg, parent = 'FRMET' AS metropole "
        f"FROM {areas} WHERE level = 'REG'"
    )
    base.execute(
        "CREATE TEMP TABLE departements AS SELECT code[5:] AS dep, reg, metropole "
        f"FROM {areas} JOIN regions ON reg = parent[5:] WHERE level = 'DEP'"
    )
    found = {}
    for place in PLACES:
        lines = base.execute(BARE.format(place=place, path=folder / name))
        names = [column[0] for column in lines.description]
        found[place] = [dict(zip(names, line, strict=True)) for line in lines.fetchall()]
    return found


def pandas_aggregate(folder: Path, name: str) -> dict[str, Any]:
    """pandas alone."""
    import pandas as pd

    columns = ["annee", "siege_departement", "siege_region", "lieu_departement", "lieu_region", "siege_sirene",
               "montant", "ecarte", "accord_cadre", "nature_dite", "social", "clause", "critere", "reserve",
               "identique", "acheteur_id"]  # fmt: skip
    areas = pd.read_csv(AREAS, dtype=str, usecols=["code", "level", "parent"])
    areas["written"] = areas["code"].str.partition("-")[2]
    regions, departements = (areas[areas["level"] == level].set_index("written") for level in ("REG", "DEP"))
    metropolitan = regions["code"][regions["parent"] == "FRMET"]
    frame = pd.read_parquet(folder / name, columns=columns)
    cents = (frame["montant"] * 100).round()
    good = frame["ecarte"].isna()
    firm, ceiling = good & ~frame["accord_cadre"], good & frame["accord_cadre"]
    frame = frame.assign(
        marches=1, fermes=firm, cadres=ceiling, accords=frame["accord_cadre"],
        natures=frame["nature_dite"], sans_nature=~frame["nature_dite"], ecartes=~good,
        montant=cents.where(firm, 0).astype("int64"), plafond=cents.where(ceiling, 0).astype("int64"),
        montant_median=frame["montant"].where(firm), oui=frame["social"] == "oui",
        declares=frame["social"].isin(["oui", "aucune"]), contradictoires=frame["social"] == "contradictoire",
        identiques=frame["identique"],
    )  # fmt: skip
    summed = [name for name in COUNTS if name != "acheteurs"] + ["montant", "plafond", "fermes", "cadres"]

    def table(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
        grouped = rows.groupby(keys, observed=True)
        found = grouped[summed].sum()
        found["montant_median"] = grouped["montant_median"].median()
        found["acheteurs"] = grouped["acheteur_id"].nunique()
        found["montant"] = (found["montant"] / 1e8).where(found["fermes"] > 0)
        found["plafond"] = (found["plafond"] / 1e8).where(found["cadres"] > 0)
        return found.rename_axis(index={"reg": "geo", "dep": "geo"}).reset_index()

    found = {}
    for place in PLACES:
        dep, reg = frame[f"{place}_departement"], frame[f"{place}_region"]
        region = dep.map(departements["parent"]).fillna(reg.map(regions["code"]))
        located = frame.assign(
            dep=dep.map(departements["code"]).astype("category"), reg=region.astype("category"),
            non_localises=region.isna(), situes_sirene=frame["siege_sirene"] & (place == "siege"),
        )  # fmt: skip
        found[place] = pd.concat([
            table(located, ["annee"]).assign(geo="FR"),
            table(located[region.isin(metropolitan)], ["annee"]).assign(geo="FRMET"),
            table(located, ["annee", "reg"]),
            table(located, ["annee", "dep"]),
        ])  # fmt: skip
    return found


def compared(found: dict[str, Any]) -> dict[tuple, tuple]:
    """The table of a way, for comparison: figures by geography, area and year; None where there is none."""
    table = {}
    for place, lines in found.items():
        for line in lines if isinstance(lines, list) else lines.to_dict("records"):
            values = (line[name] for name in FIGURES)
            table[place, line["geo"], line["annee"]] = tuple(None if value != value else value for value in values)
    return table


def same_tables(folder: Path, name: str) -> None:
    """Stop unless the ways count the same; pandas only where it can read Parquet."""
    from importlib.util import find_spec

    ours = compared(ours_aggregate(folder, name))
    others = [bare_aggregate, pandas_aggregate] if find_spec("pyarrow") else [bare_aggregate]
    for way in others:
        theirs = compared(way(folder, name))
        wrong = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        if wrong:
            raise SystemExit(f"{way.__name__}: {wrong[0]}: {theirs.get(wrong[0])}, ours: {ours.get(wrong[0])}")


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
