"""The state of play of socially responsible public procurement, for any French territory.

A notebook imports `Study`, `charts`, `tables`, `say` and `overview`; they are loaded at first use, so that a
command which needs none of them starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cpsr_study.display import charts, contracts, overview, say, tables
    from cpsr_study.study import Study

__version__ = "2026.11"
__all__ = ["Study", "charts", "contracts", "overview", "say", "tables"]


def __getattr__(name: str) -> Any:
    if name == "Study":
        return import_module("cpsr_study.study").Study
    if name in __all__:
        return import_module(f"cpsr_study.display.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
