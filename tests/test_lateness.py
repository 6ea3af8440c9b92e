"""A source taken in after the year of its publication: past editions do not move, unless one asks for it."""

import csv
import gzip
import io
import re
import tomllib
from pathlib import Path

import pytest

import tiny_reader
from conftest import forget, one_sentence
from cpsr_study import Study, observations, parameters
from cpsr_study.display import overview
from cpsr_study.display.overview import source_rows
from cpsr_study.errors import DataError, RequestError
from cpsr_study.parameters import Parameters
from cpsr_study.report import manifest
from cpsr_study.sources import catalogue, edition_of, intake, known_in, lateness, read_card, registry, zoning
from cpsr_study.territories import Territories

ROWS = "allocataires;2021\nDEP-14;12 500\nDEP-50;7 500\n"  # published in 2022, says the small reader
NOW = 2026
FILES = ("territories.csv", "communes.csv.gz")


@pytest.fixture(autouse=True)
def one_reader(monkeypatch):
    monkeypatch.setattr(registry, "readers", lambda: {tiny_reader.SOURCE: tiny_reader})
    registry._read.cache_clear()


@pytest.fixture
def path(tmp_path):
    written = tmp_path / "rsa.csv"
    written.write_text(ROWS, encoding="utf-8")
    return written


@pytest.fixture
def up_to_date(small):
    """The small data with a source of this year: the editions go from 2020 to now."""
    small.add("enquete", "2025", f"{NOW}-01", "\n".join([*(small.root / small.survey).read_text("utf-8").splitlines()]))
    return small


def everything(data, edition):
    """All that decides or shows what an edition knows."""
    given = Parameters(territory="REG-28", edition=edition, compare_with="FR", project_years=5)
    return {
        "table": observations.build(data, edition).to_csv(),
        "cards": [(card.source, card.vintage) for card in Study.open("REG-28", edition=edition, data_dir=data).cards],
        "geography": Territories.load(data, edition).vintage,
        "inputs": manifest.describe(data, [], given, ["html"]),
    }


def commands(command, data, edition):
    return [
        command(*words, "--edition", str(edition), data_dir=data).out
        for words in (("sources", "--format", "csv"), ("observations", "--format", "csv"), ("check",), ("territories",))
    ]


def test_no_past_edition_moves_when_a_source_comes_late(up_to_date, path, command):
    past = range(2020, NOW)
    root = up_to_date.root
    before = {year: (everything(root, year), commands(command, root, year)) for year in past}
    now = observations.build(root, NOW).to_csv()
    (done,) = intake.take("auto", [path], root)
    assert (done.published, done.since) == ("2022-03", NOW)
    assert read_card(root / "raw/essai-rsa/2021").known_since == NOW
    for year in past:
        assert (everything(root, year), commands(command, root, year)) == before[year], year
    assert observations.build(root, NOW).to_csv() != now, "the edition of the year has it"
    assert parameters.editions(root) == list(range(2020, NOW + 1))


def test_a_late_geography_is_that_of_no_past_edition(up_to_date):
    root = up_to_date.root
    before = {year: everything(root, year) for year in range(2020, NOW)}
    folder = "reference/insee-cog/2023"
    for name in FILES:
        content = (root / "reference/insee-cog/2020" / name).read_bytes()
        up_to_date.write(f"{folder}/{name}", content)
    up_to_date.new_card(folder, "2023", period="Géographie 2023, population 2020")
    card = up_to_date.write(
        f"{folder}/source.toml", f"known_since = {NOW}\n" + (root / folder / "source.toml").read_text()
    )
    assert tomllib.loads(card.read_text())["known_since"] == NOW
    assert {year: everything(root, year) for year in before} == before
    assert Territories.load(root, NOW).vintage == "2023" and parameters.editions(root)[0] == 2020
    assert {row for row in observations.build(root, NOW)["vintage"]} >= {"2023"}


@pytest.mark.parametrize(
    ("asked", "since", "said"),
    [
        (None, NOW, f"Publié en 2022, compté depuis {NOW} : l'édition {NOW} en tient compte désormais, "
         "les précédentes ne changent pas."),
        ("2022", 2022, f"Publié en 2022 : les éditions 2022 à {NOW} en tiennent compte désormais et changent"),
        ("2024", 2024, f"Publié en 2022, compté depuis 2024 : les éditions 2024 à {NOW} en tiennent compte"),
    ],
)  # fmt: skip
def test_the_import_says_which_editions_use_it(up_to_date, path, command, asked, since, said):
    option = ["--known-since", asked] if asked else []
    before = {year: observations.build(up_to_date.root, year).to_csv() for year in range(2020, NOW + 1)}
    done = command("import", "auto", str(path), *option, data_dir=up_to_date.root)
    assert done.code == 0 and said in done.out, done.err
    moved = [year for year in before if observations.build(up_to_date.root, year).to_csv() != before[year]]
    assert moved == list(range(since, NOW + 1)), "the very editions that it says"


