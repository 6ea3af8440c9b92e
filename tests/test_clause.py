"""A partner's own results: the golden territory counted by hand, what is shown of it and what is not."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import clause_golden as golden
from conftest import DATA, forget
from cpsr_study import derivation, disclosure, indicators, observations
from cpsr_study.commands import partners
from cpsr_study.disclosure import Rule
from cpsr_study.report import bundle
from cpsr_study.sources import catalogue, clause
from cpsr_study.sources.clause import audit, counting, intake, others, pace, publication, schema, store
from cpsr_study.territories import Territories

RULE, DAY = Rule(), date(2026, 3, 1)


@pytest.fixture
def data(tmp_path: Path):
    """A data folder with the sources of the repository and no partner's data."""
    for folder in ("reference", "raw"):
        shutil.copytree(DATA / folder, tmp_path / "data" / folder, ignore=shutil.ignore_patterns("clause"))
    yield tmp_path / "data"
    forget()
    schema.read.cache_clear()


def take(data: Path, without: int = 0, day: date = DAY, **options) -> intake.Intake:
    files = golden.write(data.parent / f"envoi-{without}", golden.tables(without))
    return intake.take(files, data, golden.AREA, day=day, **options)


def cards(data: Path):
    return [card for card in catalogue(data) if card.source == clause.SOURCE]


def year(data: Path) -> counting.Year:
    (found,) = store.years(cards(data)[-1], golden.AREA, Territories.load(data, 2026), schema.read(data))
    return found


def published(data: Path):
    areas = Territories.load(data, 2026)
    return publication.observations(cards(data), [areas.get(golden.AREA)], areas, data)


def linked(data: Path) -> disclosure.Tables:
    return counting.tables(year(data), indicators.read(data), schema.read(data), RULE)


def test_each_indicator_is_the_one_counted_by_hand(data):
    take(data)
    tables = linked(data)
    found = {cell.name: cell.value for cell in tables.cells if not cell.name[1].startswith("hors ")}
    every = dict(found)
    for indicator, category, value in others.figures(year(data), every, RULE):
        found[indicator, category] = value
    assert found == pytest.approx(golden.flat(golden.EXPECTED))


