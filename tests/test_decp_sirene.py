"""Buyers that no file of contracts places, placed by an extract of Sirene: SIRET → commune."""

import gzip
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest

from conftest import DATA, one_sentence
from cpsr_study import Study, contracts
from cpsr_study.display import publish
from cpsr_study.sources import catalogue, decp
from cpsr_study.sources.decp import intake, sirene
from cpsr_study.territories import Territories
from decp_files import as_json, bare, rows, silent, whole, written

STATE, TOWN, HOSPITAL = "11009990000012", "21149990000010", "26319990000015"
LINES = [
    ("siren", "siret", "denominationUsuelleEtablissement", "libelleVoieEtablissement", "codeCommuneEtablissement"),
    (STATE[:9], STATE, "DURAND", "RUE SECRETE", "14118"),
    (TOWN[:9], TOWN, "", "", "14002"),  # merged into another since
    ("333333333", "33333333300011", "AUTRE", "", "75056"),
    ("444444444", "44444444400011", "PARTI", "", ""),
    ("555555555", "abc", "", "", "14118"),
    ("666666666", "66666666600013", "", "", "1411"),
]


SIRETS = ("21140118700016", "21140118700024", "21140118700032")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose contracts come from a JSON, which places no buyer."""
    data = bare(tmp_path)
    some = [line for line in rows() if line["acheteur_id"] in (STATE, TOWN, HOSPITAL) and line["id"][0] in "ADG"]
    intake.take([as_json(some, tmp_path / "marches.json")], data, silent, known_since=2024)
    return data


def extract(path: Path) -> Path:
    """The extract in the shape that the name says: CSV, gzip, Parquet, or the zip that INSEE publishes."""
    text = "\n".join(",".join(line) for line in LINES) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("StockEtablissement_utf8.csv", text)
    else:
        path.with_suffix(".csv").write_text(text, encoding="utf-8")
    if path.suffix == ".parquet":
        source = f"read_csv('{path.with_suffix('.csv')}', all_varchar = true)"
        duckdb.execute(f"COPY (FROM {source}) TO '{path}' (FORMAT parquet)")
    return path


def figures(folder: Path) -> dict[tuple[str, str], float]:
    areas = Territories.load(DATA, 2026)
    cards = [card for card in catalogue(folder) if card.source == "decp"]
    wanted = [*areas.all("FR"), *areas.all("REG"), *areas.all("DEP"), areas.get("COM-14118"), areas.get("COM-14150")]
    found = decp.observations(cards, wanted, areas, folder)
    found = found[(found["time_period"] == "2024") & (found["breakdown"] == "")]
    return dict(zip(found[["indicator", "geo"]].itertuples(index=False, name=None), found["value"], strict=True))


@pytest.mark.parametrize("piece", [20, sirene.PIECE])
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("etablissements.csv", "decp"),
        ("etablissements.csv.gz", "decp"),
        ("StockEtablissement.parquet", "sirene"),
        ("StockEtablissement_utf8.zip", "decp"),
    ],
)
def test_a_buyer_without_a_commune_is_placed_by_its_siret(
    piece: int, name: str, source: str, tmp_path: Path, folder: Path, command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In all the shapes published; the zip is read some lines at a time."""
    monkeypatch.setattr(sirene, "PIECE", piece)
    before = figures(folder)
    assert before["decp_non_localises_siege", "FR"] == 4  # the State; the others hold their département in their SIREN
    assert ("decp_situes_sirene_siege", "FR") not in before
    done = command("import", source, str(extract(tmp_path / name)), data_dir=folder)
    assert done.code == 0 and "6 lignes lues, 3 établissements situés, 3 lignes sans SIRET ou sans commune" in done.out
    after = figures(folder)
    assert ("decp_non_localises_siege", "FR") not in after
    assert after["decp_marches_siege", "COM-14118"] == 4
    assert after["decp_marches_siege", "COM-14150"] == 32  # 20 of A, 12 of G
    assert after["decp_marches_siege", "DEP-14"] == 36 and after["decp_marches_siege", "DEP-31"] == 1
    assert after["decp_situes_sirene_siege", "FR"] == after["decp_situes_sirene_siege", "REG-28"] == 36
    assert ("decp_situes_sirene_execution", "FR") not in after
    unchanged = {key: value for key, value in before.items() if key[0].endswith("_execution")}
    assert {key: after[key] for key in unchanged} == unchanged


