"""The edition of 2027, end to end: a new vintage of every source comes in, every chapter of a territory tells it."""

import re

import pytest
from bs4 import BeautifulSoup

import invented
from conftest import forget
from cpsr_study import Study, parameters
from cpsr_study.sources import known_in
from reports import DATA, build

AREA, YEAR = "REG-28", invented.YEAR
DOCUMENT, OWN = f"presentation-cpsr-normandie {YEAR}", "Structures facilitatrices du territoire"
# What each chapter must name under its figures, and words of it: a figure with the period of the new vintage.
TOLD = {
    "00": ({DOCUMENT, "DARES 2026", "Insee, Filosofi 2024", "Insee, COG 2027"}, "décembre 2026"),
    "01": ({DOCUMENT, "DECP", f"oecp-recensement {YEAR}", f"pnad {YEAR}", "Insee, COG 2027"}, "En 2026, les marchés"),
    "02": ({"Insee, Filosofi 2024", "DREES 2025", "CNAF 2026", "DARES 2026", "Insee, chômage localisé",
            "Insee, quartiers prioritaires 2026", "Insee, populations 2025"}, "Le taux de pauvreté y est de"),
    "03": ({OWN, DOCUMENT, f"ave-consolidation {YEAR}"}, "en 2026"),
    "04": ({OWN, DOCUMENT}, "2025"),
    "05": ({OWN, DOCUMENT}, "2025"),
    "06": ({"FINESS février 2027", "Les emplois de l’inclusion mars 2027", "Le marché de l’inclusion février 2027",
            DOCUMENT}, "février 2027"),
    "07": ({DOCUMENT, "hypothèse"}, "2027"),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    made, _ = invented.held(folder, DATA)
    invented.completed(made, folder, AREA)
    yield made
    forget()


@pytest.fixture(scope="module")
def report(data, tmp_path_factory):
    return build(tmp_path_factory.mktemp("reports"), AREA, data_dir=data).folder


@pytest.fixture(scope="module")
def chapters(report):
    """Text and source lines of each chapter."""
    page = BeautifulSoup((report / "report.html").read_text(encoding="utf-8"), "html.parser")
    found = {}
    for title in page.select("h2[id^=chapitre-]"):
        text, lines = [], []
        for part in title.find_all_next():
            if part.name == "h2":
                break
            if part.name in ("p", "table", "figcaption"):
                text.append(part.get_text(" ", strip=True))
            if part.name == "p" and {"source", "kf-source"} & set(part.get("class", [])):
                lines.append(part.get_text(" ", strip=True))
        found[title["id"].removeprefix("chapitre-")] = " ".join(text), " ; ".join(lines)
    return found


def test_every_source_has_a_vintage_of_the_year(data):
    old, new = ({card.source for card in known_in(data, year)} for year in (YEAR - 1, YEAR))
    fresh = {card.source for card in known_in(data, YEAR) if card.first_edition == YEAR}
    drawing = {"svg-maps-france"}
    assert old - drawing <= fresh == new - drawing
    assert parameters.editions(data)[-1] == YEAR


def test_every_chapter_is_there_in_both_formats(report, chapters):
    assert report.name == f"{AREA}-{YEAR}"
    assert sorted(chapters) == [f"{number:02}" for number in range(9)]
    pdf = (report / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF") and len(pdf) > 300_000


@pytest.mark.parametrize("chapter", TOLD)
def test_each_chapter_names_the_new_sources_and_their_period(chapters, chapter):
    wanted, words = TOLD[chapter]
    text, lines = chapters[chapter]
    assert {name for name in wanted if name not in lines} == set()
    assert words in text.replace("\xa0", " ")


def test_the_last_chapter_lists_every_vintage(data, chapters):
    text, _ = chapters["08"]
    labels = {card.title for card in known_in(data, YEAR) if card.first_edition == YEAR and card.kind != "document"}
    assert labels and {label for label in labels if label not in text} == set()


def test_the_figures_shown_are_those_of_the_new_vintages(data):
    """Whatever the indicator: where the year brought a figure of the territory, no older period is shown instead."""
    study = Study.open(AREA, data_dir=data)
    fresh = {(card.source, card.vintage) for card in known_in(data, YEAR) if card.first_edition == YEAR}
    own = study.table[(study.table["geo"] == AREA) & study.table["headline"] & (study.table["category"] == "")]
    own = own[own["status"] != "U"]  # a figure without its year yields to a dated one
    new = own[[each in fresh for each in zip(own["source"], own["vintage"], strict=True)]]
    assert len(new) > 30
    for indicator, group in new.groupby("indicator"):
        known = study.latest(str(indicator))
        assert known.period >= group["time_period"].max(), indicator


def test_the_projects_of_the_last_list_are_counted_once(data):
    """Two presentations give the hours of the same projects: they are not added."""
    study = Study.open(AREA, data_dir=data)
    assert set(study.projects().frame["time_period"]) == {"2027"}
    total = study.latest("heures_grands_projets_total")
    then = Study.open(AREA, edition=YEAR - 1, data_dir=data).latest("heures_grands_projets_total")
    assert (total.period, total.value) == ("2027", then.value)


def test_no_sentence_is_left_without_its_period(chapters):
    for number, (text, _) in chapters.items():
        assert not re.search(r"\((nan|None|)\)|\{\w+", text), number
