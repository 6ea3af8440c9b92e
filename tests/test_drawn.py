"""Drawings made once by a process and those that it forks: the same ones, and no other."""

import errno
import filecmp
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

from cpsr_study import parameters
from cpsr_study.display import charts, choropleth, drawn, publish, style
from cpsr_study.display.drawn import Drawing
from cpsr_study.report import batch, forked, workers
from cpsr_study.report import run as report
from reports import DATA
from test_charts import SQUARES, departements, modalities

linux = pytest.mark.skipif(sys.platform != "linux", reason="children are forked")


@pytest.fixture
def keeping(monkeypatch, tmp_path):
    monkeypatch.setattr(drawn, "_folder", None)
    folder = tmp_path / "drawings"
    folder.mkdir()
    drawn.keep(folder)
    return folder


@pytest.fixture
def drawings(monkeypatch):
    """What was really drawn."""
    done = []

    def draw(frame, title, **options):
        done.append(title)
        return Drawing(f"{title} {len(frame)}", {"notes": []})

    draw.done = done
    return draw


def table(**change):
    return pd.DataFrame({"geo": ["FR", "FR"], "value": [1.0, 2.5], "status": ["A", "P"]} | change)


def test_nothing_is_kept_unless_asked_for(drawings, monkeypatch):
    monkeypatch.setattr(drawn, "_folder", None)
    assert drawn.made(drawings, table(), "a") == drawn.made(drawings, table(), "a")
    assert drawings.done == ["a", "a"]


def test_equal_arguments_are_drawn_once_whichever_objects_hold_them(keeping, drawings):
    first = drawn.made(drawings, table(), "a", note="")
    assert drawn.made(drawings, table().copy(deep=True), "".join(["a"]), note="") == first
    one, *others = (f"{place}R" for place in "FFF")
    for names in ([one, one], others):
        drawn.made(drawings, pd.DataFrame({"geo": names}, dtype=object), "b")
    assert drawings.done == ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [
        {"value": [1.0, 2.5000000001]}, {"status": ["A", "A"]}, {"geo": ["FR", "FRMET"]}, {"more": ["", ""]},
        {"value": [1.0, float("nan")]},
    ],
)  # fmt: skip
def test_another_cell_is_another_drawing(change, keeping, drawings):
    drawn.made(drawings, table(), "a")
    drawn.made(drawings, table(**change), "a")
    assert len(drawings.done) == 2


def test_another_option_order_unit_or_setting_is_another_drawing(keeping, drawings):
    base = table()
    inverted, units = base[::-1], base.copy()
    units.attrs["units"] = {"h": ("h", "heure", "heures", 0)}
    for frame in (base, inverted, units):
        drawn.made(drawings, frame, "a")
    drawn.made(drawings, base, "a", highlight="FR")
    with matplotlib.rc_context({"lines.linewidth": 9}):
        drawn.made(drawings, base, "a")
    assert len(drawings.done) == 5


def test_another_palette_is_another_drawing(keeping, drawings, monkeypatch):
    drawn.made(drawings, table(), "a")
    monkeypatch.setattr(style, "PALETTE", ["#000000", *style.PALETTE[1:]])
    drawn.made(drawings, table(), "a")
    monkeypatch.setattr(style, "WIDTH", 7)
    drawn.made(drawings, table(), "a")
    assert len(drawings.done) == 3


def test_the_last_used_are_kept(keeping, drawings, monkeypatch):
    monkeypatch.setattr(drawn, "MOST", 2)
    for title in "abac":
        drawn.made(drawings, table(), title)
        drawn.trim()
        time.sleep(0.02)  # the clock of files ticks every few thousandths
    assert drawings.done == ["a", "b", "c"]
    drawn.made(drawings, table(), "a")
    assert drawings.done == ["a", "b", "c"], "used since b was"
    drawn.made(drawings, table(), "b")
    assert drawings.done == ["a", "b", "c", "b"]


def test_a_batch_holds_no_more_than_the_last_drawings(keeping, drawings, monkeypatch):
    monkeypatch.setattr(drawn, "MOST", 3)
    for rank in range(20):
        drawn.made(drawings, table(), str(rank))
        drawn.trim()
    assert len(list(keeping.iterdir())) == 3


