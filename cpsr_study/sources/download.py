"""`fetch`: from an address to `data/raw`, by way of a cache. Nothing enters `data/raw` unless it was read whole."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import addresses, intake
from cpsr_study.sources.addresses import RemoteFile, Source
from cpsr_study.sources.answers import Limits, Wanted
from cpsr_study.sources.transport import Progress, UnreachableError, get

DAY = 24 * 3600
MAX_PAGES = 2000


def fetch(
    source: str,
    data_dir: Path,
    advance: Progress,
    *,
    areas: str | None = None,
    refresh: bool = False,
    limits: Limits | None = None,
    known_since: int | None = None,
) -> list[intake.Intake]:
    """Download the files of a source and take them in. `areas`: only the départements of this territory;
    `known_since` as in `intake.take`.

    RequestError for a source that has no address; DataError, one sentence, says which file to download by hand.
    """
    known = known_source(source, data_dir)
    remotes = [one for remote in known.files for one in _expanded(remote, areas, data_dir)]
    paths = gather(source, known, remotes, advance, refresh=refresh, limits=limits)
    origin = "Téléchargé : " + " ; ".join(remote.url for remote in known.files) + "."
    today = date.today().isoformat()
    return intake.take(source, paths, data_dir, retrieved=today, origin=origin, known_since=known_since)


def gather(
    source: str,
    known: Source,
    remotes: list[RemoteFile],
    advance: Progress,
    *,
    refresh: bool = False,
    limits: Limits | None = None,
) -> list[Path]:
    """The files in the cache, whole. DataError, one sentence, says which file to download by hand."""
    folder = cache() / source
    paths: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for remote in remotes:
            paths += _downloaded(remote, folder, advance, refresh, limits or Limits())
    except UnreachableError as error:
        raise DataError(f"Téléchargement impossible, {error} : {_by_hand(source, known)}") from None
    except OSError as error:
        raise DataError(f"Le cache des téléchargements ne peut pas être écrit ({error.strerror}).") from None
    return paths


def cache() -> Path:
    """Folder of the downloads: `CPSR_CACHE_DIR`, else the cache folder of the system."""
    import pooch

    chosen = os.environ.get("CPSR_CACHE_DIR")
    return Path(chosen).expanduser().resolve() if chosen else Path(pooch.os_cache("cpsr-study"))


def known_source(source: str, data_dir: Path) -> Source:
    """What is known of where a source is. RequestError when there is no address to download from."""
    from cpsr_study.parameters import suggestion

    sources = addresses.read(data_dir)
    if source not in sources:
        near = suggestion(source, sources) or f" Sources connues : {', '.join(sorted(sources))}."
        raise RequestError(f"Aucune adresse pour la source « {shown(source)} ».{near}")
    if not sources[source].files:
        raise RequestError(f"Aucune adresse directe pour {source} : {_by_hand(source, sources[source])}")
    return sources[source]


def _by_hand(source: str, known: Source) -> str:
    return f"téléchargez {known.by_hand} depuis {known.page} puis « cpsr-study import {source} FICHIER »."


def _expanded(remote: RemoteFile, areas: str | None, data_dir: Path) -> Iterator[RemoteFile]:
    """The file itself, or one for each département."""
    if "{departement}" not in remote.url:
        if areas:
            raise RequestError("Cette source se télécharge en entier : --geo ne s'y applique pas.")
        yield remote
        return
    from cpsr_study import parameters
    from cpsr_study.territories import Territories

    territories = Territories.load(data_dir, parameters.editions(data_dir)[-1])
    where = territories.find(areas or "FR").code
    inside = [area for area in territories.all("DEP") if territories.is_within(area.code, where)]
    if not inside:
        label = territories.get(where).label
        raise RequestError(f"{label} ne contient aucun département : donnez une région ou un département.")
    for area in inside:
        number = area.code.removeprefix("DEP-")
        name = remote.name.replace(".", f"-{number}.", 1)
        yield remote.model_copy(update={"url": remote.url.replace("{departement}", number), "name": name})


def _downloaded(remote: RemoteFile, folder: Path, advance: Progress, refresh: bool, limits: Limits) -> list[Path]:
    """The file, its pages, or the members of the zip, whole, in the cache."""
    limits = replace(limits, max_bytes=min(limits.max_bytes, int(remote.max_mo * 1_000_000)))
    if remote.next:
        return _pages(remote, folder, advance, limits, refresh=refresh)
    path = _one(remote, folder, advance, refresh, limits)
    if not remote.members:
        return [path]
    from cpsr_study.sources import unzip

    return unzip.members(path, remote.members, folder / f"{path.stem}.d", limits.max_bytes)


def _one(remote: RemoteFile, folder: Path, advance: Progress, refresh: bool, limits: Limits) -> Path:
    """One file through pooch: what the cache holds if it is the pinned one, or of the day; otherwise a download."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    path = folder / remote.name
    if path.is_file() and (refresh or (not remote.sha256 and time.time() - path.stat().st_mtime > DAY)):
        path.unlink()
    wanted = Wanted(remote.url, remote.name, remote.format, remote.hosts, limits)

    def download(url: str, output: str, _pooch: Any) -> None:
        part = folder / f"{remote.name}.part"
        get(wanted, part, advance)
        os.replace(part, output)

    try:
        pinned = f"sha256:{remote.sha256}" if remote.sha256 else None
        return Path(pooch.retrieve(remote.url, pinned, fname=remote.name, path=folder, downloader=download))
    except ValueError:
        raise DataError(f"{remote.name} n'a pas l'empreinte sha256 attendue : rien n'a été pris.") from None


