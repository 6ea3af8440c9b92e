"""Drawings made once: what a process has drawn, those that make reports beside it and after it find in a folder.

Most figures of a report are national, and so the same in a hundred reports. Off unless a process that makes reports
turns it on (see `report.workers`): a notebook run elsewhere draws all that it asks for.
"""

import hashlib
import io
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

MOST = 300  # drawings kept, the last used: about 25 MB


class Drawing(NamedTuple):
    """A figure as it is published: its SVG, and what is said of it."""

    svg: str
    meta: dict[str, Any]


Made = Drawing | str  # a text when there is nothing to draw, and something to say
_folder: Path | None = None


def keep(folder: Path) -> None:
    """From now on, keep in this folder what is drawn by this process and its children. It must belong to them alone."""
    global _folder
    _folder = folder


def made(draw: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """What `draw` makes of these arguments, or made of equal ones: it must depend on nothing else."""
    if _folder is None:
        return draw(*given, **options)
    import matplotlib

    settings = [*dict.items(matplotlib.rcParams), *_constants(draw)]  # a chapter may have changed one
    place = _folder / _key([draw.__module__, draw.__qualname__, settings, given, options])
    with suppress(OSError):  # not drawn yet, or thrown away by another process meanwhile
        known = pickle.loads(place.read_bytes())
        os.utime(place)  # the last used
        return known
    drawing = draw(*given, **options)
    with suppress(OSError):  # a full disk only means that it will be drawn again
        _write(place, pickle.dumps(drawing))
    return drawing


def trim() -> None:
    """Throw away all but the last used."""
    if _folder:
        for path in sorted(_folder.glob("*"), key=_last_used, reverse=True)[MOST:]:
            path.unlink(missing_ok=True)  # another process may do the same


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0


def _write(place: Path, content: bytes) -> None:
    """Whole or not at all: others read while this one writes, and a process may be killed."""
    file, name = tempfile.mkstemp(dir=place.parent)
    with open(file, "wb") as out:
        out.write(content)
    os.replace(name, place)


def _constants(draw: Callable[..., Any]) -> list[tuple[str, Any]]:
    """What the style of the study and the module of a drawing hold under names in capitals: colours, sizes."""
    modules = (sys.modules[f"{__package__}.style"], sys.modules[draw.__module__])
    return [item for module in modules for item in vars(module).items() if item[0].isupper()]


class _Pickler(pickle.Pickler):
    """Equal arguments give equal bytes, whichever objects hold them."""

    def reducer_override(self, value: Any) -> Any:
        if type(value).__name__ == "DataFrame":
            return dict, ([(name, value[name].tolist()) for name in value], value.index.tolist(), value.attrs)
        return NotImplemented


def _key(asked: list[Any]) -> str:
    out = io.BytesIO()
    pickler = _Pickler(out, protocol=5)
    pickler.fast = True  # a text is written each time it comes, not as a reference to the first
    pickler.dump(asked)
    return hashlib.sha256(out.getbuffer()).hexdigest()
