"""`Study`: the latest of a figure, the same period for both sides, and what is said of what is missing."""

from functools import cache

import pandas as pd
import pytest

from conftest import DATA, HEADER
from cpsr_study.display import say
from cpsr_study.errors import DataError, RequestError
from cpsr_study.selection import Missing, Observation
from cpsr_study.study import Study


@cache
def opened(territory: str, edition: int = 2021) -> Study:
    """The study of a territory on the data of the repository, opened once for all the tests."""
    return Study.open(territory, edition, data_dir=DATA)


@pytest.fixture(scope="module")
def normandie() -> Study:
    return opened("REG-28")


def hours(small, *rows: str, edition: int = 2021) -> Study:
    """The study of Normandie when the survey of 2020 holds only these hours: `"FR 2020 10 A"`."""
    lines = []
    for row in rows:
        geo, period, value, status = row.split()
        lines.append(f"heures_insertion,{geo},{period},,,{value},{status},{value},tableau 1,")
    small.remove("raw/enquete/2019/observations.csv")
    small.remove("raw/enquete/2019/source.toml")
    (small.root / "raw/enquete/2019").rmdir()
    small.lines(*lines)
    return Study.open("REG-28", edition, data_dir=small.root)


# The latest known


def test_the_latest_period_is_taken(small):
    found = hours(small, "REG-28 2019 5 A", "REG-28 2020 7 A", "REG-28 2018 9 A").latest("heures_insertion")
    assert (found.value, found.period) == (7, "2020")


def test_a_month_comes_after_its_year(small):
    assert hours(small, "REG-28 2020 5 A", "REG-28 2020-04 7 A").latest("heures_insertion").value == 7


def test_an_undated_figure_yields_to_a_dated_one_published_since(small):
    """Status U at the year of its document: its true year is unknown."""
    study = hours(small, "REG-28 2021 5 U", "REG-28 2019 7 A")
    assert study.latest("heures_insertion").value == 7, "published together: the dated one"
    small.lines("heures_insertion,REG-28,2021,,,5,U,5,tableau 1,")
    small.add("autre", "2019", "2020-05", f"{HEADER}\nheures_insertion,REG-28,2019,,,7,A,7,tableau 1,\n")
    assert Study.open("REG-28", 2021, data_dir=small.root).latest("heures_insertion").value == 5, "published before"
    small.add("autre", "2020", "2021-12", f"{HEADER}\nheures_insertion,REG-28,2020,,,9,A,9,tableau 1,\n")
    assert Study.open("REG-28", 2021, data_dir=small.root).latest("heures_insertion").value == 9, "published since"


def test_only_headlines_are_shown(normandie):
    shown = normandie.select("contrats", "FR").frame
    assert shown["headline"].all() and shown["time_period"].is_unique
    every = normandie.statements("contrats", "FR").frame
    assert {"contrats.FR.2019", "contrats.FR.2019~2"} <= set(every["id"])


def test_a_category_is_never_taken_for_the_total(normandie):
    assert normandie.latest("structures_inclusives").value == 508
    assert normandie.latest("structures_inclusives", "esat").value == 104
    assert isinstance(normandie.latest("part_etp_modalite"), Missing), "there is no total of shares"


def test_an_observation_is_ready_to_be_written(normandie):
    found = normandie.latest("heures_insertion")
    assert isinstance(found, Observation)
    assert (found.id, found.value, found.period) == ("heures_insertion.REG-28.2020", 293_576, "2020")
    assert found.text.replace("\u202f", " ").replace("\u00a0", " ") == "293 576 h"
    assert found.part()["ref"] == found.id and not found.derived


# Both sides at one period


def test_a_pair_shares_the_latest_period_that_both_have(small):
    study = hours(small, "REG-28 2020 1 A", "REG-28 2019 2 A", "FR 2019 3 A", "FR 2018 4 A", "REG-28 2018 5 A")
    assert [(one.value, one.period) for one in study.pair("heures_insertion")] == [(2, "2019"), (3, "2019")]