def test_a_source_of_the_year_needs_no_date(up_to_date, path, monkeypatch):
    monkeypatch.setattr(lateness, "this_year", lambda: 2022)
    intake.take("auto", [path], up_to_date.root)
    assert "known_since" not in (up_to_date.root / "raw/essai-rsa/2021/source.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("asked", "said"),
    [("2021", "essai-rsa/2021 n'est publié qu'en 2022"), (str(NOW + 1), f"pas commencée ({NOW} au plus tard)")],
)
def test_an_edition_that_cannot_know_it_is_refused(up_to_date, path, command, asked, said):
    before = up_to_date.files()
    done = command("import", "auto", str(path), "--known-since", asked, data_dir=up_to_date.root)
    assert done.code == 2 and said in done.err and one_sentence(done.err), done.err
    assert up_to_date.files() == before


def test_a_vintage_held_keeps_its_date_unless_its_card_is_edited(up_to_date, path, command):
    words = ("import", "auto", str(path))
    assert command(*words, data_dir=up_to_date.root).code == 0
    assert "Rien à faire" in command(*words, data_dir=up_to_date.root).out
    assert "Rien à faire" in command(*words, "--known-since", str(NOW), data_dir=up_to_date.root).out
    done = command(*words, "--known-since", "2023", data_dir=up_to_date.root)
    assert done.code == 2 and one_sentence(done.err), done.err
    assert "écrire known_since = 2023 dans raw/essai-rsa/2021/source.toml" in done.err
    card = "raw/essai-rsa/2021/source.toml"
    up_to_date.change(card, f"known_since = {NOW}", "known_since = 2023")
    assert intake.take("auto", [path], up_to_date.root)[0].since == 2023
    assert edition_of(up_to_date.root / "raw/essai-rsa/2021/rsa.csv") == 2023


@pytest.mark.parametrize(
    "line", ["known_since = 2020", 'known_since = "2026"', "known_since = true", "known_since = 99999"]
)
def test_a_card_that_is_known_before_it_is_published_is_an_error(up_to_date, command, line):
    text = (up_to_date.root / up_to_date.card).read_text("utf-8")
    up_to_date.write(up_to_date.card, f"{line}\n{text}")
    done = command("check", data_dir=up_to_date.root)
    assert done.code == 1 and "known_since" in done.err and one_sentence(done.err), done.err


def test_clause_data_are_those_of_the_day(up_to_date, path, command):
    done = command(
        "import", "clause", str(path), "--territory", "DEP-14", "--known-since", "2024", data_dir=up_to_date.root
    )
    assert done.code == 2 and "ne vaut pas pour clause" in done.err


def test_a_late_source_is_shown_as_such(up_to_date, path, command):
    intake.take("auto", [path], up_to_date.root)
    shown = f"2022-03, compté depuis {NOW}"
    told = command("sources", "--format", "csv", data_dir=up_to_date.root).out
    (row,) = (row for row in csv.DictReader(io.StringIO(told)) if row["source"] == "essai-rsa/2021")
    assert (row["publié"], row["compté depuis"]) == ("2022-03", str(NOW))
    rows = source_rows(Study.open("REG-28", data_dir=up_to_date.root))
    said = dict(zip(rows["source"], rows.apply(overview._published, axis=1), strict=True))
    assert said["essai-rsa/2021"] == f"mars 2022, comptée depuis {NOW}" and said["enquete/2019"] == "juin 2020"
    assert shown in command("trace", "allocataires_rsa", "DEP-14", data_dir=up_to_date.root).out


def test_a_typed_document_keeps_the_date_of_its_card(up_to_date):
    folder = up_to_date.root / "drafts" / "bilan" / "2021"
    up_to_date.write("drafts/bilan/2021/observations.csv", (up_to_date.root / up_to_date.survey).read_text("utf-8"))
    up_to_date.new_card("drafts/bilan/2021", "2021")
    text = (folder / "source.toml").read_text("utf-8")
    (folder / "source.toml").write_text("known_since = 2024\n" + text, encoding="utf-8")
    (done,) = intake.take("bilan", [folder / "observations.csv"], up_to_date.root)
    assert done.since == 2024
    assert "bilan" in {card.source for card in known_in(up_to_date.root, 2024)}
    assert "bilan" not in {card.source for card in known_in(up_to_date.root, 2023)}


