"""The official JSON, record after record, whatever the size of the file: memory holds a few blocks, never the file.

A block is cut between two records, then decoded at once. Where to cut is found by a scan that knows strings and depth;
once the bytes between two records of a file are known, looking for them is enough, and it is proved each time: what
starts at a record and decodes as a list can only end with a record. When it does not decode, the scan is done again.
"""

import gc
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import msgspec

from cpsr_study.errors import DataError
from cpsr_study.sources.decp.formats import BOM, JSON_START, LENIENT

BLOCK = 1 << 18  # bytes decoded together: their records fit in what a processor holds near, which spares a third
BEGINNING = 1 << 16  # where the first two records are looked for
LARGEST = 64 << 20  # of one record
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_KEY = re.compile(rb'\s*"(?:[^"\\]++|\\.)*+"\s*:')
_NEXT = re.compile(rb'\s*\]\s*(?:,\s*"(marche|contrat-concession)"\s*:\s*\[|\}\s*\}?\s*$)')
CONCESSION = "contrat-concession"


@contextmanager
def no_collection() -> Iterator[None]:
    """Records hold no cycle: looking for some among millions of fresh objects takes longer than decoding them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Loose(msgspec.Struct, gc=False):
    """The fields read from a record, of which real files make anything."""

    id: Any = None
    acheteur: Any = None
    acheteur_id: Any = msgspec.field(default=None, name="acheteur.id")
    type: Any = msgspec.field(default=None, name="_type")
    nature: Any = None
    objet: Any = None
    codeCPV: Any = None  # noqa: N815
    procedure: Any = None
    techniques: Any = None
    lieuExecution: Any = None  # noqa: N815
    dateNotification: Any = None  # noqa: N815
    datePublicationDonnees: Any = None  # noqa: N815
    montant: Any = None
    considerationsSociales: Any = None  # noqa: N815
    titulaires: Any = None
    modifications: Any = None


class Party(msgspec.Struct, gc=False):
    """A buyer or a titulaire."""

    id: str | None = None
    nom: str | None = None


class Winner(Party, gc=False):
    """A titulaire, under a key of its own or not."""

    titulaire: Party | None = None


class Place(msgspec.Struct, gc=False):
    """A code and its type."""

    code: str | None = None
    typeCode: str | None = None  # noqa: N815


class Techniques(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A list under one key."""

    technique: list[str] | None = None


