"""From a file as received to one row a contract: `contrats`, by year, and `rejets`, with a reason each."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.area_names import shown
from cpsr_study.errors import DataError
from cpsr_study.sources.decp import formats, json_stream, records
from cpsr_study.sources.decp.formats import Format

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
REJECTED, COUNTS = "rejets.parquet", "comptes.json"
Progress = Callable[[int], None]
_TYPES = {"ligne": "BIGINT", "base": "BOOLEAN"}
_APART = ("uid", "titulaire", "modification")
_ALL = ("ligne", "base", *(name for name in formats.COLUMNS if not name.startswith(_APART)), "titulaires")


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
        with connected(target.parent) as base:
            read = _json(base, path, advance) if found.kind == "json" else _tabular(base, path, found)
            run(base, "lignes_propres", limite=limit)
            run(base, "versions")
            target.mkdir()
            counts = _written(base, target, found, read, limit)
            (target / COUNTS).write_bytes(msgspec.json.encode(asdict(counts)))
    except duckdb.Error as error:
        raise DataError(_about(error, path)) from None
    except EOFError:
        raise DataError(f"{shown(path.name)} ne se décompresse pas : le fichier est coupé.") from None
    except OSError as error:
        raise DataError(f"{shown(path.name)} n'a pas pu être traité ({error.strerror or error}).") from None
    if not counts.contracts:
        raise DataError(f"{shown(path.name)} ne contient aucun marché lisible ({counts.read} lignes lues).")
    return counts


@contextmanager
def connected(folder: Path) -> "Iterator[DuckDBPyConnection]":
    """A DuckDB session that knows our macros, keeps to its memory and spills into a folder of its own."""
    import duckdb

    spill = tempfile.mkdtemp(prefix=".duckdb-", dir=folder if folder.is_dir() else None)
    base = duckdb.connect()
    try:
        base.execute("SET memory_limit = ?", [MEMORY])
        base.execute("SET temp_directory = ?", [spill])
        base.execute("SET preserve_insertion_order = false")
        base.execute(sql("macros"))
        yield base
    finally:
        base.close()
        shutil.rmtree(spill, ignore_errors=True)


def sql(name: str) -> str:
    """The text of one of the SQL files beside this module."""
    return (resources.files("cpsr_study.sources.decp") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def run(base: "DuckDBPyConnection", name: str, **values: Any) -> None:
    base.execute(sql(name), values or None)


def literal(value: object) -> str:
    """A text as SQL writes it: file names are data too."""
    return "'" + str(value).replace("'", "''") + "'"


def _tabular(base: "DuckDBPyConnection", path: Path, found: Format) -> int:
    """The view `lignes` on a CSV or a Parquet; returns how many of its lines could not even be cut in cells."""
    columns = {ours: '"' + theirs.replace('"', '""') + '"' for ours, theirs in (found.columns or {}).items()}
    if found.kind == "parquet":
        source = f"read_parquet({literal(path)}, file_row_number = true)"
        base.execute(f"CREATE TEMP VIEW brut AS SELECT *, file_row_number AS ligne FROM {source}")
    else:
        options = (
            f"delim = {literal(found.delimiter)}, encoding = {literal(found.encoding)}, header = true, quote = '\"'"
        )
        source = f"read_csv({literal(path)}, {options}, all_varchar = true, store_rejects = true, auto_detect = true)"
        base.execute("SET preserve_insertion_order = true")  # `ligne` is the place in the file
        base.execute(f"CREATE TEMP TABLE brut AS SELECT {', '.join(columns.values())} FROM {source}")
        base.execute("SET preserve_insertion_order = false")
        base.execute("CREATE TEMP VIEW numerote AS SELECT *, rowid AS ligne FROM brut")
    view = "brut" if found.kind == "parquet" else "numerote"
    identity = columns.get("id", f"{columns.get('uid')}[15:]")
    winners = [columns[name] for name in ("titulaire", "titulaire_1", "titulaire_2", "titulaire_3") if name in columns]
    titulaires = f"list_filter([{', '.join(f'propre({each}::VARCHAR)' for each in winners)}], lambda x: x IS NOT NULL)"
    given: dict[str, str] = {
        name: f"{columns[name]}::VARCHAR" if name in columns else "NULL::VARCHAR" for name in _ALL[2:-1]
    }
    given |= {"ligne": "ligne", "base": "true", "id": f"{identity}::VARCHAR"}
    given["titulaires"] = f"nullif({titulaires}, [])" if winners else "NULL::VARCHAR[]"
    base.execute(f"CREATE TEMP VIEW lignes AS {_select(given, view)}{_modified(given, columns, view)}")
    return 0 if found.kind == "parquet" else _uncut(base, path)


def _select(given: dict[str, str], view: str, where: str = "") -> str:
    return f"SELECT {', '.join(f'{given[name]} AS {name}' for name in _ALL)} FROM {view}{where}"


def _modified(given: dict[str, str], columns: dict[str, str], view: str) -> str:
    """The modification that data.economie puts beside the contract, as a second version of it."""
    if "modification" not in columns or "modification_montant" not in columns or "version" in columns:
        return ""
    amount = f"{columns['modification_montant']}::VARCHAR"
    changed = given | {"base": "false", "version": "'1'", "actuelle": "'true'",
                       "montant": f"coalesce(propre({amount}), {given['montant']})"}  # fmt: skip
    if "modification_date" in columns:
        changed["date_notification"] = (
            f"coalesce(propre({columns['modification_date']}::VARCHAR), {given['date_notification']})"
        )
    told = f" WHERE propre({columns['modification']}::VARCHAR) IS NOT NULL"
    return f" UNION ALL {_select(changed, view, told)}"


def _uncut(base: "DuckDBPyConnection", path: Path) -> int:
    """How many lines of a CSV have not its columns. A last one without its end of line: the file is cut."""
    lines = base.execute("SELECT count(DISTINCT line), coalesce(max(line), 0) FROM reject_errors").fetchone() or (0, 0)
    base.execute(
        "CREATE TEMP TABLE illisibles AS SELECT line AS ligne, left(any_value(csv_line), 200) AS texte, "
        "'ligne qui n’a pas les colonnes du fichier' AS motif FROM reject_errors GROUP BY line"
    )
    if lines[0] and not _ends(path):
        read = (base.execute("SELECT count(*) FROM brut").fetchone() or (0,))[0]
        if lines[1] > read:
            raise DataError(f"{shown(path.name)} est coupé : sa dernière ligne n'est pas entière.")
    return int(lines[0])


def _ends(path: Path) -> bool:
    last = b""
    with formats.opened(path) as handle:
        while block := handle.read(1 << 22):
            last = block[-1:]
    return last == b"\n"


def _json(base: "DuckDBPyConnection", path: Path, advance: Progress) -> int:
    """The table `lignes` from a JSON; returns how many of its records are no contract."""
    declared = ", ".join(f"{name} {_TYPES.get(name, 'VARCHAR')}" for name in _ALL[:-1])
    base.execute(f"CREATE TEMP TABLE lignes ({declared}, titulaires VARCHAR[])")
    base.execute("CREATE TEMP TABLE illisibles (ligne BIGINT, texte VARCHAR, motif VARCHAR)")
    number = bad = 0
    with formats.opened(path) as handle, json_stream.no_collection():
        for batch in json_stream.records(handle, shown(path.name), advance):
            lines: list[records.Line] = []
            rejects = []
            for record in batch:
                number += 1
                if isinstance(record, tuple):
                    rejects.append((number, *record))
                elif records.is_concession(record):
                    rejects.append((number, records.text(record.id) or "", "contrat de concession"))
                else:
                    lines += records.lines(record, number)
            _append(base, lines)
            if rejects:
                base.executemany("INSERT INTO illisibles VALUES (?, ?, ?)", rejects)
                bad += len(rejects)
    return bad


def _append(base: "DuckDBPyConnection", lines: list[records.Line]) -> None:
    """Add lines, by columns: that is how DuckDB takes them fast."""
    import pandas as pd

    if not lines:
        return
    columns = dict(zip(records.LINE, zip(*lines, strict=True), strict=True))
    frame = pd.DataFrame(
        {name: pd.Series(values, dtype=None if name in _TYPES else object) for name, values in columns.items()}
    )
    base.register("lot", frame)
    names = ", ".join(records.LINE[:-1])
    base.execute(
        f"INSERT INTO lignes ({names}, titulaires) SELECT {names}, string_split(titulaires::VARCHAR, '|') FROM lot"
    )
    base.unregister("lot")


def _written(base: "DuckDBPyConnection", target: Path, found: Format, uncut: int, limit: str) -> Counts:
    """The Parquet files of contracts and rejects, and the counts that they must agree with."""
    if found.kind == "parquet":
        base.execute("CREATE TEMP TABLE illisibles (ligne BIGINT, texte VARCHAR, motif VARCHAR)")
    base.execute(f"CREATE TEMP TABLE contrats AS {sql('reunion')}")
    base.execute(
        f"COPY (SELECT *, year(premiere.jour)::INTEGER AS annee FROM contrats) TO {literal(target)} "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (annee), OVERWRITE_OR_IGNORE true)"
    )
    base.execute(
        "CREATE TEMP VIEW rejets AS SELECT ligne, coalesce(id, '') AS texte, motif FROM propres "
        "WHERE base AND motif IS NOT NULL UNION ALL SELECT ligne, texte, motif FROM illisibles"
    )
    base.execute(
        f"COPY (FROM rejets ORDER BY ligne) TO {literal(target / REJECTED)} (FORMAT parquet, COMPRESSION zstd)"
    )
    kept_or_not = "SELECT count(*) FILTER (motif IS NULL), count(*) FILTER (motif IS NOT NULL) FROM propres WHERE base"
    kept, rejected = base.execute(kept_or_not).fetchone() or (0, 0)
    facts = base.execute(
        "SELECT count(*), min(premiere.jour)::VARCHAR, max(premiere.jour)::VARCHAR, "
        "max(derniere.publication) FILTER (derniere.publication <= $limite::DATE)::VARCHAR FROM contrats",
        {"limite": limit},
    ).fetchone() or (0, "", "", "")
    reasons = dict(base.execute("SELECT motif, count(*) FROM rejets GROUP BY motif ORDER BY motif").fetchall())
    return Counts(
        title=found.title, read=kept + rejected + uncut, kept=kept, rejected=rejected + uncut, contracts=facts[0],
        first=facts[1] or "", last=facts[2] or "", published=facts[3] or facts[2] or "",
        absent=found.absent if found.columns else [], reasons=reasons,
    )  # fmt: skip


def _about(error: Exception, path: Path) -> str:
    text = str(error)
    if "No space left" in text or "could not write" in text.lower() or "max_temp_directory_size" in text:
        return "Le disque est plein, ou le dossier de données ne peut pas être écrit : rien n'a changé."
    return f"{shown(path.name)} ne se lit pas jusqu'au bout ({shown(text.splitlines()[0])})."
