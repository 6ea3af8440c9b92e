"""The zip of an archive: written the same way twice, and read without trusting whoever made it."""

import hashlib
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.parameters import Parameters
from cpsr_study.report.manifest import FILE as MANIFEST
from cpsr_study.report.run import FORMATS

SUMS = "SHA256SUMS"
CRATE = "ro-crate-metadata.json"
README = "README.txt"
LICENCES = "LICENCES.txt"
LICENSE = "LICENSE"
LOCK = "requirements.lock"
# A partner's own micro-data never leave the partner's folder.
PRIVATE = "data/raw/clause/"

MAX_BYTES = 2**30
MAX_FILES = 20_000
NAMED = 3
_CHUNK = 2**20
# The oldest date that a zip can hold: no clock, so that the same content gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_SUM_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
_UNREADABLE = (OSError, ValueError, RuntimeError, EOFError, OverflowError, struct.error, zlib.error, zipfile.BadZipFile)


def is_safe(name: str) -> bool:
    """Whether a name stays below the folder it is written in, on every system."""
    return all(
        part.strip(" ") == part and part.rstrip(".") and not part.endswith(".") and not _UNSAFE.search(part)
        for part in name.split("/")
    )


def _checked_name(name: str) -> str:
    if not is_safe(name):
        raise ValueError("chemin dangereux")
    return name


def _checked_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError("format inconnu")
    return name


def some(names: list[str]) -> str:
    """The first of these names, and how many more there are."""
    more = f" et {len(names) - NAMED} de plus" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


