"""Two areas, or two editions, side by side: a planted case per nature, the real tables, the command, the chapter."""

import csv
import io
import json

import nbformat
import pandas as pd
import pytest

import reports
from conftest import one_sentence
from cpsr_study import Study, comparison
from cpsr_study.comparison import between_areas, between_editions, standing
from cpsr_study.display import compared
from cpsr_study.display.numbers import NBSP
from cpsr_study.display.publish import FIGURE, SENTENCE, TABLE
from cpsr_study.indicators import Break

DEFAULTS = {
    "indicator": "heures", "geo": "REG-28", "time_period": "2019", "breakdown": "", "category": "", "value": 100.0,
    "unit": "h", "status": "A", "source": "enquete", "kind": "producteur", "published": "2020", "inputs": "",
    "headline": True, "vintage": "", "correction": "",
}  # fmt: skip


def table(*rows):
    """A table of planted observations: what is not said is ordinary."""
    frame = pd.DataFrame([DEFAULTS | row for row in rows])
    plain = frame[["indicator", "geo", "time_period", "category"]].agg(".".join, axis=1).str.rstrip(".")
    return frame.assign(id=frame["id"].fillna(plain) if "id" in frame else plain)


def derived(*, inputs, **others):
    return {"indicator": "taux", "source": "calcul", "kind": "calcul", "inputs": inputs} | others


POPULATION = {"indicator": "population", "source": "cog"}


def natures(frame):
    return list(zip(frame["indicator"], frame["nature"], strict=True))


def changes(frame):
    return list(zip(frame["indicator"], frame["nature"], frame["cause"], strict=True))


# Between two editions, one planted change each


def test_nothing_changes_between_an_edition_and_itself():
    known = table({}, {"time_period": "2020"}, derived(inputs="heures.REG-28.2019"))
    frame = between_editions(known, known, "REG-28")
    assert frame.empty and frame.attrs["unchanged"] == 3


def test_another_value_of_the_same_source_is_revised():
    frame = between_editions(table({}), table({"value": 110.0, "vintage": "2021"}), "REG-28")
    assert changes(frame) == [("heures", "révisé", "millésime")]
    line = frame.iloc[0]
    assert (line["gap"], line["gap_percent"], line["value_old"], line["value_new"]) == (10, 10, 100, 110)
    assert frame.attrs["unchanged"] == 0


def test_the_width_of_a_float_is_not_a_revision():
    frame = between_editions(table({"value": 0.1 + 0.2}), table({"value": 0.3}), "REG-28")
    assert frame.empty and frame.attrs["unchanged"] == 1


def test_a_later_period_is_new_and_gives_the_value_it_follows():
    frame = between_editions(table({}), table({}, {"time_period": "2020", "value": 120.0}), "REG-28")
    assert changes(frame) == [("heures", "nouveau", "période")] and frame.attrs["unchanged"] == 1
    line = frame.iloc[0]
    assert (line["period_old"], line["period_new"], line["gap"]) == ("2019", "2020", 20)


def test_an_earlier_period_is_new_and_follows_nothing():
    frame = between_editions(table({}), table({}, {"time_period": "2018"}), "REG-28")
    assert changes(frame) == [("heures", "nouveau", "période")]
    assert frame.iloc[0]["id_old"] == "" and pd.isna(frame.iloc[0]["gap"])


def test_an_indicator_or_a_category_never_seen_is_a_new_series():
    new = table({}, {"indicator": "contrats"}, {"breakdown": "public", "category": "jeunes"})
    frame = between_editions(table({}), new, "REG-28")
    assert changes(frame) == [("contrats", "nouveau", "série"), ("heures", "nouveau", "série")]


def test_what_is_no_longer_known_is_absent():
    old = table({}, {"time_period": "2018"}, {"indicator": "contrats"})
    frame = between_editions(old, table({}), "REG-28")
    assert changes(frame) == [("contrats", "absent", "série"), ("heures", "absent", "période")]


