"""Checks of a whole against its parts, and of an area against the country and its own départements."""

from collections.abc import Iterator
from functools import reduce
from typing import Any

from cpsr_study.checks.findings import Context, Finding, allowed, grouped, joined, relative_gap
from cpsr_study.indicators import UNSAID
from cpsr_study.precision import Interval, exactly

# Beyond twice (or under half) its share of the population, a region's share of a national total deserves a look.
FAR_FROM_POPULATION = 2
COUNTRY = ("FR", "FRMET")
# Figures of one source that are counted on the same lines: how many there are tells for all of them what it covers.
COUNTED_ON = {"decp": ("decp_marches_siege", "decp_marches_execution")}


def parts_against_total(context: Context) -> Iterator[Finding]:
    """Parts that exceed their total or, when the breakdown is complete, do not reach it."""
    for indicator, geo, period, rows in _breakdowns(context):
        exclusive = context.registry[indicator].exclusive
        together = exclusive in ("oui", "complet")
        if not together and not _is_count(context, indicator):
            continue  # shares that overlap may each have their own base
        given = {row.category: row for row in rows}
        for total in [*context.rows(indicator, geo, period)[:1], *rows]:
            parts = _parts(context, total, given)
            if not together:  # they do not add up, but not even the largest can exceed what it is a part of
                parts = sorted(parts, key=lambda row: allowed(row).low)[-1:]
            if not parts:
                continue
            whole = exclusive == "complet" and _covers(context, total, parts)
            nested = bool(total.category) and 1 < len(parts) == len(_children(context, total))
            finding = _against(context, total, parts, complete=whole, nested=nested)
            if finding:
                yield finding


def exclusive_shares(context: Context) -> Iterator[Finding]:
    """Shares of an exclusive breakdown that exceed 100 %, or that should reach it and do not."""
    for indicator, _, _, rows in _breakdowns(context):
        known = context.registry[indicator]
        if known.unit != "%" or known.exclusive not in ("oui", "complet"):
            continue
        given = {row.category: row for row in rows}
        parts = [row for row in rows if not _has_given_ancestor(context, row, given)]
        total = _sum(parts)
        whole = known.exclusive == "complet" and _all_leaves(context, rows[0].breakdown, parts)
        if not total.meets(exactly(100)) and (total.low > 100 or whole):
            value = sum(row.value for row in parts)
            sentence = (
                f"{context.name(parts[0])} et {len(parts) - 1} autres parts d’un même tout font ensemble "
                f"{context.value(value, '%')}. À expliquer."
            )
            ids = tuple(row.id for row in parts)
            recomputed = context.value(value, "%")
            yield Finding(
                "parts_et_cent", "cohérence", "alerte", sentence, ids, "100 %", recomputed, relative_gap(100, value)
            )


def area_above_its_country(context: Context) -> Iterator[Finding]:
    """A count of an area larger than the country's."""
    for row in [row for row in context.published if row.geo not in COUNTRY]:
        country = context.rows(row.indicator, "FR", row.time_period, row.category)
        if not country or not _is_count(context, row.indicator) or allowed(row).low <= allowed(country[0]).high:
            continue
        sentence = (
            f"{context.name(row)} : {context.text(row)}, plus que la France entière ({context.text(country[0])}) : "
            "l’unité ou la zone est à vérifier."
        )
        texts = (context.text(row), context.text(country[0]))
        gap = relative_gap(row.value, country[0].value)
        yield Finding("zone_et_pays", "validité", "alerte", sentence, (row.id, country[0].id), *texts, gap)


def area_against_its_departements(context: Context) -> Iterator[Finding]:
    """A count stated for an area that differs from the sum of its départements."""
    for name, rows in context.by_indicator.items():
        if context.registry[name].aggregation != "somme":
            continue
        for row in [row for row in rows if row.geo in context.members and not row.category]:
            codes = context.members[row.geo]
            parts = [found[0] for code in codes if (found := context.rows(name, code, row.time_period))]
            if codes and len(parts) == len(codes) and not _sum(parts).meets(allowed(row)):
                yield _gap_of(context, row, parts, "zone_et_departements", "la somme de ses départements")


def share_far_from_population(context: Context) -> Iterator[Finding]:
    """An area's share of a national count, far from its share of the population."""
    for row in [row for row in context.published if row.geo not in COUNTRY and not row.category]:
        if not row.headline or row.indicator == "population" or not _is_count(context, row.indicator):
            continue
        if row.indicator not in COUNTED_ON.get(row.source, (row.indicator,)):
            continue
        country = context.rows(row.indicator, "FR", row.time_period)
        share = _population_share(context, row.geo)
        if not country or not share or country[0].value <= 0 or row.geo.startswith("DEP"):
            continue
        ratio = row.value / country[0].value / share
        if not 1 / FAR_FROM_POPULATION <= ratio <= FAR_FROM_POPULATION:
            own, expected = context.value(100 * row.value / country[0].value, "%"), context.value(100 * share, "%")
            sentence = (
                f"{context.name(row)} : {own} du total national pour {expected} de la population. Écart réel, ou "
                "couverture différente des données : à expliquer."
            )
            yield Finding(
                "part_et_population",
                "exactitude",
                "info",
                sentence,
                (row.id, country[0].id),
                own,
                expected,
                abs(ratio - 1),
            )


