"""Contracts from their files to the figures: each trap of the DECP once, on invented contracts counted by hand."""

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import servers
from conftest import DATA
from cpsr_study import Study, contracts
from cpsr_study.display import publish
from cpsr_study.errors import DataError, RequestError
from cpsr_study.sources import catalogue, decp, verify
from cpsr_study.sources.answers import Limits
from cpsr_study.sources.decp import fetch, intake, json_lines, json_stream, normalise, session, sirene, store
from cpsr_study.sources.decp.figures import _share_note, wilson
from cpsr_study.territories import Territories
from decp_files import HERE, LIMIT, as_json, as_parquet, bare, rows, silent, whole, written

SAMPLES = Path(os.environ.get("CPSR_SAMPLES", "absent")) / "decp"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return bare(tmp_path)


def figures(paths: list[Path], folder: Path, codes: tuple[str, ...] = ()) -> dict[tuple[str, ...], float]:
    """The figures of the base areas and, for France and Normandie, of the breakdowns."""
    intake.take(paths, folder, silent)
    areas = Territories.load(DATA, 2026)
    cards = [card for card in catalogue(folder) if card.source == "decp"]
    wanted = [area for level in ("FR", "REG", "DEP") for area in areas.all(level)] + [areas.get(code) for code in codes]
    frames = [decp.observations(cards, wanted, areas, folder)]
    frames += [decp.details(cards, areas.get(code), areas, folder) for code in ("FR", "REG-28")]
    table = pd.concat(frames)
    keys = table[["indicator", "geo", "time_period", "category"]].itertuples(index=False, name=None)
    found = dict(zip(keys, table["value"], strict=True))
    assert len(found) == len(table), "one figure is there twice"
    return found


