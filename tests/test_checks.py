"""The checks: what the presentation says against itself, each kind able to speak, and silence on sound figures."""

import re
from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import DATA, HEADER, one_sentence
from cpsr_study import checks, derivation, indicators, observations
from cpsr_study.checks.findings import Context
from cpsr_study.checks.relations import between_figures
from cpsr_study.checks.totals import exclusive_shares, parts_against_total
from cpsr_study.display.numbers import number
from cpsr_study.study import Study

PRESENTATION = "presentation-cpsr-normandie"
REGISTRY = indicators.read(DATA)
MEMBERS = {"REG-28": ["DEP-14", "DEP-50"]}
NAMES = {"FR": "France", "REG-28": "Normandie", "DEP-14": "Calvados", "DEP-50": "Manche"}
QUICK = settings(max_examples=15)


@pytest.fixture(scope="module")
def alone(table_2021) -> Study:
    """The study of Normandie, edition 2021, that knows the presentation and the populations and nothing else."""
    known = table_2021["source"].eq(PRESENTATION) | table_2021["indicator"].eq("population")
    known &= table_2021["geo"].isin(["FR", "REG-27", "REG-28"])
    return replace(Study.open("REG-28", 2021), table=table_2021[known].reset_index(drop=True))


@pytest.fixture(scope="module")
def normandie(table_2021) -> pd.DataFrame:
    """All that edition 2021 knows of Normandie and of France, from every source."""
    return table_2021[table_2021["geo"].isin(["FR", "REG-28"])]


# --- The presentation alone ------------------------------------------------------------------------------------

# severity, check, first observation | stated, recomputed: sums made here, by hand, without the package
CONTRADICTIONS = {
    ("alerte", "total_et_parties", "structures_inclusives.FR.2021"): (5733, 3843 + 1400 + 850),
    ("alerte", "total_et_parties", "part_etp_employeur.FR.2019.siae_geiq_regies"): (54, 50.7 + 6.3 + 0.36),
    ("alerte", "enonces_differents", "contrats.FR.2019"): (58471, 61886),
    ("alerte", "enonces_differents", "part_participants_public.FR.2019.femmes"): (16, 16.63),
    ("alerte", "relation_croissance_participants", "taux_croissance.FR.2019.participants"): (
        11.9,
        100 * 45210 / 37953 - 100,
    ),
    ("alerte", "relation_croissance_contrats", "taux_croissance.FR.2019.contrats"): (8.6, 100 * 61886 / 52780 - 100),
    ("alerte", "relation_croissance_ministeres", "taux_croissance.FR.2019.etp_ministeres"): (
        53,
        100 * 583 / 308 - 100,
    ),
    ("alerte", "relation_facilitateur_entreprises", "entreprises_par_facilitateur.FR.2019"): (
        50 / 150,
        14213 / 45210,
    ),
    ("alerte", "correction_declaree", "montant_marches.FR.2020"): ("111 399 milliards €", 111.399),
    ("alerte", "correction_declaree", "montant_marches.REG-28.2020"): ("3 121 milliards €", 3.121),
    ("info", "total_et_parties", "part_etp_employeur.FR.2019.siae"): (50.7, 22 + 11.9 + 7 + 4.6),
    ("info", "part_et_population", "contrats.REG-28.2020"): (100 * 940 / 81446, 4.94),
    ("info", "part_et_population", "heures_insertion.REG-28.2020"): (100 * 293576 / 19828125, 4.94),
    ("info", "part_et_population", "participants.REG-28.2020"): (100 * 779 / 48347, 4.94),
    ("info", "part_et_population", "marches_clauses.REG-28.2020"): (100 * 1160 / 50543, 4.94),
}

