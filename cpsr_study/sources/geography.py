"""Taking in the official geography of a new year: the tables of `data/reference/insee-cog/<year>`, with their card."""

import shutil
from pathlib import Path

from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import catalogue, cog_package, insee_cog, lateness, read_card, registry, sha256, typed, writing
from cpsr_study.sources.harvest import ASIDE, LICENCE, date_in_name
from cpsr_study.sources.intake import Intake
from cpsr_study.territories import Territories

LEVELS = ("FR", "FRMET", "REG", "DEP", "EPCI")
BEHIND = 3  # the populations of reference in force in a year are those of three years before


def take(paths: list[Path], data_dir: Path, known_since: int | None = None) -> list[Intake]:
    """The geography of the year that the name of the file bears; `known_since` as in `intake.take`.

    DataError when it is there with other tables.
    """
    import pandas as pd

    if len(paths) != 1 or not paths[0].is_file():
        raise RequestError("Un seul fichier est attendu : l'archive du paquet decoupage-administratif d'Etalab.")
    path = paths[0]
    if not cog_package.recognise(path):
        raise DataError(f"{shown(path.name)} n'est pas le paquet decoupage-administratif d'Etalab (.tgz).")
    year = date_in_name(path)[:4]
    target = data_dir / "reference" / insee_cog.SOURCE / year
    with writing.staging(target.parent) as folder:
        for name, data in cog_package.tables(path).items():
            (folder / name).write_bytes(data)
        files = {written.name: sha256(written) for written in folder.iterdir()}
        new = not target.exists()
        if not new and read_card(target).files != files:
            raise DataError(
                f"{insee_cog.SOURCE}/{year} existe déjà avec d'autres tables : une géographie ne se modifie pas."
            )
        card = lateness.card_of(target, _fields(path, year), files, known_since)
        writing.write_card(folder, card.fields, files)
        if new:
            writing.publish(folder, target)
            read_card.cache_clear()
            _check_readings(target, card.first_edition, data_dir)
    areas = Territories(target)
    known = [area for level in LEVELS for area in areas.all(level)]
    frame = insee_cog.observations([card], known, areas, data_dir)
    since, aside = card.first_edition, pd.DataFrame(columns=ASIDE)
    return [Intake(card.source, year, card.published, since, [path.name], new, frame, aside)]


def _check_readings(target: Path, edition: int, data_dir: Path) -> None:
    """The files already held still read beside the new geography; else it goes away again, and DataError says why."""
    for card in catalogue(data_dir):
        if card.source in registry.readers() and typed.FILE not in card.files and card.first_edition >= edition:
            try:
                registry.read(card.source, [card.folder / name for name in card.files])
            except DataError as error:
                shutil.rmtree(target)
                read_card.cache_clear()
                raise DataError(
                    f"Cette géographie contredit {card.source}/{card.vintage}, rien n'est pris : {error}"
                ) from None


def _fields(path: Path, year: str) -> dict[str, str]:
    population = int(year) - BEHIND
    return {
        "title": f"Code officiel géographique et populations de référence, millésime {year}",
        "short": f"Insee, COG {year}",
        "producer": "INSEE, mis en forme par Etalab",
        "kind": "producteur",
        "published": year,
        "reference_period": f"Géographie au 1er janvier {year}, population {population}",
        "url": "https://www.npmjs.com/package/@etalab/decoupage-administratif",
        "licence": LICENCE,
        "citation": f"INSEE, Code officiel géographique {year} et populations municipales {population} ; DGCL, EPCI à "
        f"fiscalité propre {year} ; Etalab, @etalab/decoupage-administratif",
        "notes": f"Tiré de {path.name}, sha256 {sha256(path)}. Le paquet ne dit pas son millésime : il vient du nom du "
        f"fichier, et la population est supposée être celle de {population}, en vigueur en {year}. Gardés : régions, "
        "départements, EPCI, communes actuelles, et la commune où mène chaque ancien code. Écartées : les "
        "collectivités d'outre-mer. La population d'un EPCI est la somme de ses communes.",
    }
