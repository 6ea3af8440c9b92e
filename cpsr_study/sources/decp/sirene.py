"""Where the establishments of buyers are, from an extract of Sirene (StockEtablissement): SIRET → commune.

Of the whole file, which names people and where they live, only these two columns are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.area_names import shown
from cpsr_study.errors import DataError
from cpsr_study.sources import Card, known_in, read_card, sha256, writing
from cpsr_study.sources.decp import formats, session
from cpsr_study.sources.decp.session import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOURCE, EXTRACT = "sirene", "sieges.parquet"
COLUMNS = ("siret", "codecommuneetablissement")
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
        return len(_columns(path)) == len(COLUMNS)
    except (DataError, OSError, *formats.DAMAGED):
        return False


def take(path: Path, data_dir: Path, advance: Progress) -> Taken:
    """Keep SIRET and commune of an extract. DataError, in one sentence, for one that is cut or says nothing."""
    import duckdb

    size, digest = path.stat().st_size, sha256(path)
    advance(path.name, size // 2, size)
    home = data_dir / "raw" / SOURCE
    with writing.staging(home) as raw:
        extract = raw / EXTRACT
        try:
            with session.connected(raw) as base:
                read, kept = _extracted(base, path, extract)
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


def _extracted(base: "DuckDBPyConnection", path: Path, target: Path) -> tuple[int, int]:
    """Write the establishments that have both, one row a SIRET; returns how many lines were read, and kept."""
    siret, commune = _columns(path)
    if formats.is_parquet(path):
        source = f"read_parquet({literal(path)})"
    else:
        source = f"read_csv({literal(path)}, all_varchar = true, header = true)"
    base.execute(
        f"CREATE TEMP VIEW lignes AS SELECT trim({siret}::VARCHAR) AS siret, "
        f"upper(trim({commune}::VARCHAR)) AS commune, "
        "regexp_full_match(siret, '[0-9]{14}') AND regexp_full_match(commune, '[0-9][0-9AB][0-9]{3}') AS bonne "
        f"FROM {source}"
    )
    base.execute(
        "COPY (SELECT siret, min(commune) AS commune FROM lignes WHERE bonne GROUP BY siret ORDER BY siret) "
        f"TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    read, kept = base.execute("SELECT count(*), count(*) FILTER (bonne) FROM lignes").fetchone() or (0, 0)
    return read, kept


def _columns(path: Path) -> list[str]:
    """The two columns, as the file writes them; fewer when it is another file."""
    names = {name.strip().lower(): name.strip() for name in formats.column_names(path)}
    return [f'"{names[name]}"' for name in COLUMNS if name in names]


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
