"""Territories drawn at random, counted, suppressed, attacked: nothing hidden comes back, nobody shows by leaving."""

from random import Random

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import clause_golden as golden
from conftest import DATA
from cpsr_study import disclosure, indicators
from cpsr_study.disclosure import Rule
from cpsr_study.sources.clause import counting, editions, layout, schema, store
from cpsr_study.territories import Territories

RULE = Rule()
SEEDS, SIZES = st.integers(0, 10**6), st.integers(4, 30)
Tables = dict[str, pd.DataFrame]


def drawn(seed: int, size: int, structures: int = 2) -> Tables:
    """A small territory of one or two years: `size` people, unevenly spread, so that many cells hold few of them."""
    random, shape = Random(seed), schema.read(DATA)

    def code(name: str, empty: float = 0.1) -> str:
        codes = [value.code for value in shape.values[name]][:4]
        return "" if random.random() < empty else random.choices(codes, [8, 4, 2, 1][: len(codes)])[0]

    markets = [
        {"structure": f"S{n % structures}", "operation": f"O{n}", "acheteur": f"Acheteur {random.randrange(4)}",
         "categorie_acheteur": code("donneur_ordre"), "type_marche": code("type_marche"),
         "modalite": code("modalite", 0), "secteur": code("secteur_clause"), "zone": code("zone_lieu"),
         "heures_prevues": random.randrange(50, 900),
         "heures_stage": random.choice([0, 0, 35]), "grand_projet": random.choice(["oui", "non", "non"]),
         "date_debut": "2024-01-01", "date_fin": "2025-12-31"}
        for n in range(random.randrange(3, 8))
    ]  # fmt: skip
    people, deeds = [], []
    for n in range(size):
        market = random.choice(markets)
        people.append({
            "structure": market["structure"], "participant": f"P{n}", "sexe": code("sexe_clause"),
            "tranche_age": code("age_clause"), "niveau_formation": code("niveau_clause"),
            "publics": "|".join({code("public"), code("public")} - {""}), "prescripteur": code("prescripteur"),
            "sortie_3_mois": code("sortie_clause", 0.6), "sortie_6_mois": code("sortie_clause", 0.8),
        })  # fmt: skip
        for year in random.choice([[2025], [2025], [2024], [2024, 2025]]):
            hours = random.randrange(10, 400)
            deeds.append({
                "structure": market["structure"], "contrat": f"C{len(deeds)}", "operation": market["operation"],
                "participant": f"P{n}", "annee": year, "employeur": f"Entreprise {random.randrange(5)}",
                "type_employeur": code("employeur"), "taille_entreprise": code("taille_entreprise"),
                "type_contrat": code("type_contrat"), "date_debut": f"{year}-02-01", "date_fin": f"{year}-06-30",
                "heures_realisees": hours, "heures_payees": round(hours * 1.1, 1),
            })  # fmt: skip
    return {
        table: framed(rows, shape, table)
        for table, rows in (("operations", markets), ("contrats", deeds), ("participants", people))
    }


def framed(rows: list[dict[str, object]], shape: schema.Schema, table: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows).reindex(columns=shape.names(table))
    for field in shape.fields[table]:
        own = frame[field.name]
        frame[field.name] = pd.to_numeric(own) if field.type in store.NUMBERS else own.astype(object).fillna("")
    return frame


def without(tables: Tables, gone: set[str]) -> Tables:
    """The same territory when these people, and their contracts, are not there."""
    kept = {name: tables[name][~tables[name]["participant"].isin(gone)] for name in ("contrats", "participants")}
    return tables | {name: frame.reset_index(drop=True) for name, frame in kept.items()}


def following(state: editions.State, tables: Tables) -> editions.State:
    years = store.years_of(tables, golden.AREA, Territories.load(DATA, 2026), schema.read(DATA))
    return editions.following(state, list(years), DATA, RULE)


def counted(tables: Tables) -> disclosure.Tables:
    """The linked tables before any suppression."""
    registry, shape = indicators.read(DATA), schema.read(DATA)
    years = store.years_of(tables, golden.AREA, Territories.load(DATA, 2026), shape)
    return layout.across({str(data.year): counting.tables(data, registry, shape, RULE) for data in years})


def across(state: editions.State) -> disclosure.Tables:
    return layout.across({str(year): tables for year, tables in state.tables.items()})


def published(state: editions.State) -> dict[tuple[str, ...], float | None]:
    return {cell.name: None if cell.name in state.hidden else cell.value for cell in across(state).cells}


@settings(max_examples=5)
@given(SEEDS, SIZES)
def test_nothing_hidden_of_any_territory_comes_back(seed, size):
    state = following(editions.State(), drawn(seed, size))
    linked = across(state)
    assert {cell.name for cell in linked.cells if cell.sensitive} <= state.hidden
    assert disclosure.recovered(linked, state.hidden) == {}


@settings(max_examples=12)
@given(SEEDS, st.integers(15, 30))
def test_without_secondary_suppression_the_only_secret_of_a_table_comes_back(seed, size):
    linked = counted(drawn(seed, size))
    bare = disclosure.suppress(linked, RULE, secondary=False)
    splits = {name for name, (measure, _, _) in layout.SPLITS.items() if measure == layout.PEOPLE} - {
        *layout.FOLLOWED.values()
    }
    secret = [name for name in bare if name[0] in splits]
    alone = [name for name in secret if sum((name[0], name[2]) == (other[0], other[2]) for other in secret) == 1]
    assume(alone)
    found = disclosure.recovered(linked, bare)
    truth = {cell.name: cell.value for cell in linked.cells}
    assert all(found[name] == (pytest.approx(truth[name]), pytest.approx(truth[name])) for name in alone)


