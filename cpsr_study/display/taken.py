"""What came in with an import, what each source can give, what a draft still lacks: tables and sentences."""

from pathlib import Path
from typing import TYPE_CHECKING

from cpsr_study.display.numbers import join_fr
from cpsr_study.hidden import shown
from cpsr_study.territories import LEVELS

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources.decp.intake import Taken
    from cpsr_study.sources.decp.normalise import Counts
    from cpsr_study.sources.drafts import Draft
    from cpsr_study.sources.intake import Intake

_LEVEL_NAMES = {"FR": "France", "FRMET": "métropole", "REG": "régions", "DEP": "départements", "EPCI": "EPCI"}
# What figures of contracts rest on, and the columns that say it.
_ASKED = (
    (("sociale",), "les considérations sociales"),
    (("nature", "techniques"), "les accords-cadres (leur plafond compte alors comme un montant)"),
    (("lieu_code",), "le lieu d'exécution"),
    (("objet",), "l'objet"),
    (("cpv",), "le type"),
    (("procedure",), "la procédure"),
)
SHOWN = ["source", "donne", "détenu", "connu", "essayé sur un vrai fichier", "en ligne"]
NEVER = "jamais essayé en ligne"


def kept(intake: "Intake") -> "pd.DataFrame":
    """One line an indicator: rows, areas by level, first and last period."""
    import pandas as pd

    rows = []
    for indicator, own in intake.observations.groupby("indicator", sort=True):
        levels = own.drop_duplicates("geo")["geo"].str.partition("-")[0].value_counts()
        areas = [f"{levels[level]} {_LEVEL_NAMES.get(level, 'communes')}" for level in LEVELS if level in levels]
        first, last = own["time_period"].min(), own["time_period"].max()
        period = first if first == last else f"{first} à {last}"
        rows.append({"indicateur": indicator, "lignes": len(own), "zones": ", ".join(areas), "périodes": period})
    return pd.DataFrame(rows, columns=["indicateur", "lignes", "zones", "périodes"])


def contracts(found: "list[Taken]", regions: list[str]) -> "pd.DataFrame":
    """One line a file of contracts: what became of its lines, its years, the main regions of its buyers."""
    import pandas as pd

    rows = [
        {
            "fichier": name(each.file),
            "lues": each.counts.read,
            "gardées": each.counts.kept,
            "rejetées": each.counts.rejected,
            "doublons": each.counts.duplicates,
            "marchés": each.counts.contracts,
            "années": " à ".join(dict.fromkeys((each.counts.first[:4], each.counts.last[:4]))),
            "régions": where,
        }
        for each, where in zip(found, regions, strict=True)
    ]
    return pd.DataFrame(rows)


def unknown(counts: "Counts") -> str:
    """What no column of a file says, in one sentence; empty when it has all those that figures rest on."""
    absent = set(counts.absent)
    told = [what for columns, what in _ASKED if absent.issuperset(columns)]
    return f"aucune colonne ne dit {join_fr(told)} : ce qui en dépend n'y est pas connu." if told else ""


def name(file: str) -> str:
    """The name of a file, fit for the terminal."""
    return shown(file)


def set_aside(intake: "Intake") -> "pd.DataFrame":
    """One line a reason: how many rows were not taken, and one of them."""
    import pandas as pd

    rows = [
        {"raison": reason, "lignes": len(own), "exemple": f"{own['what'].iloc[0]} ({own['where'].iloc[0]})"}
        for reason, own in intake.set_aside.groupby("reason", sort=True)
    ]
    return pd.DataFrame(rows, columns=["raison", "lignes", "exemple"])


def sentence(intake: "Intake") -> str:
    """What was done, in one sentence."""
    place = f"{intake.source}/{intake.vintage}"
    if not intake.new:
        return f"Rien à faire : {place} contient déjà {'ce fichier' if len(intake.files) == 1 else 'ces fichiers'}."
    taken, left = len(intake.observations), len(intake.set_aside)
    counts = f"{taken} observation{'s' * (taken > 1)} retenue{'s' * (taken > 1)}"
    counts += f", {left} ligne{'s' * (left > 1)} écartée{'s' * (left > 1)}" if left else ", rien d'écarté"
    return f"{place} : {counts}, de {join_fr(intake.files)}."


def consequence(taken: "Intake | Taken", newest: int) -> str:
    """Which editions use the new vintage, which do not move; `newest` is the last one that existed before it."""
    year, since = int(taken.published[:4]), taken.since
    start = f"Publié en {year}" + (f", compté depuis {since}" if since > year else "")
    if since > newest:
        return f"{start} : l'édition {since} existe désormais, les précédentes ne changent pas."
    if since == newest:
        return f"{start} : l'édition {since} en tient compte désormais, les précédentes ne changent pas."
    return (
        f"{start} : les éditions {since} à {newest} en tiennent compte désormais et changent "
        "(voir « cpsr-study compare --editions »)."
    )


def readers(data_dir: Path) -> "pd.DataFrame":
    """One line a source that can be brought up to date: what it gives, what is held, what is known, what was tried."""
    import pandas as pd

    from cpsr_study.sources import addresses, catalogue, registry

    vintages: dict[str, list[str]] = {}
    for card in catalogue(data_dir):
        vintages.setdefault(card.source, []).append(card.vintage)
    known, read = addresses.read(data_dir), registry.readers()
    rows = []
    for name in sorted({*known, *read}):
        source = known.get(name)
        rows.append(
            {
                "source": name,
                "donne": source.gives if source else "",
                "détenu": max(vintages.get(name, ["–"])),
                "connu": source.newest if source else "",
                "lecteur": "oui" if name in read or name in registry.READ_ELSEWHERE else "non",
                "essayé sur un vrai fichier": (source and source.tested) or "non",
                "en ligne": _online(source),
                "page": source.page if source else "",
            }
        )
    return pd.DataFrame(rows)


def _online(source: object) -> str:
    if source is None or not getattr(source, "files", ()):
        return "pas d'adresse directe"
    return getattr(source, "online", "") or NEVER


def draft(item: "Draft") -> str:
    """How far a document being typed is."""
    place = f"Brouillon {item.source}/{item.vintage}"
    if item.fault:
        return f"{place} : {item.fault}"
    figures = f"{item.figures} chiffre{'s' * (item.figures > 1)} saisi{'s' * (item.figures > 1)}"
    if item.missing:
        some = ", ".join(item.missing[:5]) + ("…" if len(item.missing) > 5 else "")
        return f"{place} : {figures} ; sur {item.expected} attendus, manquent {some} ({len(item.missing)})."
    return f"{place} : {figures}, rien ne manque ; à prendre par « cpsr-study import {item.source} »."