def test_a_superseded_period_is_absent_and_says_what_is_shown_instead():
    frame = between_editions(table(POPULATION), table(POPULATION | {"time_period": "2023", "value": 130.0}), "REG-28")
    assert sorted(frame["nature"]) == ["absent", "nouveau"]
    assert set(frame["value_old"]) == {100} and set(frame["value_new"]) == {130}


@pytest.mark.parametrize("change", [{"source": "registre"}, {"kind": "presse"}], ids=["source", "kind"])
def test_another_source_breaks_the_series_by_its_definition(change):
    frame = between_editions(table({}), table({"value": 110.0} | change), "REG-28")
    assert changes(frame) == [("heures", "rupture", "définition")]
    same_value = between_editions(table({}), table(change), "REG-28")
    assert changes(same_value) == [("heures", "rupture", "définition")] and same_value.iloc[0]["gap"] == 0


def test_a_declared_break_between_two_periods_is_said():
    law = Break(indicator="heures", period="2020-01", label="loi", reason="autre définition", source="enquete")
    old, new = table({}), table({}, {"time_period": "2020", "value": 120.0})
    frame = between_editions(old, new, "REG-28", {"heures": (law,)})
    assert changes(frame) == [("heures", "rupture", "définition")] and frame.iloc[0]["gap"] == 20
    assert changes(between_editions(old, new, "REG-28")) == [("heures", "nouveau", "période")]


def test_the_shown_figure_that_passes_to_another_source_is_broken_not_new():
    """A document without a year gives way to the producer, of an earlier period."""
    undated = {"time_period": "2021", "status": "U", "source": "document", "published": "2021"}
    old = table(undated)
    new = table(undated, {"time_period": "2020", "value": 90.0, "published": "2023"})
    frame = between_editions(old, new, "REG-28")
    assert changes(frame) == [("heures", "rupture", "définition")] and frame.attrs["unchanged"] == 1
    assert tuple(frame.iloc[0][["period_old", "period_new", "gap"]]) == ("2021", "2020", -10)
    # The same two values from one source are no rupture.
    new = table(undated, {"time_period": "2020", "value": 90.0, "published": "2023", "source": "document"})
    assert changes(between_editions(old, new, "REG-28")) == [("heures", "nouveau", "période")]


@pytest.mark.parametrize("status", ["F", "P", "E"])
def test_a_value_that_becomes_final_is_broken_by_its_maturity(status):
    frame = between_editions(table({"status": status}), table({"value": 90.0}), "REG-28")
    assert changes(frame) == [("heures", "rupture", "maturité")]
    assert changes(between_editions(table({}), table({"status": status}), "REG-28")) == changes(frame)


def test_two_causes_are_both_said():
    frame = between_editions(table({"status": "F"}), table({"source": "registre"}), "REG-28")
    assert changes(frame) == [("heures", "rupture", "définition, maturité")]


def test_another_population_breaks_a_rate_by_its_scope():
    rate = {"value": 10.0}
    old = table({}, POPULATION, derived(inputs="heures.REG-28.2019 population.REG-28.2019", **rate))
    later = POPULATION | {"time_period": "2023"}
    new = table({}, later, derived(inputs="heures.REG-28.2019 population.REG-28.2023", value=9.0))
    assert ("taux", "rupture", "champ") in changes(between_editions(old, new, "REG-28"))


def test_a_sum_over_other_areas_is_broken_by_its_scope_from_one_period_to_the_next():
    parts = [{"geo": geo, "time_period": period} for geo in ("DEP-14", "DEP-50") for period in ("2019", "2020")]
    one = derived(indicator="heures", inputs="heures.DEP-14.2019")
    both = derived(indicator="heures", time_period="2020", inputs="heures.DEP-14.2020 heures.DEP-50.2020")
    alike = derived(indicator="heures", time_period="2020", inputs="heures.DEP-14.2020")
    assert changes(between_editions(table(*parts, one), table(*parts, one, both), "REG-28")) == [
        ("heures", "rupture", "champ")
    ]
    assert changes(between_editions(table(*parts, one), table(*parts, one, alike), "REG-28")) == [
        ("heures", "nouveau", "période")
    ]


