"""The readers of official files: which ones exist, which one knows a file, what a card's files say.

A new source is one module with `SOURCE`, `recognise` and `read`, named here.
"""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.sources import Card, typed
from cpsr_study.sources.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

MODULES: tuple[str, ...] = (
    "insee_filosofi",
    "insee_melodi",
    "insee_population",
    "insee_chomage",
    "drees_minima_sociaux",
    "caf_rsa",
    "dares_deld",
    "insee_ipro",
    "finess",
    "siae",
    "zoning",
)
# Folders of `data/raw` that hold no observations of their own: other parts of the program read them.
READ_ELSEWHERE = frozenset({"clause", "decp", "sirene"})


class Reader(Protocol):
    """What every module of a source offers."""

    SOURCE: str

    def recognise(self, path: Path) -> bool:
        """Whether the content is one of this source's files. Cheap; never raises."""

    def read(self, paths: list[Path]) -> Reading:
        """All the files of one vintage. DataError, in one sentence, names the file and what is wrong."""


@lru_cache(maxsize=1)
def readers() -> dict[str, Reader]:
    """The readers by source. Imported once, and only when files have to be read."""
    modules = [cast(Reader, import_module(f"cpsr_study.sources.{name}")) for name in MODULES]
    return {module.SOURCE: module for module in modules}


def reader(source: str) -> Reader:
    """The reader of a source. RequestError with the nearest name when there is none."""
    from cpsr_study.parameters import suggestion

    known = readers()
    if source not in known:
        near = suggestion(source, known) or f" Sources lues : {', '.join(sorted(known))}."
        raise RequestError(f"Aucun lecteur pour la source « {shown(source)} ».{near}")
    return known[source]


def reader_of(path: Path) -> Reader:
    """The reader that recognises the content of a file, whatever its name. DataError if none does, or several."""
    found = [each for each in readers().values() if each.recognise(path)]
    if not found:
        raise DataError(
            f"{shown(path.name)} n'est reconnu par aucun lecteur : sa présentation a-t-elle changé ? "
            "(cpsr-study sources --readers donne la liste de ce qui se lit)."
        )
    if len(found) > 1:
        names = ", ".join(each.SOURCE for each in found)
        raise DataError(f"{shown(path.name)} est reconnu par plusieurs lecteurs ({names}) : donnez la source.")
    return found[0]


def observations_of(card: Card, data_dir: Path) -> "pd.DataFrame | None":
    """What the files of a card say, with the columns of `typed.read`; None for a card without observations.

    `observations.csv` is read as it is; any other file of `data/raw` by the reader of its source, at each build.
    """
    if typed.FILE in card.files:
        return typed.read(card)
    if not card.folder.is_relative_to(data_dir / "raw") or card.source in READ_ELSEWHERE:
        return None
    if card.source not in readers():
        raise DataError(f"{card.source}/{card.vintage} n'a ni {typed.FILE} ni lecteur pour ses fichiers.")
    return stamped(_read(card.source, card.folder, tuple(sorted(card.files.items()))).observations, card)


def stamped(frame: "pd.DataFrame", card: Card) -> "pd.DataFrame":
    """The observations of a reader with what a card adds to them; `place` names the row for a message."""
    return frame.reset_index(drop=True).assign(
        place=[f"observation {number} ({where})" for number, where in enumerate(frame["locator"], 1)],
        source=card.source,
        vintage=card.vintage,
        published=card.published,
        kind=card.kind,
    )


def read(source: str, paths: list[Path]) -> Reading:
    """What the reader of a source makes of files. A file that breaks the reader itself is said in one sentence too."""
    try:
        return reader(source).read(sorted(paths))
    except (DataError, RequestError):
        raise
    except Exception as error:  # a file nobody foresaw: whatever it breaks, the reader is the one that cannot read it
        names = ", ".join(shown(path.name) for path in sorted(paths))
        what = f"{type(error).__name__} : {shown(error)}"
        raise DataError(f"{names} : le lecteur de {source} ne sait pas lire ce contenu ({what}).") from error


@lru_cache(maxsize=64)
def _read(source: str, folder: Path, files: tuple[tuple[str, str], ...]) -> Reading:
    """The reading of these very bytes (`files`: names and sha256), done once by a process."""
    return read(source, [folder / name for name, _ in files])
