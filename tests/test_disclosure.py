"""What is hidden stays hidden: tables drawn at random are suppressed, then attacked with all that is shown."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpsr_study import disclosure
from cpsr_study.disclosure import Cell, Rule, Tables
from cpsr_study.errors import DataError

RULE = Rule()


def crossed(counts: list[list[int]]) -> Tables:
    """A table of persons with its two margins and its total: every one of them is published."""
    places = list(product(range(len(counts)), range(len(counts[0]))))

    def cell(name: tuple[str, ...], chosen: list[tuple[int, int]]) -> Cell:
        value = sum(counts[i][j] for i, j in chosen)
        return Cell(name, frozenset(f"{i}.{j}" for i, j in chosen), value, RULE.is_sensitive(value, 0))

    cells = [cell(("case", f"{i}.{j}"), [(i, j)]) for i, j in places]
    cells += [cell(("ligne", str(i)), [at for at in places if at[0] == i]) for i in range(len(counts))]
    cells += [cell(("colonne", str(j)), [at for at in places if at[1] == j]) for j in range(len(counts[0]))]
    return Tables([*cells, cell(("total",), places)])


TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 25), min_size=width, max_size=width), min_size=2, max_size=4)
)


@settings(max_examples=25)
@given(TABLES)
def test_no_hidden_cell_of_any_table_comes_back(counts):
    tables = crossed(counts)
    hidden = disclosure.suppress(tables, RULE)
    assert {cell.name for cell in tables.cells if cell.sensitive} <= hidden
    assert disclosure.recovered(tables, hidden) == {}


@settings(max_examples=25)
@given(st.integers(1, 4), st.lists(st.integers(5, 40), min_size=2, max_size=5))
def test_without_secondary_suppression_a_subtraction_gives_the_secret_back(few, others):
    tables = crossed([[few, *others], [10] * (1 + len(others))])
    bare = disclosure.suppress(tables, RULE, secondary=False)
    assert bare == {("case", "0.0")}
    assert disclosure.recovered(tables, bare) == {("case", "0.0"): (pytest.approx(few), pytest.approx(few))}
    assert disclosure.recovered(tables, disclosure.suppress(tables, RULE)) == {}


def test_the_cells_hidden_besides_are_those_that_lose_least():
    """3 women of 60 people in four groups: the group of 7 hides them, not that of 40."""
    cells = [Cell(("a",), frozenset("a"), 3, True), Cell(("b",), frozenset("b"), 7)]
    cells += [Cell(("c",), frozenset("c"), 10), Cell(("d",), frozenset("d"), 40)]
    tables = Tables([*cells, Cell(("total",), frozenset("abcd"), 60)])
    assert disclosure.suppress(tables, RULE) == {("a",), ("b",)}


def test_a_secret_does_not_come_back_through_another_table():
    """The same 4 people are counted by age and, elsewhere, as a public: both are hidden, and both are protected."""
    ages = {"jeunes": 4, "moyens": 9, "anciens": 20}
    cells = [Cell(("age", name), frozenset([name]), value, value < 5) for name, value in ages.items()]
    public = Cell(("public", "jeunes"), frozenset(["oui"]), 4, True)
    total = Cell(("total",), frozenset(ages), 33)
    equal = [(frozenset(["oui"]), frozenset(["jeunes"])), (frozenset(["oui", "non"]), frozenset(ages))]
    tables = Tables([*cells, public, total], equal)
    hidden = disclosure.suppress(tables, RULE)
    assert ("public", "jeunes") in hidden
    assert ("age", "moyens") in hidden
    assert disclosure.recovered(tables, hidden) == {}
    shown = hidden - {("public", "jeunes")}
    assert ("age", "jeunes") in disclosure.recovered(tables, shown)


def test_what_an_earlier_edition_showed_is_known():
    """The group of 7 was shown last year and has not changed: hiding it now protects nobody."""
    cells = [Cell(("a",), frozenset("a"), 3, True), Cell(("b",), frozenset("b"), 7), Cell(("c",), frozenset("c"), 10)]
    tables = Tables([*cells, Cell(("total",), frozenset("abc"), 20)], known=[(frozenset("b"), 7.0)])
    hidden = disclosure.suppress(tables, RULE)
    assert ("c",) in hidden
    assert disclosure.recovered(tables, hidden) == {}


def test_hours_of_one_company_are_not_found_within_a_tenth():
    """900 hours are hidden beside 20: the 20 alone would leave the 900 known to 2 %, another cell is hidden too."""
    values = {"a": (900, True), "b": (20, False), "c": (700, False)}
    cells = [Cell((name,), frozenset(name), value, secret, whole=False) for name, (value, secret) in values.items()]
    tables = Tables([*cells, Cell(("total",), frozenset("abc"), 1620, whole=False)])
    assert disclosure.suppress(tables, RULE) == {("a",), ("b",), ("c",)}


@pytest.mark.parametrize(
    ("persons", "share", "secret"),
    [(0, 0, False), (1, 0, True), (4, 10, True), (5, 10, False), (50, 85, False), (50, 85.1, True)],
)
def test_the_rule(persons, share, secret):
    assert RULE.is_sensitive(persons, share) is secret


@pytest.mark.parametrize("wrong", [{"persons": 2}, {"dominance": 100.0}, {"dominance": 0.0}])
def test_the_parameters_never_go_under_three(wrong):
    with pytest.raises(DataError):
        Rule(**wrong)
    assert Rule(persons=3).persons == 3
