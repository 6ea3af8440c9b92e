"""What the study says of itself: sources, coverage, what is missing, what contradicts, how numbers are computed."""

import pandas as pd

from cpsr_study import comparison
from cpsr_study import corrections as declared
from cpsr_study.derivation import SOURCE
from cpsr_study.display import numbers, publish, tables
from cpsr_study.sources import KINDS
from cpsr_study.study import Study

THEMES = {
    "commande_publique": "Commande publique",
    "pauvrete_emploi": "Pauvreté et emploi",
    "clause_sociale": "Clause sociale",
    "modalites": "Modalités",
    "publics_contrats": "Publics et contrats",
    "structures_inclusives": "Structures inclusives",
    "grands_projets": "Grands projets",
}
SEVERITIES = {"erreur": "Erreur", "alerte": "À vérifier", "info": "Information"}


def source_rows(study: Study) -> pd.DataFrame:
    """One line a source known in the edition: what it is, when published, under which licence, what it gives."""
    rows = []
    for card in study.cards:
        own = study.table[(study.table["source"] == card.source) & (study.table["vintage"] == card.vintage)]
        rows.append(
            {
                "source": f"{card.source}/{card.vintage}",
                "titre": card.title,
                "producteur": card.producer,
                "publié": card.published,
                "nature": KINDS[card.kind],
                "licence": card.licence,
                "observations": len(own),
                "indicateurs": own["indicator"].nunique(),
                "adresse": card.url,
            }
        )
    return pd.DataFrame(rows)


def sources(study: Study, title: str) -> None:
    """The sources known in the edition."""
    columns = {
        "titre": "Source",
        "producteur": "Producteur",
        "publié": "Publiée",
        "nature": "Nature",
        "licence": "Licence",
    }
    tables.listing(source_rows(study), title, columns)


def coverage(study: Study, title: str) -> None:
    """How many of the expected indicators are known, by theme."""
    known = set(study.table.loc[study.table["geo"] == study.territory.code, "indicator"])
    by_theme: dict[str, list[str]] = {}
    for name in study.expected:
        by_theme.setdefault(study.registry[name].theme, []).append(name)
    rows = [
        {"theme": THEMES.get(theme, theme), "known": sum(name in known for name in names), "expected": len(names)}
        for theme, names in by_theme.items()
    ]
    columns = {"theme": "Thème", "known": "Renseignés", "expected": "Attendus"}
    tables.listing(pd.DataFrame(rows), title, columns)


def missing(study: Study, title: str) -> None:
    """What is expected of every territory and not known for this one, with who should publish it."""
    absent = study.missing()
    if not absent:
        publish.sentence("reading", [f"Tous les indicateurs attendus sont renseignés {study.en}."])
        return
    frame = pd.DataFrame([{"label": item.label, "source": item.expected_source} for item in absent])
    tables.listing(frame, title, {"label": "Indicateur", "source": "Source attendue"})


def findings(study: Study, title: str, most: int | None = None) -> None:
    """What the sources say that does not agree, the most serious first: all of it, or the `most` serious ones.

    The whole table is the one that the marks beside the numbers lead to.
    """
    if not study.findings:
        return
    frame = pd.DataFrame(
        [
            {
                "severity": SEVERITIES[item.severity],
                "sentence": item.sentence,
                "gap": item.gap_text or "–",
                "anchor": item.anchor if most is None else "",
            }
            for item in study.findings[:most]
        ]
    )
    columns = {"severity": "Gravité", "sentence": "Constat", "gap": "Écart"}
    tables.listing(frame, title, columns, anchors=frame["anchor"])


def finding_rows(study: Study) -> pd.DataFrame:
    """One line a finding: the file one sends back to the author of a source."""
    columns = [
        "gravité",
        "famille",
        "contrôle",
        "constat",
        "énoncé",
        "recalculé",
        "écart",
        "tel que publié",
        "emplacement",
    ]
    rows = []
    for item in study.findings:
        looked_at = [study.row(name) for name in item.ids]
        words, places = (
            " | ".join(dict.fromkeys(row[column] for row in looked_at if row[column]))
            for column in ("as_published", "locator")
        )
        texts = (item.stated, item.recomputed, item.gap_text, words, places)
        rows.append((item.severity, item.family, item.check, item.sentence, *texts, " ".join(item.ids)))
    return pd.DataFrame(rows, columns=[*columns, "observations"])


def corrections(study: Study, title: str) -> None:
    """The declared corrections of figures of this report's areas: what was done, why, on what evidence."""
    known = {card.source for card in study.cards}
    areas = {*study.geos, "FR", *study.departements}
    rows = [
        {
            "where": f"{study.registry[item.indicator].label}, {study.territories.get(item.geo).name}, {item.period}",
            "done": item.text(),
            "evidence": item.evidence,
            "status": item.status,
        }
        for item in declared.read(study.data_dir)
        if item.source in known and item.geo in areas
    ]
    if not rows:
        publish.sentence("reading", ["Aucune correction n'est déclarée pour les chiffres de ce rapport."])
        return
    columns = {"where": "Chiffre", "done": "Correction et raison", "evidence": "Preuve", "status": "Suivi"}
    tables.listing(pd.DataFrame(rows), title, columns)


def count_findings(study: Study) -> None:
    """« N points à vérifier »."""
    count = len(study.findings)
    words = "Aucun point à vérifier" if not count else f"{count} point{'s' if count > 1 else ''} à vérifier"
    publish.sentence("reading", [f"{words} parmi les chiffres de ce rapport."])


def medians(study: Study) -> None:
    """« Au-dessus de la médiane des régions : ... »: on which side of its level the territory is, rate by rate."""
    sides: dict[str, list[str]] = {"Au-dessus": [], "Au niveau": [], "Au-dessous": []}
    for known in study.comparable(relative=True):
        own = known.only(geo=study.territory.code).frame.iloc[0]
        gap = own["value"] - comparison.standing(known.frame, study.territory.code).median
        sides["Au-dessus" if gap > 0 else "Au-dessous" if gap < 0 else "Au niveau"].append(own["indicator_label"])
    for side, labels in sides.items():
        if labels:
            names = numbers.join_fr(map(numbers.inside, labels))
            publish.sentence("reading", [f"{side} de la médiane des {study.peers_label} : {names}."])


def formulas(study: Study, title: str) -> None:
    """How each computed indicator that the edition holds is obtained."""
    derived = set(study.table.loc[study.table["source"] == SOURCE, "indicator"])
    rows = []
    for item in study.registry.indicators.values():
        if item.id in derived and (item.formula or item.aggregation):
            rows.append({"label": item.label, "formula": _in_words(study, item.id), "definition": item.definition})
    columns = {"label": "Indicateur", "formula": "Calcul", "definition": "Définition"}
    tables.listing(pd.DataFrame(rows), title, columns)


def _in_words(study: Study, indicator: str) -> str:
    """The formula with the labels of its inputs in place of their names."""
    item = study.registry[indicator]
    text = item.formula
    for name in sorted(item.inputs, key=len, reverse=True):
        area = ", France" if name.endswith("@FR") else ""
        text = text.replace(name, f"[{study.registry[name.removesuffix('@FR')].label}{area}]")
    text = text.replace("*", "×").replace("/", "÷")
    kind, _, other = item.aggregation.partition(":")
    total = {
        "somme": "somme des départements",
        "moyenne": f"moyenne des départements pondérée par [{study.registry[other].label}]" if other else "",
        "reste": f"100 − somme des catégories de [{study.registry[other].label}]" if other else "",
        "": "",
    }[kind]
    return " ; ".join(part for part in (text, total) if part)
