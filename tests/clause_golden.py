"""Twelve operations, forty contracts and twenty-five participants, simple enough to be counted by hand.

Contracts 1 to 30 are worth 100 hours, 31 to 40 are worth 50: 3 500 hours in all. Participants 1 to 15 have two
contracts, the others one. The expected figures below were worked out on paper from these lines, not by the package.
"""

from pathlib import Path

AREA = "EPCI-200065597"
STRUCTURE = "Structure de l’essai"
HEADS = {
    "operations": "structure;operation;reference;acheteur;categorie_acheteur;type_marche;secteur;modalite;"
    "poids_critere;date_debut;date_fin;zone;heures_prevues;heures_stage;grand_projet;nom_grand_projet",
    "contrats": "structure;contrat;operation;participant;employeur;type_employeur;taille_entreprise;type_contrat;"
    "date_debut;date_fin;heures_realisees;heures_payees",
    "participants": "structure;participant;sexe;tranche_age;niveau_formation;publics;prescripteur;sortie_3_mois;"
    "sortie_6_mois;sortie_12_mois",
}
BUYERS = [
    (4, "Ville", "collectivites_sem"),
    (8, "Office de l’habitat", "bailleurs_sociaux"),
    (10, "Direction de l’État", "ministeres"),
    (12, "Promoteur", "prives"),
]
WAYS = {7: "marche_reserve_siae", 8: "marche_reserve_siae", 9: "marche_reserve_handicap", 10: "achat_insertion",
        11: "critere_attribution"}  # fmt: skip
EMPLOYERS = {
    "etti": ("Intérim", "plus_200", "ctti"),
    "entreprise": ("Bâtisseurs", "moins_10", "cdd"),
    "ei": ("Insertion", "moins_50", "cddi"),
    "aci": ("Chantier", "moins_50", "cddi"),
    "geiq": ("Groupement", "moins_200", "alternance"),
}

EXPECTED = {
    "heures_insertion": 3500,
    "participants": 25,
    "contrats": 40,
    "marches_clauses": 12,
    "maitres_ouvrage": 4,
    "entreprises_clauses": 5,
    "etp_insertion": 3500 / 1607,
    "duree_moyenne_contrat_etp": 3500 / 1607 / 40,
    "duree_moyenne_contrat_mois": 12 * 3500 / 1607 / 40,
    "duree_moyenne_contrat_jours": (30 * 31 + 10 * 91) / 40,
    "duree_mediane_contrat_jours": 31,
    "heures_prevues": 4000,
    "heures_cumulees": 3500,
    "marches_en_retard": 1,
    "heures_stage": 70,
    "heures_payees": 3850,
    "poids_moyen_critere": 15,
    "heures_condition_execution": 2050,
    "heures_insertion_grands_projets": 600,
    "participants_suivis_3": 10,
    "participants_suivis_6": 5,
    "participants_suivis_12": 8,
    "heures_modalite": {"condition_execution": 2050, "critere_attribution": 250, "achat_insertion": 300,
                        "marche_reserve": 900, "marche_reserve_siae": 600, "marche_reserve_handicap": 300},
    "heures_mode_embauche": {"embauche_directe": 600, "travail_temporaire": 900, "etti": 900, "inclusives": 1450,
                             "iae": 1200},
    "heures_employeur": {"etti": 1500, "entreprise": 1000, "ei": 500, "aci": 250, "geiq": 250, "siae": 2250,
                         "siae_geiq_regies": 2500},
    "heures_taille_entreprise": {"moins_10": 1000, "moins_50": 750, "moins_200": 250, "plus_200": 1500,
                                 "pme_moins_200": 2000},
    "heures_donneur_ordre": {"collectivites_sem": 1200, "bailleurs_sociaux": 1200, "ministeres": 600, "prives": 500},
    "heures_secteur": {"btp": 2400, "nettoyage": 600, "restauration": 250, "industrie": 250},
    "heures_projet": {"projet_01": 300, "projet_02": 300},  # Gare, Tramway
    "heures_zone": {"qpv": 900, "frr": 300, "hors_zone": 2300},
    "marches_type": {"travaux": 8, "services": 3, "fournitures": 1},
    "contrats_type": {"ctti": 15, "cdd": 10, "cddi": 10, "alternance": 5},
    "participants_sexe": {"femme": 6, "homme": 19},
    "participants_age": {"moins_26": 7, "de_26_34": 8, "de_35_49": 5, "plus_50": 5},
    "participants_niveau": {"infra_3": 10, "niveau_3": 8, "niveau_4": 5, "niveau_5": 2},
    "participants_public": {"femmes": 6, "moins_26": 7, "plus_50": 5, "peu_qualifie": 18, "deld": 12, "rsa": 6,
                            "qpv": 6, "rqth": 3},
    "participants_prescripteur": {"plie": 5, "france_travail": 15, "mission_locale": 4, "non_renseigne": 1},
    "participants_sortie_3": {"cdi": 5, "recherche": 5},
    "participants_sortie_6": {"cdi": 5},
    "participants_sortie_12": {"cdi": 5, "formation": 3},
}  # fmt: skip

