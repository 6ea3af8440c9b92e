"""The checks: what the presentation says against itself, each kind able to speak, and silence on sound figures."""

from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from conftest import DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from cpsr_study import checks, derivation, indicators, observations
from cpsr_study.checks.findings import Context
from cpsr_study.display.numbers import number
from cpsr_study.study import Study

PRESENTATION = "presentation-cpsr-normandie"
REGISTRY = indicators.read(DATA)
MEMBERS = {"REG-28": ["DEP-14", "DEP-50"]}
NAMES = {"FR": "France", "REG-28": "Normandie", "DEP-14": "Calvados", "DEP-50": "Manche"}
QUICK = settings(max_examples=60, derandomize=True, deadline=None, database=None)


@pytest.fixture(scope="module")
def alone(table_2021) -> Study:
    """The study of Normandie, edition 2021, that knows the presentation and the populations and nothing else."""
    known = table_2021["source"].eq(PRESENTATION) | table_2021["indicator"].eq("population")
    return replace(Study.open("REG-28", 2021), table=table_2021[known].reset_index(drop=True))


def spoken(found: list[checks.Finding]) -> set[tuple[str, str]]:
    return {(finding.check, finding.ids[0]) for finding in found}


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
    ("structures_inclusives.REG-28.2021.siae", 355, "355 SIAE", "total_et_parties"),
    ("structures_inclusives.REG-28.2021", 507, "507 structures en Normandie", "total_et_parties"),
    ("part_etp_mode_embauche.FR.2019.embauche_directe", 37.7, "37,7%", "relation_part_mode_embauche"),
    ("part_etp_mode_embauche.FR.2019.travail_temporaire", 44, "44% du total", "relation_part_mode_embauche"),
    ("part_etp_mode_embauche.FR.2019.etti", 28, "27,5 % du total", "relation_part_mode_embauche"),
    ("part_etp_mode_embauche.FR.2019.inclusives", 48, "près de 48%", "relation_part_mode_embauche"),
    ("part_etp_total_mode_embauche.FR.2019.embauche_directe", 26.4, "26,4%", "relation_part_total_mode_embauche"),
    ("part_etp_modalite.FR.2019.condition_execution", 68.8, "68,8%", "relation_part_mode_embauche"),
    ("part_etp_modalite.FR.2019.critere_attribution", 15, "15% des ETP", "parts_et_cent"),
    ("part_etp_modalite.FR.2019.marche_reserve_siae", 5.9, "5,9% pour les SIAE", "total_et_parties"),
    ("part_etp_modalite.REG-28.2019.marche_reserve_siae", 25, "dont 25% pour les SIAE", "total_et_parties"),
    ("etp_mode_embauche.FR.2019.etti", 3509, "dont 3 509", "total_et_parties"),
    ("etp_mode_embauche.FR.2019.iae", 3798, "3 798 ETP", "total_et_parties"),
    ("part_etp_taille_entreprise.FR.2019.pme_moins_200", 76, "76%", "total_et_parties"),
    ("part_etp_taille_entreprise.FR.2019.moins_50", 38, "38%", "total_et_parties"),
    ("part_etp_donneur_ordre.FR.2019.collectivites_sem", 77, "plus de 77%", "parts_et_cent"),
    ("part_marches_type.FR.2019.travaux", 57, "57%", "parts_et_cent"),
    ("part_marches_type.FR.2019.fournitures", 2, "2,0%", "parts_et_cent"),
    ("part_contrats_type.FR.2019.ctti", 54.2, "CTTI : 54,2%", "parts_et_cent"),
    ("duree_moyenne_contrat_etp.FR.2019", 0.2, "0,20 ETP", "relation_duree_etp"),
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
        assert text in finding.sentence
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
    said = finding.sentence.partition("Le reste de la source en dit plus : ")[2]
    assert said.startswith("61\u202f886 s'accorde avec Durée moyenne d’un contrat en ETP") and "58" not in said
    assert said.endswith("À expliquer.")


def test_a_growth_is_compared_with_the_levels_of_its_own_slide(alone):
    """« 61 886 contrats (52 780 en 2018), soit une augmentation de 8,6 % »: not the 58 471 of another slide."""
    finding = next(f for f in alone.findings if f.check == "relation_croissance_contrats")
    assert "61\u202f886" in finding.sentence and "58\u202f471" not in finding.sentence


