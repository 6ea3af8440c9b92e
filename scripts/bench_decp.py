"""Benchmark of the contracts: synthetic files of the published shapes, paired interleaved runs, medians and ratios.

`python scripts/bench_decp.py 0.25 1 4 --rounds 3 --out build/bench-decp` (millions of rows). Synthetic: drawn column by
column, so nothing is to be learned of real contracts. Each run is a process of its own: wall time with its imports,
largest resident memory. Comparisons that need pyarrow or ijson are skipped when these are not installed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

DATA = Path(__file__).resolve().parent.parent / "data"
ROWS = """
SELECT
    lpad((21000000000000 + (contract % 20000) * 99991)::VARCHAR, 14, '0') AS acheteur_id,
    'M' || contract AS id, acheteur_id || id AS uid, 'Acheteur ' || contract % 20000 AS acheteur_nom,
    ['Commune', 'Groupement de communes', 'Département', 'État', ''][1 + contract % 5] AS acheteur_categorie,
    lpad((1 + contract % 95)::VARCHAR, 2, '0') || '001' AS acheteur_commune_code,
    lpad((1 + contract % 95)::VARCHAR, 2, '0') AS acheteur_departement_code, '28' AS acheteur_region_code,
    'Marché' AS nature, 'Objet synthétique du marché numéro ' || contract || ', lot ' || contract % 9 AS objet,
    ['45210000', '79000000', '30190000', '90910000'][1 + contract % 4] AS codeCPV,
    ['Procédure adaptée', 'Appel d''offres ouvert'][1 + contract % 2] AS "procedure",
    if(contract % 5 < 2, 'Accord-cadre', 'Sans objet') AS techniques,
    (DATE '2023-06-01' + (contract * 7919 % 1000)::INTEGER)::VARCHAR AS dateNotification,
    (DATE '2023-07-01' + (contract * 7919 % 1000)::INTEGER)::VARCHAR AS datePublicationDonnees,
    round(40000 + (contract * 104729 % 90000000) / 50.0 + version, 2) AS montant,
    ['', 'Sans objet', 'Clause sociale', 'Critère social, Clause sociale', 'Marché réservé', 'Sans objet'][
        1 + contract % 6] AS considerationsSociales,
    lpad((1 + contract * 31 % 95)::VARCHAR, 2, '0') AS lieuExecution_code,
    'Code département' AS lieuExecution_typeCode, (55000000000000 + i)::VARCHAR AS titulaire_id,
    version AS modification_id, version = 1 OR contract % 10 > 0 AS donneesActuelles,
    contract % 60 AS dureeMois, 1 + contract % 9 AS offresRecues, 'Unitaire' AS formePrix
