"""The contracts of the DECP in a chapter: ordinary tables and charts, or the sentence that says what to import."""

import pandas as pd

from cpsr_study import hidden
from cpsr_study.display import charts, numbers, publish, tables
from cpsr_study.selection import Selection
from cpsr_study.study import Study

PARTIAL = "P"
LONGEST = 160  # of an object in a table
HOW = (
    "Aucun marché des données essentielles de la commande publique (DECP) n’est importé {en} : téléchargez le fichier "
    "tabulaire « Données essentielles de la commande publique consolidées » sur data.gouv.fr, puis "
    "« cpsr-study import decp FICHIER », ou « cpsr-study fetch decp »."
)
NOT_HERE = (
    "Des marchés sont importés, aucun n’est situé {en} : il n’y en a pas, ou leurs fichiers ne disent pas où "
    "(« cpsr-study import sirene FICHIER » situe un acheteur par son SIRET)."
)
NONE_RESERVED = "Aucun marché réservé n’est déclaré aux DECP {en}"
UNANSWERED = ", où aucun marché ne répond à la question des considérations sociales"
SILENT = (
    "Dans les fichiers importés, aucun acheteur de dix marchés ou plus {en} ne dit si ses marchés comportent une "
    "considération sociale : la réponse y est vide pour tous, et aucun n’est nommé."
)
FEW = (
    "Aucun acheteur {en} n’a dix marchés ou plus, notifiés depuis 2024, dans un fichier qui pose la question des "
    "considérations sociales : aucun n’est nommé."
)
COVERAGE = (
    "marches", "acheteurs", "part_declares", "part_accords_cadres", "sans_nature", "ecartes", "contradictoires",
    "identiques", "situes_sirene",
)  # fmt: skip


def known(study: Study) -> bool:
    """Whether contracts are known in the territory."""
    names = ["decp_marches_siege", "decp_marches_execution"]
    return bool(study.contract_cards) and not study.select(names, category="").empty


def coverage(study: Study) -> None:
    """What the figures rest on, before any of them; without contracts, what to import and how."""
    if not known(study):
        publish.sentence("reading", [(NOT_HERE if study.contract_cards else HOW).format(en=study.en)])
        return
    years = _years(study.series(["decp_marches_siege", "decp_marches_execution"]).frame)
    for suffix, place in (("siege", "siège de l’acheteur"), ("execution", "lieu d’exécution")):
        names = [f"decp_{name}_{suffix}" for name in COVERAGE]
        own = study.series(names[0]).frame
        if own.empty:
            publish.sentence("missing", [f"Aucun marché des DECP n’est connu {study.en} par le {place}."])
            continue
        here = [year for year in years if year in set(own["time_period"])] or _years(own)
        found = study.select(names, study.geos, category="").only(time_period=here)
        title = f"Ce que les DECP couvrent {study.en}, {place}"
        rows = _by_year_and_area(found, names)
        tables.cross(rows, title, rows="indicator_label", columns="geo_period", order="_rank", note=_told(here))


def amounts(study: Study) -> None:
    """Number and amount by type, then by category of buyer, in both geographies."""
    if not known(study):
        return
    names = [f"decp_{name}_{suffix}" for suffix in ("siege", "execution") for name in ("marches", "montant")]
    note = "Montants hors accords-cadres dits tels, dont le montant est un plafond, et hors montants écartés."
    for breakdown, head in (("decp_type", "Type de marché"), ("decp_acheteur", "Catégorie d’acheteur")):
        found = parts(study, names, breakdown)
        title = f"Marchés des DECP par {numbers.inside(head)} {study.en}{_when(found)}"
        _crossed(found, title, head, note)


def by_year(study: Study) -> None:
    """The two rates by year, against the target of the national plan and the dates that break the series."""
    if not known(study):
        return
    names = ["decp_part_sociale_declares_siege", "decp_part_sociale_siege"]
    found = study.series(names)
    rates = found.frame["indicator"].map({names[0]: "Parmi ceux qui répondent", names[1]: "Parmi tous les marchés"})
    charts.lines(
        Selection(found.frame.assign(taux=rates), found.missing),
        f"Part des marchés avec une considération sociale {study.en}",
        series="taux",
        target=study.series("objectif_marches_consideration_sociale", "FR"),
        note=f"Siège de l’acheteur. {_intervals(found.only(indicator=names[0]).frame, 'period_label')}",
    )
    both = study.series([*names, "decp_part_sociale_declares_execution", "decp_part_sociale_execution"])
    _crossed(both, f"Considérations sociales {study.en}, par année", "Année", _both_intervals(both), "period_label")


def thresholds(study: Study) -> None:
    """Above and below the European thresholds in force on the day of notification."""
    _share(study, "decp_seuil", "selon le seuil européen", "Place au seuil")


def modalities(study: Study) -> None:
    """Clause, criterion, reservation: by type of contract, then by category of buyer."""
    _share(study, "decp_type", "par type de marché", "Type de marché")
    _share(study, "decp_acheteur", "par catégorie d’acheteur", "Catégorie d’acheteur")


def largest_reserved(study: Study) -> None:
    """The largest reserved contracts; an object that is too long says that it was cut."""
    if not known(study):
        return
    rows = study.largest_reserved()
    if rows.empty:
        answered = not study.select("decp_part_sociale_declares_siege", category="").empty
        publish.sentence("reading", [f"{NONE_RESERVED.format(en=study.en)}{'' if answered else UNANSWERED}."])
        return
    shown = pd.DataFrame(
        {
            "objet": rows["objet"].map(_cut),
            "acheteur": _buyers(rows),
            "jour": rows["jour"].map(numbers.day_text),
            "montant": [
                f"{numbers.number(round(value))} €{' (plafond)' if ceiling else ''}"
                for value, ceiling in zip(rows["montant"], rows["accord_cadre"], strict=True)
            ],
        }
    )
    heads = {"objet": "Objet", "acheteur": "Acheteur", "jour": "Notification", "montant": "Montant hors taxes"}
    title = f"Les plus grands marchés réservés des acheteurs {study.en}"
    tables.listing(shown, title, heads, note=_source(study), right=["montant"])


