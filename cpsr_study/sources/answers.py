"""What is asked of a server, and whether an answer is that: its type, its first bytes, its size and time limits."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown

MAGIC = {"xlsx": b"PK\x03\x04", "zip": b"PK\x03\x04", "parquet": b"PAR1"}


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes that one download may take."""

    connect: float = 10
    silence: float = 60
    total: float = 3600
    max_bytes: int = 500_000_000
    attempts: int = 5
    backoff: float = 1
    longest_wait: float = 120


@dataclass(frozen=True)
class Wanted:
    """What to download: `format` (csv, json, xlsx, zip, parquet) is checked on it; `hosts` may be redirected to."""

    url: str
    name: str
    format: str
    hosts: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


def check_type(wanted: Wanted, answer: requests.Response) -> None:
    """A page of apologies is not a file, an error in JSON is not a table."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    page = kind in ("text/html", "application/xhtml+xml")
    if page or (("json" in kind) != (wanted.format == "json") and kind != "application/octet-stream"):
        what = "une page web" if page else f"un contenu de type {shown(kind) or 'inconnu'}"
        raise DataError(f"{wanted.name} : {host(wanted.url)} répond par {what} au lieu d'un fichier {wanted.format}.")


def check_content(wanted: Wanted, part: Path) -> None:
    with part.open("rb") as handle:
        first = handle.read(512)
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    good = first.startswith(MAGIC[wanted.format]) if wanted.format in MAGIC else start and not start.startswith(b"<")
    if wanted.format == "json":
        try:
            json.loads(part.read_bytes())
        except (ValueError, RecursionError):
            good = False
    if not good:
        part.unlink()
        what = "vide" if not first else f"pas un fichier {wanted.format}"
        raise DataError(f"{wanted.name} : ce que donne {host(wanted.url)} est {what}.")


def host(url: str) -> str:
    """The site of an address, for a message."""
    return urlsplit(url).hostname or url
