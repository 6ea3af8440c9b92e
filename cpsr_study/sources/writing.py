"""Writing a vintage in `data/raw` or `data/reference`: whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from cpsr_study.errors import DataError

CARD = "source.toml"


@contextmanager
def staging(home: Path) -> Iterator[Path]:
    """A hidden folder beside the vintages of a source: same disk, so that a rename makes it real. Always removed."""
    new = not home.exists()
    folder = None
    try:
        try:
            home.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=".import-", dir=home))
        except OSError as error:
            where = "/".join(home.parts[-3:])
            raise DataError(f"{where} ne peut pas être écrit ({error.strerror}).") from None
        yield folder
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        if new and home.is_dir() and not any(home.iterdir()):
            home.rmdir()


def publish(folder: Path, target: Path) -> None:
    """Give a finished folder its name. DataError when another one took it meanwhile."""
    try:
        os.chmod(folder, 0o755)  # a temporary folder is its owner's only
        os.rename(folder, target)
    except OSError as error:
        reason = f"{target.parent.name}/{target.name} n'a pas pu être écrit ({error.strerror})"
        raise DataError(f"{reason} : rien n'a changé.") from None


def write_card(folder: Path, fields: dict[str, Any], files: dict[str, str]) -> None:
    """`source.toml`: the fields that say something, then the sha256 of each file."""
    kept = {name: value for name, value in fields.items() if value or name == "url"}
    text = tomli_w.dumps(kept | {"files": dict(sorted(files.items()))})
    (folder / CARD).write_text(text, encoding="utf-8", newline="\n")