def test_a_pair_without_a_shared_period_gives_each_its_latest(small):
    study = hours(small, "REG-28 2020 1 A", "FR 2019 3 A", "FR 2018 4 A")
    assert [(one.value, one.period) for one in study.pair("heures_insertion")] == [(1, "2020"), (3, "2019")]


def test_a_pair_with_one_side_missing_says_so(small):
    own, other = hours(small, "REG-28 2020 1 A").pair("heures_insertion")
    assert own.value == 1 and isinstance(other, Missing)
    assert other.sentence().startswith("Non renseigné en France : heures d’insertion.")


def test_a_territory_compared_with_itself_is_there_once(small):
    study = hours(small, "FR 2020 4 A")
    france = Study.open("FR", 2021, data_dir=study.data_dir)
    assert france.geos == ["FR"]
    assert [one.value for one in france.pair("heures_insertion")] == [4]


def test_categories_share_a_period_too(normandie):
    frame = normandie.categories("part_etp_modalite").frame
    assert set(frame["time_period"]) == {"2019"} and set(frame["geo"]) == {"REG-28", "FR"}
    assert (frame["category"] != "").all()


def test_areas_are_shown_at_the_period_known_for_most(small):
    study = hours(small, "DEP-14 2019 1 A", "DEP-50 2019 2 A", "DEP-14 2020 3 A")
    frame = study.areas("heures_insertion", ["DEP-14", "DEP-50"]).frame
    assert frame.set_index("geo")["value"].to_dict() == {"DEP-14": 1, "DEP-50": 2}


def test_a_series_is_in_order(normandie):
    periods = normandie.series("allocataires_rsa").frame["time_period"].tolist()
    assert periods == sorted(periods) and len(periods) > 3


# What is missing is said


def test_missing_says_what_where_and_who_should_know():
    study = opened("DEP-14")
    found = study.latest("heures_insertion")
    assert isinstance(found, Missing)
    sentence = found.sentence()
    assert sentence.startswith("Non renseigné dans le Calvados : heures d’insertion réalisées.")
    assert "Source attendue : Alliance Villes Emploi" in sentence and sentence.count(".") == 2


def test_missing_of_a_computed_figure_names_the_sources_of_its_inputs():
    found = opened("DEP-14").latest("heures_par_participant")
    assert "Source attendue : Alliance Villes Emploi" in found.sentence()


def test_a_note_names_each_expected_source_once():
    study = opened("DEP-976")
    absent = [study.latest(name) for name in ("heures_insertion", "participants_pour_1000_deld", "heures_par_meuro")]
    (note,) = say.expected(absent)
    assert note.startswith("Non renseigné à Mayotte ; sources attendues : ")
    assert note.count("Alliance Villes Emploi") == note.count("DARES") == note.count("OECP") == 1


def test_what_is_missing_is_what_is_not_known():
    study = opened("DEP-976")
    known = set(study.table.loc[study.table["geo"] == "DEP-976", "indicator"])
    missing = [item.indicator for item in study.missing()]
    assert missing and known.isdisjoint(missing)
    assert len(missing) == len(set(missing)) and set(missing) | known >= set(study.expected)
    assert all(item.sentence().startswith("Non renseigné à Mayotte : ") for item in study.missing())


def test_an_unknown_indicator_is_a_fault_not_a_gap(normandie):
    with pytest.raises(DataError, match="heures_insertio"):
        normandie.latest("heures_insertio")


# Any territory


@pytest.mark.parametrize(
    "territory", ["FR", "FRMET", "REG-53", "DEP-14", "DEP-2A", "DEP-976", "EPCI-200065597", "COM-14118"]
)
@pytest.mark.parametrize("edition", [2021, 2026])
def test_any_territory_opens_with_its_population(territory, edition):
    study = opened(territory, edition)
    own = study.table[(study.table["geo"] == territory) & (study.table["indicator"] == "population")]
    assert own["headline"].any() and (own["value"] > 0).all()
    assert study.table["id"].is_unique


