"""One module per official source, from its raw files to observations; the cards that identify them are in `cards`.

What `cards` holds is imported from here and loaded at first use: it needs pydantic, and what reads figures may not.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cpsr_study.sources.cards import (
        KINDS,
        Card,
        catalogue,
        edition_of,
        known_in,
        read_card,
        sha256,
        verify,
    )

__all__ = ["KINDS", "Card", "catalogue", "edition_of", "first_edition", "known_in", "read_card", "sha256", "verify"]


def first_edition(card: Mapping[str, Any]) -> int:
    """The one rule of what an edition knows: a vintage enters in `known_since`, else in the year of `published`."""
    since = card.get("known_since")
    return int(card["published"][:4]) if since is None else int(since)


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("cpsr_study.sources.cards"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
