"""One download, with everything that can go wrong on the way.

Certificates are verified, a redirect to a host that was not declared is refused, an answer has a size and a time
limit, a busy server is obeyed (Retry-After), a cut download goes on where it stopped. What arrives is a `.part` file
in the cache: the caller gives it its name once it is whole.
"""

import errno
import json
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from cpsr_study import __version__
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import answers
from cpsr_study.sources.answers import Wanted, host

Progress = Callable[[str, int, int | None], None]
CHUNK = 1 << 18
REDIRECTS, BUSY = (301, 302, 303, 307, 308), (408, 425, 429, 500, 502, 503, 504)
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class UnreachableError(DataError):
    """The network, not the file: nothing answers, or it answers badly for too long."""


class _RetryError(Exception):
    """Worth another try, after `wait` seconds or the usual pause."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait


def get(wanted: Wanted, part: Path, advance: Progress) -> None:
    """Download into `part`, going on from what it holds already. UnreachableError or DataError otherwise."""
    limits = wanted.limits
    end = time.monotonic() + limits.total
    reason = ""
    with requests.Session() as session:
        session.headers.update({"User-Agent": f"cpsr-study/{__version__}", "Accept-Encoding": "identity"})
        for attempt in range(limits.attempts):
            try:
                _attempt(session, wanted, part, advance, end)
                answers.check_content(wanted, part)
                return
            except requests.exceptions.SSLError:
                raise UnreachableError(f"le certificat de {host(wanted.url)} n'est pas valable") from None
            except (requests.RequestException, HTTPError, OSError) as error:
                if isinstance(error, OSError) and (
                    error.filename or error.errno in DISK
                ):  # our own disk, not the network
                    raise DataError(f"{wanted.name} ne s'écrit pas dans le cache ({error.strerror}).") from None
                reason, wait = _reason(error, wanted), None
            except _RetryError as error:
                reason, wait = str(error), error.wait
            pause = wait if wait is not None else limits.backoff * 2**attempt * random.uniform(1, 1.25)
            if pause > limits.longest_wait:
                raise UnreachableError(f"{host(wanted.url)} demande d'attendre {pause:.0f} s")
            if time.monotonic() + pause > end:
                break
            if attempt < limits.attempts - 1:
                time.sleep(pause)
    raise UnreachableError(reason)


def _attempt(session: requests.Session, wanted: Wanted, part: Path, advance: Progress, end: float) -> None:
    validator = part.with_suffix(part.suffix + ".json")
    start, headers = _resume(wanted, part, validator)
    with _open(session, wanted, headers) as answer:
        status = answer.status_code
        if status == 416 or (status == 206 and not _goes_on(answer, start)):
            part.unlink(missing_ok=True)
            raise _RetryError("le serveur ne sait plus reprendre ce téléchargement", 0)
        if status in BUSY:
            raise _RetryError(f"{host(wanted.url)} répond {status}", _retry_after(answer))
        if status not in (200, 206):
            raise UnreachableError(f"{host(wanted.url)} répond {status}")
        answers.check_type(wanted, answer)
        start = start if status == 206 else 0
        mark = answer.headers.get("ETag", "") or answer.headers.get("Last-Modified", "")
        known = {"url": wanted.url, "validator": "" if mark.startswith("W/") else mark}
        validator.write_text(json.dumps(known), encoding="utf-8")
        _save(wanted, answer, part, start, advance, end)
    validator.unlink(missing_ok=True)


def _resume(wanted: Wanted, part: Path, validator: Path) -> tuple[int, dict[str, str]]:
    """Where to go on from, and the headers that ask for the rest of the same file or else all of the new one."""
    try:
        known = json.loads(validator.read_text(encoding="utf-8"))
        size = part.stat().st_size
    except (OSError, ValueError):
        return 0, {}
    if not size or known.get("url") != wanted.url or not known.get("validator"):
        return 0, {}
    return size, {"Range": f"bytes={size}-", "If-Range": known["validator"]}


def _goes_on(answer: requests.Response, start: int) -> bool:
    return answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _open(session: requests.Session, wanted: Wanted, headers: dict[str, str]) -> requests.Response:
    """The answer, after the redirects that are allowed."""
    url, limits = wanted.url, wanted.limits
    for _ in range(6):
        _check_address(wanted, url)
        answer = session.get(
            url, headers=headers, stream=True, allow_redirects=False, timeout=(limits.connect, limits.silence)
        )
        if answer.status_code not in REDIRECTS:
            return answer
        url = urljoin(url, answer.headers.get("Location", ""))
        answer.close()
    raise UnreachableError(f"{host(wanted.url)} renvoie sans fin d'une adresse à l'autre")


def _check_address(wanted: Wanted, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise DataError(f"{wanted.name} : adresse refusée, elle n'est pas en https ({shown(host(url))}).")
    if parts.netloc != urlsplit(wanted.url).netloc and parts.hostname not in wanted.hosts:
        raise DataError(
            f"{wanted.name} : {host(wanted.url)} renvoie vers un autre site qui n'est pas déclaré "
            f"({shown(urlsplit(url).netloc)}) : rien n'a été pris."
        )


def _save(wanted: Wanted, answer: Any, part: Path, start: int, advance: Progress, end: float) -> None:
    """Write what comes as it comes; stop at the limits. urllib3 raises when the answer is shorter than announced."""
    length = answer.headers.get("Content-Length", "")
    total = start + int(length) if length.isdigit() and not answer.headers.get("Content-Encoding") else None
    done, most = start, wanted.limits.max_bytes
    if total is not None and total > most:
        raise DataError(_too_big(wanted))
    with part.open("ab" if start else "wb") as handle:
        while chunk := answer.raw.read1(CHUNK, decode_content=True):
            done += len(chunk)
            if done > most or time.monotonic() > end:
                handle.close()
                part.unlink()
                if done > most:
                    raise DataError(_too_big(wanted))
                raise UnreachableError(f"{host(wanted.url)} répond sans fin")
            handle.write(chunk)
            advance(wanted.name, done, total)


def _too_big(wanted: Wanted) -> str:
    return f"{wanted.name} dépasse la taille prévue ({wanted.limits.max_bytes / 1e6:.0f} Mo) : rien n'a été pris."


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds that the server asks to wait, None when it does not say."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _reason(error: Exception, wanted: Wanted) -> str:
    name = host(wanted.url)
    if isinstance(error, requests.ConnectionError) and not isinstance(error, requests.Timeout):
        return f"{name} ne répond pas (pas de réseau ?)"
    slow = isinstance(error, requests.Timeout) or "timed out" in str(error).lower()
    return f"{name} ne répond plus" if slow else f"{name} a coupé avant la fin"
