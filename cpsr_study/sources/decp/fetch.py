"""`fetch decp`: the whole Parquet or, for a territory or from a date, the rows of the tabular API as one CSV."""

import json
import os
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode

from cpsr_study import lines
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import decp, download
from cpsr_study.sources.answers import Limits
from cpsr_study.sources.transport import Progress

PLACE = "{filtre}"
COLUMNS = {"REG": "acheteur_region_code", "DEP": "acheteur_departement_code", "COM": "acheteur_commune_code"}


def fetch(
    data_dir: Path,
    advance: Progress,
    *,
    territory: str | None = None,
    since: str | None = None,
    refresh: bool = False,
    limits: Limits | None = None,
) -> tuple[Path, str]:
    """The file to take in, in the cache, and the words that say where it comes from.

    RequestError for a date or a territory that cannot be asked for; DataError when nothing comes.
    """
    known = download.known_source(decp.SOURCE, data_dir)
    partial = bool(territory or since)
    (remote,) = [each for each in known.files if (PLACE in each.url) == partial]
    if partial:
        asked = _filter(territory, since, data_dir)
        remote = remote.model_copy(update={"url": remote.url.replace(PLACE, urlencode(asked))})
    paths = download.gather(decp.SOURCE, known, [remote], advance, refresh=refresh, limits=limits)
    origin = f"Téléchargé : {remote.url}."
    if not partial:
        return paths[0], origin
    name = "-".join(filter(None, ["decp", *asked.values()]))
    return _joined(paths, remote.items, paths[0].parent / f"{name}.csv"), origin


def _filter(territory: str | None, since: str | None, data_dir: Path) -> dict[str, str]:
    asked = {}
    if territory:
        from cpsr_study import parameters
        from cpsr_study.territories import Territories

        area = Territories.load(data_dir, parameters.editions(data_dir)[-1]).find(territory)
        if area.level in COLUMNS:
            asked[f"{COLUMNS[area.level]}__exact"] = area.code.partition("-")[2]
        elif area.level != "FR":
            raise RequestError(
                f"{area.label} ne se demande pas à l'API : donnez une région, un département, une commune."
            )
    if since:
        if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", since):
            raise RequestError(f"Date illisible : « {shown(since)} » (2024-01-01 attendu).")
        asked["dateNotification__greater"] = since
    return asked


def _joined(pages: list[Path], items: str, target: Path) -> Path:
    """The rows of all the pages as one CSV, with the columns of the first."""
    rows = _rows(pages, items)
    first = next(rows, None)
    if first is None:
        raise DataError("L'API ne donne aucun marché pour cette demande.")
    columns = [name for name in first if not name.startswith("__")]
    part = target.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as handle:
        told = ([row.get(name, "") for name in columns] for row in chain([first], rows))
        lines.write(handle, chain([columns], told))
    os.replace(part, target)
    return target


def _rows(pages: list[Path], items: str) -> Iterator[dict[str, object]]:
    for page in pages:
        yield from json.loads(page.read_bytes())[items]
