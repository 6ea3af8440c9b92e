"""What is kept of the files between two runs, in `data/processed/decp`: made again when it is not there."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from cpsr_study.errors import DataError
from cpsr_study.sources import Card, decp
from cpsr_study.sources.decp import normalise, session, sirene
from cpsr_study.sources.decp.normalise import Counts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOCK = ".verrou"
NO_SEAT = "SELECT '' AS siret, NULL::VARCHAR AS commune WHERE false"
SOCIAL, NOBODY = "sociale", "SELECT '' AS uid WHERE false"


@cache
def rules() -> str:
    """Hash of the program of this folder, code and SQL: what other rules made is made again."""
    files = sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".sql"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]


def home(data_dir: Path) -> Path:
    """The folder of the normalised files."""
    return data_dir / "processed" / "decp"


def normalised(data_dir: Path, name: str) -> Path:
    """The folder of the contracts of one raw file, known by its sha256."""
    return home(data_dir) / f"{name}-{rules()}"


def keep(made: Path, target: Path) -> None:
    """Give a folder made aside its name; another process may have made the same meanwhile."""
    try:
        os.rename(made, target)
    except OSError as error:
        if not target.is_dir():
            raise DataError(f"data/processed/decp ne peut pas être écrit ({error.strerror}).") from None


@contextmanager
def workshop(data_dir: Path) -> Iterator[Path]:
    """A new hidden folder beside the normalised files, for the time of a work. Those of killed works are removed."""
    try:
        home(data_dir).mkdir(parents=True, exist_ok=True)
        with (home(data_dir) / LOCK).open("a") as lock:
            _alone(lock, data_dir)
            aside = Path(tempfile.mkdtemp(prefix=".decp-", dir=home(data_dir)))
            try:
                yield aside
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise DataError(
            session.full(error) or f"data/processed/decp ne peut pas être écrit ({error.strerror})."
        ) from None


def _alone(lock: IO[str], data_dir: Path) -> None:
    """Hold the lock with the other works; remove what the dead left when there is none (nowhere but on POSIX)."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another one works
        pass
    else:
        for left in (*home(data_dir).glob(".decp-*"), *(data_dir / "raw" / decp.SOURCE).glob(".import-*")):
            shutil.rmtree(left, ignore_errors=True)
    fcntl.flock(lock, fcntl.LOCK_SH)


def ensure(card: Card, data_dir: Path) -> list[Path]:
    """The normalised folders of a card, made from its raw files when they are not there."""
    folders = []
    for name, digest in card.files.items():
        target = normalised(data_dir, digest)
        if not target.is_dir():
            with workshop(data_dir) as aside:
                normalise.normalise(card.folder / name, aside / "made", card.retrieved or card.published)
                keep(aside / "made", target)
        folders.append(target)
    return folders


def counts(folder: Path) -> Counts:
    """What became of the lines of the file that a normalised folder comes from."""
    return msgspec.json.decode((folder / normalise.COUNTS).read_bytes(), type=Counts)


def contracts(cards: list[Card], data_dir: Path, geography: int = 0) -> Path:
    """One Parquet of the contracts of all the cards, once each, with what the figures need.

    `geography`: the year of the official codes, as recent as the extract of Sirene may be.
    """
    folders = sorted({folder for card in cards for folder in ensure(card, data_dir)})
    seats = sirene.extract(cards, data_dir, geography)
    names = [folder.name for folder in folders] + ([seats.parent.name] if seats else [])
    key = hashlib.sha256(" ".join(names).encode()).hexdigest()[:16]
    target = home(data_dir) / f"ensemble-{key}-{rules()}.parquet"
    if target.is_file():
        return target
    import duckdb

    try:
        with workshop(data_dir) as aside, session.connected(aside) as base:
            unasked = [folder / normalise.YEARS for folder in folders if SOCIAL in counts(folder).absent]
            unite(base, [folder / normalise.YEARS for folder in folders], seats, aside / "made.parquet", unasked)
            os.replace(aside / "made.parquet", target)
    except duckdb.Error as error:
        reason = session.full(error) or f"Les marchés importés n'ont pas pu être réunis ({str(error).splitlines()[0]})."
        raise DataError(reason) from None
    return target


def unite(
    base: "DuckDBPyConnection", files: list[Path], seats: Path | None, target: Path, unasked: Sequence[Path] = ()
) -> None:
    """Write the Parquet of the contracts of normalised files, with the seats of an extract of Sirene.

    `unasked`: those of the files that have no column of social considerations.
    """
    base.execute(f"CREATE TEMP VIEW versions AS SELECT * EXCLUDE (annee) {_read(files)}")
    asked = [path for path in files if path not in unasked]
    others = f"ANTI JOIN (SELECT uid {_read(asked)}) USING (uid)" if asked else ""
    silent = f"SELECT DISTINCT uid {_read(unasked)} {others}" if unasked else NOBODY
    base.execute(f"CREATE TEMP VIEW muets AS {silent}")
    found = f"FROM read_parquet({session.literal(seats)})" if seats else NO_SEAT
    base.execute(f"CREATE TEMP VIEW etablissements AS {found}")
    query = session.sql("ensemble").replace("{reunion}", session.sql("reunion"))
    base.execute(f"COPY ({query}) TO {session.literal(target)} (FORMAT parquet, COMPRESSION zstd)")


def _read(files: Sequence[Path]) -> str:
    return f"FROM read_parquet([{', '.join(map(session.literal, files))}])"