@pytest.mark.parametrize(("name", "value", "words", "check"), AGREEMENTS, ids=[item[0] for item in AGREEMENTS])
def test_what_agrees_is_examined_and_passed_in_silence(alone, name, value, words, check):
    """Nothing is said of the figure as it is, and the check speaks as soon as it is changed."""
    row = alone.table["id"] == name
    assert row.sum() == 1
    changed = alone.table.copy()
    changed.loc[row, ["value", "as_published"]] = [float(value), words]
    new = [
        finding
        for finding in replace(alone, table=changed).findings
        if finding.check == check and name in finding.ids and finding.severity == "alerte"
    ]
    before = {(finding.check, finding.ids) for finding in alone.findings}
    assert [finding for finding in new if (finding.check, finding.ids) not in before]


def test_poor_persons_agree_with_the_rate_and_its_base(table_2021):
    """Filosofi 2018: the five départements state the three figures; the relation looks at each of them."""
    pauvres = table_2021[(table_2021["indicator"] == "personnes_sous_seuil_pauvrete") & (table_2021["source"] != "calcul")]
    pauvres = pauvres[(pauvres["time_period"] == "2018") & pauvres["geo"].str.startswith("DEP")]
    assert len(pauvres) == 5
    assert "relation_pauvres" not in {finding.check for finding in run(table_2021)}
    changed = table_2021.copy()
    changed.loc[pauvres.index, "value"] *= 1.05
    changed.loc[pauvres.index, "as_published"] = ""
    found = [finding.ids[0] for finding in run(changed) if finding.check == "relation_pauvres"]
    assert sorted(found) == sorted(pauvres["id"])


def test_a_correction_is_reported_and_what_rounding_reconciles_is_not(table_2021):
    """« 111 399 milliards € » once corrected meets the 111,4 Md€ of the OECP: one finding, the correction itself."""
    statements = table_2021[(table_2021["indicator"] == "montant_marches") & (table_2021["time_period"] == "2020")]
    french = statements[statements["geo"] == "FR"]
    assert sorted(french["value"]) == [111399, 111400]
    found = [finding for finding in run(table_2021) if set(finding.ids) & set(statements["id"])]
    assert {finding.check for finding in found} == {"correction_declaree"} and len(found) == 2
    for finding in found:
        assert "Lapsus d’unité" in finding.sentence and "milliards €" in finding.stated


def test_without_its_correction_the_slip_of_a_unit_is_found(table_2021):
    row = (table_2021["id"].str.startswith("montant_marches.FR.2020")) & (table_2021["source"] == PRESENTATION)
    assert row.sum() == 1
    literal = table_2021.copy()
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


POPULATION = [obs("population", "FR", "2019", 1000, source="cog"), obs("population", "REG-28", "2019", 50, source="cog")]
RSA = [obs("allocataires_rsa", "DEP-14", "2019", 30, source="caf"), obs("allocataires_rsa", "DEP-50", "2019", 12, source="caf")]


def shares(*values, words=None):
    """Works, services and supplies: a breakdown that is complete."""
    names = ["travaux", "services", "fournitures"]
    return [obs("part_marches_type", "FR", "2019", v, words, c) for v, c in zip(values, names, strict=False)]


def structures(total, *parts):
    names = ["siae", "esat", "ea"]
    rows = [obs("structures_inclusives", "REG-28", "2021", v, None, c) for v, c in zip(parts, names, strict=False)]
    return [obs("structures_inclusives", "REG-28", "2021", total), *rows]


