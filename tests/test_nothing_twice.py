"""What has to be made again and why: chapters apart, files hashed once, the real bytes read when it matters."""

import json
import os
import shutil
import time
from multiprocessing import get_context

import nbformat
import pytest

from cpsr_study import observations, paths, sums
from cpsr_study.errors import DataError
from cpsr_study.report import archive, place, plan
from cpsr_study.report import run as report
from cpsr_study.sources import sha256
from reports import DATA, build, tree

NEW = {
    "parameters": {"territory": "DEP-14", "edition": 2026, "compare_with": "FR", "project_years": 5},
    "formats": ["html", "pdf"],
    "versions": {"pandas": "3", "typst": "1"},
    "inputs": {
        "notebooks/01_a.ipynb": "a", "notebooks/02_b.ipynb": "b", "data/raw/x/1/f.csv": "c",
        "cpsr_study/study.py": "d", "cpsr_study/report/html.py": "e", "cpsr_study/report/engine.py": "f",
    },
}  # fmt: skip


@pytest.fixture
def made(tmp_path):
    """A folder as a report made from NEW leaves it; `change` edits what its manifest says it was made from."""
    folder = tmp_path / "DEP-14-2026"
    for name in ("notebooks/01_a.ipynb", "notebooks/02_b.ipynb", "report.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")

    def change(part="inputs", **entries):
        old = json.loads(json.dumps(NEW)) | {"outputs": plan.manifest.outputs(folder)}
        old[part] = old[part] | {name.replace("__", "/").replace("DOT", "."): text for name, text in entries.items()}
        (folder / "manifest.json").write_text(json.dumps(old), encoding="utf-8")
        return plan.plan(folder, NEW)

    return change, folder


def test_nothing_changed_nothing_to_do(made):
    change, _ = made
    assert change().reasons == []


def test_an_edited_chapter_is_the_only_one_executed(made):
    change, folder = made
    todo = change(notebooks__02_bDOTipynb="old")
    assert todo.reasons == ["02_b : notebook modifié"]
    assert todo.kept == {"01_a": folder / "notebooks/01_a.ipynb"}


def test_pages_alone_are_made_again_when_only_their_template_changed(made):
    change, _ = made
    todo = change(cpsr_study__report__htmlDOTpy="old")
    assert todo.reasons == ["mise en page : cpsr_study/report/html.py modifié"] and set(todo.kept) == {"01_a", "02_b"}


@pytest.mark.parametrize(
    "name", ["data__raw__x__1__fDOTcsv", "cpsr_study__studyDOTpy", "cpsr_study__report__engineDOTpy"]
)
def test_data_program_or_engine_concern_every_chapter(made, name):
    change, _ = made
    todo = change(**{name: "old"})
    assert len(todo.reasons) == 1 and todo.reasons[0].startswith("tous les chapitres : ") and not todo.kept


def test_a_version_and_a_parameter_are_named(made):
    change, _ = made
    assert change("versions", pandas="2").reasons == ["tous les chapitres : version pandas : 2 devient 3"]
    assert change("versions", typst="0").reasons == ["mise en page : version typst : 0 devient 1"]
    assert change("parameters", project_years=4).reasons == [
        "tous les chapitres : paramètre project_years : 4 devient 5"
    ]


def test_an_altered_output_is_made_again(made):
    change, folder = made
    change()
    (folder / "report.html").write_text("altered", encoding="utf-8")
    assert plan.plan(folder, NEW).reasons == ["mise en page : report.html modifié ou absent"]
    (folder / "notebooks/01_a.ipynb").unlink()
    assert plan.plan(folder, NEW).reasons[0] == "01_a : notebook exécuté modifié ou absent"


def test_an_edited_chapter_gives_the_report_that_a_whole_run_gives(tmp_path, monkeypatch):
    notebooks = tmp_path / "notebooks"
    shutil.copytree(paths.notebooks_dir(), notebooks)
    monkeypatch.setattr(paths, "notebooks_dir", lambda: notebooks)
    one = build(tmp_path / "a", "REG-53", ["07", "08"]).folder
    edited = nbformat.read(notebooks / "07_grands_projets.ipynb", 4)
    edited.cells.insert(3, nbformat.v4.new_code_cell('say.caveat("Une précaution ajoutée.")'))
    nbformat.write(edited, notebooks / "07_grands_projets.ipynb")
    request = report.Request(**(vars(_request(tmp_path / "a")) | {"engine": "warm"}))
    steps, reasons = [], []
    assert report.run(request, lambda *step: steps.append(step[0]), reasons.append).built
    assert reasons == ["07_grands_projets : notebook modifié"]
    assert steps == ["chapitres", "07_grands_projets", "mise en page"]
    two = build(tmp_path / "b", "REG-53", ["07", "08"]).folder
    assert tree(one) == tree(two) and b"Une pr\xc3\xa9caution ajout\xc3\xa9e" in (one / "report.html").read_bytes()


def _request(output):
    from cpsr_study import parameters

    given = parameters.resolve(DATA, territory="REG-53")
    return report.request(given, DATA, output=output, chapters=["07", "08"], workers=2)


