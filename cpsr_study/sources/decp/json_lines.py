"""The view `lignes` on an official JSON: its records are written as they are read to Parquet files of our columns.

Neither the file, nor its lines, nor its rejects are ever whole in memory.
"""

from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cpsr_study.hidden import shown
from cpsr_study.sources.decp import formats, json_stream, records
from cpsr_study.sources.decp.json_stream import Batch, Contract, Loose
from cpsr_study.sources.decp.session import literal, sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WRITTEN = 25_000  # lines of one Parquet file: what is held at a time
CONCESSION = "contrat de concession"
AT_ONCE, MEMORY = 150_000, "160MB"  # lines whose contracts are made together: the whole stays under 400 MB
HEAD = ("ligne", "base", "date_premiere", "version", "actuelle")
Columns = dict[str, list[Any]]
Progress = Callable[[int], None]


class Held:
    """Lines and unreadable records by columns, until they are written."""

    def __init__(self) -> None:
        self.read = 0
        self.clear()

    def clear(self) -> None:
        """Forget what was written."""
        self.lines: Columns = {name: [] for name in (*HEAD, *records.FIELDS)}
        self.unreadable: Columns = {name: [] for name in ("ligne", "texte", "motif")}

    @property
    def held(self) -> int:
        """How many rows wait."""
        return len(self.lines["ligne"]) + len(self.unreadable["ligne"])

    def take(self, batch: Batch) -> None:
        """Add the records of a batch, whose places in the file follow those of the batch before."""
        places = range(self.read + 1, self.read + 1 + len(batch))
        self.read += len(batch)
        told = [None if isinstance(each, tuple) else f"{each.type} {each.nature}" for each in batch]
        refused = {kind for kind in set(told) if kind is None or records.is_concession(kind)}
        if refused:
            for place, record, kind in zip(places, batch, told, strict=True):
                if isinstance(record, tuple):
                    self._refuse(place, *record)
                elif kind in refused:
                    self._refuse(place, records.text(record.id) or "", CONCESSION)
        where = [place for place, kind in zip(places, told, strict=True) if kind not in refused]
        kept = [record for record, kind in zip(batch, told, strict=True) if kind not in refused]
        typed = isinstance(batch[0], Contract)
        columns = records.typed(cast(list[Contract], kept)) if typed else records.loose(cast(list[Loose], kept))
        self._keep(where, columns, [each.modifications for each in kept if not isinstance(each, tuple)])

    def _keep(self, places: list[int], columns: list[list[Any]], modifications: list[Any]) -> None:
        """The first version of some records, then the versions that they have after it."""
        current = ["true"] * len(places)
        changed = []
        for index, found in enumerate(modifications):
            if found and (after := records.changed(tuple(column[index] for column in columns), found)):
                current[index] = "false"
                changed.append((places[index], columns[records.DATE][index], after))
        count = len(places)
        self._add(places, repeat(True, count), columns[records.DATE], repeat("0", count), current, columns)
        for place, date, after in changed:
            count, ranks = len(after), range(1, len(after) + 1)
            last = [str(rank == count).lower() for rank in ranks]
            own = [list(column) for column in zip(*after, strict=True)]
            self._add(repeat(place, count), repeat(False, count), repeat(date, count), map(str, ranks), last, own)

    def _add(self, *columns: Any) -> None:
        *head, fields = columns
        for known, new in zip(self.lines.values(), [*head, *fields], strict=True):
            known.extend(new)

    def _refuse(self, place: int, content: str, reason: str) -> None:
        for known, new in zip(self.unreadable.values(), (place, content, reason), strict=True):
            known.append(new)


def view(base: "DuckDBPyConnection", path: Path, folder: Path, advance: Progress) -> records.Lines:
    """Make the view, on files written in a folder; DataError for a cut file."""
    base.execute("CREATE TEMP TABLE illisibles (ligne BIGINT, texte VARCHAR, motif VARCHAR)")
    lines, files = Held(), 0
    with formats.opened(path) as handle, json_stream.no_collection():
        for batch in json_stream.records(handle, shown(path.name), advance):
            lines.take(batch)
            if lines.held >= WRITTEN:
                _write(base, lines, folder / f"{files}.parquet")
                files += 1
    _write(base, lines, folder / f"{files}.parquet")
    base.execute(f"CREATE TEMP VIEW lignes AS FROM read_parquet({literal(folder / '*.parquet')})")
    return records.Lines(lines.read, AT_ONCE)


def _write(base: "DuckDBPyConnection", lines: Held, target: Path) -> None:
    """Write what is held: lines in the order of their lots, so that a lot is read without the others."""
    _told(base, "refusees", lines.unreadable)
    base.execute("INSERT INTO illisibles SELECT ligne, texte, motif FROM refusees")
    _told(base, "lues", lines.lines)
    base.execute(
        f"COPY ({sql('lignes_json')}) TO {literal(target)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 4096)"
    )
    lines.clear()


def _told(base: "DuckDBPyConnection", name: str, columns: Columns) -> None:
    """Show rows to DuckDB by columns: that is how it takes them fast. A text that is not there is an empty one."""
    import numpy as np

    types = {"ligne": np.int64, "base": np.bool_}
    base.register(
        name,
        {
            column: np.array(values, types[column])
            if column in types
            else np.array(values if all(values) else [each or "" for each in values], object)
            for column, values in columns.items()
        },
    )
