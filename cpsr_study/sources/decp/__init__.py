"""Public procurement from its source: the données essentielles de la commande publique (DECP).

A file of any of the published shapes is recognised by its content (`formats`), read as a stream (`json_stream`,
`records`) or by DuckDB, made into one row a contract (`normalise`, `sql/`), kept in `data/processed/decp` (`store`),
and counted by area in two geographies (`aggregate`, `figures`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources import Card
    from cpsr_study.territories import Territories, Territory

SOURCE = "decp"


def observations(
    cards: "list[Card]", areas: "list[Territory]", territories: "Territories", data_dir: Path
) -> "pd.DataFrame":
    """The figures of the areas from all the files together: contracts, amounts, shares, coverage, by year."""
    from cpsr_study.sources.decp import aggregate

    return aggregate.by_area(cards, areas, territories, data_dir)


def details(cards: "list[Card]", area: "Territory", territories: "Territories", data_dir: Path) -> "pd.DataFrame":
    """The same figures of one area, by type, category of buyer, procedure, size and place to the EU threshold."""
    from cpsr_study.sources.decp import aggregate

    return aggregate.breakdowns(cards, area, territories, data_dir)
