"""Next year's edition: invented vintages of every source come in through the command, and a report comes out."""

import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

import invented
from conftest import forget
from cpsr_study import Study, comparison, derivation, observations, parameters
from cpsr_study.errors import DataError
from cpsr_study.sources import addresses, answers, catalogue, download, geography, intake, registry
from cpsr_study.territories import Territories
from reports import DATA, build, tree
from servers import serving
from test_territories import package

YEAR = invented.YEAR
SAMPLES = Path(os.environ.get("CPSR_SAMPLES", "absent")) / "social"


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """The data of the repository plus the invented vintages, and the files they come from."""
    yield invented.held(tmp_path_factory.mktemp("new"), DATA)
    forget()


@pytest.fixture(scope="module")
def data(taken):
    return taken[0]


@pytest.fixture(scope="module")
def files(taken):
    return taken[1]


def test_every_reader_knows_its_own_files_and_no_other(files):
    assert set(files) == set(registry.readers()), "a source without an invented vintage"
    for source, paths in files.items():
        for path in paths:
            known = [name for name, reader in registry.readers().items() if reader.recognise(path)]
            assert known == [source], path.name


def test_readers_do_not_know_what_is_not_theirs(tmp_path, data_dir):
    strange = [tmp_path / name for name in ("empty", "bytes", "text.csv", "page.html", "list.json")]
    for path, content in zip(strange, (b"", bytes(range(256)), b"a;b\n1;2\n", b"<html></html>", b"[]"), strict=True):
        path.write_bytes(content)
    for path in [*strange, tmp_path, tmp_path / "absent", *data_dir.glob("reference/*.csv")]:
        assert [name for name, reader in registry.readers().items() if reader.recognise(path)] == [], path.name


def test_a_new_edition_exists_and_the_past_ones_do_not_move(data):
    assert parameters.editions(data)[-1] == YEAR
    late = {card.vintage: card.known_since for card in catalogue(data) if card.known_since}
    assert late["qpv-2024"] == YEAR, "a list of 2024, taken in late"
    for edition in parameters.editions(DATA):
        assert observations.build(data, edition).to_csv() == observations.build(DATA, edition).to_csv(), edition


def test_the_report_of_a_past_edition_is_the_same_to_the_byte(data, tmp_path):
    past = parameters.editions(DATA)[-1]
    one, two = (
        tree(build(tmp_path / name, "DEP-76", ["02"], data_dir=where, edition=past).folder)
        for name, where in (("before", DATA), ("after", data))
    )
    assert {"report.html", "report.pdf", "manifest.json"} < set(one)
    assert one == two


@pytest.mark.parametrize(
    ("geo", "indicator", "period", "value"),
    [
        ("REG-28", "allocataires_rsa", "2025", None),
        ("REG-28", "personnes_sous_seuil_pauvrete", "2024", None),
        ("REG-28", "esat", "2027-02", 2 + 3 + 4 + 5 + 6),
        ("REG-28", "deld", "2026-12", 400),
        ("REG-28", "taux_chomage", "2026", 6),
        ("DEP-76", "deld_qpv", "2026", 400),
        ("DEP-76", "deld_brut", "2026-12", 400),
        ("DEP-76", "quartiers_prioritaires", "2024", 2),
        ("EPCI-200084952", "quartiers_prioritaires", "2024", 2),
        ("REG-28", "entreprises_adaptees", "2027-02", 5),
        ("DEP-14", "geiq", "2027-02", 1),
        ("REG-53", "allocataires_rsa_caf", "2026-12", None),
        ("DEP-50", "communes_frr", "2027-03", None),
        ("EPCI-200084952", "taux_pauvrete", "2024", 17.5),
    ],
)
def test_the_new_figures_are_those_of_the_edition(data, geo, indicator, period, value):
    known = Study.open(geo, data_dir=data).latest(indicator)
    assert known.period == period
    assert value is None or known.value == pytest.approx(value)


def test_the_sources_of_the_new_figures_are_named(data):
    table = observations.build(data, YEAR)
    new = table[table["vintage"].ne("") & table["published"].str.startswith(str(YEAR))]
    assert set(new["source"]) == set(registry.readers())
    assert new["locator"].ne("").all() and not new["locator"].str.contains("/|\\\\import").all()