def test_a_full_disk_or_a_lost_folder_only_draws_again(keeping, drawings, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(drawn, "_write", full)
        assert drawn.made(drawings, table(), "a").svg == "a 2"
    drawn.keep(keeping / "lost")
    assert drawn.made(drawings, table(), "a").svg == "a 2"
    drawn.trim()
    assert drawings.done == ["a", "a"]


@linux
def test_what_a_child_drew_is_found_by_those_that_come_after(keeping, drawings):
    def child(title):
        drawn.made(drawings, table(), title)
        return len(drawings.done)

    assert [dict(forked.each(child, [title], 1))[title] for title in "abab"] == [1, 1, 0, 0]


@linux
def test_the_workers_of_a_batch_find_what_others_drew_and_leave_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed = "import os; from cpsr_study.report import place; print(place.room(), flush=True); os._exit(9)"
    left = subprocess.run([sys.executable, "-c", killed], stdout=subprocess.PIPE, text=True, check=False,
                          env=os.environ | {"TMPDIR": str(tmp_path)}).stdout.strip()  # fmt: skip
    assert Path(left).is_dir()
    folders = []
    for _ in range(2):
        with workers.pool(2, "warm") as executor:
            folders.append({executor.submit(where).result() for _ in range(4)})
            assert len(folders[-1]) == 1 and all(folder.is_dir() for folder in folders[-1])
        del executor
    kept = [folder for folder in {Path(left)} | folders[0] | folders[1] if folder.exists()]
    assert folders[0].isdisjoint(folders[1]) and not kept, "nor what a killed program left"


def where():
    """The folder of the drawings of a worker."""
    return drawn._folder


def test_the_map_of_a_region_is_drawn_once_for_its_territories(keeping, monkeypatch):
    published, begun, axes = [], [], choropleth._map_axes
    monkeypatch.setattr(publish, "figure", lambda svg, meta: published.append((svg, meta["alt"])))
    monkeypatch.setattr(choropleth, "_map_axes", lambda *view: begun.append(view) or axes(*view))
    for folder in (None, keeping):
        monkeypatch.setattr(drawn, "_folder", folder)
        for code in ("DEP-02", "DEP-03"):
            charts.choropleth(departements(), "Carte", outlines=SQUARES, zoom={"DEP-02", "DEP-03"}, highlight={code})
    assert len(begun) == 2 + 1, "each time when nothing is kept, once when it is"
    assert published[:2] == published[2:], "the map kept is the one drawn"
    thick = [re.findall(r'"contour-(..)">(?:(?!</g>).)*stroke-width: 2.1', svg, re.S) for svg, _ in published[:2]]
    assert thick == [["02"], ["03"]], "each has its own territory outlined"


def test_the_note_is_that_of_the_one_who_asks(keeping, monkeypatch):
    published = []
    monkeypatch.setattr(publish, "figure", lambda svg, meta: published.append((svg, meta["notes"])))
    for note in ("Non renseigné dans l’Ain.", "Non renseigné dans l’Aisne."):
        charts.bars(modalities("FR"), "Modalités", note=note)
    charts.bars(modalities("FR"), "Modalités")
    assert [notes[0] for _, notes in published[:2]] == ["Non renseigné dans l’Ain.", "Non renseigné dans l’Aisne."]
    assert published[2][1] == published[0][1][1:]
    assert published[0][0] == published[1][0] and len(list(keeping.iterdir())) == 2, "one without a note, one with"


@linux
def test_a_report_made_after_others_is_the_one_made_alone(tmp_path):
    def made(name, codes):
        requests = [
            report.request(parameters.resolve(DATA, territory=code), DATA, output=tmp_path / name,
                           chapters=["03"], formats_text="html", workers=1, engine="warm")
            for code in codes
        ]  # fmt: skip
        assert [each.problem for each in batch.make(requests, batch.local(1, "warm"))] == [""] * len(codes)
        return requests[-1].folder

    after, alone = made("after", ["DEP-14", "DEP-50"]), made("alone", ["DEP-50"])
    names = sorted(path.relative_to(alone).as_posix() for path in alone.rglob("*") if path.is_file())
    assert any(name.startswith("figures/") for name in names)
    assert filecmp.cmpfiles(after, alone, names, shallow=False)[0] == names