# check | what it is of | sound observations | the same with a fault | name of the finding, its severity
KINDS = [
    ("corrected", "a correction", [obs("contrats", "FR", "2019", 5)],
     [obs("contrats", "FR", "2019", 5, correction="valeur remplacée : Coquille.")], "correction_declaree", "alerte"),
    ("stated_twice", "two values", [obs("contrats", "FR", "2019", 111399, "111 399"), obs("contrats", "FR", "2019", 111400, "111,4 milliers")],
     [obs("contrats", "FR", "2019", 111399, "111 399"), obs("contrats", "FR", "2019", 111500, "111,5 milliers")], "enonces_differents", "alerte"),
    ("stated_twice", "a bound", [obs("contrats", "FR", "2019", 60, "plus de 60"), obs("contrats", "FR", "2019", 75)],
     [obs("contrats", "FR", "2019", 60, "plus de 60"), obs("contrats", "FR", "2019", 45)], "enonces_differents", "alerte"),
    ("stated_twice", "three values", [obs("contrats", "FR", "2019", 60)] * 3,
     [obs("contrats", "FR", "2019", 60), obs("contrats", "FR", "2019", 60), obs("contrats", "FR", "2019", 90)], "enonces_differents", "alerte"),
    ("stated_twice", "a forecast and a final figure are not two values", [obs("contrats", "FR", "2020", 81446, status="F"), obs("contrats", "FR", "2020", 79000, status="F", page="p. 2")][:1]
     + [obs("contrats", "FR", "2020", 79000, source="t")],
     [obs("contrats", "FR", "2020", 81446, status="F"), obs("contrats", "FR", "2020", 79000, status="F", page="p. 2")], "enonces_differents", "alerte"),
    ("undated", "no year", [obs("allocataires_rsa", "DEP-14", "2021", 31, "30 milliers", status="U"), obs("allocataires_rsa", "DEP-14", "2019", 31, source="caf")],
     [obs("allocataires_rsa", "DEP-14", "2021", 34, status="U"), obs("allocataires_rsa", "DEP-14", "2019", 31, source="caf")], "sans_annee", "alerte"),
    ("forecast_against_final", "a forecast", [obs("contrats", "FR", "2020", 81446, status="F")],
     [obs("contrats", "FR", "2020", 81446, status="F"), obs("contrats", "FR", "2020", 79000, source="t")], "prevision_et_definitif", "info"),
    ("out_of_scale", "a unit", [obs("montant_marches", "FR", "2020", 111399), obs("montant_marches", "FR", "2019", 87000, source="t")],
     [obs("montant_marches", "FR", "2020", 111399000), obs("montant_marches", "FR", "2019", 87000, source="t")], "hors_echelle", "alerte"),
    ("parts_against_total", "a complete breakdown", structures(508, 354, 104, 50), structures(520, 354, 104, 50), "total_et_parties", "alerte"),
    ("parts_against_total", "parts above their total", structures(508, 354, 104), structures(400, 354, 104), "total_et_parties", "alerte"),
    ("parts_against_total", "one part above its total", structures(508, 354), structures(300, 354), "total_et_parties", "alerte"),
    ("parts_against_total", "a part of a part", [obs("part_etp_modalite", "FR", "2019", 5.7, None, "marche_reserve"), obs("part_etp_modalite", "FR", "2019", 4.9, None, "marche_reserve_siae")],
     [obs("part_etp_modalite", "FR", "2019", 5.7, None, "marche_reserve"), obs("part_etp_modalite", "FR", "2019", 7.9, None, "marche_reserve_siae")], "total_et_parties", "alerte"),
    ("parts_against_total", "a part of a count that overlaps others", [obs("etp_mode_embauche", "FR", "2019", 3485, None, "travail_temporaire"), obs("etp_mode_embauche", "FR", "2019", 2209, None, "etti")],
     [obs("etp_mode_embauche", "FR", "2019", 2209, None, "travail_temporaire"), obs("etp_mode_embauche", "FR", "2019", 3485, None, "etti")], "total_et_parties", "alerte"),
    ("parts_against_total", "published parts below their total",
     [obs("part_etp_taille_entreprise", "FR", "2019", v, None, c) for v, c in [(79, "pme_moins_200"), (11, "moins_10"), (35, "moins_50"), (32, "moins_200")]],
     [obs("part_etp_taille_entreprise", "FR", "2019", v, None, c) for v, c in [(79, "pme_moins_200"), (11, "moins_10"), (30, "moins_50"), (32, "moins_200")]], "total_et_parties", "info"),
    ("exclusive_shares", "above 100 %", shares(58, 41, 1), shares(61, 41), "parts_et_cent", "alerte"),
    ("exclusive_shares", "below 100 %", shares(58, 41, 0.2), shares(58, 31, 0.2), "parts_et_cent", "alerte"),
    ("exclusive_shares", "categories that overlap", [obs("part_participants_public", "FR", "2019", 80, None, "rsa"), obs("part_participants_public", "FR", "2019", 70, None, "deld")],
     shares(80, 70), "parts_et_cent", "alerte"),
    ("area_above_its_country", "a region", [obs("contrats", "FR", "2020", 81446), obs("contrats", "REG-28", "2020", 940)],
     [obs("contrats", "FR", "2020", 81446), obs("contrats", "REG-28", "2020", 94000)], "zone_et_pays", "alerte"),
    ("area_above_its_country", "a rate may be above", [obs("taux_pauvrete", "FR", "2018", 14.8), obs("taux_pauvrete", "REG-28", "2018", 16)],
     [obs("montant_marches", "FR", "2018", 14.8), obs("montant_marches", "REG-28", "2018", 16)], "zone_et_pays", "alerte"),
    ("area_against_its_departements", "a sum", [*RSA, obs("allocataires_rsa", "REG-28", "2019", 42)], [*RSA, obs("allocataires_rsa", "REG-28", "2019", 45)], "zone_et_departements", "alerte"),
    ("area_against_its_departements", "a partial sum", [RSA[0], obs("allocataires_rsa", "REG-28", "2019", 45)], [*RSA, obs("allocataires_rsa", "REG-28", "2019", 45)], "zone_et_departements", "alerte"),
    ("share_far_from_population", "a count", [*POPULATION, obs("contrats", "FR", "2020", 100), obs("contrats", "REG-28", "2020", 9)],
     [*POPULATION, obs("contrats", "FR", "2020", 100), obs("contrats", "REG-28", "2020", 1)], "part_et_population", "info"),
    ("share_far_from_population", "a mean", [*POPULATION, obs("heures_par_facilitateur", "FR", "2020", 100), obs("heures_par_facilitateur", "REG-28", "2020", 90)],
     [*POPULATION, obs("facilitateurs", "FR", "2020", 100), obs("facilitateurs", "REG-28", "2020", 90)], "part_et_population", "info"),
    ("between_figures", "hours and ETP", [obs("heures_insertion", "FR", "2019", 18640567), obs("etp_insertion", "FR", "2019", 11600)],
     [obs("heures_insertion", "FR", "2019", 18640567), obs("etp_insertion", "FR", "2019", 12600)], "relation_heures_etp", "alerte"),
    ("between_figures", "a growth", [obs("taux_croissance", "FR", "2019", 19.1, None, "participants"), obs("participants", "FR", "2019", 45210), obs("participants", "FR", "2018", 37953)],
     [obs("taux_croissance", "FR", "2019", 11.9, None, "participants"), obs("participants", "FR", "2019", 45210), obs("participants", "FR", "2018", 37953)], "relation_croissance_participants", "alerte"),
    ("between_figures", "a fall", [obs("taux_croissance", "FR", "2019", -16.1, "une baisse de 16,1 %", "participants"), obs("participants", "FR", "2019", 37953), obs("participants", "FR", "2018", 45210)],
     [obs("taux_croissance", "FR", "2019", 16.1, None, "participants"), obs("participants", "FR", "2019", 37953), obs("participants", "FR", "2018", 45210)], "relation_croissance_participants", "alerte"),
    ("between_figures", "one of two statements is enough", [obs("heures_insertion", "FR", "2019", 18640567), obs("etp_insertion", "FR", "2019", 12600), obs("etp_insertion", "FR", "2019", 11600, page="p. 2")],
     [obs("heures_insertion", "FR", "2019", 18640567), obs("etp_insertion", "FR", "2019", 12600), obs("etp_insertion", "FR", "2019", 12700, page="p. 2")], "relation_heures_etp", "alerte"),
    ("same_thing_elsewhere", "two sources", [obs("structures_inclusives", "REG-28", "2021", 104, None, "esat"), obs("esat", "REG-28", "2021", 104, source="finess"), obs("esat", "REG-28", "2026", 81, source="finess")],
     [obs("structures_inclusives", "REG-28", "2021", 104, None, "esat"), obs("esat", "REG-28", "2026", 81, source="finess")], "deux_sources", "alerte"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "what", "sound", "faulty", "name", "severity"), KINDS, ids=[f"{k[0]}: {k[1]}" for k in KINDS])
