"""The figures that no sum binds: operations, buyers, companies, pace, lengths, weights."""

from datetime import date
from typing import TYPE_CHECKING

from cpsr_study.disclosure import Rule
from cpsr_study.sources.clause import pace

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources.clause.counting import Year

FULL_TIME = 1607  # hours of a year of full-time work
LATE = 0.10  # an operation is late when its hours are more than ten points behind its calendar

Figures = list[tuple[str, str, float | None]]


def figures(data: "Year", shown: dict[tuple[str, str], float | None], rule: Rule) -> Figures:
    """(indicator, category, value or None when it is hidden). `shown` holds the figures of the linked tables."""
    lines, markets = data.lines, data.markets
    found: Figures = [
        ("marches_clauses", "", float(len(markets))),
        ("maitres_ouvrage", "", float(markets["acheteur_cle"].nunique())),
        ("entreprises_clauses", "", float(lines["employeur"].nunique())),
        ("marches_en_retard", "", float(late(data).sum())),
        *(("marches_type", str(code), float(n)) for code, n in markets["type_marche"].value_counts().items()),
        *_lengths(lines, shown, rule),
    ]
    weights = markets["poids_critere"].dropna()
    if len(weights):
        found.append(("poids_moyen_critere", "", float(weights.mean()) if len(weights) >= 3 else None))
    return found


def _lengths(lines: "pd.DataFrame", shown: dict[tuple[str, str], float | None], rule: Rule) -> Figures:
    """Hours as full-time years, and the length of contracts: from what is shown only."""
    hours, contracts = shown.get(("heures_insertion", ""), 0.0), shown.get(("contrats", ""), 0.0)
    found: Figures = [("etp_insertion", "", None if hours is None else hours / FULL_TIME)]
    mean = None if hours is None or contracts is None else hours / FULL_TIME / contracts if contracts else None
    found += [("duree_moyenne_contrat_etp", "", mean), ("duree_moyenne_contrat_mois", "", mean and 12 * mean)]
    ended = lines.dropna(subset=["jours"])
    if len(ended):
        many = ended["person"].nunique() >= rule.persons
        found.append(("duree_moyenne_contrat_jours", "", float(ended["jours"].mean()) if many else None))
        found.append(("duree_mediane_contrat_jours", "", float(ended["jours"].median()) if many else None))
    return found


def _done(data: "Year") -> "pd.Series":
    """Hours done by each operation until the end of the year."""
    until = data.past.groupby("market")["heures"].sum()
    return data.markets["market"].map(until).fillna(0.0)


def late(data: "Year") -> "pd.Series":
    """Whether each operation in progress at the end of the year is behind: its hours, less than its calendar."""
    share = _done(data) / data.markets["heures_prevues"].where(lambda hours: hours > 0)
    return (share < pace.elapsed(data.markets, date(data.year, 12, 31)) - LATE).fillna(False)
