"""sha256 of files, remembered: a file that has not moved since is not read again.

A sum is remembered for a path, a size, an inode and the times of its last changes, in `data/processed`; a data folder
that cannot be written to remembers nothing. Whoever must be sure (`check`, `archive`, a table being built) reads the
bytes.
"""

import json
import os
import time
from functools import lru_cache
from pathlib import Path

from cpsr_study import whole
from cpsr_study.sources import sha256

FILE = "sums.json"
# A file changed twice within the grain of a file system's clock would keep its first sum.
SETTLED_NS = 2_000_000_000


class Sums:
    """What is remembered in one data folder."""

    def __init__(self, data_dir: Path):
        self._store = data_dir / "processed" / FILE
        self._known: dict[str, list[int | str]] = {}
        self._new = False
        try:
            content = json.loads(self._store.read_text(encoding="utf-8"))
            self._known = content if isinstance(content, dict) else {}
        except (OSError, ValueError):
            pass

    def of(self, path: Path) -> str:
        """sha256 of the file, read only if it is not the one remembered. OSError when it cannot be read."""
        place, about = os.path.abspath(path), path.stat()
        # The last is the change that no program can set: a file rewritten with its date put back is read again.
        seen = [about.st_size, about.st_mtime_ns, about.st_ino, about.st_ctime_ns]
        match self._known.get(place):
            case [*then, str(digest)] if then == seen:
                return digest
        digest = sha256(path)
        if time.time_ns() - max(about.st_mtime_ns, about.st_ctime_ns) > SETTLED_NS:
            self._known[place], self._new = [*seen, digest], True
        return digest

    def save(self) -> None:
        """Keep what was learnt, whole or not at all; nothing where it cannot be written."""
        if not self._new:
            return
        self._new = False
        try:
            self._store.parent.mkdir(parents=True, exist_ok=True)
            whole.write(self._store, json.dumps(self._known))
        except OSError:
            return


@lru_cache(maxsize=8)
def remembered(data_dir: Path) -> Sums:
    """The sums of a data folder, read once by a process."""
    return Sums(data_dir)
