"""The map of the index: the départements, shaded by the key figure of the reports that cover them."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import seaborn as sns

from cpsr_study.display import maps, numbers
from cpsr_study.display.choropleth import SHADES, class_bounds
from cpsr_study.indicators import Registry
from cpsr_study.territories import Territories

if TYPE_CHECKING:
    from cpsr_study.report.index_pages import Line

INDICATOR = "taux_pauvrete"
BOX = "0 0 613 585"  # the frame of the outlines
_UNKNOWN = "#e6e6ea"


def drawn(lines: "list[Line]", registry: Registry, data_dir: Path) -> dict[str, Any]:
    """`map`: the shapes, the key and the words of the map, or None and `no_map`, which says why there is none."""
    edition = max(line.edition for line in lines)
    shown = [line for line in lines if line.edition == edition]
    levels = Counter(line.code.partition("-")[0] for line in shown if line.code.startswith(("REG-", "DEP-")))
    if not levels:
        return {"map": None, "no_map": "Pas de carte : elle montre les départements ou les régions seulement."}
    level = levels.most_common(1)[0][0]
    values = {line.code: line.value(INDICATOR) for line in shown if line.code.startswith(level)}
    known = {code: value for code, value in values.items() if value is not None}
    areas = Territories.load(data_dir, edition)
    if not known:
        return {"map": None, "no_map": f"Pas de carte : {numbers.inside(registry[INDICATOR].label)} non renseigné."}
    bounds = class_bounds(list(known.values()))
    colours = sns.blend_palette(SHADES, len(bounds) + 1).as_hex()
    outlines = maps.outlines(data_dir)
    owner = {code: _owner(f"DEP-{code}", level, areas) for code in outlines}
    shapes = [
        {
            "d": _path(rings),
            "fill": colours[sum(known[owner[code]] >= b for b in bounds)] if owner[code] in known else "",
        }
        for code, rings in outlines.items()
    ]
    words = {"DEP": "départements", "REG": "régions"}[level]
    title = f"{registry[INDICATOR].label} des {words}, édition {edition}"
    aside = sorted(areas.get(code).name for code in known if code not in owner.values())
    periods = sorted({line.known[INDICATOR]["time_period"] for line in shown if line.code in known})
    notes = [
        f"Période : {numbers.join_fr([numbers.period_text(each) for each in periods])}. Les valeurs sont au tableau."
    ]
    notes += [f"Hors de la carte : {numbers.join_fr(aside)}."] if aside else []
    unit = registry[INDICATOR].unit
    key = [
        {"text": f"{text} {unit}", "fill": fill}
        for text, fill in zip(_classes(bounds), colours, strict=True)
    ]  # fmt: skip
    if any(code not in known for code in owner.values()):
        key.append({"text": "pas de rapport ou non renseigné", "fill": _UNKNOWN})
    drawing = {"title": title, "box": BOX, "alt": _alt(title, known, areas, registry), "shapes": shapes, "key": key}
    return {"map": drawing | {"unit": unit, "notes": notes}, "no_map": ""}


def _owner(departement: str, level: str, areas: Territories) -> str:
    if level == "DEP" or departement not in areas:
        return departement
    return next((code for code in areas.ancestors(departement) if code.startswith("REG-")), "")


def _path(rings: list[Any]) -> str:
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z" for ring in rings)


def _classes(bounds: list[float]) -> list[str]:
    told = [numbers.number(bound) for bound in bounds]
    middle = [f"{low} à moins de {high}" for low, high in pairwise(told)]
    return [f"moins de {told[0]}", *middle, f"{told[-1]} et plus"] if told else ["même valeur"]


def _alt(title: str, known: dict[str, float], areas: Territories, registry: Registry) -> str:
    ranked = sorted(known, key=lambda code: known[code])
    unit = registry[INDICATOR].unit
    low, high = (
        f"{areas.get(code).name} ({numbers.value_text(known[code], unit, units=registry.units)})"
        for code in (ranked[0], ranked[-1])
    )
    return f"Carte : {title}. {len(known)} territoires connus. Le plus faible : {low} ; le plus élevé : {high}."