# What agrees, and what the document would have to write for it to disagree: observation, value, words -> check.
AGREEMENTS = [
    ("heures_insertion.FR.2019", 18740567, "18 740 567", "relation_heures_etp"),
    ("etp_insertion.FR.2019", 11700, "11. 700 ETP", "relation_heures_etp"),
    ("structures_inclusives.REG-28.2021.siae", 364, "364 SIAE", "total_et_parties"),
    ("structures_inclusives.REG-28.2021", 498, "498 structures en Normandie", "total_et_parties"),
    ("part_etp_mode_embauche.FR.2019.embauche_directe", 37.8, "37,8%", "relation_part_mode_embauche"),
    ("part_etp_mode_embauche.FR.2019.travail_temporaire", 44, "44% du total", "relation_part_mode_embauche"),
    ("part_etp_mode_embauche.FR.2019.etti", 28, "27,5 % du total", "relation_part_mode_embauche"),
    ("part_etp_mode_embauche.FR.2019.inclusives", 48, "près de 48%", "relation_part_mode_embauche"),
    ("part_etp_total_mode_embauche.FR.2019.embauche_directe", 26.4, "26,4%", "relation_part_total_mode_embauche"),
    ("part_etp_modalite.FR.2019.condition_execution", 68.8, "68,8%", "relation_part_mode_embauche"),
    ("part_etp_modalite.FR.2019.critere_attribution", 16, "16% des ETP", "parts_et_cent"),
    ("part_etp_modalite.FR.2019.marche_reserve_siae", 5.9, "5,9% pour les SIAE", "total_et_parties"),
    ("part_etp_modalite.REG-28.2019.marche_reserve_siae", 25, "dont 25% pour les SIAE", "total_et_parties"),
    ("etp_mode_embauche.FR.2019.etti", 3509, "dont 3 509", "total_et_parties"),
    ("etp_mode_embauche.FR.2019.iae", 3798, "3 798 ETP", "total_et_parties"),
    ("part_etp_taille_entreprise.FR.2019.pme_moins_200", 75, "75%", "total_et_parties"),
    ("part_etp_taille_entreprise.FR.2019.moins_50", 39, "39%", "total_et_parties"),
    ("part_etp_donneur_ordre.FR.2019.collectivites_sem", 79, "plus de 79%", "parts_et_cent"),
    ("part_marches_type.FR.2019.travaux", 57, "57%", "parts_et_cent"),
    ("part_marches_type.FR.2019.fournitures", 2.2, "2,20%", "parts_et_cent"),
    ("part_contrats_type.FR.2019.ctti", 54.4, "CTTI : 54,4%", "parts_et_cent"),
    ("duree_moyenne_contrat_etp.FR.2019", 0.21, "0,21 ETP", "relation_duree_etp"),
    ("duree_moyenne_contrat_mois.FR.2019", 2.4, "2,40 mois", "relation_duree_mois"),
    ("heures_par_facilitateur.FR.2019", 65000, "près de 65 000 heures", "relation_facilitateur_heures"),
    ("etp_par_facilitateur.FR.2019", 41, "41 ETP annuels", "relation_facilitateur_etp"),
    ("contrats_par_facilitateur.FR.2019", 208, "près de 208 contrats", "relation_facilitateur_contrats"),
    ("marches_par_facilitateur.FR.2019", 164, "164 marchés", "relation_facilitateur_marches"),
    ("donneurs_ordre_par_facilitateur.FR.2019", 11, "11 donneurs d’ordre", "relation_facilitateur_donneurs"),
    ("facilitateurs_par_structure.REG-28.2021", 2, "2 facilitateurs par structure", "relation_facilitateurs_structure"),
    ("personnes_accompagnees.FR.2021", 250000, "moins de 250 000", "total_et_parties"),
]


def test_every_contradiction_of_the_presentation_is_found_and_nothing_else(alone):
    found = {(finding.severity, finding.check, finding.ids[0]): finding for finding in alone.findings}
    assert set(found) == set(CONTRADICTIONS)
    assert len(alone.findings) == 15
    assert [finding.severity for finding in alone.findings] == ["alerte"] * 10 + ["info"] * 5


@pytest.mark.parametrize(("key", "numbers"), CONTRADICTIONS.items(), ids=lambda item: item[2] if len(item) > 2 else "")
def test_a_finding_says_its_numbers(alone, key, numbers):
    finding = next(f for f in alone.findings if (f.severity, f.check, f.ids[0]) == key)
    for value, text in zip(numbers, (finding.stated, finding.recomputed), strict=True):
        assert text in finding.sentence or finding.check == "correction_declaree"
        if isinstance(value, str):
            assert text == value
        else:
            said = float(text.split("\u00a0")[0].replace("\u202f", "").replace(",", "."))
            assert said == pytest.approx(value, rel=0.005) or number(value, 2) == number(said, 2)
    assert "faux" not in finding.sentence and "erreur" not in finding.sentence


def test_two_statements_are_weighed_against_the_rest_of_the_source(alone):
    """11 600 ETP / 0,19 and 205 contracts for 150 participants both give 61 886, and neither gives 58 471."""
    finding = next(f for f in alone.findings if f.ids[0] == "contrats.FR.2019")
    assert round(11600 / 61886, 2) == 0.19 != round(11600 / 58471, 2)
    assert round(150 * 61886 / 45210) == 205 != round(150 * 58471 / 45210)
    said = finding.sentence.partition("Le reste de la source donne un indice : ")[2]
    assert said.startswith("61\u202f886 s’accorde avec « Durée moyenne d’un contrat en ETP")
    assert "58\u202f471 s’accorde" not in said and said.endswith("À expliquer.")
    # The evidence is in numbers: what the rest of the source gives, and what each statement would.
    text = said.replace("\u202f", " ").replace("\u00a0", " ")
    assert "(0,19 ETP d’après les autres chiffres ; 0,19 ETP avec 61 886, 0,20 ETP avec 58 471)" in text
    assert "(1,37 d’après les autres chiffres ; 1,37 avec 61 886, 1,29 avec 58 471)" in text
    assert [round(205 / 150, 2), round(61886 / 45210, 2), round(58471 / 45210, 2)] == [1.37, 1.37, 1.29]