@pytest.fixture
def old_file(tmp_path, monkeypatch):
    monkeypatch.setattr(sums, "SETTLED_NS", -1)  # as if written long ago: no program can set the time of its change
    path = tmp_path / "raw.csv"
    path.write_text("one", encoding="utf-8")
    _age(path)
    return path


def _age(path, seconds=100):
    past = time.time() - seconds
    os.utime(path, (past, past))


def test_a_sum_is_remembered_across_processes_until_the_file_moves(tmp_path, old_file, monkeypatch):
    first = sums.Sums(tmp_path)
    true = first.of(old_file)
    first.save()
    assert true == sha256(old_file)
    read = []
    monkeypatch.setattr(sums, "sha256", lambda path: read.append(path) or sha256(path))
    again = sums.Sums(tmp_path)
    assert again.of(old_file) == true and not read
    old_file.write_text("two", encoding="utf-8")  # same size
    _age(old_file, 50)
    assert again.of(old_file) == sha256(old_file) != true and read


def test_a_file_replaced_with_its_dates_kept_is_read_again(tmp_path, old_file):
    known = sums.Sums(tmp_path)
    known.of(old_file)
    other, about = tmp_path / "other", old_file.stat()
    other.write_text("two", encoding="utf-8")
    os.utime(other, ns=(about.st_atime_ns, about.st_mtime_ns))
    os.replace(other, old_file)
    assert known.of(old_file) == sha256(old_file)


def test_a_file_rewritten_with_its_dates_put_back_is_read_again(tmp_path, old_file):
    known, about = sums.Sums(tmp_path), old_file.stat()
    known.of(old_file)
    old_file.write_text("two", encoding="utf-8")  # in place: same inode, same size
    os.utime(old_file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert known.of(old_file) == sha256(old_file)


def test_a_file_just_written_is_not_remembered(tmp_path):
    path, known = tmp_path / "new.csv", sums.Sums(tmp_path)
    path.write_text("one", encoding="utf-8")
    about = path.stat()
    known.of(path)
    path.write_text("two", encoding="utf-8")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))  # written twice within one tick of the clock
    assert known.of(path) == sha256(path)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_damaged_memory_is_no_memory(tmp_path, old_file, content):
    (tmp_path / "processed").mkdir()
    (tmp_path / "processed" / sums.FILE).write_text(content, encoding="utf-8")
    known = sums.Sums(tmp_path)
    assert known.of(old_file) == sha256(old_file)
    known.save()
    assert str(old_file) in (tmp_path / "processed" / sums.FILE).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_to_remembers_nothing(old_file, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "processed").write_text("a file", encoding="utf-8")
    known = sums.Sums(blocked)
    known.of(old_file)
    known.save()
    assert (blocked / "processed").read_text(encoding="utf-8") == "a file"


def test_a_false_memory_deceives_neither_an_archive_nor_a_table(small, monkeypatch):
    monkeypatch.setattr(sums.Sums, "of", lambda self, path: "0" * 64)
    (small.root / small.survey).write_text("altered", encoding="utf-8")
    with pytest.raises(DataError, match="ne correspond plus à l'empreinte"):
        observations.stated(small.root)
    made = archive.Manifest(parameters=NEW["parameters"], formats=[], versions={}, inputs={}, outputs={})
    with pytest.raises(DataError, match="a changé depuis"):
        archive._inputs(made, DATA)


def test_what_a_killed_program_left_is_undone(tmp_path):
    dead, living = f"{place._machine()}-999999999-", f"{place._machine()}-{os.getpid()}-"
    left = [f".en-cours-{dead}x", f".ancien-{dead}DEP-14-2026", f".ancien-{dead}DEP-50-2026"]
    kept = [".en-cours-00000000-1-x", f".ancien-{living}DEP-61-2026", "DEP-50-2026"]
    for name in left + kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "from").write_text(name, encoding="utf-8")
    with place.workshop(tmp_path) as mine:
        place.tidy(tmp_path)
        assert mine.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "DEP-14-2026"])
    assert [(tmp_path / name / "from").read_text() for name in ("DEP-14-2026", "DEP-50-2026")] == [left[1], kept[2]]


def swap_often(output, mark):
    """Put a report in the same place again and again, as a program that shares a folder with others would."""
    for rank in range(50):
        place.tidy(output)
        with place.workshop(output) as work:
            for name in ("a", "b"):
                (work / "report" / name).mkdir(parents=True)
                (work / "report" / name / "from").write_text(f"{mark} {rank}", encoding="utf-8")
            place.put(work / "report", output / "DEP-14-2026")


def test_programs_that_share_a_folder_do_not_stop_one_another(tmp_path):
    others = [get_context("spawn").Process(target=swap_often, args=(tmp_path, mark)) for mark in "ABC"]
    for each in others:
        each.start()
    for each in others:
        each.join(60)
    assert [each.exitcode for each in others] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["DEP-14-2026"]
    assert len({path.read_text(encoding="utf-8") for path in tmp_path.glob("*/*/from")}) == 1
