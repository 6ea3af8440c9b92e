"""Populations of the official geography, as observations: `population` for the areas of one vintage."""

from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.sources import Card

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.territories import Territories, Territory

SOURCE = "insee-cog"
# Mayotte is not in the yearly census: both vintages carry its population of 2017.
OLDER_CENSUS = {"REG-06", "DEP-976"}
OLDER_NOTE = "Mayotte : population du recensement de 2017, la seule du fichier."


def population_year(card: Card) -> str:
    """Year of the populations of a vintage, from the card's reference period ("... population 2019")."""
    return card.reference_period[-4:]


def observations(
    cards: list[Card], areas: "list[Territory]", territories: "Territories", data_dir: Path
) -> "pd.DataFrame":
    """One `population` observation an area, from the vintage of the areas themselves."""
    import pandas as pd

    card = next(card for card in cards if card.vintage == territories.vintage)
    areas = [area for area in areas if area.population is not None]
    return pd.DataFrame(
        {
            "indicator": "population",
            "geo": [area.code for area in areas],
            "time_period": population_year(card),
            "breakdown": "",
            "category": "",
            "value": [float(area.population or 0) for area in areas],
            "status": ["E" if area.code in OLDER_CENSUS else "A" for area in areas],
            "as_published": "",
            "locator": "communes.csv.gz, colonne population (somme des communes)",
            "note": [OLDER_NOTE if area.code in OLDER_CENSUS | {"FR"} else "" for area in areas],
            "source": card.source,
            "vintage": card.vintage,
            "published": card.published,
            "kind": card.kind,
        }
    )
