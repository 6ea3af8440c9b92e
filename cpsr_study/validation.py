"""What a typed observation must be. The first fault stops everything, with its file and line."""

import re
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from cpsr_study.display import numbers
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.indicators import Registry
from cpsr_study.sources import typed
from cpsr_study.territories import known_codes

STATUSES = [status for status in numbers.STATUS if status != "S"]  # a document has values, not secrets
_NUMBER = r"-?[0-9]{1,15}(\.[0-9]+)?"  # what a float holds to the unit
_PERIOD = r"[0-9]{4}(-(0[1-9]|1[0-2]))?"


def validate(frame: pd.DataFrame, registry: Registry, data_dir: Path) -> pd.DataFrame:
    """The typed observations with `value` as a float, or DataError on the first line that does not hold."""
    _check_cells(frame, registry, data_dir)
    _check_breakdowns(frame, registry)
    repeated = frame.duplicated([*typed.KEY, "source", "vintage", "locator"])
    if repeated.any():
        raise _fault(frame, repeated.idxmax(), "observation en double (même indicateur, même zone, même lieu)")
    return frame.assign(value=frame["value"].astype(float))


def _check_cells(frame: pd.DataFrame, registry: Registry, data_dir: Path) -> None:
    codes = known_codes(data_dir, set(frame["geo"]))
    column = lambda check: pa.Column(str, check)  # noqa: E731
    schema = pa.DataFrameSchema(
        {
            "indicator": column(pa.Check.isin(list(registry.indicators), error="indicateur inconnu")),
            "geo": column(pa.Check.isin(sorted(codes), error="code de zone inconnu")),
            "time_period": column(_shape(_PERIOD, "période illisible")),
            "value": column(
                [
                    pa.Check(
                        lambda s: ~s.str.contains(",", regex=False), error="virgule décimale, un point est attendu"
                    ),
                    _shape(_NUMBER, "valeur qui n'est pas un nombre"),
                ]
            ),
            "status": column(pa.Check.isin(list(STATUSES), error="statut inconnu")),
            "locator": column(pa.Check.str_length(min_value=1, error="emplacement dans la source absent")),
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        first = errors.failure_cases.sort_values("index", kind="stable").iloc[0]
        raise _fault(frame, int(first["index"]), f"{first['check']} : « {shown(first['failure_case'])} »") from None


def _shape(pattern: str, error: str) -> pa.Check:
    """The whole cell has this shape: neither a trailing line end nor digits of another script."""
    return pa.Check(lambda cells: cells.map(lambda text: bool(re.fullmatch(pattern, text))), error=error)


def _check_breakdowns(frame: pd.DataFrame, registry: Registry) -> None:
    for position, row in frame[frame["category"].ne("") | frame["breakdown"].ne("")].iterrows():
        expected = registry[row["indicator"]].breakdown
        if row["breakdown"] != expected or (expected, row["category"]) not in registry.categories:
            known = f"ventilation attendue : {expected or 'aucune'}"
            found = shown(f"{row['breakdown']} / {row['category']}")
            raise _fault(frame, position, f"catégorie inconnue : « {found} » ({known})")


def _fault(frame: pd.DataFrame, position: int, message: str) -> DataError:
    row = frame.loc[position]
    return DataError(f"{row['source']}/{row['vintage']}/{row['place']} : {message}.")
