"""The catalogue of sources: one card (`source.toml`) beside the files of each source and vintage.

A card says who produced the figures, when they were published and under which licence; it holds the sha256 of
each file, so that a number can be followed back to the very bytes it was read from.
"""

import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cpsr_study.area_names import typographic
from cpsr_study.errors import DataError, first_problem

KINDS = {
    "producteur": "chiffres du producteur",
    "document": "chiffres cités par un document",
    "presse": "chiffres cités par la presse",
    "fictif": "données fictives",
}


class Card(BaseModel):
    """Identity of one vintage of one source. `files` maps each file name to its sha256.

    `covers`: the area whose own data these are (`clause`); a card of kind `fictif` marks the whole report as invented.
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
    reference_period: str
    url: str = Field(pattern=r"^(https?://\S+)?$")
    licence: str
    citation: str
    retrieved: str = ""
    notes: str = ""
    covers: str = ""
    files: dict[str, str]

    @property
    def year(self) -> int:
        """Year of publication: the first edition that knows this source."""
        return int(self.published[:4])

    @property
    def label(self) -> str:
        """The name under a figure: short when the card gives one."""
        return typographic(self.short or self.title)


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
