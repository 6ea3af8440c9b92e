"""Relations that published figures must satisfy (`data/reference/relations.csv`), within what their words allow.

`left = right`, over indicators: `x`, `x[category]`, `x[*]` (the same category everywhere), `x@prev` (the year
before). Values are intervals: a relation fails only when no rounding can reconcile its two sides.
"""

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from cpsr_study.checks.findings import Context, Finding, allowed, joined, relative_gap
from cpsr_study.indicators import Relation
from cpsr_study.precision import evaluate, exactly

_NAME = re.compile(r"([a-z_][a-z0-9_]*)(?:\[([a-z0-9_*]*)\])?(@prev)?")
MOST_COMBINATIONS = 64


def between_figures(context: Context) -> Iterator[Finding]:
    """A relation that no combination of the published values satisfies."""
    for relation in context.registry.relations:
        if relation.kind != "egalite":
            continue
        for case in _cases(context, relation):
            if not any(_holds(relation, combination) for combination in case):
                # Of several statements, those that the document puts on one slide: they were meant together.
                yield _finding(
                    context, relation, min(case, key=lambda rows: len({row.locator for row in rows.values()}))
                )


def same_thing_elsewhere(context: Context) -> Iterator[Finding]:
    """Two sources that measure the same thing under two names, at the nearest periods, and disagree."""
    for relation in context.registry.relations:
        if relation.kind != "meme_chose":
            continue
        left, right = (context.known(*_parse(side)[:2]) for side in (relation.left, relation.right))
        for geo in sorted({row.geo for row in left} & {row.geo for row in right}):
            own = max((row for row in left if row.geo == geo), key=lambda row: row.time_period)
            others = [row for row in right if row.geo == geo]
            other = min(others, key=lambda row: abs(int(row.time_period[:4]) - int(own.time_period[:4])))
            if not context.allowed(own).meets(context.allowed(other)):
                sentence = (
                    f"{context.name(own)} : {context.text(own)} ; {context.name(other)} : {context.text(other)}. "
                    f"{relation.sentence}"
                )
                texts = (context.text(own), context.text(other))
                gap = relative_gap(own.value, other.value)
                yield Finding("deux_sources", "exactitude", "alerte", sentence, (own.id, other.id), *texts, gap)


def supported_by(context: Context, row: Any) -> list[str]:
    """The relations that hold with this statement of a quantity and fail with another, each with its numbers."""
    found = []
    for relation in context.registry.relations:
        if relation.kind != "egalite" or row.indicator not in f"{relation.left} {relation.right}":
            continue
        for case in _cases(context, relation):
            mine = [combination for combination in case if row.id in {item.id for item in combination.values()}]
            rest = [combination for combination in case if combination not in mine]
            holding = [combination for combination in mine if _holds(relation, combination)]
            if rest and holding and not any(_holds(relation, combination) for combination in rest):
                found.append(_evidence(context, relation, row, holding[0], rest))
    return found


def _evidence(
    context: Context, relation: Relation, row: Any, holding: dict[str, Any], rest: list[dict[str, Any]]
) -> str:
    """« Durée moyenne d’un contrat » (0,19 ETP d’après les autres chiffres ; 0,19 ETP avec 61 886, …)"""
    name = next(name for name, item in holding.items() if item.id == row.id)
    depends = [side for side in (relation.left, relation.right) if name in {m[0] for m in _NAME.finditer(side)}]
    if len(depends) != 1:
        return f"« {relation.label} »"  # both sides move with the value: there is nothing fixed to compare with
    apart = relation.right if depends[0] == relation.left else relation.left
    tried = [holding, *{combination[name].id: combination for combination in rest}.values()]
    given = context.value(_exact(apart, holding), relation.unit)
    listed = ", ".join(
        f"{context.value(_exact(depends[0], each), relation.unit)} avec {context.text(each[name])}" for each in tried
    )
    return f"« {relation.label} » ({given} d’après les autres chiffres ; {listed})"


def _cases(context: Context, relation: Relation) -> Iterator[list[dict[str, Any]]]:
    """For each area, period (and category): the combinations of statements to put in the relation."""
    names = list(dict.fromkeys(match[0] for match in _NAME.finditer(f"{relation.left} {relation.right}")))
    first = _parse(names[0])
    starred = any("[*]" in name for name in names)
    known = context.by_indicator.get(first[0], [])
    for geo, period, category in dict.fromkeys((row.geo, row.time_period, row.category) for row in known):
        if not starred and category != (first[1] or ""):
            continue
        choices = [_statements(context, name, geo, period, category) for name in names]
        if all(choices):
            combinations = islice(product(*choices), MOST_COMBINATIONS)
            yield [dict(zip(names, combination, strict=True)) for combination in combinations]


def _statements(context: Context, name: str, geo: str, period: str, category: str) -> list[Any]:
    indicator, wanted, previous = _parse(name)
    when = str(int(period[:4]) - 1) if previous else period
    return context.rows(indicator, geo, when, category if wanted == "*" else wanted)


def _parse(name: str) -> tuple[str, str, bool]:
    found = _NAME.fullmatch(name)
    assert found, name
    return found[1], found[2] or "", bool(found[3])


def _holds(relation: Relation, rows: dict[str, Any]) -> bool:
    values = {name: allowed(row) for name, row in rows.items()}
    return evaluate(relation.left, values).meets(evaluate(relation.right, values))


def _exact(side: str, rows: dict[str, Any]) -> float:
    """A side of a relation with the values as they were typed."""
    return evaluate(side, {name: exactly(row.value) for name, row in rows.items()}).low


def _finding(context: Context, relation: Relation, rows: dict[str, Any]) -> Finding:
    stated, recomputed = _exact(relation.left, rows), _exact(relation.right, rows)
    first = next(iter(rows.values()))
    texts = [context.value(value, relation.unit) for value in (stated, recomputed)]
    told = list(rows.values())
    if _NAME.fullmatch(relation.left):
        texts[0] = context.text(told.pop(0))  # a stated value keeps the decimals it was given
    used = joined(f"{context.name(row)} : {context.text(row)}" for row in told)
    sentence = (
        f"{relation.label}, {context.names.get(first.geo, first.geo)}, {first.time_period} : {texts[0]} selon la "
        f"source, {texts[1]} par le calcul ({used}). À expliquer."
    )
    ids = tuple(dict.fromkeys(row.id for row in rows.values()))
    gap = relative_gap(stated, recomputed)
    return Finding(f"relation_{relation.id}", "cohérence", "alerte", sentence, ids, texts[0], texts[1], gap)