def test_a_growth_is_compared_with_the_levels_of_its_own_slide(alone):
    """« 61 886 contrats (52 780 en 2018), soit une augmentation de 8,6 % »: not the 58 471 of another slide."""
    finding = next(f for f in alone.findings if f.check == "relation_croissance_contrats")
    assert "61\u202f886" in finding.sentence and "58\u202f471" not in finding.sentence


def test_a_mean_is_told_with_all_the_figures_it_comes_from(alone):
    finding = next(f for f in alone.findings if f.check == "relation_facilitateur_entreprises")
    figures = finding.sentence.partition("(")[2].replace("\u202f", " ").replace("\u00a0", " ")
    assert all(f" : {figure}" in figures for figure in ("50", "150", "14 213", "45 210"))


@pytest.mark.parametrize(("name", "value", "words", "check"), AGREEMENTS, ids=[item[0] for item in AGREEMENTS])
def test_what_agrees_is_examined_and_passed_in_silence(alone, name, value, words, check):
    """Nothing is said of the figure as it is, and the check speaks as soon as it is changed."""
    row = alone.table["id"] == name
    assert row.sum() == 1
    changed = alone.table.copy()
    changed.loc[row, ["value", "as_published"]] = [float(value), words]
    context = Context(changed[changed["geo"] != "REG-27"], REGISTRY, MEMBERS, NAMES)
    arithmetic = [parts_against_total, exclusive_shares, between_figures]
    found = [finding for function in arithmetic for finding in function(context) if finding.severity == "alerte"]
    known = {(finding.check, finding.ids) for finding in alone.findings}
    new = [finding for finding in found if (finding.check, finding.ids) not in known]
    assert check in {finding.check for finding in new if name in finding.ids}


def test_poor_persons_agree_with_the_rate_and_its_base(normandie):
    """Filosofi 2018, Normandie: 431 500 persons, 13,5 % of 3 187 278 persons (that is 428 689 to 431 876)."""
    row = normandie["id"] == "personnes_sous_seuil_pauvrete.REG-28.2018"
    assert 0.1345 * 3187278 < normandie.loc[row, "value"].item() == 431500 < 0.1355 * 3187278
    assert "relation_pauvres" not in {finding.check for finding in run(normandie)}
    changed = normandie.copy()
    changed.loc[row, ["value", "as_published"]] = [432500.0, "432 500"]
    found = [finding.ids[0] for finding in run(changed) if finding.check == "relation_pauvres"]
    assert found == ["personnes_sous_seuil_pauvrete.REG-28.2018"]


def test_a_correction_is_reported_and_what_rounding_reconciles_is_not(normandie):
    """« 111 399 milliards € » once corrected meets the 111,4 Md€ of the OECP: one finding, the correction itself."""
    statements = normandie[(normandie["indicator"] == "montant_marches") & (normandie["time_period"] == "2020")]
    french = statements[statements["geo"] == "FR"]
    assert sorted(french["value"]) == [111399, 111400]
    found = [finding for finding in run(normandie) if set(finding.ids) & set(statements["id"])]
    assert {finding.check for finding in found} == {"correction_declaree"} and len(found) == 2
    for finding in found:
        assert "Lapsus d’unité" in finding.sentence and "milliards €" in finding.stated


def test_without_its_correction_the_slip_of_a_unit_is_found(normandie):
    row = (normandie["id"].str.startswith("montant_marches.FR.2020")) & (normandie["source"] == PRESENTATION)
    assert row.sum() == 1
    literal = normandie.copy()
    literal.loc[row, ["value", "correction"]] = [111399000.0, ""]
    name = literal.loc[row, "id"].item()
    checks_of = {finding.check for finding in run(literal) if name in finding.ids}
    assert checks_of >= {"hors_echelle", "enonces_differents"}


# --- Each kind of check ------------------------------------------------------------------------------------------


def obs(indicator, geo, period, value, words=None, category="", *, status="A", source="s", correction="", page="p. 1"):
    """One observation; without words, those of a document that writes the value as it is."""
    words = str(value).replace(".", ",") if words is None else words
    return {
        "indicator": indicator, "geo": geo, "time_period": period, "category": category, "value": float(value),
        "breakdown": REGISTRY[indicator].breakdown if category else "", "as_published": words, "status": status,
        "source": source, "vintage": "1", "published": "2021", "kind": "producteur", "locator": page, "note": "",
        "correction": correction, "formula": "", "inputs": "",
    }  # fmt: skip