def test_seed_cards_say_their_edition_by_their_publication(data_dir):
    forget()
    assert [card for card in catalogue(data_dir) if card.known_since is not None] == []


def test_errors_are_those_announced(up_to_date, tmp_path):
    fields = {"title": "Titre", "producer": "Insee", "kind": "producteur", "published": "hier", "reference_period": "",
              "url": "", "licence": "", "citation": ""}  # fmt: skip
    folder = up_to_date.root / "raw" / "essai" / "1"
    with pytest.raises(DataError, match="essai/1 : le champ « published »"):
        lateness.card_of(folder, fields, {}, None)
    with pytest.raises(RequestError, match="n'est publié qu'en 2024"):
        lateness.card_of(folder, fields | {"published": "2024"}, {}, 2023)


def test_zones_keep_the_geography_known_when_they_came_in(up_to_date):
    """A list is read with the nearest geography: one that comes later may be nearer, and would move its figures."""
    folder = "raw/zonages/frr-2024-07"
    text = "Code_insee;Classement FRR et FRR+ au 10 juillet 2024\n14118;FRR socle\n14366;FRR+\n"
    path = up_to_date.write(f"{folder}/frr.csv", text)
    up_to_date.new_card(folder, "2024-07")
    before = zoning.read([path]).observations
    tables = "reference/insee-cog/2024"
    areas, communes = ((up_to_date.root / "reference/insee-cog/2020" / name).read_bytes() for name in FILES)
    up_to_date.write(f"{tables}/{FILES[0]}", areas)
    grown = gzip.decompress(communes).replace(b",250,", b",251,")
    up_to_date.write(f"{tables}/{FILES[1]}", gzip.compress(grown, mtime=0))
    up_to_date.new_card(tables, "2024")
    assert (zoning.read([path]).observations["value"] == "401").any(), "known in time, it is the nearest"
    card = (up_to_date.root / tables / "source.toml").read_text("utf-8")
    up_to_date.write(f"{tables}/source.toml", f"known_since = {NOW}\n{card}")
    assert zoning.read([path]).observations.equals(before)


def test_the_editions_go_from_the_first_geography_to_the_last_source(up_to_date, path, monkeypatch):
    folder = "reference/insee-cog/2018"
    for name in FILES:
        up_to_date.write(f"{folder}/{name}", (up_to_date.root / "reference/insee-cog/2020" / name).read_bytes())
    up_to_date.new_card(folder, "2018", period="Géographie 2018, population 2016")
    card = (up_to_date.root / folder / "source.toml").read_text("utf-8")
    up_to_date.write(f"{folder}/source.toml", f"known_since = {NOW}\n{card}")
    monkeypatch.setattr(lateness, "this_year", lambda: 2028)
    intake.take("auto", [path], up_to_date.root)
    assert parameters.editions(up_to_date.root) == list(range(2020, 2029))


def test_contracts_follow_the_same_rule(up_to_date, command, monkeypatch):
    monkeypatch.setattr(lateness, "this_year", lambda: NOW + 1)  # they are published in 2026
    contracts = Path(__file__).parent / "decp" / "marches.csv"
    asked = command("import", "decp", str(contracts), "--known-since", "2025", data_dir=up_to_date.root)
    assert asked.code == 2 and "n'est publié qu'en 2026" in asked.err, asked.err
    done = command("import", "decp", str(contracts), data_dir=up_to_date.root)
    assert done.code == 0, done.err
    said = f"Publié en {NOW}, compté depuis {NOW + 1} : l'édition {NOW + 1} existe désormais"
    assert said in done.out
    for edition in range(2020, NOW + 2):
        cards = {card.source for card in known_in(up_to_date.root, edition)}
        assert ("decp" in cards) == (edition == NOW + 1)


def test_nothing_else_decides_from_the_date_of_publication():
    """What an edition knows is asked of `first_edition`; the year of publication alone says something else."""
    package = Path(lateness.__file__).parents[1]
    asked = re.compile(r"\b(card|held|each|given)\.year\b|published\"?\]?(\.str)?\[:4\]")
    found = {
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if asked.search(path.read_text("utf-8"))
    }
    assert found == {
        "sources/__init__.py", "sources/cards.py",  # the rule itself, and the year that a card gives
        "sources/lateness.py",  # whether a publication is of a past year
        "territories.py",  # the order of the vintages
        "sources/decp/figures.py", "sources/clause/publication.py",  # which years are still provisional
        "display/taken.py",  # the words « publié en »
    }  # fmt: skip
