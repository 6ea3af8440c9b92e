"""Drawings made once: what a process has drawn, the children that it forks later find.

Most figures of a report are national, and so the same in a hundred reports. Off unless a process that makes reports
turns it on (see `report.build`): a notebook run elsewhere draws all that it asks for.
"""

import hashlib
import io
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

MOST = 64  # drawings kept, the last used: about 4 MB


class Drawing(NamedTuple):
    """A figure as it is published: its SVG, and what is said of it."""

    svg: str
    meta: dict[str, Any]


Made = Drawing | str  # a text when there is nothing to draw, and something to say
_known: OrderedDict[bytes, Made] | None = None
_used: dict[bytes, Made | None] = {}  # by this piece of work; nothing for those that were there


def keep() -> None:
    """From now on, keep what is drawn in this process and in its children. Called before each piece of work."""
    global _known
    _known = OrderedDict() if _known is None else _known
    begin()  # nobody asks this process what it used: it would hold all that its children ever drew


def made(draw: Callable[..., Made], *given: Any, **options: Any) -> Made:
    """What `draw` makes of these arguments, or made of equal ones: it must depend on nothing else."""
    if _known is None:
        return draw(*given, **options)
    import matplotlib

    settings = [*dict.items(matplotlib.rcParams), *_constants(draw)]  # a chapter may have changed one
    key = _key([draw.__module__, draw.__qualname__, settings, given, options])
    if key in _known:
        _used.setdefault(key, None)
    else:
        _known[key] = _used[key] = draw(*given, **options)
    return _known[key]


def _constants(draw: Callable[..., Made]) -> list[tuple[str, Any]]:
    """What the style of the study and the module of a drawing hold under names in capitals: colours, sizes."""
    modules = (sys.modules[f"{__package__}.style"], sys.modules[draw.__module__])
    return [item for module in modules for item in vars(module).items() if item[0].isupper()]


def begin() -> None:
    """What was used until now is forgotten: that of a parent, or of an earlier piece of work."""
    _used.clear()


def used() -> dict[bytes, Made | None]:
    """What this process used, to be handed to its parent: the drawings that the parent lacks, the keys of others."""
    return _used


def learn(told: dict[bytes, Made | None]) -> None:
    """Take in what a child used."""
    if _known is None:
        return
    for key, drawing in told.items():
        if drawing is not None:
            _known[key] = drawing
        if _used.get(key) is None:
            _used[key] = drawing
        if key in _known:
            _known.move_to_end(key)
    while len(_known) > MOST:
        _known.popitem(last=False)


class _Pickler(pickle.Pickler):
    """Equal arguments give equal bytes, whichever objects hold them."""

    def reducer_override(self, value: Any) -> Any:
        if type(value).__name__ == "DataFrame":
            return dict, ([(name, value[name].tolist()) for name in value], value.index.tolist(), value.attrs)
        return NotImplemented


def _key(asked: list[Any]) -> bytes:
    out = io.BytesIO()
    pickler = _Pickler(out, protocol=5)
    pickler.fast = True  # a text is written each time it comes, not as a reference to the first
    pickler.dump(asked)
    return hashlib.sha256(out.getbuffer()).digest()