def test_each_share_and_ratio_is_the_one_worked_out_by_hand(data):
    """The formulas of the registry on the golden figures, none hidden: all that derives from them, and nothing else."""
    registry = indicators.read(data)
    rows = [
        {"id": derivation.make_id(indicator, golden.AREA, "2025", category), "indicator": indicator, "value": value,
         "breakdown": registry[indicator].breakdown if category else "", "category": category}
        for (indicator, category), value in golden.flat(golden.EXPECTED).items()
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(
        geo=golden.AREA, time_period="2025", status="A", published="2026-03-01", headline=True, source="clause"
    )
    derived = derivation.derive(frame, registry, {})
    derived = derived[derived["source"] == derivation.SOURCE].set_index(["indicator", "category"])["value"]
    assert derived.to_dict() == pytest.approx(golden.flat(golden.DERIVED))


def test_what_is_shown_of_them_is_the_same(data):
    """Through the whole chain: a figure of the territory is that of the golden tables, or it is hidden."""
    take(data)
    table = observations.with_area(
        observations.build(data, 2026), data, 2026, Territories.load(data, 2026), golden.AREA
    )
    own = table[(table["geo"] == golden.AREA) & (table["time_period"] == "2025")].set_index(["indicator", "category"])
    wanted = golden.flat(golden.EXPECTED) | golden.flat(golden.DERIVED)
    assert set(own.index) <= set(wanted)
    shown = own.loc[own["status"] != "S", "value"].to_dict()
    assert shown == pytest.approx({name: wanted[name] for name in shown})
    assert len(shown) > 60


def test_each_year_has_its_own_figures_and_cumulated_hours_go_on(data):
    """Six people did 10 hours each in 2024, for the operation O3: 60 hours, which 2025 cumulates and does not count."""
    rows = golden.tables()
    for number in range(1, 7):
        line = list(rows["contrats"][number - 1])
        line[1:4] = [f"A{number}", "O3", f"P{number:02}"]
        line[8:] = ["01/02/2024", "10/02/2024", "10", "11"]
        rows["contrats"].append(line)
    files = golden.write(data.parent / "deux", rows)
    intake.take(files, data, golden.AREA, day=DAY)
    first, second = store.years(cards(data)[-1], golden.AREA, Territories.load(data, 2026), schema.read(data))
    found = {
        (cell.name[0], each.year): cell.value
        for each in (first, second)
        for cell in counting.tables(each, indicators.read(data), schema.read(data), RULE).cells
        if cell.name[1] == ""
    }
    assert (found["heures_insertion", 2024], found["participants", 2024], found["contrats", 2024]) == (60, 6, 6)
    assert (found["heures_prevues", 2024], found["heures_cumulees", 2024], found["heures_payees", 2024]) == (
        300,
        60,
        66,
    )
    assert (found["heures_insertion", 2025], found["heures_prevues", 2025]) == (3500, 4000)
    assert found["heures_cumulees", 2025] == 3560


def test_shares_are_computed_from_what_is_shown(data):
    take(data)
    table = observations.with_area(
        observations.build(data, 2026), data, 2026, Territories.load(data, 2026), golden.AREA
    )
    own = table[table["geo"] == golden.AREA].set_index(["indicator", "category"])
    assert own.loc[("part_etp_modalite", "condition_execution"), "value"] == pytest.approx(100 * 2050 / 3500)
    assert own.loc[("part_heures_secteur", "btp"), "value"] == pytest.approx(100 * 2400 / 3500)
    assert own.loc[("part_etp_employeur", "etti"), "status"] == "S"  # one company did them all
    assert own.loc[("part_participants_public", "deld"), "value"] == 48
    assert own.loc[("taux_realisation", ""), "value"] == 87.5
    secret = own.loc[("part_participants_public", "rqth")]
    assert secret["status"] == "S" and secret["value"] != secret["value"]


def test_few_people_are_hidden_and_do_not_come_back(data):
    take(data)
    frame = published(data)
    hidden = set(frame.loc[frame["status"] == "S", ["indicator", "category"]].itertuples(index=False, name=None))
    assert {("participants_public", "rqth"), ("participants_niveau", "niveau_5")} <= hidden
    assert {("participants_prescripteur", "mission_locale"), ("participants_prescripteur", "non_renseigne")} <= hidden
    assert frame.loc[frame["status"] == "S", "value"].isna().all()
    tables = linked(data)
    assert disclosure.recovered(tables, hidden) == {}
    bare = disclosure.suppress(tables, RULE, secondary=False)
    assert disclosure.recovered(tables, {name for name in bare if not name[1].startswith("hors ")})


def test_each_large_project_has_its_line_named_and_hidden_by_the_same_rule(data):
    """Three people on each of the two: hidden, and named. Over three operations of two buyers, hours and share show."""
    take(data)
    frame = published(data).set_index(["indicator", "category"])
    own = frame.loc["heures_projet"]
    assert own["locator"].to_dict() == {"projet_01": "Gare", "projet_02": "Tramway"}
    assert set(own["status"]) == {"S"}
    names = golden.HEADS["operations"].split(";")
    rows = golden.tables()
    for number in (1, 2, 5):
        rows["operations"][number - 1][names.index("grand_projet")] = "oui"
        rows["operations"][number - 1][names.index("nom_grand_projet")] = "Tramway"
    files = golden.write(data.parent / "projets", rows)
    intake.take(files, data, "EPCI-200084952", day=DAY)  # another territory: nothing was shown of it
    areas = Territories.load(data, 2026)
    table = observations.with_area(observations.build(data, 2026), data, 2026, areas, "EPCI-200084952")
    shown = table[table["geo"] == "EPCI-200084952"].set_index(["indicator", "category"])["value"]
    assert shown["heures_projet", "projet_01"] == 900  # O1, O2 (Ville) and O5 (Office)
    assert shown["part_heures_projet", "projet_01"] == pytest.approx(180 / 7)


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (["Tramway", "Gare", "tramway", ""], ["projet_02", "projet_01", "projet_02", "autres_projets"]),
        ([f"Projet {n:02}" for n in range(1, 15)], [f"projet_{n:02}" for n in range(1, 13)] + ["autres_projets"] * 2),
    ],
)
def test_large_projects_are_numbered_by_name_and_never_by_size(names, codes):
    markets = pd.DataFrame({"grand_projet": "oui", "nom_grand_projet": names})
    assert store._projects(markets) == codes
    assert store._projects(markets.assign(grand_projet="non")) == ["non_renseigne"] * len(names)


