"""The figures of areas, counted again by other queries and by hand, on contracts that lack what a contract may lack."""

import subprocess
import sys
from math import floor
from pathlib import Path
from random import Random
from statistics import median

import duckdb
import pandas as pd
import pytest

from conftest import DATA
from cpsr_study.sources import catalogue, decp
from cpsr_study.sources.decp import aggregate, intake, session
from cpsr_study.territories import Territories
from decp_files import HERE, silent

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PLACES = [  # département, région, commune: known, of another time, overseas, or nowhere
    ("14", "28", "14118"), ("76", "28", "76540"), ("76", None, None), (None, "28", None), ("974", "04", "97411"),
    (None, "04", None), ("99", None, "99100"), (None, None, None), ("2A", "94", "2A004"), ("20", "28", None),
]  # fmt: skip
DAYS = ["2023-12-31", "2024-01-01", "2025-12-31", "2026-01-01"]  # outside and at the ends of the thresholds' periods


def contract(rank: int, random: Random) -> dict[str, object]:
    """One invented contract, as the Parquet of the contracts has it."""
    seat, place, day = random.choice(PLACES), random.choice(PLACES), random.choice(DAYS)
    social = random.choice(["oui", "aucune", "non_declaree", "contradictoire"])
    amount = random.choice([None, round(random.lognormvariate(11, 2), 3), 221000.0])
    aside = random.choice([None, None, "hors bornes"]) if amount else "absent"
    return {
        "uid": str(rank), "acheteur_id": f"{random.choice([1, 2])}{random.randrange(40):013}", "jour": day,
        "annee": int(day[:4]), "montant": amount,
        "accord_cadre": random.random() < 0.3, "nature_dite": random.random() < 0.6, "ecarte": aside,
        "type": random.choice(["travaux", "services"]), "categorie": random.choice(["etat", "commune"]),
        "procedure": random.choice(["procedure_adaptee", "sans_publicite"]), "social": social,
        "clause": social == "oui" and random.random() < 0.5, "critere": social == "oui" and random.random() < 0.5,
        "reserve": social == "oui" and random.random() < 0.2, "identique": random.random() < 0.1,
        "siege_departement": seat[0], "siege_region": seat[1], "siege_commune": seat[2],
        "lieu_departement": place[0], "lieu_region": place[1], "lieu_commune": place[2],
        "siege_sirene": random.random() < 0.2,
    }  # fmt: skip


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet of 3 000 invented contracts."""
    random, path = Random(1), tmp_path_factory.mktemp("decp") / "contrats.parquet"
    lines = pd.DataFrame([contract(rank, random) for rank in range(3000)])
    cast = "SELECT * REPLACE (jour::DATE AS jour, annee::INTEGER AS annee) FROM lines"
    duckdb.sql(cast).write_parquet(str(path))
    assert len(lines) and lines["montant"].isna().any()
    return path


def test_the_wholes_are_those_of_the_plain_query(contracts: Path) -> None:
    """The plain GROUPING SETS of the benchmark, and pandas where it reads Parquet: all figures, to the last digit."""
    ways = [sys.executable, str(BENCHMARKS / "decp_ways.py"), "same_tables", str(contracts.parent), contracts.name]
    done = subprocess.run(ways, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", ["FR", "FRMET", "REG-28", "DEP-76", "DEP-974", "COM-14118"])
@pytest.mark.parametrize("lieu", aggregate.GEOGRAPHIES)
def test_the_breakdowns_are_those_counted_by_hand(code: str, lieu: str, contracts: Path) -> None:
    areas = Territories.load(DATA, 2026)
    with session.connected(contracts.parent) as base:
        base.execute(f"CREATE TEMP VIEW marches AS FROM read_parquet({session.literal(contracts)})")
        aggregate.places(base, areas)
        aggregate.communes(base, areas)
        aggregate.thresholds(base, DATA)
        found = aggregate.by_category(base, areas.get(code), lieu)
    lines = duckdb.sql(f"FROM read_parquet({session.literal(contracts)})").df().to_dict("records")
    mine = [line for line in lines if code in held_by(line, lieu, areas)]
    assert len(mine) > 100
    expected: dict[tuple[int, str, str], list[dict]] = {}
    for line in mine:
        for breakdown, category in categories(line):
            expected.setdefault((line["annee"], breakdown, category), []).append(line)
    assert {(one["annee"], one["ventilation"], one["categorie_de"]) for one in found} == set(expected)
    for one in found:
        group = expected[one["annee"], one["ventilation"], one["categorie_de"]]
        firm = [line["montant"] for line in group if not isinstance(line["ecarte"], str) and not line["accord_cadre"]]
        assert one["marches"] == len(group)
        assert one["oui"] == sum(line["social"] == "oui" for line in group)
        assert one["declares"] == sum(line["social"] in ("oui", "aucune") for line in group)
        assert one["contradictoires"] == sum(line["social"] == "contradictoire" for line in group)
        for name in ("clause", "critere", "reserve"):
            assert one[name] == sum(line[name] for line in group)
        assert one["montant"] == (sum(floor(amount * 100 + 0.5) for amount in firm) / 1e8 if firm else None)
        assert one["montant_median"] == (pytest.approx(median(firm), rel=1e-12) if firm else None)


def held_by(line: dict, lieu: str, areas: Territories) -> set[str]:
    """Codes of the areas that hold a contract."""
    commune, departement, region = (line[f"{lieu}_{level}"] for level in ("commune", "departement", "region"))
    for code in (f"DEP-{departement}", f"REG-{region}"):
        if code in areas:
            return {code, f"COM-{commune}", *areas.ancestors(code)}
    return {"FR"}


def categories(line: dict) -> list[tuple[str, str]]:
    """The categories of a contract, one for each breakdown."""
    amount, aside = line["montant"], isinstance(line["ecarte"], str)
    steps = [(40000, "moins_40k"), (90000, "de_40k_a_90k"), (500000, "de_90k_a_500k"), (5000000, "de_500k_a_5m")]
    size = next((name for most, name in steps if amount < most), "plus_5m")
    found = [
        ("decp_type", line["type"]), ("decp_acheteur", line["categorie"]), ("decp_procedure", line["procedure"]),
        ("decp_taille", "taille_ecartee" if aside else size),
    ]  # fmt: skip
    state = line["categorie"] == "etat" or line["acheteur_id"][0] == "1"
    if line["annee"] >= 2024 and not aside:
        first = line["annee"] < 2026
        limits = {"travaux": (5404000, 5538000), "etat": (140000, 143000), "local": (216000, 221000)}
        kind = "travaux" if line["type"] == "travaux" else "etat" if state else "local"
        found.append(("decp_seuil", "au_dessus_seuil" if amount >= limits[kind][first] else "sous_seuil"))
    return found


def test_an_area_without_any_contract_has_an_empty_table_of_numbers(tmp_path: Path) -> None:
    """Of numbers all the same: it is joined to others, on which ratios are computed."""
    (tmp_path / "reference").mkdir()
    intake.take([HERE / "marches.csv"], tmp_path, silent)
    areas = Territories.load(DATA, 2026)
    cards = [card for card in catalogue(tmp_path) if card.source == "decp"]
    found = decp.observations(cards, [areas.get("COM-35238")], areas, tmp_path)
    assert found.empty and found["value"].dtype == float


def test_counting_needs_neither_pandas_nor_pydantic() -> None:
    """What they take to start is more than counting a small file takes."""
    code = (
        "import sys, cpsr_study.sources.decp.aggregate, cpsr_study.territories\n"
        "print([name for name in ('pandas', 'pydantic', 'msgspec') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
