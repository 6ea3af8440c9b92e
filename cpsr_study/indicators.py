"""The registry of indicators, and the derived ones: sums over départements and formulas.

A derived value is an observation like any other, with `source = calcul`, its formula and the ids of its inputs.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cpsr_study import lines
from cpsr_study.errors import DataError, first_problem

if TYPE_CHECKING:
    from cpsr_study.territories import Territories

_ARITHMETIC = (ast.Expression, ast.BinOp, ast.Name, ast.Load, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.Div)

UNSAID = "non_renseigne"  # what micro-data do not say: no document has to give it for its parts to be complete


class Indicator(BaseModel):
    """One line of `indicators.csv`. A figure counted by the program may have several breakdowns, by a space."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=2)
    unit: str
    theme: str
    breakdown: str
    exclusive: Literal["complet", "oui", "non", ""]
    denominator: str
    aggregation: str = Field(pattern=r"^(somme|(moyenne|reste):[a-z0-9_]+)?$")
    formula: str
    periods: Literal["meme", "proche", ""]
    definition: str = Field(min_length=5)
    expected_source: str
    # `hors_attente`: national, particular to one document, or computed by code; not expected of every territory.
    scope: Literal["", "hors_attente"] = ""

    @property
    def inputs(self) -> list[str]:
        """Names in the formula, in reading order: `x` for the area itself, `x@FR` for France."""
        return list(dict.fromkeys(re.findall(r"[a-z_][a-z0-9_]*(?:@FR)?", self.formula)))

    @property
    def needs(self) -> set[str]:
        """The indicators that it may be made from: those of the formula, itself and the other of its aggregation."""
        return {self.id, self.aggregation.partition(":")[2], *(name.removesuffix("@FR") for name in self.inputs)}

    @property
    def expression(self) -> str:
        """The formula as Python arithmetic: `x@FR` becomes `x__FR`."""
        return self.formula.replace("@FR", "__FR")


