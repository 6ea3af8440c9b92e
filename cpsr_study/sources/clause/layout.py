"""Which figures of the clause sociale add up to which: the linear relations that a reader of the report can use.

Every figure about people or hours is a sum of elementary quantities (`parts`). The publication hides what it must with
this layout, and the audit of a finished report attacks it with the same one.
"""

from collections.abc import Collection
from dataclasses import dataclass

from cpsr_study.disclosure import Parts
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
PROJECTS = "heures_insertion_grands_projets"
FOLLOWED = {f"participants_suivis_{n}": f"participants_sortie_{n}" for n in (3, 6, 12)}

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
        if indicator in SPLITS:
            return self._split(indicator, self.members(SPLITS[indicator][1], category))
        return frozenset()

    def equal(self) -> list[tuple[Parts, Parts]]:
        """Sums that everybody knows to be equal: each table adds up to the total of its measure."""
        pairs = [(self._table(name), self._whole(measure)) for name, (measure, _, _) in SPLITS.items()]
        pairs.append((self._split(PROJECTS, ["oui", "non"]), self._whole(HOURS)))
        for category in self._categories("public"):
            if category not in SAME:
                pairs.append((self._split(f"public.{category}", ["oui", "non"]), self._whole(PEOPLE)))
        return [(a, b) for a, b in pairs if a and b and a != b]

    def complement(self, category: str) -> Parts:
        """The participants who are not of a public."""
        return frozenset() if category in SAME else self._split(f"public.{category}", ["non"])

    def members(self, breakdown: str, category: str) -> list[str]:
        """The leaves of a category: itself, or all that is below it."""
        below = [c for (b, c), item in self.registry.categories.items() if b == breakdown and item.parent == category]
        own = [category] if category in self._leaves(breakdown) else []
        return [*own, *(leaf for child in below for leaf in self.members(breakdown, child))]

    def _aside(self, indicator: str) -> str:
        """A leaf that is counted and never published: those whose situation is not known are outside of its shares."""
        return UNKNOWN if indicator in FOLLOWED.values() else ""

    def _leaves(self, breakdown: str) -> list[str]:
        return [*(value.code for value in self.schema.values[breakdown]), UNKNOWN]

    def _categories(self, breakdown: str) -> list[str]:
        return [c for b, c in self.registry.categories if b == breakdown]

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
