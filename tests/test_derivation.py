"""Derived values: sums, weighted means, rests and formulas, and what is never derived."""

import math
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import SmallData
from cpsr_study import derivation, indicators, observations

MEMBERS = {"REG-28": ["DEP-14", "DEP-50"], "REG-53": ["DEP-29"], "FR": ["DEP-14", "DEP-29", "DEP-50"]}
TOP, RESERVED, NESTED = "condition_execution", "marche_reserve", "marche_reserve_siae"


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> indicators.Registry:
    return indicators.read(SmallData(tmp_path_factory.mktemp("registry")).root)


def stated(*rows: tuple) -> pd.DataFrame:
    """Observations as sources state them: indicator, area, period, value, then status and category if need be."""
    columns = ["indicator", "geo", "time_period", "value", "status", "category"]
    frame = pd.DataFrame([(*row, *("A", "")[len(row) - 4 :]) for row in rows], columns=columns)
    texts = dict.fromkeys(["as_published", "locator", "note", "formula", "inputs", "correction"], "")
    frame = frame.assign(
        value=frame["value"].astype(float),
        source="enquete",
        vintage="2020",
        published="2021",
        kind="producteur",
        **texts,
    )
    return observations.with_ids(frame.assign(breakdown=["modalite" if c else "" for c in frame["category"]]))


def derive(registry: indicators.Registry, *rows: tuple) -> pd.DataFrame:
    """All that derives from those rows, by id."""
    table = derivation.derive(stated(*rows), registry, MEMBERS)
    return table[table["source"] == "calcul"].set_index("id")


# Sums and means over départements


def test_a_region_is_the_sum_of_its_departements(registry):
    row = derive(registry, ("allocataires_rsa", "DEP-14", "2019", 30), ("allocataires_rsa", "DEP-50", "2019", 12)).loc[
        "allocataires_rsa.REG-28.2019"
    ]
    assert (row["value"], row["formula"]) == (42, "somme des 2 départements")
    assert row["inputs"] == "allocataires_rsa.DEP-14.2019 allocataires_rsa.DEP-50.2019"


@pytest.mark.parametrize("missing", ["DEP-14", "DEP-29", "DEP-50"])
def test_a_partial_sum_never_appears(registry, missing):
    known = [("allocataires_rsa", code, "2019", 10) for code in MEMBERS["FR"] if code != missing]
    found = derive(registry, *known)
    assert "allocataires_rsa.FR.2019" not in found.index
    assert ("allocataires_rsa.REG-28.2019" in found.index) == (missing == "DEP-29")


def test_departements_of_different_years_are_not_summed(registry):
    found = derive(registry, ("allocataires_rsa", "DEP-14", "2019", 30), ("allocataires_rsa", "DEP-50", "2018", 12))
    assert found.empty


def test_communes_and_participants_are_not_summed(registry):
    """Only what the registry says can be added up."""
    assert derive(registry, ("participants", "DEP-14", "2019", 5), ("participants", "DEP-50", "2019", 7)).empty
    assert derive(registry, ("allocataires_rsa", "COM-14118", "2019", 5)).empty


def test_a_rate_is_a_mean_weighted_by_its_base(registry):
    found = derive(
        registry,
        ("taux_pauvrete", "DEP-14", "2020", 10),
        ("taux_pauvrete", "DEP-50", "2020", 20),
        ("personnes_menages_fiscaux", "DEP-14", "2020", 300),
        ("personnes_menages_fiscaux", "DEP-50", "2020", 100),
    )
    row = found.loc["taux_pauvrete.REG-28.2020"]
    assert row["value"] == pytest.approx(12.5)
    assert len(row["inputs"].split()) == 4 and "personnes_menages_fiscaux" in row["formula"]


def test_a_rate_without_all_its_bases_is_not_averaged(registry):
    found = derive(
        registry,
        ("taux_pauvrete", "DEP-14", "2020", 10),
        ("taux_pauvrete", "DEP-50", "2020", 20),
        ("personnes_menages_fiscaux", "DEP-14", "2020", 300),
    )
    assert "taux_pauvrete.REG-28.2020" not in found.index


# What an exclusive breakdown leaves


def test_the_rest_to_100_counts_nested_categories_once(registry):
    found = derive(
        registry,
        ("part_modalite", "FR", "2019", 70.5, "A", TOP),
        ("part_modalite", "FR", "2019", 8, "A", RESERVED),
        ("part_modalite", "FR", "2019", 3, "A", NESTED),
    )
    row = found.loc["part_non_expliquee.FR.2019"]
    assert row["value"] == pytest.approx(21.5)
    assert row["inputs"] == f"part_modalite.FR.2019.{TOP} part_modalite.FR.2019.{RESERVED}"