def test_a_commune_is_only_added_to_its_own_study(table_2021):
    study = opened("COM-14118")
    added = study.table[~study.table["id"].isin(table_2021["id"])]
    assert set(added["geo"]) == {"COM-14118"}
    assert isinstance(study.latest("taux_pauvrete"), Missing), "never summed nor guessed for a commune"


def test_departements_of_each_level():
    codes = ["DEP-14", "DEP-27", "DEP-50", "DEP-61", "DEP-76"]
    assert opened("REG-28").departements == codes
    assert opened("DEP-14").departements == ["DEP-14"]
    assert opened("DEP-14").around == codes
    assert opened("COM-14118").departements == []
    assert len(opened("FR").departements) == 101
    assert len(opened("FRMET").departements) == 96


def test_what_a_study_is_asked_for_is_checked():
    with pytest.raises(RequestError, match="Vouliez-vous dire"):
        Study.open("normandi")
    with pytest.raises(RequestError, match="Paramètre inconnu"):
        Study.open("REG-28", teritory="REG-28")


# The chain of a number


def test_a_trace_goes_down_to_the_sources(normandie):
    frame = normandie.trace(["rsa_pour_1000_habitants.REG-28.2019"])
    assert frame["id"].is_unique
    assert set(frame["id"]) >= {"allocataires_rsa.DEP-14.2019", "population.REG-28.2019"}
    assert set(" ".join(frame["inputs"]).split()) <= set(frame["id"])
    assert set(frame.loc[frame["inputs"] == "", "source"]) == {"drees-minima-sociaux", "insee-cog"}


def test_every_chain_of_the_table_ends_at_a_source(normandie):
    table = normandie.table
    inputs = dict(zip(table["id"], table["inputs"].str.split(), strict=True))
    source = dict(zip(table["id"], table["source"], strict=True))
    depth: dict[str, int] = {}

    def below(name: str, path: tuple[str, ...] = ()) -> int:
        assert name not in path, f"{name} depends on itself"
        if name not in depth:
            depth[name] = 1 + max((below(each, (*path, name)) for each in inputs[name]), default=0)
        return depth[name]

    for name in inputs:
        assert (below(name) == 1) == (source[name] != "calcul")


def test_a_computed_figure_names_the_sources_it_rests_on(normandie):
    label = normandie.source_label("rsa_pour_1000_habitants.REG-28.2019")
    assert "calcul" in label and "DREES" in label and "COG 2021" in label


# The capacity scenario


@pytest.mark.parametrize("years", [1, 5, 30])
def test_the_scenario_spreads_the_hours_over_the_years(years):
    table = Study.open("REG-28", 2021, project_years=years).table.set_index("id")
    assert table.loc["heures_annuelles_scenario.REG-28.2021", "value"] == pytest.approx(364_485 / years)
    assert table.loc["annees_projets.REG-28.2021", "source"] == "hypothèse"


def test_a_territory_without_projects_has_no_scenario():
    study = opened("REG-53")
    assert isinstance(study.latest("heures_annuelles_scenario"), Missing)
    assert study.projects().empty


def test_opening_twice_gives_the_same_table(normandie):
    pd.testing.assert_frame_equal(Study.open("normandie", "2021").table, normandie.table, check_exact=True)


@pytest.mark.parametrize(
    ("territory", "inside", "count"),
    [("REG-28", "", 0), ("DEP-76", "EPCI-200084952", 19), ("EPCI-200084952", "COM-76351", 54), ("COM-76351", "", 0)],
)
def test_the_areas_inside_are_those_of_the_level_below(territory, inside, count):
    study = Study.open(territory)
    assert len(study.within) == count and (not inside or inside in study.within)
