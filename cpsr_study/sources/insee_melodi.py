"""INSEE's Melodi API: the pages of one answer, as JSON files, of DS_FILOSOFI_CC or DS_POPULATIONS_REFERENCE.

An answer is `{"identifier", "observations": [{"dimensions", "measures", "attributes"}], "paging"}`; `paging.next` is
there when another page follows, and all the pages must be given. A value that is not disseminated has no
`OBS_VALUE_NIVEAU`: it is set aside, never a zero. Rates in %, median in euros a year, populations in inhabitants.
"""

import json
import re
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import insee_codes, insee_files, insee_melodi_pages
from cpsr_study.sources.insee_files import Harvest
from cpsr_study.sources.reading import Reading

SOURCE = "insee-melodi"
# Data set -> name of a vintage, title, producer, dimension that says the measure, years from period to publication.
DATASETS = {
    "DS_FILOSOFI_CC": ("filosofi", "Filosofi", "INSEE-DGFiP-Cnaf-Cnav-CCMSA", "FILOSOFI_MEASURE", 3),
    "DS_POPULATIONS_REFERENCE": ("population", "Populations de référence", "INSEE", "POPREF_MEASURE", 2),
}
# Measure -> indicator, whether it is in euros, plausible bounds.
MEASURES: dict[str, tuple[str, bool, tuple[float, float]]] = {
    "PR_MD60": ("taux_pauvrete", False, (0, 100)),
    "MED_SL": ("niveau_vie_median", True, (1_000, 200_000)),
    "NUM_PER": ("personnes_menages_fiscaux", False, (1, 70_000_000)),
    "PMUN": ("population", False, (0, 70_000_000)),
}
STATUSES = {"": "A", "A": "A", "P": "P", "E": "E", "F": "F", "U": "U"}
FRANCES = {"F": "FR", "FR": "FR", "M": "FRMET", "FM": "FRMET"}
_GEO = re.compile(r"(?:[0-9]{4}-)?(COM|EPCI|DEP|REG|FRANCE)-([0-9A-Z]{1,9})")
_LOST_ZERO = re.compile(r"(^|-)((DEP|REG)-[1-9]|COM-[1-9][0-9]{3})$")


def recognise(path: Path) -> bool:
    """True for a JSON text that begins as an answer of Melodi about one of the two data sets."""
    try:
        with path.open("rb") as handle:
            start = handle.read(4_000).decode("utf-8-sig", errors="replace")
    except OSError:
        return False
    found = re.search(r'"identifier"\s*:\s*"(\w+)"', start)
    return found is not None and found[1] in DATASETS and start.lstrip().startswith("{")


def read(paths: list[Path]) -> Reading:
    """The observations of all the pages of one answer."""
    answers = {path: _answer(path) for path in paths}
    datasets = {answer["identifier"] for answer in answers.values()}
    if len(datasets) != 1:
        raise DataError(f"Un seul jeu de données par millésime (donnés : {', '.join(sorted(datasets))}).")
    dataset = datasets.pop()
    pages = insee_melodi_pages.in_order(answers)
    name, title, producer, _, delay = DATASETS[dataset]
    harvest, periods = Harvest(), set[str]()
    known = insee_codes.known(paths[0], {_geo(item) for path in pages for item in answers[path]["observations"]})
    for path in pages:
        for place, item in enumerate(answers[path]["observations"], 1):
            periods |= _take(f"{path.name}, observation {place}", item, dataset, known, harvest)
    total = sum(len(answers[path]["observations"]) for path in pages)
    observations, set_aside = harvest.frames(pages[0].name)
    years = sorted({min(periods), max(periods)})
    period = " à ".join(years)
    published = str(int(max(periods)) + delay)
    told = f"{len(pages)} page lue" if len(pages) == 1 else f"{len(pages)} pages lues"
    return Reading(
        source=SOURCE,
        vintage="-".join([name, *years]),
        title=f"{title} {period} (Melodi)",
        short=f"Insee, {title} {period}",
        producer=producer,
        reference_period=period,
        published=published,
        licence=insee_files.LICENCE,
        url=f"https://api.insee.fr/melodi/data/{dataset}",
        citation=f"{producer}, {title} {period}, API Melodi, jeu {dataset}.",
        notes=f"Réponse complète : {told}, {total} observations, {len(observations)} retenues. Date de publication non "
        f"donnée par la réponse : {published} est la première année plausible.",
        observations=observations,
        set_aside=set_aside,
    )