def buyers(study: Study) -> None:
    """The buyers that answer most and least the question of social considerations."""
    if not known(study):
        return
    rows = study.declaring_buyers()
    if rows.empty:
        publish.sentence("reading", [FEW.format(en=study.en)])
        return
    if not rows["declares"].any():
        publish.sentence("reading", [SILENT.format(en=study.en)])
        return
    ends = rows if len(rows) <= 10 else pd.concat([rows.head(5), rows.tail(5)])
    shown = pd.DataFrame(
        {
            "acheteur": _buyers(ends),
            "marches": ends["marches"].map(numbers.number),
            "declares": [
                f"{numbers.number(round(100 * told / of, 1))} %"
                for told, of in zip(ends["declares"], ends["marches"], strict=True)
            ],
            "oui": ends["oui"].map(numbers.number),
        }
    )
    heads = {"acheteur": "Acheteur", "marches": "Marchés depuis 2024", "declares": "Renseignés",
             "oui": "Avec une considération sociale"}  # fmt: skip
    note = (
        "Acheteurs de dix marchés ou plus ; un acheteur qui ne renseigne pas peut très bien avoir des clauses. Les "
        "marchés des fichiers qui ne posent pas la question ne comptent pas ici."
    )
    title = f"Acheteurs qui renseignent le plus et le moins les considérations sociales {study.en}"
    tables.listing(shown, title, heads, note=f"{note} {_source(study)}", right=["marches", "declares", "oui"])


def parts(study: Study, names: list[str], breakdown: str) -> Selection:
    """The categories of one breakdown, of the last whole year that is known, else of the last."""
    found = study.select(names).only(breakdown=breakdown)
    if found.empty:
        return found
    return found.only(time_period=_years(found.frame)[0]).sorted("category_rank")


def _years(frame: pd.DataFrame) -> list[str]:
    """The last whole year, which the tables of categories show, then a later one that is still provisional."""
    last, whole = frame["time_period"].max(), frame.loc[frame["status"] != PARTIAL, "time_period"]
    return [last] if whole.empty or whole.max() == last else [whole.max(), last]


def _told(years: list[str]) -> str:
    if len(years) == 1:
        return ""
    whole, last = years
    return f"Les tableaux par type et par acheteur portent sur {whole}. {last} est provisoire, il y manque des marchés."


def _by_year_and_area(found: Selection, names: list[str]) -> Selection:
    """The figures in the order of their names; for each, the columns by year, the territory first."""
    frame = found.frame.assign(
        geo_period=found.frame["geo_label"] + ", " + found.frame["period_label"],
        _rank=found.frame["indicator"].map(names.index),
        _other=found.frame["geo"] != found.missing.geo,
    )
    return Selection(frame.sort_values(["_rank", "time_period", "_other"], kind="stable"), found.missing, found.note)


def _share(study: Study, breakdown: str, how: str, head: str) -> None:
    if not known(study):
        return
    names = [f"decp_part_{name}_siege" for name in ("sociale_declares", "clause", "critere", "reserve")]
    found = parts(study, names, breakdown)
    if found.empty:
        return
    note = " ".join(
        filter(
            None,
            [
                "Base : marchés qui répondent à la question ; un marché peut cumuler plusieurs modalités.",
                _intervals(found.frame[found.frame["indicator"] == names[0]], "category_label"),
            ],
        )
    )
    _crossed(found, f"Considérations sociales {how} {study.en}{_when(found)}", head, note)


def _crossed(found: Selection, title: str, head: str, note: str = "", rows: str = "category_label") -> None:
    if not found.empty:
        order = "category_rank" if rows == "category_label" else "time_period"
        tables.cross(found, title, rows=rows, columns="indicator_label", head=head, order=order, note=note)


def _intervals(frame: pd.DataFrame, by: str) -> str:
    """The intervals of the shares that rest on few contracts, each with what it is the share of."""
    few = frame[frame["note"].str.contains("Wilson", regex=False)]
    return " ".join(f"{name} : {note}" for name, note in zip(few[by], few["note"], strict=True))


def _both_intervals(found: Selection) -> str:
    """The intervals of the rates among those that answer, for each geography that has some."""
    told = [
        (place, _intervals(found.only(indicator=f"decp_part_sociale_declares_{suffix}").frame, "period_label"))
        for suffix, place in (("siege", "Siège de l’acheteur"), ("execution", "Lieu d’exécution"))
    ]
    return " ".join(f"{place}. {intervals}" for place, intervals in told if intervals)


def _when(found: Selection) -> str:
    return "" if found.empty else f", {found.frame['time_period'].iloc[0]}"


def _buyers(rows: pd.DataFrame) -> list[str]:
    return [
        _cut(name) if isinstance(name, str) and name else f"SIRET {siret}"
        for name, siret in zip(rows["acheteur_nom"], rows["acheteur_id"], strict=True)
    ]


def _cut(text: object) -> str:
    flat = hidden.named(" ".join(str(text or "").split()))
    return flat if len(flat) <= LONGEST else f"{flat[:LONGEST].rstrip()}… (objet abrégé)"


def _source(study: Study) -> str:
    return f"Source : {study.contract_cards[-1].label}, siège de l’acheteur."