def test_a_geography_that_contradicts_a_file_already_held_is_not_taken(data, tmp_path):
    """The populations that it says to be of 2024 are those of 2025: every build would stop."""
    path = package(tmp_path / "decoupage-2027.tgz", Territories.load(DATA, 2026), grown=1)
    with pytest.raises(DataError, match=r"contredit insee-population/2028, rien n'est pris .* celles de 2024"):
        geography.take([path], data)
    assert not (data / "reference" / "insee-cog" / "2027").exists()
    assert Territories.load(data, YEAR).vintage == "2026"


def test_the_two_editions_are_compared(data):
    old, new = (Study.open("REG-28", edition=year, data_dir=data) for year in (YEAR - 1, YEAR))
    frame = comparison.between_editions(old.table, new.table, "REG-28")
    assert len(frame) and "deld" in set(frame["indicator"])


SHOWN = {  # what the two chapters must name for each area, by the figures that the invented files give of it
    "REG-28": {"Insee, Filosofi 2024", "DREES 2025", "CNAF 2026", "DARES 2026", "FINESS février 2027",
               "Insee, chômage localisé", "Insee, quartiers prioritaires 2026", "Les emplois de l’inclusion mars 2027",
               "Insee, populations 2025"},
    "DEP-76": {"Insee, Filosofi 2024", "DREES 2025", "CNAF 2026", "DARES 2026", "FINESS février 2027",
               "Insee, chômage localisé", "Insee, quartiers prioritaires 2026", "Les emplois de l’inclusion mars 2027",
               "Le marché de l’inclusion février 2027", "ANCT, QPV 2024"},
    "DEP-50": {"DGCL, FRR mars 2027"},
    "EPCI-200084952": {"Insee, Filosofi 2024", "ANCT, QPV 2024"},
    "REG-53": {"Insee, Filosofi 2024", "DREES 2025", "CNAF 2026"},
}  # fmt: skip


SAID = {  # the areas inside: the invented answer of Melodi gives one EPCI, and no commune
    "DEP-76": "1 EPCI sur 19 ont une valeur connue.",
    "EPCI-200084952": "Aucune valeur connue pour les communes de la communauté urbaine Le Havre Seine Métropole. "
    "Source attendue",
}


@pytest.mark.parametrize("geo", SHOWN)
def test_the_chapters_show_the_new_sources(data, tmp_path, geo):
    folder = build(tmp_path / "reports", geo, ["02", "06"], data_dir=data).folder
    assert folder.name == f"{geo}-{YEAR}"
    page = BeautifulSoup((folder / "report.html").read_text(encoding="utf-8"), "html.parser")
    lines = " ".join(part.get_text(" ") for part in page.select("p.source, p.kf-source"))
    assert {name for name in SHOWN[geo] if name not in lines} == set()
    assert SAID.get(geo, "") in page.get_text(" ", strip=True)


def test_the_break_of_2025_is_said_where_jobseekers_are_shown(data, tmp_path):
    folder = build(tmp_path / "reports", "REG-28", ["02"], data_dir=data).folder
    assert "Rupture de série en janvier 2025 (loi pour le plein emploi)" in (folder / "report.html").read_text("utf-8")


def test_the_break_of_2025_is_a_change_of_definition_between_editions(data):
    old, new = (Study.open("FR", edition=year, data_dir=data) for year in (YEAR - 1, YEAR))
    frame = comparison.between_editions(old.table, new.table, "FR", new.registry.breaks)
    own = frame[frame["indicator"] == "deld"]
    assert ("rupture", "définition") in set(zip(own["nature"], own["cause"], strict=True))
    assert set(new.registry.breaks) >= {"deld", "deld_pour_1000_habitants", "participants_pour_1000_deld"}


AREAS = ["REG-28", "DEP-76", "EPCI-200084952", "REG-53", "DEP-14", "DEP-50", "FR", "FRMET"]


def compared(data, geo):
    """The two editions of an area and what the comparison says of them."""
    old, new = (Study.open(geo, edition=year, data_dir=data) for year in (YEAR - 1, YEAR))
    return old, new, comparison.between_editions(old.table, new.table, geo, new.registry.breaks)


