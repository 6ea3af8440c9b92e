"""What `comparison` finds, in words: gaps, natures, and the tables that the command prints."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from cpsr_study import comparison
from cpsr_study.display.numbers import MINUS, NBSP, is_known, number, period_text
from cpsr_study.study import Study


def gap_text(gap: float, percent: float, unit: str) -> str:
    """« +12 % », « −2,1 points » for shares; empty when there is nothing to subtract."""
    size, name = (gap, "point") if unit.startswith("%") else (percent, "%")
    if not is_known(size):
        return ""
    places = 0 if abs(size) >= 100 or not size else 1 if abs(size) >= 0.1 else 2
    text = number(abs(size), places)
    sign = "" if not text.strip("0,") else MINUS if size < 0 else "+"
    return f"{sign}{text}{NBSP}{name}{'s' if name == 'point' and abs(size) >= 2 else ''}"


def nature_text(study: Study, nature: str) -> str:
    """The nature, with the place instead of its code: « seulement en Normandie »."""
    word, _, code = nature.partition(" ")
    return f"{word} {study.territories.get(code).en}" if word == comparison.ONLY else nature


def areas(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """`between_areas` as a table to read on a terminal: what both have first."""
    names = [study.territories.get(code).name for code in study.geos]
    texts = _texts(study, [*frame["id_a"], *frame["id_b"]])
    last = frame["nature"].str.startswith(comparison.ONLY)
    rows = [
        {
            "indicateur": figure_label(study, row),
            names[0]: texts.get(row.id_a, ""),
            names[1]: texts.get(row.id_b, ""),
            "écart": gap_text(row.gap, row.gap_percent, row.unit),
            "période": periods_text(row.period_a, row.period_b),
            "nature": nature_text(study, row.nature),
        }
        for part in (frame[~last], frame[last])
        for row in in_order(study, part).itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["indicateur", *names, "écart", "période", "nature"])


def editions(old: Study, new: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """`between_editions` as a table to read on a terminal."""
    before, after = _texts(old, frame["id_old"]), _texts(new, frame["id_new"])
    rows = [
        {
            "indicateur": figure_label(new, row),
            f"édition {old.edition}": before.get(row.id_old, ""),
            f"édition {new.edition}": after.get(row.id_new, ""),
            "écart": gap_text(row.gap, row.gap_percent, row.unit),
            "période": periods_text(row.period_old, row.period_new, " → "),
            "nature": change_text(row),
        }
        for row in in_order(new, frame).itertuples(index=False)
    ]
    columns = ["indicateur", f"édition {old.edition}", f"édition {new.edition}", "écart", "période", "nature"]
    return pd.DataFrame(rows, columns=columns)


def change_text(row: Any) -> str:
    """« rupture (définition) », « nouveau (période) », « révisé »."""
    return f"{row.nature} ({row.cause})" if row.cause else row.nature


def count_text(frame: pd.DataFrame) -> str:
    """« Rupture (champ) : 15 ; nouveau (série) : 14 ; inchangé : 74. »: how many of each nature, the most first."""
    natures = pd.Series([change_text(row) for row in frame.itertuples(index=False)], dtype=str)
    counts = [*natures.value_counts().items(), (comparison.SAME, frame.attrs["unchanged"])]
    text = " ; ".join(f"{nature} : {count}" for nature, count in counts)
    return f"{text[:1].upper()}{text[1:]}."


def in_order(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """The lines in the order of the registry, which is that of the report."""
    rank = {name: rank for rank, name in enumerate(study.registry.indicators)}
    return frame.sort_values("indicator", key=lambda names: names.map(rank), kind="stable")


def figure_label(study: Study, row: Any) -> str:
    """« Part des ETP par modalité, Achat d’insertion »."""
    category = study.registry.category_label(row.breakdown, row.category)
    return ", ".join(filter(None, [study.registry[row.indicator].label, category]))


def periods_text(one: str, other: str, between: str = " / ") -> str:
    """« 2020 », or both when they differ: « 2019 → 2023 »."""
    return between.join(dict.fromkeys(period_text(period) for period in (one, other) if period))


def _texts(study: Study, ids: Iterable[str]) -> dict[str, str]:
    known = study.labelled([name for name in ids if name])
    return dict(zip(known["id"], known["text"], strict=True))