Name = Annotated[str, AfterValidator(_checked_name)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """The manifest of a report, as read: `inputs` and `outputs` map names to their sha256."""

    model_config = ConfigDict(frozen=True)

    parameters: Parameters
    formats: list[Annotated[str, AfterValidator(_checked_format)]]
    versions: dict[str, str]
    inputs: dict[Name, Sha256]
    outputs: dict[Name, Sha256]

    @property
    def name(self) -> str:
        return f"{self.parameters.territory}-{self.parameters.edition}"

    @property
    def folder(self) -> str:
        """Where the report is in the archive."""
        return f"reports/{self.name}"

    @property
    def notebooks(self) -> list[str]:
        """Inputs that are the chapters of this report: it may have been asked for a few of them only."""
        return sorted(name for name in self.inputs if re.fullmatch(r"notebooks/\d\d_\w+\.ipynb", name))

    @property
    def public(self) -> dict[str, str]:
        """Inputs that an archive holds."""
        return {name: digest for name, digest in self.inputs.items() if not name.startswith(PRIVATE)}

    @property
    def private(self) -> list[str]:
        """Inputs that an archive never holds."""
        return [name for name in self.inputs if name.startswith(PRIVATE)]


def read_manifest(text: bytes, where: str) -> Manifest:
    """The manifest in these bytes. DataError when they hold something else."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError:
        raise DataError(f"{where} n'est pas le manifeste d'un rapport.") from None


def packed(contents: dict[str, bytes]) -> bytes:
    """The bytes of the zip, with its `SHA256SUMS`: sorted names, fixed dates and permissions."""
    sums = "".join(f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted((contents | {SUMS: sums.encode()} | _folders(contents)).items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix wherever it is made: permissions mean the same
            entry.external_attr = (0o40755 << 16 | 0x10) if entry.is_dir() else 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED if entry.is_dir() else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return buffer.getvalue()


def write(path: Path, contents: dict[str, bytes]) -> None:
    """Write the zip of these files, whole or not at all. DataError when the folder cannot be written in."""
    content = packed(contents)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(f"Écriture impossible dans {path.parent} : {error.strerror or error}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def _folders(contents: dict[str, bytes]) -> dict[str, bytes]:
    """An entry for each folder: RO-Crate describes some of them, and validators look for them."""
    folders = {folder.as_posix() for name in contents for folder in PurePosixPath(name).parents}
    return {f"{folder}/": b"" for folder in folders - {"."}}


class Bundle:
    """An archive open for reading. Its names are safe, its sizes bounded; its content is still to be checked."""

    def __init__(self, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]):
        self._archive = archive
        self._entries = {entry.filename: entry for entry in entries}

    @property
    def names(self) -> set[str]:
        return set(self._entries)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Name -> sha256, empty where the file cannot even be read."""
        return {name: self._digest(name) for name in self._entries}

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest of the report in the archive. DataError when there is not exactly one."""
        found = [name for name in self._entries if re.fullmatch(rf"reports/[^/]+/{re.escape(MANIFEST)}", name)]
        if len(found) != 1:
            raise DataError(f"L'archive doit contenir un manifeste de rapport, et en contient {len(found)}.")
        manifest = read_manifest(self.read(found[0]), found[0])
        if found[0] != f"{manifest.folder}/{MANIFEST}":
            raise DataError(f"{found[0]} est le manifeste d'un autre rapport ({manifest.name}).")
        return manifest

    def read(self, name: str) -> bytes:
        """The content of a file. DataError when it cannot be read."""
        try:
            with self._open(name) as handle:
                return handle.read()
        except _UNREADABLE:
            raise DataError(f"{name} ne se lit pas dans l'archive.") from None

    def is_as_written(self, path: Path) -> bool:
        """Whether the file is, to the byte, the zip that would be written from what it holds."""
        return path.read_bytes() == packed({name: self.read(name) for name in self.names - {SUMS}})

    def extract(self, names: list[str], folder: Path) -> None:
        """Write these files below `folder`, under their own names."""
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(name))

    def broken(self) -> list[str]:
        """A line for each file that is not as `SHA256SUMS` says: changed, missing, unexpected. Empty: all is well."""
        try:
            lines = self.read(SUMS).decode("utf-8").splitlines()
        except (DataError, UnicodeDecodeError):
            return [f"{SUMS} : ne se lit pas"]
        parsed = [_SUM_LINE.fullmatch(line) for line in lines]
        listed = {found[2]: found[1] for found in parsed if found}
        problems = [f"{SUMS} : une ligne ne se lit pas"] if None in parsed else []
        for name in sorted(listed.keys() | (self.names - {SUMS})):
            if name not in self._entries:
                problems.append(f"{name} : absent de l'archive")
            elif name not in listed:
                problems.append(f"{name} : absent de {SUMS}")
            elif listed[name] != self.digests[name]:
                problems.append(f"{name} : le contenu a changé")
        return problems

    def _open(self, name: str) -> IO[bytes]:
        entry = self._entries[name]
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("not a compression of ours")
        return self._archive.open(entry)

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256()
        try:
            with self._open(name) as handle:
                while chunk := handle.read(_CHUNK):
                    digest.update(chunk)
        except _UNREADABLE:
            return ""
        return digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """The archive in this file. RequestError when it is not a zip, not one of ours, or not one to open."""
    name = shown(path.name)
    if not path.is_file():
        raise RequestError(f"Archive introuvable : {name}.")
    try:
        archive = zipfile.ZipFile(path)
    except (*_UNREADABLE, IndexError):
        raise RequestError(f"{name} n'est pas une archive zip, ou elle est abîmée.") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        names = {entry.filename for entry in entries}
        if SUMS not in names or not any(each.startswith("reports/") for each in names):
            raise RequestError(f"{name} n'est pas une archive faite par « cpsr-study archive ».")
        if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
            raise RequestError(f"{name} est trop grosse pour être une archive de rapport.")
        for entry in entries:
            if not is_safe(entry.filename) or entry.external_attr >> 28 not in (0, 0o10):
                raise RequestError(f"{name} contient un chemin dangereux : « {shown(entry.filename)} ».")
        if len({each.casefold() for each in names}) < len(entries):
            raise RequestError(f"{name} contient deux fichiers du même nom.")
        yield Bundle(archive, entries)
