"""The yearly update as docs/mise-a-jour-annuelle.md tells it, done for real on a small invented vintage."""

import re
import shutil
from pathlib import Path

import pytest

from cpsr_study import Study, observations, parameters
from cpsr_study.errors import DataError
from cpsr_study.sources import catalogue, sha256, verify
from reports import DATA, build, tree
from test_docs import script as build_docs

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "mise-a-jour-annuelle.md"
DEPARTEMENTS = {"DEP-14": 12.5, "DEP-27": 12.7, "DEP-50": 11.7, "DEP-61": 15.6, "DEP-76": 15.4}


@pytest.fixture
def next_year(tmp_path):
    """A copy of the data with an invented vintage of Filosofi, published a year after the newest source."""
    data = tmp_path / "data"
    shutil.copytree(DATA, data, ignore=shutil.ignore_patterns("processed"))
    year = parameters.editions(DATA)[-1] + 1
    model, folder = data / "raw" / "insee-filosofi" / "2020", data / "raw" / "insee-filosofi" / "2099"
    folder.mkdir()
    lines = [(model / "observations.csv").read_text(encoding="utf-8").splitlines()[0]]
    for geo, rate in DEPARTEMENTS.items():
        lines.append(f"taux_pauvrete,{geo},2099,,,{rate},A,{rate},inventé,")
        lines.append(f"personnes_menages_fiscaux,{geo},2099,,,500000,A,500 000,inventé,")
    (folder / "observations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    card = (model / "source.toml").read_text(encoding="utf-8")
    card = re.sub(r"(?m)^published = .*$", f'published = "{year}-02"', card)
    (folder / "source.toml").write_text(card, encoding="utf-8")
    return data, folder, year


def sign(folder):
    """Step 4: the fingerprint that the check asks for."""
    path = folder / "source.toml"
    with pytest.raises(DataError) as fault:
        verify(next(card for card in catalogue(folder.parents[2]) if card.folder == folder))
    asked = re.search(r"[0-9a-f]{64}", str(fault.value))[0]
    assert asked == sha256(folder / "observations.csv")
    card = re.sub(
        r'"observations.csv" = "[0-9a-f]+"', f'"observations.csv" = "{asked}"', path.read_text(encoding="utf-8")
    )
    path.write_text(card, encoding="utf-8")
    from cpsr_study.sources import read_card

    read_card.cache_clear()


def test_a_new_vintage_makes_a_new_edition(next_year):
    data, folder, year = next_year
    sign(folder)
    study = Study.open("REG-28", data_dir=data)
    assert study.edition == year
    poor = study.latest("personnes_sous_seuil_pauvrete")
    assert poor.period == "2099" and poor.value == pytest.approx(5000 * sum(DEPARTEMENTS.values()))


def test_past_editions_do_not_move(next_year, tmp_path):
    data, folder, _year = next_year
    sign(folder)
    for edition in (parameters.editions(DATA)[0], parameters.editions(DATA)[-1]):
        before, after = (observations.build(where, edition) for where in (DATA, data))
        assert before.to_csv() == after.to_csv(), edition


def test_the_report_of_a_past_edition_is_the_same_to_the_byte(next_year, tmp_path):
    data, folder, _year = next_year
    sign(folder)
    one = build(tmp_path / "before", "REG-28", ["02", "08"], edition=2021).folder
    two = build(tmp_path / "after", "REG-28", ["02", "08"], data_dir=data, edition=2021).folder
    assert {"report.html", "report.pdf", "manifest.json"} < set(tree(one))
    assert tree(one) == tree(two)


def test_the_numbered_steps_are_those_of_the_document():
    steps = re.findall(r"(?m)^(\d+)\. \*\*", GUIDE.read_text(encoding="utf-8"))
    assert steps == [str(number) for number in range(1, 11)]


def test_the_steps_from_the_check_to_the_archive_are_followed(next_year, tmp_path, command):
    """Steps 4 to 10, each by the command that the document gives."""
    data, folder, year = next_year
    code, _, err = command("check", data_dir=data)
    assert code == 1 and sha256(folder / "observations.csv") in err, "4: the fingerprint to write"
    sign(folder)
    assert command("check", data_dir=data).code == 0, "5"
    words = ("compare", "REG-28", "--editions", str(year - 1), str(year), "--format", "csv")
    told = command(*words, data_dir=data).out  # 7: the poor persons are counted anew, the rate follows
    assert "personnes_sous_seuil_pauvrete,,,personnes,nouveau,période" in told and ",2099," in told
    assert "2099" in build_docs().documents(data)["sources.md"], "8"
    reports = tmp_path / "reports"
    wanted = ("--chapters", "02", "--formats", "html", "--output", str(reports))
    assert command("run", "REG-28", *wanted, data_dir=data).code == 0, "9"
    name = f"REG-28-{year}"
    assert command("archive", name, "--output", str(reports), data_dir=data).code == 0, "10"
    assert (reports / f"{name}.zip").is_file()


def test_a_correction_that_the_new_vintage_leaves_behind_stops_the_check(next_year, command):
    """Step 6: the value that a correction expects is no longer there."""
    data, folder, _year = next_year
    sign(folder)
    path = data / "reference" / "corrections.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("expect = 111399000", "expect = 111400000"), "utf-8")
    code, _, err = command("check", data_dir=data)
    assert code == 1 and "la source a changé, la correction est à revoir" in err
