"""The page that leads to the reports: every order without script, what lacks is said, the map in words too."""

import csv
import json
import re

import pytest
from bs4 import BeautifulSoup

import browser
from cpsr_study.report import index, index_pages
from reports import DATA

THIN = "\u202f"
COLUMNS = "id,indicator,geo,time_period,category,value,unit,status,source,vintage,as_published,headline"


def figure(indicator, geo, period, value, unit, status="A", headline=True):
    return f"x,{indicator},{geo},{period},,{value},{unit},{status},insee-filosofi,2020,{value},{headline}"


def report(output, code, edition, *figures):
    folder = output / f"{code}-{edition}"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("x", encoding="utf-8")
    text = "\n".join([COLUMNS, *figures, figure("taux_pauvrete", "FR", "2020", 99, "%")])
    (folder / "observations.csv").write_text(text, encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"parameters": {"territory": code, "edition": edition}}))
    return folder


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """Three départements, one overseas, one of which nothing is known."""
    output = tmp_path_factory.mktemp("reports")
    report(
        output, "DEP-14", 2026, figure("population", "DEP-14", "2023", 700000, "habitants"),
        figure("taux_pauvrete", "DEP-14", "2019", 50, "%"), figure("taux_pauvrete", "DEP-14", "2020", 12.5, "%", "P"),
        figure("taux_pauvrete", "DEP-14", "2021", 77, "%", headline=False),
    )  # fmt: skip
    report(output, "DEP-974", 2026, figure("taux_pauvrete", "DEP-974", "2020", 36.1, "%"))
    report(output, "DEP-50", 2026)
    (output / "DEP-61-2026-echec").mkdir()
    index_pages.make(output, index.reports(output), DATA)
    return output


def page(output, name="index.html"):
    return BeautifulSoup((output / name).read_text(encoding="utf-8"), "html.parser")


def names(found):
    return [row.th.a.text for row in found.tbody.find_all("tr")]


def test_the_latest_headline_value_of_the_territory_itself(output):
    row = page(output).tbody.find_all("tr")[0]
    assert row.th.a.text == "Calvados" and row.th.a["href"] == "DEP-14-2026/report.html"
    cells = [cell.text for cell in row.find_all("td")]
    assert cells[1].startswith(f"700{THIN}000") and cells[2] == "12,5 2020, provisoire"
    assert cells[3] == "non renseigné"


def test_each_order_is_a_page_and_what_is_not_known_comes_last(output):
    assert names(page(output)) == ["Calvados", "La Réunion", "Manche"]
    poverty = page(output, "index-taux-pauvrete.html")
    assert names(poverty) == ["La Réunion", "Calvados", "Manche"]
    assert [th.text for th in poverty.find_all("th") if th.get("aria-sort") == "descending"] == ["Taux de pauvreté (%)"]
    links = [a["href"].partition("#")[0] for a in page(output).select(".order a")]
    assert len(links) == 6 and all((output / link).is_file() for link in links)


def test_the_map_says_what_it_shows_and_what_it_leaves_out(output):
    found = page(output)
    drawing = found.find("svg", role="img")
    assert "Calvados (12,5\u00a0%)" in drawing["aria-label"] and "La Réunion (36,1\u00a0%)" in drawing["aria-label"]
    assert len(drawing.find_all("path")) == 96 and len(drawing.select("path[fill]")) == 1
    assert "Hors de la carte : La Réunion." in found.text


def test_nothing_is_fetched_and_nothing_runs(output):
    for path in output.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text and not re.search(r'(src|srcset)=|@import|<link|url\(|="https?:', text)


def test_the_table_as_csv(output):
    with (output / "index.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["code"] for row in rows] == ["DEP-14", "DEP-974", "DEP-50"]
    assert rows[0]["taux_pauvrete (%)"] == "12.5" and rows[0]["taux_pauvrete, source"] == "insee-filosofi/2020"
    assert rows[2]["population (habitants)"] == ""


def test_a_region_gives_its_colour_to_its_departements_and_an_epci_has_no_map(tmp_path):
    report(tmp_path / "a", "REG-28", 2026, figure("taux_pauvrete", "REG-28", "2020", 13, "%"))
    report(tmp_path / "b", "EPCI-200065597", 2026)
    for name in "ab":
        index_pages.make(tmp_path / name, index.reports(tmp_path / name), DATA)
    assert len(page(tmp_path / "a").select("svg[role=img] path[fill]")) == 5
    assert "Pas de carte" in page(tmp_path / "b").text


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_in_a_browser(output, width):
    with browser.started() as chromium:
        shown = chromium.new_page(viewport={"width": width, "height": 800})
        shown.goto((output / "index-taux-pauvrete.html").as_uri())
        assert browser.violations(shown, browser.WCAG) == []
        assert browser.width_of(shown) <= width
