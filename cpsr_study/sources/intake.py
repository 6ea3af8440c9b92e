"""Taking files in: copied, read whole, checked like any observation, then put in `data/raw` with their card.

Nothing is written unless all the files were read: the copy that was read is the one that is kept.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study import indicators
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import Card, drafts, lateness, read_card, registry, sha256, typed, writing
from cpsr_study.sources.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

AUTO = "auto"
MAX_BYTES = 2_000_000_000
_VINTAGE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")


@dataclass(frozen=True)
class Intake:
    """One vintage taken in: `new` is False when these very files were already there.

    `since`: the first edition that uses it. `observations` and `set_aside`: what the reader kept, and what it did not
    take with the reason.
    """

    source: str
    vintage: str
    published: str
    since: int
    files: list[str]
    new: bool
    observations: "pd.DataFrame"
    set_aside: "pd.DataFrame"


def take(
    source: str,
    paths: Iterable[Path],
    data_dir: Path,
    retrieved: str = "",
    origin: str = "",
    known_since: int | None = None,
) -> list[Intake]:
    """Take in files of one source, or of any (`auto`): one Intake a source.

    `retrieved` (a date) and `origin` (addresses) are written on the card of files that were downloaded. `known_since`:
    the first edition to use them, when it is not the current year (see `lateness`). RequestError for a source without
    reader or an absent file; DataError for files that do not read.
    """
    groups = _grouped(source, _checked(list(paths)))
    extra = {"retrieved": retrieved, "notes": origin}
    with ExitStack() as stack:
        ready = [
            stack.enter_context(_prepared(name, group, data_dir, extra, known_since)) for name, group in groups.items()
        ]
        return [_settled(*each) for each in ready]


def _checked(paths: list[Path]) -> list[Path]:
    if not paths:
        raise RequestError("Aucun fichier à importer.")
    names: set[str] = set()
    for path in paths:
        name = shown(path.name)
        if not path.is_file():
            raise RequestError(f"Fichier introuvable : {name}.")
        if path.stat().st_size == 0:
            raise DataError(f"{name} est vide.")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{name} dépasse {MAX_BYTES // 1_000_000} Mo : est-ce le bon fichier ?")
        if path.name in names:
            raise RequestError(f"{name} est donné deux fois.")
        if path.name == writing.CARD or path.name.startswith("."):
            raise RequestError(f"{name} n'est pas un nom de fichier de données.")
        names.add(path.name)
    return paths


def _grouped(source: str, paths: list[Path]) -> dict[str, list[Path]]:
    """Files by source; each must be one of its files."""
    typed_ones = [path for path in paths if drafts.recognise(path)]
    if typed_ones:
        if len(paths) > 1:
            raise RequestError(f"Un document saisi ({typed.FILE}) s'importe seul.")
        return {drafts.source_of(paths[0], "" if source == AUTO else source): paths}
    if source == AUTO:
        groups: dict[str, list[Path]] = {}
        for path in paths:
            groups.setdefault(registry.reader_of(path).SOURCE, []).append(path)
        return groups
    wanted = registry.reader(source)
    for path in paths:
        if not wanted.recognise(path):
            others = [each.SOURCE for each in registry.readers().values() if each.recognise(path)]
            other = f" ; il ressemble à un fichier de {others[0]}" if others else ""
            other = other or _fault(source, paths, path)
            raise DataError(f"{shown(path.name)} n'est pas un fichier que {source} sait lire{other.rstrip('.')}.")
    return {source: paths}


def _fault(source: str, paths: list[Path], path: Path) -> str:
    """What the reader says of a file that nobody knows: the column it looks for, a size that is not one."""
    try:
        registry.read(source, paths)
    except DataError as error:
        return f" : {str(error).removeprefix(f'{path.name} : ').removeprefix(f'{path.name} ')}"
    return ""


@contextmanager
def _prepared(
    source: str, paths: list[Path], data_dir: Path, extra: dict[str, str], asked: int | None
) -> Iterator[tuple[Path, Path, Intake]]:
    """The folder where the vintage waits, the one it will be, and what it holds."""
    with writing.staging(data_dir / "raw" / source) as folder:
        copies = []
        for path in paths:
            try:
                copies.append(Path(shutil.copyfile(path, folder / path.name)))
            except OSError as error:
                raise DataError(f"{shown(path.name)} ne se copie pas ({error.strerror}).") from None
        files = {copy.name: sha256(copy) for copy in copies}
        if drafts.recognise(copies[0]):
            vintage, fields, frame, aside = drafts.reading(source, paths[0].resolve().parent, folder)
        else:
            vintage, fields, frame, aside = _reading(source, copies)
        if not _VINTAGE.fullmatch(vintage):
            raise DataError(f"{source} : millésime illisible (« {shown(vintage)} »).")
        extra = extra | {"notes": " ".join(filter(None, [fields.get("notes", ""), extra["notes"]]))}
        fields |= {name: value for name, value in extra.items() if value}
        target = data_dir / "raw" / source / vintage
        new = not _held(target, files, frame)
        card = lateness.card_of(target, fields, files, asked)
        writing.write_card(folder, card.fields, files)
        if asked and not drafts.recognise(copies[0]):
            _, _, frame, aside = _reading(source, copies)  # as each build will: with the geography of that edition
        _validated(frame, card, data_dir)
        since = card.first_edition
        yield folder, target, Intake(source, vintage, card.published, since, sorted(files), new, frame, aside)


def _reading(source: str, copies: list[Path]) -> tuple[str, dict[str, Any], "pd.DataFrame", "pd.DataFrame"]:
    """What the reader of the source makes of the copies; a file may not bear the name of a typed document."""
    for copy in copies:
        if copy.name == typed.FILE:
            raise RequestError(f"{copy.name} est le nom d'un document saisi : renommez le fichier.")
    reading = registry.read(source, copies)
    if list(reading.observations.columns) != typed.COLUMNS:
        raise DataError(f"Le lecteur de {source} ne rend pas les colonnes attendues.")
    if reading.observations.empty:
        raise DataError(f"{', '.join(copy.name for copy in copies)} : aucune observation à prendre.")
    return reading.vintage, card_fields(reading), reading.observations, reading.set_aside


def card_fields(reading: Reading) -> dict[str, Any]:
    """The fields of a card that a reading gives."""
    names = ("title", "short", "producer", "published", "reference_period", "url", "licence", "citation", "notes")
    return {"kind": "producteur"} | {name: getattr(reading, name) for name in names}


def _validated(frame: "pd.DataFrame", card: Card, data_dir: Path) -> None:
    from cpsr_study import validation

    stamped = frame if "place" in frame else registry.stamped(frame, card)
    validation.validate(stamped, indicators.read(data_dir), data_dir)


def _held(target: Path, files: dict[str, str], frame: "pd.DataFrame") -> bool:
    """Whether the vintage is already there with these files. DataError when it is there with others."""
    if not target.exists():
        return False
    card = read_card(target)
    if card.files != files:
        raise DataError(f"{card.source}/{card.vintage} {_compared(card, frame)}")
    return True


def _compared(card: Card, frame: "pd.DataFrame") -> str:
    """Why files are not taken in a vintage that holds others, and what that means for the figures just read."""
    others = ", ".join(sorted(card.files))
    refusal = f"existe déjà avec d'autres fichiers ({others}) : un millésime publié ne se modifie pas."
    if typed.FILE not in card.files:
        return refusal
    held = typed.read(card).drop_duplicates(typed.KEY).set_index(typed.KEY)["value"].astype(float)
    new = frame.drop_duplicates(typed.KEY).set_index(typed.KEY)["value"].astype(float)
    both = held.index.intersection(new.index)
    equal, unknown = int((held[both] == new[both]).sum()), len(new) - len(both)
    if equal == len(new):
        return f"a déjà été saisi, et les {equal} chiffres lus y sont tous, les mêmes : il n'y a rien à prendre."
    rest = [f"{len(both) - equal} en diffèrent", f"{unknown} n'y sont pas"]
    told = " et ".join(text for text in rest if not text.startswith("0 "))
    return f"{refusal[:-1]} (sur {len(new)} chiffres lus, {told})."


def _settled(folder: Path, target: Path, intake: Intake) -> Intake:
    if intake.new:
        writing.publish(folder, target)
        read_card.cache_clear()  # a vintage of this name may have been read, then removed
    return intake
