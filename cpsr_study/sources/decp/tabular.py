"""The view `lignes` on a CSV or a Parquet of any of the published shapes: one row a line, text but for its numbers."""

import codecs
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources.decp import formats
from cpsr_study.sources.decp.formats import Format
from cpsr_study.sources.decp.records import COLUMNS, Lines
from cpsr_study.sources.decp.session import literal, sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNCLOSED = "guillemet jamais fermé"
UNENDED = "la dernière ligne n'a pas de fin de ligne : si le fichier est coupé, sa dernière valeur l'est aussi."
BLOCK = 1 << 18  # bytes read at a time: what a processor holds near
TAIL, LONGEST = 1 << 16, 4_000_000  # bytes: what is kept of the end of a file, what a line may have
CONTINUED = bytes(range(0x80, 0xC0))  # what is inside a letter in UTF-8
MEMORY = "1800MB"  # the whole stays under 2 GB
NUMBERS = ("montant", "version")
TITULAIRES = ("titulaire", "titulaire_1", "titulaire_2", "titulaire_3")


@dataclass(frozen=True)
class Text:
    """A CSV read once: where it is, whether its last line has its end, that line, and how many there are.

    `old`: one of its ends is no UTF-8. `transcoded`: it is our copy, as UTF-8.

    `unclosed`: lines taken out of it because they open a quote that nothing closes, by their number.
    """

    path: Path
    ended: bool
    last: str
    lines: int
    old: bool = False
    transcoded: bool = False
    unclosed: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """A CSV to take the cells of: where it is, and what is told of it, which may wait for its end."""

    path: Path
    text: Callable[[], Text]


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
    given: dict[str, str] = {name: _cell(name, columns) for name in COLUMNS}
    given |= {"ligne": "ligne", "base": "true", "id": f"{identity}::VARCHAR"}
    given["date_premiere"] = given["date_notification"]
    given["titulaires"] = _parties(winners)
    base.execute(f"CREATE TEMP VIEW lignes AS {_select(given)}{_modified(given, columns)}")
    return Lines(again=found.kind == "parquet")  # to parse a CSV again would take longer than to carry all its cells


@contextmanager
def reading(path: Path) -> Iterator[Reading]:
    """A CSV that is read whole while others take its cells; a gzip, which may be cut, is read before."""
    if formats.compressed(path):
        yield known(read_whole(path))
        return
    with ThreadPoolExecutor(1) as aside:
        yield Reading(path, aside.submit(read_whole, path).result)


def known(text: Text) -> Reading:
    """A CSV that was read before."""
    return Reading(text.path, lambda: text)


def read_whole(path: Path) -> Text:
    """How a CSV ends, and how many lines it has. EOFError for a gzip that is cut.

    Only its two ends are looked at: whoever takes its cells sees those that are no UTF-8 (`garbled`).
    """
    head = tail = b""
    lines = 0
    with formats.opened(path) as handle:
        while block := handle.read(BLOCK):
            head = head or block
            tail = tail[-TAIL:] + block
            lines += block.count(b"\n")
    last = tail[-TAIL:].rstrip().rpartition(b"\n")[2].lstrip(CONTINUED)
    old = _is_old(head, cut=True) or _is_old(last)  # or cut inside a letter
    ended = tail.endswith(b"\n")
    return Text(path, ended, last.decode("utf-8", formats.LENIENT).strip(), lines + (not ended), old)


def _is_old(text: bytes, cut: bool = False) -> bool:
    """Whether some bytes are no UTF-8; the last letter may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text, final=not cut)
    except UnicodeDecodeError:
        return True
    return False


def transcoded(path: Path, folder: Path) -> Text:
    """The same CSV as UTF-8: a copy in the folder."""
    decoder, target = codecs.getincrementaldecoder("utf-8")(formats.LENIENT), folder / "utf-8.csv"
    with formats.opened(path) as source, target.open("w", encoding="utf-8", newline="") as handle:
        while block := source.read(BLOCK):
            handle.write(decoder.decode(block))
        handle.write(decoder.decode(b"", final=True))
    return replace(read_whole(target), transcoded=True)


def garbled(base: "DuckDBPyConnection") -> bool:
    """Whether some cells of a CSV, once read, are no UTF-8."""
    return bool(base.execute("SELECT 1 FROM reject_errors WHERE error_type = 'INVALID ENCODING' LIMIT 1").fetchone())


def faulty(base: "DuckDBPyConnection") -> int:
    """How many records of a CSV, once read, are not cells."""
    (count,) = base.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone() or (0,)
    return int(count)


def unreadable(base: "DuckDBPyConnection", path: Path, read: Text) -> list[str]:
    """List in `illisibles` the lines of a CSV, once read, that are not cells; returns what else must be said of it.

    DataError when the last line is one of them and the file does not end after it: it is cut.
    """
    base.execute(sql("illisibles"))
    if read.unclosed:
        told = [list(read.unclosed), [text[:200] for text in read.unclosed.values()], UNCLOSED]
        base.execute("INSERT INTO illisibles SELECT unnest(?), unnest(?), ?", told)
    for line, unclosed in base.execute("SELECT csv_line, unclosed FROM fautives").fetchall():
        if line.rstrip().endswith(read.last) and (unclosed or not read.ended):
            raise DataError(f"{shown(path.name)} est coupé : sa dernière ligne n'est pas entière.")
    return [*_unclosed(list(read.unclosed)), *([] if read.ended else [UNENDED])]


def _unclosed(lines: list[int]) -> list[str]:
    if not lines:
        return []
    where = ", ".join(map(str, lines[:5])) + ("…" if len(lines) > 5 else "")
    return [f"{UNCLOSED}, ligne(s) {where} : ces lignes sont rejetées, celles qui les suivent sont lues."]


def _csv(path: Path, found: Format) -> str:
    """Nothing is left to be guessed: a guess from the first lines may be wrong for the others."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in found.names)
    options = {
        "columns": f"{{{columns}}}", "auto_detect": "false", "header": "true", "delim": literal(found.delimiter),
        "quote": "'\"'", "escape": "'\"'", "store_rejects": "true",
        "compression": "'gzip'" if formats.compressed(path) else "'none'", "max_line_size": str(LONGEST),
    }  # fmt: skip
    return f"read_csv({literal(path)}, {', '.join(f'{name} = {value}' for name, value in options.items())})"


def _parties(cells: list[str]) -> str:
    """The titulaires of a line as one text (see `titulaires_de`)."""
    values = [f"propre({each}::VARCHAR)" for each in cells]
    if len(values) < 2:
        return values[0] if values else "NULL::VARCHAR"
    return f"nullif(concat_ws(chr(31), {', '.join(values)}), '')"


def _cell(name: str, columns: dict[str, str]) -> str:
    """A cell as text; a number as it is, which costs less than to write it and to read it again."""
    if name not in columns:
        return "NULL::VARCHAR"
    return columns[name] if name in NUMBERS else f"{columns[name]}::VARCHAR"


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
