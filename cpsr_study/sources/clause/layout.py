"""Which figures of the clause sociale add up to which: the linear relations that a reader of the report can use.

Every figure about people or hours is a sum of elementary quantities (`parts`). The publication hides what it must with
this layout, and the audit of a finished report attacks it with the same one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cpsr_study.disclosure import Parts, Tables
from cpsr_study.indicators import UNSAID, Registry
from cpsr_study.sources.clause.schema import Schema

UNKNOWN = UNSAID
EXECUTION = "condition_execution"
HOURS, PEOPLE, CONTRACTS = "heures", "participants", "contrats"
TOTALS = {HOURS: "heures_insertion", PEOPLE: "participants", CONTRACTS: "contrats"}
# indicator -> (measure, breakdown, column of the micro-data)
SPLITS = {
    "heures_taille_entreprise": (HOURS, "taille_entreprise", "taille_entreprise"),
    "heures_donneur_ordre": (HOURS, "donneur_ordre", "categorie_acheteur"),
    "heures_secteur": (HOURS, "secteur_clause", "secteur"),
    "heures_zone": (HOURS, "zone_lieu", "zone"),
    "heures_projet": (HOURS, "projet_clause", "projet_code"),
    "participants_sexe": (PEOPLE, "sexe_clause", "sexe"),
    "participants_age": (PEOPLE, "age_clause", "tranche_age"),
    "participants_niveau": (PEOPLE, "niveau_clause", "niveau_formation"),
    "participants_prescripteur": (PEOPLE, "prescripteur", "prescripteur"),
    "participants_sortie_3": (PEOPLE, "sortie_clause", "sortie_3_mois"),
    "participants_sortie_6": (PEOPLE, "sortie_clause", "sortie_6_mois"),
    "participants_sortie_12": (PEOPLE, "sortie_clause", "sortie_12_mois"),
    "contrats_type": (CONTRACTS, "type_contrat", "type_contrat"),
}
PUBLICS = "participants_public"
# Publics that another table already counts: (indicator, codes).
SAME = {
    "femmes": ("participants_sexe", ("femme",)),
    "moins_26": ("participants_age", ("moins_26",)),
    "plus_50": ("participants_age", ("plus_50",)),
    "peu_qualifie": ("participants_niveau", ("infra_3", "niveau_3")),
}
IAE = ("etti", "ei", "aci", "ai")
MODES = {
    "embauche_directe": ("entreprise",),
    "travail_temporaire": ("ett", "etti"),
    "etti": ("etti",),
    "inclusives": (*IAE, "geiq", "regies", "ea", "esat"),
    "iae": IAE,
    "autre_mode": ("autre_employeur", UNKNOWN),
}
PROJECTS, PROJECT = "heures_insertion_grands_projets", "heures_projet"
FOLLOWED = {f"participants_suivis_{n}": f"participants_sortie_{n}" for n in (3, 6, 12)}
PLANNED, TRAINING, PAID, DONE = "heures_prevues", "heures_stage", "heures_payees", "heures_cumulees"
# What these figures hold besides the hours of the year: leave and absences paid; the hours of the years before.
MORE = {PAID: "en plus", DONE: "avant"}
ELSEWHERE = f"{DONE}.ailleurs"  # hours of the years before, of operations that have none in the year

Name = tuple[str, str]  # indicator, category


@dataclass(frozen=True)
class Layout:
    """The relations, with the leaves (`used`: (indicator, code)) that are not plainly zero."""

    registry: Registry
    schema: Schema
    used: Collection[Name]

    def figures(self) -> list[Name]:
        """Every figure of these tables that is not plainly zero."""
        names: list[Name] = [(total, "") for total in TOTALS.values()]
        names += [("heures_condition_execution", ""), (PROJECTS, "")]
        names += [(indicator, "") for indicator in FOLLOWED]
        names += [("heures_mode_embauche", mode) for mode in MODES]
        for indicator, breakdown in {"heures_modalite": "modalite", "heures_employeur": "employeur"}.items():
            names += [(indicator, category) for category in self._categories(breakdown)]
        for indicator, (_, breakdown, _) in SPLITS.items():
            aside = self._aside(indicator)
            names += [(indicator, category) for category in self._categories(breakdown) if category != aside]
        names += [(PUBLICS, category) for category in self._categories("public")]
        names += [(indicator, "") for indicator in (PLANNED, TRAINING, PAID, DONE)]
        return [name for name in names if self.parts(*name)]

    def parts(self, indicator: str, category: str) -> Parts:
        """The quantities that a figure adds up; none when it is plainly zero, or not of these tables."""
        if indicator in TOTALS.values():
            return self._whole(next(measure for measure, total in TOTALS.items() if total == indicator))
        if indicator == "heures_modalite":
            return self._cross(self.members("modalite", category), self._leaves("employeur"))
        if indicator == "heures_employeur":
            return self._cross(self._leaves("modalite"), self.members("employeur", category))
        if indicator == "heures_condition_execution":
            return self._cross([EXECUTION], self._leaves("employeur"))
        if indicator == "heures_mode_embauche":
            return self._cross([EXECUTION], MODES.get(category, ()))
        if indicator == PROJECTS:
            return self._split(PROJECTS, ["oui"])
        if indicator in FOLLOWED:
            split = FOLLOWED[indicator]
            return self._split(split, [code for code in self._leaves("sortie_clause") if code != UNKNOWN])
        if indicator == PUBLICS:
            return self._split(*SAME[category]) if category in SAME else self._split(f"public.{category}", ["oui"])
        if indicator in (PLANNED, TRAINING, PAID, DONE):
            return self._alone(indicator)
        if indicator in SPLITS:
            return self._split(indicator, self.members(SPLITS[indicator][1], category))
        return frozenset()

    def equal(self) -> list[tuple[Parts, Parts]]:
        """Sums that everybody knows to be equal: each table adds up to the total of its measure."""
        pairs = [(self._table(name), self._whole(measure)) for name, (measure, _, _) in SPLITS.items()]
        pairs.append((self._split(PROJECTS, ["oui", "non"]), self._whole(HOURS)))
        pairs.append((self._split(PROJECT, self._categories("projet_clause")), self._split(PROJECTS, ["oui"])))
        for category in self._categories("public"):
            if category not in SAME:
                pairs.append((self._split(f"public.{category}", ["oui", "non"]), self._whole(PEOPLE)))
        return [(a, b) for a, b in pairs if a and b and a != b]

    def complement(self, category: str) -> Parts:
        """The participants who are not of a public."""
        return frozenset() if category in SAME else self._split(f"public.{category}", ["non"])

    def unknown(self, indicator: str) -> Parts:
        """The participants whose situation is not known: the total less those of whom it is."""
        return self._split(indicator, [UNKNOWN])

    def others(self) -> Parts:
        """The hours of no large project."""
        return self._split(PROJECTS, ["non"])

    def members(self, breakdown: str, category: str) -> list[str]:
        """The leaves of a category: itself, or all that is below it."""
        below = [c for (b, c), item in self.registry.categories.items() if b == breakdown and item.parent == category]
        own = [category] if category in self._leaves(breakdown) else []
        return [*own, *(leaf for child in below for leaf in self.members(breakdown, child))]

    def _aside(self, indicator: str) -> str:
        """A leaf that is counted and never published: situations not known, hours of no large project."""
        return UNKNOWN if indicator in FOLLOWED.values() or indicator == PROJECT else ""

    def _leaves(self, breakdown: str) -> list[str]:
        if breakdown not in self.schema.values:  # not a list that people fill in
            return [*self._categories(breakdown), UNKNOWN]
        return [*(value.code for value in self.schema.values[breakdown]), UNKNOWN]

    def _categories(self, breakdown: str) -> list[str]:
        return [c for b, c in self.registry.categories if b == breakdown]

    def _alone(self, indicator: str) -> Parts:
        """A total without breakdown; paid and cumulated hours hold those of the year, if a leaf says so."""
        if (indicator, "") not in self.used:
            return frozenset()
        more = MORE.get(indicator)
        if indicator == DONE or (indicator, more) in self.used:
            return self._whole(HOURS) | self._split(indicator, [str(more)])
        return frozenset([f"{indicator}.total"])

    def _cross(self, ways: Collection[str], employers: Collection[str]) -> Parts:
        kept = [code for code in employers if ("heures_employeur", code) in self.used]
        return frozenset(
            f"heures.{way}.{code}" for way in ways if ("heures_modalite", way) in self.used for code in kept
        )

    def _split(self, indicator: str, codes: Collection[str]) -> Parts:
        return frozenset(f"{indicator}.{code}" for code in codes if (indicator, code) in self.used)

    def _table(self, indicator: str) -> Parts:
        return self._split(indicator, self._leaves(SPLITS[indicator][1]))

    def _whole(self, measure: str) -> Parts:
        if measure == HOURS:
            return self._cross(self._leaves("modalite"), self._leaves("employeur"))
        return self._table("participants_sexe" if measure == PEOPLE else "contrats_type")


def across(years: Mapping[str, Tables]) -> Tables:
    """The tables of several years as one, names ending with the year: hours done before are hours of earlier years."""
    whole, before = Tables([]), frozenset[str]()
    for year, tables in sorted(years.items()):
        whole.cells += [replace(each, name=(*each.name, year), parts=_of(year, each.parts)) for each in tables.cells]
        whole.equal += [(_of(year, a), _of(year, b)) for a, b in tables.equal]
        whole.ratios += [(_of(year, a), _of(year, b), factor) for a, b, factor in tables.ratios]
        whole.known += [(_of(year, parts), value) for parts, value in tables.known]
        own = {each.name: each for each in tables.cells}
        past = frozenset([f"{DONE}.{MORE[DONE]}"])
        if before and (DONE, "") in own and past <= own[DONE, ""].parts:
            whole.equal.append((_of(year, past | {ELSEWHERE}), before))
        before |= _of(year, own[TOTALS[HOURS], ""].parts if (TOTALS[HOURS], "") in own else frozenset())
    return whole


def _of(year: str, parts: Parts) -> Parts:
    return frozenset(f"{year}:{part}" for part in parts)
