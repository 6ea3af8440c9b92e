"""Folders made whole or not at all: built beside, then swapped by renaming, whatever kills the program meanwhile."""

import errno
import os
import platform
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_WORK, _OLD = ".en-cours-", ".ancien-"
_ATTEMPTS = 5


@contextmanager
def workshop(output: Path) -> Iterator[Path]:
    """A hidden folder of `output` to build in, removed at the end."""
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_own(_WORK), dir=output, ignore_cleanup_errors=True) as name:
        yield Path(name)


def room() -> Path:
    """A hidden folder among those that the system throws away, for what this process makes for itself.

    Those that a killed program left there go first.
    """
    home = Path(tempfile.gettempdir())
    tidy(home)
    return Path(tempfile.mkdtemp(prefix=_own(_WORK), dir=home))


def put(new: Path, target: Path) -> None:
    """Swap folders by renaming: a reader sees the old one or the new one, never half of either.

    OSError when other programs put theirs in the same place at each attempt.
    """
    old = target.with_name(_own(_OLD) + target.name)
    for attempt in range(_ATTEMPTS):
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):
            os.replace(target, old)
        try:
            os.replace(new, target)
            break
        except OSError as error:  # another program put its own there meanwhile
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == _ATTEMPTS - 1:
                raise
    shutil.rmtree(old, ignore_errors=True)


def tidy(output: Path) -> None:
    """Undo what a killed program left: its workshops go, a report moved away and not replaced comes back."""
    for left in output.glob(f"{_WORK}*"):
        if _abandoned(left, _WORK):
            shutil.rmtree(left, ignore_errors=True)
    for old in output.glob(f"{_OLD}*"):
        if name := _abandoned(old, _OLD):
            with suppress(OSError):  # it has been replaced, or another program tidies too
                os.replace(old, old.with_name(name))
            shutil.rmtree(old, ignore_errors=True)


def _own(kind: str) -> str:
    """How the names of the hidden folders of this process begin."""
    return f"{kind}{_machine()}-{os.getpid()}-"


def _abandoned(folder: Path, kind: str) -> str:
    """The rest of the name of a hidden folder whose process has ended, on this machine; else nothing."""
    machine, _, rest = folder.name.removeprefix(kind).partition("-")
    pid, _, name = rest.partition("-")
    return name if machine == _machine() and pid.isdigit() and not _is_running(int(pid)) else ""


def _machine() -> str:
    """A word for this machine: several may share a folder, and a process number means something on one only."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