# What derives from them, whether or not confidentiality lets it show: shares in %, full-time equivalents, ratios.
_PERSONS = {"sexe": {"femme": 24, "homme": 76}, "age": {"moins_26": 28, "de_26_34": 32, "de_35_49": 20, "plus_50": 20},
            "niveau": {"infra_3": 40, "niveau_3": 32, "niveau_4": 20, "niveau_5": 8},
            "public": {"femmes": 24, "moins_26": 28, "plus_50": 20, "peu_qualifie": 72, "deld": 48, "rsa": 24,
                       "qpv": 24, "rqth": 12},
            "prescripteur": {"plie": 20, "france_travail": 60, "mission_locale": 16, "non_renseigne": 4}}  # fmt: skip
_MODES = {"embauche_directe": 600, "travail_temporaire": 900, "etti": 900, "inclusives": 1450, "iae": 1200}
DERIVED = {
    "etp_equivalents": 3500 / 1607,
    "heures_par_participant": 140,
    "contrats_par_participant": 1.6,
    "taux_realisation": 87.5,
    "part_heures_grands_projets": 100 * 6 / 35,
    "etp_donneur_ordre": {"collectivites_sem": 1200 / 1607, "bailleurs_sociaux": 1200 / 1607, "ministeres": 600 / 1607,
                          "prives": 500 / 1607},
    "etp_mode_embauche": {mode: hours / 1607 for mode, hours in _MODES.items()},
    "part_etp_mode_embauche": {mode: hours / 20.5 for mode, hours in _MODES.items()},  # of 2 050 hours
    "part_etp_total_mode_embauche": {mode: hours / 35 for mode, hours in _MODES.items()},  # of 3 500 hours
    "part_etp_modalite": {"condition_execution": 410 / 7, "critere_attribution": 50 / 7, "achat_insertion": 60 / 7,
                          "marche_reserve": 180 / 7, "marche_reserve_siae": 120 / 7, "marche_reserve_handicap": 60 / 7},
    "part_etp_donneur_ordre": {"collectivites_sem": 240 / 7, "bailleurs_sociaux": 240 / 7, "ministeres": 120 / 7,
                               "prives": 100 / 7},
    "part_etp_employeur": {"etti": 300 / 7, "entreprise": 200 / 7, "ei": 100 / 7, "aci": 50 / 7, "geiq": 50 / 7,
                           "siae": 450 / 7, "siae_geiq_regies": 500 / 7},
    "part_etp_taille_entreprise": {"moins_10": 200 / 7, "moins_50": 150 / 7, "moins_200": 50 / 7, "plus_200": 300 / 7,
                                   "pme_moins_200": 400 / 7},
    "part_heures_secteur": {"btp": 480 / 7, "nettoyage": 120 / 7, "restauration": 50 / 7, "industrie": 50 / 7},
    "part_heures_projet": {"projet_01": 60 / 7, "projet_02": 60 / 7},
    "part_heures_zone": {"qpv": 180 / 7, "frr": 60 / 7, "hors_zone": 460 / 7},
    "part_marches_type": {"travaux": 200 / 3, "services": 25, "fournitures": 25 / 3},
    "part_contrats_type": {"ctti": 37.5, "cdd": 25, "cddi": 25, "alternance": 12.5},
    **{f"part_participants_{name}": shares for name, shares in _PERSONS.items()},
    "part_sortie_3": {"cdi": 50, "recherche": 50},
    "part_sortie_6": {"cdi": 100},
    "part_sortie_12": {"cdi": 62.5, "formation": 37.5},
    "part_etp_modalite_non_expliquee": 0,
}  # fmt: skip


