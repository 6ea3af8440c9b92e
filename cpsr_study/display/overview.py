"""What the study says of itself: sources, coverage, what is missing, what contradicts, how numbers are computed."""

import pandas as pd

from cpsr_study import checks, comparison
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
_CORRECTED = ("indicator", "geo", "time_period", "category", "source", "correction")
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
                "compté depuis": card.first_edition,
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
    rows = source_rows(study)
    tables.listing(rows.assign(publié=rows.apply(_published, axis=1)), title, columns)


def _published(row: pd.Series) -> str:
    """« mars 2022 » or, for a source that came too late for that edition, « mars 2022, comptée depuis 2026 »."""
    late = row["compté depuis"] > int(row["publié"][:4])
    return numbers.day_text(row["publié"]) + (f", comptée depuis {row['compté depuis']}" if late else "")


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
    tables.listing(pd.DataFrame(rows), title, columns, right=["known", "expected"])


def missing(study: Study, title: str, *, by_source: bool = False) -> None:
    """What is expected of every territory and not known for this one, with who should publish it.

    One row an indicator or, `by_source`, one row a source.
    """
    absent = study.missing()
    if not absent:
        publish.sentence("reading", [f"Tous les indicateurs attendus sont renseignés {study.en}."])
        return
    frame = pd.DataFrame([{"label": item.label, "source": item.expected_source} for item in absent])
    if by_source:
        labels = frame["label"].map(numbers.inside).groupby(frame["source"], sort=False).agg(numbers.join_fr)
        columns = {"source": "Source attendue", "label": "Indicateurs non renseignés"}
        tables.listing(labels.reset_index(), title, columns)
    else:
        tables.listing(frame, title, {"label": "Indicateur", "source": "Source attendue"})


def findings(study: Study, title: str, most: int | None = None) -> None:
    """What the sources say that does not agree, the most serious first: all of it, or the `most` serious ones.

    The whole table is the one that the marks beside the numbers lead to. DataError when one of them is an error.
    """
    checks.stop_on_error(study.findings)
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
    columns = {"severity": "Gravité", "sentence": "Constat", "gap": "Écart relatif"}
    tables.listing(frame, title, columns, anchors=frame["anchor"], right=["gap"])


def finding_rows(study: Study, found: list[checks.Finding]) -> pd.DataFrame:
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
    for item in found:
        looked_at = [study.row(name) for name in item.ids]
        words, places = (
            " | ".join(dict.fromkeys(row[column] for row in looked_at if row[column]))
            for column in ("as_published", "locator")
        )
        texts = (item.stated, item.recomputed, item.gap_text, words, places)
        rows.append((item.severity, item.family, item.check, item.sentence, *texts, " ".join(item.ids)))
    return pd.DataFrame(rows, columns=[*columns, "observations"])


def corrections(study: Study, title: str) -> None:
    """The declared corrections that this report used, of figures of its areas: what was done, why, on what evidence."""
    used = set(study.table.loc[study.table["correction"].ne(""), list(_CORRECTED)].itertuples(index=False, name=None))
    known = {card.source for card in study.cards}
    areas = {*study.geos, "FR", *study.departements}
    rows = [
        {
            "where": _corrected(study, item),
            "done": item.text()[0].upper() + item.text()[1:],
            "evidence": item.evidence,
            "status": item.status,
        }
        for item in declared.read(study.data_dir)
        # What was set aside is no longer in the table: its source tells whether the edition would have held it.
        if item.geo in areas and ((*item.key, item.text()) in used or (item.action == "drop" and item.source in known))
    ]
    if not rows:
        publish.sentence("reading", ["Aucune correction n’est déclarée pour les chiffres de ce rapport."])
        return
    columns = {"where": "Chiffre", "done": "Correction et raison", "evidence": "Preuve", "status": "Suivi"}
    tables.listing(pd.DataFrame(rows), title, columns)


def _corrected(study: Study, item: declared.Correction) -> str:
    """« Montant des marchés publics, France, 2020 »"""
    indicator = study.registry[item.indicator]
    category = study.registry.category_label(indicator.breakdown, item.category)
    area = study.territories.get(item.geo).name
    return ", ".join(filter(None, [indicator.label, category, area, numbers.period_text(item.period)]))


def count_findings(study: Study) -> None:
    """« N points à vérifier et M pour information »."""
    known = sum(item.severity == "info" for item in study.findings)
    count = len(study.findings) - known
    words = f"{count or 'Aucun'} point{'s' if count > 1 else ''} à vérifier"
    more = f", et {known} pour information" if known else ""
    publish.sentence("reading", [f"{words} parmi les chiffres de ce rapport{more}."])


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
            rows.append({"label": item.label, "formula": _how(study, item.id), "definition": item.definition})
    columns = {"label": "Indicateur", "formula": "Calcul", "definition": "Définition"}
    tables.listing(pd.DataFrame(rows), title, columns)


def _how(study: Study, indicator: str) -> str:
    """The formula of an indicator, or what makes its total."""
    item = study.registry[indicator]
    text = study.registry.in_words(item.formula)
    kind, _, other = item.aggregation.partition(":")
    total = {
        "somme": "somme des départements",
        "moyenne": f"moyenne des départements pondérée par [{study.registry[other].label}]" if other else "",
        "reste": f"100 − somme des catégories de [{study.registry[other].label}]" if other else "",
        "": "",
    }[kind]
    return " ; ".join(part for part in (text, total) if part)