def test_one_category_alone_leaves_no_rest(registry):
    assert derive(registry, ("part_modalite", "FR", "2019", 70, "A", TOP)).empty


# Formulas


def test_a_formula_joins_the_same_area_and_period(registry):
    found = derive(
        registry,
        ("heures_insertion", "REG-28", "2019", 1000),
        ("heures_insertion", "REG-28", "2020", 900),
        ("participants", "REG-28", "2020", 9),
        ("participants", "REG-53", "2019", 4),
    )
    assert found["value"].to_dict() == {"heures_par_participant.REG-28.2020": 100}
    assert found["inputs"].tolist() == ["heures_insertion.REG-28.2020 participants.REG-28.2020"]


@pytest.mark.parametrize(
    ("years", "chosen"),
    [(["2018", "2021"], "2018"), (["2018", "2020"], "2018"), (["2020", "2022"], "2020"), (["2010"], "2010")],
)
def test_the_nearest_period_is_taken_and_the_earlier_of_two(registry, years, chosen):
    known = [("population", "DEP-14", year, 1000) for year in years]
    row = derive(registry, ("allocataires_rsa", "DEP-14", "2019", 30), *known).loc[
        "rsa_pour_1000_habitants.DEP-14.2019"
    ]
    assert row["inputs"] == f"allocataires_rsa.DEP-14.2019 population.DEP-14.{chosen}"


def test_at_fr_is_the_value_of_france(registry):
    found = derive(
        registry,
        ("heures_insertion", "FR", "2020", 4000),
        ("heures_insertion", "REG-28", "2020", 1000),
        ("heures_insertion", "REG-28", "2019", 1000),
    )
    assert found["value"].to_dict() == {"part_france_heures.REG-28.2020": 25}, "not of France in itself, nor of 2019"


def test_division_by_zero_gives_nothing(registry):
    found = derive(registry, ("heures_insertion", "FR", "2020", 5), ("participants", "FR", "2020", 0))
    assert found.empty
    assert derive(registry, ("heures_insertion", "FR", "2020", 0), ("participants", "FR", "2020", 0)).empty


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [("A", "A", "A"), ("A", "P", "P"), ("P", "E", "E"), ("E", "U", "U"), ("U", "F", "F"), ("F", "A", "F")],
)
def test_a_result_is_as_certain_as_its_least_certain_input(registry, one, other, result):
    rows = [("heures_insertion", "FR", "2020", 100, one), ("participants", "FR", "2020", 4, other)]
    assert derive(registry, *rows)["status"].tolist() == [result]
    sums = [("allocataires_rsa", "DEP-14", "2020", 1, one), ("allocataires_rsa", "DEP-50", "2020", 1, other)]
    assert derive(registry, *sums).loc["allocataires_rsa.REG-28.2020", "status"] == result
    rest = [("part_modalite", "FR", "2020", 1, one, TOP), ("part_modalite", "FR", "2020", 1, other, RESERVED)]
    assert derive(registry, *rest)["status"].tolist() == [result]


def test_a_result_is_published_with_its_last_input(registry):
    frame = stated(("heures_insertion", "FR", "2020", 100), ("participants", "FR", "2020", 4))
    frame.loc[frame["indicator"] == "participants", "published"] = "2023-05"
    table = derivation.derive(frame, registry, MEMBERS).set_index("id")
    assert table.loc["heures_par_participant.FR.2020", "published"] == "2023-05"


# Nothing is derived where a source states the value


def test_a_stated_value_is_never_replaced(registry):
    known = [("allocataires_rsa", code, "2019", 10) for code in MEMBERS["FR"]]
    found = derive(
        registry,
        *known,
        ("allocataires_rsa", "REG-28", "2019", 21),
        ("heures_insertion", "FR", "2020", 100),
        ("participants", "FR", "2020", 4),
        ("heures_par_participant", "FR", "2020", 26),
        ("part_modalite", "FR", "2019", 70, "A", TOP),
        ("part_modalite", "FR", "2019", 8, "A", RESERVED),
        ("part_non_expliquee", "FR", "2019", 20),
    )
    assert set(found.index) == {"allocataires_rsa.FR.2019", "allocataires_rsa.REG-53.2019"}