def _answer(path: Path) -> dict[str, Any]:
    """One page, numbers as they are written. DataError unless it has the shape of an answer."""
    try:
        insee_files.check_size(path)
        text = path.read_bytes().decode("utf-8-sig")
        answer = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeDecodeError:
        raise DataError(f"{path.name} n'est pas en UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path.name} ne se lit pas ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path.name} n'est pas du JSON entier : la réponse a-t-elle été coupée ?") from None
    if not isinstance(answer, dict) or answer.get("identifier") not in DATASETS:
        expected = ", ".join(DATASETS)
        raise DataError(f"{path.name} n'est pas une réponse de Melodi pour {expected}.")
    items, paging = answer.get("observations"), answer.get("paging") or {}
    if not isinstance(items, list) or not isinstance(paging, dict) or not all(map(_is_observation, items)):
        raise DataError(f"{path.name} n'a pas la forme d'une réponse de Melodi (observations, paging).")
    return answer | {"paging": paging}


def _is_observation(item: Any) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(part, {}), dict) for part in ("dimensions", "measures"))


def _geo(item: dict[str, Any]) -> str:
    """DEP-14 from « DEP-14 » or « 2025-DEP-14 »; empty for the areas the study does not follow."""
    found = _GEO.fullmatch(str(item.get("dimensions", {}).get("GEO", "")))
    if not found:
        return ""
    return FRANCES.get(found[2], "") if found[1] == "FRANCE" else f"{found[1]}-{found[2]}"


def _take(where: str, item: dict[str, Any], dataset: str, known: set[str], harvest: Harvest) -> set[str]:
    """Keep one observation or set it aside; gives its period when it is kept."""
    dimensions, attributes = item.get("dimensions", {}), item.get("attributes") or {}
    dimension = DATASETS[dataset][3]
    for name in ("GEO", "TIME_PERIOD", dimension):
        if not isinstance(dimensions.get(name), str):
            raise DataError(f"{where} : la dimension « {name} » manque.")
    if _LOST_ZERO.search(dimensions["GEO"]):
        raise DataError(f"{where} : le code « {shown(dimensions['GEO'])} » a perdu son zéro initial.")
    measure, period, geo = dimensions[dimension], dimensions["TIME_PERIOD"], _geo(item)
    level = item.get("measures", {}).get("OBS_VALUE_NIVEAU") or {}
    cell = level.get("value") if isinstance(level, dict) else level
    reason = _refusal({**attributes, **dimensions}, measure, period, geo in known, cell)
    if reason:
        harvest.drop(where, f"{measure} {shown(dimensions['GEO'])} {shown(period)}", reason)
        return set()
    indicator, _, (low, high) = MEASURES[measure]
    value = _value(cell, where)
    if given := harvest.kept.get((indicator, geo, period)):
        if given["value"] != value:
            raise DataError(f"{where} : {measure} a deux valeurs pour {geo} en {period}.")
        harvest.drop(where, f"{measure} {geo} {period}", "déjà donné, la même valeur")
        return set()
    if not low <= float(value) <= high:
        raise DataError(f"{where} : {measure} vaut {shown(cell)} pour {geo}, ce n'est pas plausible.")
    note = insee_files.FRAGILE.get(period, "") if dataset == "DS_FILOSOFI_CC" else ""
    status = STATUSES[str(attributes.get("OBS_STATUS") or "")]
    locator = f"{dataset}, {measure}, GEO={dimensions['GEO']}"
    harvest.keep(indicator, geo, period, value, as_published=str(cell), locator=locator, status=status, note=note)
    return {period}


def _value(cell: Any, where: str) -> str:
    """The number as plain text: JSON writes 3345842.0, or 13.200000000000001 for a binary 13.2."""
    if not isinstance(cell, str) or not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,20})?", cell):
        raise DataError(f"{where} : « {shown(cell)} » n'est pas un nombre.")
    return insee_files.plain(f"{float(cell):.2f}", where)


def _refusal(told: dict[str, Any], measure: str, period: str, known: bool, cell: Any) -> str:
    """Why an observation is set aside; empty when it is kept."""
    if measure not in MEASURES:
        return "mesure non suivie par l'étude"
    if not known:
        return "zone non suivie, ou absente des géographies connues de l'étude"
    if not re.fullmatch("[12][0-9]{3}", period):
        return "période autre qu'une année"
    unit = str(told.get("UNIT_MEASURE") or "")
    if (unit and unit.startswith("EUR") != MEASURES[measure][1]) or str(told.get("UNIT_MULT") or "0") != "0":
        return "autre unité que celle attendue"
    if cell is None or cell == "":
        return "valeur absente (secret statistique ou non diffusée)"
    return "" if str(told.get("OBS_STATUS") or "") in STATUSES else "statut inconnu de l'étude"