def test_a_rate_whose_input_is_revised_is_revised():
    old = table({}, derived(inputs="heures.REG-28.2019"))
    new = table({"value": 110.0, "vintage": "2021"}, derived(inputs="heures.REG-28.2019", value=110.0))
    assert changes(between_editions(old, new, "REG-28")) == [
        ("heures", "révisé", "millésime"), ("taux", "révisé", "millésime")
    ]  # fmt: skip


def test_a_correction_and_a_status_are_said_and_a_rate_computed_otherwise_too():
    corrected = table({"value": 110.0, "correction": "unité"}, derived(inputs="heures.REG-28.2019", value=110.0))
    old = table({}, derived(inputs="heures.REG-28.2019"))
    assert {cause for _, _, cause in changes(between_editions(old, corrected, "REG-28"))} == {"correction"}
    doubted = between_editions(table({}), table({"status": "U"}), "REG-28")
    assert changes(doubted) == [("heures", "révisé", "statut")] and doubted.iloc[0]["status_new"] == "U"
    other = table({}, derived(inputs="heures.REG-28.2019", value=99.0))
    assert changes(between_editions(old, other, "REG-28")) == [("taux", "révisé", "calcul")]


def test_a_figure_that_stays_hidden_has_not_changed():
    hidden = table({"value": float("nan"), "status": "S"})
    assert between_editions(hidden, hidden, "REG-28").empty
    assert changes(between_editions(hidden, table({}), "REG-28")) == [("heures", "révisé", "statut")]


def test_another_statement_is_new_or_absent_and_the_one_it_replaces_is_told_once():
    second = {"id": "heures.REG-28.2019~2", "value": 1.0, "source": "document", "headline": False}
    frame = between_editions(table({}), table({}, second), "REG-28")
    assert changes(frame) == [("heures", "nouveau", "énoncé")] and frame.attrs["unchanged"] == 1
    assert frame.iloc[0]["id_new"] == second["id"]
    assert changes(between_editions(table({}, second), table({}), "REG-28")) == [("heures", "absent", "énoncé")]
    demoted = {"id": "heures.REG-28.2019~2", "headline": False}
    replaced = between_editions(table({}), table({"value": 5.0, "vintage": "2021"}, demoted), "REG-28")
    assert changes(replaced) == [("heures", "révisé", "millésime")]


def test_a_rate_whose_input_has_another_source_is_redefined():
    old = table({}, derived(inputs="heures.REG-28.2019"))
    new = table({"source": "registre"}, derived(inputs="heures.REG-28.2019", value=110.0))
    assert ("taux", "rupture", "définition") in changes(between_editions(old, new, "REG-28"))


def test_another_definition_hides_another_scope():
    """A stated value that is now summed from the départements rests on other areas: one cause says it."""
    parts = [{"geo": geo} for geo in ("DEP-14", "DEP-50")]
    summed = derived(indicator="heures", inputs="heures.DEP-14.2019 heures.DEP-50.2019")
    frame = between_editions(table({}, *parts), table(summed, *parts), "REG-28")
    assert changes(frame) == [("heures", "rupture", "définition")]


def test_other_areas_do_not_count():
    new = table({}, {"geo": "REG-53"}, {"geo": "REG-53", "id": "x~2", "value": 1.0, "headline": False})
    frame = between_editions(table({}), new, "REG-28")
    assert frame.empty and frame.attrs["unchanged"] == 1


# Between two areas


def both(**right):
    return table({}, {"geo": "REG-53", "value": 50.0} | right)


@pytest.mark.parametrize(
    ("right", "nature"),
    [
        ({}, comparison.COMPARABLE),
        ({"time_period": "2020"}, comparison.PERIODS),
        ({"status": "P"}, comparison.STATUSES),
        ({"source": "registre"}, comparison.SOURCES),
        ({"indicator": "zone"}, "seulement REG-28"),
    ],
)
def test_the_nature_says_what_limits_the_comparison(right, nature):
    frame = between_areas(both(**right), "REG-28", "REG-53")
    assert natures(frame)[0] == ("heures", nature)
    assert len(frame) == (2 if "indicator" in right else 1)


