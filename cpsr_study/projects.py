"""Large projects: their hours inside and outside the territory, and what they would ask of it each year.

The scenario is an assumption, not a forecast: the hours of the projects executed in the territory, spread evenly
over `project_years` years, at the hours per participant last observed there.
"""

import pandas as pd

from cpsr_study import derivation
from cpsr_study.indicators import Registry
from cpsr_study.territories import Territories

HOURS = "heures_grand_projet"
ASSUMPTION = "annees_projets"


def places(table: pd.DataFrame, territories: Territories, territory: str) -> pd.DataFrame:
    """`grands_projets.csv` with `inside`: whether each project is executed in the territory."""
    return table.assign(inside=[territories.is_within(code, territory) for code in table["lieu_geo"]])


def last_list(hours: pd.DataFrame) -> pd.DataFrame:
    """The projects as last announced: a later list replaces the earlier ones, whose projects it may state again."""
    return hours[hours["time_period"] == hours["time_period"].max()]


def with_scenario(
    frame: pd.DataFrame, registry: Registry, located: pd.DataFrame, territory: str, years: int
) -> pd.DataFrame:
    """The observations plus totals inside and outside the territory, the assumption, and what derives from them."""
    own = frame[(frame["indicator"] == HOURS) & (frame["geo"] == territory) & frame["headline"]]
    if own.empty:
        return frame
    own = last_list(own)
    inside = set(located.loc[located["inside"], "projet"])
    groups = {
        "heures_grands_projets_total": own,
        "heures_grands_projets_territoire": own[own["category"].isin(inside)],
        "heures_grands_projets_hors": own[~own["category"].isin(inside)],
    }
    period = own["time_period"].max()
    rows = [_total(name, group, territory, period) for name, group in groups.items()]
    rows.append(_assumption(territory, period, years))
    new = pd.DataFrame(rows)
    new = new.assign(unit=[registry[name].unit for name in new["indicator"]])
    scope = frame[frame["geo"] == territory]
    moved = set(new["indicator"])
    derived = derivation.derive(pd.concat([scope, new], ignore_index=True), registry, {}, moved)
    derived = derived[~derived["id"].isin(frame["id"])]
    units = [registry[name].unit for name in derived["indicator"]]
    return pd.concat([frame, derived.assign(unit=units)[frame.columns]], ignore_index=True)


def _total(name: str, group: pd.DataFrame, territory: str, period: str) -> dict[str, object]:
    return _row(name, territory, period, float(group["value"].sum())) | {
        "formula": f"somme des heures de {len(group)} projets",
        "inputs": " ".join(group["id"]),
        "status": "E",
        "published": group["published"].max() if len(group) else "",
    }


def _assumption(territory: str, period: str, years: int) -> dict[str, object]:
    return _row(ASSUMPTION, territory, period, float(years)) | {
        "source": "hypothèse",
        "kind": "hypothèse",
        "status": "E",
        "locator": "paramètre project_years",
        "note": "Hypothèse de travail, à changer dans les paramètres.",
    }


def _row(name: str, territory: str, period: str, value: float) -> dict[str, object]:
    columns = ["breakdown", "category", "vintage", "published", "as_published", "locator", "note", "formula", "inputs"]
    return dict.fromkeys([*columns, "correction"], "") | {
        "id": derivation.make_id(name, territory, period),
        "indicator": name,
        "geo": territory,
        "time_period": period,
        "value": value,
        "source": derivation.SOURCE,
        "kind": derivation.SOURCE,
        "headline": True,
    }
