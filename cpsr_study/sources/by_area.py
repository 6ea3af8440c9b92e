"""Sources whose figures are computed for the areas asked for, from all the vintages that an edition knows.

The other readers give every figure of a file at once; a file of communes, of contracts or of operations would give a
table for each of 36 000 areas. A module of this kind has `SOURCE` and `observations`, and is named here;
`details`, if it has it, gives the breakdowns of one area, asked for when a study of it opens.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from cpsr_study.sources import Card, known_in

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

MODULES: tuple[str, ...] = ("insee_cog", "clause", "decp")


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

    frames = [module.observations(cards, areas, territories, data_dir) for module, cards in _known(data_dir, edition)]
    return pd.concat(frames, ignore_index=True)


def details(data_dir: Path, edition: int, area: "Territory", territories: "Territories") -> "pd.DataFrame | None":
    """The finer figures of one area, too many to be in the table of all areas; None when no source has any."""
    import pandas as pd

    frames = [
        module.details(cards, area, territories, data_dir)
        for module, cards in _known(data_dir, edition)
        if hasattr(module, "details")
    ]
    return pd.concat(frames, ignore_index=True) if frames else None


def _known(data_dir: Path, edition: int) -> Iterator[tuple[Any, list[Card]]]:
    """The modules that have cards in the edition, with these cards."""
    for name in MODULES:
        module = cast(AreaSource, import_module(f"cpsr_study.sources.{name}"))
        cards = [card for card in known_in(data_dir, edition) if card.source == module.SOURCE]
        if cards:
            yield module, cards