def test_a_check_is_silent_on_sound_data_and_speaks_of_a_fault(check, what, sound, faulty, name, severity):
    function = next(function for function in checks.CHECKS if function.__name__ == check)
    assert list(function(Context(table(*sound), REGISTRY, MEMBERS, NAMES))) == []
    found = list(function(Context(table(*faulty), REGISTRY, MEMBERS, NAMES)))
    assert [(finding.check, finding.severity) for finding in found] == [(name, severity)]
    assert found[0] in run(table(*faulty))
    assert found[0].ids and found[0].stated and found[0].recomputed and found[0].sentence.endswith(".")


def test_every_check_is_proved():
    assert {kind[0] for kind in KINDS} == {function.__name__ for function in checks.CHECKS}
    assert len(checks.CHECKS) == 12


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


def test_the_most_serious_comes_first_and_anchors_are_unique(table_2026):
    found = run(table_2026)
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


@given(st.tuples(COUNTS, COUNTS, COUNTS), st.tuples(published(), published(), published()))
@QUICK
def test_the_rounded_shares_of_a_whole_never_raise_an_alarm(counts, ways):
    values = [way(share(count, sum(counts))) for way, count in zip(ways, counts, strict=True)]
    names = ["travaux", "services", "fournitures"]
    rows = [obs("part_marches_type", "FR", "2019", *v, c) for v, c in zip(values, names, strict=True)]
    assert run(table(*rows)) == []


