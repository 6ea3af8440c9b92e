"""Invented data of a demonstration territory: a seed, and the same files each time. Nothing in it is anybody's."""

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cpsr_study.sources.clause import schema
from cpsr_study.sources.clause.schema import Schema

SEED = 2026
STRUCTURES, OPERATIONS, CONTRACTS, PEOPLE = 20, 300, 2000, 1300
FIRST, LAST = 2023, 2025
# code -> weight: orders of size chosen to be plausible, measured nowhere.
WEIGHTS: dict[str, dict[str, float]] = {
    "donneur_ordre": {"collectivites_sem": 44, "bailleurs_sociaux": 22, "etablissements_publics": 12, "prives": 11,
                      "entreprises_publiques": 7, "ministeres": 4},
    "type_marche": {"travaux": 72, "services": 25, "fournitures": 3},
    "modalite": {"condition_execution": 70, "marche_reserve_siae": 9, "achat_insertion": 9,
                 "marche_reserve_handicap": 5, "critere_attribution": 4, "marche_reserve_mixte": 3},
    "zone_lieu": {"hors_zone": 62, "qpv": 24, "frr": 14},
    "employeur": {"entreprise": 27, "etti": 26, "ett": 14, "ei": 11, "aci": 8, "geiq": 6, "ai": 4, "ea": 2, "regies": 1,
                  "autre_employeur": 1},
    "taille_entreprise": {"moins_10": 14, "moins_50": 36, "moins_200": 30, "plus_200": 20},
    "sexe_clause": {"homme": 82, "femme": 18},
    "age_clause": {"moins_26": 27, "de_26_34": 28, "de_35_49": 31, "plus_50": 14},
    "niveau_clause": {"infra_3": 40, "niveau_3": 37, "niveau_4": 16, "niveau_5": 7},
    "prescripteur": {"france_travail": 34, "siae": 27, "autre_prescripteur": 13, "mission_locale": 11, "plie": 8,
                     "departement": 5, "cap_emploi": 2},
    "sortie_clause": {"cdi": 14, "cdd_long": 17, "cdd_court": 13, "suite_insertion": 20, "formation": 8,
                      "recherche": 24, "independant": 1, "autre_sortie": 3},
}  # fmt: skip
PUBLICS = {"deld": 45, "rsa": 24, "qpv": 22, "frr": 10, "rqth": 6, "parcours_iae": 38, "refugies": 3, "justice": 1.2,
           "ass_aah": 4}  # fmt: skip
TYPES = {"etti": "ctti", "ett": "ctt", "ei": "cddi", "aci": "cddi", "ai": "cdd_usage", "geiq": "alternance"}
SECTORS = {"travaux": {"btp": 93, "espaces_verts": 7}, "fournitures": {"industrie": 100},
           "services": {"nettoyage": 38, "espaces_verts": 20, "dechets": 14, "restauration": 8, "autres_services": 9,
                        "transport_logistique": 5, "intellectuel": 6}}  # fmt: skip


def write(folder: Path, data_dir: Path, territory: str, seed: int = SEED) -> list[Path]:
    """The three CSV files of the template, filled with invented lines."""
    shape = schema.read(data_dir)
    random = Random(f"{seed} {territory}")
    markets = [_market(random, number) for number in range(1, OPERATIONS + 1)]
    people = [_person(random, number) for number in range(1, PEOPLE + 1)]
    deeds = _deeds(random, markets, people)
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"operations": markets, "contrats": deeds, "participants": people}
    return [_written(folder / f"{table}.csv", rows, table, shape) for table, rows in tables.items()]


