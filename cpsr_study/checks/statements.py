"""Checks on the statements of one quantity: several values, no date, a forecast, a unit that slipped."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from cpsr_study.checks import relations
from cpsr_study.checks.findings import Context, Finding, allowed, joined, relative_gap
from cpsr_study.display.numbers import period_text
from cpsr_study.precision import Interval

# A unit that slips moves a figure by a power of ten; a year to the next does not move one by five.
SCALE = 5
YEARS_APART = 2


def impossible(context: Context) -> Iterator[Finding]:
    """A share of a whole outside 0 to 100 %, or less than nothing: no definition explains it, everything stops."""
    for row in context.published:
        share = row.indicator.startswith("part_") and row.unit == "%"
        possible = Interval(0, 100 if share else math.inf)
        if not (share or row.unit != "%") or allowed(row).meets(possible):
            continue  # a growth, in %, may be anything
        limits = "entre 0 et 100 %" if share else "zéro ou plus"
        sentence = (
            f"{context.name(row)} : {context.text(row)} (« {row.as_published} »), une valeur impossible ; attendu : "
            f"{limits}. La saisie ou la lecture du fichier est à reprendre."
        )
        gap = relative_gap(row.value, 100) if share and row.value > 0 else math.inf
        yield Finding("valeur_impossible", "validité", "erreur", sentence, (row.id,), context.text(row), limits, gap)


def corrected(context: Context) -> Iterator[Finding]:
    """A declared correction was used."""
    for row in [row for row in context.published if row.correction]:
        sentence = f"{context.name(row)} : publié « {row.as_published} » ; {row.correction.rstrip('.')}."
        yield Finding(
            "correction_declaree", "exactitude", "alerte", sentence, (row.id,), row.as_published, context.text(row)
        )


def stated_twice(context: Context) -> Iterator[Finding]:
    """The same quantity is given values that no rounding reconciles; a forecast does not contradict a final figure."""
    for rows in _quantities(context):
        pairs = [(a, b) for a, b in combinations(rows, 2) if (a.status == "F") == (b.status == "F")]
        if all(allowed(a).meets(allowed(b)) for a, b in pairs):
            continue
        listed = joined(f"{context.text(row)} (« {row.locator} »)" for row in rows)
        sentence = (
            f"{context.name(rows[0])} : plusieurs valeurs publiées, {listed}.{_evidence(context, rows)} À expliquer."
        )
        yield Finding(
            "enonces_differents",
            "cohérence",
            "alerte",
            sentence,
            tuple(row.id for row in rows),
            context.text(rows[0]),
            joined(context.text(row) for row in rows[1:]),
            max(relative_gap(rows[0].value, row.value) for row in rows[1:]),
        )


def undated(context: Context) -> Iterator[Finding]:
    """A figure without a stated year that no dated figure of the same quantity comes near."""
    for row in [row for row in context.published if row.status == "U"]:
        dated = [
            other
            for other in context.known(row.indicator, row.category)
            if other.geo == row.geo and other.status != "U" and other.source != row.source
        ]
        if not dated or any(context.allowed(other).meets(allowed(row)) for other in dated):
            continue
        listed = joined(f"{context.text(other)} en {period_text(other.time_period)}" for other in dated)
        nearest = min((other.value for other in dated), key=lambda value: abs(value - row.value))
        sentence = (
            f"{context.name(row, dated=False)} : {context.text(row)}, sans année précisée, ne correspond à aucune "
            f"année connue d’une autre source ({listed}). À expliquer."
        )
        yield Finding(
            "sans_annee",
            "cohérence",
            "alerte",
            sentence,
            (row.id,),
            context.text(row),
            listed,
            relative_gap(row.value, nearest),
        )


def forecast_against_final(context: Context) -> Iterator[Finding]:
    """A forecast, once the final figure is known."""
    for rows in _quantities(context):
        forecasts = [row for row in rows if row.status == "F"]
        finals = [row for row in rows if row.status == "A"]
        for forecast in forecasts:
            for final in finals[:1]:
                known, expected = context.text(final), context.text(forecast)
                sentence = f"{context.name(final)} : {known} en définitif, {expected} en prévision."
                gap = relative_gap(forecast.value, final.value)
                texts = (context.text(forecast), context.text(final))
                yield Finding(
                    "prevision_et_definitif", "exactitude", "info", sentence, (forecast.id, final.id), *texts, gap
                )


def out_of_scale(context: Context) -> Iterator[Finding]:
    """A total ten or a thousand times what another source gives for the year, or the years around it."""
    for same in context.groups("indicator", "geo", "category").values():
        if same[0].unit != "%" and len({row.source for row in same}) > 1:
            for row in same:
                others = [o for o in same if o.source != row.source and _years(row, o) < YEARS_APART and o.value > 0]
                if not others or row.value <= 0:
                    continue
                nearest = min(others, key=lambda other: abs(math.log(row.value / other.value)))
                if row.value / nearest.value > SCALE:
                    times = context.value(row.value / nearest.value, "")
                    sentence = (
                        f"{context.name(row)} : {context.text(row)}, soit {times.strip()} fois ce que donne une autre "
                        f"source ({context.text(nearest)}, {nearest.time_period}) : l’unité est à vérifier."
                    )
                    gap = relative_gap(row.value, nearest.value)
                    texts = (context.text(row), context.text(nearest))
                    yield Finding("hors_echelle", "validité", "alerte", sentence, (row.id, nearest.id), *texts, gap)


def _years(a: Any, b: Any) -> int:
    return abs(int(a.time_period[:4]) - int(b.time_period[:4]))


def _quantities(context: Context) -> Iterator[list[Any]]:
    seen = set()
    for row in context.published:
        key = (row.indicator, row.geo, row.time_period, row.category)
        if key not in seen:
            seen.add(key)
            yield context.rows(*key)


def _evidence(context: Context, rows: list[Any]) -> str:
    """Which statements the rest of the figures support, and by what."""
    supports = {row.id: relations.supported_by(context, row) for row in rows}
    said = [f"{context.text(row)} s’accorde avec {joined(supports[row.id])}" for row in rows if supports[row.id]]
    return f" Le reste de la source donne un indice : {' ; '.join(said)}." if said else ""
