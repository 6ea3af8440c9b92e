"""What is kept of the files between two runs, in `data/processed/decp`: made again when it is not there."""

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from cpsr_study.errors import DataError
from cpsr_study.sources import Card
from cpsr_study.sources.decp import normalise, session
from cpsr_study.sources.decp.normalise import Counts


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


def workshop(data_dir: Path) -> Path:
    """A new hidden folder beside the normalised files, to be removed by the caller."""
    try:
        home(data_dir).mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".decp-", dir=home(data_dir)))
    except OSError as error:
        raise DataError(f"data/processed/decp ne peut pas être écrit ({error.strerror}).") from None


def ensure(card: Card, data_dir: Path) -> list[Path]:
    """The normalised folders of a card, made from its raw files when they are not there."""
    folders = []
    for name, digest in card.files.items():
        target = normalised(data_dir, digest)
        if not target.is_dir():
            aside = workshop(data_dir)
            try:
                normalise.normalise(card.folder / name, aside / "made", card.retrieved or card.published)
                keep(aside / "made", target)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        folders.append(target)
    return folders


def counts(folder: Path) -> Counts:
    """What became of the lines of the file that a normalised folder comes from."""
    return msgspec.json.decode((folder / normalise.COUNTS).read_bytes(), type=Counts)


def contracts(cards: list[Card], data_dir: Path) -> Path:
    """One Parquet of the contracts of all the cards, once each, with what the figures need."""
    folders = sorted({folder for card in cards for folder in ensure(card, data_dir)})
    key = hashlib.sha256(" ".join(folder.name for folder in folders).encode()).hexdigest()[:16]
    target = home(data_dir) / f"ensemble-{key}-{rules()}.parquet"
    if target.is_file():
        return target
    aside = workshop(data_dir)
    files = ", ".join(session.literal(folder / normalise.YEARS) for folder in folders)
    try:
        import duckdb

        with session.connected(aside) as base:
            base.execute(f"CREATE TEMP VIEW versions AS SELECT * EXCLUDE (annee) FROM read_parquet([{files}])")
            query = session.sql("ensemble").replace("{reunion}", session.sql("reunion"))
            made = session.literal(aside / "made.parquet")
            base.execute(f"COPY ({query}) TO {made} (FORMAT parquet, COMPRESSION zstd)")
        os.replace(aside / "made.parquet", target)
    except (duckdb.Error, OSError) as error:
        raise DataError(f"Les marchés importés n'ont pas pu être réunis ({str(error).splitlines()[0]}).") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target