def table(*rows: dict, derive: bool = False) -> pd.DataFrame:
    frame = observations.with_ids(pd.DataFrame(list(rows)))
    frame = derivation.derive(frame, REGISTRY, MEMBERS) if derive else frame
    return observations._finish(frame, REGISTRY)


def run(frame: pd.DataFrame) -> list[checks.Finding]:
    names = {code: NAMES.get(code, code) for code in frame["geo"].unique()}
    return checks.run(frame, REGISTRY, MEMBERS, names)


_WRITTEN = re.compile(
    r"(?P<name>\S+) = (?P<value>\S+)(?: « (?P<words>.+?) »)?(?: (?P<status>[FU]))?(?: by (?P<source>\w+))?"
)


def read(text: str) -> pd.DataFrame:
    """A table from « contrats.FR.2019 = 111400 « 111,4 milliers » F by insee ; … »: words, status, source if any."""
    rows = []
    for item in text.split(" ; "):
        found = _WRITTEN.fullmatch(item.strip())
        assert found, item
        indicator, geo, period, *category = found["name"].split(".")
        kept = {name: value for name in ("status", "source") if (value := found[name])}
        rows.append(
            obs(indicator, geo, period, float(found["value"]), found["words"] or found["value"], *category, **kept)
        )
    return table(*rows)


POPULATION = "population.FR.2019 = 1000 by cog ; population.REG-28.2019 = 50 by cog ; "
DEPARTEMENTS = "allocataires_rsa.DEP-14.2019 = 30 by caf ; allocataires_rsa.DEP-50.2019 = 12 by caf ; "
STRUCTURES = " ; structures_inclusives.FR.2021.siae = 354 ; structures_inclusives.FR.2021.esat = 104"
SIZES = " ; ".join(
    f"part_etp_taille_entreprise.FR.2019.{c}" for c in ["pme_moins_200 = 79", "moins_10 = 11", "moins_200 = 32"]
)
HOURS = "heures_insertion.FR.2019 = 18640567 ; "
ESAT = "structures_inclusives.REG-28.2021.esat = 104 ; esat.REG-28.2026 = 81 by finess"