def test_every_figure_of_the_readme(folder: Path) -> None:
    found = figures([HERE / "marches.csv"], folder, ("COM-14118", "COM-14150"))
    lines = [
        line for line in (HERE / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| decp_")
    ]
    assert len(lines) > 40
    for line in lines:
        *key, value = (cell.strip() for cell in line.strip("| ").split("|"))
        over, _, base = value.partition(" / ")
        expected = 100 * float(over) / float(base) if base else float(over)
        assert found[tuple(key)] == pytest.approx(expected), line  # type: ignore[index]
    assert ("decp_non_localises_siege", "FR", "2024", "") not in found


def test_lines_read_are_kept_or_rejected_with_a_reason(folder: Path) -> None:
    (taken,) = intake.take([HERE / "marches.csv"], folder, silent)
    counts = taken.counts
    assert (counts.read, counts.kept, counts.rejected, counts.contracts) == (78, 73, 5, 69)
    assert counts.reasons == {
        "SIRET de l’acheteur absent ou illisible": 1,
        "contrat de concession": 1,
        "date de notification absente ou illisible": 1,
        "date de notification dans l’avenir": 1,
        "date de notification trop ancienne": 1,
    }


def test_the_two_paths_give_the_same_figures(tmp_path: Path, folder: Path) -> None:
    """The JSON has no seats and no categories: those come from Sirene, these from the SIREN of local bodies."""
    good = [line for line in rows() if line["id"] != "R04"]  # without a buyer, two lines are not one JSON contract
    tabular = figures([written(good, tmp_path / "a.csv")], folder, ("COM-14118",))
    other = bare(tmp_path / "other")
    seats = {line["acheteur_id"]: line["acheteur_commune_code"] for line in good}
    extract = "".join(f"{siret},{commune}\n" for siret, commune in seats.items())
    (tmp_path / "sirene.csv").write_text(f"siret,codeCommuneEtablissement\n{extract}")
    sirene.take(tmp_path / "sirene.csv", other, silent)
    streamed = figures([as_json(good, tmp_path / "a.json")], other, ("COM-14118",))
    buyers = {"etat", "hopital", "autre_acheteur"}  # what only the column of the tabular file tells apart
    common = {key for key in tabular if key[3] not in buyers}
    assert len([key for key in common if key[0].endswith("_siege")]) > 200
    assert len([key for key in common if key[0].endswith("_execution")]) > 200
    assert {key for key in streamed if key[3] not in buyers and key[0] != "decp_situes_sirene_siege"} == common
    for key in common:
        assert streamed[key] == pytest.approx(tabular[key]), key


def test_importing_again_changes_nothing(folder: Path) -> None:
    first = figures([HERE / "marches.csv"], folder)
    before = sorted(folder.rglob("*"))
    (again,) = intake.take([HERE / "marches.csv"], folder, silent)
    assert not again.new
    assert sorted(folder.rglob("*")) == before
    assert figures([HERE / "marches.csv"], folder) == first
    for card in catalogue(folder):
        if card.source == "decp":
            verify(card)


def test_what_was_normalised_is_made_again(folder: Path) -> None:
    first = figures([HERE / "marches.csv"], folder)
    shutil.rmtree(folder / "processed")
    assert figures([HERE / "marches.csv"], folder) == first


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize("order", [1, -1])
def test_two_rows_of_one_version_that_disagree_contradict(files: int, order: int, tmp_path: Path, folder: Path) -> None:
    """No is not chosen over yes because it comes last, nor yes over no; a later version may change its mind."""
    first = next(line for line in rows() if line["id"] == "A01")
    said = [first, first | {"titulaire_id": "66666666600012", "considerationsSociales": "Sans objet"}][::order]
    groups = [said] if files == 1 else [said[:1], said[1:]]
    paths = [written(group, tmp_path / f"{rank}.csv") for rank, group in enumerate(groups)]
    found = figures(paths, folder)
    key = ("FR", "2024", "")
    assert found["decp_marches_siege", *key] == found["decp_contradictoires_siege", *key] == 1
    assert ("decp_part_sociale_declares_siege", *key) not in found
    later = said[0] | {"modification_id": "1", "considerationsSociales": "Marché réservé"}
    found = figures([written([later], tmp_path / "c.csv")], folder)
    assert found["decp_contradictoires_siege", *key] == 0
    assert found["decp_part_reserve_siege", *key] == 100


def test_before_2024_nobody_was_asked(tmp_path: Path, folder: Path) -> None:
    old = [{**line, "considerationsSociales": "", "dateNotification": "2019-05-05"} for line in rows()[:10]]
    found = figures([written(old, tmp_path / "old.csv")], folder)
    assert found["decp_part_declares_siege", "REG-28", "2019", ""] == 0
    assert ("decp_part_sociale_siege", "REG-28", "2019", "") not in found


def test_a_small_share_comes_with_its_interval() -> None:
    assert wilson(14, 24) == pytest.approx((38.83, 75.53), abs=0.01)
    assert "38,8 à 75,5" in _share_note(14, 24)
    assert "Wilson" not in _share_note(140, 240)


def test_a_gzip_is_read_like_what_it_holds(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "marches.csv.gz").write_bytes(gzip.compress((HERE / "marches.csv").read_bytes()))
    (taken,) = intake.take([tmp_path / "marches.csv.gz"], folder, silent)
    assert taken.counts.contracts == 69


def test_hostile_objects_stay_text(folder: Path) -> None:
    intake.take([HERE / "marches.csv"], folder, silent)
    path = store.contracts([card for card in catalogue(folder) if card.source == "decp"], folder)
    kept = {row[0] for row in duckdb.execute("SELECT objet FROM read_parquet(?)", [str(path)]).fetchall()}
    assert {line["objet"] for line in rows() if line["id"].startswith("J")} <= kept


def test_a_bad_record_of_a_json_is_one_reject(tmp_path: Path, folder: Path) -> None:
    good = json.loads(as_json(rows()[:3], tmp_path / "a.json").read_text())["marches"]["marche"]
    text = json.dumps({"marches": {"marche": good}})[:-3] + ', {"id": tru}, {"id": "n", "montant": NaN}]}}'
    (tmp_path / "b.json").write_text(text)
    (taken,) = intake.take([tmp_path / "b.json"], folder, silent)
    assert (taken.counts.read, taken.counts.kept, taken.counts.rejected) == (5, 3, 2)


@settings(max_examples=15)
@given(
    texts=st.lists(st.text(alphabet='{}[]",\\ab\n é', max_size=30), min_size=1, max_size=8), block=st.integers(1, 200)
)
def test_records_are_cut_where_they_end(texts: list[str], block: int) -> None:
    """Whatever braces and quotes the strings hold, and wherever the blocks fall."""
    whole = json.dumps(
        {"marches": {"marche": [{"objet": each, "titulaires": [{"id": each}]} for each in texts]}}
    ).encode()
    before, json_stream.BLOCK = json_stream.BLOCK, max(block, 40)
    try:
        batches = list(json_stream.records(io.BytesIO(whole), "x", lambda done: None))
    finally:
        json_stream.BLOCK = before
    assert [record.objet for batch in batches for record in batch] == texts  # type: ignore[union-attr]


def test_a_record_longer_than_any_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is looked through again each time more is read: twice as much each time, not one block more."""
    looked: list[int] = []
    monkeypatch.setattr(json_stream, "BLOCK", 1000)
    monkeypatch.setattr(json_stream, "LARGEST", 200_000)
    scan = json_stream.scan
    monkeypatch.setattr(json_stream, "scan", lambda buffer: [looked.append(len(buffer)), scan(buffer)][1])
    endless = b'{"marches": {"marche": [{"objet": "' + b"a" * 1_000_000
    with pytest.raises(DataError, match="un marché de plus de"):
        list(json_stream.records(io.BytesIO(endless), "x", lambda done: None))
    assert max(looked) <= 200_000 and sum(looked) < 1_000_000


def test_a_record_of_other_types_gives_the_same_line(tmp_path: Path) -> None:
    """Typed decoding is only faster: the same records, one of which has a number for a code, give the same lines."""
    contract = json.loads(as_json(rows()[8:9], tmp_path / "a.json").read_text())["marches"]["marche"][0]
    contract |= {
        "acheteur": {"id": "21149990000010", "nom": "Ville"},
        "titulaires": [{"titulaire": {"id": "2"}}, {"id": "1"}, {"titulaire": None}],
        "techniques": {"technique": ["Accord-cadre", "", "Concours"]},
        "modifications": [{"modification": {"id": 2, "montant": 7}}, {"modification": {"id": 1, "montant": 5.5}}],
    }
    results, decoded = [], set()
    for more in ([], [{"id": 12, "nature": ["x"]}]):
        text = json.dumps({"marches": {"marche": [*more, contract, *more]}}).encode()
        held = json_lines.Held()
        for batch in json_stream.records(io.BytesIO(text), "x", lambda done: None):
            held.take(batch)
            decoded.add(type(batch[0]))
        results.append([line for line in zip(*held.lines.values(), strict=True) if "A09" in line])
    assert decoded == {json_stream.Loose, json_stream.Contract}
    results[1] = [(1, *line[1:]) for line in results[1]]  # it stands after another in the file
    assert results[0] == results[1]
    first, second, third = (dict(zip(held.lines, line, strict=True)) for line in results[0])
    assert (first["titulaires"], first["techniques"], first["actuelle"]) == ("1|2", "Accord-cadre, Concours", "false")
    assert (second["montant"], third["montant"], third["actuelle"], third["base"]) == ("5.5", "7", "true", False)


PLAIN = [
    ("propre", "'28'", "28"), ("propre", "' Ville'", "Ville"), ("propre", "'Ville '", "Ville"),
    ("propre", "'Ville' || chr(160)", "Ville"), ("propre", "chr(8195) || 'Ville'", "Ville"),
    ("propre", "'État '", "État"), ("propre", "'Marché réservé'", "Marché réservé"), ("propre", "' MQ '", None),
    ("propre", "'CDL'", None), ("propre", "'nan'", None), ("propre", "''", None), ("propre", "'INX  abc'", "abc"),
    ("nombre", "12.5::DOUBLE", 12.5), ("nombre", "'nan'::DOUBLE", None), ("nombre", "12.50::DECIMAL(9, 2)", 12.5),
    ("nombre", "12::BIGINT", 12.0), ("rang", "2", 2), ("rang", "2.0::DOUBLE", 2), ("rang", "NULL::INTEGER", 0),
    ("nombre", "'12.5'", 12.5), ("nombre", "'1 000,5'", 1000.5), ("nombre", "'INX 3'", 3.0), ("nombre", "'nan'", None),
    ("jour", "'2024-01-05'", date(2024, 1, 5)), ("jour", "'2018-10-23+02:00'", date(2018, 10, 23)),
    ("jour", "'05/01/2024'", date(2024, 1, 5)), ("jour", "' 2024-01-05 '", date(2024, 1, 5)), ("jour", "'MQ'", None),
    ("rang", "'2'", 2), ("rang", "' 2 '", 2), ("rang", "'1.0'", 1), ("rang", "NULL", 0), ("rang", "'nan'", 0),
    ("rang", "'1e30'", 0), ("vrai", "'true'", True), ("vrai", "' Oui'", True), ("vrai", "'1'", True),
    ("siret", "'21149990000010'", "21149990000010"), ("siret", "' 211 499 900 00010 '", "21149990000010"),
    ("siret", "'5880596000014'", "05880596000014"), ("siret", "'5880596000014.0'", "05880596000014"),
    ("siret", "'1234567890'", None), ("siret", "'123456789012345'", None), ("siret", "'2114999000001A'", None),
    ("siret", "'21149990000010.0'", "21149990000010"), ("siret", "'MQ'", None), ("siret", "NULL", None),
    ("vrai", "'false'", False), ("vrai", "NULL", False), ("cpv_net", "'45210000'", "45210000"),
    ("cpv_net", "'45210000-1'", "45210000"), ("en_ordre", "['b', 'a']", ["a", "b"]), ("en_ordre", "['a', 'a']", ["a"]),
    ("en_ordre", "['a']", ["a"]), ("en_ordre", "['c', 'a', 'c', 'b']", ["a", "b", "c"]), ("en_ordre", "NULL", None),
]  # fmt: skip


def test_a_cell_is_made_plain_by_its_shortcut_too(tmp_path: Path) -> None:
    """Cells that have nothing to be made plain are left as they are; those that look so are not."""
    with session.connected(tmp_path) as base:
        for macro, cell, plain in PLAIN:
            (found,) = base.execute(f"SELECT {macro}(x) FROM (SELECT {cell} AS x)").fetchone()
            assert found == plain, (macro, cell)


def test_contracts_made_a_few_at_a_time_are_the_same(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large JSON is written in pieces, and made into contracts lot by lot."""
    path = as_json(rows()[:50], tmp_path / "a.json")
    whole = kept(path, tmp_path / "whole")
    monkeypatch.setattr(json_lines, "AT_ONCE", 7)
    monkeypatch.setattr(json_lines, "WRITTEN", 5)
    monkeypatch.setattr(json_stream, "BLOCK", 3000)
    assert kept(path, tmp_path / "lots") == whole
    assert len(list((tmp_path / "lots").glob("annee=2024/*.parquet"))) > 3


def test_a_contract_and_the_modification_beside_it_are_read_from_a_parquet_as_from_a_csv(
    tmp_path: Path, folder: Path
) -> None:
    """A CSV is read once; a Parquet a second time, where one line gives two versions of its contract."""
    first = {"id": "A1", "acheteur.id": "21140118700016", "dateNotification": "2024-03-01", "montant": "1000",
             "titulaire_id_1": "11111111111111", "idModification": "1", "montantModification": "1500",
             "dateNotificationModification": "2024-09-01"}  # fmt: skip
    plain = first | {"id": "A2", "idModification": "", "montantModification": "", "dateNotificationModification": ""}
    lines = [first, first | {"titulaire_id_1": "22222222222222"}, plain, plain | {"montant": "2000"}]
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([first, *(line.values() for line in lines)])
    duckdb.execute(f"COPY (FROM read_csv('{tmp_path / 'a.csv'}', all_varchar = true)) TO '{tmp_path / 'a.parquet'}'")
    contracts = kept(tmp_path / "a.parquet", tmp_path / "parquet")
    assert contracts == kept(tmp_path / "a.csv", tmp_path / "csv")
    amended = dict(zip(("uid", "acheteur_id", "premiere", "derniere"), contracts[0][:4], strict=True))
    assert (amended["premiere"]["montant"], amended["derniere"]["montant"]) == (1000, 1500)
    assert contracts[0][-1] == ["11111111111111", "22222222222222"]


TYPES = {
    "as published": "montant::DOUBLE AS montant, modification_id::INTEGER AS modification_id",
    "other numbers": "montant::DECIMAL(20, 2) AS montant, modification_id::DOUBLE AS modification_id",
    "days and booleans": "dateNotification::DATE AS dateNotification, donneesActuelles::BOOLEAN AS donneesActuelles",
}


@pytest.mark.parametrize("types", TYPES)
def test_a_parquet_with_types_gives_what_its_text_gives(types: str, tmp_path: Path) -> None:
    """Numbers are not written as text to be read again; they, days and booleans are the same contracts."""
    text = as_parquet([line for line in rows() if "+" not in line["dateNotification"]], tmp_path / "text.csv")
    typed = tmp_path / "typed.parquet"
    duckdb.execute(f"COPY (SELECT * REPLACE ({TYPES[types]}) FROM '{text}') TO '{typed}'")
    contracts = kept(text, tmp_path / "from_text")
    assert len(contracts) > 60 and kept(typed, tmp_path / "from_types") == contracts


def kept(path: Path, target: Path) -> list[tuple]:
    """The contracts and the rejects made from a file."""
    normalise.normalise(path, target, LIMIT)
    query = "SELECT * EXCLUDE (annee) FROM read_parquet(?) ORDER BY uid"
    found = duckdb.execute(query, [str(target / normalise.YEARS)]).fetchall()
    return found + duckdb.execute("FROM read_parquet(?)", [str(target / normalise.REJECTED)]).fetchall()


def test_a_reject_is_found_by_its_place_in_the_file(folder: Path) -> None:
    (taken,) = intake.take([HERE / "marches.csv"], folder, silent)
    rejects = duckdb.execute("SELECT ligne, texte FROM read_parquet(?)", [str(taken.folder / normalise.REJECTED)])
    lines = rows()
    assert [(lines[place]["id"], text) for place, text in rejects.fetchall()] == [
        (f"R0{number}", f"R0{number}") for number in range(1, 6)
    ]


def test_what_no_column_says_is_said(tmp_path: Path, folder: Path, command) -> None:
    """And two contracts without an object are not identical lots."""
    without = (
        "considerationsSociales",
        "techniques",
        "nature",
        "objet",
        "lieuExecution_code",
        "lieuExecution_typeCode",
    )
    lines = [{name: cell for name, cell in line.items() if name not in without} for line in rows()[:5]]
    path = tmp_path / "court.csv"
    intake.take([HERE / "marches.csv"], folder, silent)
    pd.DataFrame(lines).to_csv(path, index=False)
    done = command("import", "decp", str(path), str(HERE / "marches.csv"), data_dir=folder)
    told = "les considérations sociales, les accords-cadres (leur plafond compte alors comme un montant), "
    assert f"court.csv : aucune colonne ne dit {told}le lieu d'exécution et l'objet" in done.out, done
    assert done.out.count("aucune colonne") == 1
    alone = bare(tmp_path / "alone")
    found = figures([path], alone)
    assert found["decp_identiques_siege", "FR", "2024", ""] == 0
    assert not [key for key in found if "accords_cadres" in key[0]], "no contract says what it is: no share of 0 %"
    assert found["decp_sans_nature_siege", "FR", "2024", ""] == 5


@pytest.mark.parametrize("code", ["EPCI-243700754", "COM-29019"])
def test_an_area_without_contracts_has_no_figure_and_breaks_none(code: str, folder: Path) -> None:
    intake.take([HERE / "marches.csv"], folder, silent)
    areas = Territories.load(DATA, 2026)
    cards = [card for card in catalogue(folder) if card.source == "decp"]
    found = decp.observations(cards, [areas.get(code)], areas, folder)
    assert found.empty and found["value"].dtype == float
    assert decp.details(cards, areas.get(code), areas, folder)["value"].dtype == float


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="real files are not here")
@pytest.mark.parametrize(
    ("name", "read", "contracts"),
    [
        ("decp_tabular_extract_regions_53_24.csv", 949, 674),
        ("maudry_decp_augmente_valides_2019_test.csv", 9, 9),
        ("maudry_decp_augmente_valides_2022_test.csv", 9, 9),
        ("maudry_decp_test_2022.json", 5, 5),
        ("maudry_decp_test_2025-07.json", 6, 6),
        ("megalis_decp-59920013600241-2024-07-09-01.json", 5, 5),
        ("decp_v1_2018-2019_pes.json", 233, 233),
        ("decp_v1_2018-2019_e-marchespublics.json", 470, 441),
    ],
)
def test_the_real_files(name: str, read: int, contracts: int, folder: Path) -> None:
    """Counts stated here, and worked out again by a few lines that share nothing with the reader."""
    path = SAMPLES / name
    if name.endswith(".json"):
        found = json.loads(path.read_text(encoding="utf-8"))["marches"]
        found = found if isinstance(found, list) else found["marche"]
        pairs = {(each["acheteur"]["id"], each["id"]) for each in found}
        assert (len(found), len(pairs)) == (read, contracts)
    else:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            lines = list(csv.DictReader(handle, delimiter=";" if "augmente" in name else ","))
        pairs = {(each.get("acheteur_id") or each["acheteur.id"], each["id"]) for each in lines}
        assert (len(lines), len(pairs)) == (read, contracts)
    (taken,) = intake.take([path], folder, silent)
    counts = taken.counts
    assert (counts.read, counts.kept, counts.rejected, counts.contracts) == (read, read, 0, contracts)