def test_the_few_whose_situation_is_unknown_do_not_come_back(data):
    """23 of 25 are followed at 3 months: the count of those followed would say that two are not, and is hidden."""
    rows = golden.tables()
    place = golden.HEADS["participants"].split(";").index("sortie_3_mois")
    for number in range(11, 24):
        rows["participants"][number - 1][place] = "recherche"
    intake.take(golden.write(data.parent / "sorties", rows), data, golden.AREA, day=DAY)
    frame = published(data).set_index(["indicator", "category"])["status"]
    assert frame["participants_suivis_3", ""] == "S"
    assert frame["participants", ""] != "S"


def test_one_company_is_hidden(data):
    """The hours of an employer kind that one company makes up are its own: hidden, though ten people did them."""
    take(data)
    frame = published(data).set_index(["indicator", "category"])
    assert frame.loc[("heures_employeur", "entreprise"), "status"] == "S"
    assert frame.loc[("heures_insertion", ""), "value"] == 3500


@pytest.mark.parametrize("gone", [3, 6, 24])
def test_one_participant_less_reveals_nobody(data, gone):
    """Imported again without one person: no figure moves, and the report says so."""
    take(data)
    before = published(data).set_index(["indicator", "category"])
    assert take(data, gone, day=date(2026, 4, 1), replace=True).waiting == (2025,)
    after = published(data).set_index(["indicator", "category"])
    assert after["status"].equals(before["status"])
    assert after["value"].equals(before["value"])
    assert "laissés tels" in after.loc[("participants", ""), "note"]
    assert "laissés tels" not in before.loc[("participants", ""), "note"]


def test_the_pace_of_each_operation_is_the_one_worked_out_by_hand(data):
    """On 1 March 2026, O1 is 424 days into its 729; the others ended on 31 December 2025, O11 short."""
    found = take(data).pace.set_index("opération")
    assert list(found.index[:2]) == ["O11", "O1"]
    first = found.loc["O1"]
    assert (first["acheteur"], first["fin prévue"], first["à la date du"]) == ("Ville", "2026-12-31", "2026-03-01")
    assert (first["heures prévues"], first["heures réalisées"]) == (600, 300)
    assert first["heures attendues à cette date"] == pytest.approx(600 * 424 / 729, abs=0.05)
    assert first["heures projetées à la fin"] == pytest.approx(300 * 729 / 424, abs=0.05)
    assert first["situation"] == "à ce rythme, il manquerait 84,2 h"
    assert found.loc["O11", "situation"] == "terminée, il manque 250,0 h"  # 500 planned, five contracts of 50
    assert found.loc[["O2", "O12"], "situation"].tolist() == ["terminée, heures faites"] * 2
    assert pace.short(found) == 1
    early = take(data, day=date(2024, 12, 31)).pace.set_index("opération")
    assert early["situation"].unique().tolist() == ["pas encore commencée"]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [("", "2026-12-31", pace.UNDATED), ("2025-01-01", "", pace.UNDATED), ("2025-01-01", "2025-01-01", pace.UNDATED)],
)
def test_an_operation_without_its_calendar_is_said(data, start, end, said):
    rows = golden.tables()
    names = golden.HEADS["operations"].split(";")
    for name, value in (("date_debut", start), ("date_fin", end)):
        rows["operations"][0][names.index(name)] = value
    files = golden.write(data.parent / "autre", rows)
    found = intake.take(files, data, golden.AREA, day=DAY).pace.set_index("opération")
    assert found.loc["O1", "situation"] == said


def folder_of(data: Path, tmp_path: Path):
    """A report folder with the observations of the golden territory, as a report writes them, and what is hidden."""
    table = observations.with_area(
        observations.build(data, 2026), data, 2026, Territories.load(data, 2026), golden.AREA
    )
    own = table[table["geo"] == golden.AREA].reset_index(drop=True)
    folder = tmp_path / "rapport"
    folder.mkdir()
    own.assign(value=own["value"].astype(object).where(own["value"].notna(), "")).to_csv(
        folder / "observations.csv", index=False
    )
    (folder / "manifest.json").write_text('{"parameters": {"edition": 2026}}', encoding="utf-8")
    return folder, own