# check, what it is about | the finding and its severity | sound observations | the same with a fault
KINDS = {
    "impossible: a share above 100 %": (
        "valeur_impossible erreur",
        "part_contrats_type.FR.2019.ctti = 100 « près de 100 % »",
        "part_contrats_type.FR.2019.ctti = 317",
    ),
    "impossible: less than nothing": (
        "valeur_impossible erreur",
        "contrats.FR.2019 = 0 ; taux_croissance.FR.2019.contrats = -120 ; taux_croissance.FR.2020.contrats = 250",
        "contrats.FR.2019 = -5",
    ),
    "corrected: a correction used": (
        "correction_declaree alerte", "contrats.FR.2019 = 5", None,
    ),
    "stated_twice: two values": (
        "enonces_differents alerte",
        "contrats.FR.2019 = 111399 « 111 399 » ; contrats.FR.2019 = 111400 « 111,4 milliers »",
        "contrats.FR.2019 = 111399 « 111 399 » ; contrats.FR.2019 = 111500 « 111,5 milliers »",
    ),
    "stated_twice: a bound and a value": (
        "enonces_differents alerte",
        "contrats.FR.2019 = 60 « plus de 60 » ; contrats.FR.2019 = 75",
        "contrats.FR.2019 = 60 « plus de 60 » ; contrats.FR.2019 = 45",
    ),
    "stated_twice: three values": (
        "enonces_differents alerte",
        "contrats.FR.2019 = 60 ; contrats.FR.2019 = 60 ; contrats.FR.2019 = 60",
        "contrats.FR.2019 = 60 ; contrats.FR.2019 = 60 ; contrats.FR.2019 = 90",
    ),
    "stated_twice: a forecast is not a second value": (
        "enonces_differents alerte",
        "contrats.FR.2020 = 81446 F ; contrats.FR.2020 = 79000 by other",
        "contrats.FR.2020 = 81446 F ; contrats.FR.2020 = 79000 F",
    ),
    "undated: no year": (
        "sans_annee alerte",
        "allocataires_rsa.DEP-14.2021 = 31000 « 31 milliers » U ; allocataires_rsa.DEP-14.2019 = 31400 by caf",
        "allocataires_rsa.DEP-14.2021 = 31000 « 31,0 milliers » U ; allocataires_rsa.DEP-14.2019 = 31400 by caf",
    ),
    "undated: one year fits": (
        "sans_annee alerte",
        "allocataires_rsa.DEP-14.2021 = 30 U ; " + DEPARTEMENTS + "allocataires_rsa.DEP-14.2018 = 35 by caf",
        "allocataires_rsa.DEP-14.2021 = 33 U ; " + DEPARTEMENTS + "allocataires_rsa.DEP-14.2018 = 35 by caf",
    ),
    "forecast_against_final: a forecast": (
        "prevision_et_definitif info",
        "contrats.FR.2020 = 81446 F",
        "contrats.FR.2020 = 81446 F ; contrats.FR.2020 = 79000 by other",
    ),
    "out_of_scale: a unit": (
        "hors_echelle alerte",
        "montant_marches.FR.2020 = 111399 ; montant_marches.FR.2019 = 87000 by other",
        "montant_marches.FR.2020 = 111399000 ; montant_marches.FR.2019 = 87000 by other",
    ),
    "out_of_scale: years too far apart": (
        "hors_echelle alerte",
        "montant_marches.FR.2020 = 111399 ; montant_marches.FR.2010 = 870 by other",
        "montant_marches.FR.2020 = 111399 ; montant_marches.FR.2020 = 870 by other",
    ),
    "parts_against_total: a complete breakdown": (
        "total_et_parties alerte",
        "structures_inclusives.FR.2021 = 508 ; structures_inclusives.FR.2021.ea = 50" + STRUCTURES,
        "structures_inclusives.FR.2021 = 520 ; structures_inclusives.FR.2021.ea = 50" + STRUCTURES,
    ),
    "parts_against_total: some parts above their total": (
        "total_et_parties alerte",
        "structures_inclusives.FR.2021 = 508" + STRUCTURES,
        "structures_inclusives.FR.2021 = 400" + STRUCTURES,
    ),
    "parts_against_total: one part above its total": (
        "total_et_parties alerte",
        "structures_inclusives.FR.2021 = 508 ; structures_inclusives.FR.2021.ea = 50",
        "structures_inclusives.FR.2021 = 508 ; structures_inclusives.FR.2021.ea = 5000",
    ),
    "parts_against_total: a part of a part": (
        "total_et_parties alerte",
        "part_etp_modalite.FR.2019.marche_reserve = 5.7 ; part_etp_modalite.FR.2019.marche_reserve_siae = 4.9",
        "part_etp_modalite.FR.2019.marche_reserve = 4.9 ; part_etp_modalite.FR.2019.marche_reserve_siae = 5.7",
    ),
    "parts_against_total: a part of a count that overlaps another": (
        "total_et_parties alerte",
        "etp_mode_embauche.FR.2019.travail_temporaire = 3485 ; etp_mode_embauche.FR.2019.etti = 2209",
        "etp_mode_embauche.FR.2019.travail_temporaire = 2209 ; etp_mode_embauche.FR.2019.etti = 3485",
    ),
    "parts_against_total: all the published parts below their total": (
        "total_et_parties info",
        SIZES + " ; part_etp_taille_entreprise.FR.2019.moins_50 = 35",
        SIZES + " ; part_etp_taille_entreprise.FR.2019.moins_50 = 30",
    ),
    "exclusive_shares: above 100 %": (
        "parts_et_cent alerte",
        "part_etp_donneur_ordre.FR.2019.prives = 58 ; part_etp_donneur_ordre.FR.2019.ministeres = 43",
        "part_etp_donneur_ordre.FR.2019.prives = 58 ; part_etp_donneur_ordre.FR.2019.ministeres = 44",
    ),
    "exclusive_shares: a complete breakdown below 100 %": (
        "parts_et_cent alerte",
        "part_marches_type.FR.2019.travaux = 58 ; part_marches_type.FR.2019.services = 41"
        " ; part_marches_type.FR.2019.fournitures = 0.2 « 0,20 % »",
        "part_marches_type.FR.2019.travaux = 58 ; part_marches_type.FR.2019.services = 40"
        " ; part_marches_type.FR.2019.fournitures = 0.2 « 0,20 % »",
    ),
    "exclusive_shares: categories that overlap": (
        "parts_et_cent alerte",
        "part_participants_public.FR.2019.rsa = 80 ; part_participants_public.FR.2019.deld = 70",
        "part_contrats_type.FR.2019.ctti = 80 ; part_contrats_type.FR.2019.cdd = 70",
    ),
    "area_above_its_country: a region": (
        "zone_et_pays alerte",
        "contrats.FR.2020 = 81446 ; contrats.REG-28.2020 = 940",
        "contrats.FR.2020 = 81446 ; contrats.REG-28.2020 = 94000",
    ),
    "area_above_its_country: a rate may be above": (
        "zone_et_pays alerte",
        "taux_pauvrete.FR.2018 = 14.8 ; taux_pauvrete.REG-28.2018 = 16",
        "montant_marches.FR.2018 = 14.8 ; montant_marches.REG-28.2018 = 16",
    ),
    "area_against_its_departements: a sum": (
        "zone_et_departements alerte",
        DEPARTEMENTS + "allocataires_rsa.REG-28.2019 = 42",
        DEPARTEMENTS + "allocataires_rsa.REG-28.2019 = 45",
    ),
    "area_against_its_departements: a partial sum": (
        "zone_et_departements alerte",
        "allocataires_rsa.DEP-14.2019 = 30 ; allocataires_rsa.REG-28.2019 = 45",
        "allocataires_rsa.DEP-14.2019 = 30 ; allocataires_rsa.DEP-50.2019 = 12 ; allocataires_rsa.REG-28.2019 = 45",
    ),
    "share_far_from_population: a count": (
        "part_et_population info",
        POPULATION + "contrats.FR.2020 = 100 ; contrats.REG-28.2020 = 9",
        POPULATION + "contrats.FR.2020 = 100 ; contrats.REG-28.2020 = 1",
    ),
    "share_far_from_population: contracts tell for all that is counted on them": (
        "part_et_population info",
        POPULATION + "decp_montant_siege.FR.2024 = 100 by decp ; decp_montant_siege.REG-28.2024 = 90 by decp",
        POPULATION + "decp_marches_siege.FR.2024 = 100 by decp ; decp_marches_siege.REG-28.2024 = 90 by decp",
    ),
    "share_far_from_population: a mean may be": (
        "part_et_population info",
        POPULATION + "heures_par_facilitateur.FR.2020 = 100 ; heures_par_facilitateur.REG-28.2020 = 90",
        POPULATION + "heures_insertion.FR.2020 = 100 ; heures_insertion.REG-28.2020 = 90",
    ),
    "between_figures: hours and ETP": (
        "relation_heures_etp alerte",
        HOURS + "etp_insertion.FR.2019 = 11600",
        HOURS + "etp_insertion.FR.2019 = 12600",
    ),
    "between_figures: one of two statements is enough": (
        "relation_heures_etp alerte",
        HOURS + "etp_insertion.FR.2019 = 12600 ; etp_insertion.FR.2019 = 11600",
        HOURS + "etp_insertion.FR.2019 = 12600 ; etp_insertion.FR.2019 = 12700",
    ),
    "between_figures: a growth": (
        "relation_croissance_participants alerte",
        "taux_croissance.FR.2019.participants = 19.1 ; participants.FR.2019 = 45210 ; participants.FR.2018 = 37953",
        "taux_croissance.FR.2019.participants = 11.9 ; participants.FR.2019 = 45210 ; participants.FR.2018 = 37953",
    ),
    "between_figures: a fall": (
        "relation_croissance_participants alerte",
        "taux_croissance.FR.2019.participants = -16 « une baisse de plus de 16 % »"
        " ; participants.FR.2019 = 37953 ; participants.FR.2018 = 45210",
        "taux_croissance.FR.2019.participants = -17 « une baisse de plus de 17 % »"
        " ; participants.FR.2019 = 37953 ; participants.FR.2018 = 45210",
    ),
    "same_thing_elsewhere: two sources": (
        "deux_sources alerte",
        ESAT + " ; esat.REG-28.2022 = 104 by finess",
        ESAT,
    ),
}  # fmt: skip


