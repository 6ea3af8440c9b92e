"""The page that leads to all the reports of a folder: a map, a table in several orders, the same as CSV.

A page for each order: sorting asks for no script. It is made again only when a report, the package or the registry
changed, by a worker; looking whether it must be is done here, in a light process.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cpsr_study.report import manifest, workers
from cpsr_study.sums import remembered

PAGE, TABLE, KEY = "index.html", "index.csv", ".index-key"


def refresh(output: Path, data_dir: Path, engine: str) -> Path | None:
    """Make the pages again if they must be. Returns the first page, None when there is no report."""
    folders = reports(output)
    if not folders:
        return None
    page, key = output / PAGE, _key(folders, data_dir)
    written = output / KEY
    if not (page.is_file() and written.is_file() and written.read_text(encoding="utf-8") == key):
        with workers.pool(1, engine) as executor:
            executor.submit(_make, output, folders, data_dir).result()
        write(written, key)
    return page


def _make(output: Path, folders: list[Path], data_dir: Path) -> None:
    from cpsr_study.report import index_pages  # what it imports is for the worker

    index_pages.make(output, folders, data_dir)


def reports(output: Path) -> list[Path]:
    """The folders that hold a whole report, in order."""
    return sorted(path.parent for path in output.glob(f"[!.]*/{manifest.FILE}"))


def _key(folders: list[Path], data_dir: Path) -> str:
    digest = hashlib.sha256()
    for text in _parts(folders, data_dir):
        digest.update(f"{text}\n".encode())
    return digest.hexdigest()


def _parts(folders: list[Path], data_dir: Path) -> Iterator[str]:
    for folder in folders:
        about = (folder / manifest.FILE).stat()
        yield f"{folder.name} {about.st_size} {about.st_mtime_ns} {about.st_ino}"
    sums = remembered(data_dir)
    yield from (sums.of(path) for path in manifest.package_files().values())
    yield from (sums.of(path) for path in sorted((data_dir / "reference").glob("*.*")))


def write(path: Path, text: str) -> None:
    """A file, whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(name, 0o644)
    os.replace(name, path)