def test_the_gap_goes_from_the_first_area_to_the_second():
    line = between_areas(both(), "REG-28", "REG-53").iloc[0]
    assert (line["gap"], line["gap_percent"]) == (-50, -50)
    assert (line["id_a"], line["id_b"]) == ("heures.REG-28.2019", "heures.REG-53.2019")


def test_a_gap_from_nothing_has_no_percentage():
    line = between_areas(table({"value": 0.0}, {"geo": "REG-53"}), "REG-28", "REG-53").iloc[0]
    assert line["gap"] == 100 and pd.isna(line["gap_percent"])


def test_the_latest_common_period_comes_before_the_latest():
    frame = between_areas(table({}, {"time_period": "2021"}, {"geo": "REG-53"}), "REG-28", "REG-53")
    assert natures(frame) == [("heures", comparison.COMPARABLE)]
    assert tuple(frame.iloc[0][["period_a", "period_b"]]) == ("2019", "2019")


def test_a_sum_and_a_stated_value_of_one_source_can_be_compared():
    rows = [{"geo": "DEP-14"}, {"geo": "REG-53"}, derived(indicator="heures", inputs="heures.DEP-14.2019")]
    assert natures(between_areas(table(*rows), "REG-28", "REG-53")) == [("heures", comparison.COMPARABLE)]


def test_a_rank_counts_from_the_largest_and_equals_share_the_best():
    values = {"REG-1": 30.0, "REG-2": 20.0, "REG-3": 20.0, "REG-4": 5.0}
    frame = table(*({"geo": geo, "value": value} for geo, value in values.items()))
    assert [standing(frame, geo).rank for geo in values] == [1, 2, 2, 4]
    place = standing(frame, "REG-3")
    assert (place.count, place.median) == (4, 20)
    assert (place.lowest, place.highest) == ("heures.REG-4.2019", "heures.REG-1.2019")


# Gaps in words


@pytest.mark.parametrize(
    ("gap", "percent", "unit", "text"),
    [
        (12, 12.34, "h", f"+12,3{NBSP}%"),
        (-2.06, -20, "%", f"−2,1{NBSP}points"),
        (0.5, 3, "%", f"+0,5{NBSP}point"),
        (0, 0, "h", f"0{NBSP}%"),
        (1, 2105.9, "h", f"+2\u202f106{NBSP}%"),
        (-1, -0.04, "h", f"−0,04{NBSP}%"),
        (5, float("nan"), "h", ""),
        (float("nan"), float("nan"), "%", ""),
    ],
)
def test_a_gap_in_words(gap, percent, unit, text):
    assert compared.gap_text(gap, percent, unit) == text


# The real tables


@pytest.fixture(scope="module")
def normandie_editions(table_2021, table_2026):
    return between_editions(table_2021, table_2026, "REG-28")


def test_what_became_of_the_figures_of_normandie(normandie_editions):
    """If a source comes in, count again: a new source is one that this list must tell."""
    counts = normandie_editions.groupby(["nature", "cause"]).size().to_dict()
    assert counts == {
        ("rupture", "champ"): 15,
        ("rupture", "définition"): 4,
        ("nouveau", "série"): 14,
        ("nouveau", "période"): 2,
        ("absent", "période"): 2,
    }
    known = normandie_editions.set_index(["indicator", "nature"])
    poor = known.loc[("personnes_sous_seuil_pauvrete", "rupture")]
    assert (poor["period_old"], poor["source_old"]) == ("2021", "presentation-cpsr-normandie")
    assert (poor["period_new"], poor["source_new"]) == ("2020", "insee-filosofi, calcul")
    people = known.loc[("population", "nouveau")]
    assert (people["period_old"], people["period_new"]) == ("2019", "2023")
    assert (people["value_old"], people["value_new"]) == (3_325_032, 3_345_842)


