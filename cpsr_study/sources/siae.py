"""Directory of structures of insertion (SIAE): counts by kind and département.

Two directories, never mixed in one vintage: the emplois de l'inclusion API (pages of JSON: `type`, `departement`,
`code_postal`, `siret`, `mis_a_jour_le`) and Le marché de l'inclusion (pages of JSON or CSV export: `kind` or « Type de
structure », `post_code` or « Code postal », `department`, `siret`, `is_active`, `updated_at`). Unit: structures.
SIAE are EI, ACI, AI, ETTI and EITI; GEIQ and adapted companies (EA, EATT) are counted apart.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cpsr_study.area_names import key
from cpsr_study.display.numbers import period_text
from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import codes, flat
from cpsr_study.sources.harvest import SUM_NOTE, Harvest, date_in_name, summed
from cpsr_study.sources.reading import Reading

SOURCE = "siae"
SIAE = {
    "EI": "entreprise d insertion",
    "ACI": "atelier chantier d insertion",
    "AI": "association intermediaire",
    "ETTI": "entreprise de travail temporaire d insertion",
    "EITI": "entreprise d insertion par le travail independant",
}
APART = {"GEIQ": "geiq", "EA": "entreprises_adaptees", "EATT": "entreprises_adaptees"}
ELSEWHERE = {
    "ESAT": "ESAT : comptés par FINESS.",
    "OPCS": "Organisation porteuse de la clause sociale, pas un employeur.",
    "SEP": "Structure du travail en prison, pas une SIAE.",
}
_LABELS = {label: kind for kind, label in SIAE.items()} | {
    "atelier et chantier d insertion": "ACI",
    "groupement d employeurs pour l insertion et la qualification": "GEIQ",
    "entreprise adaptee": "EA",
    "entreprise adaptee de travail temporaire": "EATT",
    "etablissement et service d aide par le travail": "ESAT",
    "produits et services realises en prison": "SEP",
    "organisation porteuse de la clause sociale": "OPCS",
}
# Field -> its names in the emplois de l'inclusion, in Le marché, in the export of Le marché.
_EMPLOIS = {"kind": "type", "postcode": "code_postal", "area": "departement", "siret": "siret", "day": "mis_a_jour_le"}
_MARCHE = {"kind": "kind", "postcode": "post_code", "area": "department", "siret": "siret", "day": "updated_at"}
_EXPORT = {"kind": "Type de structure", "postcode": "Code postal", "siret": "Siret"}
_NAMES = {"emplois": "Les emplois de l'inclusion", "marche": "Le marché de l'inclusion"}
_NO_EA = "2026-05"  # EA and EATT left the emplois de l'inclusion on 11 May 2026
Counts = dict[str, dict[str, int]]


class Structure(NamedTuple):
    """One structure: its place, kind, département (DEP-…) or None, identity, month of update or ""."""

    where: str
    kind: str
    geo: str | None
    siret: str
    month: str


def recognise(path: Path) -> bool:
    """A page of either directory, or the CSV export of Le marché de l'inclusion."""
    names = set(flat.header(path))
    if {"Type de structure", "Code postal"} <= names or {"kind", "post_code"} <= names:
        return True
    try:
        with path.open("rb") as handle:
            start = handle.read(200_000).decode("utf-8", errors="replace")
    except OSError:
        return False
    return start.lstrip("\ufeff \r\n\t")[:1] in {"{", "["} and any(
        all(f'"{fields[name]}"' in start for name in ("kind", "postcode", "area", "siret"))
        for fields in (_EMPLOIS, _MARCHE)
    )


def read(paths: list[Path]) -> Reading:
    """SIAE by kind, GEIQ and adapted companies by département, and by region when all its départements are there."""
    harvest = Harvest()
    structures, directory = _structures(paths, harvest)
    months = [one.month for one in structures if one.month]
    period = max(months) if months else date_in_name(paths[0])
    counts: Counts = {}
    seen: set[tuple[str, str]] = set()
    for one in structures:
        if reason := _why_not(one, seen):
            harvest.set_aside(one.where, one.kind, reason)
            continue
        seen.add((one.siret, one.kind))
        area = counts.setdefault(str(one.geo), {})
        area[one.kind] = area.get(one.kind, 0) + 1
    _keep(counts, period, f"répertoire {_NAMES[directory]}", harvest)
    return harvest.reading(paths, **_card(directory, period, bool(months)))


def _why_not(one: Structure, seen: set[tuple[str, str]]) -> str:
    if one.kind in ELSEWHERE:
        return ELSEWHERE[one.kind]
    if one.geo is None:
        return "Département inconnu ou hors des 101 départements."
    again = one.siret and (one.siret, one.kind) in seen
    return "Structure répétée (même SIRET, même type)." if again else ""


