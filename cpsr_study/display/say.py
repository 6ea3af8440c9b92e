"""Sentences with traced numbers. A template is written in the notebook, the numbers come from observations."""

from collections.abc import Iterable
from string import Formatter
from typing import Any, TypeGuard

from cpsr_study.display import numbers, publish
from cpsr_study.display.numbers import NBSP
from cpsr_study.selection import SEPARATOR, Missing, Observation
from cpsr_study.study import Study

Part = str | dict[str, Any]


def title(study: Study, text: str) -> None:
    """The title of a chapter: « ... en Normandie, édition 2021 »; the report, which says it once, keeps `text`."""
    publish.heading(1, f"{text} {study.en}, édition {study.edition}", short=text)


def facts(study: Study, template: str, **observations: Observation | Missing) -> None:
    """One sentence. `{name}` is the number with its unit, `{name:long}` the unit in full, `{name:period}` its period,
    `{name:value}` the number alone, `{name:geo}` its area.

    When one of the observations is missing, the sentence says what is missing and where it is expected from.
    """
    absent = [item for item in observations.values() if isinstance(item, Missing)]
    absent += [_secret(study, item) for item in observations.values() if _is_secret(item)]
    if absent:
        missing(absent)
        return
    publish.sentence("reading", parts(study, template, observations))


def _is_secret(item: Observation | Missing) -> TypeGuard[Observation]:
    return isinstance(item, Observation) and item.status == "S"


def _secret(study: Study, item: Observation) -> Missing:
    """A figure hidden by confidentiality, said as such."""
    label = ", ".join(filter(None, [item.label, item.category_label]))
    return Missing(item.indicator, label, item.geo, study.territories.get(item.geo).en, (), secret=True)


def missing(items: list[Missing]) -> None:
    """Say what is not known: what, then from whom it is expected, an area after the other."""
    for secret in filter(lambda item: item.secret, items):
        publish.sentence("missing", [secret.sentence()])
    items = [item for item in items if not item.secret]
    if not items:
        return
    told = []
    for en, absent in _by_area(items).items():
        labels = dict.fromkeys(numbers.inside(item.label) for item in absent)
        told.append(f"{en[:1].upper()}{en[1:]} : {numbers.join_fr(labels)}.")
        told += [f"{text[:1].upper()}{text[1:]}." for text in _awaited(absent)]
    publish.sentence("missing", [" ".join(told)])


def expected(absent: list[Missing]) -> list[str]:
    """Who is expected to give what the rows show as not known, one sentence an area."""
    return [f"Non renseigné {en} ; {text}." for en, items in _by_area(absent).items() for text in _awaited(items)]


def _by_area(items: list[Missing]) -> dict[str, list[Missing]]:
    groups: dict[str, list[Missing]] = {}
    for item in items:
        groups.setdefault(item.en, []).append(item)
    return groups


def _awaited(items: list[Missing]) -> list[str]:
    """« source attendue : … », each source once; nothing when nobody is expected to publish."""
    named = [source for item in items for source in item.expected_sources]
    sources = list(dict.fromkeys(name.rstrip(".") for name in SEPARATOR.join(named).split(SEPARATOR) if name))
    return [f"source{'s' * (len(sources) > 1)} attendue{'s' * (len(sources) > 1)} : {' ; '.join(sources)}"] * bool(
        sources
    )


def caveat(text: str) -> None:
    """A caution written by hand: what the reader must know before using the figure."""
    publish.sentence("caveat", [text])


def findings(study: Study, indicators: list[str]) -> None:
    """What the checks say of these indicators, here where they are shown; nothing when they say nothing."""
    for finding in study.findings:
        if finding.severity != "info" and any(name.split(".")[0] in indicators for name in finding.ids):
            publish.sentence("caveat", [finding.sentence])


def listing(title: str, items: Iterable[str]) -> None:
    """A list in a sentence: « Titre : a, b et c. »"""
    publish.sentence("reading", [f"{title} : {numbers.join_fr(map(numbers.inside, items))}."])


def parts(study: Study, template: str, observations: dict[str, Any]) -> list[Part]:
    """The template as texts and traced numbers, in order."""
    result: list[Part] = []
    for text, name, spec, _ in Formatter().parse(template):
        if text:
            result.append(text)
        if name is not None:
            about = {"en": study.en, "de": study.de, "le": study.le, "edition": str(study.edition)}
            result.append(about[name] if name in about else _field(study, observations[name], spec or ""))
    return result


def _field(study: Study, item: Observation, spec: str) -> Part:
    if spec == "category":
        return item.category_label
    if spec == "period":
        return item.period_label
    if spec == "geo":
        return item.geo_label
    if spec == "value":
        text = numbers.value_text(
            item.value, item.unit, units=study.registry.units, derived=item.derived, with_unit=False
        )
        return item.part() | {"text": text}
    return item.part(long=spec == "long")


def key_figures(study: Study, indicators: list[str | tuple[str, str]]) -> None:
    """Cards: the territory's figure, its period, the same figure of the area compared with."""
    publish.keyfigures([_card(study, *([name] if isinstance(name, str) else name)) for name in indicators])


def _card(study: Study, indicator: str, category: str = "") -> dict[str, Any]:
    own = study.latest(indicator, category)
    label = study.registry[indicator].label
    if isinstance(own, Missing):
        return {"label": label, "value": {"text": numbers.MISSING, "ref": ""}, "period": "", "compare": None,
                "source": f"source attendue : {own.expected_source}" if own.expected_source else ""}  # fmt: skip
    compare = None
    other = study.beside(own)
    if isinstance(other, Observation):
        when = "" if other.period_label == own.period_label else f" ({other.period_label})"
        compare = other.part() | {"text": f"{other.geo_label}{when}{NBSP}: {other.text}"}
    return {
        "label": f"{label}, {own.category_label}" if own.category_label else label,
        "value": own.part(),
        "period": own.period_label,
        "compare": compare,
        "source": own.source_label,
    }
