"""The texts that go with a figure, written from its data: alternative text, reading note, source, notes.

Each ``describe_*`` returns the alternative text: what is shown, its level, its extremes, its trend.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from cpsr_study.display.numbers import (
    NBSP,
    Units,
    is_known,
    join_fr,
    number,
    period_text,
    scale,
    status_text,
    value_text,
)

FIELDS = [
    "id", "indicator", "indicator_label", "geo", "geo_label", "category_label", "time_period", "value",
    "unit", "status", "source_label",
]  # fmt: skip
TOTAL = "Ensemble"  # what the category of a total is called
_ALL_TOLD = 6  # up to so many values, an alternative text gives them all
_SHORT = 4  # letters of a unit that is written beside each value
_STEADY = 0.02  # a change below 2 % is not called a rise or a fall


def text(row: Any, units: Units, long: bool = True) -> str:
    """Return the value of an observation with its unit: as its frame tells it already, else written here."""
    if isinstance(told := getattr(row, "long_text" if long else "text", None), str):
        return told
    derived = getattr(row, "source", "") == "calcul"
    return value_text(row.value, row.unit, units=units, derived=derived, long=long)


def label(row: Any, units: Units) -> str:
    """Return the value to write on a drawing: without its unit when that is long and said once above."""
    figure, _, unit = text(row, units, long=False).partition(NBSP)
    return figure if len(unit) > _SHORT else f"{figure}{NBSP}{unit}" if unit else figure


def has_long_unit(frame: pd.DataFrame, units: Units) -> bool:
    """Return whether the labels of a drawing leave out the unit."""
    known = frame[frame["value"].map(is_known)].iloc[0]
    return len(text(known, units, long=False).partition(NBSP)[2]) > _SHORT


def describe_bars(frame: pd.DataFrame, title: str, by: str, series: str | None, units: Units) -> str:
    """Alternative text of a bar chart: per series, all values when few, else the extremes."""
    told = [_lead("Diagramme en barres", title)]
    groups = [("", frame)] if series is None else frame.groupby(series, sort=False)
    for name, part in groups:
        lead = f"{name} : " if name else ""
        known = part[part["value"].map(is_known)]
        if len(part) <= _ALL_TOLD or known.empty:
            told.append(f"{lead}{listed(part, by, units)}.")
        else:
            told.append(f"{lead}{len(part)} barres, {_extremes(known, by, units)}.")
    return _join([*told, *status_notes(frame, by)])


def describe_lines(frame: pd.DataFrame, title: str, series: str, target: str, units: Units) -> str:
    """Alternative text of a time series: level at both ends, trend, extremes and missing years."""
    told = [_lead("Courbes d’évolution" if frame[series].nunique() > 1 else "Courbe d’évolution", title)]
    for name, part in frame.groupby(series, sort=False):
        part = part.sort_values("time_period", kind="stable")
        first, last = part.iloc[0], part.iloc[-1]
        if len(part) == 1:
            told.append(f"{name} : {text(first, units)} en {period_text(first.time_period)}.")
            continue
        lead = f"{name} : de {text(first, units)} en {period_text(first.time_period)} à {text(last, units)}"
        way = "avec une rupture de série" if broken(part) else trend(first, last)
        told.append(f"{lead} en {period_text(last.time_period)}, {way}.")
        if len(part) > 2:
            told.append(f"{_capital(_extremes(part, 'period', units))}.")
        years = {int(period[:4]) for period in part["time_period"]}
        if missing := sorted(set(range(min(years), max(years))) - years):
            told.append(f"Sans valeur en {join_fr(missing)}.")
    return _join([*told, target, *status_notes(frame, "period")])


def describe_ranking(ranked: pd.DataFrame, title: str, highlight: str, reference: pd.DataFrame, units: Units) -> str:
    """Alternative text of a ranking: its two ends, the highlighted area and its rank, the references."""
    told = [_lead(f"Classement de {len(ranked)} territoires par valeur décroissante", title)]
    told.append(f"{_capital(_extremes(ranked, 'geo_label', units))}.")
    for row in _rows(ranked[ranked["geo"] == highlight]):
        told.append(f"{row.geo_label} : {text(row, units)}, {rank_text(row.rank, len(ranked))}.")
    told += [f"{row.geo_label} : {text(row, units)}." for row in _rows(reference)]
    return _join(told)


def describe_map(frame: pd.DataFrame, title: str, shown: int, highlight: set[str], units: Units) -> str:
    """Alternative text of a map: how many areas are known, the extremes, the areas of the study."""
    told = [_lead("Carte par département", title)]
    missing = f", {shown - len(frame)} non renseignés" if shown > len(frame) else ""
    told.append(f"{len(frame)} départements renseignés{missing}.")
    told.append(f"{_capital(_extremes(frame, 'geo_label', units))}.")
    study = frame[frame["geo"].isin(highlight)].sort_values("value", ascending=False, kind="stable")
    if 0 < len(study) < len(frame):
        told.append(f"Territoire étudié : {listed(study, 'geo_label', units)}.")
    return _join(told)


def broken(part: pd.DataFrame) -> list[Any]:
    """Return the declared breaks that fall inside one series (column ``breaks``), in order."""
    if "breaks" not in part or part.empty:
        return []
    periods = part["time_period"]
    return [each for each in part["breaks"].iloc[0] if each.parts(periods.min(), periods.max())]


def break_notes(frame: pd.DataFrame, series: list[str]) -> list[str]:
    """Return one note a break inside the series of a frame: « Rupture de série en janvier 2025 (…) : … »."""
    found = {each.period: each for _, part in frame.groupby(series, sort=False) for each in broken(part)}
    return [
        f"Rupture de série en {period_text(period)} ({each.label}) : {each.reason} ; "
        "les valeurs d’avant et d’après ne se comparent pas."
        for period, each in sorted(found.items())
    ]


def trend(first: Any, last: Any) -> str:
    """Return « en hausse de 12 % », « en baisse de 2,6 points » (shares) or « stable »."""
    change = last.value - first.value
    if abs(change) <= _STEADY * abs(first.value):
        return "stable"
    way = "en hausse" if change > 0 else "en baisse"
    if not first.value:
        return way
    if str(first.unit).startswith("%"):
        size = f"{number(round(abs(change), 1))}{NBSP}{'point' if abs(change) < 2 else 'points'}"
    else:
        size = f"{number(100 * abs(change / first.value), 0)}{NBSP}%"
    return f"{way} de {size}"


def rank_text(rank: int, count: int) -> str:
    """Return « 1er sur 13 », « 5e sur 13 »."""
    return f"{rank}{'er' if rank == 1 else 'e'} sur {count}"


def reading(row: Any, units: Units, template: str = "", rank: str = "") -> str:
    """Return the « Lecture » note, made on one observation, after the sentence that the notebook gives for it.

    The sentence names `{value}`, `{en}` (the area), `{period}`, `{category}` and, in a ranking, `{rank}`.
    """
    if template:
        en, period = getattr(row, "geo_en", row.geo_label), period_text(row.time_period)
        told = template.format(value=text(row, units), en=en, period=period, category=row.category_label, rank=rank)
        return f"Lecture : {told}{_status(row)}."
    category = "" if row.category_label == TOTAL else row.category_label
    labels = [row.indicator_label, category, row.geo_label, period_text(row.time_period)]
    place = ", ".join(dict.fromkeys(label for label in labels if label))
    return f"Lecture : {place} : {text(row, units)}{_status(row)}."


def source(frames: Iterable[pd.DataFrame]) -> str:
    """Return the source line of one or several frames, each source once, in order of appearance."""
    labels = list(dict.fromkeys(str(label) for frame in frames for label in frame["source_label"] if label))
    return f"{'Sources' if len(labels) > 1 else 'Source'} : {' ; '.join(labels)}." if labels else ""


def status_notes(frame: pd.DataFrame, by: str) -> list[str]:
    """Return one note per kind of value that is not an ordinary one: « Prévision : 2020. »."""
    notes = []
    for status, part in frame[frame["status"] != "A"].groupby("status"):
        if word := status_text(str(status)):
            every = len(part) == len(frame) > 1
            whose = "toutes les valeurs" if every else join_fr(dict.fromkeys(part[by].astype(str)))
            notes.append(f"{_capital(word)} : {whose}.")
    return notes


def period_note(frame: pd.DataFrame, series: str | None = None) -> str:
    """Return « Période : 2019. », or the periods of each series where they differ."""
    periods = list(dict.fromkeys(frame["period"]))
    if len(periods) == 1 or series is None:
        return f"Période{'s' if len(periods) > 1 else ''} : {join_fr(periods)}."
    parts = [f"{who}, {join_fr(dict.fromkeys(part['period']))}" for who, part in frame.groupby(series, sort=False)]
    return f"Périodes : {' ; '.join(parts)}."


def data(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return the numbers behind a figure: names of the fields, then one row per observation."""
    table = frame.reindex(columns=FIELDS)
    # Through objects, so that the numbers are Python's own: numpy's are not JSON.
    rows = table.astype(object).itertuples(index=False, name=None)
    told = [[cell if isinstance(cell, str) or is_known(cell) else "" for cell in row] for row in rows]
    return {"fields": list(FIELDS), "rows": told}


