"""What a text or a link of the data may do in the report: be read, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cpsr_study.hidden import is_hidden, named

SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
SAFE_FILE = re.compile(r"(?!.*\.\.)[\w-][\w./~-]*")


# A French line never begins with one of these, nor ends on an opening guillemet.
_BEFORE = re.compile(r"(?<=\S) (?=[:;?!»])")
_AFTER = re.compile(r"« (?=\S)")


def visible(text: str, hidden: Callable[[str], bool] = is_hidden) -> str:
    """Text as a reader gets it: hidden characters ``named``, and French spaces that hold."""
    return _AFTER.sub("«\u00a0", _BEFORE.sub("\u00a0", named(text, hidden)))


def visible_everywhere(value: Any, hidden: Callable[[str], bool] = is_hidden) -> Any:
    """The same JSON-like value, each text made ``visible`` (keys are ours, and a drawing is not prose)."""
    if isinstance(value, str):
        return visible(value, hidden)
    if isinstance(value, dict):
        return {key: item if key == "svg" else visible_everywhere(item, hidden) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [visible_everywhere(item, hidden) for item in value]
    return value


def safe_link(url: str, anchors: set[str]) -> str:
    """The URL if a reader may follow it (web, mail, or an anchor of this report), else an empty text."""
    if url.startswith("#"):
        return url if url[1:] in anchors else ""
    return url if SAFE_LINK.fullmatch(url) else ""


def safe_file(path: str) -> str:
    """A relative path inside the report folder, else an empty text."""
    return path if SAFE_FILE.fullmatch(path or "") else ""