def facts(study, geo):
    """Each period of each figure of an area: its value and status, and where the value comes from, all the way down."""
    table, below = study.table, derivation.leaves(study.table)
    named = table.set_index("id")
    found = {}
    for row in table[(table["geo"] == geo) & table["headline"]].itertuples():
        origin = {(leaf, named.at[leaf, "source"], named.at[leaf, "kind"]) for leaf in below[row.id]}
        found[row.indicator, row.category, row.time_period] = (f"{row.value:.9g}", row.status), (origin, row.source)
    return found


def others(study, geo):
    """What the other sources say of the same figures."""
    own = study.table[(study.table["geo"] == geo)]
    columns = ["indicator", "category", "time_period", "source", "vintage", "value", "status"]
    everything = set(own[columns].itertuples(index=False, name=None))
    return everything, set(own.loc[~own["headline"], columns].itertuples(index=False, name=None))


@pytest.mark.parametrize("geo", AREAS)
def test_the_comparison_explains_every_observation_that_differs_and_nothing_else(data, geo):
    old, new, frame = compared(data, geo)
    before, after = facts(old, geo), facts(new, geo)
    told = {}
    for row in frame[frame["cause"] != "énoncé"].itertuples():
        for period in {row.period_old, row.period_new} - {""}:
            told.setdefault((row.indicator, row.category, period), set()).add(f"{row.nature} {row.cause}")
    assert all(why.strip().count(" ") for whys in told.values() for why in whys), "a nature and a cause, always"
    differs = {key for key in {*before, *after} if before.get(key, "")[:1] != after.get(key, "")[:1]}
    assert differs and differs <= set(told)
    elsewhere = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    follows = {
        (row.indicator, row.category, period)
        for row in frame.itertuples()
        if row.period_old != row.period_new
        for period in (row.period_old, row.period_new)
        if (row.indicator, row.category, {row.period_old: row.period_new, row.period_new: row.period_old}[period])
        in differs
    }
    assert set(told) <= elsewhere | follows, "what did not change is not listed, but as what a new period follows"
    (had, beside_before), (has, beside) = others(old, geo), others(new, geo)
    wanted = len([row for row in beside if row not in had]) + len([row for row in beside_before if row not in has])
    assert (frame["cause"] == "énoncé").sum() == wanted


def test_every_new_source_moves_something_that_the_comparison_tells(data):
    sources = {name for geo in AREAS for line in compared(data, geo)[2]["source_new"] for name in line.split(", ")}
    assert set(registry.readers()) <= sources


def test_a_restated_year_is_a_revision_by_its_vintage(data):
    _, _, frame = compared(data, "REG-28")
    own = frame[(frame["indicator"] == "allocataires_rsa") & (frame["period_new"] == "2019")]
    assert list(zip(own["nature"], own["cause"], strict=True)) == [("révisé", "millésime")]


# The real files, where they are

