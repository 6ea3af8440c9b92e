"""The figures of the presentation of December 2021, slide by slide, and sums made here without the package."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from cpsr_study.study import Study

SOURCE = "presentation-cpsr-normandie"
CHIFFRES_CLEFS = "La clause sociale : les chiffres clefs au niveau national – "
GRANDS_PROJETS = "Les Grands Projets de Territoire de la clause en Normandie – "
NORMANDIE = ["DEP-14", "DEP-27", "DEP-50", "DEP-61", "DEP-76"]

# indicator | area | period | category | words of the slide | plain value
SLIDES = {
    "Quelques éléments introductifs – La commande publique en France en 2020": """
        montant_marches | FR | 2020 |  | 111 399 milliards € | 111399
        montant_marches | REG-28 | 2020 |  | 3 121 milliards € | 3121
    """,
    "Quelques éléments introductifs – Chiffres clés / Chômage & Pauvreté": """
        personnes_sous_seuil_pauvrete | FR | 2021 |  | 9,3 millions de personnes | 9300000
        allocataires_rsa | FR | 2021 |  | 1,95 million de foyers | 1950000
        deld | FR | 2021 |  | 3,8 millions demandeurs d’emploi de longue durée | 3800000
        personnes_sous_seuil_pauvrete | REG-28 | 2021 |  | 443 987 personnes | 443987
        allocataires_rsa | REG-28 | 2021 |  | 88 400 de foyers | 88400
        deld | REG-28 | 2021 |  | 138 850 DELD | 138850
    """,
    "Le réseau des facilitateurs de la clause sociale au niveau national": """
        facilitateurs | FR | 2020-04 |  | 468 facilitateurs | 468
        structures_facilitatrices | FR | 2020-04 |  | 342 structures | 342
        part_territoire_couvert | FR | 2020-04 |  | 75% du territoire national | 75
        donneurs_ordre_par_facilitateur | FR | 2019 |  | 10 donneurs d’ordre | 10
        marches_par_facilitateur | FR | 2019 |  | 162 marchés | 162
        heures_par_facilitateur | FR | 2019 |  | près de 62 000 heures d’insertion | 62000
        etp_par_facilitateur | FR | 2019 |  | 39 ETP annuels | 39
        participants_par_facilitateur | FR | 2019 |  | 150 participants | 150
        contrats_par_facilitateur | FR | 2019 |  | près de 205 contrats de travail | 205
        entreprises_par_facilitateur | FR | 2019 |  | 50 entreprises | 50
    """,
    "Le réseau des facilitateurs de la clause sociale en Normandie": """
        facilitateurs | REG-28 | 2021 |  | 23 facilitateurs | 23
        structures_facilitatrices | REG-28 | 2021 |  | 20 structures | 20
        facilitateurs_par_structure | REG-28 | 2021 |  | 1 facilitateur par structure | 1
        part_facilitateurs_temps_plein | REG-28 | 2021 |  | près de la moitié à 100% | 50
        representants_regionaux | REG-28 | 2021 |  | 2 facilitateurs représentants régionaux | 2
        reunions_reseau | REG-28 | 2021 |  | 2 a minima par an | 2
    """,
    CHIFFRES_CLEFS + "Vue globale": """
        contrats | FR | 2020 |  | 81 446 | 81446
        contrats | FR | 2019 |  | 58 471 | 58471
        heures_insertion | FR | 2020 |  | 19 828 125 | 19828125
        heures_insertion | FR | 2019 |  | 18 640 567 | 18640567
        marches_clauses | FR | 2020 |  | 50 543 | 50543
        marches_clauses | FR | 2019 |  | 48 586 | 48586
        participants | FR | 2020 |  | 48 347 | 48347
        participants | FR | 2019 |  | 45 210 | 45210
        maitres_ouvrage | FR | 2020 |  | 3 053 | 3053
        maitres_ouvrage | FR | 2019 |  | 3 004 | 3004
    """,
    CHIFFRES_CLEFS + "Vue globale, En Normandie, en 2020": """
        contrats | REG-28 | 2020 |  | 940 | 940
        heures_insertion | REG-28 | 2020 |  | 293 576 | 293576
        marches_clauses | REG-28 | 2020 |  | 1160 | 1160
        participants | REG-28 | 2020 |  | 779 | 779
        maitres_ouvrage | REG-28 | 2020 |  | 91 | 91
    """,
    CHIFFRES_CLEFS + "Les donneurs d’ordre": """
        part_etp_donneur_ordre | FR | 2019 | collectivites_sem | plus de 54% des ETP | 54
        part_etp_donneur_ordre | FR | 2019 | prives | 8% des ETP | 8
        part_etp_donneur_ordre | FR | 2019 | bailleurs_sociaux | 16% des ETP | 16
        participants_donneur_ordre | FR | 2019 | ministeres | 2 170 personnes | 2170
        etp_donneur_ordre | FR | 2019 | ministeres | 583 ETP | 583
        etp_donneur_ordre | FR | 2018 | ministeres | 308 ETP | 308
        taux_croissance | FR | 2019 | etp_ministeres | augmentation de 53% | 53
        objectif_marches_consideration_sociale | FR | 2025 |  | 30% des marchés […] d’ici 2025 | 30
    """,
    CHIFFRES_CLEFS + "Les marchés (nombre et nature)": """
        taux_croissance | FR | 2019 | marches_clauses | +26,6 % par rapport à 2018 | 26.6
        part_marches_type | FR | 2019 | travaux | 58% de marchés de travaux | 58
        part_marches_type | FR | 2019 | services | 41% de marchés de services | 41
        part_marches_type | FR | 2019 | fournitures | 0,20% de marchés de fournitures | 0.2
        part_marches_type | REG-27 | 2019 | services | 57% de marchés de services clausés | 57
        part_participants_public | REG-27 | 2019 | femmes | 30% de publics féminins | 30
    """,
    CHIFFRES_CLEFS + "Les marchés (outils de la commande publique)": """
        part_etp_modalite | FR | 2019 | condition_execution | 69,8% des ETP en 2019 | 69.8
        part_etp_modalite | FR | 2019 | critere_attribution | 10% des ETP en 2019 | 10
        part_etp_modalite | FR | 2019 | achat_insertion | 9,7% des ETP en 2019 | 9.7
        part_etp_modalite | FR | 2019 | marche_reserve | 5,7% des ETP au global | 5.7
        part_etp_modalite | FR | 2019 | marche_reserve_siae | 4,9% pour les SIAE | 4.9
    """,
    CHIFFRES_CLEFS + "Les marchés (outils de la commande publique), En Normandie, en 2019": """
        part_etp_modalite | REG-28 | 2019 | condition_execution | Condition d’exécution : 65,7% | 65.7
        part_etp_modalite | REG-28 | 2019 | critere_attribution | Critères d’attribution : 1,3% | 1.3
        part_etp_modalite | REG-28 | 2019 | achat_insertion | Achats d’insertion : 4% | 4
        part_etp_modalite | REG-28 | 2019 | marche_reserve | Marchés réservés : 8,27% | 8.27
        part_etp_modalite | REG-28 | 2019 | marche_reserve_siae | dont 2,5% pour les SIAE | 2.5
    """,
    CHIFFRES_CLEFS + "Les marchés (en condition d’exécution)": """
        part_etp_mode_embauche | FR | 2019 | embauche_directe | 37,6% des modalités de réalisation | 37.6
        etp_mode_embauche | FR | 2019 | embauche_directe | 3 047 ETP | 3047
        part_etp_total_mode_embauche | FR | 2019 | embauche_directe | 26,3% du total des ETP | 26.3
        etp_mode_embauche | FR | 2019 | travail_temporaire | 3 485 ETP | 3485
        part_etp_mode_embauche | FR | 2019 | travail_temporaire | 43% du total | 43
        etp_mode_embauche | FR | 2019 | etti | dont 2 209 en structure d’insertion (ETTI) | 2209
        part_etp_mode_embauche | FR | 2019 | etti | 27 % du total | 27
        etp_mode_embauche | FR | 2019 | iae | 2 798 ETP | 2798
        etp_mode_embauche | FR | 2019 | inclusives | 3 714 ETP | 3714
        part_etp_mode_embauche | FR | 2019 | inclusives | près de 46% | 46
    """,
    CHIFFRES_CLEFS + "Les entreprises": """
        entreprises_clauses | FR | 2019 |  | 14 213 entreprises | 14213
        taux_croissance | FR | 2019 | entreprises_clauses | +8,6% par rapport à 2018 | 8.6
        part_etp_taille_entreprise | FR | 2019 | pme_moins_200 | 79% des ETP d’insertion | 79
        part_etp_taille_entreprise | FR | 2019 | moins_10 | 11% dans les TPE de moins de 10 salariés | 11
        part_etp_taille_entreprise | FR | 2019 | moins_50 | 35% […] de moins de 50 salariés | 35
        part_etp_taille_entreprise | FR | 2019 | moins_200 | 32% […] de moins de 200 salariés | 32
    """,
    CHIFFRES_CLEFS + "Les structures de l’IAE": """
        part_employeurs_iae | FR | 2019 |  | 42 % des employeurs | 42
        part_etp_employeur | FR | 2019 | siae | 50,7% des ETP portés | 50.7
        part_etp_employeur | FR | 2019 | siae_geiq_regies | 54% des ETP portés | 54
        part_etp_employeur | FR | 2019 | etti | ETTI (22%) | 22
        part_etp_employeur | FR | 2019 | ei | Entreprises d’insertion (11,9%) | 11.9
        part_etp_employeur | FR | 2019 | aci | Ateliers et chantiers d’insertion (7%) | 7
        part_etp_employeur | FR | 2019 | geiq | GEIQ (6,3 %) | 6.3
        part_etp_employeur | FR | 2019 | ai | Associations Intermédiaires (4,6%) | 4.6
        part_etp_employeur | FR | 2019 | ea | Entreprises Adaptées (1,23%) | 1.23
        part_etp_employeur | FR | 2019 | esat | ESAT (0,45%) | 0.45
        part_etp_employeur | FR | 2019 | regies | Régies de quartier (0, 36%) | 0.36
        part_etp_titulaires_iae | FR | 2019 |  | 20% des ETP des entreprises attributaires | 20
    """,
    CHIFFRES_CLEFS + "Les participants": """
        participants | FR | 2018 |  | 37 953 personnes en 2018 | 37953
        etp_insertion | FR | 2019 |  | 11. 600 ETP | 11600
        taux_croissance | FR | 2019 | participants | augmentation de 11,9% | 11.9
        part_participants_public | FR | 2019 | peu_qualifie | 44% de peu ou pas qualifié | 44
        part_participants_public | FR | 2019 | deld | 44% de demandeurs d’emploi de longue durée | 44
        part_participants_public | FR | 2019 | rsa | 23% de bénéficiaires du RSA | 23
        part_participants_public | FR | 2019 | moins_26 | 27% de moins de 26 ans | 27
        part_participants_public | FR | 2019 | femmes | 16% de femmes | 16
        part_participants_public | FR | 2019 | qpv | 23% d’habitants des QPV | 23
        part_participants_public | FR | 2019 | rqth | 5% de publics RQTH | 5
        part_facilitateurs_plie | FR | 2019 |  | un quart des facilitateurs | 25
        part_participants_prescripteur | FR | 2019 | plie | 7 % des bénéficiaires | 7
    """,
    "La clause sociale : les enjeux nationaux": """
        part_participants_public | FR | 2019 | femmes | 16,63 % des bénéficiaires | 16.63
    """,
    CHIFFRES_CLEFS + "Les contrats": """
        contrats | FR | 2019 |  | 61 886 contrats de travail | 61886
        contrats | FR | 2018 |  | 52 780 en 2018 | 52780
        taux_croissance | FR | 2019 | contrats | augmentation de 8,6% | 8.6
        duree_moyenne_contrat_etp | FR | 2019 |  | 0,19 ETP | 0.19
        duree_moyenne_contrat_mois | FR | 2019 |  | 2,28 mois par contrat | 2.28
        part_contrats_type | FR | 2019 | ctti | CTTI : 31,7% | 31.7
        part_contrats_type | FR | 2019 | cddi | CDDI : 23,7% | 23.7
        part_contrats_type | FR | 2019 | ctt | CTT : 12,84% | 12.84
        part_contrats_type | FR | 2019 | cdd | CDD : 9,4% | 9.4
    """,
    GRANDS_PROJETS + "Cellule éolien insertion, bassin d’emploi du Havre": """
        heures_grand_projet | REG-28 | 2021 | fondations_gravitaires | 150 000 h | 150000
        heures_grand_projet | REG-28 | 2021 | raccordement_fecamp | 25 000 h | 25000
        heures_grand_projet | REG-28 | 2021 | cables | 10 000 h | 10000
        heures_grand_projet | REG-28 | 2021 | poste_electrique | 10 000 h | 10000
        heures_grand_projet | REG-28 | 2021 | eoliennes | 30 000 h | 30000
    """,
    GRANDS_PROJETS + "Focus sur Caen la mer": """
        heures_grand_projet | REG-28 | 2021 | chu_caen | 100 000 heures d’insertion | 100000
        heures_grand_projet | REG-28 | 2021 | maison_arret_ifs | 45 000 heures d’insertion | 45000
        heures_grand_projet | REG-28 | 2021 | palais_sports | 10 885 heures d’insertion | 10885
        heures_grand_projet | REG-28 | 2021 | raccordement_parc | 3 000 heures d’insertion | 3000
        heures_grand_projet | REG-28 | 2021 | base_maintenance | 600 heures d’insertion | 600
    """,
    GRANDS_PROJETS + "Hub d’assemblage, port de Cherbourg": """
        surface_hub_ha | REG-28 | 2021 | hub_cherbourg | 23 hectares | 23
    """,
    "Les Structures de l’Insertion en Normandie": """
        structures_inclusives | FR | 2021 |  | 5 733 structures inclusives en France | 5733
        structures_inclusives | FR | 2021 | siae | 3 843 SIAE | 3843
        structures_inclusives | FR | 2021 | esat | 1 400 ESAT | 1400
        structures_inclusives | FR | 2021 | ea | 850 EA | 850
        structures_inclusives | REG-28 | 2021 |  | 508 structures en Normandie | 508
        structures_inclusives | REG-28 | 2021 | siae | 354 SIAE | 354
        structures_inclusives | REG-28 | 2021 | esat | 104 ESAT | 104
        structures_inclusives | REG-28 | 2021 | ea | 50 EA | 50
        personnes_accompagnees | FR | 2021 |  | + de 280 000 personnes accompagnées | 280000
        personnes_accompagnees | FR | 2021 | siae | + de 130 000 dans l’IAE | 130000
        personnes_accompagnees | FR | 2021 | ea_esat | + de 150 000 au sein des EA et ESAT | 150000
    """,
}
GOLDEN = [
    (slide, *(cell.strip() for cell in line.split("|")))
    for slide, lines in SLIDES.items()
    for line in lines.strip().splitlines()
]


def rows(table: pd.DataFrame, indicator: str, geo: str, period: str, category: str = "") -> pd.DataFrame:
    key = {"indicator": indicator, "geo": geo, "time_period": period, "category": category}
    return table[(table[list(key)] == list(key.values())).all(axis=1)]


def value(table: pd.DataFrame, indicator: str, geo: str, period: str) -> float:
    """The headline, the only one there is."""
    found = rows(table, indicator, geo, period)
    return float(found.loc[found["headline"], "value"].item())


@pytest.fixture(scope="module", params=["table_2021", "table_2026"])
def table(request: pytest.FixtureRequest) -> pd.DataFrame:
    """The presentation is known, and the same, in every edition."""
    return request.getfixturevalue(request.param)


# What the slides say


@pytest.mark.parametrize(
    ("slide", "indicator", "geo", "period", "category", "published", "plain"),
    [pytest.param(*row, id=".".join(filter(None, row[1:5])) + f" « {row[5]} »") for row in GOLDEN],
)
def test_a_figure_of_the_slides(table, slide, indicator, geo, period, category, published, plain):
    found = rows(table, indicator, geo, period, category)
    found = found[(found["source"] == SOURCE) & (found["as_published"] == published)]
    assert found["value"].tolist() == [float(plain)]
    assert found["locator"].tolist() == [slide]


def test_every_figure_of_the_presentation_is_in_the_list_above(table):
    assert len(GOLDEN) == 135 == (table["source"] == SOURCE).sum()


def test_forecasts_and_undated_figures_bear_their_status(table):
    own = table[table["source"] == SOURCE].set_index(["indicator", "geo", "time_period"])["status"]
    for name in ("contrats", "heures_insertion", "marches_clauses", "participants", "maitres_ouvrage"):
        assert own[name, "FR", "2020"] == "F" and own[name, "REG-28", "2020"] == "A"
    for name in ("personnes_sous_seuil_pauvrete", "allocataires_rsa", "deld", "facilitateurs"):
        assert own[name, "REG-28", "2021"] == "U", "the slide gives no year"


@pytest.mark.parametrize(("geo", "amount"), [("FR", 111_399), ("REG-28", 3_121)])
def test_milliards_read_as_millions_are_a_declared_correction(table, geo, amount):
    found = rows(table, "montant_marches", geo, "2020")
    found = found[found["source"] == SOURCE].iloc[0]
    assert found["value"] == amount
    assert "milliards €" in found["as_published"] and "multipliée par 0,001" in found["correction"]


@pytest.mark.parametrize(
    ("indicator", "category", "values"),
    [("contrats", "", [58_471, 61_886]), ("part_participants_public", "femmes", [16, 16.63])],
)
def test_a_figure_stated_twice_is_two_observations(table, indicator, category, values):
    found = rows(table, indicator, "FR", "2019", category)
    assert sorted(found["value"]) == values
    assert found["headline"].sum() == 1
    assert sorted(name.endswith("~2") for name in found["id"]) == [False, True]


# Sums that must hold


def facts(data_dir: Path, source: str) -> list[dict[str, str]]:
    with (data_dir / "raw" / source / "observations.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def stated(lines: list[dict[str, str]], indicator: str, period: str) -> dict[str, float]:
    return {
        line["geo"]: float(line["value"])
        for line in lines
        if (line["indicator"], line["time_period"]) == (indicator, period)
    }


def test_the_poor_of_normandie_in_2020(data_dir, table_2026):
    lines = facts(data_dir, "insee-filosofi/2020")
    rates = stated(lines, "taux_pauvrete", "2020")
    persons = stated(lines, "personnes_menages_fiscaux", "2020")
    poor = sum(rates[code] * persons[code] / 100 for code in NORMANDIE)
    assert round(poor) == 422_742
    assert round(value(table_2026, "personnes_sous_seuil_pauvrete", "REG-28", "2020")) == 422_742
    assert sum(persons[code] for code in NORMANDIE) == 3_211_012
    assert value(table_2026, "personnes_menages_fiscaux", "REG-28", "2020") == 3_211_012
    assert round(100 * poor / 3_211_012, 2) == 13.17
    assert round(value(table_2026, "taux_pauvrete", "REG-28", "2020"), 2) == 13.17


@pytest.mark.parametrize(
    ("source", "indicator", "period", "total"),
    [
        ("drees-minima-sociaux/2019", "allocataires_rsa", "2019", 84_305),
        ("finess/2026-03", "esat", "2026-03", 81),
    ],
)
def test_normandie_is_the_sum_of_its_departements(data_dir, table_2026, source, indicator, period, total):
    parts = stated(facts(data_dir, source), indicator, period)
    assert sum(parts[code] for code in NORMANDIE) == total
    assert value(table_2026, indicator, "REG-28", period) == total
    row = rows(table_2026, indicator, "REG-28", period).iloc[0]
    assert (row["source"], row["formula"]) == ("calcul", "somme des 5 départements")
    assert row["inputs"].split() == [f"{indicator}.{code}.{period}" for code in NORMANDIE]


@pytest.mark.parametrize(
    ("edition", "period", "inhabitants"), [("2021", "2019", 3_325_032), ("2026", "2023", 3_345_842)]
)
def test_inhabitants_are_those_of_the_edition(request, edition, period, inhabitants):
    table = request.getfixturevalue(f"table_{edition}")
    found = table[(table["indicator"] == "population") & (table["geo"] == "REG-28") & table["headline"]]
    assert found["time_period"].max() == period
    assert value(table, "population", "REG-28", period) == inhabitants


def test_hours_at_1607_a_year_are_the_full_time_equivalents_of_the_slide(table):
    assert round(value(table, "etp_equivalents", "FR", "2019"), -1) == 11_600
    assert value(table, "etp_equivalents", "FR", "2019") == pytest.approx(18_640_567 / 1607)
    assert value(table, "etp_insertion", "FR", "2019") == 11_600


def test_hours_of_projects_inside_and_outside_normandie(data_dir):
    study = Study.open("REG-28", 2021, data_dir=data_dir, project_years=5)
    own = {row["indicator"]: row["value"] for _, row in study.table[study.table["geo"] == "REG-28"].iterrows()}
    assert own["heures_grands_projets_total"] == 384_485
    assert own["heures_grands_projets_territoire"] == 364_485
    assert own["heures_grands_projets_hors"] == 20_000, "Gron and Saint-Nazaire"
    assert own["heures_annuelles_scenario"] == 72_897
    assert own["participants_annuels_scenario"] == pytest.approx(72_897 / (293_576 / 779))


def test_what_the_named_modalities_leave_unexplained(table):
    assert value(table, "part_etp_modalite_non_expliquee", "FR", "2019") == pytest.approx(100 - 69.8 - 10 - 9.7 - 5.7)
    assert value(table, "part_etp_modalite_non_expliquee", "REG-28", "2019") == pytest.approx(
        100 - 65.7 - 1.3 - 4 - 8.27
    )