def _api(folder: Path, url: str) -> None:
    text = (DATA / "reference" / "addresses.toml").read_text(encoding="utf-8")
    text = text.replace("https://tabular-api.data.gouv.fr", url).replace("pause = 0.2", "pause = 0.0")
    (folder / "reference" / "addresses.toml").write_text(text, encoding="utf-8")


def test_a_territory_is_fetched_page_by_page_and_resumed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy server is asked again; after a cut, the pages already there are not."""
    monkeypatch.setenv("CPSR_CACHE_DIR", str(tmp_path / "cache"))
    (folder / "reference" / "insee-cog").symlink_to(DATA / "reference" / "insee-cog")
    lines = [line for line in rows() if line["acheteur_region_code"] == "28"]
    pages = [lines[start : start + 20] for start in range(0, len(lines), 20)]
    broken = [True]

    def play(request: servers.Asked, number: int) -> None:
        page = int(parse_qs(urlsplit(request.path).query)["page"][0])
        if number == 1:
            request.answer(b"", 429, Retry_After="0")
        elif page == 3 and broken[0]:
            request.answer(b"", 404)
        else:
            after = request.path.replace(f"page={page}&", f"page={page + 1}&") if page < len(pages) else None
            body = {"data": pages[page - 1], "links": {"next": after}, "meta": {"total": len(lines)}}
            request.answer(json.dumps(body).encode(), kind="application/json")

    asked = {"territory": "REG-28", "since": "2024-01-01", "limits": Limits(attempts=3, backoff=0.01)}
    with servers.serving(play) as server:
        _api(folder, server.url)
        with pytest.raises(DataError, match="404"):
            fetch.fetch(folder, silent, **asked)
        first = len(server.seen)
        broken[0] = False
        path, origin = fetch.fetch(folder, silent, **asked)
        assert len(server.seen) - first == len(pages) - 2, "pages 1 and 2 were asked again"
        query = parse_qs(urlsplit(server.seen[0][0]).query)
    assert query["acheteur_region_code__exact"] == ["28"]
    assert query["dateNotification__greater"] == ["2024-01-01"]
    assert server.url in origin
    (taken,) = intake.take([path], folder, silent, origin)
    assert taken.counts.read == len(lines)


@pytest.mark.parametrize(
    "asked",
    [{"since": "hier"}, {"since": "le2024-01-01"}, {"territory": "EPCI-200065597"}, {"territory": "nulle part"}],
)
def test_what_cannot_be_asked_of_the_api(asked: dict[str, str], folder: Path) -> None:
    (folder / "reference" / "insee-cog").symlink_to(DATA / "reference" / "insee-cog")
    _api(folder, "http://127.0.0.1:1")
    with pytest.raises(RequestError):
        fetch.fetch(folder, silent, **asked)  # type: ignore[arg-type]


def test_the_chapter_says_what_it_rests_on_and_keeps_texts_as_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verbs of the chapter on the invented contracts; without them, one sentence that says what to do."""
    said: list[str] = []
    monkeypatch.setattr(publish, "table", lambda content: said.append(json.dumps(content, ensure_ascii=False)))
    monkeypatch.setattr(publish, "sentence", lambda role, parts, *rest: said.append("".join(map(str, parts))))
    contracts.coverage(Study.open("REG-28", 2026))
    assert len(said) == 1 and "cpsr-study import decp" in said[0]
    lines = rows()
    long = next(line for line in lines if line["id"] == "J01")
    long["objet"] += " et la suite" * 1000
    study = Study.open("REG-28", 2026, data_dir=whole(tmp_path, written(lines, tmp_path / "marches.csv")))
    said.clear()
    for verb in (contracts.coverage, contracts.amounts, contracts.thresholds, contracts.modalities):
        verb(study)
    assert len(said) == 7 and "Ce que les DECP couvrent en Normandie" in said[0]
    assert "14 sur 23 marchés : intervalle de confiance" in "".join(said)
    said.clear()
    contracts.largest_reserved(study)
    contracts.buyers(study)
    assert "(objet abrégé)" in said[0] and len(said[0]) < 6000
    assert "Ville inventée" in said[1]


