"""Sources whose figures are computed for the areas asked for, from all the vintages that an edition knows.

The other readers give every figure of a file at once; a file of communes, of contracts or of operations would give a
table for each of 36 000 areas. A module of this kind has `SOURCE` and `observations`, and is named here.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from cpsr_study.sources import Card, catalogue

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

MODULES: tuple[str, ...] = ("insee_cog", "clause")


class AreaSource(Protocol):
    """What such a module offers."""

    SOURCE: str

    def observations(
        self, cards: list[Card], areas: "list[Territory]", territories: "Territories", data_dir: Path
    ) -> "pd.DataFrame":
        """Figures of the areas from its cards (never none), with the columns of a typed document plus its source."""


def observations(data_dir: Path, edition: int, areas: "list[Territory]", territories: "Territories") -> "pd.DataFrame":
    """The figures that these sources give of the areas, known in the edition."""
    import pandas as pd

    frames = []
    for name in MODULES:
        module = cast(AreaSource, import_module(f"cpsr_study.sources.{name}"))
        cards = [card for card in catalogue(data_dir) if card.source == module.SOURCE and card.year <= edition]
        if cards:
            frames.append(module.observations(cards, areas, territories, data_dir))
    return pd.concat(frames, ignore_index=True)
