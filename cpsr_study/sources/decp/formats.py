"""Which published shape of the DECP a file has, from its content; its name says nothing."""

import codecs
import csv
import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

GZIP, PARQUET, ZIP, BOM = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\xef\xbb\xbf"
HEAD = 1 << 18
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)  # what a gzip that is cut or spoilt raises
# The start of the official JSON: v1 is a list of contracts, v2 one or two named lists.
JSON_START = re.compile(rb'\s*\{\s*"marches"\s*:\s*(?:(\[)|\{\s*(?:"(marche|contrat-concession)"\s*:\s*\[)?)')

# For each column of ours, the names that the published files give it, in lower case, the first that is there wins.
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "uid": ("uid",),
    "acheteur_id": ("acheteur_id", "acheteur.id"),
    "acheteur_nom": ("acheteur_nom", "acheteur.nom"),
    "acheteur_categorie": ("acheteur_categorie",),
    "siege_commune": ("acheteur_commune_code",),
    "siege_departement": ("acheteur_departement_code",),
    "siege_region": ("acheteur_region_code",),
    "nature": ("nature",),
    "objet": ("objet",),
    "cpv": ("codecpv",),
    "procedure": ("procedure",),
    "techniques": ("techniques", "technique"),
    "date_notification": ("datenotification",),
    "date_publication": ("datepublicationdonnees",),
    "montant": ("montant",),
    "sociale": ("considerationssociales",),
    "lieu_code": ("lieuexecution_code", "lieuexecution.code"),
    "lieu_type": ("lieuexecution_typecode", "lieuexecution.typecode"),
    "titulaire": ("titulaire_id",),
    "titulaire_1": ("titulaire_id_1",),
    "titulaire_2": ("titulaire_id_2",),
    "titulaire_3": ("titulaire_id_3",),
    "version": ("modification_id",),
    "actuelle": ("donneesactuelles",),
    # data.economie.gouv.fr: the latest modification stands beside the contract
    "modification": ("idmodification",),
    "modification_montant": ("montantmodification",),
    "modification_date": ("datenotificationmodificationmodification", "datenotificationmodification"),
}
NEEDED = ("acheteur_id", "date_notification", "montant")
OLD_JSON = "JSON v1"


LENIENT = "cp1252-si-invalide"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are those of an old Windows program; those that are stay as they are."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(LENIENT, _as_windows)


@dataclass(frozen=True)
class Format:
    """What a file is: `kind` (parquet, csv or json), its separator, our columns by name in the file.

    `names`: all the columns of a CSV, in order; those that it gives may be there twice.
    """

    kind: str
    title: str
    delimiter: str = ","
    columns: dict[str, str] | None = None
    names: tuple[str, ...] = ()

    @property
    def absent(self) -> list[str]:
        """Our columns that the file does not have."""
        return [name for name in COLUMNS if name not in (self.columns or {})]


def recognise(path: Path) -> Format:
    """The format of a file, without its columns for a Parquet (see `parquet`). DataError when it is not published."""
    name = shown(path.name)
    try:
        head = _head(path)
    except (OSError, *DAMAGED):
        raise DataError(f"{name} ne se décompresse pas : le fichier est coupé ou abîmé.") from None
    if head.startswith(ZIP):
        raise DataError(f"{name} est un zip abîmé, ou d'autre chose que Sirene : dépliez-le.")
    if head.startswith(PARQUET):
        return Format("parquet", "Parquet")
    head = head.removeprefix(BOM)
    text = head.lstrip()
    if not text:
        raise DataError(f"{name} est vide.")
    if text.startswith(b"<"):
        raise DataError(f"{name} est une page web ou du XML, pas un fichier des DECP : téléchargez-le à nouveau.")
    if text.startswith(b"{"):
        if not (start := JSON_START.match(head)):
            raise DataError(f"{name} est du JSON, mais pas celui des DECP (« marches » attendu en tête).")
        return Format("json", OLD_JSON if start[1] else "JSON v2")
    columns, delimiter = header(head)
    return _tabular(columns, name, Format("csv", "CSV", delimiter))


def is_parquet(path: Path) -> bool:
    """Whether a file starts as a Parquet does."""
    with path.open("rb") as handle:
        return handle.read(len(PARQUET)) == PARQUET


def header(head: bytes) -> tuple[list[str], str]:
    """The columns of a CSV, from its start, and what separates them."""
    line = head.partition(b"\n")[0].decode("utf-8", LENIENT).strip("\r\n")
    delimiter = max(",;\t", key=line.count)
    return next(csv.reader([line], delimiter=delimiter), []), delimiter


def compressed(path: Path) -> bool:
    """Whether a file is a gzip."""
    with path.open("rb") as handle:
        return handle.read(2) == GZIP


def opened(path: Path) -> BinaryIO:
    """The bytes of a file, decompressed when it is a gzip."""
    return cast(BinaryIO, gzip.open(path, "rb") if compressed(path) else path.open("rb"))


def _head(path: Path) -> bytes:
    with opened(path) as handle:
        return bytes(handle.read(HEAD))


def parquet(path: Path, base: "DuckDBPyConnection") -> Format:
    """The format of a Parquet, whose columns a session reads. DataError when it is none of those published."""
    return _tabular(parquet_columns(path, base), shown(path.name), Format("parquet", "Parquet"))


def parquet_columns(path: Path, base: "DuckDBPyConnection") -> list[str]:
    """The columns of a Parquet. DataError when it does not read."""
    import duckdb

    try:
        found = base.execute("SELECT name FROM parquet_schema(?) WHERE num_children IS NULL", [str(path)])
        return [row[0] for row in found.fetchall()]
    except duckdb.Error:
        raise DataError(f"{shown(path.name)} est un Parquet coupé ou abîmé.") from None


def _tabular(columns: list[str], name: str, found: Format) -> Format:
    names = tuple(columns if found.kind == "parquet" else (f"c{rank}" for rank in range(len(columns))))
    known = {column.strip().lower(): name for column, name in reversed(list(zip(columns, names, strict=True)))}
    ours = {
        column: next(known[each] for each in names if each in known)
        for column, names in COLUMNS.items()
        if any(each in known for each in names)
    }
    missing = [COLUMNS[column][0] for column in NEEDED if column not in ours]
    if "id" not in ours and "uid" not in ours:
        missing.append("id")
    if missing:
        raise DataError(f"{name} n'est pas un fichier des DECP : colonnes absentes, {', '.join(missing)}.")
    flat = "format tabulaire" if "uid" in ours else "format 2022 de data.economie.gouv.fr"
    return Format(found.kind, f"{found.title}, {flat}", found.delimiter, ours, names)
