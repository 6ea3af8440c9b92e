"""Durations of registration as labels: « Moins d'un an », « De 1 an à moins de 2 ans », « Un an ou plus »…

The labels of the producers are not fixed: they are read as intervals of months, and a label that is not understood
stops the reading with the list of all those found.
"""

import re
from collections.abc import Iterable

from cpsr_study.area_names import key
from cpsr_study.errors import DataError

YEAR = 12
_WORDS = {"un": "1", "une": "1", "deux": "2", "trois": "3", "six": "6", "douze": "12"}
_LENGTH = r"([0-9]+) ?(an|ans|mois)?"
_TOTAL = {"total", "ensemble", "tous", "toutes anciennetes", "toutes durees"}
_ENDLESS = 10**6
Interval = tuple[int, int]  # months: from, up to (excluded)


def interval(label: str) -> Interval | None:
    """Months that a label covers; None when it is not understood."""
    words = [_WORDS.get(word, word) for word in key(label).split()]
    text = " ".join(word for word in words if word not in {"d", "de", "depuis", "inscrits", "inscrit", "entre"})
    text = text.replace(" et moins ", " a moins ")
    if match := re.fullmatch(rf"moins {_LENGTH}", text):
        return 0, _months(match[1], match[2])
    if match := re.fullmatch(rf"(?:plus )?{_LENGTH}(?: ou plus| et plus| ou davantage)?", text):
        return (_months(match[1], match[2]), _ENDLESS) if "plus" in text or "davantage" in text else None
    if match := re.fullmatch(rf"{_LENGTH} (?:a|et) (?:moins )?{_LENGTH}", text):
        return _months(match[1], match[2] or match[4]), _months(match[3], match[4])
    return None


def long_term(where: str, labels: Iterable[str]) -> list[str]:
    """The labels that together are « a year or more »: that very one, else the parts that cover it without overlap.

    DataError, with the list of the labels found, when one is not understood or when the parts do not fit.
    """
    found = sorted(label for label in set(labels) if key(label) not in _TOTAL)
    known = {label: interval(label) for label in found}
    listed = ", ".join(f"« {label[:40]} »" for label in found[:8]) or "seulement « Total »"
    if unknown := [label for label, months in known.items() if months is None]:
        raise DataError(f"{where} : ancienneté inconnue, « {unknown[0][:40]} » (trouvées : {listed}).")
    spans = {label: months for label, months in known.items() if months and months[1] > YEAR}
    if exact := [label for label, months in spans.items() if months == (YEAR, _ENDLESS)]:
        return exact[:1]
    parts = sorted(spans, key=lambda label: spans[label])
    ends = [YEAR, *(spans[label][1] for label in parts)]
    if not parts or ends[-1] != _ENDLESS or [spans[label][0] for label in parts] != ends[:-1]:
        raise DataError(f"{where} : les anciennetés trouvées ne donnent pas « un an ou plus » ({listed}).")
    return parts


def _months(number: str, unit: str | None) -> int:
    return int(number) * (1 if unit == "mois" else YEAR)
