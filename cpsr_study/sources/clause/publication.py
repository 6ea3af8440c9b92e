"""From the micro-data that a partner holds to the figures that may be shown: counted, then controlled."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study import disclosure, indicators
from cpsr_study.disclosure import Rule
from cpsr_study.sources import Card, typed
from cpsr_study.sources.clause import counting, others, schema, store

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

LOCATOR = "tables de la clause sociale du territoire"
NOTE = (
    "Chiffre secret : trop peu de personnes, une seule entreprise ou un seul acheteur, ou un autre chiffre secret que "
    "celui-ci ferait retrouver."
)
COLUMNS = [*typed.COLUMNS, "source", "vintage", "published", "kind"]


def observations(
    cards: list[Card], areas: "list[Territory]", territories: "Territories", data_dir: Path
) -> "pd.DataFrame":
    """One row a figure of each area asked for that has its own data; a hidden one has no value and the status S."""
    import pandas as pd

    wanted = {area.code for area in areas}
    rows = []
    for area in sorted({card.covers for card in cards} & wanted):
        own = sorted((card for card in cards if card.covers == area), key=lambda card: (card.published, card.vintage))
        rows += [row | {"geo": area} for row in _published(tuple(own), territories, data_dir)]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": float})


def _published(cards: tuple[Card, ...], territories: "Territories", data_dir: Path) -> list[dict[str, Any]]:
    """The figures of the last vintage, knowing what the earlier ones have shown."""
    key = tuple((card.vintage, tuple(sorted(card.files.items()))) for card in cards)
    return _computed(key, cards[-1].covers, territories, data_dir, tuple(card.folder for card in cards))


@lru_cache(maxsize=8)
def _computed(
    key: tuple[Any, ...], area: str, territories: "Territories", data_dir: Path, folders: tuple[Path, ...]
) -> list[dict[str, Any]]:
    from cpsr_study.sources import read_card

    registry, shape, rule = indicators.read(data_dir), schema.read(data_dir), Rule()
    earlier: dict[int, tuple[list[disclosure.Cell], dict[str, float]]] = {}
    rows: list[dict[str, Any]] = []
    for folder in folders:
        card = read_card(folder)
        rows, hidden_before = [], False
        for data in store.years(card, area, territories, shape):
            linked = counting.tables(data, registry, shape, rule)
            quantities = counting.quantities(data, shape)
            shown_before, before = earlier.get(data.year, ([], {}))
            linked.known = [
                (cell.parts, cell.value)
                for cell in shown_before
                if all(quantities.get(part) == before.get(part) for part in cell.parts)
            ]
            hidden = disclosure.suppress(linked, rule)
            earlier[data.year] = ([cell for cell in linked.cells if cell.name not in hidden], quantities)
            rows += list(_rows(data, linked, hidden, card, registry, rule, hidden_before))
            hidden_before |= ("heures_insertion", "") in hidden
    return rows


def _rows(
    data: counting.Year,
    linked: disclosure.Tables,
    hidden: set[tuple[str, ...]],
    card: Card,
    registry: Any,
    rule: Rule,
    hidden_before: bool,
) -> Iterator[dict[str, Any]]:
    status = "P" if data.year >= card.year else "A"
    shared = {
        "time_period": str(data.year),
        "as_published": "",
        "locator": LOCATOR,
        "source": card.source,
        "vintage": card.vintage,
        "published": card.published,
        "kind": card.kind,
    }
    figures: list[tuple[str, str, float | None]] = [
        (*cell.name, None if cell.name in hidden else cell.value)  # type: ignore[misc]
        for cell in linked.cells
        if not cell.name[1].startswith("hors ")
    ]
    shown = {(indicator, category): value for indicator, category, value in figures}
    figures += others.figures(data, shown, rule, hidden_before=hidden_before)
    for indicator, category, value in figures:
        secret = value is None
        yield shared | {
            "indicator": indicator,
            "breakdown": registry[indicator].breakdown if category else "",
            "category": category,
            "value": float("nan") if value is None else value,
            "status": disclosure.SECRET if secret else status,
            "note": NOTE if secret else "",
        }
