"""Numbers, units, periods and lists written the French way.

Every text a reader sees goes through here, so that one convention holds in the notebooks, the figures,
the tables and the report: narrow no-break space between thousands, comma, real minus sign, no-break
space before a unit. The work is done by babel; the process-wide ``locale`` is never touched.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import floor, isfinite, log10
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

LOCALE = "fr_FR"
NBSP = "\u00a0"
MINUS = "\u2212"
MISSING = "non renseigné"
STATUS = {"A": "", "P": "provisoire", "F": "prévision", "E": "estimé", "U": "fiabilité limitée", "S": "secret"}
SECRET = "s"  # what stands in the place of a figure hidden by statistical confidentiality
SECRET_NOTE = (
    "s\u00a0: secret statistique. Le chiffre repose sur trop peu de personnes, sur une seule entreprise ou un seul "
    "acheteur, ou ferait retrouver un chiffre qui est dans ce cas."
)

# unit -> (short, singular, plural, decimals); decimals None or "" = as the value has them
Unit = tuple[str, str, str, Any]
Units = Mapping[str, Unit]

# Amounts come in millions of euros; from a thousand of them a reader thinks in billions.
_MILLIONS = "M€"
_BILLIONS: Unit = ("Md€", "milliard d’euros", "milliards d’euros", "")
_MAX_DECIMALS = 2


def number(x: Any, decimals: int | None = None) -> str:
    """Return ``x`` in French: ``293 576``, ``16,63``, ``−4``.

    ``decimals`` fixes the decimals; without it, as few as the value needs, at most two.
    None and NaN give « non renseigné ».
    """
    if not is_known(x):
        return MISSING
    places = _needed_decimals(float(x)) if decimals is None else decimals
    # Half up, as readers round: the default of Decimal (half to even) would turn 12,5 into 12.
    rounded = Decimal(str(float(x))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    pattern = "#,##0." + "0" * places if places else "#,##0"
    text = format_decimal(rounded or abs(rounded), format=pattern, locale=LOCALE)
    return text.replace("-", MINUS)


def value_text(
    value: Any,
    unit: str,
    *,
    units: Units | None = None,
    derived: bool = False,
    with_unit: bool = True,
    long: bool = False,
) -> str:
    """Return a value with its unit: ``12,4 %``, ``293 576 h`` or, ``long``, ``293 576 heures``.

    A stated value keeps the decimals it was given (two at most); a ``derived`` one is cut to about three
    significant digits. A thousand M€ and more are told in Md€, unless ``with_unit`` is false: the
    unit is then that of the column and may not change from one cell to the next.
    """
    if not is_known(value):
        return MISSING
    value = float(value)
    if not with_unit:
        return number(value, _decimals(value, _unit(unit, units)[3], derived))
    if unit == _MILLIONS and abs(value) >= 1000:
        value, names, most = value / 1000, _BILLIONS, 3
    else:
        names, most = _unit(unit, units), _MAX_DECIMALS
    text = number(value, _decimals(value, names[3], derived, most))
    name = unit_name(value, names) if long else names[0]
    return f"{text}{NBSP}{name}" if name else text


def unit_name(value: float, names: Unit) -> str:
    """Return the unit in full letters; in French the plural begins at two."""
    return names[1] if abs(value) < 2 else names[2]


def unit_label(unit: str, units: Units | None = None) -> str:
    """Return the plural name of a unit, for an axis, a legend or the head of a column."""
    return _unit(unit, units)[2]


def scale(unit: str, largest: float, units: Units | None = None) -> tuple[int, str]:
    """Return what to divide the values of an axis by, and the name of its unit: M€ become Md€ there too."""
    if unit == _MILLIONS and largest >= 1000:
        return 1000, _BILLIONS[2]
    return 1, unit_label(unit, units)


def period_text(period: Any) -> str:
    """Return ``2020`` as it is and ``2020-04`` as « avril 2020 »; any other text comes back unchanged."""
    text = str(period)
    year, dash, month = text.partition("-")
    if dash and len(year) == 4 and len(month) == 2 and (year + month).isdigit() and 1 <= int(month) <= 12:
        return format_date(date(int(year), int(month), 1), "MMMM yyyy", locale=LOCALE)
    return text


def day_text(day: str) -> str:
    """Return ``2021-12-07`` as « 7 décembre 2021 », a year or a month as ``period_text`` does."""
    return format_date(date.fromisoformat(day), "d MMMM yyyy", locale=LOCALE) if len(day) == 10 else period_text(day)


def status_text(status: str) -> str:
    """Return the word for an observation status, empty for a normal value."""
    return STATUS.get(status, "")


def join_fr(items: Iterable[object]) -> str:
    """Return « a, b et c »."""
    return format_list([str(item) for item in items], locale=LOCALE)


def inside(label: str) -> str:
    """Return a label as it is written inside a sentence: without its capital, unless it starts with initials."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def is_known(value: Any) -> bool:
    """Return whether ``value`` is a finite number: None, NaN and pandas' missing values are not."""
    try:
        return value is not None and isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _unit(unit: str, units: Units | None) -> Unit:
    return (units or {}).get(unit) or (unit, unit, unit, "")


def _decimals(value: float, unit_decimals: Any, derived: bool, most: int = _MAX_DECIMALS) -> int:
    if unit_decimals is not None and str(unit_decimals) not in {"", "nan"}:
        return int(unit_decimals)
    if not derived:
        return _needed_decimals(value, most)
    size = abs(value)
    places = 0 if size >= 100 else 1 if size >= 10 else 2
    return max(places, _small_decimals(value))


def _needed_decimals(value: float, most: int = _MAX_DECIMALS) -> int:
    rounded = Decimal(str(round(value, max(most, _small_decimals(value)))))
    return max(0, -int(rounded.normalize().as_tuple().exponent))


def _small_decimals(value: float) -> int:
    """Return the decimals that keep two significant digits of a tiny value, which must not read 0,00."""
    size = abs(value)
    return 1 - floor(log10(size)) if 0 < size < 0.01 else 0
