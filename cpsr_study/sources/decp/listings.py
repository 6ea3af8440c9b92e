"""Contracts and buyers by name, for the tables of the chapter. Names and objects are text, whatever they hold."""

from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.sources import Card
from cpsr_study.sources.decp import aggregate

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

MOST, FEWEST = 10, 10


def largest_reserved(
    cards: list[Card], area: "Territory", territories: "Territories", data_dir: Path
) -> "pd.DataFrame":
    """The ten largest reserved contracts: acheteur_nom, acheteur_id, objet, jour, montant (€), accord_cadre."""
    return _rows("plus_grands_reserves", cards, area, territories, data_dir, most=MOST)


def buyers(cards: list[Card], area: "Territory", territories: "Territories", data_dir: Path) -> "pd.DataFrame":
    """The buyers of ten contracts or more since 2024: acheteur_nom, acheteur_id, marches, declares, oui.

    Only contracts of files that ask about social considerations count.
    """
    return _rows("acheteurs", cards, area, territories, data_dir, fewest=FEWEST)


def _rows(
    name: str, cards: list[Card], area: "Territory", territories: "Territories", data_dir: Path, **values: int
) -> "pd.DataFrame":
    with aggregate.opened(cards, territories, data_dir, area) as base:
        return base.execute(aggregate.filled(name, contrats=aggregate.contracts_of(area, "siege")), values).df()
