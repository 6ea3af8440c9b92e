"""Derived observations: regions summed from their départements, and formulas of the registry.

Every derived row keeps its formula and the ids of its inputs. Nothing is derived where a source states the value,
and a sum exists only when every départements of the area is there: a partial sum would be a wrong number.
"""

import re

import pandas as pd

from cpsr_study.indicators import Indicator, Registry

SOURCE = "calcul"
# What a result inherits from its inputs: the least certain of them.
CERTAINTY = ["A", "P", "E", "U", "F", "S"]  # S: hidden, and so is all that would be made of it
PASSES = 4  # depth of the longest chain of formulas: rate -> persons -> per inhabitant -> against France
_KEY = ["geo", "time_period", "breakdown", "category"]


def derive(
    frame: pd.DataFrame, registry: Registry, members: dict[str, list[str]], moved: set[str] | None = None
) -> pd.DataFrame:
    """`frame` plus all that can be derived from it or, when all but the indicators `moved` was already, from these.

    `members` maps an area to the codes of its départements. `frame` must hold ids and one headline per key
    (column `headline`); the result has the same columns.
    """
    for _ in range(PASSES):
        new = [
            rows
            for indicator in registry.indicators.values()
            if moved is None or indicator.needs & moved
            for rows in (
                # First the sum of the départements: a formula on sums would say less.
                _by_aggregation(frame, indicator, members, registry),
                _by_formula(frame, indicator, registry),
            )
            if rows is not None and not rows.empty
        ]
        if not new:
            return frame
        added = pd.concat(new, ignore_index=True).drop_duplicates("id")
        added = added[~added["id"].isin(frame["id"])]
        moved = set(added["indicator"])
        frame = pd.concat([frame, added], ignore_index=True)
    return frame


def make_id(indicator: str, geo: str, period: str, category: str = "") -> str:
    """Stable name of an observation, usable as an anchor."""
    parts = [indicator, geo, period, category]
    return re.sub(r"[^A-Za-z0-9_.@~-]", "-", ".".join(part for part in parts if part))


