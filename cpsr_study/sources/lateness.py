"""From which edition a vintage taken in counts: one that was published in a past year comes too late for that edition.

An edition already published does not move, so what is taken in later enters from the current year, which its card says
(`known_since`). Whoever rebuilds a past edition on purpose gives the year.
"""

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cpsr_study.errors import DataError, RequestError, first_problem
from cpsr_study.sources import Card, read_card

OPTION = "--known-since"


def this_year() -> int:
    """The year of the clock: that of the edition being made."""
    return date.today().year


def card_of(folder: Path, fields: dict[str, Any], files: dict[str, str], asked: int | None) -> Card:
    """The card of a vintage taken in: the one that is there, else that of these fields and the edition it enters in.

    DataError for fields that are not those of a card, RequestError for an edition it cannot enter in.
    """
    try:
        card = Card(source=folder.parent.name, vintage=folder.name, folder=folder, files=files, **fields)
    except ValidationError as error:
        raise DataError(f"{folder.parent.name}/{folder.name} : {first_problem(error)}.") from None
    if not folder.exists():
        return card.model_copy(update={"known_since": _known_since(card, asked)})
    held = read_card(folder)
    if asked not in (None, held.first_edition):
        place = f"{folder.parent.parent.name}/{held.source}/{held.vintage}/source.toml"
        raise RequestError(
            f"{held.source}/{held.vintage} est déjà là et compte depuis l'édition {held.first_edition} : pour en "
            f"changer, écrire known_since = {asked} dans {place}."
        )
    return held


def _known_since(card: Card, asked: int | None) -> int | None:
    """What to write on the card of a vintage taken in now; None when its year of publication says it."""
    now = this_year()
    if asked is None:
        return card.known_since or (now if card.year < now else None)
    if asked < card.year:
        raise RequestError(f"{OPTION} {asked} : {card.source}/{card.vintage} n'est publié qu'en {card.year}.")
    if asked > max(card.year, now):
        raise RequestError(f"{OPTION} {asked} : cette année n'est pas commencée ({max(card.year, now)} au plus tard).")
    return asked if asked > card.year else None
