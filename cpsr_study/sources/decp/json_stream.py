"""The official JSON, record after record, whatever the size of the file: memory holds a few blocks, never the file.

A block is cut between two records, then decoded at once. Where to cut is found by a scan that knows strings and depth;
once the bytes between two records of a file are known, looking for them is enough, and it is proved each time: what
starts at a record and decodes as a list can only end with a record. When it does not decode, the scan is done again.
"""

import gc
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import msgspec

from cpsr_study.errors import DataError
from cpsr_study.sources.decp.formats import BOM, JSON_START

BLOCK = 4 << 20
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


class Contract(msgspec.Struct, gc=False):
    """The fields read from a record. Their types are those of real files: any of them may be anything."""

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


Bad = tuple[str, str]  # what cannot be read, and why
_decoder = msgspec.json.Decoder(list[Contract])
_one = msgspec.json.Decoder(Contract)


def records(handle: BinaryIO, name: str, advance: Callable[[int], None]) -> Iterator[list[Contract | Bad]]:
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
            more = handle.read(BLOCK)
            advance(len(more))
            ended, buffer = not more, buffer + more
        batch, cut, separator = _block(buffer, separator, last=ended)
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
            wanted = len(buffer) + BLOCK
            if wanted > LARGEST:
                raise DataError(f"{name} : un marché de plus de {LARGEST >> 20} Mo, le fichier est abîmé.")


def _block(buffer: bytes, separator: bytes, *, last: bool) -> tuple[list[Contract | Bad], int, bytes]:
    """The records that the buffer holds whole, where they end, and the bytes between two of them."""
    if separator and not last and (found := buffer.rfind(separator)) > 0:
        try:
            return list(_decoder.decode(b"[" + buffer[: found + 1] + b"]")), found + 1, separator
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    ends, starts = scan(buffer)
    if not ends:
        return [], 0, separator
    if len(ends) > 1 and not separator:
        key = _KEY.match(buffer, starts[1] + 1)
        separator = buffer[ends[0] - 1 : key.end()] if key else b""
    try:
        whole: list[Contract | Bad] = list(_decoder.decode(b"[" + buffer[: ends[-1]] + b"]"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        whole = [_single(buffer[begin:end]) for begin, end in zip(starts, ends, strict=False)]
    return whole, ends[-1], separator


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


def _single(text: bytes) -> Contract | Bad:
    """One record. What strict JSON refuses and real files have (NaN, a raw end of line, broken UTF-8) is read too."""
    try:
        return _one.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = text.decode("utf-8", "replace")
    try:
        return msgspec.convert(json.loads(repaired, strict=False), Contract)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return repaired[:200], "enregistrement JSON illisible"