def _pick(random: Random, weights: Mapping[str, float]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


def _structure(number: int) -> str:
    return f"Structure fictive {number:02}"


def _market(random: Random, number: int) -> dict[str, Any]:
    kind = _pick(random, WEIGHTS["type_marche"])
    start = date(FIRST, 1, 1) + timedelta(days=random.randrange(365 * (LAST - FIRST) + 250))
    way = _pick(random, WEIGHTS["modalite"])
    large = number <= 6
    return {
        "structure": _structure(1 + number % STRUCTURES),
        "operation": f"OP{number:03}",
        "reference": f"F{start.year}-{number:03}",
        "acheteur": f"Acheteur fictif {random.randrange(1, 61):02}",
        "categorie_acheteur": _pick(random, WEIGHTS["donneur_ordre"]),
        "type_marche": kind,
        "secteur": _pick(random, SECTORS[kind]),
        "montant": random.randrange(60, 4000) * 1000,
        "modalite": way,
        "poids_critere": random.choice([5, 10, 10, 15, 20]) if way == "critere_attribution" else "",
        "date_debut": start.isoformat(),
        "date_fin": (start + timedelta(days=random.randrange(200, 900))).isoformat(),
        "zone": _pick(random, WEIGHTS["zone_lieu"]),
        "heures_prevues": 0,
        "heures_stage": random.choice(["", "", "", 35, 70]),
        "grand_projet": "oui" if large else "non",
        "nom_grand_projet": f"Projet fictif {'ABC'[number % 3]}" if large else "",
    }


def _person(random: Random, number: int) -> dict[str, Any]:
    chosen = [code for code, share in PUBLICS.items() if random.random() < share / 100]
    gone = random.random() < 0.6
    first = _pick(random, WEIGHTS["sortie_clause"])
    return {
        "structure": _structure(1 + number % STRUCTURES),
        "participant": f"P{number:04}",
        "sexe": _pick(random, WEIGHTS["sexe_clause"]),
        "tranche_age": _pick(random, WEIGHTS["age_clause"]),
        "niveau_formation": _pick(random, WEIGHTS["niveau_clause"]),
        "publics": "|".join(chosen),
        "prescripteur": _pick(random, WEIGHTS["prescripteur"]),
        "sortie_3_mois": first if gone else "",
        "sortie_6_mois": _pick(random, WEIGHTS["sortie_clause"]) if gone and random.random() < 0.8 else "",
        "sortie_12_mois": _pick(random, WEIGHTS["sortie_clause"]) if gone and random.random() < 0.5 else "",
    }


def _deeds(random: Random, markets: list[dict[str, Any]], people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Contracts of each structure's people on its operations; the planned hours then follow what was done."""
    by_structure: dict[str, list[dict[str, Any]]] = {}
    for person in people:
        by_structure.setdefault(person["structure"], []).append(person)
    deeds, worked = [], dict.fromkeys((person["participant"] for person in people), 0.0)
    for number in range(1, CONTRACTS + 1):
        market = random.choices(markets, [6 if each["grand_projet"] == "oui" else 1 for each in markets])[0]
        person = random.choice(by_structure[market["structure"]])
        kind = _pick(random, WEIGHTS["employeur"])
        start = date.fromisoformat(market["date_debut"]) + timedelta(days=random.randrange(0, 200))
        start = min(start, date(LAST, 11, 30))
        end = min(start + timedelta(days=random.randrange(14, 320)), date(start.year, 12, 31))
        hours = round(min((end - start).days * random.uniform(1.2, 4.6), 1500 - worked[person["participant"]]), 1)
        if hours <= 0:
            hours = 7.0
        worked[person["participant"]] += hours
        deeds.append({
            "structure": market["structure"], "contrat": f"C{number:04}", "operation": market["operation"],
            "participant": person["participant"], "annee": start.year,
            "employeur": f"Entreprise fictive {random.randrange(1, 181):03}", "type_employeur": kind,
            "taille_entreprise": _pick(random, WEIGHTS["taille_entreprise"]),
            "type_contrat": TYPES.get(kind) or random.choice(["cdd", "cdd", "cdi", "autre_contrat"]),
            "date_debut": start.isoformat(), "date_fin": end.isoformat(), "heures_realisees": hours,
            "heures_payees": round(hours * 1.1, 1),
        })  # fmt: skip
        market["heures_prevues"] += hours
    for market in markets:
        market["heures_prevues"] = max(35, round(market["heures_prevues"] * random.uniform(0.95, 1.8)))
    return deeds


def _written(path: Path, rows: list[dict[str, Any]], table: str, shape: Schema) -> Path:
    names = shape.names(table)
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, delimiter=";", lineterminator="\r\n")
        writer.writerow([field.label for field in shape.fields[table]])
        writer.writerows([[row.get(name, "") for name in names] for row in rows])
    return path
