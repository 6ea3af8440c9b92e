"""The wanted files of a downloaded zip, within a size limit."""

import fnmatch
import os
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from cpsr_study.errors import DataError


def members(archive: Path, wanted: tuple[str, ...], folder: Path, max_bytes: int) -> list[Path]:
    """The members whose name (without folder) is one of `wanted`, `*` allowed. DataError if one is not there."""
    folder.mkdir(exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [_named(opened, pattern, archive.name) for pattern in wanted]
            if sum(info.file_size for info in found) > max_bytes:
                raise DataError(f"{archive.name} : déplié, dépasse {max_bytes / 1e6:.0f} Mo : rien n'a été pris.")
            return [_extracted(opened, info, folder) for info in found]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise DataError(f"{archive.name} ne se déplie pas : archive abîmée, rien n'a été pris.") from None


def _named(opened: zipfile.ZipFile, pattern: str, archive: str) -> zipfile.ZipInfo:
    found = [info for info in opened.infolist() if fnmatch.fnmatchcase(PurePosixPath(info.filename).name, pattern)]
    if len(found) != 1:
        raise DataError(f"{archive} : {len(found)} fichiers du nom de {pattern} au lieu d'un.")
    return found[0]


def _extracted(opened: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> Path:
    """zipfile never gives more bytes than the announced size, and checks the sum."""
    path = folder / PurePosixPath(info.filename).name
    part = path.with_name(f"{path.name}.part")
    with opened.open(info) as source, part.open("wb") as target:
        shutil.copyfileobj(source, target)
    os.replace(part, path)
    return path
