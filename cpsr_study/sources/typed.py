"""Documents typed by hand: `observations.csv`, one line per figure, with the words of the document."""

from typing import TYPE_CHECKING

from cpsr_study import lines
from cpsr_study.errors import DataError
from cpsr_study.sources import Card

if TYPE_CHECKING:
    import pandas as pd

FILE = "observations.csv"
KEY = ["indicator", "geo", "time_period", "breakdown", "category"]
COLUMNS = [*KEY, "value", "status", "as_published", "locator", "note"]


def read(card: Card) -> "pd.DataFrame":
    """Observations of a card, as text, plus `place` (file and line), `source`, `vintage`, `published`."""
    import pandas as pd

    where = f"{card.source}/{card.vintage}/{FILE}"
    records = lines.read(card.folder / FILE, where)
    line, header = next(records, (0, []))
    if not header:
        raise DataError(f"{where} est vide.")
    if header != COLUMNS:
        raise DataError(f"{where}, ligne {line} : colonnes attendues : {', '.join(COLUMNS)}.")
    numbered = list(records)
    if not numbered:
        raise DataError(f"{where} ne contient aucune observation.")
    return pd.DataFrame([row for _, row in numbered], columns=COLUMNS, dtype=str).assign(
        place=[f"{FILE}, ligne {number}" for number, _ in numbered],
        source=card.source,
        vintage=card.vintage,
        published=card.published,
        kind=card.kind,
    )
