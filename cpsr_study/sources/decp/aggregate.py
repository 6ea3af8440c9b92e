"""From contracts to observations: figures of areas, in both geographies, with the rule and the base of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.errors import DataError
from cpsr_study.sources import Card
from cpsr_study.sources.decp import session, store

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

    from cpsr_study.territories import Territories, Territory

# The two places of a contract: prefix of the columns, suffix of the indicators, words.
GEOGRAPHIES = {
    "siege": "siège de l’acheteur",
    "lieu": "lieu d’exécution",
}
SUFFIXES = {"siege": "siege", "lieu": "execution"}
SMALL = 200  # under that many contracts, a share comes with its interval
RULE = "version actuelle, un marché compté une fois (SIRET de l’acheteur et identifiant), territoire : {place}"
# Each figure: its numerator and denominator among the columns of mesures.sql; a plain column has no denominator.
SHARES = {
    "part_sociale": ("oui", "marches"),
    "part_sociale_declares": ("oui", "declares"),
    "part_clause": ("clause", "declares"),
    "part_critere": ("critere", "declares"),
    "part_reserve": ("reserve", "declares"),
    "part_declares": ("declares", "marches"),
    "part_accords_cadres": ("accords", "marches"),
}
PLAIN = ("marches", "montant", "montant_median", "plafond", "acheteurs", "ecartes", "contradictoires", "identiques",
         "non_localises", "situes_sirene")  # fmt: skip
COUNTED = {"ecartes", "contradictoires", "identiques"}  # none of them is a finding too
WHOLE_ONLY = {
    "non_localises",
    "situes_sirene",
    "acheteurs",
    "ecartes",
    "contradictoires",
    "identiques",
    "part_accords_cadres",
    "plafond",
}
CONDITIONS = {"FR": "true", "FRMET": "metropole", "REG": "reg = $code", "DEP": "dep = $code",
              "EPCI": "epci = $code", "COM": "com = $code"}  # fmt: skip


def by_area(cards: list[Card], areas: "list[Territory]", territories: "Territories", data_dir: Path) -> "pd.DataFrame":
    """The figures of areas as wholes: those of the base table at once, the smaller ones each on its own."""
    import pandas as pd

    large = {area.code for area in areas if area.level not in ("EPCI", "COM")}
    frames = []
    with opened(cards, territories, data_dir, any(area.level in ("EPCI", "COM") for area in areas)) as base:
        for lieu in GEOGRAPHIES:
            if large:
                found = base.execute(query("ensembles_de_base", lieu)).df()
                frames.append(_observations(found[found["geo"].isin(large)], lieu, cards))
            for area in areas:
                if area.code not in large:
                    found = _detail(base, lieu, area)
                    frames.append(_observations(found[found["ventilation"] == ""], lieu, cards))
    return pd.concat(frames, ignore_index=True)


def breakdowns(cards: list[Card], area: "Territory", territories: "Territories", data_dir: Path) -> "pd.DataFrame":
    """The figures of an area by type, category of buyer, procedure, size and place to the threshold."""
    import pandas as pd

    frames = []
    with opened(cards, territories, data_dir, area.level in ("EPCI", "COM")) as base:
        for lieu in GEOGRAPHIES:
            found = _detail(base, lieu, area)
            frames.append(_observations(found[found["ventilation"] != ""], lieu, cards))
    return pd.concat(frames, ignore_index=True)


@contextmanager
def opened(
    cards: list[Card], territories: "Territories", data_dir: Path, communes: bool
) -> "Iterator[DuckDBPyConnection]":
    """A session with the contracts, the official codes of the edition and the thresholds."""
    import duckdb

    path = store.contracts(cards, data_dir, int(territories.vintage[:4]))
    try:
        with session.connected(path.parent) as base:
            base.execute(f"CREATE TEMP VIEW contrats AS FROM read_parquet({session.literal(path)})")
            places(base, territories, data_dir, communes)
            yield base
    except duckdb.Error as error:
        raise DataError(f"Les marchés importés ne se comptent pas ({str(error).splitlines()[0]}).") from None


def places(base: "DuckDBPyConnection", territories: "Territories", data_dir: Path, communes: bool) -> None:
    """The tables `communes` (they are many: only when they are needed), `departements`, `regions` and `seuils`."""
    base.execute("CREATE TEMP TABLE communes (dite VARCHAR, commune VARCHAR, departement VARCHAR, epci VARCHAR)")
    base.execute("CREATE TEMP TABLE departements (departement VARCHAR, region VARCHAR, metropole BOOLEAN)")
    base.execute("CREATE TEMP TABLE regions (region VARCHAR, metropole BOOLEAN)")
    regions, departements = territories.all("REG"), territories.all("DEP")
    base.execute(
        "INSERT INTO regions SELECT unnest(?), unnest(?)",
        [[bare(area.code) for area in regions], [_metropolitan(area.code, territories) for area in regions]],
    )
    base.execute(
        "INSERT INTO departements SELECT unnest(?), unnest(?), unnest(?)",
        [
            [bare(area.code) for area in departements],
            [bare(area.parent) for area in departements],
            [_metropolitan(area.code, territories) for area in departements],
        ],
    )
    if communes:
        path = territories.communes_file
        base.execute(
            "INSERT INTO communes SELECT code, code, departement, nullif(epci, '') "
            f"FROM read_csv({session.literal(path)}, all_varchar = true, header = true)"
        )
        if territories.passage_file.is_file():  # merged communes, and the districts of Paris, Lyon and Marseille
            base.execute(
                "INSERT INTO communes SELECT p.ancien, c.commune, c.departement, c.epci "
                f"FROM read_csv({session.literal(territories.passage_file)}, all_varchar = true, header = true) AS p "
                "JOIN communes AS c ON c.dite = p.code"
            )
    thresholds = data_dir / "reference" / "seuils_europeens.csv"
    base.execute(
        "CREATE TEMP TABLE seuils AS SELECT objet, debut::DATE AS debut, fin::DATE AS fin, montant::DOUBLE AS montant "
        f"FROM read_csv({session.literal(thresholds)}, all_varchar = true, header = true)"
        if thresholds.is_file()
        else "CREATE TEMP TABLE seuils (objet VARCHAR, debut DATE, fin DATE, montant DOUBLE)"
    )


def query(name: str, lieu: str, condition: str = "") -> str:
    """The text of a query, in one of the two geographies."""
    parts = {"{mesures}": session.sql("mesures"), "{lieux}": session.sql("lieux"), "{condition}": condition}
    text = session.sql(name)
    for place, part in parts.items():
        text = text.replace(place, part)
    return text.replace("{lieu}", lieu)


def _detail(base: "DuckDBPyConnection", lieu: str, area: "Territory") -> "pd.DataFrame":
    values = {"geo": area.code} | ({} if area.level in ("FR", "FRMET") else {"code": bare(area.code)})
    return base.execute(query("detail", lieu, CONDITIONS[area.level]), values).df()


def _observations(found: "pd.DataFrame", lieu: str, cards: list[Card]) -> "pd.DataFrame":
    """One row a figure, with the columns of a typed document plus its source."""
    import pandas as pd

    newest = max(cards, key=lambda card: (card.published, card.vintage))
    rows: list[dict[str, Any]] = []
    for record in found.sort_values(["geo", "annee", "ventilation", "categorie_de"]).to_dict("records"):
        where = {
            "geo": record["geo"],
            "time_period": str(record["annee"]),
            "breakdown": record["ventilation"],
            "category": record["categorie_de"],
            "status": "P" if str(record["annee"]) >= newest.published[:4] else "A",
        }
        for name, value, note in _figures(record):
            rows.append({"indicator": f"decp_{name}_{SUFFIXES[lieu]}", **where, "value": value, "note": note})
    columns = ["indicator", "geo", "time_period", "breakdown", "category", "status", "value", "note"]
    return pd.DataFrame(rows, columns=columns).assign(
        as_published="",
        locator=RULE.format(place=GEOGRAPHIES[lieu]),
        source=newest.source,
        vintage=newest.vintage,
        published=newest.published,
        kind=newest.kind,
    )


def _figures(record: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    """Name, value and note of each figure of a group; what is not known is not there, and nothing is zero for it."""
    whole = not record["ventilation"]
    for name in PLAIN:
        value = record[name]
        counted = whole and name in COUNTED
        if (whole or name not in WHOLE_ONLY) and value == value and (value or counted):
            yield name, float(value), ""
    for name, (over, base) in SHARES.items():
        if name == "part_sociale" and not record["declares"] + record["contradictoires"]:
            continue  # nobody was asked (format before 2024): a share of zero would be an answer
        if (whole or name not in WHOLE_ONLY) and record[base]:
            yield name, 100 * record[over] / record[base], _share_note(int(record[over]), int(record[base]))


def _share_note(over: int, base: int) -> str:
    from cpsr_study.display.numbers import number

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


def bare(code: str) -> str:
    """14 of DEP-14."""
    return code.partition("-")[2]


def _metropolitan(code: str, territories: "Territories") -> bool:
    return territories.is_within(code, "FRMET")
