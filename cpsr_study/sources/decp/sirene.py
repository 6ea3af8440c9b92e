"""Where the establishments of buyers are, from Sirene (StockEtablissement) as it is published: SIRET → commune.

A zip of one CSV, a CSV or a Parquet, whole or an extract. Of the file, which names people and where they live, only
these two columns are kept.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import Card, known_in, read_card, sha256, writing
from cpsr_study.sources.decp import formats, session
from cpsr_study.sources.decp.session import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOURCE, EXTRACT = "sirene", "sieges.parquet"
COLUMNS = ("siret", "codecommuneetablissement")
HEAD = 1 << 16
PIECE = 1 << 26  # bytes of the CSV of a zip that are on the disk at once: it holds eight billion
SPOILT = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Taken:
    """What became of the lines: `read` = `kept` + those without a SIRET of 14 digits or a commune of 5 signs."""

    file: str
    vintage: str
    new: bool
    read: int
    kept: int


def recognise(path: Path) -> bool:
    """Whether a file has the columns of an extract of Sirene. Never raises."""
    try:
        return len(_places(_names(path)[0])) == len(COLUMNS)
    except (DataError, OSError, *formats.DAMAGED, *SPOILT):
        return False


def take(path: Path, data_dir: Path, advance: Progress) -> Taken:
    """Keep SIRET and commune of an extract. DataError, in one sentence, for one that is cut or says nothing."""
    import duckdb

    from cpsr_study.sources.decp import store

    size, digest = path.stat().st_size, sha256(path)
    home = data_dir / "raw" / SOURCE
    with writing.staging(home) as raw, store.workshop(data_dir) as aside:  # what a killed import leaves there goes
        extract = raw / EXTRACT
        try:
            with session.connected(aside) as base:
                names, delimiter = _names(path)
                sources = _sources(path, aside, names, delimiter, lambda done: advance(path.name, done, size))
                read, kept = _extracted(base, sources, _places(names), extract)
        except SPOILT:
            raise DataError(f"{shown(path.name)} ne se déplie pas jusqu'au bout : le fichier est abîmé.") from None
        except duckdb.Error as error:
            reason = shown(str(error).splitlines()[0])
            raise DataError(
                session.full(error) or f"{shown(path.name)} ne se lit pas jusqu'au bout ({reason})."
            ) from None
        if not kept:
            raise DataError(f"{shown(path.name)} ne situe aucun établissement ({read} lignes lues).")
        today = date.today().isoformat()
        known = sorted(folder.name for folder in home.glob(f"*-{digest[:8]}"))
        vintage = known[0] if known else f"{today}-{digest[:8]}"
        notes = f"Extrait de {path.name} (sha256 {digest}) : SIRET et commune, {kept} établissements."
        writing.write_card(raw, _card(today, notes), {EXTRACT: sha256(extract)})
        if not known:
            writing.publish(raw, home / vintage)
            read_card.cache_clear()
    advance(path.name, size, size)
    return Taken(path.name, vintage, not known, read, kept)


def extract(cards: list[Card], data_dir: Path, geography: int = 0) -> Path | None:
    """The last extract known in the edition of the last of these cards, or of the geography that places them.

    A later one says nothing in a past edition.
    """
    last = max(geography, *(card.first_edition for card in cards))
    known = [card for card in known_in(data_dir, last) if card.source == SOURCE]
    return max(known, key=lambda card: (card.published, card.vintage)).folder / EXTRACT if known else None


def _extracted(base: "DuckDBPyConnection", sources: Iterator[str], columns: list[str], target: Path) -> tuple[int, int]:
    """Write the establishments that have both, one row a SIRET; returns how many lines were read, and kept."""
    siret, commune = columns
    base.execute("CREATE TEMP TABLE lus (siret VARCHAR, commune VARCHAR)")
    for source in sources:
        base.execute(f"INSERT INTO lus SELECT siret({siret}::VARCHAR), upper(trim({commune}::VARCHAR)) FROM {source}")
    good = "siret IS NOT NULL AND regexp_full_match(commune, '[0-9][0-9AB][0-9]{3}')"
    read, kept = base.execute(f"SELECT count(*), count(*) FILTER ({good}) FROM lus").fetchone() or (0, 0)
    base.execute(
        f"COPY (SELECT siret, min(commune) AS commune FROM lus WHERE {good} GROUP BY siret ORDER BY siret) "
        f"TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    return read, kept


def _sources(
    path: Path, folder: Path, names: list[str], delimiter: str, advance: Callable[[int], None]
) -> Iterator[str]:
    """What DuckDB reads: the file, or one piece after the other of the CSV of a zip."""
    if formats.is_parquet(path):
        yield f"read_parquet({literal(path)})"
        return
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = f"columns = {{{columns}}}, auto_detect = false, delim = {literal(delimiter)}, quote = '\"', escape = '\"'"
    if not zipfile.is_zipfile(path):
        squeezed = "gzip" if formats.compressed(path) else "none"
        yield f"read_csv({literal(path)}, header = true, compression = '{squeezed}', {options})"
        return
    piece = folder / "morceau.csv"
    with zipfile.ZipFile(path) as archive, archive.open(_member(archive)) as source:
        source.readline()
        while block := source.read(PIECE):
            piece.write_bytes(block + _rest(block, source))
            yield f"read_csv({literal(piece)}, header = false, {options})"
            advance(archive.fp.tell() if archive.fp else 0)


def _rest(block: bytes, source: IO[bytes]) -> bytes:
    """What comes after a piece until its last line has its end, and its last cell too when it has several lines."""
    rest = source.readline()
    inside = (block.count(b'"') + rest.count(b'"')) % 2
    while inside and len(rest) < HEAD and (line := source.readline()):
        rest += line
        inside = (inside + line.count(b'"')) % 2
    return rest


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The only table of a zip. DataError when there are several, or none."""
    tables = [each for each in archive.infolist() if each.filename.lower().endswith(".csv")]
    if len(tables) != 1:
        raise DataError(f"{len(tables)} CSV dans le zip au lieu d'un.")
    return tables[0]


def _names(path: Path) -> tuple[list[str], str]:
    """The columns of a file, and what separates them."""
    if formats.is_parquet(path):
        import duckdb

        with duckdb.connect() as base:
            return formats.parquet_columns(path, base), ""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(_member(archive)) as source:
            head = source.read(HEAD)
    else:
        with formats.opened(path) as handle:
            head = handle.read(HEAD)
    names, delimiter = formats.header(head.removeprefix(formats.BOM))
    return names, delimiter


def _places(names: list[str]) -> list[str]:
    """The two columns, as the file writes them; fewer when it is another file."""
    known = {name.strip().lower(): name.replace('"', '""') for name in names}
    return [f'"{known[name]}"' for name in COLUMNS if name in known]


def _card(today: str, notes: str) -> dict[str, str]:
    return {
        "title": "Répertoire Sirene des établissements : SIRET et commune",
        "short": "Sirene",
        "producer": "INSEE",
        "kind": "producteur",
        "published": today,
        "reference_period": today[:4],
        "url": "https://www.data.gouv.fr/datasets/base-sirene-des-entreprises-et-de-leurs-etablissements-siren-siret",
        "licence": "Licence Ouverte 2.0",
        "citation": f"INSEE, répertoire Sirene, extrait pris le {today}",
        "retrieved": today,
        "notes": notes,
    }
