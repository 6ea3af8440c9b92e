"""From a file as received to one row a contract: `annee=*`, by year, and `rejets`, with a reason each."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources.decp import formats, json_lines, quotes, session, tabular
from cpsr_study.sources.decp.formats import Format
from cpsr_study.sources.decp.records import COLUMNS, Lines
from cpsr_study.sources.decp.session import literal, sql
from cpsr_study.sources.decp.tabular import Reading, Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REJECTED, COUNTS, YEARS = "rejets.parquet", "comptes.json", "annee=*/*.parquet"
LOTS = 256  # see macros.sql
# A dictionary of the many values of a column takes a third of the time of writing, and no less room.
WRITTEN = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000"
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Counts:
    """What became of the lines of a file (records, for JSON): `read` = `kept` + `rejected`."""

    title: str
    read: int
    kept: int
    rejected: int
    contracts: int
    first: str
    last: str
    published: str
    absent: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        """Lines kept that say more of a contract already met: versions, titulaires, copies."""
        return self.kept - self.contracts


def normalise(path: Path, target: Path, limit: str, advance: Progress = lambda done: None) -> Counts:
    """Write the contracts and the rejects of a file in `target`, a new folder. `limit`: no notification after that day.

    DataError, in one sentence, for a file that is cut, empty or another thing, and for a full disk.
    """
    import duckdb
    import msgspec

    found = formats.recognise(path)
    try:
        with tempfile.TemporaryDirectory(prefix=".lignes-", dir=target.parent) as folder:
            with tabular.reading(path) if found.kind == "csv" else nullcontext() as reading:
                counts = _made(path, reading, found, target, limit, Path(folder), advance)
            (target / COUNTS).write_bytes(msgspec.json.encode(asdict(counts)))
    except duckdb.Error as error:
        reason = shown(str(error).splitlines()[0])
        raise DataError(
            session.full(error) or f"{shown(path.name)} ne se lit pas jusqu'au bout, il est coupé ou abîmé ({reason})."
        ) from None
    except formats.DAMAGED:
        raise DataError(f"{shown(path.name)} ne se décompresse pas : le fichier est coupé.") from None
    except OSError as error:
        reason = session.full(error) or f"{shown(path.name)} n'a pas pu être traité ({error.strerror or error})."
        raise DataError(reason) from None
    if not counts.contracts:
        raise DataError(f"{shown(path.name)} ne contient aucun marché lisible ({counts.read} lignes lues).")
    return counts


def _made(
    path: Path, reading: Reading | None, found: Format, target: Path, limit: str, folder: Path, advance: Progress
) -> Counts:
    """Write the contracts and the rejects: once more, from a copy, when the text did not read as it should."""
    memory = json_lines.MEMORY if found.kind == "json" else tabular.MEMORY
    with session.connected(target.parent, memory) as base:
        if found.kind == "parquet":
            found = formats.parquet(path, base)
        base.execute(f"SET VARIABLE limite = {literal(limit)}::DATE")
        target.mkdir()
        if found.kind == "json":
            lines = json_lines.view(base, path, folder, advance)
        else:
            lines = tabular.view(base, reading.path if reading else path, found)
        kept, rejected = _contracts(base, target, lines)
        text = reading.text() if reading else None
        mended = _mended(base, text, found, kept + rejected, folder) if text else None
        if not mended:
            warnings = tabular.unreadable(base, path, text) if text else []
            reasons = _rejects(base, target, rejected > 0)
            return replace(_counts(base, target, found, kept, reasons), warnings=warnings)
    shutil.rmtree(target)
    return _made(path, tabular.known(mended), found, target, limit, folder, advance)


def _mended(base: "DuckDBPyConnection", text: Text, found: Format, records: int, folder: Path) -> Text | None:
    """A copy of a CSV, once read: as UTF-8 if it was not, then without the lines that swallow others."""
    if (text.old or tabular.garbled(base)) and not text.transcoded:
        return tabular.transcoded(text.path, folder)
    return quotes.given_back(text, found, records + tabular.faulty(base), folder)


def _parts(lines: Lines) -> list[str]:
    """What to read, one after the other, to have each time all the lines of some contracts: once when they are few."""
    times = min(LOTS, -(-lines.rows // lines.at_once)) if lines.at_once else 1
    if times <= 1:
        return ["lignes"]
    bounds = [LOTS * turn // times for turn in range(times + 1)]
    return [f"(FROM lignes WHERE lot BETWEEN {low} AND {high - 1})" for low, high in pairwise(bounds)]


def _contracts(base: "DuckDBPyConnection", target: Path, lines: Lines) -> tuple[int, int]:
    """Write the contracts; returns how many lines of the file were kept, and how many are to be rejected."""
    kept = rejected = 0
    base.execute("SET disabled_optimizers = 'common_subexpressions'")  # it works out what `nette` spares
    for turn, part in enumerate(_parts(lines)):
        base.execute(_states(part, lines))
        alone, compared = (_versions(_some(join, part, lines)) for join in ("ANTI", "SEMI"))
        base.execute(f"CREATE OR REPLACE TEMP TABLE versions AS {compared}")
        base.execute(
            f"COPY (SELECT *, year(premiere.jour)::INTEGER AS annee FROM ({alone} UNION ALL ({sql('reunion')}))) "
            f"TO {literal(target)} ({WRITTEN}, PARTITION_BY (annee), OVERWRITE_OR_IGNORE true, "
            f"FILENAME_PATTERN 'lot{turn}_{{i}}')"
        )
        counted = "SELECT sum(lignes) FILTER (bon), sum(lignes) FILTER (NOT bon) FROM etats"
        more = base.execute(f"{counted} WHERE base").fetchone() or (0, 0)
        kept, rejected = kept + int(more[0] or 0), rejected + int(more[1] or 0)
    return kept, rejected


def _states(part: str, lines: Lines) -> str:
    """The query that makes the tables `etats` and `plusieurs` of some lines."""
    cells = ", ".join(name for name in COLUMNS if name not in ("ligne", "lot", "titulaires"))
    text = sql("etats" if lines.again else "etats_entiers")
    return text.replace("{lignes}", part).replace("{cellules}", cells)


def _some(join: str, part: str, lines: Lines) -> str:
    """The query for the states of contracts that have several (SEMI), or only one (ANTI), with their cells."""
    if not lines.again:
        return f"(FROM etats {join} JOIN plusieurs USING (uid) WHERE bon)"
    chosen = f"(FROM etats {join} JOIN plusieurs USING (contrat) WHERE bon)"
    return f"({sql('retenues').replace('{lignes}', part).replace('{etats}', chosen)})"


def _versions(states: str) -> str:
    """The query for some states as versions of their contracts, their cells made plain."""
    plain = sql("propres").replace("{etats}", states)
    return sql("versions").replace("{propres}", f"({plain})")


def _rejects(base: "DuckDBPyConnection", target: Path, some: bool) -> dict[str, int]:
    """Write what was rejected, in the order of the file; returns how many lines for each reason."""
    base.execute("SET preserve_insertion_order = true")  # the number of a line of CSV is its place in the file
    rejected = sql("rejetees")
    unreadable = "SELECT ligne, texte, motif FROM illisibles"
    base.execute("CREATE TEMP TABLE IF NOT EXISTS illisibles (ligne BIGINT, texte VARCHAR, motif VARCHAR)")
    base.execute(
        f"CREATE TEMP TABLE rejets AS {f'{rejected} UNION ALL {unreadable}' if some else unreadable} ORDER BY ligne"
    )
    base.execute(f"COPY rejets TO {literal(target / REJECTED)} (FORMAT parquet, COMPRESSION zstd)")
    return dict(base.execute("SELECT motif, count(*) FROM rejets GROUP BY motif ORDER BY motif").fetchall())


def _counts(base: "DuckDBPyConnection", target: Path, found: Format, kept: int, reasons: dict[str, int]) -> Counts:
    facts = (0, "", "", "", 0)
    if kept:
        facts = (
            base.execute(
                "SELECT count(*), min(premiere.jour)::VARCHAR, max(premiere.jour)::VARCHAR, "
                "max(derniere.publication) FILTER (derniere.publication <= getvariable('limite'))::VARCHAR, "
                "count(declaree) "
                f"FROM read_parquet({literal(target / YEARS)})"
            ).fetchone()
            or facts
        )
    rejected = sum(reasons.values())
    return Counts(
        title=found.title, read=kept + rejected, kept=kept, rejected=rejected, contracts=facts[0],
        first=facts[1] or "", last=facts[2] or "", published=facts[3] or facts[2] or "",
        absent=found.absent if found.columns else _unasked(found, facts[4]), reasons=reasons,
    )  # fmt: skip


def _unasked(found: Format, told: int) -> list[str]:
    """The JSON of before 2024 does not ask about social considerations, unless one of its contracts answers."""
    return [] if told or found.title != formats.OLD_JSON else ["sociale"]