HELD = {
    "insee-filosofi/2020": ["FILO2020_DISP_DEP.csv", "FILO2020_DISP_PAUVRES_DEP.csv"],
    "drees-minima-sociaux/2019": ["DREES_minima_sociaux_departements_1995-2019.xlsx"],
    "insee-chomage-localise/2024-12": ["insee_famille_TAUX-CHOMAGE_19122024.xlsx"],
    "insee-population/2026": [
        "insee_pop_reference_2023_communes.csv", "cog2026_departements.csv", "cog2026_regions.csv",
    ],
}  # fmt: skip


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real files are not here (CPSR_SAMPLES)")
def test_the_real_files_give_the_figures_that_were_typed(tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("processed"))
    for vintage in HELD:
        shutil.rmtree(folder / "raw" / vintage)
    names = [*(name for files in HELD.values() for name in files), "finess_export_esat_2026.csv"]
    taken = intake.take("auto", [SAMPLES / name for name in names], folder)
    assert {f"{done.source}/{done.vintage}" for done in taken} == {*HELD, "finess/2026"}
    typed, read = (observations.build(where, 2026).set_index("id")["value"] for where in (DATA, folder))
    assert set(typed.index) <= set(read.index)
    assert (read[typed.index] == typed).all(), "the same figures, to the last bit"
    assert round(read["personnes_sous_seuil_pauvrete.REG-28.2020"]) == 422_742
    assert read["allocataires_rsa.REG-28.2019"] == 84_305
    assert read["esat.REG-28.2026"] == 81
    assert read["population.REG-28.2023"] == 3_345_842


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real files are not here (CPSR_SAMPLES)")
def test_the_guide_with_the_real_files_moves_no_past_edition(tmp_path, command):
    """What a person does who follows docs/mise-a-jour-annuelle.md with the files that the repository does not hold."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("processed"))
    recorded = yaml.safe_load((SAMPLES / "melodi_data_popref_by_com_2026-01-30.vcr.yml").read_text(encoding="utf-8"))
    answer = tmp_path / "melodi.json"
    answer.write_text(recorded["http_interactions"][1]["response"]["body"]["string"], encoding="utf-8")
    names = ("FILO2019_DISP_REG.csv", "IPRO_2022_QPV.csv", "finess_export_esat_2026.csv")
    for path in [*(SAMPLES / name for name in names), answer]:
        done = command("import", "auto", str(path), data_dir=folder)
        assert done.code == 0 and "l'édition 2026 en tient compte désormais" in done.out, done.err
    again = command("import", "auto", str(SAMPLES / names[0]), data_dir=folder)
    assert again.code == 0 and "Rien à faire" in again.out
    typed = command("import", "auto", str(SAMPLES / "insee_famille_TAUX-CHOMAGE_19122024.xlsx"), data_dir=folder)
    assert typed.code == 1 and "1150 chiffres lus y sont tous, les mêmes : il n'y a rien à prendre" in typed.err
    alone = command("import", "auto", str(SAMPLES / "cog2026_regions.csv"), data_dir=folder)
    assert alone.code == 1 and "donnez-les ensemble" in alone.err
    assert command("check", data_dir=folder).code == 0
    for edition in (2021, 2025):
        assert observations.build(folder, edition).to_csv() == observations.build(DATA, edition).to_csv(), edition
    told = command("compare", "DEP-76", "--editions", "2025", "2026", "--format", "csv", data_dir=folder).out
    assert re.search(r"deld_qpv,.*nouveau,série,.*insee-ipro", told)
    commune = Study.open("COM-44109", data_dir=folder).latest("population")
    assert (commune.value, commune.period) == (327_734, "2023") and "Melodi" not in commune.text


# The addresses of the repository, each played by a server of our own


def played(asked, _):
    """What each declared API answers, told by its path; the directory gives the structures of one département."""
    path, _, query = asked.path.partition("?")
    if "siaes" in path:
        code = query.partition("departement=")[2][:2]
        rows = [{"siret": f"1{code}", "type": "ACI", "departement": code, "code_postal": f"{code}000",
                 "mis_a_jour_le": "2027-03-01T10:00:00"}]  # fmt: skip
        body = json.dumps({"count": 1, "next": None, "previous": None, "results": rows})
    elif "melodi" in path:
        body = invented.melodi()
    elif "rsa_s_type" in path:
        body = invented.caf(["14", "27", "50", "61", "76"])
    elif "dares" in path:
        body = invented.dares("CVS-CJO", ("2025-T4", "2026-T4"))
    else:
        body = invented.finess()
    kind = "application/json" if body.startswith("{") else "text/csv"
    asked.answer(body.encode(), kind=kind)


def test_every_declared_address_is_asked_and_its_answer_taken_in(tmp_path, monkeypatch):
    monkeypatch.setenv("CPSR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("processed"))
    declared = {name: source for name, source in addresses.read(DATA).items() if source.files and name != "decp"}
    assert set(declared) == {"insee-melodi", "caf-rsa", "dares-deld", "finess", "siae"}
    quick = answers.Limits(connect=2, silence=2, total=20, attempts=2, backoff=0.01)
    with serving(played) as server:
        text = (folder / "reference" / "addresses.toml").read_text(encoding="utf-8")
        text = re.sub(r'(?m)^url = "https://[^/"]+', f'url = "{server.url}', text)
        (folder / "reference" / "addresses.toml").write_text(re.sub("(?m)^pause = .*$", "pause = 0", text), "utf-8")
        for name in declared:
            area = "REG-28" if name == "siae" else None
            (taken,) = download.fetch(name, folder, lambda *_: None, limits=quick, areas=area)
            assert taken.new and len(taken.observations), name
        paths = [path for path, _ in server.seen]
    assert sum("siaes" in path for path in paths) == 5
    for source in declared.values():
        for file in source.files:
            assert any(urlsplit(file.url).path == path.partition("?")[0] for path in paths), file.url
    forget()