def test_the_coverage_of_the_chapter_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(publish, "table", lambda content: said.append(json.dumps(content, ensure_ascii=False)))
    copy = whole(tmp_path, as_json(rows()[:20], tmp_path / "marches.json"))
    sirene.take(extract(tmp_path / "etablissements.csv"), copy, silent)
    contracts.coverage(Study.open("REG-28", 2026, data_dir=copy))
    assert "situé par Sirene" in said[0] and "situé par Sirene" not in said[1]


def test_contracts_beside_an_extract_come_in_too(tmp_path: Path, folder: Path, command) -> None:
    contracts_file = written(rows()[:5], tmp_path / "marches.csv")
    done = command("import", "decp", str(extract(tmp_path / "e.csv")), str(contracts_file), data_dir=folder)
    assert done.code == 0 and "3 établissements situés" in done.out and "marches.csv est entré dans" in done.out


def test_nothing_of_the_people_is_kept(tmp_path: Path, folder: Path) -> None:
    sirene.take(extract(tmp_path / "etablissements.csv"), folder, silent)
    (card,) = [card for card in catalogue(folder) if card.source == sirene.SOURCE]
    kept = duckdb.execute(f"FROM read_parquet('{card.folder / sirene.EXTRACT}')")
    assert [column[0] for column in kept.description] == ["siret", "commune"]
    assert sorted(path.name for path in card.folder.iterdir()) == [sirene.EXTRACT, "source.toml"]
    assert not sirene.take(tmp_path / "etablissements.csv", folder, silent).new, "the same file twice"


def test_the_column_of_a_file_comes_before_sirene(tmp_path: Path, folder: Path) -> None:
    placed = [line | {"id": "S1"} for line in rows()[:1]]
    intake.take([written(placed, tmp_path / "a.csv")], folder, silent)
    sirene.take(extract(tmp_path / "etablissements.csv"), folder, silent)
    found = figures(folder)
    assert found["decp_marches_siege", "COM-14118"] == 4 + 33 and ("decp_marches_siege", "COM-14150") not in found
    assert found["decp_situes_sirene_siege", "FR"] == 4  # the State alone: a file places the town


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"siret,codeCommuneEtablissement\n", "ne situe aucun"),
        (b"siret,codeCommuneEtablissement\nabc,def\n", "ne situe aucun"),
        (b"siret,commune\n1,2\n", "n'est pas un fichier des DECP"),
        (b"siret,codeCommuneEtablissement\n%s,14118\n1,2,3\n" % STATE.encode(), "ne se lit pas jusqu'au bout"),
        (b'siret,codeCommuneEtablissement\n%s,14118\n1,"2\n' % STATE.encode(), "ne se lit pas jusqu'au bout"),
    ],
)
def test_an_extract_that_says_nothing(content: bytes, said: str, tmp_path: Path, folder: Path, command) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}
    (tmp_path / "e.csv").write_bytes(content)
    done = command("import", "decp", str(tmp_path / "e.csv"), data_dir=folder)
    assert done.code == 1 and one_sentence(done.err) and said in done.err
    assert {path for path in folder.rglob("*") if path.is_file()} == before


