"""A partner's own results of the clause sociale: micro-data read, checked, kept in the partner's folder, and counted.

Only `observations` gives anything out, after the control of disclosure.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.sources import Card

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

SOURCE = "clause"


def observations(
    cards: list[Card], areas: "list[Territory]", territories: "Territories", data_dir: Path
) -> "pd.DataFrame":
    """The figures that may be shown of the areas, from the latest vintage that holds each territory's data."""
    from cpsr_study.sources.clause import publication

    return publication.observations(cards, areas, territories, data_dir)