@given(st.tuples(COUNTS, COUNTS), COUNTS, st.lists(published(), min_size=4, max_size=4))
@QUICK
def test_a_part_of_a_part_rounded_on_its_own_never_raises_an_alarm(inside, rest, ways):
    """ETTI within temporary work, other jobs beside it: counts, nested shares, and shares of everything."""
    temporary, total = sum(inside), sum(inside) + rest
    condition = ways[0](share(temporary + rest // 2, total))
    base = temporary + rest // 2
    rows = [
        obs("etp_insertion", "FR", "2019", total),
        obs("part_etp_modalite", "FR", "2019", *condition, "condition_execution"),
        obs("etp_mode_embauche", "FR", "2019", temporary, None, "travail_temporaire"),
        obs("etp_mode_embauche", "FR", "2019", inside[0], None, "etti"),
        obs("part_etp_mode_embauche", "FR", "2019", *ways[1](share(temporary, base)), "travail_temporaire"),
        obs("part_etp_mode_embauche", "FR", "2019", *ways[2](share(inside[0], base)), "etti"),
        obs("part_etp_total_mode_embauche", "FR", "2019", *ways[3](share(inside[0], total)), "etti"),
    ]
    assert run(table(*rows)) == []


@given(COUNTS, COUNTS, published(signed=True))
@QUICK
def test_a_rounded_growth_or_fall_never_raises_an_alarm(before, after, way):
    rows = [
        obs("taux_croissance", "FR", "2019", *way(share(after - before, before)), "participants"),
        obs("participants", "FR", "2019", after),
        obs("participants", "FR", "2018", before),
    ]
    assert run(table(*rows)) == []


@given(st.tuples(COUNTS, COUNTS, COUNTS), st.lists(st.sampled_from([1, 10, 1000]), min_size=4, max_size=4), st.booleans())
@QUICK
def test_a_rounded_total_never_raises_an_alarm(counts, units, floor):
    """A total and its parts, each rounded to its own unit, with « plus de » where it was rounded down."""

    def written(count: int, unit: int) -> tuple[float, str]:
        tens = Decimal(count) / unit
        value = int(tens.quantize(Decimal(1), ROUND_FLOOR if floor else ROUND_HALF_UP))
        return value * unit, f"{'plus de ' if floor else 'près de ' if unit == 10 else ''}{value} × {unit}"

    values = [written(count, unit) for count, unit in zip([sum(counts), *counts], units, strict=True)]
    if all(value for value, _ in values):
        names = ["", "siae", "esat", "ea"]
        rows = [obs("structures_inclusives", "FR", "2021", *v, c) for v, c in zip(values, names, strict=True)]
        assert run(table(*rows)) == []


@given(st.integers(1, 10**7), st.integers(0, 2), st.integers(0, 2))
@QUICK
def test_hours_and_their_etp_never_raise_an_alarm(hours, places, months):
    etp = (Decimal(hours) / 1607).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    per_contract = (Decimal(hours) / 1607 / 100).quantize(Decimal("0.001"), ROUND_HALF_EVEN)
    mean = (Decimal(hours) * 12 / 1607 / 100).quantize(Decimal(1).scaleb(-months), ROUND_HALF_EVEN)
    rows = [
        obs("heures_insertion", "FR", "2019", hours),
        obs("etp_insertion", "FR", "2019", etp),
        obs("contrats", "FR", "2019", 100),
        obs("duree_moyenne_contrat_etp", "FR", "2019", per_contract),
        obs("duree_moyenne_contrat_mois", "FR", "2019", mean),
    ]
    assert run(table(*rows)) == []


@given(st.randoms(use_true_random=False))
@settings(max_examples=8, derandomize=True, deadline=None, database=None)
def test_the_order_of_the_rows_never_changes_the_findings(alone, random):
    order = list(range(len(alone.table)))
    random.shuffle(order)
    shuffled = replace(alone, table=alone.table.iloc[order].reset_index(drop=True))
    assert shuffled.findings == alone.findings


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, derandomize=True, deadline=None, database=None)
def test_the_order_of_the_rows_of_every_kind_never_changes_the_findings(random):
    for _, _, _, faulty, _, _ in KINDS:
        frame = table(*faulty)
        order = list(range(len(frame)))
        random.shuffle(order)
        assert run(frame.iloc[order].reset_index(drop=True)) == run(frame)
