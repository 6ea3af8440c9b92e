"""`Study`: what a notebook asks of what is known. The only object that a notebook holds."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from cpsr_study import derivation, indicators, observations, paths, projects, reference
from cpsr_study.parameters import NEWEST, Parameters, resolve
from cpsr_study.selection import Missing, Observation, Selection, latest_row, listed
from cpsr_study.sources import Card
from cpsr_study.surroundings import Surroundings
from cpsr_study.territories import Territories

FEWEST_TO_RANK = 3
Figure = str | tuple[str, str]


class Study(Surroundings):
    """Selections of observations: a figure, a pair, a series, the categories, the areas."""

    @classmethod
    def open(
        cls,
        territory: str = "REG-28",
        edition: int | str = NEWEST,
        compare_with: str = "FR",
        data_dir: Path | None = None,
        **others: Any,
    ) -> "Study":
        """The study of a territory (code or name). RequestError when a parameter is wrong, DataError on bad data."""
        folder = data_dir or paths.data_dir()
        chosen = resolve(folder, territory=territory, edition=edition, compare_with=compare_with, **others)
        # Opened once by a process: the chapters forked from it find the study as it is.
        return _opened(folder.resolve(), chosen, observations.fingerprint(folder, chosen.edition))

    def select(
        self,
        indicator: str | list[str],
        geo: str | list[str] | None = None,
        *,
        category: str | list[str] | None = None,
        period: str | None = None,
    ) -> Selection:
        """All headline observations that match; `category=""` keeps totals only, None keeps everything."""
        names, geos = listed(indicator), listed(geo or self.territory.code)
        return self._selection(self._rows(names, geos, category, period), names[0], geos[0])

    def _rows(
        self,
        names: list[str],
        geos: list[str],
        category: str | list[str] | None = None,
        period: str | None = None,
    ) -> pd.DataFrame:
        """The same without their labels, which cost more than all the rest."""
        table = self._headlines
        kept = table["indicator"].isin(names) & table["geo"].isin(geos)
        if category is not None:
            kept &= table["category"].isin(listed(category))
        if period is not None:
            kept &= table["time_period"] == period
        return table[kept]

    def latest(self, indicator: str, category: str = "", geo: str | None = None) -> Observation | Missing:
        """The observation of the latest period known."""
        area = geo or self.territory.code
        return self._one(self._rows([indicator], [area], category), indicator, area)

    def _one(self, rows: pd.DataFrame, indicator: str, geo: str) -> Observation | Missing:
        """The latest of some rows."""
        return self._selection(latest_row(rows), indicator, geo).latest()

    def pair(self, indicator: str, category: str = "") -> list[Observation | Missing]:
        """The territory's observation and the reference's, of the latest period both have, else each one's latest."""
        both = [self._rows([indicator], [geo], category) for geo in self.geos]
        if period := _latest_common(both):
            both = [rows[rows["time_period"] == period][:1] for rows in both]
        return [self._one(rows, indicator, geo) for rows, geo in zip(both, self.geos, strict=True)]

    def beside(self, own: Observation) -> Observation | Missing | None:
        """The same figure of the area compared with, of the same period if it is known, else the latest."""
        if len(self.geos) < 2:
            return None
        known = self.select(own.indicator, self.compared.code, category=own.category)
        same = known.at(own.period)
        return same if isinstance(same, Observation) else known.latest()

    def series(
        self, indicator: str | list[str], geo: str | list[str] | None = None, category: str | None = ""
    ) -> Selection:
        """Every period known, in order."""
        return self.select(indicator, geo, category=category).sorted("time_period")

    def categories(self, indicator: str, geos: list[str] | None = None, period: str | None = None) -> Selection:
        """The categories of an indicator, of the latest period that the areas share (else the latest of each)."""
        geos = geos or self.geos
        frame = self._rows([indicator], geos)
        frame = frame[frame["category"] != ""]
        parts = [frame[frame["geo"] == geo] for geo in geos]
        period = period or _latest_common([part for part in parts if not part.empty])
        kept = [part[part["time_period"] == (period or part["time_period"].max())] for part in parts]
        return self._selection(pd.concat(kept) if kept else frame, indicator, geos[0])

    def each_category(self, indicator: str) -> Selection:
        """The categories of an indicator for the territory and the area compared with, each at its latest period."""
        frame = self._rows([indicator], self.geos)
        frame = frame[frame["category"] != ""].sort_values("time_period", kind="stable")
        latest = frame.drop_duplicates(["geo", "category"], keep="last")
        order = latest.assign(_order=latest["geo"].map(self.geos.index)).sort_values(["_order", "time_period"])
        return self._selection(order.drop(columns="_order"), indicator, self.territory.code)

    def areas(self, figures: Figure | Sequence[Figure], codes: list[str]) -> Selection:
        """The figures (`indicator` or `(indicator, category)`) of many areas, each at the latest period most have."""
        several: list[Figure] = [figures] if isinstance(figures, str | tuple) else list(figures)
        wanted = [(item, "") if isinstance(item, str) else item for item in several]
        frame = self._rows([name for name, _ in wanted], codes)
        kept = []
        for name, category in wanted:
            group = frame[(frame["indicator"] == name) & (frame["category"] == category)]
            if not group.empty:
                counts = group.groupby("time_period")["geo"].nunique()
                kept.append(group[group["time_period"] == counts[counts == counts.max()].index.max()])
        return self._selection(pd.concat(kept) if kept else frame.iloc[:0], wanted[0][0], self.territory.code)

    def departement_map(self, indicator: str) -> Selection:
        """The indicator for all the départements, to be drawn."""
        return self.areas(indicator, self._members["FR"])

    def ranking(self, indicator: str) -> Selection:
        """The indicator for the areas of the same level and for metropolitan France; empty when it ranks nothing."""
        known = self.areas(indicator, [*self.peers(), "FRMET"])
        few = len(known.frame[known.frame["geo"] != "FRMET"]) < FEWEST_TO_RANK
        return Selection(known.frame.iloc[:0], known.missing) if few else known

    def comparable(self, *, relative: bool) -> list[Selection]:
        """For each indicator known here and for others of the level at the same period, the level's observations.

        `relative` gives rates and ratios, else what grows with the size of an area: counts, and shares of France.
        """
        known = set(self.table.loc[self.table["geo"] == self.territory.code, "indicator"])
        wanted = [
            item.id
            for item in self.registry.indicators.values()
            if item.id in known and relative == (bool(item.denominator) and "@FR" not in item.formula)
        ]
        peers = [found.only(geo=self.peers()) for found in map(self.ranking, wanted)]
        return [found for found in peers if (found.frame["geo"] == self.territory.code).any()]

    def projects(self) -> Selection:
        """Hours of each large project, with its cluster (`grappe`), place (`lieu`) and whether it is `inside`."""
        hours = self.select(projects.HOURS, category=None)
        located = projects.places(self.reference_table("grands_projets"), self.territories, self.territory.code)
        columns = ["projet", "grappe", "lieu", "maitre_ouvrage", "inside"]
        frame = projects.last_list(hours.frame).merge(
            located[columns], left_on="category", right_on="projet", how="left"
        )
        frame["where"] = ["Dans le territoire" if inside else "Hors du territoire" for inside in frame["inside"]]
        frame["shown"] = frame["category_label"] + [
            "" if inside else " (hors du territoire)" for inside in frame["inside"]
        ]
        return Selection(frame.sort_values(["grappe", "value"], ascending=[True, False]), hours.missing)

    def projects_done(self) -> Selection:
        """Hours done on each large project in the latest year known, and their share of those of the territory, with
        the name that the structures give it (`project`)."""
        known = self.select("heures_projet").frame["time_period"]
        found = self.select(["heures_projet", "part_heures_projet"], period=known.max() if len(known) else None)
        # Only the hours are counted by project: a share, computed, has no place in the micro-data.
        names = found.frame.groupby("category")["locator"].transform("max")
        return Selection(found.frame.assign(project=names), found.missing)

    def statements(
        self,
        quantities: Figure | list[Figure],
        geo: str | list[str] | None = None,
        last: int = 1000,
    ) -> Selection:
        """The statements of some quantities (`indicator` or `(indicator, category)`), of every source.

        `last` keeps so many periods of each source that repeats itself, the latest.
        """
        wanted = [(name, "") if isinstance(name, str) else name for name in listed(quantities)]
        geos = listed(geo or self.territory.code)
        keys = zip(self.table["indicator"], self.table["category"], strict=True)
        asked = pd.Series([key in wanted for key in keys], index=self.table.index)
        frame = self.table[asked & self.table["geo"].isin(geos)]
        age = frame.groupby(["indicator", "geo", "source"])["time_period"].rank(method="dense", ascending=False)
        frame = frame[age <= last]
        order = frame["geo"].map(geos.index)
        frame = frame.assign(_order=order).sort_values(["_order", "time_period"], kind="stable").drop(columns="_order")
        return self._selection(frame, wanted[0][0], geos[0])

    @cached_property
    def contract_cards(self) -> list[Card]:
        """Cards of the files of contracts that this edition knows; none when none was imported."""
        return [card for card in self.cards if card.source == "decp"]

    def largest_reserved(self) -> pd.DataFrame:
        """The largest reserved contracts of the territory's buyers (columns: see `sources.decp.listings`)."""
        from cpsr_study.sources.decp import listings

        return listings.largest_reserved(self.contract_cards, self.territory, self.territories, self.data_dir)

    def declaring_buyers(self) -> pd.DataFrame:
        """What the territory's buyers answer on social considerations (columns: see `sources.decp.listings`)."""
        from cpsr_study.sources.decp import listings

        return listings.buyers(self.contract_cards, self.territory, self.territories, self.data_dir)

    def known_areas(self, indicator: str) -> list[str]:
        """Codes of all the areas for which a source gives the indicator; the territory alone when none does."""
        rows = self.table[(self.table["indicator"] == indicator) & (self.table["source"] != derivation.SOURCE)]
        return sorted(rows["geo"].unique()) or [self.territory.code]


def _latest_common(frames: list[pd.DataFrame]) -> str | None:
    """The latest period present in all the frames."""
    periods = [set(frame["time_period"]) for frame in frames]
    common = set.intersection(*periods) if periods else set()
    return max(common) if common else None


@lru_cache(maxsize=2)
def _opened(folder: Path, chosen: Parameters, _fingerprint: str) -> Study:
    areas = Territories.load(folder, chosen.edition)
    table = observations.table(folder, chosen.edition)
    for code in dict.fromkeys([chosen.territory, chosen.compare_with]):
        table = observations.with_area(table, folder, chosen.edition, areas, code)
    registry = indicators.read(folder)
    for code in dict.fromkeys([chosen.territory, chosen.compare_with]):
        located = projects.places(reference.read(folder, "grands_projets"), areas, code)
        table = projects.with_scenario(table, registry, located, code, chosen.project_years)
    return Study(chosen, folder, registry, areas, table)
