"""The catalogue of sources: one card (`source.toml`) beside the files of each source and vintage.

A card says who produced the figures, when they were published and under which licence; it holds the sha256 of
each file, so that a number can be followed back to the very bytes it was read from.
"""

import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cpsr_study.area_names import typographic
from cpsr_study.errors import DataError, first_problem
from cpsr_study.sources import first_edition

KINDS = {
    "producteur": "chiffres du producteur",
    "document": "chiffres cités par un document",
    "presse": "chiffres cités par la presse",
    "fictif": "données fictives",
}


class Card(BaseModel):
    """Identity of one vintage of one source. `files` maps each file name to its sha256.

    `known_since`: the first edition that may use this vintage, for one taken in after the year of its publication;
    without it, the year of `published`. `covers`: the area whose own data these are (`clause`); a card of kind
    `fictif` marks the whole report as invented.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    vintage: str
    folder: Path
    title: str = Field(min_length=3)
    short: str = ""
    producer: str = Field(min_length=2)
    kind: Literal["producteur", "document", "presse", "fictif"]
    published: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    known_since: int | None = Field(default=None, strict=True, le=9999)
    reference_period: str
    url: str = Field(pattern=r"^(https?://\S+)?$")
    licence: str
    citation: str
    retrieved: str = ""
    notes: str = ""
    covers: str = ""
    files: dict[str, str]

    @model_validator(mode="after")
    def _known_once_published(self) -> "Card":
        if self.known_since is not None and self.known_since < self.year:
            raise ValueError(f"known_since = {self.known_since} vient avant la publication ({self.published})")
        return self

    @property
    def year(self) -> int:
        """Year of publication. Which editions know the source is not said by it, but by `first_edition`."""
        return int(self.published[:4])

    @property
    def first_edition(self) -> int:
        """The first edition that knows this vintage."""
        return first_edition({"published": self.published, "known_since": self.known_since})

    @property
    def dated(self) -> str:
        """When it was published and, if it came too late for that edition, since which one it counts."""
        late = self.first_edition > self.year
        return f"{self.published}, compté depuis {self.first_edition}" if late else self.published

    @property
    def fields(self) -> dict[str, Any]:
        """What its file says, apart from the sums; its folder says which source and vintage it is."""
        return self.model_dump(exclude={"source", "vintage", "folder", "files"})

    @property
    def label(self) -> str:
        """The name under a figure: short when the card gives one."""
        return typographic(self.short or self.title)


def known_in(data_dir: Path, edition: int) -> list[Card]:
    """Cards of the vintages that an edition knows."""
    return [card for card in catalogue(data_dir) if card.first_edition <= edition]


def catalogue(data_dir: Path) -> list[Card]:
    """Cards of `data/raw` and `data/reference`, in the order of source and vintage. DataError names what is wrong."""
    folders = [
        folder
        for root in ("raw", "reference")
        for folder in sorted((data_dir / root).glob("*/*"))
        if folder.is_dir() and not folder.name.startswith(".")
    ]
    if not folders:
        raise DataError(f"Aucune source dans {data_dir} : le dossier de données est-il le bon ?")
    return [read_card(folder) for folder in folders]


@lru_cache(maxsize=256)
def read_card(folder: Path) -> Card:
    """The card of one vintage."""
    path = folder / "source.toml"
    name = f"{folder.parent.name}/{folder.name}/source.toml"
    if not path.is_file():
        raise DataError(f"Fiche de source absente : {name}.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Card(source=folder.parent.name, vintage=folder.name, folder=folder, **content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{name} ne se lit pas comme du TOML : {error}.") from None
    except ValidationError as error:
        raise DataError(f"{name} : {first_problem(error)}.") from None
    except TypeError:  # the folder, not the card, says which source and vintage it is
        raise DataError(f"{name} : les champs source, vintage et folder sont donnés par le dossier.") from None


def edition_of(path: Path) -> int:
    """The first edition that knows the vintage a file belongs to; for a file that has no card yet, the last of all."""
    return read_card(path.parent.resolve()).first_edition if (path.parent / "source.toml").is_file() else 9999


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def verify(card: Card) -> None:
    """Stop unless the folder holds the files of the card, whole and unchanged, and no other."""
    where = f"{card.source}/{card.vintage}"
    present = {
        path.relative_to(card.folder).as_posix()
        for path in card.folder.rglob("*")
        if path.is_file() and path.name != "source.toml" and not path.name.startswith(".")
    }
    for name in sorted(present - set(card.files)):
        raise DataError(f"{where}/{name} n'est pas déclaré dans sa fiche source.toml.")
    for name, expected in card.files.items():
        path = card.folder / name
        if not path.is_file():
            raise DataError(f"{where}/{name} est annoncé par sa fiche mais absent.")
        if path.stat().st_size == 0:
            raise DataError(f"{where}/{name} est vide.")
        found = sha256(path)
        if found != expected:
            raise DataError(
                f"{where}/{name} ne correspond plus à l'empreinte sha256 de sa fiche "
                f"(le fichier a pour empreinte {found})."
            )
