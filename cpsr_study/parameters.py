"""One validated door for every parameter, whether it comes from the command line, a file or a notebook."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cpsr_study.errors import RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import catalogue, insee_cog

NEWEST = "dernière"
DEFAULTS: dict[str, Any] = {"territory": "REG-28", "edition": NEWEST, "compare_with": "FR", "project_years": 5}


class Parameters(BaseModel):
    """The four parameters of a study, all resolved: codes of existing areas, a year, a number of years."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    territory: str
    edition: int
    compare_with: str
    project_years: int = Field(ge=1, le=30)


def resolve(data_dir: Path, /, **given: Any) -> Parameters:
    """`given` completed by the defaults and checked. RequestError, in one sentence, on the first fault."""
    from cpsr_study.territories import Territories

    for name in given:
        if name not in DEFAULTS:
            raise RequestError(f"Paramètre inconnu : « {shown(name)} ».{suggestion(name, DEFAULTS)}")
    values = DEFAULTS | {name: value for name, value in given.items() if value is not None}
    edition = _edition(values["edition"], editions(data_dir))
    territories = Territories.load(data_dir, edition)
    try:
        return Parameters(
            territory=territories.find(values["territory"]).code,
            edition=edition,
            compare_with=territories.find(values["compare_with"]).code,
            project_years=values["project_years"],
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestError(
            f"{first['loc'][0]} vaut « {shown(first['input'])} » : un nombre entier d'années entre 1 et 30 est attendu."
        ) from None


def editions(data_dir: Path) -> list[int]:
    """Years for which an edition exists: from the first official geography held to the newest source."""
    cards = catalogue(data_dir)
    geography = [card.first_edition for card in cards if card.source == insee_cog.SOURCE]
    return list(range(min(geography), max(card.first_edition for card in cards) + 1)) if geography else []


def read_file(path: Path) -> dict[str, Any]:
    """Parameters written in a TOML file, unchecked."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RequestError(f"Fichier de paramètres introuvable : {shown(path.name)}.") from None
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"{shown(path.name)} ne se lit pas comme un fichier TOML : {shown(error)}.") from None
    except (ValueError, OSError, RecursionError):  # not UTF-8, a number without end; a folder; nested without end
        raise RequestError(f"{shown(path.name)} ne se lit pas comme un fichier TOML.") from None


def suggestion(word: str, known: Any) -> str:
    """« Vouliez-vous dire... ? » with the nearest known word, or nothing."""
    close = get_close_matches(str(word), list(known), n=1, cutoff=0.5)
    return f" Vouliez-vous dire « {close[0]} » ?" if close else ""


def _edition(value: Any, known: list[int]) -> int:
    if not known:
        raise RequestError("Aucune édition possible : le dossier de données ne contient pas de géographie officielle.")
    if value == NEWEST:
        return known[-1]
    text = shown(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch("[0-9]{1,9}", str(value)):
        raise RequestError(f"Édition illisible : « {text} » ; une année est attendue, de {known[0]} à {known[-1]}.")
    if int(value) not in known:
        nearest = min(known, key=lambda year: abs(year - int(value)))
        raise RequestError(
            f"Édition inconnue : « {text} » ; les éditions vont de {known[0]} à {known[-1]} "
            f"(la plus proche : {nearest})."
        )
    return int(value)