def leaves(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """For each id, those of the stated observations it rests on, through all its inputs: itself when it is stated."""
    inputs = dict(zip(table["id"], table["inputs"].str.split(), strict=True))
    found: dict[str, tuple[str, ...]] = {}

    def of(name: str) -> tuple[str, ...]:
        if name not in found:
            below = [leaf for each in inputs[name] for leaf in of(each)]
            found[name] = tuple(dict.fromkeys(below or [name]))
        return found[name]

    return {name: of(name) for name in inputs}


def _headline(frame: pd.DataFrame, indicator: str) -> pd.DataFrame:
    return frame[(frame["indicator"] == indicator) & frame["headline"]]


def _by_aggregation(
    frame: pd.DataFrame, indicator: Indicator, members: dict[str, list[str]], registry: Registry
) -> pd.DataFrame | None:
    if not indicator.aggregation:
        return None
    kind, _, other = indicator.aggregation.partition(":")
    if kind == "reste":
        return _rest(frame, indicator.id, other, registry)
    weight_name = other
    own = _headline(frame, indicator.id)
    own = own[(own["category"] == "") & own["value"].notna()]
    weights = _headline(frame, weight_name).set_index(["geo", "time_period"]) if weight_name else None
    stated = set(zip(own["geo"], own["time_period"], strict=True))
    rows = []
    for period, group in own.groupby("time_period", sort=True):
        by_geo = group.set_index("geo")
        for area, codes in members.items():
            if (area, period) in stated or not codes or not set(codes) <= set(by_geo.index):
                continue
            parts = by_geo.loc[codes]
            value, inputs = _total(parts, weights, period)
            if value is not None:
                text = f"moyenne pondérée ({weight_name})" if weight_name else "somme"
                rows.append(
                    {
                        "geo": area,
                        "time_period": period,
                        "breakdown": "",
                        "category": "",
                        "value": value,
                        "status": max(parts["status"], key=CERTAINTY.index),
                        "published": parts["published"].max(),
                        "inputs": " ".join(inputs),
                        "formula": f"{text} des {len(codes)} départements",
                    }
                )
    return _as_rows(pd.DataFrame(rows), indicator.id) if rows else None


def _rest(frame: pd.DataFrame, indicator: str, parts: str, registry: Registry) -> pd.DataFrame | None:
    """What the published categories of an exclusive breakdown leave unexplained, of 100 %."""
    known = set(frame.loc[frame["indicator"] == indicator, "id"])
    own = _headline(frame, parts)
    keys = zip(own["breakdown"], own["category"], strict=True)
    # A series, not a list: an empty list would choose no column instead of no row.
    top = pd.Series([bool(c) and not registry.categories[b, c].parent for b, c in keys], own.index, dtype=bool)
    rows = [
        {
            "geo": geo,
            "time_period": period,
            "breakdown": "",
            "category": "",
            "value": round(100 - group["value"].sum(), 9) + 0.0,  # parts computed from hours add up to 100 exactly
            "status": max(group["status"], key=CERTAINTY.index),
            "published": group["published"].max(),
            "inputs": " ".join(group["id"]),
            "formula": f"100 − somme des {len(group)} catégories publiées",
        }
        for (geo, period), group in own[top].groupby(["geo", "time_period"], sort=True)
        if len(group) > 1 and group["value"].notna().all() and make_id(indicator, geo, period) not in known
    ]
    return _as_rows(pd.DataFrame(rows), indicator) if rows else None


def _total(parts: pd.DataFrame, weights: pd.DataFrame | None, period: str) -> tuple[float | None, list[str]]:
    if weights is None:
        return float(parts["value"].sum()), list(parts["id"])
    keys = [(code, period) for code in parts.index]
    if not set(keys) <= set(weights.index):
        return None, []
    used = weights.loc[keys]
    total = float((parts["value"].to_numpy() * used["value"].to_numpy()).sum() / used["value"].sum())
    return total, [*parts["id"], *used["id"]]


def _by_formula(frame: pd.DataFrame, indicator: Indicator, registry: Registry) -> pd.DataFrame | None:
    if not indicator.formula:
        return None
    first, *others = indicator.inputs
    joined = _headline(frame, first.removesuffix("@FR"))[[*_KEY, "value", "id", "status", "published"]]
    if "@FR" in indicator.formula:
        joined = joined[joined["geo"] != "FR"]
    joined = joined.rename(columns={"value": first, "id": f"{first} id", "status": f"{first} status"})
    for name in others:
        joined = _join(joined, frame, name, registry, indicator.periods)
    own = frame[frame["indicator"] == indicator.id]
    known = set(zip(own["geo"], own["time_period"], own["category"], strict=True))
    keys = zip(joined["geo"], joined["time_period"], joined["category"], strict=True)
    joined = joined[[key not in known for key in keys]]
    if joined.empty:
        return None
    names = indicator.inputs
    result = joined[[*_KEY, "published"]].assign(
        value=joined.rename(columns=lambda name: name.replace("@FR", "__FR")).eval(indicator.expression),
        status=_least_certain(joined[[f"{name} status" for name in names]]),
        inputs=joined[[f"{name} id" for name in names]].agg(" ".join, axis=1),
        formula=indicator.formula,
    )
    return _as_rows(result[(result["value"].abs() < float("inf")) | (result["status"] == "S")], indicator.id)


def _join(left: pd.DataFrame, frame: pd.DataFrame, name: str, registry: Registry, periods: str) -> pd.DataFrame:
    """Bring the input `name` beside each row: same area (or France), same or nearest period, same category."""
    bare = name.removesuffix("@FR")
    right = _headline(frame, bare)
    columns = ["geo", "time_period", "value", "id", "status", "published"]
    on = ["geo"]
    if registry[bare].breakdown:
        columns, on = [*columns, "category"], ["geo", "category"]
    else:
        right = right[right["category"] == ""]
    right = right[columns].rename(
        columns={"value": name, "id": f"{name} id", "status": f"{name} status", "published": "_published"}
    )
    if name.endswith("@FR"):
        right = right[right["geo"] == "FR"].drop(columns="geo")
        on = [column for column in on if column != "geo"]
    if periods == "proche":
        right = right.rename(columns={"time_period": "_period"})
        both = left.merge(right, on=on) if on else left.merge(right, how="cross")
        both["_gap"] = [abs(_year(a) - _year(b)) for a, b in zip(both["time_period"], both["_period"], strict=True)]
        # The nearest known period; of two equally near, the earlier, known when the numerator was counted.
        both = both.sort_values(["_gap", "_period"], kind="stable").drop_duplicates(_KEY).sort_index()
        both = both.drop(columns=["_gap", "_period"])
    else:
        both = left.merge(right, on=[*on, "time_period"])
    both["published"] = both[["published", "_published"]].max(axis=1)
    return both.drop(columns="_published")


def _year(period: str) -> float:
    year, _, month = period.partition("-")
    return int(year) + (int(month) - 1) / 12 if month else float(year)


def _least_certain(statuses: pd.DataFrame) -> pd.Series:
    """The least certain status of each line."""
    ranks = statuses.apply(lambda column: column.map(CERTAINTY.index))
    return ranks.max(axis=1).map(CERTAINTY.__getitem__)


def _as_rows(frame: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Derived values as observations: what the registry and the formula say, nothing from a document."""
    names = zip(frame["geo"], frame["time_period"], frame["category"], strict=True)
    empty = dict.fromkeys(["vintage", "as_published", "locator", "note", "correction"], "")
    return frame.assign(
        id=[make_id(indicator, *name) for name in names],
        indicator=indicator,
        source=SOURCE,
        kind=SOURCE,
        headline=True,
        **empty,
    )
