"""Taking DECP files in: the file in `data/raw`, its contracts in `data/processed`; both whole, or neither."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import decp, lateness, read_card, writing
from cpsr_study.sources.decp import normalise, session, store
from cpsr_study.sources.decp.normalise import Counts

BLOCK = 1 << 22
# Name of the file, bytes done, bytes in all.
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Taken:
    """One file taken in: `new` is False when these very bytes were already there.

    `since`: the first edition that counts it.
    """

    file: str
    vintage: str
    published: str
    since: int
    new: bool
    counts: Counts
    folder: Path


def take(
    paths: list[Path], data_dir: Path, advance: Progress, origin: str = "", known_since: int | None = None
) -> list[Taken]:
    """Take in DECP files, each as a vintage of its own; `known_since` as for any source (see `lateness`).

    RequestError for an absent file.

    DataError for one that does not read: nothing is kept of any of them unless all were read.
    """
    if not paths:
        raise RequestError("Aucun fichier à importer.")
    for path in paths:
        if not path.is_file():
            raise RequestError(f"Fichier introuvable : {shown(path.name)}.")
        if path.name == writing.CARD or path.name.startswith("."):
            raise RequestError(f"{shown(path.name)} n'est pas un nom de fichier de données.")
        if path.stat().st_size == 0:
            raise DataError(f"{shown(path.name)} est vide.")
    with ExitStack() as stack:
        ready = [_prepared(stack, path, data_dir, advance, origin, known_since) for path in paths]
        return [_settled(*each, data_dir) for each in ready]


def _prepared(
    stack: ExitStack, path: Path, data_dir: Path, advance: Progress, origin: str, asked: int | None
) -> tuple[Path, Path, str, Taken]:
    """The raw and the normalised folders where a file waits, its sha256, and what it holds."""
    aside = stack.enter_context(store.workshop(data_dir))
    raw = stack.enter_context(writing.staging(data_dir / "raw" / decp.SOURCE))
    size = path.stat().st_size
    copy, digest = _copied(path, raw, lambda done: advance(path.name, done // 2, size))
    today = _today()
    done = 0

    def heard(count: int) -> None:
        nonlocal done
        done += count
        advance(path.name, min(size, size // 2 + done // 2), size)

    target = store.normalised(data_dir, digest)
    made = aside / "made"
    counts = store.counts(target) if target.is_dir() else normalise.normalise(copy, made, today, heard)
    advance(path.name, size, size)
    vintage = f"{counts.published}-{digest[:8]}"
    folder = data_dir / "raw" / decp.SOURCE / vintage
    card = lateness.card_of(folder, _fields(path, counts, today, origin), {copy.name: digest}, asked)
    writing.write_card(raw, card.fields, card.files)
    taken = Taken(path.name, vintage, card.published, card.first_edition, not folder.exists(), counts, target)
    return raw, made, digest, taken


def _today() -> str:
    return date.today().isoformat()


def _copied(path: Path, folder: Path, advance: Callable[[int], None]) -> tuple[Path, str]:
    copy, digest, done = folder / path.name, hashlib.sha256(), 0
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            while block := source.read(BLOCK):
                target.write(block)
                digest.update(block)
                done += len(block)
                advance(done)
    except OSError as error:
        raise DataError(session.full(error) or f"{shown(path.name)} ne se copie pas ({error.strerror}).") from None
    return copy, digest.hexdigest()


def _fields(path: Path, counts: Counts, today: str, origin: str) -> dict[str, str]:
    notes = f"{counts.title}. {counts.read} lignes lues, {counts.rejected} rejetées, {counts.contracts} marchés."
    return {
        "title": "Données essentielles de la commande publique",
        "short": "DECP",
        "producer": "Ministère de l’Économie et des Finances, et acheteurs publics",
        "kind": "producteur",
        "published": counts.published,
        "reference_period": f"{counts.first[:4]}-{counts.last[:4]}",
        "url": "https://www.data.gouv.fr/datasets/608c055b35eb4e6ee20eb325",
        "licence": "Licence Ouverte 2.0",
        "citation": f"Données essentielles de la commande publique, fichier publié au {counts.published}",
        "retrieved": today,
        "notes": " ".join(filter(None, [notes, origin])),
    }


def _settled(raw: Path, made: Path, digest: str, taken: Taken, data_dir: Path) -> Taken:
    if made.is_dir():
        store.keep(made, store.normalised(data_dir, digest))
    target = data_dir / "raw" / decp.SOURCE / taken.vintage
    if taken.new and not target.exists():
        writing.publish(raw, target)
        read_card.cache_clear()
    return taken