def test_every_rate_moved_by_the_population_says_so(normandie_editions):
    moved = normandie_editions[normandie_editions["cause"] == "champ"]
    assert moved["indicator"].str.contains("habitant").sum() == len(moved)
    assert moved["gap_percent"].round(3).unique().tolist() == [-0.622]


def test_forecasts_of_the_presentation_that_became_results(table_2021, table_2026):
    """National hours: forecast by the document, then given by the network, for another year."""
    frame = between_editions(table_2021, table_2026, "FR").set_index("indicator")
    hours = frame.loc["heures_insertion"]
    assert (hours["cause"], hours["status_old"], hours["period_new"]) == ("définition, maturité", "F", "2023")


@pytest.mark.parametrize("geo", ["REG-28", "FR", "DEP-976"])
def test_turning_the_editions_round_mirrors_the_changes(table_2021, table_2026, geo):
    there = between_editions(table_2021, table_2026, geo)
    back = between_editions(table_2026, table_2021, geo)
    mirror = {"nouveau": "absent", "absent": "nouveau"}

    def told(frame, old, new, turn):
        natures = frame["nature"].replace(mirror) if turn else frame["nature"]
        return set(zip(frame[f"id_{old}"], frame[f"id_{new}"], natures, frame["cause"], strict=True))

    assert told(there, "old", "new", False) == told(back, "new", "old", True)
    assert there.attrs == back.attrs


def test_turning_the_areas_round_mirrors_the_comparison(table_2026):
    there, back = between_areas(table_2026, "REG-28", "REG-53"), between_areas(table_2026, "REG-53", "REG-28")
    assert natures(there) == natures(back)
    assert list(there["id_a"]) == list(back["id_b"]) and list(there["id_b"]) == list(back["id_a"])
    pd.testing.assert_series_equal(there["gap"], -back["gap"])
    assert (there["nature"] == comparison.COMPARABLE).sum() == 13


def test_a_document_is_not_compared_with_a_producer(table_2026):
    frame = between_areas(table_2026, "REG-28", "FR").set_index(["indicator", "category"])
    assert frame.loc[("heures_insertion", ""), "nature"] == comparison.STATUSES  # known against forecast
    assert frame.loc[("facilitateurs", ""), "nature"] == comparison.PERIODS
    assert frame.loc[("part_etp_modalite", "achat_insertion"), "nature"] == comparison.COMPARABLE


# What a study compares


def test_a_study_ranks_what_it_shares_with_its_level():
    study = Study.open("REG-28")
    rates = {known.frame["indicator"].iloc[0] for known in study.comparable(relative=True)}
    sizes = {known.frame["indicator"].iloc[0] for known in study.comparable(relative=False)}
    assert {"taux_pauvrete", "rsa_pour_1000_habitants", "taux_chomage"} <= rates
    assert {"population", "part_france_population", "allocataires_rsa"} <= sizes and not rates & sizes
    assert all("FRMET" not in set(known.frame["geo"]) for known in study.comparable(relative=True))


@pytest.mark.parametrize(
    ("territory", "count", "one"),
    [("DEP-14", 5, "DEP-50"), ("DEP-976", 5, "DEP-974"), ("REG-28", 18, "REG-04"), ("FR", 1, "FR")],
)
def test_neighbours(territory, count, one):
    study = Study.open(territory)
    assert len(study.neighbours) == count and {one, territory} <= set(study.neighbours)


# The command


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_compare_two_areas(command, data_dir):
    code, out, err = command("compare", "normandie", "REG-53", "--format", "csv", data_dir=data_dir)
    assert (code, err) == (0, "")
    found = {row["indicator"]: row for row in rows(out)}
    assert (found["population"]["value_a"], found["population"]["value_b"]) == ("3345842", "3449370")
    assert (found["contrats"]["nature"], found["contrats"]["gap"]) == ("seulement REG-28", "")
    out = command("compare", "REG-28", "REG-53", "--edition", "2021", data_dir=data_dir).out
    assert "3 325 032" in out.replace("\u202f", " ") and "seulement en Normandie" in out


