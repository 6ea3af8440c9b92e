"""What the words of a source allow a figure to be: written forms, bounds, and arithmetic that never lies."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cpsr_study.precision import Interval, evaluate, exactly, interval, qualifier

INF = math.inf
# words | value | lowest and highest values allowed | the word that stays beside the number
FORMS = [
    ("16 %", 16, 15.5, 16.5, ""),
    ("16,63 % des bénéficiaires", 16.63, 16.625, 16.635, ""),
    ("Régies de quartier (0, 36%)", 0.36, 0.355, 0.365, ""),
    ("0,20% de marchés de fournitures", 0.2, 0.195, 0.205, ""),
    ("11. 600 ETP", 11600, 11599.5, 11600.5, ""),
    ("1.893.100 foyers", 1893100, 1893099.5, 1893100.5, ""),
    ("18 640 567", 18640567, 18640566.5, 18640567.5, ""),
    ("18\u00a0640\u00a0567 heures", 18640567, 18640566.5, 18640567.5, ""),
    ("18\u202f640\u202f567 heures", 18640567, 18640566.5, 18640567.5, ""),
    ("1160", 1160, 1159.5, 1160.5, ""),
    ("9,3 millions de personnes", 9300000, 9250000, 9350000, ""),
    ("1,95 million de foyers", 1950000, 1945000, 1955000, ""),
    ("111 399 milliards €", 111399000, 111398500, 111399500, ""),  # as read, before its correction
    ("111 399 milliards €", 111399, 111398.5, 111399.5, ""),  # and after
    ("111,4 Md€", 111400, 111350, 111450, ""),
    ("+26,6 % par rapport à 2018", 26.6, 26.55, 26.65, ""),
    # Another number of the sentence, a year first of all, is not the figure.
    ("37 953 personnes en 2018", 37953, 37952.5, 37953.5, ""),
    ("En 2018, 37 953 personnes", 37953, 37952.5, 37953.5, ""),
    ("En 2018, 9,3 millions de personnes", 9300000, 9250000, 9350000, ""),
    ("en 2019 14213 entreprises", 14213, 14212.5, 14213.5, ""),
    ("En 2018, plus de 37 953 personnes", 37953, 37952.5, INF, "plus de"),
    ("52 780 en 2018", 52780, 52779.5, 52780.5, ""),
    ("11% dans les TPE de moins de 10 salariés", 11, 10.5, 11.5, ""),
    ("entreprises de moins de 100 salariés : 10 %", 10, 9.5, 10.5, ""),
    ("de 12 à 15 %", 15, 14.5, 15.5, ""),
    # Bounds count only right beside the figure.
    ("plus de 54% des ETP", 54, 53.5, INF, "plus de"),
    ("plus\u00a0de 54 %", 54, 53.5, INF, "plus de"),
    ("Plus d’1,2 million", 1200000, 1150000, INF, "plus de"),
    ("+ de 280 000 personnes accompagnées", 280000, 279999.5, INF, "plus de"),
    ("au moins 3 réunions", 3, 2.5, INF, "plus de"),
    ("2 a minima par an", 2, 1.5, INF, "plus de"),
    ("2 à minima par an", 2, 1.5, INF, "plus de"),
    ("2 réunions au minimum", 2, 1.5, INF, "plus de"),
    ("moins de 5 %", 5, -INF, 5.5, "moins de"),
    ("12 % des plus de 50 ans", 12, 11.5, 12.5, ""),
    ("27% de moins de 26 ans", 27, 26.5, 27.5, ""),
    ("près de 62 000 heures d’insertion", 62000, 61000, 63000, "près de"),
    ("près de 205 contrats de travail", 205, 204, 206, "près de"),
    ("près de 46%", 46, 45, 47, "près de"),
    ("environ 12,5 %", 12.5, 12.4, 12.6, "près de"),
    ("près de 0,5 %", 0.5, 0.4, 0.6, "près de"),
    # Figures in words.
    ("un quart des facilitateurs", 25, 24, 26, "près de"),
    ("près de la moitié à 100%", 50, 40, 60, "près de"),
    ("plus de la moitié", 50, 49.5, INF, "plus de"),
    ("moins d’un tiers des contrats", 33, -INF, 33.5, "moins de"),
    # Nothing readable: the value alone.
    ("", 42, 41.5, 42.5, ""),
    ("", 1.25, 1.245, 1.255, ""),
    ("dix personnes", 10, 9.5, 10.5, ""),
    # Zero and falls.
    ("0 %", 0, -0.5, 0.5, ""),
    ("0,00 %", 0, -0.005, 0.005, ""),
    ("-3,50 %", -3.5, -3.505, -3.495, ""),
    ("\u22123,5 %", -3.5, -3.55, -3.45, ""),
    ("une baisse de plus de 5 %", -5, -INF, -4.5, "plus de"),
]


@pytest.mark.parametrize(("words", "value", "low", "high", "word"), FORMS)
def test_a_written_form(words, value, low, high, word):
    found = interval(value, words)
    assert found.ends == (pytest.approx(low), pytest.approx(high))
    assert found.low <= value <= found.high
    assert qualifier(value, words) == word


SPACES = [" ", "\u00a0", "\u202f", ". "]
STRAIGHT = [ROUND_HALF_UP, ROUND_HALF_EVEN]
# How a figure may be written: the words before it, and the roundings that these words leave to their author.
BEFORE = [
    ("", STRAIGHT),
    ("En 2019, ", STRAIGHT),
    ("soit une hausse de ", STRAIGHT),
    ("(+", STRAIGHT),
    ("près de ", [*STRAIGHT, ROUND_CEILING]),
    ("environ ", [*STRAIGHT, ROUND_FLOOR, ROUND_CEILING]),
    ("plus de ", [*STRAIGHT, ROUND_FLOOR]),
    ("+ de ", [ROUND_FLOOR]),
    ("moins de ", [*STRAIGHT, ROUND_CEILING]),
]
AFTER = ["", " %", "% des ETP", " % des plus de 50 ans", " % par rapport à 2018", " ETP (308 en 2018)"]


def written(number: Decimal, space: str) -> str:
    """« 18 640 567,25 »"""
    whole, _, decimals = f"{number:,f}".partition(".")
    return whole.replace(",", space) + (f",{decimals}" if decimals else "")


@st.composite
def publications(draw):
    """A true value, and what a document makes of it: the value typed and the words."""
    true = draw(st.decimals(0, 10**8, places=draw(st.integers(0, 6)), allow_nan=False))
    before, roundings = draw(st.sampled_from(BEFORE))
    rounded = true.quantize(Decimal(1).scaleb(-draw(st.integers(0, 3))), draw(st.sampled_from(roundings)))
    words = before + written(rounded, draw(st.sampled_from(SPACES))) + draw(st.sampled_from(AFTER))
    return float(true), float(rounded), words


@given(publications())
@settings(max_examples=400)
def test_the_true_value_is_always_allowed(publication):
    true, value, words = publication
    assert interval(value, words).meets(exactly(true)), words
    assert interval(value, words).low <= value <= interval(value, words).high


@given(st.integers(1, 10**9), st.sampled_from([(1000, "milliers"), (10**6, "millions")]), st.integers(0, 3))
@settings(max_examples=200)
def test_the_true_value_is_allowed_in_thousands_and_millions(true, scale, places):
    unit, name = scale
    number = (Decimal(true) / unit).quantize(Decimal(1).scaleb(-places))
    assume(number)  # « 0 million » says nothing of its own precision
    assert interval(float(number * unit), f"{written(number, ' ')} {name} d’euros").meets(exactly(true))


@given(st.floats(-1e12, 1e12), st.text(max_size=40) | st.from_regex(r"[a-z +\-]{0,9}[0-9]{1,5}[, .][0-9]{0,3} ?%?"))
@settings(max_examples=400)
def test_the_value_is_always_allowed_whatever_the_words(value, words):
    found = interval(value, words)
    assert found.low <= value <= found.high
    assert qualifier(value, words) in ("", "plus de", "moins de", "près de")


ENDS = st.floats(-1e6, 1e6) | st.integers(-20, 20).map(float)


@st.composite
def intervals(draw):
    """An interval, one of its ends perhaps infinite, and a value inside."""
    low, inside, high = sorted(draw(st.tuples(ENDS, ENDS, ENDS)))
    infinite = draw(st.sampled_from(["", "", "", "low", "high"]))
    return Interval(-INF if infinite == "low" else low, INF if infinite == "high" else high), inside


@given(intervals(), intervals(), st.sampled_from("+-*/"))
@settings(max_examples=400)
def test_arithmetic_contains_the_true_result(left, right, sign):
    assume(sign != "/" or abs(right[1]) > 1e-6)
    result = evaluate(f"a {sign} bc", {"a": left[0], "bc": right[0]})
    true = {"+": left[1] + right[1], "-": left[1] - right[1], "*": left[1] * right[1]}.get(sign)
    true = left[1] / right[1] if true is None else true
    assert result.low <= result.high
    assert result.meets(exactly(true))


@given(intervals(), intervals())
@settings(max_examples=200)
def test_meeting_goes_both_ways(left, right):
    assert left[0].meets(right[0]) == right[0].meets(left[0])
    assert left[0].meets(left[0]) and left[0].meets(exactly(left[1]))


def test_an_expression_tells_its_names_apart():
    """One name may begin another, bear a category or the year before."""
    values = {"contrats": 6, "contrats@prev": 3, "contrats_type[cdd]": 2, "contrats_type": 1}
    expression = "100 * contrats / contrats@prev - contrats_type[cdd] * (contrats_type + 0.5)"
    assert evaluate(expression, {name: exactly(value) for name, value in values.items()}) == exactly(197)


def test_distance_counts_and_float_noise_does_not():
    assert interval(0.3, "0,3").meets(Interval(0.1 + 0.25, 1))
    assert not interval(16, "16 %").meets(interval(16.63, "16,63 %"))
    assert interval(111399, "111 399 M€").meets(interval(111400, "111,4 Md€"))


@pytest.mark.parametrize("expression", ["a ** 2", "-a", "f(a)", "a if a else a"])
def test_an_expression_is_only_the_four_operations(expression):
    with pytest.raises((ValueError, KeyError)):
        evaluate(expression, {"a": exactly(1)})