def planted(kind: str) -> pd.DataFrame:
    """The table of a kind with its fault."""
    _, sound, faulty = KINDS[kind]
    return read(faulty) if faulty else read(sound).assign(correction="valeur remplacée : Coquille.")


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_is_silent_on_sound_data_and_speaks_of_a_fault(kind):
    function = next(function for function in checks.CHECKS if function.__name__ == kind.partition(":")[0])
    assert list(function(Context(read(KINDS[kind][1]), REGISTRY, MEMBERS, NAMES))) == []
    found = list(function(Context(planted(kind), REGISTRY, MEMBERS, NAMES)))
    assert [f"{finding.check} {finding.severity}" for finding in found] == [KINDS[kind][0]]
    assert found[0] in run(planted(kind))
    assert found[0].ids and found[0].stated and found[0].recomputed and found[0].sentence.endswith(".")


def test_every_check_is_proved():
    assert {kind.partition(":")[0] for kind in KINDS} == {function.__name__ for function in checks.CHECKS}
    assert len(checks.CHECKS) == 13
    families = {"singularité", "validité", "complétude", "conformité", "exactitude", "cohérence"}
    found = [finding for kind in KINDS for finding in run(planted(kind))]
    assert {finding.family for finding in found} <= families
    assert {finding.severity for finding in found} == set(checks.findings.SEVERITIES)


