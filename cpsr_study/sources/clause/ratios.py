"""Shares, rates and means that a report publishes, as relations between the figures they are made of.

A mean times its count gives a sum; a rate of hours done gives the planned hours from those done.
"""

import re
from collections.abc import Mapping

from cpsr_study.disclosure import Parts, Tables
from cpsr_study.indicators import Registry
from cpsr_study.sources.clause.layout import Layout

# The formulas of figures counted by the program, which the registry does not compute.
COUNTED = {
    "etp_insertion": "heures_insertion / 1607",
    "duree_moyenne_contrat_etp": "heures_insertion / 1607 / contrats",
    "duree_moyenne_contrat_mois": "12 * heures_insertion / 1607 / contrats",
}
_RATIO = re.compile(r"(?:(\d+) \* )?([a-z]\w*)(?: / (\d+))?(?: / ([a-z]\w*))?")


def add(tables: Tables, row: Mapping[str, str], registry: Registry, drawn: Layout) -> None:
    """Add to the tables what a published figure says of two others, of which one at least is hidden."""
    formula = COUNTED.get(row["indicator"]) or registry[row["indicator"]].formula
    found = _RATIO.fullmatch(formula)
    if not found or not row["value"]:
        return
    times, above, by, below = found.groups()
    factor = float(row["value"]) * float(by or 1) / float(times or 1)
    upper, lower = (_parts(name, row["category"], registry, drawn) if name else frozenset() for name in (above, below))
    hidden = {cell.parts for cell in tables.cells if cell.value != cell.value}
    if not upper or not {upper, lower} & hidden:
        return
    if below and lower:
        tables.ratios.append((upper, lower, factor))
    elif not below:
        tables.known.append((upper, factor))


def _parts(name: str, category: str, registry: Registry, drawn: Layout) -> Parts:
    return drawn.parts(name, category if registry[name].breakdown else "")
