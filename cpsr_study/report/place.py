"""Folders made whole or not at all: built beside, then swapped by renaming, whatever kills the program meanwhile."""

import os
import platform
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WORK, _OLD = ".en-cours-", ".ancien-"


@contextmanager
def workshop(output: Path) -> Iterator[Path]:
    """A hidden folder of `output` to build in, removed at the end."""
    output.mkdir(parents=True, exist_ok=True)
    prefix = f"{_WORK}{_machine()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=output, ignore_cleanup_errors=True) as name:
        yield Path(name)


def put(new: Path, target: Path) -> None:
    """Swap folders by renaming: a reader sees the old one or the new one, never half of either."""
    old = target.with_name(f"{_OLD}{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)


def tidy(output: Path) -> None:
    """Undo what a killed program left: its workshops go, a report moved away and not replaced comes back."""
    for left in output.glob(f"{_WORK}*"):
        machine, _, rest = left.name.removeprefix(_WORK).partition("-")
        pid = rest.partition("-")[0]
        if machine == _machine() and pid.isdigit() and not _is_running(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    for old in output.glob(f"{_OLD}*"):
        target = old.with_name(old.name.removeprefix(_OLD))
        if not target.exists():
            os.replace(old, target)


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
