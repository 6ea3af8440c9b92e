"""What a study hands to the display: observations with their labels, or the plain statement that none is known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from cpsr_study.display import numbers
from cpsr_study.precision import qualifier

if TYPE_CHECKING:
    from cpsr_study.knowledge import Knowledge

# Between the sources of one number; a table or a figure lists each of them once.
SEPARATOR = " ; "
Item = TypeVar("Item", bound=str | tuple[str, str])


@dataclass(frozen=True)
class Missing:
    """A figure that nobody has given: said, never hidden."""

    indicator: str
    label: str
    geo: str
    en: str
    expected_sources: tuple[str, ...]
    secret: bool = False

    @property
    def expected_source(self) -> str:
        """All of them, as one reads them in a sentence."""
        return numbers.join_fr(self.expected_sources)

    def sentence(self) -> str:
        """« Non renseigné en Normandie : ... Source attendue : ... »"""
        if self.secret:
            return f"Non diffusé {self.en}, par secret statistique : {numbers.inside(self.label)}."
        source = f" Source attendue : {self.expected_source.rstrip('.')}." if self.expected_source else ""
        return f"Non renseigné {self.en} : {numbers.inside(self.label)}.{source}"


@dataclass(frozen=True)
class Observation:
    """One observation, ready to be written: value with its unit, period, source; `id` leads to its trace."""

    id: str
    indicator: str
    label: str
    geo: str
    geo_label: str
    period: str
    period_label: str
    category: str
    category_label: str
    value: float
    unit: str
    status: str
    source_label: str
    text: str
    long_text: str
    mark_ref: str
    derived: bool

    def part(self, *, long: bool = False) -> dict[str, str]:
        """The number as a traced part of a sentence, a cell or a card."""
        text = self.long_text if long else self.text
        return {"text": text, "ref": self.id, "mark": "*" if self.mark_ref else "", "mark_ref": self.mark_ref}


@dataclass(frozen=True)
class Selection:
    """A frame of labelled observations, and what to say when it is empty."""

    frame: pd.DataFrame
    missing: Missing
    note: str = ""

    @property
    def empty(self) -> bool:
        return self.frame.empty

    def latest(self) -> Observation | Missing:
        """The latest period known. A figure without a stated year yields to a dated one published since."""
        return self.missing if self.empty else as_observation(latest_row(self.frame).iloc[0])

    def at(self, period: str) -> Observation | Missing:
        """The observation of one period."""
        found = self.frame[self.frame["time_period"] == period]
        return as_observation(found.iloc[0]) if len(found) else self.missing

    def sorted(self, column: str) -> "Selection":
        return Selection(self.frame.sort_values(column, kind="stable"), self.missing)

    def only(self, **values: str | list[str]) -> "Selection":
        """The rows whose columns hold the given values."""
        frame = self.frame
        for column, wanted in values.items():
            frame = frame[frame[column].isin([wanted] if isinstance(wanted, str) else wanted)]
        return Selection(frame, self.missing, self.note)


def latest_row(frame: pd.DataFrame) -> pd.DataFrame:
    """Of the statements of one figure, the one to show (see `Selection.latest`); no row when there is none."""
    if len(frame) < 2:
        return frame
    undated = frame["status"] == "U"
    dated, others = frame[~undated], frame[undated]
    if others.empty or (not dated.empty and dated["published"].max() >= others["published"].max()):
        return dated.loc[[dated["time_period"].idxmax()]]
    return others.loc[[others["published"].idxmax()]]


def as_observation(row: pd.Series) -> Observation:
    """A row of a labelled frame as an `Observation`."""
    return Observation(
        id=row["id"],
        indicator=row["indicator"],
        label=row["indicator_label"],
        geo=row["geo"],
        geo_label=row["geo_label"],
        period=row["time_period"],
        period_label=row["period_label"],
        category=row["category"],
        category_label=row["category_label"],
        value=float(row["value"]),
        unit=row["unit"],
        status=row["status"],
        source_label=row["source_label"],
        text=row["text"],
        long_text=row["long_text"],
        mark_ref=row["mark_ref"],
        derived=row["source"] == "calcul",
    )


class _Shared(dict):
    """What is never changed: pandas copies `attrs` to the bottom at each operation, which cost more than the rest."""

    def __deepcopy__(self, memo: object) -> "_Shared":
        return self


def label(frame: pd.DataFrame, study: "Knowledge") -> pd.DataFrame:
    """`frame` with what a reader needs: *_label, `text`, `long_text` (value with unit), `mark_ref`, `breaks`, `how`."""
    registry, units = study.registry, study.registry.units
    said: dict[str, list[Any]] = dict(
        indicator_label=[registry[name].label for name in frame["indicator"]],
        geo_label=[study.territories.get(code).name for code in frame["geo"]],
        geo_en=[study.territories.get(code).en for code in frame["geo"]],
        category_label=[
            registry.category_label(b, c) for b, c in zip(frame["breakdown"], frame["category"], strict=True)
        ],
        category_rank=[
            registry.categories[b, c].rank if c else 0
            for b, c in zip(frame["breakdown"], frame["category"], strict=True)
        ],
        period_label=_period_labels(frame),
        geo_period=[
            f"{study.territories.get(code).name}, {numbers.period_text(p)}"
            for code, p in zip(frame["geo"], frame["time_period"], strict=True)
        ],
        indicator_period=[
            f"{registry[name].label}, {numbers.period_text(p)}"
            for name, p in zip(frame["indicator"], frame["time_period"], strict=True)
        ],
        how=[registry.in_words(formula) for formula in frame["formula"]],
        source_label=[study.source_label(name) for name in frame["id"]],
        breaks=[registry.breaks.get(name, ()) for name in frame["indicator"]],
        text=_texts(frame, units),
        long_text=_texts(frame, units, long=True),
        mark_ref=[study.marked.get(name, "") for name in frame["id"]],
    )
    # Put beside the frame at once: a column at a time costs three times as much.
    labelled = pd.concat([frame, pd.DataFrame(said, index=frame.index)], axis=1)
    labelled.attrs["units"] = _Shared(units)  # a chart writes values too
    return labelled


def _period_labels(frame: pd.DataFrame) -> list[str]:
    """« 2020, prévision »; a hidden figure bears the period of the others of its table."""
    plain = [
        ", ".join(filter(None, [numbers.period_text(p), "" if s == "S" else numbers.status_text(s)]))
        for p, s in zip(frame["time_period"], frame["status"], strict=True)
    ]
    keys = list(zip(frame["geo"], frame["time_period"], strict=True))
    told = {key: text for key, text, s in zip(keys, plain, frame["status"], strict=True) if s != "S"}
    return [
        told.get(key, text) if s == "S" else text for key, text, s in zip(keys, plain, frame["status"], strict=True)
    ]


def one_row_a_period(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The names of the rows, and the texts of their numbers: these bear their status when one row has several."""
    alike = frame.groupby("time_period")["status"].transform("nunique") == 1
    plain, status = frame["time_period"].map(numbers.period_text), frame["status"].map(numbers.status_text)
    told = [f"{text} ({word})" if word else text for text, word in zip(frame["text"], status, strict=True)]
    return {
        "period_label": list(frame["period_label"].where(alike, plain)),
        "text": list(frame["text"].where(alike, told)),
    }


def _texts(frame: pd.DataFrame, units: numbers.Units, *, long: bool = False) -> list[str]:
    """Values with their units and the words that go with them: « plus de 130 000 personnes »."""
    cells = zip(*(frame[name].tolist() for name in ("value", "unit", "status", "source", "as_published")), strict=True)
    return [
        " ".join(filter(None, [qualifier(value, words), _amount(value, unit, status, source, units, long)]))
        for value, unit, status, source, words in cells
    ]


def _amount(value: float, unit: str, status: str, source: str, units: numbers.Units, long: bool) -> str:
    if status == "S":
        return numbers.SECRET
    return numbers.value_text(value, unit, units=units, derived=source == "calcul", long=long)


def listed(value: Item | list[Item]) -> list[Item]:
    """One or several, always as a list."""
    return list(value) if isinstance(value, list) else [value]