FROM (SELECT i, i // 2 AS contract, if((i // 2) % 10 = 0, i % 2, 0) AS version FROM range({rows}) r(i))
"""
RECORD = (
    """
SELECT {'id': id, 'acheteur': {'id': acheteur_id}, 'nature': nature, 'objet': objet, 'codeCPV': codeCPV,
    'techniques': {'technique': [techniques]}, 'procedure': "procedure", 'dureeMois': dureeMois,
    'lieuExecution': {'code': lieuExecution_code, 'typeCode': lieuExecution_typeCode}, 'formePrix': formePrix,
    'dateNotification': dateNotification, 'datePublicationDonnees': datePublicationDonnees, 'montant': montant,
    'titulaires': [{'titulaire': {'id': titulaire_id, 'typeIdentifiant': 'SIRET'}}], 'offresRecues': offresRecues,
    'considerationsSociales': {'considerationSociale': string_split(considerationsSociales, ', ')}}::JSON::VARCHAR
FROM ("""
    + ROWS
    + ")"
)


def generate(folder: Path, rows: int) -> None:
    """The three shapes, once."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    query = ROWS.replace("{rows}", str(rows))
    base = duckdb.connect()
    for name, options in (("decp.csv", "FORMAT csv"), ("decp.parquet", "FORMAT parquet, COMPRESSION zstd")):
        if not (folder / name).exists():
            base.execute(f"COPY ({query}) TO '{folder / name}' ({options})")
    if not (folder / "decp.json").exists():
        found = base.execute(RECORD.replace("{rows}", str(rows)))
        with (folder / "decp.json").open("w", encoding="utf-8") as handle:
            handle.write('{"marches": {"marche": [\n')
            first = True
            while some := found.fetchmany(20000):
                handle.write(("" if first else ",\n") + ",\n".join(row[0] for row in some))
                first = False
            handle.write("\n]}}\n")


def ours_import(folder: Path, name: str) -> None:
    from cpsr_study.sources.decp import normalise

    aside = fresh(folder / "made")
    normalise.normalise(folder / name, aside / "out", "2026-12-31")


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
    from cpsr_study.sources.decp import json_lines, json_stream

    lines = json_lines.Held()
    with (folder / name).open("rb") as handle, json_stream.no_collection():
        for batch in json_stream.records(handle, name, lambda done: None):
            lines.take(batch)
            if lines.held >= json_lines.WRITTEN:
                lines.clear()


def ijson_json(folder: Path, name: str) -> None:
    import ijson

    from cpsr_study.sources.decp import records
    from cpsr_study.sources.decp.json_stream import Loose

    fields = set(Loose.__struct_fields__)
    count = 0
    with (folder / name).open("rb") as handle:
        for record in ijson.items(handle, "marches.marche.item", use_float=True):
            contract = Loose(**{key: value for key, value in record.items() if key in fields})
            count += len(records.loose([contract])) + len(records.modifications(contract.modifications))


def made_ready(folder: Path, rows: str) -> None:
    """The files of one size, and the contracts of one of them."""
    generate(folder, int(rows))
    if not (folder / "contrats.parquet").exists():
        prepare(folder)


def prepare(folder: Path) -> None:
    """The contracts of decp.parquet as the program keeps them."""
    from cpsr_study.sources.decp import session

    ours_import(folder, "decp.parquet")
    with session.connected(folder) as base:
        files = folder / "made" / "out" / "annee=*" / "*.parquet"
        base.execute(f"CREATE TEMP VIEW versions AS SELECT * EXCLUDE (annee) FROM read_parquet('{files}')")
        query = session.sql("ensemble").replace("{reunion}", session.sql("reunion"))
        base.execute(f"COPY ({query}) TO '{folder / 'contrats.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


def ours_aggregate(folder: Path, name: str) -> None:
    from cpsr_study.sources.decp import aggregate, session
    from cpsr_study.territories import Territories

    with session.connected(folder) as base:
        base.execute(f"CREATE TEMP VIEW contrats AS FROM read_parquet('{folder / name}')")
        aggregate.places(base, Territories.load(DATA, 2026), DATA, False)
        for lieu in aggregate.GEOGRAPHIES:
            base.execute(aggregate.query("ensembles_de_base", lieu)).df()


MEASURES = """count(*) n, sum(round(montant * 100)::HUGEINT) FILTER (ecarte IS NULL AND NOT accord_cadre) montant,
median(montant) FILTER (ecarte IS NULL AND NOT accord_cadre) mediane,
sum(round(montant * 100)::HUGEINT) FILTER (ecarte IS NULL AND accord_cadre) plafond,
count(*) FILTER (social = 'oui') oui, count(*) FILTER (social IN ('oui', 'aucune')) dit, count(*) FILTER (clause) c,
count(*) FILTER (critere) k, count(*) FILTER (reserve) r, count(*) FILTER (social = 'contradictoire') x,
count(*) FILTER (accord_cadre) a, count(*) FILTER (ecarte IS NOT NULL) e, count(*) FILTER (identique) i,
count(DISTINCT acheteur_id) b"""


def bare_aggregate(folder: Path, name: str) -> None:
    import duckdb

    areas = DATA / "reference" / "insee-cog" / "2026" / "territories.csv"
    base = duckdb.connect()
    base.execute(
        "CREATE TEMP TABLE d AS SELECT code[5:] AS dep, parent[5:] AS reg, parent[5:] > '10' AS metro "
        f"FROM read_csv('{areas}', all_varchar = true) WHERE level = 'DEP'"
    )
    for place in ("siege", "lieu"):
        base.execute(
            f"SELECT annee, dep, reg, metro, {MEASURES} FROM read_parquet('{folder / name}') c "
            f"LEFT JOIN d ON d.dep = c.{place}_departement "
            "GROUP BY GROUPING SETS ((annee), (annee, metro), (annee, reg), (annee, dep))"
        ).df()


def pandas_aggregate(folder: Path, name: str) -> None:
    import pandas as pd

    areas = pd.read_csv(DATA / "reference" / "insee-cog" / "2026" / "territories.csv", dtype=str)
    region = {row.code[4:]: row.parent[4:] for row in areas[areas["level"] == "DEP"].itertuples()}
    columns = ["annee", "siege_departement", "lieu_departement", "montant", "ecarte", "accord_cadre", "social",
               "clause", "critere", "reserve", "identique", "acheteur_id"]  # fmt: skip
    frame = pd.read_parquet(folder / name, columns=columns)
    good = frame["ecarte"].isna()
    frame["ferme"] = frame["montant"].where(good & ~frame["accord_cadre"])
    frame["plafond"] = frame["montant"].where(good & frame["accord_cadre"])
    frame["oui"] = frame["social"] == "oui"
    frame["dit"] = frame["social"].isin(["oui", "aucune"])
    frame["contradictoire"] = frame["social"] == "contradictoire"
    frame["mis"] = ~good
    sums = ["ferme", "plafond", "oui", "dit", "clause", "critere", "reserve", "contradictoire", "accord_cadre", "mis",
            "identique"]  # fmt: skip
    for place in ("siege", "lieu"):
        frame["dep"] = frame[f"{place}_departement"]
        frame["reg"] = frame["dep"].map(region)
        frame["metro"] = frame["reg"] > "10"
        for keys in (["annee"], ["annee", "metro"], ["annee", "reg"], ["annee", "dep"]):
            grouped = frame.groupby(keys)
            grouped[sums].sum()
            grouped["ferme"].median()
            grouped["acheteur_id"].nunique()
            grouped.size()


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# What is compared: our run, the one it is measured against, the file, what the other needs.
PAIRS = {
    "import CSV / DuckDB copy": ("ours_import", "bare_copy", "decp.csv", ""),
    "import Parquet / DuckDB copy": ("ours_import", "bare_copy", "decp.parquet", ""),
    "JSON reader / ijson": ("ours_json", "ijson_json", "decp.json", "ijson"),
    "JSON import (whole) / ijson reader": ("ours_import", "ijson_json", "decp.json", "ijson"),
    "aggregate / bare DuckDB": ("ours_aggregate", "bare_aggregate", "contrats.parquet", ""),
    "aggregate / pandas": ("ours_aggregate", "pandas_aggregate", "contrats.parquet", "pyarrow"),
}


def measure(task: str, folder: Path, name: str) -> tuple[float, float]:
    """Wall seconds and largest MB of a process that does the task."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, "--task", task, "--folder", str(folder), "--name", name])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"{task} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("millions", nargs="*", type=float, default=[0.25])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("build/bench-decp"))
    parser.add_argument("--task")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--name")
    asked = parser.parse_args()
    if asked.task:
        globals()[asked.task](asked.folder, asked.name)
        return
    print("| M rows | pair | ours s | other s | ratio | ours MB | other MB |\n|---|---|---|---|---|---|---|")
    for millions in asked.millions:
        folder = (asked.out / str(millions)).resolve()
        measure("made_ready", folder, str(int(millions * 1_000_000)))  # apart: a child starts at its parent's peak
        for title, (mine, other, name, needs) in PAIRS.items():
            if needs and not find_spec(needs):
                continue
            runs = [(measure(mine, folder, name), measure(other, folder, name)) for _ in range(asked.rounds)]
            ours, theirs = median(run[0][0] for run in runs), median(run[1][0] for run in runs)
            ratio = median(run[0][0] / run[1][0] for run in runs)
            peaks = max(run[0][1] for run in runs), max(run[1][1] for run in runs)
            times = f"{ours:.2f} | {theirs:.2f} | {ratio:.2f}"
            print(f"| {millions:g} | {title} | {times} | {peaks[0]:.0f} | {peaks[1]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