def _pages(remote: RemoteFile, folder: Path, advance: Progress, limits: Limits, *, refresh: bool) -> list[Path]:
    """All the pages of an API, one file each. DataError when they turn in circles or do not add up."""
    paths: list[Path] = []
    seen: set[str] = set()
    url, rows, size, announced = remote.url, 0, 0, None
    while url:
        if url in seen or len(paths) == MAX_PAGES:
            raise DataError(f"{remote.name} : la page {len(paths)} renvoie à une page déjà lue, ou sans fin.")
        seen.add(url)
        mark = f"-{hashlib.sha256(url.encode()).hexdigest()[:12]}" if remote.resume else ""
        name = remote.name.replace(".", f"{mark}-p{len(paths) + 1:04d}.", 1)
        path, part = folder / name, folder / f"{name}.part"
        if not (remote.resume and not refresh and _of_the_day(path)):
            if paths:
                time.sleep(remote.pause)
            left = replace(limits, max_bytes=limits.max_bytes - size)
            get(Wanted(url, name, remote.format, remote.hosts, left), part, advance)
            os.replace(part, path)
        paths.append(path)
        size += path.stat().st_size
        page = json.loads(path.read_bytes())
        items = _at(page, remote.items) if remote.items else None
        if remote.items and not isinstance(items, list):
            raise DataError(f"{name} : « {remote.items} » n'y est plus, la réponse a changé de forme.")
        rows += len(items or [])
        announced = _at(page, remote.total) if remote.total else None
        url = _next(_at(page, remote.next), url, name)
    if isinstance(announced, int) and announced != rows:
        raise DataError(f"{remote.name} : {announced} lignes annoncées, {rows} reçues ; recommencez.")
    return paths


def _of_the_day(path: Path) -> bool:
    return path.is_file() and time.time() - path.stat().st_mtime < DAY


def _next(value: Any, url: str, name: str) -> str:
    """The address of the next page, on the same site; nothing at the end."""
    from urllib.parse import urljoin, urlsplit

    if value in (None, ""):
        return ""
    if not isinstance(value, str) or urlsplit(urljoin(url, value))[:2] != urlsplit(url)[:2]:
        raise DataError(f"{name} : la page suivante est sur un autre site ({shown(value)}) : rien n'a été pris.")
    return urljoin(url, value)


def _at(page: Any, place: str) -> Any:
    """The value at a dotted place, None when there is none."""
    for key in place.split("."):
        page = page.get(key) if isinstance(page, dict) else None
    return page