def _breakdowns(context: Context) -> Iterator[tuple[str, str, str, list[Any]]]:
    """The headline categories of each indicator, area and period."""
    categories = [row for row in context.published if row.category and row.headline]
    for (indicator, geo, period), rows in grouped(categories, "indicator", "geo", "time_period").items():
        yield indicator, geo, period, rows


def _children(context: Context, total: Any) -> set[str]:
    breakdown = context.registry[total.indicator].breakdown
    parent = total.category
    known = context.registry.categories.items()
    return {c for (b, c), item in known if b == breakdown and item.parent == parent and c != UNSAID}


def _parts(context: Context, total: Any, given: dict[str, Any]) -> list[Any]:
    """The given categories inside `total` that no other given part already contains."""
    inside = {code: row for code, row in given.items() if code != total.category and _is_inside(context, row, total)}
    return [row for row in inside.values() if not _has_given_ancestor(context, row, inside)]


def _is_inside(context: Context, row: Any, total: Any) -> bool:
    return not total.category or total.category in _ancestors(context, row.breakdown, row.category)


def _ancestors(context: Context, breakdown: str, category: str) -> list[str]:
    found = []
    while parent := context.registry.categories[breakdown, category].parent:
        found.append(parent)
        category = parent
    return found


def _has_given_ancestor(context: Context, row: Any, given: dict[str, Any]) -> bool:
    return any(code in given for code in _ancestors(context, row.breakdown, row.category))


def _leaves(context: Context, breakdown: str, under: str = "") -> set[str]:
    known = context.registry.categories.items()
    categories = {c: item for (b, c), item in known if b == breakdown and c != UNSAID}
    parents = {item.parent for item in categories.values()}
    return {
        c for c in categories if c not in parents and (not under or under in [c, *_ancestors(context, breakdown, c)])
    }


def _all_leaves(context: Context, breakdown: str, parts: list[Any]) -> bool:
    covered = set().union(*(_leaves(context, breakdown, row.category) for row in parts))
    return covered == _leaves(context, breakdown)


def _covers(context: Context, total: Any, parts: list[Any]) -> bool:
    covered = set().union(*(_leaves(context, parts[0].breakdown, row.category) for row in parts))
    return covered == _leaves(context, parts[0].breakdown, total.category)


def _against(context: Context, total: Any, parts: list[Any], *, complete: bool, nested: bool) -> Finding | None:
    sum_of_parts, stated = _sum(parts), allowed(total)
    if sum_of_parts.meets(stated):
        return None
    if complete or sum_of_parts.low > stated.high:
        what = "la somme de ses parties" if len(parts) > 1 else "une seule de ses parties"
        return _gap_of(context, total, parts, "total_et_parties", what)
    if nested and sum_of_parts.high < stated.low:
        return _gap_of(context, total, parts, "total_et_parties", "la somme des parties publiées", severity="info")
    return None


def _gap_of(context: Context, total: Any, parts: list[Any], check: str, what: str, severity: str = "alerte") -> Finding:
    value = sum(row.value for row in parts)
    recomputed = context.value(value, total.unit) if total.unit == "%" else context.text(total._replace(value=value))
    listed = joined(context.text(row) for row in parts) if len(parts) <= 6 else f"{len(parts)} valeurs"
    stated = f"{context.name(total)} : {context.text(total)} selon la source"
    sentence = f"{stated} ; {what} donne {recomputed} ({listed}). À expliquer."
    ids = (total.id, *(row.id for row in parts))
    gap = relative_gap(total.value, value)
    return Finding(check, "cohérence", severity, sentence, ids, context.text(total), recomputed, gap)


def _sum(parts: list[Any]) -> Interval:
    return reduce(lambda left, row: left + allowed(row), parts, exactly(0))


def _is_count(context: Context, indicator: str) -> bool:
    """Whether the indicator adds up over areas: a count, hours or an amount, not a share, a mean or a duration."""
    item = context.registry[indicator]
    counts = context.registry.units[item.unit][3] == 0 or item.unit in ("M€", "ETP")
    return counts and "_par_" not in indicator and not item.formula.startswith("100")


def _population_share(context: Context, geo: str) -> float:
    """The area's share of the population of the country, in the latest year known for both; 0 when none is."""
    own, country = (
        {row.time_period: row.value for row in context.groups("indicator", "geo").get(("population", code), [])}
        for code in (geo, "FR")
    )
    common = set(own) & set(country)
    return own[max(common)] / country[max(common)] if common else 0.0