@settings(max_examples=5)
@given(SEEDS, SIZES, st.integers(0, 29))
def test_one_participant_less_changes_no_published_figure(seed, size, who):
    tables = drawn(seed, size)
    first = following(editions.State(), tables)
    second = following(first, without(tables, {f"P{who % size}"}))
    assert published(second) == published(first)
    assert second.kept


@settings(max_examples=4)
@given(SEEDS, st.integers(14, 30))
def test_when_many_leave_the_two_publications_together_find_nothing(seed, size):
    tables = drawn(seed, size)
    first = following(editions.State(), tables)
    second = following(first, without(tables, {f"P{n}" for n in range(size // 2)}))
    linked = across(second)
    given_away = {parts for parts, _ in linked.known}
    secret = {cell.name for cell in linked.cells if cell.name in second.hidden and cell.parts not in given_away}
    assert {cell.name for cell in linked.cells if cell.sensitive} <= second.hidden
    assert not secret & set(disclosure.recovered(linked, second.hidden))


def test_five_people_less_are_enough_for_the_figures_to_follow():
    tables = drawn(1, 30)
    first = following(editions.State(), tables)
    years = {year: set(data.lines["person"]) for year, data in first.years.items()}
    gone = {name.partition("|")[2] for name in sorted(years[2025] - years.get(2024, set()))[:5]}
    second = following(first, without(tables, gone))
    assert len(gone) == 5 and not second.kept
    assert published(second) != published(first)
    state = following(first, without(tables, set(sorted(gone)[:4])))
    assert state.kept == {2025: 4}
    assert editions.changed(first.years[2025], None) == first.years[2025].past["person"].nunique()


def test_hours_done_before_are_bounded_by_those_of_the_years_before():
    """The total of 2024 is hidden; the hours cumulated at the end of 2025 and those of 2025 would give it a floor."""
    earlier = disclosure.Tables([disclosure.Cell(("heures_insertion", ""), frozenset("a"), 1000, True, whole=False)])
    past = frozenset(["heures_cumulees.avant"])
    later = disclosure.Tables([
        disclosure.Cell(("heures_insertion", ""), frozenset("a"), 500, whole=False),
        disclosure.Cell(("heures_cumulees", ""), past | {"a"}, 1480, whole=False),
    ])  # fmt: skip
    linked = layout.across({"2024": earlier, "2025": later})
    hidden = {("heures_insertion", "", "2024")}
    low, _, _ = disclosure.Attack(linked, hidden).bounds(linked.cells[0].parts)
    assert low == pytest.approx(980)
    assert ("heures_cumulees", "", "2025") in disclosure.suppress(linked, RULE) or (
        "heures_insertion", "", "2025") in disclosure.suppress(linked, RULE)  # fmt: skip


def twins(**common: str) -> Tables:
    """One person in each of two structures, under the same pseudonym of their own, as the publics differ."""
    tables = drawn(3, 12)
    people, deeds = tables["participants"], tables["contrats"]
    first, other = people.index[people["structure"] == "S0"][0], people.index[people["structure"] == "S1"][0]
    for place in (first, other):
        old = people.loc[place, "participant"]
        own = (deeds["structure"] == people.loc[place, "structure"]) & (deeds["participant"] == old)
        deeds.loc[own, ["participant", "annee"]] = ["X1", 2025]
        people.loc[place, ["participant", "sexe", "publics"]] = ["X1", "femme", "rsa" if place == first else "qpv"]
        people.loc[place, list(common)] = list(common.values())
    people.loc[other, "sexe"] = "homme"
    return tables


def people_of(tables: Tables) -> pd.DataFrame:
    (lines, _) = store.joined(tables, schema.read(DATA))
    return lines


def test_a_person_of_two_structures_counts_once_when_they_say_so():
    apart, together = people_of(twins()), people_of(twins(pseudonyme_commun="T1"))
    assert together["person"].nunique() == apart["person"].nunique() - 1
    (sexes,) = together[together["person"] == "|T1"].groupby("person")["sexe"].unique()
    assert len(sexes) == 1  # described once: the tables still add up
    own = together[together["person"] == "|T1"]
    assert set(own["public.rsa"]) == set(own["public.qpv"]) == {"oui"}
    totals = together[["person", "sexe"]].drop_duplicates()
    assert len(totals) == together["person"].nunique()


def test_planned_and_paid_hours_are_cells_of_the_tables():
    state = following(editions.State(), drawn(5, 25))
    cells = {cell.name: cell for cell in across(state).cells}
    for indicator in ("heures_prevues", "heures_payees", "heures_cumulees"):
        assert (indicator, "", "2025") in cells
    assert cells["heures_insertion", "", "2025"].parts < cells["heures_payees", "", "2025"].parts
    assert cells["heures_insertion", "", "2025"].parts < cells["heures_cumulees", "", "2025"].parts
    quantities = counting.quantities(state.years[2025], schema.read(DATA))
    assert quantities["heures_cumulees.avant"] >= 0