class Category(BaseModel):
    """One line of `categories.csv`; `parent` is the category it is a part of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    breakdown: str
    category: str
    label: str
    parent: str
    rank: int
    definition: str


class Relation(BaseModel):
    """One line of `relations.csv`: two sides that published figures must make meet (see `checks.relations`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Literal["egalite", "meme_chose"]
    left: str
    right: str
    unit: str
    label: str
    sentence: str


class Break(BaseModel):
    """One line of `ruptures.csv`: from this month on, an indicator no longer measures what it did."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    indicator: str
    period: str = Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")
    label: str = Field(min_length=3)
    reason: str = Field(min_length=5)
    source: str = Field(min_length=3)

    def parts(self, before: str, after: str) -> bool:
        """Whether the series breaks between two periods; a year is known at its end."""
        return _month(before) < self.period <= _month(after)


class Unit(BaseModel):
    """One line of `units.csv`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: str = Field(min_length=1)
    short: str
    singular: str
    plural: str
    decimals: str = Field(pattern=r"^[0-9]?$")


class Registry(BaseModel):
    """Indicators, categories, units and relations of the study."""

    model_config = ConfigDict(frozen=True)

    indicators: dict[str, Indicator]
    categories: dict[tuple[str, str], Category]
    units: dict[str, tuple[str, str, str, int | None]]
    relations: list[Relation]
    breaks: dict[str, tuple[Break, ...]]

    def __getitem__(self, indicator: str) -> Indicator:
        try:
            return self.indicators[indicator]
        except KeyError:
            raise DataError(f"Indicateur inconnu : « {indicator} » (voir data/reference/indicators.csv).") from None

    def in_words(self, formula: str) -> str:
        """A formula with the labels of its inputs in place of their names, and French signs."""
        from cpsr_study.display.numbers import number

        def label(found: re.Match[str]) -> str:
            known = self.indicators.get(found[1])
            return f"[{known.label}{', France' if found[2] else ''}]" if known else found[0]

        if not set(formula) & set("*/"):
            return formula
        text = re.sub(r"\b\d{4,}\b", lambda figure: number(int(figure[0])), formula.replace(" * ", " × "))
        return re.sub(r"([a-z][a-z0-9_]*)(@FR)?", label, text.replace(" / ", " ÷ "))

    def category_label(self, breakdown: str, category: str) -> str:
        return self.categories[breakdown, category].label if category else ""


def _month(period: str) -> str:
    return period if "-" in period else f"{period}-12"


@lru_cache(maxsize=8)
def read(data_dir: Path) -> Registry:
    """The registry of a data folder, cross-checked: units, breakdowns and formulas exist."""
    indicators = {row.id: row for row in _rows(data_dir, "indicators.csv", Indicator)}
    registry = Registry(
        indicators=indicators,
        categories={(row.breakdown, row.category): row for row in _rows(data_dir, "categories.csv", Category)},
        units=_units(data_dir),
        relations=list(_rows(data_dir, "relations.csv", Relation)),
        breaks=_breaks(data_dir, indicators),
    )
    breakdowns = {breakdown for breakdown, _ in registry.categories}
    for indicator in registry.indicators.values():
        if indicator.unit not in registry.units:
            raise DataError(f"indicators.csv : {indicator.id} a une unité inconnue (« {indicator.unit} »).")
        for breakdown in indicator.breakdown.split():
            if breakdown not in breakdowns:
                raise DataError(f"indicators.csv : {indicator.id} a une ventilation inconnue (« {breakdown} »).")
        weight = indicator.aggregation.partition(":")[2]
        if weight and weight not in registry.indicators:
            raise DataError(
                f"indicators.csv : l'agrégation de {indicator.id} cite un indicateur inconnu (« {weight} »)."
            )
        _check_formula(indicator, registry.indicators)
    return registry


def _rows(data_dir: Path, name: str, model: type[BaseModel]) -> Iterator:
    path = data_dir / "reference" / name
    if not path.is_file():
        raise DataError(f"Table de référence absente : {name}.")
    seen = set()
    records = lines.read(path, name)
    _, header = next(records, (1, []))
    for number, cells in records:
        try:
            item = model(**dict(zip(header, cells, strict=True)))
        except ValidationError as error:
            raise DataError(f"{name}, ligne {number} : {first_problem(error)}.") from None
        key = " / ".join(cells[: 2 if model in (Category, Break) else 1])
        if key in seen:
            raise DataError(f"{name}, ligne {number} : « {key} » est déjà défini.")
        seen.add(key)
        yield item


def _units(data_dir: Path) -> dict[str, tuple[str, str, str, int | None]]:
    return {
        row.unit: (row.short, row.singular, row.plural, int(row.decimals) if row.decimals else None)
        for row in _rows(data_dir, "units.csv", Unit)
    }


def _breaks(data_dir: Path, known: dict[str, Indicator]) -> dict[str, tuple[Break, ...]]:
    """The breaks of each indicator, those of the terms of its formula included."""
    declared: dict[str, list[Break]] = {}
    for row in _rows(data_dir, "ruptures.csv", Break):
        if row.indicator not in known:
            raise DataError(f"ruptures.csv : indicateur inconnu (« {row.indicator} »).")
        declared.setdefault(row.indicator, []).append(row)

    def of(name: str, above: tuple[str, ...] = ()) -> list[Break]:
        terms = [term.removesuffix("@FR") for term in known[name].inputs if term.removesuffix("@FR") in known]
        inherited = [each for term in terms if term not in above for each in of(term, (*above, name))]
        return [*declared.get(name, []), *inherited]

    found = {name: of(name) for name in known}
    return {
        name: tuple({each.period: each for each in sorted(breaks, key=lambda each: each.period)}.values())
        for name, breaks in found.items()
        if breaks
    }


def _check_formula(indicator: Indicator, known: dict[str, Indicator]) -> None:
    if not indicator.formula:
        return
    try:
        nodes = list(ast.walk(ast.parse(indicator.expression, mode="eval")))
    except (SyntaxError, ValueError):  # ValueError: a null byte, for Python 3.11
        nodes = []
    numbers = [node.value for node in nodes if isinstance(node, ast.Constant)]
    arithmetic = nodes and all(isinstance(node, _ARITHMETIC) for node in nodes)
    if not arithmetic or {type(number) for number in numbers} - {int, float}:
        raise DataError(f"indicators.csv : la formule de {indicator.id} n'est pas une simple arithmétique.")
    if not indicator.inputs:
        raise DataError(f"indicators.csv : la formule de {indicator.id} ne cite aucun indicateur.")
    for name in indicator.inputs:
        if name.removesuffix("@FR") not in known:
            raise DataError(f"indicators.csv : la formule de {indicator.id} cite un indicateur inconnu (« {name} »).")


def parents_of_departements(territories: "Territories") -> dict[str, list[str]]:
    """For FR, FRMET and each region, the codes of all its départements."""
    regions = {area.code: [d.code for d in territories.children(area.code, "DEP")] for area in territories.all("REG")}
    return regions | {
        whole: [area.code for area in territories.all("DEP") if territories.is_within(area.code, whole)]
        for whole in ("FRMET", "FR")
    }