def test_only_the_headline_enters_a_formula(registry):
    frame = stated(("heures_insertion", "FR", "2020", 100), ("participants", "FR", "2020", 4))
    second = stated(("participants", "FR", "2020", 5)).assign(published="2019")
    both = observations.with_ids(pd.concat([frame, second], ignore_index=True).drop(columns=["id", "headline"]))
    table = derivation.derive(both, registry, MEMBERS).set_index("id")
    assert table.loc["heures_par_participant.FR.2020", "value"] == 25
    assert "participants.FR.2020~2" in table.index


# Every derived value of the study can be made again from its inputs


def again(row: dict[str, Any], known: dict[str, float], registry: indicators.Registry) -> float:
    """The value of a derived row, computed another way: from its written formula and the values of its inputs."""
    values = [known[name] for name in row["inputs"].split()]
    if row["formula"].startswith("somme des"):
        assert f"somme des {len(values)} " in row["formula"]
        return sum(values)
    if row["formula"].startswith("moyenne pondérée"):
        half = len(values) // 2
        return sum(v * w for v, w in zip(values[:half], values[half:], strict=True)) / sum(values[half:])
    if row["formula"].startswith("100 − somme"):
        return 100 - sum(values)
    indicator = registry[row["indicator"]]
    names = [name.replace("@FR", "__FR") for name in indicator.inputs]
    return eval(indicator.expression, {"__builtins__": {}}, dict(zip(names, values, strict=True)))


@pytest.mark.parametrize("edition", [2021, 2026])
def test_every_derived_value_is_its_formula_on_its_inputs(request, data_dir, edition):
    table = request.getfixturevalue(f"table_{edition}")
    known = dict(zip(table["id"], table["value"], strict=True))
    registry = indicators.read(data_dir)
    derived = table[table["source"] == "calcul"]
    assert len(derived) > 100 and len(known) == len(table)
    for row in derived.to_dict("records"):
        assert row["inputs"].split(), row["id"]
        assert set(row["inputs"].split()) <= set(known), row["id"]
        assert math.isclose(row["value"], again(row, known, registry), rel_tol=1e-12), row["id"]


@pytest.mark.parametrize("edition", [2021, 2026])
def test_no_derived_row_stands_beside_a_stated_one(request, edition):
    table = request.getfixturevalue(f"table_{edition}")
    key = ["indicator", "geo", "time_period", "category"]
    of = {name: set(map(tuple, group[key].to_numpy())) for name, group in table.groupby(table["source"] == "calcul")}
    assert of[True].isdisjoint(of[False])


AREAS = ["FR", "REG-28", "DEP-14", "DEP-50", "DEP-29"]
NAMES = ["population", "heures_insertion", "participants", "allocataires_rsa", "personnes_menages_fiscaux"]
ROWS = st.one_of(
    st.tuples(
        st.sampled_from([*NAMES, "taux_pauvrete"]),
        st.sampled_from(AREAS),
        st.sampled_from(["2018", "2019", "2019-04", "2020"]),
        st.integers(0, 10**6),
        st.sampled_from("APEUF"),
        st.just(""),
    ),
    st.tuples(
        st.just("part_modalite"),
        st.sampled_from(AREAS),
        st.sampled_from(["2019", "2020"]),
        st.integers(0, 60),
        st.sampled_from("APEUF"),
        st.sampled_from([TOP, RESERVED, NESTED]),
    ),
)
FRAMES = st.lists(ROWS, min_size=1, max_size=18, unique_by=lambda row: (*row[:3], row[5]))


@settings(max_examples=12)
@given(rows=FRAMES, seed=st.integers(0, 1000))
def test_the_order_of_rows_never_matters(registry, rows, seed):
    shuffled = random.Random(seed).sample(rows, len(rows))
    one, other = (derive(registry, *each).sort_index() for each in (rows, shuffled))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@settings(max_examples=12)
@given(rows=FRAMES)
def test_whatever_is_known_derived_values_follow_from_it(registry, rows):
    table = derivation.derive(stated(*rows), registry, MEMBERS)
    known = dict(zip(table["id"], table["value"], strict=True))
    statuses = dict(zip(table["id"], table["status"], strict=True))
    assert table["id"].is_unique
    assert len(table[table["source"] != "calcul"]) == len(rows)
    for row in table[table["source"] == "calcul"].to_dict("records"):
        inputs = row["inputs"].split()
        assert set(inputs) <= set(known)
        assert row["value"] == pytest.approx(again(row, known, registry), rel=1e-9)
        certainty = [derivation.CERTAINTY.index(statuses[name]) for name in inputs]
        assert derivation.CERTAINTY.index(row["status"]) == max(certainty)
