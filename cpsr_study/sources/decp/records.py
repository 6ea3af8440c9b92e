"""From JSON contracts to the lines of the tabular form: one a version, the latest being the current one.

Nearly all records have the types of the schema and are turned into columns at once; a record that has others is taken
field by field, with the same result.
"""

from dataclasses import dataclass
from typing import Any

from cpsr_study.sources.decp.json_stream import Contract, Loose

# What is read of a record, all text or nothing.
FIELDS = (
    "id", "acheteur_id", "acheteur_nom", "nature", "objet", "cpv", "procedure", "techniques", "date_notification",
    "date_publication", "montant", "sociale", "lieu_code", "lieu_type", "titulaires",
)  # fmt: skip
# The columns of a line of ours: its place in the file, whether it is the first version of its contract there, text.
COLUMNS = (
    "ligne", "base", "lot", "version", "actuelle", "id", "acheteur_id", "acheteur_nom", "acheteur_categorie",
    "siege_commune", "siege_departement", "siege_region", "nature", "objet", "cpv", "procedure", "techniques",
    "date_premiere", "date_notification", "date_publication", "montant", "sociale", "lieu_code", "lieu_type",
    "titulaires",
)  # fmt: skip
DATE, _PUBLISHED, _AMOUNT, _WINNERS = (
    FIELDS.index(name) for name in ("date_notification", "date_publication", "montant", "titulaires")
)
Fields = tuple[str | None, ...]


@dataclass(frozen=True)
class Lines:
    """The view `lignes`: how many rows, and how many may be taken at once, lot after lot; all of them when not said.

    `again`: it costs little to read it again, and `ligne` says where each row is.
    """

    rows: int = 0
    at_once: int = 0
    again: bool = False


def typed(batch: list[Contract]) -> list[list[Any]]:
    """The columns of `FIELDS` of records that have the types of the schema."""
    buyers = [each.acheteur for each in batch]
    places = [each.lieuExecution for each in batch]
    return [
        [each.id for each in batch],
        [(buyer and buyer.id) or each.acheteur_id for buyer, each in zip(buyers, batch, strict=True)],
        [buyer and buyer.nom for buyer in buyers],
        [each.nature for each in batch],
        [each.objet for each in batch],
        [each.codeCPV for each in batch],
        [each.procedure for each in batch],
        [each.techniques and _joined(each.techniques.technique) for each in batch],
        [each.dateNotification for each in batch],
        [each.datePublicationDonnees for each in batch],
        [None if each.montant is None else str(each.montant) for each in batch],
        [each.considerationsSociales and _joined(each.considerationsSociales.considerationSociale) for each in batch],
        [place and place.code for place in places],
        [place and place.typeCode for place in places],
        [each.titulaires and _winners(each.titulaires) for each in batch],
    ]


def loose(batch: list[Loose]) -> list[list[Any]]:
    """The same columns of records whose values may be anything."""
    return [list(column) for column in zip(*map(_fields, batch), strict=True)] or [[] for _ in FIELDS]


def _fields(record: Loose) -> Fields:
    buyer, place = record.acheteur, record.lieuExecution
    buyer = buyer if isinstance(buyer, dict) else {"id": buyer}
    place = place if isinstance(place, dict) else {}
    return (
        text(record.id), text(buyer.get("id") or record.acheteur_id), text(buyer.get("nom")), text(record.nature),
        text(record.objet), text(record.codeCPV), text(record.procedure), listed(record.techniques),
        text(record.dateNotification), text(record.datePublicationDonnees), text(record.montant),
        listed(record.considerationsSociales), text(place.get("code")), text(place.get("typeCode")),
        parties(record.titulaires),
    )  # fmt: skip


def changed(fields: Fields, found: Any) -> list[Fields]:
    """The versions after the first. A modification says only what it changes: the rest is that of the one before."""
    result, now = [], list(fields)
    for change in modifications(found):
        now[_AMOUNT] = _first(text(change.get("montant")), now[_AMOUNT])
        now[_WINNERS] = parties(change.get("titulaires")) or now[_WINNERS]
        now[DATE] = text(change.get("dateNotificationModification")) or now[DATE]
        now[_PUBLISHED] = text(change.get("datePublicationDonneesModification")) or now[_PUBLISHED]
        result.append(tuple(now))
    return result


def is_concession(kind: str) -> bool:
    """A concession in the list of contracts, as files of the first format have them, from its type and nature."""
    words = kind.lower()
    return "concession" in words or "délégation de service public" in words


def modifications(value: Any) -> list[dict[str, Any]]:
    """The modifications in their order: that of their ids when all have one, else that of the file."""
    found = [each.get("modification", each) for each in value if isinstance(each, dict)] if _is_list(value) else []
    found = [each for each in found if isinstance(each, dict) and each]
    numbers = [each.get("id") for each in found]
    if all(isinstance(number, int) for number in numbers):
        return sorted(found, key=lambda each: int(each["id"]))
    return found


def parties(value: Any) -> str | None:
    """Identifiers of the titulaires, separated by bars; those that have none are left out."""
    if not _is_list(value):
        return None
    found = [each.get("titulaire", each) for each in value if isinstance(each, dict)]
    ids = {text(each.get("id")) for each in found if isinstance(each, dict)}
    return "|".join(sorted(name for name in ids if name)) or None


def listed(value: Any) -> str | None:
    """A list of values, in one key or not, as text."""
    if isinstance(value, dict):
        value = next(iter(value.values()), None)
    if _is_list(value):
        return ", ".join(filter(None, map(text, value))) or None
    return text(value)


def text(value: Any) -> str | None:
    """A scalar as text that can be written; anything else is no value."""
    if value is None or isinstance(value, (dict, list)):
        return None
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate pair is no text


def _joined(values: list[str] | None) -> str | None:
    if values and len(values) == 1:
        return values[0]
    return ", ".join(filter(None, values or ())) or None


def _winners(found: list[Any]) -> str | None:
    if len(found) == 1 and (party := found[0].titulaire):
        return party.id or None
    ids = {each.titulaire.id if each.titulaire else each.id for each in found}
    return "|".join(sorted(name for name in ids if name)) or None


def _first(new: str | None, before: str | None) -> str | None:
    return before if new is None else new


def _is_list(value: Any) -> bool:
    return isinstance(value, list)
