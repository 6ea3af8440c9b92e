"""The invented contracts of `decp/marches.csv`, and the ways to write them."""

import csv
import json
import shutil
from pathlib import Path

import duckdb

from cpsr_study.sources.decp import intake
from reports import DATA

HERE = Path(__file__).parent / "decp"
LIMIT = "2026-11-30"


def silent(name: str, done: int, total: int | None) -> None:
    pass


def bare(root: Path, *files: Path) -> Path:
    """A data folder that knows the thresholds and these files; the geography is that of the repository."""
    data = root / "data"
    (data / "reference").mkdir(parents=True)
    shutil.copy(DATA / "reference" / "seuils_europeens.csv", data / "reference")
    if files:
        intake.take([*files], data, silent)
    return data


def whole(root: Path, *files: Path) -> Path:
    """All the data of the repository, and these files."""
    data = root / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("processed"))
    intake.take([*files], data, silent)
    return data


def rows() -> list[dict[str, str]]:
    with (HERE / "marches.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def written(lines: list[dict[str, str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows()[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return path


def as_parquet(lines: list[dict[str, str]], path: Path) -> Path:
    source = written(lines, path.with_suffix(".csv"))
    target = path.with_suffix(".parquet")
    duckdb.execute(f"COPY (FROM read_csv('{source}', all_varchar = true)) TO '{target}' (FORMAT parquet)")
    return target


def as_json(lines: list[dict[str, str]], path: Path) -> Path:
    """The same contracts as a platform publishes them: titulaires in a list, modifications in another."""
    contracts: dict[tuple[str, str], dict] = {}
    for line in lines:
        social = [part.strip() for part in line["considerationsSociales"].split(",") if part.strip()]
        social = ["Pas de considération sociale" if part == "Sans objet" else part for part in social]
        amount = float(line["montant"]) if line["montant"] else None
        party = {"titulaire": {"id": line["titulaire_id"], "typeIdentifiant": "SIRET"}}
        if line["modification_id"] != "0":
            change = {"id": int(line["modification_id"]), "montant": amount}
            change |= {"dateNotificationModification": line["dateNotification"]}
            contracts[line["acheteur_id"], line["id"]]["modifications"].append({"modification": change})
        elif known := contracts.get((line["acheteur_id"], line["id"])):
            known["titulaires"].append(party)
        else:
            contracts[line["acheteur_id"], line["id"]] = {
                "objet": line["objet"], "id": line["id"], "acheteur": {"id": line["acheteur_id"]},
                "nature": line["nature"], "codeCPV": line["codeCPV"], "procedure": line["procedure"],
                "techniques": {"technique": [line["techniques"]]}, "dateNotification": line["dateNotification"],
                "datePublicationDonnees": line["datePublicationDonnees"], "montant": amount, "titulaires": [party],
                "considerationsSociales": {"considerationSociale": social}, "modifications": [],
                "lieuExecution": {"code": line["lieuExecution_code"], "typeCode": line["lieuExecution_typeCode"]},
            }  # fmt: skip
    path.write_text(json.dumps({"marches": {"marche": list(contracts.values())}}, ensure_ascii=False, indent=1))
    return path
