"""Coherence checks: what the published figures say against one another. A finding is shown, nothing is changed.

Families are those of the quality indicators of the données essentielles de la commande publique: singularité,
validité, complétude, conformité, exactitude, cohérence. Severity: `erreur` stops, `alerte` is printed in the
report, `info` is only listed. What disagrees is « à expliquer », never « faux »: two figures may each have their
own definition.
"""

from collections.abc import Callable, Iterator

import pandas as pd

from cpsr_study.checks import relations, statements, totals
from cpsr_study.checks.findings import SEVERITIES, Context, Finding
from cpsr_study.errors import DataError
from cpsr_study.indicators import Registry

__all__ = ["CHECKS", "Finding", "run", "stop_on_error"]

CHECKS: list[Callable[[Context], Iterator[Finding]]] = [
    statements.impossible,
    statements.corrected,
    statements.stated_twice,
    statements.undated,
    statements.forecast_against_final,
    statements.out_of_scale,
    totals.parts_against_total,
    totals.exclusive_shares,
    totals.area_above_its_country,
    totals.area_against_its_departements,
    totals.share_far_from_population,
    relations.between_figures,
    relations.same_thing_elsewhere,
]


def run(frame: pd.DataFrame, registry: Registry, members: dict[str, list[str]], names: dict[str, str]) -> list[Finding]:
    """Findings over the observations of a frame, the most serious first.

    `members` maps an area to its départements, `names` a code to the name printed in a sentence.
    """
    context = Context(frame.sort_values("id", ignore_index=True), registry, members, names)
    found = [finding for check in CHECKS for finding in check(context)]
    return sorted(found, key=lambda item: (SEVERITIES.index(item.severity), -item.gap, item.check, item.ids))


def stop_on_error(findings: list[Finding]) -> None:
    """DataError with the sentence of the first finding whose severity is `erreur`."""
    for finding in findings:
        if finding.severity == "erreur":
            raise DataError(finding.sentence)