def scale_head(frame: pd.DataFrame, units: Units) -> tuple[int, str]:
    """Return what to divide the values of a scale by, and the name of its unit to write above it."""
    unit, largest = frame["unit"].iloc[0], frame.loc[frame["value"].idxmax()]
    divisor, name = scale(unit, largest["value"], units)
    if divisor == 1 and unit not in units:
        name = text(largest, units).partition(NBSP)[2]  # as the frame itself tells it
    return divisor, f"En{NBSP}{name}" if name.startswith("%") else _capital(name)


def _extremes(frame: pd.DataFrame, by: str, units: Units) -> str:
    high, low = frame.loc[frame["value"].idxmax()], frame.loc[frame["value"].idxmin()]
    if high["value"] == low["value"]:
        return f"valeur unique {text(high, units)}"
    return f"maximum {text(high, units)} ({high[by]}), minimum {text(low, units)} ({low[by]})"


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)


def listed(frame: pd.DataFrame, by: str, units: Units) -> str:
    """Return « Orne (15 %), Eure (12,3 %) »."""
    return ", ".join(f"{getattr(row, by)} ({text(row, units)})" for row in _rows(frame))


def _status(row: Any) -> str:
    word = status_text(row.status)
    return f" ({word})" if word else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _lead(kind: str, title: str) -> str:
    return f"{kind} : {title}" if title.endswith(("?", "!", ".", "…")) else f"{kind} : {title}."


def _join(sentences: Iterable[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