def test_compare_two_editions(command, data_dir, normandie_editions):
    words = ["compare", "REG-28", "--editions", "2021", "2026"]
    assert len(rows(command(*words, "--format", "csv", data_dir=data_dir).out)) == len(normandie_editions)
    records = json.loads(command(*words, "--format", "json", data_dir=data_dir).out, parse_constant=pytest.fail)
    assert {record["gap"] for record in records if record["cause"] == "série"} == {None}
    out = command(*words, data_dir=data_dir).out
    for words in ("2021 → 2020", "rupture (définition)", "443 987", "inchangé : 74."):
        assert words in out.replace("\u202f", " ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["REG-28", "normandie"], "Le même territoire est demandé deux fois : Normandie (REG-28)."),
        (["REG-28"], "ou un seul suivi de --editions"),
        (["REG-28", "REG-53", "DEP-14"], "Deux territoires sont attendus"),
        (["REG-28", "REG-53", "--editions", "2020", "2021"], "Il faut choisir"),
        (["REG-28", "--edition", "2020", "--editions", "2020", "2021"], "Il faut choisir"),
        (["REG-28", "--editions", "2020", "1999"], "Édition inconnue : « 1999 »"),
        (["REG-28", "--editions", "2021", "dernière"], "L'édition 2021 est demandée deux fois"),
        (["REG-28", "--editions", "2021"], "Il manque une valeur après « --editions »"),
        (["REG-28", "bretagn"], "Vouliez-vous dire « Bretagne (REG-53) » ?"),
        (["REG-28", "REG-53", "--format", "xml"], "Format inconnu"),
        ([], "Il manque l'argument"),
    ],
)
def test_a_wrong_comparison_is_answered_in_one_sentence(small, command, words, said):
    code, out, err = command("compare", *words, data_dir=small.root)
    assert (code, out) == (2, "") and said in err and one_sentence(err), err


# The chapter


def published(folder):
    notebook = nbformat.read(folder / "notebooks" / "09_comparaison.ipynb", as_version=4)
    data = [output.data for cell in notebook.cells for output in cell.get("outputs", [])]
    tables = {item[TABLE]["title"]: item[TABLE]["cpsr"] for item in data if TABLE in item}
    sentences = ["".join(part if isinstance(part, str) else part["text"] for part in item[SENTENCE]["parts"])
                 for item in data if SENTENCE in item]  # fmt: skip
    return tables, sentences, sum(FIGURE in item for item in data)


def test_the_chapter_sets_normandie_beside_the_other_regions(tmp_path):
    folder = reports.build(tmp_path, "REG-28", ["09"], compare_with="REG-53").folder
    tables, sentences, figures = published(folder)
    assert figures == 3 and len(tables) == 4
    rates = tables["Taux et ratios : la place de Normandie parmi les régions"]["cells"]
    poverty = next(row for row in rates if row[0]["text"].startswith("Taux de pauvreté"))
    assert [cell["text"].replace(NBSP, " ") for cell in poverty] == [
        "Taux de pauvreté, 2020", "13,2 %", "10e sur 15", "14,5 %", "10,5 % (Pays de la Loire)", "35,6 % (La Réunion)",
    ]  # fmt: skip
    assert all(poverty[column]["ref"] for column in (1, 4, 5))
    assert len(tables["Normandie et ses voisins"]["cells"]) == 17
    assert len(tables["Normandie et Bretagne"]["cells"]) == 13
    assert any(text.startswith("Au-dessous de la médiane des régions : taux de pauvreté") for text in sentences)
    assert "9.5" in reports.html_of(folder) and (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_chapter_says_what_is_not_known_of_mayotte(tmp_path):
    tables, sentences, figures = published(reports.build(tmp_path, "DEP-976", ["09"]).folder)
    assert figures == 3 and len(tables) == 2
    assert any(text.startswith("Aucun taux ni ratio n’est connu à la fois à Mayotte") for text in sentences)
    assert "Sans aucune valeur connue : Mayotte." in tables["Mayotte et ses voisins"]["notes"]
    assert any("compare_with" in text for text in sentences)
