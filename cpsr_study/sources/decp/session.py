"""A DuckDB session of the DECP: its memory, its spill, our macros, the texts of our queries."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1200MB"
FULL = ("no space left", "could not write", "file too large", "max_temp_directory_size")


@contextmanager
def connected(folder: Path, memory: str = MEMORY, macros: bool = True) -> "Iterator[DuckDBPyConnection]":
    """A DuckDB session that keeps to its memory and spills into a folder of its own; with our macros, or without."""
    import duckdb

    spill = tempfile.mkdtemp(prefix=".duckdb-", dir=folder if folder.is_dir() else None)
    base = duckdb.connect()
    try:
        base.execute("SET memory_limit = ?", [memory])
        base.execute("SET temp_directory = ?", [spill])
        base.execute("SET preserve_insertion_order = false")
        base.execute("SET partitioned_write_flush_threshold = 20000")  # rows held for each year or part, each thread
        with suppress(duckdb.Error):  # it writes among our own lines; JupyterLab without widgets has none, and refuses
            base.execute("SET enable_progress_bar = false")
        if macros:  # they are read in as long as it takes to count a small file
            base.execute(sql("macros"))
        yield base
    finally:
        base.close()
        shutil.rmtree(spill, ignore_errors=True)


def full(error: Exception) -> str | None:
    """The sentence for an error that says that nothing more can be written; None for any other."""
    text = str(error).lower()
    known = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if known or any(sign in text for sign in FULL):
        return "Le disque est plein, ou le dossier de données ne peut pas être écrit : rien n'a changé."
    return None


def sql(name: str) -> str:
    """The text of one of the SQL files beside this module."""
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def literal(value: object) -> str:
    """A text as SQL writes it: file names are data too."""
    return "'" + str(value).replace("'", "''") + "'"
