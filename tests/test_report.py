"""The report as a reader and a partner get it: real chapters, executed, merged, rendered."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import nbformat
import openpyxl
import pytest

from cpsr_study import Study, parameters, paths
from cpsr_study.errors import DataError
from reports import DATA, build, html_of, tree

THIN = "\u202f"


def test_the_folder_is_named_after_the_territory_and_the_edition(normandie):
    newest = parameters.editions(DATA)[-1]
    assert normandie.name == f"REG-28-{newest}"


def test_a_name_and_a_code_ask_for_the_same_report():
    assert parameters.resolve(DATA, territory="normandie") == parameters.resolve(DATA, territory="REG-28")


def test_everything_announced_is_there(normandie):
    files = set(tree(normandie))
    assert {"report.html", "report.pdf", "observations.csv", "manifest.json", "tables/tableaux.xlsx"} <= files
    assert len([f for f in files if f.startswith("notebooks/")]) == 9
    drawn = {f.removesuffix(".svg") for f in files if f.endswith(".svg")}
    assert len(drawn) > 15 and all(f"{name}.csv" in files for name in drawn)


def test_the_numbers_of_the_study_are_in_the_report(normandie):
    html = html_of(normandie)
    for number in ("293 576", "422 742", "18 640 567", "3 345 842", "81"):
        assert number.replace(" ", THIN) in html, number


def test_every_number_leads_to_its_line_in_the_annex(normandie):
    html = html_of(normandie)
    links = set(re.findall(r'href="#([^"]+)"', html))
    anchors = set(re.findall(r'id="([^"]+)"', html))
    assert links <= anchors
    assert len([link for link in links if link.startswith("obs-")]) > 200


def test_what_disagrees_shows_in_the_synthesis_beside_the_numbers_and_in_its_table(normandie):
    """The count twice, one line a finding in chapter 8, and the mark at each number concerned, leading to its line."""
    html, study = html_of(normandie), Study.open("REG-28")
    serious = [finding for finding in study.findings if finding.severity != "info"]
    assert html.count(f"{len(serious)} points à vérifier parmi les chiffres de ce rapport") == 2
    for finding in study.findings:
        assert html.count(f'id="{finding.anchor}"') == 1
    said = re.findall(r'href="#obs-([^"]+)">[^<]*</a>(<sup class="mark"><a href="#([^"]+)">)?', html)
    marked = {name: anchor for name, mark, anchor in said if mark}
    assert marked == {name: study.marked[name] for name, _, _ in said if name in study.marked}
    assert {"montant_marches.REG-28.2020", "structures_inclusives.FR.2021"} <= set(marked)


def test_no_script_no_request_no_placeholder(normandie):
    html = html_of(normandie)
    assert "<script" not in html.lower() and "javascript:" not in html.lower()
    assert not re.search(r'(?:src|srcset)="(?!data:)', html) and "@import" not in html and "<link" not in html
    alts = re.findall(r'<img[^>]* alt="([^"]*)"', html)
    assert len(alts) > 15 and all(len(alt) > 40 and "No description" not in alt for alt in alts)


def test_figures_and_tables_are_numbered_through(normandie):
    html = html_of(normandie)
    for word in ("figure", "tableau"):
        numbers = [int(n) for n in re.findall(rf'id="{word}-(\d+)"', html)]
        assert numbers == list(range(1, len(numbers) + 1)) and numbers


def test_the_data_beside_a_figure_say_where_they_come_from(normandie):
    for path in (normandie / "figures").glob("*.csv"):
        head = path.read_text(encoding="utf-8").splitlines()[0].lower()
        assert all(word in head for word in ("value", "unit", "time_period", "source_label", "status")), head


def test_the_workbook_opens_and_holds_every_table(normandie):
    book = openpyxl.load_workbook(normandie / "tables" / "tableaux.xlsx")
    tables = list((normandie / "tables").glob("*.csv"))
    assert len(book.sheetnames) == len(tables) + 1 and book.sheetnames[0] == "Sommaire"
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_the_manifest_tells_inputs_and_outputs(normandie):
    manifest = json.loads((normandie / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["territory"] == "REG-28"
    for name, digest in manifest["outputs"].items():
        assert hashlib.sha256((normandie / name).read_bytes()).hexdigest() == digest
    assert set(manifest["outputs"]) == set(tree(normandie)) - {"manifest.json"}
    assert not [name for name in manifest["inputs"] if name.startswith("/") or ".." in name]


def test_nothing_of_the_machine_is_in_the_folder(normandie):
    for name, content in tree(normandie).items():
        assert str(Path.home()).encode() not in content and b"/tmp/" not in content, name
        assert str(paths.project_dir()).encode() not in content, name


def test_a_second_run_has_nothing_to_do(normandie):
    before = {p: p.stat().st_mtime_ns for p in normandie.rglob("*")}
    result = build(normandie.parent, "REG-28")
    assert not result.built and before == {p: p.stat().st_mtime_ns for p in normandie.rglob("*")}


def test_a_touched_report_is_made_again(tmp_path):
    first = build(tmp_path, "REG-53", ["07"])
    (first.folder / "report.html").write_text("altered", encoding="utf-8")
    assert build(tmp_path, "REG-53", ["07"]).built
    assert "altered" not in html_of(first.folder)


def test_two_runs_in_two_folders_are_the_same_to_the_byte(tmp_path):
    chapters = ["02", "07"]
    one = build(tmp_path / "a", "REG-28", chapters, workers=2).folder
    two = build(tmp_path / "b", "REG-28", chapters, workers=1).folder
    assert tree(one) == tree(two)


def test_two_territories_differ(normandie, mayotte):
    assert html_of(normandie) != html_of(mayotte)


def test_what_is_not_known_is_said(mayotte):
    html = html_of(mayotte)
    assert html.count("Donnée") > 10 and "non renseigné" in html and "Source attendue" in html
    assert len(re.findall(r"<h3", html)) >= 30  # no section vanishes
    assert "Normandie" not in re.sub(r"(?s)<section[^>]*tracabilite.*", "", html).split("<main")[0]


def test_an_edition_knows_only_what_was_published(mayotte):
    text = html_of(mayotte)
    assert "Filosofi 2020" not in text and "FINESS mars 2026" not in text and "OECP 2021" not in text


@pytest.fixture
def broken_chapters(tmp_path, monkeypatch):
    """A notebooks folder whose chapter 03 stops."""
    folder = tmp_path / "notebooks"
    shutil.copytree(paths.notebooks_dir(), folder)
    notebook = nbformat.read(folder / "03_clause_sociale.ipynb", as_version=4)
    notebook.cells.insert(2, nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(notebook, folder / "03_clause_sociale.ipynb")
    monkeypatch.setattr(paths, "notebooks_dir", lambda: folder)
    return folder


def test_a_chapter_that_fails_names_its_cell_and_leaves_the_last_good_report(tmp_path, broken_chapters):
    output = tmp_path / "reports"
    good = output / "DEP-14-2026"
    good.mkdir(parents=True)
    (good / "report.html").write_text("the last good report", encoding="utf-8")
    with pytest.raises(DataError, match=r"03_clause_sociale s'est arrêté à la cellule 4 \(ZeroDivisionError"):
        build(output, "DEP-14", ["03"])
    assert tree(good) == {"report.html": b"the last good report"}
    kept = output / "DEP-14-2026-echec" / "03_clause_sociale.ipynb"
    assert "ZeroDivisionError" in kept.read_text(encoding="utf-8")
    assert sorted(p.name for p in output.iterdir()) == ["DEP-14-2026", "DEP-14-2026-echec"]
