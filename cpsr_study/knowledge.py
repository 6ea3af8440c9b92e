"""What is known: the table of one edition, seen from one territory, and where each of its numbers comes from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from cpsr_study import checks, derivation, indicators, reference
from cpsr_study.indicators import Registry
from cpsr_study.parameters import Parameters
from cpsr_study.selection import SEPARATOR, Missing, Selection, label
from cpsr_study.sources import Card, known_in
from cpsr_study.territories import Territories, Territory

OWN = "Calcul de l’étude"  # what the registry gives as source of a figure that nobody publishes


@dataclass(frozen=True)
class Knowledge:
    """A territory, an edition, an area to compare with, and the table of what is known.

    `table` holds the observations of the edition (columns: see `observations`), for every area.
    """

    parameters: Parameters
    data_dir: Path
    registry: Registry
    territories: Territories
    table: pd.DataFrame

    def prepare(self) -> None:
        """Work out what every chapter asks for, once, before they are forked from this process."""
        for table in (self.marked, self._origins, self._derived, self._by_id, self._hidden, self._headlines):
            len(table)

    @property
    def edition(self) -> int:
        return self.parameters.edition

    @cached_property
    def territory(self) -> Territory:
        return self.territories.get(self.parameters.territory)

    @cached_property
    def compared(self) -> Territory:
        """The area compared with."""
        return self.territories.get(self.parameters.compare_with)

    @property
    def name(self) -> str:
        return self.territory.name

    @property
    def le(self) -> str:
        """« la Normandie »"""
        return self.territory.le

    @property
    def de(self) -> str:
        """« de Normandie »"""
        return self.territory.de

    @property
    def en(self) -> str:
        """« en Normandie »"""
        return self.territory.en

    @cached_property
    def geos(self) -> list[str]:
        """The territory and the area compared with, once each."""
        return list(dict.fromkeys([self.territory.code, self.compared.code]))

    @cached_property
    def cards(self) -> list[Card]:
        """Cards of the sources that this edition knows."""
        return known_in(self.data_dir, self.edition)

    @cached_property
    def findings(self) -> list[checks.Finding]:
        """What the checks say of the observations of the territory, of the area compared with and of France."""
        return self._examined(self.table[self.table["geo"].isin([*self.geos, "FR", *self.departements])])

    @cached_property
    def findings_everywhere(self) -> list[checks.Finding]:
        """What the checks say of all that the edition knows, whatever the area."""
        return self._examined(self.table)

    def _examined(self, scope: pd.DataFrame) -> list[checks.Finding]:
        # A source may still speak of an area that the geography of the edition no longer has.
        scope = scope[scope["value"].notna()]  # a hidden figure says nothing to compare
        known = [code for code in scope["geo"].unique() if code in self.territories]
        names = {code: self.territories.get(code).name for code in known}
        return checks.run(scope, self.registry, self._members, names)

    @cached_property
    def marked(self) -> dict[str, str]:
        """Ids of the observations to verify, and the finding that says why: they bear a discreet mark.

        DataError on a finding that is an error: no report shows numbers beside it.
        """
        checks.stop_on_error(self.findings)
        serious = [finding for finding in self.findings if finding.severity != "info"]
        return {name: finding.anchor for finding in reversed(serious) for name in finding.ids}

    @cached_property
    def _origins(self) -> dict[str, tuple[str, ...]]:
        """For each observation, the names of the sources it rests on, through all its inputs."""
        titles = {(card.source, card.vintage): card.label for card in self.cards}
        keys = zip(self.table["source"], self.table["vintage"], strict=True)
        own = {name: titles.get(key, key[0]) for name, key in zip(self.table["id"], keys, strict=True)}
        return {
            name: tuple(dict.fromkeys(own[leaf] for leaf in below))
            for name, below in derivation.leaves(self.table).items()
        }

    def source_label(self, name: str) -> str:
        """« Insee, Filosofi 2020 » or, for a computed observation, its sources and « calcul »."""
        origins = self._origins[name]
        return SEPARATOR.join([*origins, "calcul"] if name in self._derived else origins)

    @cached_property
    def _derived(self) -> set[str]:
        return set(self.table.loc[self.table["source"] == derivation.SOURCE, "id"])

    @cached_property
    def departements(self) -> list[str]:
        """Codes of the départements of the territory, the territory itself when it is one, else none."""
        if self.territory.level == "DEP":
            return [self.territory.code]
        if self.territory.level in ("REG", "FR", "FRMET"):
            return self._members[self.territory.code]
        return []

    @cached_property
    def _members(self) -> dict[str, list[str]]:
        return indicators.parents_of_departements(self.territories)

    def reference_table(self, name: str) -> pd.DataFrame:
        """A table of texts of `data/reference`: legal framework, typology, networks..."""
        return reference.read(self.data_dir, name)

    def denominators(self, *names: str) -> str:
        """What each share is a share of, in a note."""
        known = [self.registry[name] for name in names]
        return " ; ".join(f"{item.label} : base = {self._base(item.denominator)}" for item in known) + "."

    def _base(self, denominator: str) -> str:
        found = self.registry.indicators.get(denominator)
        return found.label if found else denominator

    def missing(self) -> list[Missing]:
        """The figures that sources are expected to give for every territory and that are not known for this one."""
        known = set(self.table.loc[self.table["geo"] == self.territory.code, "indicator"])
        return [self._missing(name, self.territory.code) for name in self.expected if name not in known]

    @cached_property
    def expected(self) -> list[str]:
        """Indicators that a source is expected to give for every territory: neither computed nor national."""
        return [
            item.id
            for item in self.registry.indicators.values()
            if not item.scope and item.expected_source not in ("", OWN) and "reste" not in item.aggregation
        ]

    def trace(self, ids: list[str], max_inputs: int = 1000) -> pd.DataFrame:
        """The observations named, then their inputs, all the way down, without repetition.

        An observation with more than `max_inputs` inputs is given without them.
        """
        found: dict[str, None] = {}
        todo = [name for name in ids if name in self._by_id.index]
        while todo:
            name = todo.pop(0)
            if name not in found:
                found[name] = None
                inputs = self._by_id.at[name, "inputs"].split()
                todo += inputs if len(inputs) <= max_inputs else []
        return label(self._by_id.loc[list(found)].reset_index(drop=True), self)

    def is_without_object(self, item: Missing) -> bool:
        """Whether the figure has no meaning there: a share of France for France, a local scenario elsewhere."""
        known = self.registry[item.indicator]
        of_itself = item.geo == "FR" and "@FR" in known.formula
        return of_itself or (known.theme == "grands_projets" and item.geo != self.territory.code)

    def labelled(self, ids: list[str]) -> pd.DataFrame:
        """The observations of those ids, with their labels."""
        return label(self._by_id.loc[ids].reset_index(drop=True), self)

    def row(self, name: str) -> pd.Series:
        """The observation of that id."""
        return self._by_id.loc[name]

    @cached_property
    def _headlines(self) -> pd.DataFrame:
        """The observations to show: one for each quantity, area, period and category."""
        return self.table[self.table["headline"]]

    @cached_property
    def _by_id(self) -> pd.DataFrame:
        return self.table.set_index("id", drop=False)

    def _selection(self, frame: pd.DataFrame, indicator: str, geo: str) -> Selection:
        return Selection(label(frame, self), self._missing(indicator, geo))

    def _missing(self, indicator: str, geo: str) -> Missing:
        known, area = self.registry[indicator], self.territories.get(geo)
        if (indicator, geo) in self._hidden:
            return Missing(indicator, known.label, geo, area.en, (), secret=True)
        return Missing(indicator, known.label, geo, area.en, self._expected_sources(indicator, geo))

    @cached_property
    def _hidden(self) -> set[tuple[str, str]]:
        """Indicators and areas of which all that is known is hidden by confidentiality."""
        shown = self.table[self.table["status"] != "S"]
        return self._given - set(zip(shown["indicator"], shown["geo"], strict=True))

    def _expected_sources(self, indicator: str, geo: str) -> tuple[str, ...]:
        """Who is expected to publish it or, for a computed indicator, who publishes those of its inputs that lack."""
        known = self.registry[indicator]
        if known.formula and not known.aggregation and known.expected_source not in ("", OWN):
            return (known.expected_source,)  # published as it is, and only else computed
        rest = known.aggregation.removeprefix("reste:")
        names = known.inputs or ([rest] if rest != known.aggregation else [])
        lacking = [
            name.removesuffix("@FR")
            for name in names
            if (name.removesuffix("@FR"), "FR" if name.endswith("@FR") else geo) not in self._given
        ]
        below = [self.registry[name.removesuffix("@FR")] for name in lacking or names]
        sources = [item.expected_source for item in below if not item.formula] or [known.expected_source]
        return tuple(dict.fromkeys(source for source in sources if source and source != OWN))

    @cached_property
    def _given(self) -> set[tuple[str, str]]:
        """Indicators and areas of which something is known."""
        return set(zip(self.table["indicator"], self.table["geo"], strict=True))
