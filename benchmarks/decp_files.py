"""Synthetic files for `decp.py`, in the published shapes, and the contracts that the program keeps of them.

Drawn column by column: nothing is to be learned of real contracts.
"""

import shutil
import sys
from pathlib import Path

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


def prepare(folder: Path) -> None:
    """`contrats.parquet`: the contracts of decp.parquet as the program keeps them."""
    from cpsr_study.sources.decp import normalise, session, store

    made = fresh(folder / "made") / "out"
    normalise.normalise(folder / "decp.parquet", made, "2026-12-31")
    with session.connected(folder) as base:
        store.unite(base, [made / normalise.YEARS], None, folder / "contrats.parquet")


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def made(folder: Path, rows: str) -> None:
    """The files of one size, made once, and the contracts of one of them, made again when the program is another."""
    from cpsr_study.sources.decp import store

    generate(folder, int(rows))
    rules = folder / f"regles-{store.rules()}"
    if not rules.exists():
        prepare(folder)
        rules.touch()


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