class Social(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A list under one key."""

    considerationSociale: list[str] | None = None  # noqa: N815


class Contract(msgspec.Struct, gc=False):
    """The same fields with the types of the schema, which nearly all records have and which decode much faster."""

    id: str | None = None
    acheteur: Party | None = None
    acheteur_id: str | None = msgspec.field(default=None, name="acheteur.id")
    type: str | None = msgspec.field(default=None, name="_type")
    nature: str | None = None
    objet: str | None = None
    codeCPV: str | None = None  # noqa: N815
    procedure: str | None = None
    techniques: Techniques | None = None
    lieuExecution: Place | None = None  # noqa: N815
    dateNotification: str | None = None  # noqa: N815
    datePublicationDonnees: str | None = None  # noqa: N815
    montant: float | int | str | None = None
    considerationsSociales: Social | None = None  # noqa: N815
    titulaires: list[Winner] | None = None
    modifications: list[Any] | None = None


Bad = tuple[str, str]  # what cannot be read, and why
Batch = Sequence[Contract] | Sequence[Loose | Bad]
_typed = msgspec.json.Decoder(list[Contract])
_loose = msgspec.json.Decoder(list[Loose])
_one = msgspec.json.Decoder(Loose)


def records(handle: BinaryIO, name: str, advance: Callable[[int], None]) -> Iterator[Batch]:
    """Lists of records in the order of the file. `advance` hears how many bytes were read.

    DataError when the file is cut or is not that JSON after all.
    """
    buffer = handle.read(BLOCK).removeprefix(BOM)
    advance(len(buffer))
    start = JSON_START.match(buffer)
    if not start:
        raise DataError(f"{name} n'est pas le JSON des DECP.")
    concession = start[2] == CONCESSION.encode()
    buffer = buffer[start.end() :]
    if not start[1] and not start[2]:
        if not re.match(rb"\s*\}\s*\}?\s*$", buffer):
            raise DataError(f"{name} : aucune liste de marchés au début du fichier.")
        return
    separator, ended, wanted = b"", False, BLOCK
    while True:
        if not ended and len(buffer) < wanted:
            more = handle.read(max(BLOCK, wanted - len(buffer)))
            advance(len(more))
            ended, buffer = not more, buffer + more
        batch, cut, separator = _block(buffer, separator)
        if batch:
            yield [("", "contrat de concession") for _ in batch] if concession else batch
        buffer, wanted = buffer[cut:].lstrip(b", \t\r\n"), BLOCK
        if buffer.startswith(b"]"):
            while not ended:  # what follows a list is short, unless another list follows
                more = handle.read(BLOCK)
                advance(len(more))
                ended, buffer = not more, buffer + more
                if len(buffer) > 4096:
                    break
            if not (following := _NEXT.match(buffer)):
                raise DataError(f"{name} est coupé, ou a autre chose à la fin de ses listes de marchés.")
            if not following[1]:
                return
            concession, separator = following[1] == CONCESSION.encode(), b""
            buffer = buffer[following.end() :]
        elif ended and not cut:
            raise DataError(f"{name} est coupé : la liste des marchés ne se termine pas.")
        elif not cut:
            if len(buffer) >= LARGEST:
                raise DataError(f"{name} : un marché de plus de {LARGEST >> 20} Mo, le fichier est abîmé.")
            wanted = min(2 * len(buffer), LARGEST)  # twice as much each time: all is looked through again


def _block(buffer: bytes, separator: bytes) -> tuple[Batch, int, bytes]:
    """The records that the buffer holds whole, where they end, and the bytes between two of them."""
    separator = separator or _between(buffer)
    if separator and (found := buffer.rfind(separator)) > 0:
        try:
            return _decoded(buffer, found + 1), found + 1, separator
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    ends, starts = scan(buffer)
    if not ends:
        return [], 0, separator
    try:
        return _decoded(buffer, ends[-1]), ends[-1], separator
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [_single(buffer[begin:end]) for begin, end in zip(starts, ends, strict=False)], ends[-1], separator


def _between(buffer: bytes) -> bytes:
    """The end of a record and the start of the next one with its first key, as the file writes them."""
    ends, starts = scan(buffer[:BEGINNING])
    key = _KEY.match(buffer, starts[1] + 1) if ends and len(starts) > 1 else None
    return buffer[ends[0] - 1 : key.end()] if key else b""


def _decoded(buffer: bytes, end: int) -> Batch:
    """The records before a place. A value of another type is no error: they are decoded again."""
    whole = b"".join((b"[", memoryview(buffer)[:end], b"]"))
    try:
        return _typed.decode(whole)
    except msgspec.ValidationError:
        return _loose.decode(whole)


def scan(buffer: bytes) -> tuple[list[int], list[int]]:
    """Where the records of a list end and start: braces that are not in a string, at the depth of the list."""
    depth, ends, starts = 0, [], []
    for token in _TOKEN.finditer(buffer):
        kind = buffer[token.start()]
        if kind == 0x22:
            if token.end() == token.start() + 1:
                break  # a string that the buffer does not end: what follows is text
            continue
        if kind in b"{[":
            if not depth:
                starts.append(token.start())
            depth += 1
        else:
            depth -= 1
            if depth < 0:
                break
            if not depth:
                ends.append(token.end())
    return ends, starts


def _single(text: bytes) -> Loose | Bad:
    """One record, even with what strict JSON refuses: NaN, a raw end of line, bytes of another encoding."""
    try:
        return _one.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = text.decode("utf-8", LENIENT)
    try:
        return msgspec.convert(json.loads(repaired, strict=False), Loose)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return repaired[:200], "enregistrement JSON illisible"
