"""Numbers, units, periods and lists as a French reader expects them."""

import math

import pytest

from cpsr_study.display.numbers import (
    join_fr,
    number,
    period_text,
    status_text,
    unit_label,
    value_text,
)

THIN, HARD, MINUS = "\u202f", "\u00a0", "\u2212"
UNITS = {
    "h": ("h", "heure", "heures", 0),
    "%": ("%", "%", "%", ""),
    "M€": ("M€", "million d’euros", "millions d’euros", None),
    "pour 100 000 habitants": ("pour 100 000 hab.", "pour 100 000 habitants", "pour 100 000 habitants", ""),
}


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (293576, None, f"293{THIN}576"),
        (27_050_000, None, f"27{THIN}050{THIN}000"),
        (16, None, "16"),
        (16.0, None, "16"),
        (16.63, None, "16,63"),
        (0.2, None, "0,2"),
        (0.1 + 0.2, None, "0,3"),
        (1234567.891, None, f"1{THIN}234{THIN}567,89"),
        (16.999, None, "17"),
        (12.5, 0, "13"),
        (-4.5, None, f"{MINUS}4,5"),
        (-0.2, 0, "0"),
        (0.004, None, "0,004"),
        (0, None, "0"),
        (5, 2, "5,00"),
        (None, None, "non renseigné"),
        (math.nan, None, "non renseigné"),
        (math.inf, 1, "non renseigné"),
    ],
)
def test_number(value, decimals, expected):
    assert number(value, decimals) == expected


@pytest.mark.parametrize(
    ("value", "unit", "options", "expected"),
    [
        (12.4, "%", {}, f"12,4{HARD}%"),
        (293576, "h", {}, f"293{THIN}576{HARD}h"),
        (293576, "h", {"long": True}, f"293{THIN}576{HARD}heures"),
        (1, "h", {"long": True}, f"1{HARD}heure"),
        (0, "h", {"long": True}, f"0{HARD}heure"),
        (2, "h", {"long": True}, f"2{HARD}heures"),
        (94.6, "h", {}, f"95{HARD}h"),
        (111399, "M€", {}, f"111,399{HARD}Md€"),
        (3121, "M€", {"long": True}, f"3,121{HARD}milliards d’euros"),
        (1000, "M€", {"long": True}, f"1{HARD}milliard d’euros"),
        (999, "M€", {}, f"999{HARD}M€"),
        (111399, "M€", {"with_unit": False}, f"111{THIN}399"),
        (19828125, "h", {}, f"19{THIN}828{THIN}125{HARD}h"),
        (94.0634, "%", {"derived": True}, f"94,1{HARD}%"),
        (5.4931, "%", {"derived": True}, f"5,49{HARD}%"),
        (1234.5, "%", {"derived": True}, f"1{THIN}235{HARD}%"),
        (0.0036, "%", {"derived": True}, f"0,0036{HARD}%"),
        (0, "%", {"derived": True}, f"0,00{HARD}%"),
        (0.69, "pour 100 000 habitants", {}, f"0,69{HARD}pour 100 000 hab."),
        (3, "unité inconnue", {"long": True}, f"3{HARD}unité inconnue"),
        (3, "", {}, "3"),
        (None, "h", {"long": True}, "non renseigné"),
    ],
)
def test_value_text(value, unit, options, expected):
    assert value_text(value, unit, units=UNITS, **options) == expected


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2020", "2020"),
        (2020, "2020"),
        ("2020-04", "avril 2020"),
        ("2026-03", "mars 2026"),
        ("2020-08", "août 2020"),
        ("2022-2025", "2022-2025"),
        ("2020-13", "2020-13"),
    ],
)
def test_period_text(period, expected):
    assert period_text(period) == expected


def test_status_words():
    said = {status: status_text(status) for status in "APFEU"}
    assert said == {"A": "", "P": "provisoire", "F": "prévision", "E": "estimé", "U": "fiabilité limitée"}


def test_lists():
    assert join_fr([]) == ""
    assert join_fr(["a"]) == "a"
    assert join_fr(["a", "b"]) == "a et b"
    assert join_fr(["a", "b", "c"]) == "a, b et c"


def test_unit_label():
    assert unit_label("h", UNITS) == "heures"
    assert unit_label("lots") == "lots"