def flat(figures: dict[str, object]) -> dict[tuple[str, str], float]:
    """(indicator, category) -> value."""
    found: dict[tuple[str, str], float] = {}
    for indicator, value in figures.items():
        values = value if isinstance(value, dict) else {"": value}
        found |= {(indicator, category): number for category, number in values.items()}
    return found


def tables(without: int = 0) -> dict[str, list[list[str]]]:
    """The lines of the three tables, without the participant of that number and his or her contracts."""
    return {
        "operations": [_market(number) for number in range(1, 13)],
        "contrats": [_deed(number) for number in range(1, 41) if _who(number) != without],
        "participants": [_person(number) for number in range(1, 26) if number != without],
    }


def write(folder: Path, rows: dict[str, list[list[str]]] | None = None, encoding: str = "utf-8") -> list[Path]:
    """The three CSV files of the golden territory, or of other lines."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table, lines in (rows or tables()).items():
        paths.append(folder / f"{table}.csv")
        text = "\n".join([HEADS[table], *(";".join(line) for line in lines)]) + "\n"
        paths[-1].write_text(text, encoding=encoding)
    return paths


def _market(number: int) -> list[str]:
    buyer, kind = next((name, kind) for last, name, kind in BUYERS if number <= last)
    nature = "travaux" if number <= 8 else "services" if number <= 11 else "fournitures"
    sector = {9: "nettoyage", 10: "nettoyage", 11: "restauration", 12: "industrie"}.get(number, "btp")
    weight = {1: "15", 11: "10", 12: "20"}.get(number, "")
    end = "31/12/2026" if number == 1 else "31/12/2025"
    zone = "qpv" if number <= 3 else "frr" if number == 4 else "hors_zone"
    planned = {1: "600", 11: "500", 12: "200"}.get(number, "300")
    stage = "35" if number in (1, 9) else ""
    large = "oui" if number <= 2 else "non"
    way = WAYS.get(number, "condition_execution")
    return [STRUCTURE, f"O{number}", f"2025-{number}", buyer, kind, nature, sector, way, weight, "01/01/2025", end,
            zone, planned, stage, large, {1: "Tramway", 2: "Gare"}.get(number, "")]  # fmt: skip


def _deed(number: int) -> list[str]:
    market = (number - 1) % 10 + 1 if number <= 30 else 11 if number <= 35 else 12
    kind = "geiq" if number > 35 else "aci" if number > 30 else "etti" if number % 2 else "entreprise"
    kind = "ei" if kind == "entreprise" and number > 20 else kind
    employer, size, deed = EMPLOYERS[kind]
    first = number <= 30
    days = ("01/01/2025", "31/01/2025") if first else ("01/03/2025", "30/05/2025")
    hours = ("100", "110") if first else ("50", "55")
    return [STRUCTURE, f"C{number}", f"O{market}", f"P{_who(number):02}", employer, kind, size, deed, *days, *hours]


def _who(deed: int) -> int:
    return deed if deed <= 15 else deed - 15


def _person(number: int) -> list[str]:
    age = "moins_26" if number <= 7 else "de_26_34" if number <= 15 else "de_35_49" if number <= 20 else "plus_50"
    level = "infra_3" if number <= 10 else "niveau_3" if number <= 18 else "niveau_4" if number <= 23 else "niveau_5"
    groups = {"deld": range(1, 13), "rsa": range(10, 16), "qpv": range(20, 26), "rqth": range(5, 8)}
    publics = "|".join(name for name, numbers in groups.items() if number in numbers)
    sent = "plie" if number <= 5 else "france_travail" if number <= 20 else "mission_locale" if number <= 24 else ""
    three = "cdi" if number <= 5 else "recherche" if number <= 10 else ""
    return [STRUCTURE, f"P{number:02}", "femme" if number <= 6 else "homme", age, level, publics, sent, three,
            "cdi" if number <= 5 else "", "cdi" if number <= 5 else "formation" if number <= 8 else ""]  # fmt: skip


def fill(book):
    """The tables as sheets of a workbook being written: its sheets by name."""
    sheets = {table: book.add_worksheet(table) for table in tables()}
    for table, rows in tables().items():
        for line, row in enumerate([HEADS[table].split(";"), *rows]):
            sheets[table].write_row(line, 0, row)
    return sheets