def test_an_error_stops_the_check_and_the_report(small, command, tmp_path):
    """What no definition explains: exit 1 with the sentence; the check still lists it, no report is made."""
    small.change(
        small.survey, 'modalite,condition_execution,70.5,A,"70,5 %"', "modalite,condition_execution,705,A,705 %"
    )
    said = "Part des modalités, Condition d’exécution, Normandie, 2020"
    code, out, err = command("check", "--format", "csv", data_dir=small.root)
    assert code == 1 and said in out and "valeur_impossible" in out
    assert said in err and "entre 0 et 100" in err and one_sentence(err), err
    code, out, err = command("run", "REG-28", "--chapters", "08", "--output", str(tmp_path / "r"), data_dir=small.root)
    assert code == 1 and said in err and len(err.strip().splitlines()) == 1, err
    assert not (tmp_path / "r" / "REG-28-2021").exists()


def test_the_check_looks_at_every_area_unless_one_is_asked_for(small, command):
    """A département of another region, with more hours than the country."""
    small.add("autre", "2019", "2020-07", f"{HEADER}\nheures_insertion,DEP-29,2019,,,6000,A,6 000 heures,p. 1,\n")
    code, out, _ = command("check", "--format", "csv", data_dir=small.root)
    assert code == 0 and "zone_et_pays" in out and "Finistère" in out
    assert "Finistère" not in command("check", "--geo", "REG-28", "--format", "csv", data_dir=small.root).out
    assert "Finistère" in command("check", "--geo", "REG-53", "--format", "csv", data_dir=small.root).out


def test_every_relation_names_known_indicators_and_categories():
    from cpsr_study.checks.relations import _NAME, _parse

    for relation in REGISTRY.relations:
        for match in _NAME.finditer(f"{relation.left} {relation.right}"):
            indicator, category, _ = _parse(match[0])
            breakdown = REGISTRY[indicator].breakdown
            assert category in ("", "*") or (breakdown, category) in REGISTRY.categories, match[0]


def test_a_computed_sum_keeps_the_precision_of_its_parts():
    """Two départements in hundreds allow 4 150 to 4 250: a document that says 4 240 does not contradict them."""
    parts = [
        obs("allocataires_rsa", code, "2019", value, words, source="caf")
        for code, value, words in [("DEP-14", 3000, "3,0 milliers"), ("DEP-50", 1200, "1,2 millier")]
    ]
    for stated, speaks in [(4290, False), (4310, True)]:
        frame = table(*parts, obs("allocataires_rsa", "REG-28", "2021", stated, status="U"), derive=True)
        assert ("sans_annee" in {finding.check for finding in run(frame)}) == speaks


def test_what_has_no_year_is_not_given_one():
    """The year of the document stands for the missing one in the table, never in the sentence."""
    (finding,) = [each for each in run(planted("undated: no year")) if each.check == "sans_annee"]
    assert finding.sentence.startswith("Allocataires du RSA, Calvados : ") and "2021" not in finding.sentence


def test_the_most_serious_comes_first_and_anchors_are_unique(table_2026):
    found = run(table_2026[table_2026["geo"].isin(["FR", "REG-28"])])
    order = [(checks.findings.SEVERITIES.index(finding.severity), -finding.gap) for finding in found]
    assert order == sorted(order)
    assert len({finding.anchor for finding in found}) == len(found)
    assert all(set(finding.ids) <= set(table_2026["id"]) for finding in found)


# --- Properties --------------------------------------------------------------------------------------------------

COUNTS = st.integers(1, 10**6)
# How a share may be written: words, and the rounding they leave to their author.
WRITINGS = [
    ("", ROUND_HALF_UP),
    ("", ROUND_HALF_EVEN),
    ("près de ", ROUND_HALF_UP),
    ("plus de ", ROUND_FLOOR),
    ("plus de ", ROUND_HALF_EVEN),
]


@st.composite
def published(draw, signed=False):
    """A way to publish: from a true value to the value typed and its words."""
    places, (before, rounding) = draw(st.integers(0, 3)), draw(st.sampled_from(WRITINGS[: 2 if signed else None]))

    def publish(true: Decimal) -> tuple[float, str]:
        value = true.quantize(Decimal(1).scaleb(-places), rounding)
        return float(value), f"{before}{value:f} %".replace(".", ",").replace("-", "\u2212")

    return publish


def share(part: int, whole: int) -> Decimal:
    return 100 * Decimal(part) / Decimal(whole)


def cases(one: st.SearchStrategy) -> st.SearchStrategy:
    """Several cases at once, each with a year of its own: a table is long to examine, whatever its length."""
    return st.lists(one, min_size=1, max_size=10).map(
        lambda drawn: list(zip(range(1950, 2050, 2), drawn, strict=False))
    )