def test_the_audit_of_a_report_finds_every_way_out(data, tmp_path):
    take(data)
    tables = linked(data)
    folder, own = folder_of(data, tmp_path)
    path = folder / "observations.csv"
    count, found = audit.attack(folder, data)
    assert (count, found) == ((own["status"] == "S").sum(), [])
    assert count > 10

    truth = {cell.name: cell for cell in tables.cells}
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)

    def planted(indicator: str, category: str, status: str) -> str:
        """The file with the value of a hidden figure put back."""
        other = frame.copy()
        row = (other["indicator"] == indicator) & (other["category"] == category)
        assert row.sum() == 1
        other.loc[row, ["value", "status"]] = [f"{truth[indicator, category].value:g}", status]
        return other.to_csv(index=False)

    # A secondary cell shown: the secret beside it comes back by subtraction (and the share of the cell is told).
    path.write_text(planted("participants_niveau", "niveau_4", "A"), encoding="utf-8")
    _, found = audit.attack(folder, data)
    assert any(line.startswith(f"participants_niveau.{golden.AREA}.2025.niveau_5 est secret") for line in found)
    # A hidden figure with its value beside its status.
    path.write_text(planted("participants_public", "rqth", "S"), encoding="utf-8")
    _, found = audit.attack(folder, data)
    assert any("observations.csv donne sa valeur" in line for line in found)


def test_the_command_fails_when_a_secret_comes_back(data, tmp_path, command):
    take(data)
    folder, _ = folder_of(data, tmp_path)
    done = command("check", "--disclosure", str(folder), data_dir=data)
    assert (done.code, done.err) == (0, "")
    frame = pd.read_csv(folder / "observations.csv", dtype=str, keep_default_na=False)
    frame.loc[frame["status"] == "S", "value"] = "3"
    frame.to_csv(folder / "observations.csv", index=False)
    assert command("check", "--disclosure", str(folder), data_dir=data).code == 1
    assert command("check", "--disclosure", str(tmp_path / "rien"), data_dir=data).code == 2


def test_new_territory_import_and_their_refusals(data, tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("new-territory", golden.AREA, "--folder", "modele", data_dir=data).code == 0
    made = {path.name for path in (tmp_path / "modele").iterdir()}
    assert {"modele-clause.xlsx", "operations.csv", "parametres.toml", "correspondance-exemple.toml"} <= made
    assert command("new-territory", golden.AREA, "--folder", "modele", data_dir=data).code == 2
    files = [str(path) for path in golden.write(tmp_path / "envoi")]
    assert command("import", "clause", *files, data_dir=data).code == 2  # of which territory?
    done = command("import", "clause", *files, "--territory", golden.AREA, data_dir=data)
    assert done.code == 0
    assert "40 contrats" in done.out
    assert (tmp_path / "clause-a-corriger.csv").is_file()
    listed = pd.read_csv(tmp_path / "clause-rythme.csv")
    assert len(listed) == 12
    assert "finiraient sous leurs heures" in done.out
    assert "clause-rythme.csv" in done.out
    again = command("import", "clause", *files, "--territory", "CU Caen la Mer", data_dir=data)
    assert "Rien de nouveau" in again.out
    bad = golden.write(tmp_path / "autre")
    bad[2].write_text(bad[2].read_text("utf-8").replace("participant;", "prénom;"), encoding="utf-8")
    assert command("import", "clause", *map(str, bad), "--territory", golden.AREA, data_dir=data).code == 1


def test_micro_data_are_in_no_archive_and_git_ignores_them(data):
    take(data)
    (card,) = cards(data)
    assert set(card.files) == {"operations.csv", "contrats.csv", "participants.csv"}
    assert bundle.PRIVATE == "data/raw/clause/"
    ignored = (DATA.parent / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {bundle.PRIVATE, str(partners.REMARKS_FILE), str(partners.PACE_FILE)} <= set(ignored)
    frame = published(data)
    words = " ".join(frame[["locator", "note", "as_published"]].to_numpy().ravel())
    assert "Bâtisseurs" not in words and "P01" not in words
