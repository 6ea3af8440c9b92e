"""From the micro-data that a partner holds to the figures that may be shown: counted, then controlled."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study import disclosure, indicators
from cpsr_study.disclosure import Rule
from cpsr_study.sources import Card, typed
from cpsr_study.sources.clause import editions, others, schema, store
from cpsr_study.sources.clause.layout import PROJECT

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

LOCATOR = "tables de la clause sociale du territoire"
NOTE = (
    "Chiffre secret : trop peu de personnes, une seule entreprise ou un seul acheteur, ou un autre chiffre secret que "
    "celui-ci ferait retrouver."
)
FOLLOWED = (
    "Nombre de suivis : une personne que deux structures suivent sans lui donner un pseudonyme commun compte deux fois."
)
UNCHANGED = (
    "Chiffres de l’année laissés tels qu’ils étaient montrés : depuis, trop peu de personnes ont changé pour que la "
    "différence ne désigne personne."
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

    shape, state = schema.read(data_dir), editions.State()
    rows: list[dict[str, Any]] = []
    for folder in folders:
        card = read_card(folder)
        state = editions.following(state, list(store.years(card, area, territories, shape)), data_dir)
        rows = [row for year in state.years for row in _rows(state, year, card, data_dir)]
    return rows


def _rows(state: editions.State, year: int, card: Card, data_dir: Path) -> Iterator[dict[str, Any]]:
    data, registry = state.years[year], indicators.read(data_dir)
    status = "P" if data.year >= card.year else "A"
    shared = {
        "time_period": str(data.year),
        "as_published": "",
        "source": card.source,
        "vintage": card.vintage,
        "published": card.published,
        "kind": card.kind,
    }
    shown: dict[tuple[str, str], float | None] = {
        (cell.name[0], cell.name[1]): None if (*cell.name, str(year)) in state.hidden else cell.value
        for cell in state.tables[year].cells
        if not cell.name[1].startswith("hors ")
    }
    figures = [(*name, value) for name, value in shown.items()] + others.figures(data, shown, Rule())
    said = _remarks(state, year)
    named = data.lines.drop_duplicates("projet_code")
    names = dict(zip(named["projet_code"], named["nom_grand_projet"], strict=True)) | {store.OTHER_PROJECTS: LOCATOR}
    for indicator, category, value in figures:
        secret = value is None
        yield shared | {
            "indicator": indicator,
            "breakdown": registry[indicator].breakdown if category else "",
            "category": category,
            "value": float("nan") if value is None else value,
            "status": disclosure.SECRET if secret else status,
            "locator": names.get(category, LOCATOR) if indicator == PROJECT else LOCATOR,
            "note": NOTE if secret else said.get(indicator, "") if not category else "",
        }


def _remarks(state: editions.State, year: int) -> dict[str, str]:
    """What is to be known of the totals of a year, by indicator."""
    lines = state.years[year].lines
    kept = UNCHANGED if year in state.kept else ""
    alone = not lines["person"].str.startswith(store.SHARED).all()
    follow = FOLLOWED if alone and lines["structure"].nunique() > 1 else ""
    told = dict.fromkeys(("heures_insertion", "participants", "contrats"), kept)
    return told | {"participants": " ".join(filter(None, [follow, kept]))}
