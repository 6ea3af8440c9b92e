"""The view `lignes` on a CSV or a Parquet of any of the published shapes: one row a line, every cell as text."""

from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.area_names import shown
from cpsr_study.errors import DataError
from cpsr_study.sources.decp import formats
from cpsr_study.sources.decp.formats import Format
from cpsr_study.sources.decp.records import COLUMNS, Lines
from cpsr_study.sources.decp.session import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE = 250  # bytes of a line of CSV, about
AT_ONCE, LOT = 1_500_000, "lot_de(uid)"  # lines whose contracts are made together, in less than 2 GB
TITULAIRES = ("titulaire", "titulaire_1", "titulaire_2", "titulaire_3")


def view(base: "DuckDBPyConnection", path: Path, found: Format) -> Lines:
    """Make the view.

    Nothing is kept: each query reads the file again, and only the cells it needs.
    """
    columns = {ours: '"' + theirs.replace('"', '""') + '"' for ours, theirs in (found.columns or {}).items()}
    if found.kind == "parquet":
        source = f"read_parquet({literal(path)}, file_row_number = true)"
        base.execute(f"CREATE TEMP VIEW brut AS SELECT *, file_row_number AS ligne FROM {source}")
    else:
        base.execute(f"CREATE TEMP VIEW brut AS SELECT *, row_number() OVER () - 1 AS ligne FROM {_csv(path, found)}")
    identity = columns.get("id", f"{columns.get('uid')}[15:]")
    winners = [columns[name] for name in TITULAIRES if name in columns]
    given: dict[str, str] = {
        name: f"{columns[name]}::VARCHAR" if name in columns else "NULL::VARCHAR" for name in COLUMNS
    }
    given |= {"ligne": "ligne", "base": "true", "id": f"{identity}::VARCHAR", "lot": "NULL::INTEGER"}
    given["date_premiere"] = given["date_notification"]
    given["titulaires"] = _parties(winners)
    base.execute(f"CREATE TEMP VIEW lignes AS {_select(given)}{_modified(given, columns)}")
    if found.kind == "csv":
        return Lines(path.stat().st_size // LINE, AT_ONCE, LOT)
    (rows,) = base.execute("SELECT count(*) FROM brut").fetchone() or (0,)
    return Lines(rows, AT_ONCE, LOT)


def unreadable(base: "DuckDBPyConnection", path: Path, found: Format) -> None:
    """List in `illisibles` the lines of a CSV, read once, that have not its columns.

    DataError when the last one has not, nor its end of line: the file is cut.
    """
    if found.kind == "parquet":
        base.execute("CREATE TEMP TABLE illisibles (ligne BIGINT, texte VARCHAR, motif VARCHAR)")
        return
    base.execute(
        "CREATE TEMP TABLE illisibles AS SELECT line::BIGINT AS ligne, left(any_value(csv_line), 200) AS texte, "
        "'ligne qui n’a pas les colonnes du fichier' AS motif FROM reject_errors GROUP BY line"
    )
    count, last = base.execute("SELECT count(*), coalesce(max(ligne), 0) FROM illisibles").fetchone() or (0, 0)
    if count and not _ends(path):
        read = (base.execute("SELECT count(*) FROM lignes WHERE base").fetchone() or (0,))[0]
        if last > read:
            raise DataError(f"{shown(path.name)} est coupé : sa dernière ligne n'est pas entière.")


def _csv(path: Path, found: Format) -> str:
    options = f"delim = {literal(found.delimiter)}, encoding = {literal(found.encoding)}, header = true, quote = '\"'"
    return f"read_csv({literal(path)}, {options}, all_varchar = true, store_rejects = true, auto_detect = true)"


def _parties(cells: list[str]) -> str:
    """The titulaires of a line as a list. Nearly all files have one in a line, which is taken without a loop."""
    values = [f"propre({each}::VARCHAR)" for each in cells]
    if len(values) < 2:
        return f"CASE WHEN {values[0]} IS NOT NULL THEN [{values[0]}] END" if values else "NULL::VARCHAR[]"
    return f"nullif(list_filter([{', '.join(values)}], lambda x: x IS NOT NULL), [])"


def _select(given: dict[str, str], where: str = "") -> str:
    return f"SELECT {', '.join(f'{given[name]} AS {name}' for name in COLUMNS)} FROM brut{where}"


def _modified(given: dict[str, str], columns: dict[str, str]) -> str:
    """The modification that data.economie puts beside the contract, as a second version of it."""
    if not {"modification", "modification_montant"} <= columns.keys() or "version" in columns:
        return ""
    amount = f"{columns['modification_montant']}::VARCHAR"
    changed = given | {"base": "false", "version": "'1'", "actuelle": "'true'",
                       "montant": f"coalesce(propre({amount}), {given['montant']})"}  # fmt: skip
    if "modification_date" in columns:
        changed["date_notification"] = (
            f"coalesce(propre({columns['modification_date']}::VARCHAR), {given['date_notification']})"
        )
    told = f" WHERE propre({columns['modification']}::VARCHAR) IS NOT NULL"
    return f" UNION ALL {_select(changed, told)}"


def _ends(path: Path) -> bool:
    last = b""
    with formats.opened(path) as handle:
        while block := handle.read(1 << 22):
            last = block[-1:]
    return last == b"\n"
