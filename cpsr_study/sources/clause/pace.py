"""The pace of each operation against its end date: which ones would miss their hours. For the partner's eyes only.

Hours are expected evenly from the start to the planned end. The reference date is that of the import, and is written on
each line; hours done after the last data sent are not known.
"""

from datetime import date
from typing import TYPE_CHECKING

from cpsr_study.sources.clause import store

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["structure", "opération", "acheteur", "début", "fin prévue", "à la date du", "heures prévues",
           "heures réalisées", "heures attendues à cette date", "heures projetées à la fin", "situation"]  # fmt: skip
UNDATED = "dates de début et de fin nécessaires"
SHORT, ENOUGH = "à ce rythme, il manquerait", "à ce rythme, les heures seraient faites"
MISSED, REACHED = "terminée, il manque", "terminée, heures faites"
NOT_BEGUN = "pas encore commencée"


def elapsed(markets: "pd.DataFrame", day: date) -> "pd.Series":
    """The share of its calendar that each operation has behind it (0 to 1; absent without both dates)."""
    import pandas as pd

    start, end = pd.to_datetime(markets["date_debut"]), pd.to_datetime(markets["date_fin"])
    return ((pd.Timestamp(day) - start).dt.days / (end - start).dt.days.where(lambda days: days > 0)).clip(0, 1)


def listed(tables: "dict[str, pd.DataFrame]", day: date) -> "pd.DataFrame":
    """One line an operation (COLUMNS, hours in h), those that lack most hours first; twins once."""
    import pandas as pd

    markets, of_deeds = store.operations(tables)
    done = markets["market"].map(tables["contrats"]["heures_realisees"].groupby(of_deeds).sum()).fillna(0.0)
    share, planned = elapsed(markets, day), markets["heures_prevues"]
    projected = (done / share.where(share > 0)).where(share < 1, done)
    lacking = (planned - projected).fillna(0.0).clip(lower=0)
    found = pd.DataFrame({
        "structure": markets["structure"], "opération": markets["operation"], "acheteur": markets["acheteur"],
        "début": markets["date_debut"], "fin prévue": markets["date_fin"], "à la date du": day.isoformat(),
        "heures prévues": planned, "heures réalisées": done,
        "heures attendues à cette date": (planned * share).round(1),
        "heures projetées à la fin": projected.round(1),
        "situation": [_situation(*each) for each in zip(share, lacking, strict=True)],
    })  # fmt: skip
    order = lacking.sort_values(ascending=False, kind="stable").index
    return found.loc[order, COLUMNS].reset_index(drop=True)


def short(found: "pd.DataFrame") -> int:
    """How many operations in progress would end under their hours."""
    return int(found["situation"].str.startswith(SHORT).sum())


def _situation(share: float, lacking: float) -> str:
    if share != share:
        return UNDATED
    if share == 0:
        return NOT_BEGUN
    if round(lacking, 1) <= 0:
        return ENOUGH if share < 1 else REACHED
    return f"{SHORT if share < 1 else MISSED} {lacking:.1f} h".replace(".", ",")