@pytest.mark.parametrize(
    ("kind", "code", "where"),
    [
        ("Code département", "50129", "DEP-50"),  # five digits: a commune or a postal code
        ("Code département", "20A", "DEP-2A"),
        ("Code région", "25", "REG-28"),  # Basse-Normandie, until 2016
        ("Code région", "23", "REG-28"),
        ("Code commune", "75107", "COM-75056"),  # a district of Paris
        ("Code commune", "01340", "COM-01015"),  # merged into Arboys en Bugey
    ],
)
def test_a_place_is_followed_to_where_it_is_today(
    kind: str, code: str, where: str, tmp_path: Path, folder: Path
) -> None:
    line = rows()[0] | {"lieuExecution_code": code, "lieuExecution_typeCode": kind}
    found = figures([written([line], tmp_path / "marches.csv")], folder, ("COM-75056", "COM-01015"))
    assert found["decp_marches_execution", where, "2024", ""] == 1


def test_a_lost_accent_does_not_silence_a_contract(tmp_path: Path, folder: Path) -> None:
    line = rows()[0] | {"considerationsSociales": "Crit\N{REPLACEMENT CHARACTER}re social"}
    found = figures([written([line], tmp_path / "marches.csv")], folder)
    assert found["decp_part_critere_siege", "FR", "2024", ""] == 100


def test_what_other_rules_made_is_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures([HERE / "marches.csv"], folder)
    before = {path.name for path in store.home(folder).iterdir()}
    monkeypatch.setattr(store, "rules", lambda: "autres")
    cards = [card for card in catalogue(folder) if card.source == "decp"]
    assert store.contracts(cards, folder).name not in before


def test_contracts_are_counted_in_jupyterlab_too():
    code = (
        "from ipykernel.inprocess.manager import InProcessKernelManager\n"
        "InProcessKernelManager().start_kernel()\n"
        "from pathlib import Path\n"
        "from cpsr_study.sources.decp import session\n"
        "with session.connected(Path('.'), macros=False) as base: print(base.execute('SELECT 41 + 1').fetchall())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "[(42,)]" in told.stdout, told.stderr
