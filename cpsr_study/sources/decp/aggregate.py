"""From contracts to figures of areas, in both geographies. `figures` makes observations of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.errors import DataError
from cpsr_study.sources.decp import session

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection

    from cpsr_study.sources import Card
    from cpsr_study.territories import Territories, Territory

GEOGRAPHIES = ("siege", "lieu")  # of the buyer, of the execution: the prefix of the columns of a contract
SMALL = {"EPCI": "epci", "COM": "com"}  # the levels that need the communes, with their column there
ALL = "FROM marches"
BREAKDOWNS = (
    "GROUPING SETS ((annee, type), (annee, categorie), (annee, procedure), (annee, taille), (annee, place_au_seuil))"
)
Record = dict[str, Any]


def by_area(
    cards: "list[Card]", areas: "list[Territory]", territories: "Territories", data_dir: Path
) -> "pd.DataFrame":
    """The observations of areas as wholes: those of the large ones at once, the small ones each on its own."""
    from cpsr_study.sources.decp import figures

    large = {area.code for area in areas if area.level not in SMALL}
    small = [area for area in areas if area.level in SMALL]
    found: dict[str, list[Record]] = {lieu: [] for lieu in GEOGRAPHIES}
    with opened(cards, territories, data_dir) as base:
        if large:
            count(base, ALL)
            for record in wholes(base, GEOGRAPHIES, ALL):
                if record["geo"] in large:
                    found[record["geographie"]].append(record)
        if small:
            communes(base, territories)
        for area in small:
            for lieu in GEOGRAPHIES:
                found[lieu] += _whole(base, area, lieu)
    return figures.observations(found, cards)


def breakdowns(cards: "list[Card]", area: "Territory", territories: "Territories", data_dir: Path) -> "pd.DataFrame":
    """The observations of an area by type, category of buyer, procedure, size and place to the threshold."""
    from cpsr_study.sources.decp import figures

    found: dict[str, list[Record]] = {}
    with opened(cards, territories, data_dir, area) as base:
        thresholds(base, data_dir)
        for lieu in GEOGRAPHIES:
            same = area.level == "FR" and found  # all contracts are in France, whichever place is theirs
            found[lieu] = found[GEOGRAPHIES[0]] if same else by_category(base, area, lieu)
    return figures.observations(found, cards)


@contextmanager
def opened(
    cards: "list[Card]", territories: "Territories", data_dir: Path, area: "Territory | None" = None
) -> "Iterator[DuckDBPyConnection]":
    """A session with the contracts and the official codes of the edition; those of communes when the area is small."""
    import duckdb

    from cpsr_study.sources.decp import store

    path = store.contracts(cards, data_dir, int(territories.vintage[:4]))
    try:
        with session.connected(path.parent, macros=False) as base:
            base.execute(f"CREATE TEMP VIEW marches AS FROM read_parquet({session.literal(path)})")
            places(base, territories)
            if area and area.level in SMALL:
                communes(base, territories)
            yield base
    except duckdb.Error as error:
        raise DataError(f"Les marchés importés ne se comptent pas ({str(error).splitlines()[0]}).") from None


def places(base: "DuckDBPyConnection", territories: "Territories") -> None:
    """The tables `places`, where a contract may be and the code that says so, and `appartenances`, what holds each."""
    areas = [area for level in ("FR", "REG", "DEP") for area in territories.all(level)]
    written = [[area.level, area.code.partition("-")[2], area.code] for area in areas]
    held = [[area.code, geo] for area in areas for geo in (area.code, *territories.ancestors(area.code))]
    base.execute(
        "CREATE TEMP TABLE places AS SELECT unnest(?) AS niveau, unnest(?) AS code, unnest(?) AS place",
        list(zip(*written, strict=True)),
    )
    base.execute(
        "CREATE TEMP TABLE appartenances AS SELECT unnest(?) AS place, unnest(?) AS geo", list(zip(*held, strict=True))
    )


def communes(base: "DuckDBPyConnection", territories: "Territories") -> None:
    """The table `communes`: 35 000 codes of today, and those that lead to them."""
    file, passage = (session.literal(path) for path in (territories.communes_file, territories.passage_file))
    base.execute(
        "CREATE TEMP TABLE communes AS "
        "SELECT code AS dite, 'COM-' || code AS com, departement, 'EPCI-' || epci AS epci "
        f"FROM read_csv({file}, all_varchar = true, header = true)"
    )
    if territories.passage_file.is_file():  # merged communes, and the districts of Paris, Lyon and Marseille
        base.execute(
            "INSERT INTO communes SELECT p.ancien, c.com, c.departement, c.epci "
            f"FROM read_csv({passage}, all_varchar = true, header = true) AS p "
            "JOIN communes AS c ON c.dite = p.code"
        )


def thresholds(base: "DuckDBPyConnection", data_dir: Path) -> None:
    """The table `seuils`: the European threshold of each day and kind of contract; a data folder may have none."""
    path = data_dir / "reference" / "seuils_europeens.csv"
    base.execute(
        "CREATE TEMP TABLE seuils AS SELECT objet, montant::DOUBLE AS seuil, "
        "unnest(generate_series(debut::DATE, fin::DATE, INTERVAL 1 DAY))::DATE AS jour "
        f"FROM read_csv({session.literal(path)}, all_varchar = true, header = true)"
        if path.is_file()
        else "CREATE TEMP TABLE seuils (objet VARCHAR, seuil DOUBLE, jour DATE)"
    )


def filled(name: str, **parts: str) -> str:
    """The text of a query, each `{part}` in its place."""
    text = session.sql(name)
    shared = {"comptes": session.sql("comptes"), "mesures": session.sql("mesures"), "ventilations": BREAKDOWNS}
    for part, words in (shared | parts).items():
        text = text.replace(f"{{{part}}}", words)
    return text


def contracts_of(area: "Territory", lieu: str) -> str:
    """The query that gives the contracts of an area in one geography."""
    code = session.literal(area.code)
    if area.level == "FR":
        return ALL
    if area.level in SMALL:
        return filled("communes", lieu=lieu, niveau=SMALL[area.level], code=code)
    located = filled("lieux", contrats=ALL, lieu=lieu)
    return f"FROM ({located}) SEMI JOIN (FROM appartenances WHERE geo = {code}) USING (place)"


def count(base: "DuckDBPyConnection", contracts: str) -> None:
    """What the wholes are made of, for both geographies."""
    base.execute(filled("denombrement", contrats=contracts))


def wholes(base: "DuckDBPyConnection", geographies: tuple[str, ...], contracts: str) -> list[Record]:
    """Figures of France, metropolitan France, régions and départements in some geographies, once `count` is done."""
    lines, located = (
        " UNION ALL ".join(f"({filled('lieux', contrats=rows, lieu=lieu)})" for lieu in geographies)
        for rows in ("FROM comptes", contracts)
    )
    return _records(base, filled("ensembles", lieux_des_comptes=lines, lieux=located))


def by_category(base: "DuckDBPyConnection", area: "Territory", lieu: str) -> list[Record]:
    """Figures of an area in one geography, by each breakdown."""
    found = _records(base, filled("ventilations", contrats=contracts_of(area, lieu)))
    return [record | {"geo": area.code} for record in found]


def _whole(base: "DuckDBPyConnection", area: "Territory", lieu: str) -> list[Record]:
    """Figures of a small area: the whole of its own contracts, asked as that of France is."""
    contracts = contracts_of(area, lieu)
    count(base, contracts)
    return [record | {"geo": area.code} for record in wholes(base, (lieu,), contracts) if record["geo"] == "FR"]


def _records(base: "DuckDBPyConnection", text: str) -> list[Record]:
    """The lines that a query finds, by column."""
    found = base.execute(text)
    names = [column[0] for column in found.description]
    return [dict(zip(names, line, strict=True)) for line in found.fetchall()]
