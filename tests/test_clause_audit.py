"""The attack on everything a report publishes: a hidden number planted in one file only is found, and where."""

import base64
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

import clause_golden as golden
from conftest import DATA, forget
from cpsr_study import observations
from cpsr_study.sources.clause import audit, intake, recognition, schema
from cpsr_study.territories import Territories

AREA, LABEL, NAME = golden.AREA, "Travailleurs handicapés (RQTH)", "CU Caen la Mer"
FIGURE = f"participants_public.{AREA}.2025.rqth"
SHARE = f"part_participants_public.{AREA}.2025.rqth"
# What a clean report writes of the public that is hidden: the mark, France beside it, the years, its name.
TABLE = f"Public,{NAME},France\nBénéficiaires du RSA,24.0,23.0\n{LABEL},s,5.0\n"
SVG = """<svg xmlns="http://www.w3.org/2000/svg"><title>Part des publics</title><desc>France : {label} (5 %).</desc>
<g><!-- Bénéficiaires du RSA --></g><g><!-- {label} --></g><g><!-- 24 % --></g><g><!-- 23 % --></g><g><!-- 5 % --></g>
<text>2025</text></svg>"""
DRAWN = f"id,indicator,value\npart_participants_public.{AREA}.2025.rsa,part_participants_public,24.0\n"
PAGE = """<html lang="fr"><title>Rapport</title><body><p>En 2025, 24 % des participants sont bénéficiaires du RSA.</p>
<p>Non représenté par secret statistique : {label}.</p><img alt="{name} : Bénéficiaires du RSA (24 %). France : {label}
(5 %)." src="data:image/svg+xml;base64,{svg}"><table><caption>Publics</caption><tr><th>Public</th><th>{name}</th>
<th>France</th></tr><tr><th>{label}</th><td><a href="#obs-{id}">s</a></td><td>5 %</td></tr></table>
<ul><li id="obs-{id}"><p class="t-what">Participants par public, {label} <span>{name}, 2025</span></p>
<p class="t-value"><strong>s</strong> secret</p>
<a href="#obs-{id}">Participants par public, {label}, {name}, 2025 : s</a>
</li></ul></body></html>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with the golden territory, and a small report folder that keeps its secrets."""
    root = tmp_path_factory.mktemp("audit")
    data = root / "data"
    for name in ("reference", "raw"):
        shutil.copytree(DATA / name, data / name, ignore=shutil.ignore_patterns("clause"))
    intake.take(golden.write(root / "envoi"), data, AREA)
    areas = Territories.load(data, 2026)
    table = observations.with_area(observations.build(data, 2026), data, 2026, areas, AREA)
    own = table[table["geo"].isin([AREA, "FR"])].reset_index(drop=True)
    folder = root / "rapport"
    for name in ("tables", "figures", "notebooks"):
        (folder / name).mkdir(parents=True)
    own.assign(value=own["value"].astype(object).where(own["value"].notna(), "")).to_csv(
        folder / "observations.csv", index=False
    )
    (folder / "tables" / "26-publics.csv").write_text(TABLE, encoding="utf-8")
    workbook(folder, "s")
    svg = SVG.format(label=LABEL)
    (folder / "figures" / "18-publics.svg").write_text(svg, encoding="utf-8")
    (folder / "figures" / "18-publics.csv").write_text(DRAWN, encoding="utf-8")
    inside = base64.b64encode(svg.encode()).decode()
    (folder / "report.html").write_text(PAGE.format(label=LABEL, name=NAME, id=FIGURE, svg=inside), encoding="utf-8")
    manifest = {"parameters": {"territory": AREA, "edition": 2026}, "outputs": {"report.html": "1" * 64}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    pdf(folder, f"{LABEL} s 5 %")
    yield folder, data
    forget()
    schema.read.cache_clear()


def workbook(folder: Path, value: str) -> None:
    with xlsxwriter.Workbook(str(folder / "tables" / "tableaux.xlsx")) as book:
        sheet = book.add_worksheet("Tableau 26")
        sheet.write_string(0, 0, "Tableau 26. Publics de la clause sociale")
        for line, row in enumerate([["Public", NAME, "France"], [LABEL, value, "5"]], start=2):
            sheet.write_row(line, 0, row)


def pdf(folder: Path, text: str) -> None:
    import typst

    source = folder / "source.typ"
    source.write_text(text, encoding="utf-8")
    (folder / "report.pdf").write_bytes(typst.compile(str(source)))
    source.unlink()


def changed(name: str, old: str, new: str):
    def change(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def embedded(folder: Path) -> None:
    """The image that the page holds, with a bar and its number more than the file of the figure has."""
    clean = base64.b64encode(SVG.format(label=LABEL).encode()).decode()
    worse = SVG.format(label=LABEL).replace("24 %", "12,04 %")
    changed("report.html", clean, base64.b64encode(worse.encode()).decode())(folder)


def in_notebook(folder: Path, **data: object) -> None:
    output = {"data": data}
    (folder / "notebooks" / "05.ipynb").write_text(json.dumps({"cells": [{"outputs": [output]}]}), encoding="utf-8")


PLANTS = {
    "a table": (changed("tables/26-publics.csv", f"{LABEL},s", f"{LABEL},3.0"), "tables/26-publics.csv"),
    "the share in a table": (changed("tables/26-publics.csv", f"{LABEL},s", f"{LABEL},12.0"), "tables/26-publics.csv"),
    "the workbook": (lambda folder: workbook(folder, "3"), "tables/tableaux.xlsx, feuille « Tableau 26 »"),
    "a number drawn": (changed("figures/18-publics.svg", "24 %", "12 %"), "figures/18-publics.svg"),
    "a text of a figure": (
        changed("figures/18-publics.svg", "<text>2025", "<text>12,0 %"),
        "figures/18-publics.svg",
    ),
    "the title of a figure": (
        changed("figures/18-publics.svg", "<title>Part des publics", f"<title>{LABEL} : 3"),
        "figures/18-publics.svg",
    ),
    "the description of a figure": (changed("figures/18-publics.svg", "(5 %)", "(12 %)"), "figures/18-publics.svg"),
    "the data of a figure": (
        changed("figures/18-publics.csv", "24.0\n", f"24.0\n{SHARE},part_participants_public,12.0\n"),
        "figures/18-publics.csv",
    ),
    "an image in the page": (embedded, "report.html, image"),
    "an alternative text": (
        changed("report.html", f"France : {LABEL}", f"{LABEL} (12 %). France : {LABEL}"),
        "report.html, texte alternatif",
    ),
    "a table of the page": (changed("report.html", ">s</a></td>", ">3</a></td>"), "report.html"),
    "a sentence": (changed("report.html", f"secret statistique : {LABEL}.", f"secret : {LABEL}, 3."), "report.html"),
    "a number before the name": (changed("report.html", "<p>Non", f"<p>Dont 3 {LABEL}.</p><p>Non"), "report.html"),
    "the annex": (changed("report.html", "<strong>s<", "<strong>3 personnes<"), "report.html, annexe"),
    "an input of the annex": (changed("report.html", "2025 : s</a>", "2025 : 3</a>"), "report.html"),
    "the manifest": (changed("manifest.json", '"outputs"', f'"{FIGURE}": 3, "outputs"'), "manifest.json"),
    "a note of the manifest": (
        changed("manifest.json", '"outputs"', f'"note": "{LABEL} : 3", "outputs"'),
        "manifest.json",
    ),
    "the PDF": (lambda folder: pdf(folder, f"{LABEL} 3 5 %"), "report.pdf, page 1"),
    "what a notebook says": (
        lambda folder: in_notebook(folder, **{"text/plain": f"En 2025, {LABEL} : 3 personnes."}),
        "notebooks/05.ipynb",
    ),
    "a traced number of a notebook": (
        lambda folder: in_notebook(folder, table={"cells": [[{"text": "3", "ref": FIGURE}]]}),
        "notebooks/05.ipynb",
    ),
}


def test_a_report_that_keeps_its_secrets_passes(made):
    folder, data = made
    assert audit.attack(folder, data)[1] == []


@pytest.mark.parametrize("plant", PLANTS)
def test_a_hidden_number_planted_there_only_is_found(made, tmp_path, plant):
    folder, data = made
    change, where = PLANTS[plant]
    other = shutil.copytree(folder, tmp_path / "rapport")
    change(other)
    _, found = audit.attack(other, data)
    assert found
    assert all(f", et {where} l’écrit (" in line for line in found), found
    # A bar stands apart from its name: in an image without its data, the number may be any hidden figure's.
    assert where.endswith("image") or all(".rqth est secret" in line for line in found), found


def rewritten(folder: Path, **values: tuple[str, str]) -> Path:
    """The folder with other values and statuses of figures without category (indicator -> value, status)."""
    path = folder / "observations.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name, (value, status) in values.items():
        own = (frame["indicator"] == name) & (frame["geo"] == AREA) & (frame["category"] == "")
        assert own.sum() == 1
        frame.loc[own, ["value", "status"]] = [value, status]
    frame.to_csv(path, index=False)
    return folder


@pytest.mark.parametrize(
    ("hidden", "bounds"),
    [("heures_prevues", "entre 4000 et 4000"), ("contrats", "entre 40 et 40"), ("heures_payees", None)],
)
def test_a_rate_or_a_mean_gives_the_figure_it_is_made_of(made, tmp_path, hidden, bounds):
    """Planned hours from the rate of those done, contracts from their mean hours; paid hours from nothing."""
    folder, data = made
    other = rewritten(shutil.copytree(folder, tmp_path / "rapport"), **{hidden: ("", "S")})
    _, found = audit.attack(other, data)
    said = [line for line in found if line.startswith(f"{hidden}.{AREA}.2025 est secret, et les autres chiffres")]
    assert [line.rpartition("est ")[2].rstrip(".") for line in said] == ([bounds] if bounds else [])


def tables_of(folder: Path, data: Path):
    """The tables that an attacker makes of the golden year of a report."""
    frame = pd.read_csv(folder / "observations.csv", dtype=str, keep_default_na=False)
    own = frame[(frame["geo"] == AREA) & (frame["time_period"] == "2025")]
    return audit.tables(own.to_dict("records"), data)


def test_an_earlier_report_counts_for_what_has_not_moved_only(made, tmp_path):
    """Internship hours shown before and hidden now are found when the hours of the year are the same; not otherwise."""
    folder, data = made
    now = rewritten(shutil.copytree(folder, tmp_path / "rapport"), heures_stage=("", "S"))
    assert audit.attack(now, data)[1] == []
    _, found = audit.attack(now, data, before=folder)
    assert found == [f"heures_stage.{AREA}.2025 est secret, et les autres chiffres disent qu’il est entre 70 et 70."]
    moved = rewritten(shutil.copytree(folder, tmp_path / "avant"), heures_insertion=("3000", "A"))
    assert audit.attack(now, data, before=moved)[1] == []
    known = [
        {cell.name for cell in each.cells for parts, _ in audit._unchanged(now_tables, each) if cell.parts == parts}
        for now_tables, each in ((tables_of(now, data), tables_of(before, data)) for before in (folder, moved))
    ]
    assert ("heures_stage", "") in known[0] - known[1]
    assert ("participants", "") in known[0] & known[1]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1\u202f234,5 h en 2025", ["1\u202f234,5", "2025"]),
        ("EPCI-200065597, art. L2112-3, 100 × [Heures]", []),
        ("de −4 à 12,5 %", ["−4", "12,5"]),
        ("3 participants (RQTH) sur 25", ["3", "25"]),
    ],
)
def test_numbers_are_read_and_codes_are_not(text, numbers):
    assert [found[0] for found in recognition.NUMBER.finditer(text)] == numbers
