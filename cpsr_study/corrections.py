"""Declared corrections of published figures: never silent, always guarded.

A correction names the observation it applies to and the value it expects there. If the source changes, the
correction no longer holds and the build stops.
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cpsr_study.errors import DataError, first_problem

if TYPE_CHECKING:
    import pandas as pd


class Correction(BaseModel):
    """One entry of `corrections.toml`; `factor` goes with `scale`, `value` with `override`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    indicator: str
    geo: str
    period: str
    source: str
    category: str = ""
    action: Literal["flag", "scale", "override", "drop"] = "flag"
    expect: float
    factor: float | None = None
    value: float | None = None
    reason: str
    evidence: str
    status: Literal["à signaler", "signalé", "reconnu", "corrigé à la source"]

    @model_validator(mode="after")
    def _complete(self) -> "Correction":
        if (self.action == "scale") != (self.factor is not None):
            raise ValueError("« factor » va avec l'action « scale », et seulement avec elle")
        if (self.action == "override") != (self.value is not None):
            raise ValueError("« value » va avec l'action « override », et seulement avec elle")
        return self

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        return (self.indicator, self.geo, self.period, self.category, self.source)

    @property
    def name(self) -> str:
        return " / ".join(part for part in self.key if part)

    def text(self) -> str:
        """What was done to the number, in a sentence for the reader."""
        did = {
            "flag": "valeur laissée telle quelle, à vérifier",
            "scale": f"valeur lue multipliée par {self.factor:g}".replace(".", ",") if self.factor else "",
            "override": "valeur remplacée",
            "drop": "valeur écartée",
        }[self.action]
        return f"{did}. {self.reason}"


def read(data_dir: Path) -> list[Correction]:
    """The declared corrections, or none when the file is absent."""
    path = data_dir / "reference" / "corrections.toml"
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("correction", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"corrections.toml ne se lit pas comme du TOML : {error}.") from None
    if not isinstance(entries, list):
        raise DataError("corrections.toml : chaque correction commence par [[correction]].")
    corrections = [_correction(number, entry) for number, entry in enumerate(entries, start=1)]
    # A source may state a quantity twice: each statement is told by its value and may bear its own correction.
    aims = [(correction.key, correction.expect) for correction in corrections]
    for correction, aim in zip(corrections, aims, strict=True):
        if aims.count(aim) > 1:
            raise DataError(f"corrections.toml : deux corrections visent la même valeur ({correction.name}).")
    return corrections


def _correction(number: int, entry: object) -> Correction:
    try:
        return Correction.model_validate(entry)
    except ValidationError as error:
        raise DataError(f"corrections.toml, correction {number} : {first_problem(error)}.") from None


def apply(frame: "pd.DataFrame", corrections: list[Correction]) -> "pd.DataFrame":
    """The observations after correction; column `correction` says what was done, empty elsewhere.

    DataError when a correction points at nothing, or when the value there is no longer the expected one.
    """
    frame = frame.assign(correction="")
    # Where each applies, before any of them: one never finds a value that another has made.
    for correction, rows in [(correction, _rows(frame, correction)) for correction in corrections]:
        if correction.action == "drop":
            frame = frame.drop(index=rows)
            continue
        if correction.factor is not None:
            frame.loc[rows, "value"] *= correction.factor
        if correction.value is not None:
            frame.loc[rows, "value"] = correction.value
        frame.loc[rows, "correction"] = correction.text()
    return frame


def _rows(frame: "pd.DataFrame", correction: Correction) -> "pd.Index":
    columns = ["indicator", "geo", "time_period", "category", "source"]
    same = (frame[columns] == list(correction.key)).all(axis=1)
    if not same.any():
        raise DataError(f"corrections.toml : aucune valeur à corriger pour {correction.name}.")
    expected = same & (frame["value"] == correction.expect)
    if not expected.any():
        found = ", ".join(f"{value:g}" for value in frame.loc[same, "value"])
        raise DataError(
            f"corrections.toml : {correction.name} vaut {found} et non plus {correction.expect:g} ; "
            "la source a changé, la correction est à revoir."
        )
    return frame.index[expected]