@given(cases(st.tuples(st.tuples(COUNTS, COUNTS, COUNTS), st.tuples(published(), published(), published()))))
@QUICK
def test_the_rounded_shares_of_a_whole_never_raise_an_alarm(drawn):
    names = ["travaux", "services", "fournitures"]
    rows = [
        obs("part_marches_type", "FR", str(year), *way(share(count, sum(counts))), name)
        for year, (counts, ways) in drawn
        for way, count, name in zip(ways, counts, names, strict=True)
    ]
    assert run(table(*rows)) == []


@given(cases(st.tuples(COUNTS, COUNTS, COUNTS, st.lists(published(), min_size=4, max_size=4))))
@QUICK
def test_a_part_of_a_part_rounded_on_its_own_never_raises_an_alarm(drawn):
    """ETTI within temporary work, within the jobs of one tool, within all: counts and shares of each whole."""
    rows = []
    for year, (etti, others, rest, ways) in drawn:
        temporary, base, total, year = etti + others, etti + others + rest // 2, etti + others + rest, str(year)
        rows += [
            obs("etp_insertion", "FR", year, total),
            obs("part_etp_modalite", "FR", year, *ways[0](share(base, total)), "condition_execution"),
            obs("etp_mode_embauche", "FR", year, temporary, None, "travail_temporaire"),
            obs("etp_mode_embauche", "FR", year, etti, None, "etti"),
            obs("part_etp_mode_embauche", "FR", year, *ways[1](share(temporary, base)), "travail_temporaire"),
            obs("part_etp_mode_embauche", "FR", year, *ways[2](share(etti, base)), "etti"),
            obs("part_etp_total_mode_embauche", "FR", year, *ways[3](share(etti, total)), "etti"),
        ]
    assert run(table(*rows)) == []


@given(cases(st.tuples(COUNTS, COUNTS, published(signed=True))))
@QUICK
def test_a_rounded_growth_or_fall_never_raises_an_alarm(drawn):
    rows = []
    for year, (before, after, way) in drawn:
        rows += [
            obs("taux_croissance", "FR", str(year), *way(share(after - before, before)), "participants"),
            obs("participants", "FR", str(year), after),
            obs("participants", "FR", str(year - 1), before),
        ]
    assert run(table(*rows)) == []


@st.composite
def roundings(draw):
    """A way to publish a count: to the unit, in thousands or in millions, rounded or « plus de »."""
    scale, name = draw(st.sampled_from([(1, ""), (1000, " milliers"), (10**6, " millions")]))
    before, rounding = draw(st.sampled_from(WRITINGS))

    def publish(count: int) -> tuple[float, str]:
        value = (Decimal(count) / scale).quantize(Decimal(1 if scale == 1 else "0.1"), rounding)
        return (float(value * scale), f"{before}{value:f}{name}".replace(".", ",")) if value else (count, str(count))

    return publish


@given(cases(st.tuples(*[st.integers(1, 10**8)] * 3, st.lists(roundings(), min_size=4, max_size=4))))
@QUICK
def test_a_rounded_total_never_raises_an_alarm(drawn):
    rows = []
    for year, (*counts, ways) in drawn:
        values = [way(count) for way, count in zip(ways, [sum(counts), *counts], strict=True)]
        names = ["", "siae", "esat", "ea"]
        rows += [obs("structures_inclusives", "FR", str(year), *v, c) for v, c in zip(values, names, strict=True)]
    assert run(table(*rows)) == []


@given(cases(st.tuples(st.integers(1, 10**7), st.integers(0, 2), st.integers(0, 2))))
@QUICK
def test_hours_and_their_etp_never_raise_an_alarm(drawn):
    rows = []
    for year, (hours, places, months) in drawn:
        etp = Decimal(hours) / 1607
        values = {
            "heures_insertion": Decimal(hours),
            "etp_insertion": etp.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP),
            "contrats": Decimal(100),
            "duree_moyenne_contrat_etp": (etp / 100).quantize(Decimal("0.001"), ROUND_HALF_EVEN),
            "duree_moyenne_contrat_mois": (etp * 12 / 100).quantize(Decimal(1).scaleb(-months), ROUND_HALF_EVEN),
        }
        rows += [obs(name, "FR", str(year), float(v), f"{v:f}".replace(".", ",")) for name, v in values.items()]
    assert run(table(*rows)) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_rows_never_changes_the_findings(alone, seed):
    shuffled = alone.table.sample(frac=1, random_state=seed, ignore_index=True)
    assert replace(alone, table=shuffled).findings == alone.findings


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_rows_never_changes_what_a_check_says(kind):
    frame = planted(kind)
    assert run(frame.iloc[::-1].reset_index(drop=True)) == run(frame)
