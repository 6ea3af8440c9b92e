"""From a JSON contract to the lines of the tabular form: one a version, the latest being the current one."""

from typing import Any

from cpsr_study.sources.decp.json_stream import Contract

# The columns of a line, all text but the first two; a file without a column has no value there.
LINE = (
    "ligne", "base", "version", "actuelle", "id", "acheteur_id", "acheteur_nom", "nature", "objet", "cpv", "procedure",
    "techniques", "date_notification", "date_publication", "montant", "sociale", "lieu_code", "lieu_type", "titulaires",
)  # fmt: skip
Line = tuple[Any, ...]


def lines(contract: Contract, number: int) -> list[Line]:
    """The versions of a contract. A modification says only what it changes: the rest is that of the version before."""
    buyer, place = contract.acheteur, contract.lieuExecution
    buyer = buyer if isinstance(buyer, dict) else {"id": buyer}
    place = place if isinstance(place, dict) else {}
    amount, winners = text(contract.montant), parties(contract.titulaires)
    before = (text(contract.id), text(buyer.get("id") or contract.acheteur_id), text(buyer.get("nom")),
              text(contract.nature), text(contract.objet), text(contract.codeCPV), text(contract.procedure),
              listed(contract.techniques))  # fmt: skip
    after = (listed(contract.considerationsSociales), text(place.get("code")), text(place.get("typeCode")))
    date, published = text(contract.dateNotification), text(contract.datePublicationDonnees)
    changes = modifications(contract.modifications)
    result = [(number, True, "0", str(not changes).lower(), *before, date, published, amount, *after, winners)]
    for rank, change in enumerate(changes, 1):
        if (new := text(change.get("montant"))) is not None:
            amount = new
        winners = parties(change.get("titulaires")) or winners
        date = text(change.get("dateNotificationModification")) or date
        published = text(change.get("datePublicationDonneesModification")) or published
        current = str(rank == len(changes)).lower()
        result.append((number, False, str(rank), current, *before, date, published, amount, *after, winners))
    return result


def is_concession(contract: Contract) -> bool:
    """A concession in the list of contracts, as files of the first format have them."""
    words = f"{contract.type or ''} {contract.nature or ''}".lower()
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
    """A scalar as text; anything else is no value."""
    if value is None or type(value) is str:  # nearly all of them
        return value
    return None if isinstance(value, (dict, list)) else str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)
