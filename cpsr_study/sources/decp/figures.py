"""From figures of areas to observations: which of them are said, with the rule, the base and the interval of each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cpsr_study.display.numbers import number

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources import Card

# The two geographies: suffix of the indicators, words.
SUFFIXES = {"siege": "siege", "lieu": "execution"}
WORDS = {"siege": "siège de l’acheteur", "lieu": "lieu d’exécution"}
RULE = "version actuelle, un marché compté une fois (SIRET de l’acheteur et identifiant), territoire : {place}"
SMALL = 200  # under that many contracts, a share comes with its interval
# Each share: its numerator and denominator among the columns of the figures.
SHARES = {
    "part_sociale": ("oui", "marches"),
    "part_sociale_declares": ("oui", "declares"),
    "part_clause": ("clause", "declares"),
    "part_critere": ("critere", "declares"),
    "part_reserve": ("reserve", "declares"),
    "part_declares": ("declares", "marches"),
    "part_accords_cadres": ("accords", "natures"),
}
PLAIN = ("marches", "montant", "montant_median", "plafond", "acheteurs", "sans_nature", "ecartes", "contradictoires",
         "identiques", "non_localises", "situes_sirene")  # fmt: skip
COUNTED = {"sans_nature", "ecartes", "contradictoires", "identiques"}  # none of them is a finding too
WHOLE_ONLY = {
    "non_localises",
    "situes_sirene",
    "acheteurs",
    "ecartes",
    "contradictoires",
    "identiques",
    "part_accords_cadres",
    "sans_nature",
    "plafond",
}


def observations(found: dict[str, list[dict[str, Any]]], cards: "list[Card]") -> "pd.DataFrame":
    """One row a figure, with the columns of a typed document plus its source, from the records of each geography."""
    import pandas as pd

    newest = max(cards, key=lambda card: (card.published, card.vintage))
    rows = [row for lieu, records in found.items() for row in _rows(records, lieu, newest.published[:4])]
    columns = ["indicator", "geo", "time_period", "breakdown", "category", "status", "value", "note", "locator"]
    return (
        pd.DataFrame(rows, columns=columns)
        .astype({"value": float})
        .assign(
            as_published="", source=newest.source, vintage=newest.vintage, published=newest.published, kind=newest.kind
        )
    )


def _rows(records: list[dict[str, Any]], lieu: str, provisional: str) -> Iterator[dict[str, Any]]:
    """The observations of one geography. A year is provisional from that of the last file on."""
    locator = RULE.format(place=WORDS[lieu])
    for record in sorted(records, key=_place):
        geo, year, breakdown, category = _place(record)
        where = {
            "geo": geo,
            "time_period": str(year),
            "breakdown": breakdown,
            "category": category,
            "status": "P" if str(year) >= provisional else "A",
            "locator": locator,
        }
        for name, value, note in _said(record):
            yield {"indicator": f"decp_{name}_{SUFFIXES[lieu]}", **where, "value": value, "note": note}


def _place(record: dict[str, Any]) -> tuple[str, int, str, str]:
    """Area, year, breakdown and category of a record; a whole has neither of the last two."""
    return record["geo"], record["annee"], record.get("ventilation", ""), record.get("categorie_de", "")


def _said(record: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    """Name, value and note of each figure of a record; what is not known is not there, and nothing is zero for it."""
    whole = "ventilation" not in record
    for name in PLAIN:
        if (whole or name not in WHOLE_ONLY) and (record[name] or (name in COUNTED and record[name] is not None)):
            yield name, float(record[name]), ""
    for name, (over, base) in SHARES.items():
        if name == "part_sociale" and not record["declares"] + record["contradictoires"]:
            continue  # nobody was asked (format before 2024): a share of zero would be an answer
        if (whole or name not in WHOLE_ONLY) and record[base]:
            yield name, 100 * record[over] / record[base], _share_note(record[over], record[base])


def _share_note(over: int, base: int) -> str:
    if base >= SMALL:
        return f"{number(over)} sur {number(base)} marchés."
    low, high = wilson(over, base)
    return (
        f"{number(over)} sur {number(base)} marchés : intervalle de confiance à 95 % (Wilson) de "
        f"{number(round(low, 1))} à {number(round(high, 1))} %."
    )


def wilson(over: int, base: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share, in percent."""
    z, share = 1.959963984540054, over / base
    middle = (share + z * z / (2 * base)) / (1 + z * z / base)
    half = z * (share * (1 - share) / base + z * z / (4 * base * base)) ** 0.5 / (1 + z * z / base)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)