def zipped(*members: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


GOOD = "\n".join(",".join(line) for line in LINES).encode()
MANY = GOOD + b"".join(b"\n,%014d,,,14118" % rank for rank in range(20_000))
SPOILT = {
    "another table": (zipped(("a.csv", b"a,b\n1,2\n")), "dépliez-le"),
    "two tables": (zipped(("a.csv", GOOD), ("b.csv", GOOD)), "dépliez-le"),
    "no table": (zipped(("a.pdf", b"%PDF")), "dépliez-le"),
    "cut": (zipped(("a.csv", MANY))[:-300], "dépliez-le"),
    "a hole": (zipped(("a.csv", MANY))[:9000] + bytes(4000) + zipped(("a.csv", MANY))[13000:], "ne se déplie pas"),
    "not deflated": (
        zipped(("a.csv", MANY))[:30_000] + bytes(4000) + zipped(("a.csv", MANY))[34_000:],
        "ne se déplie pas",
    ),
    "a spoilt start": (zipped(("a.csv", GOOD))[:4] + bytes(40) + zipped(("a.csv", GOOD))[44:], "dépliez-le"),
    "nobody": (zipped(("a.csv", GOOD.splitlines()[0] + b"\n")), "ne situe aucun"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_zip_that_is_not_the_stock_changes_nothing(how: str, tmp_path: Path, folder: Path, command) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}
    content, said = SPOILT[how]
    (tmp_path / "stock.zip").write_bytes(content)
    done = command("import", "sirene", str(tmp_path / "stock.zip"), data_dir=folder)
    assert done.code == 1 and one_sentence(done.err) and said in done.err, done.err
    assert {path for path in folder.rglob("*") if path.is_file()} == before


def test_a_siret_read_as_a_number_has_its_zeros_again(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "nombres.parquet"
    row = "SELECT 5880596000014::BIGINT AS siret, '14118' AS codeCommuneEtablissement"
    duckdb.execute(f"COPY ({row}) TO '{path}' (FORMAT parquet)")
    taken = sirene.take(path, folder, silent)
    kept = duckdb.execute(f"FROM read_parquet('{folder / 'raw' / sirene.SOURCE / taken.vintage / sirene.EXTRACT}')")
    assert kept.fetchall() == [("05880596000014", "14118")]


@pytest.mark.parametrize("form", ["csv", "zip"])
def test_cells_are_read_as_they_are_published(form: str, tmp_path: Path, folder: Path) -> None:
    """A mark of order at the head, cells in quotes, Corsica and overseas, a SIRET written twice."""
    text = (
        "\ufeffsiret,denominationUsuelleEtablissement,codeCommuneEtablissement\n"
        f'{STATE},"DURAND, ""FILS"" ET CIE", 2a004 \n{TOWN},"LIGNE\nSUITE",97411\n'
        f"{HOSPITAL},,2B033\n{HOSPITAL},,2B033\n{HOSPITAL},,14118\n"
    )
    path = tmp_path / f"stock.{form}"
    path.write_bytes(text.encode() if form == "csv" else zipped(("stock.csv", text.encode())))
    taken = sirene.take(path, folder, silent)
    kept = duckdb.execute(f"FROM read_parquet('{folder / 'raw' / sirene.SOURCE / taken.vintage / sirene.EXTRACT}')")
    assert kept.fetchall() == [(STATE, "2A004"), (TOWN, "97411"), (HOSPITAL, "14118")]


@pytest.mark.parametrize("piece", range(40, 130, 3))
def test_a_cell_on_several_lines_is_not_cut_between_two_pieces(
    piece: int, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a piece ends, inside a quoted cell too."""
    monkeypatch.setattr(sirene, "PIECE", piece)
    lines = [f'{SIRETS[rank]},"Enseigne {rank}\ndite ""la {rank}""\n\nici",1411{rank}' for rank in range(3)]
    text = "\n".join(["siret,enseigne,codeCommuneEtablissement", *lines, ""])
    with zipfile.ZipFile(tmp_path / "stock.zip", "w") as archive:
        archive.writestr("StockEtablissement_utf8.csv", text)
    taken = sirene.take(tmp_path / "stock.zip", folder, silent)
    assert (taken.read, taken.kept) == (3, 3)


def test_the_last_extract_counts(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its buyers have moved; which of the two has the larger sum is no reason."""
    for rank, commune in enumerate(("14118", "50129", "76540", "27229")):
        monkeypatch.setattr(
            sirene, "date", type("Day", (), {"today": staticmethod(lambda rank=rank: date(2026, 1 + rank, 5))})
        )
        (tmp_path / "e.csv").write_text(f"siret,codeCommuneEtablissement\n{STATE},{commune}\n")
        assert sirene.take(tmp_path / "e.csv", folder, silent).new
        assert figures(folder)["decp_marches_siege", f"DEP-{commune[:2]}"] >= 4
        assert ("decp_non_localises_siege", "FR") not in figures(folder)


def test_an_extract_taken_later_says_nothing_in_a_past_edition(tmp_path: Path, folder: Path) -> None:
    sirene.take(extract(tmp_path / "etablissements.csv"), folder, silent)
    cards = [card for card in catalogue(folder) if card.source == "decp"]
    assert sirene.extract(cards, folder, 2020) is None
    assert sirene.extract(cards, folder, 2100) is not None