def _keep(counts: Counts, period: str, locator: str, harvest: Harvest) -> None:
    for geo, kinds in sorted((counts | summed(counts)).items()):
        note = SUM_NOTE if geo.startswith("REG") else ""
        siae = {kind: kinds[kind] for kind in SIAE if kind in kinds}
        for category, value in {"siae": sum(siae.values()), **{k.lower(): n for k, n in siae.items()}}.items():
            if value:
                rest = {"breakdown": "type_structure", "category": category, "locator": locator, "note": note}
                harvest.keep("structures_inclusives", geo, period, value, **rest)
        for indicator in dict.fromkeys(APART.values()):
            if value := sum(kinds.get(kind, 0) for kind, other in APART.items() if other == indicator):
                harvest.keep(indicator, geo, period, value, locator=locator, note=note)


def _structures(paths: list[Path], harvest: Harvest) -> tuple[list[Structure], str]:
    """All structures of the files, and the directory they come from."""
    found: list[Structure] = []
    directories = set()
    announced = read_rows = 0
    for path in paths:
        is_json = flat.first_line(path).lstrip("\ufeff ")[:1] in {"{", "["}
        rows, total = _pages(path) if is_json else (list(_csv(path)), 0)
        announced, read_rows = announced + total, read_rows + len(rows)
        for where, row in rows:
            fields = _EMPLOIS if "departement" in row else _MARCHE
            directories.add("emplois" if fields is _EMPLOIS else "marche")
            structure = _structure(row, fields, where)
            if str(row.get("is_active")).lower() == "false":
                harvest.set_aside(where, structure.kind, "Structure inactive.")
            else:
                found.append(structure)
    if len(directories) != 1:
        raise DataError("Un répertoire à la fois : Les emplois ou Le marché de l'inclusion, pas les deux (ou vide).")
    if announced and announced != read_rows:
        raise DataError(f"Le répertoire annonce {announced} structures, {read_rows} lues : il manque des pages.")
    return found, directories.pop()


def _pages(path: Path) -> tuple[list[tuple[str, dict[str, Any]]], int]:
    """Rows of a page, and the count that its first page announces (0 on the following ones)."""
    page = flat.read_json(path)
    results = page.get("results") if isinstance(page, dict) else page
    if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
        raise DataError(f"{path.name} : une liste « results » de structures est attendue.")
    total = 0
    if isinstance(page, dict) and not page.get("previous"):
        total = flat.whole(str(page.get("count", len(results))), f"{path.name}, count")
    return [(f"{path.name}, structure {n}", row) for n, row in enumerate(results, start=1)], total


def _csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of an export, under the names of the API."""
    names = flat.header(path)
    fields = _EXPORT if "Type de structure" in names else {name: _MARCHE[name] for name in ("kind", "postcode")}
    for line, row in flat.records(path, [fields["kind"], fields["postcode"]]):
        renamed = {_MARCHE[name]: row[column] for name, column in fields.items() if column in row}
        yield f"{path.name}, ligne {line}", row | renamed


def _structure(row: dict[str, Any], fields: dict[str, str], where: str) -> Structure:
    for name in ("kind", "postcode"):
        if fields[name] not in row:
            raise DataError(f"{where} : le champ « {fields[name]} » manque, la forme du répertoire a changé.")
    text = {name: str(row.get(field) or "").strip() for name, field in fields.items()}
    geo = codes.departement(text["area"], where) if text["area"] else None
    geo = geo or codes.departement_of_postcode(text["postcode"], where)
    month = text["day"][:7] if re.match(r"20[0-9][0-9]-(0[1-9]|1[0-2])", text["day"]) else ""
    return Structure(where, _kind(text["kind"], where), geo, text["siret"], month)


def _kind(text: str, where: str) -> str:
    """« EI », « Entreprise d'insertion », « Entreprise d'insertion (EI) » -> EI. DataError on an unknown kind."""
    known = {*SIAE, *APART, *ELSEWHERE}
    inside = re.search(r"\((\w+)\)$", text)
    kind = text if text in known else inside[1] if inside else _LABELS.get(key(text), "")
    if kind not in known:
        listed = ", ".join(sorted(known))
        raise DataError(f"{where} : type de structure inconnu, « {shown(text)} » (connus : {listed}).")
    return kind


def _card(directory: str, period: str, dated: bool) -> dict[str, str]:
    absent = directory == "emplois" and period >= _NO_EA
    return {
        "source": SOURCE,
        "vintage": f"{period}-{directory}",
        "title": f"Répertoire des structures de l'insertion, {_NAMES[directory]}, {period}",
        "short": f"{_NAMES[directory]} {period_text(period)}",
        "producer": "Plateforme de l'inclusion",
        "reference_period": period,
        "published": period,
        "url": "https://emplois.inclusion.beta.gouv.fr"
        if directory == "emplois"
        else "https://lemarche.inclusion.gouv.fr",
        "citation": f"Plateforme de l'inclusion, {_NAMES[directory]}, structures par type et département, {period}.",
        "notes": "Structures présentes dans le répertoire, antennes comprises, classées par département (à défaut par "
        "code postal). SIAE : EI, ACI, AI, ETTI et EITI. "
        f"{'Les entreprises adaptées ont quitté ce répertoire le 11 mai 2026. ' if absent else ''}"
        f"{'Période : dernière mise à jour.' if dated else 'La date vient du nom du fichier.'}",
    }
