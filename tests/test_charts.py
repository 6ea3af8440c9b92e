"""Figures: they render, say in words what they show, hide nothing and come out the same twice."""

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from cpsr_study.display import charts, publish, style
from cpsr_study.display.alt import rank_text
from cpsr_study.display.choropleth import class_bounds
from cpsr_study.display.numbers import period_text
from cpsr_study.indicators import Break
from cpsr_study.selection import Missing, Selection

UNITS = {"h": ("h", "heure", "heures", 0), "%": ("%", "%", "%", "")}
HOSTILE = "<script>alert(1)</script> $\\alpha$ \\textbf{x} {0} %s"
AREAS = {"FR": "France", "FRMET": "France métropolitaine", "REG-28": "Normandie"}


def frame(rows):
    """Observations with sensible defaults, as a study would hand them over."""
    defaults = {
        "indicator": "part_etp", "geo": "REG-28", "time_period": "2019", "category": "", "unit": "%",
        "status": "A", "source": "presentation", "published": "2021-12-07",
        "indicator_label": "Part des ETP", "source_label": "Présentation, décembre 2021",
    }  # fmt: skip
    rows = [defaults | row for row in rows]
    for row in rows:
        row.setdefault("geo_label", AREAS.get(row["geo"], row["geo"]))
        row.setdefault("category_label", row["category"])
        row["period_label"] = period_text(row["time_period"])
        row["id"] = ".".join(row[key] for key in ("indicator", "geo", "time_period", "category"))
    table = pd.DataFrame(rows)
    table.attrs["units"] = UNITS
    return table


def modalities(*areas):
    shares = {"Condition d'exécution": 69.8, "Critère d'attribution": 10, "Marchés réservés": 5.7}
    return frame([{"geo": a, "category": c, "value": v} for a in areas for c, v in shares.items()])


def hours(statuses="AAAF"):
    known = {"2013": 7.7e6, "2014": 9.16e6, "2019": 18640567, "2020": 19828125}
    rows = [{"geo": "FR", "time_period": year, "value": value, "unit": "h"} for year, value in known.items()]
    return frame([row | {"status": status} for row, status in zip(rows, statuses, strict=True)])


def regions(count=13):
    numbers = range(50, 50 + count - 1)
    rows = [{"geo": f"REG-{n}", "geo_label": f"Région {n}", "value": float(n)} for n in numbers]
    return frame([*rows, {"geo": "REG-28", "value": 58.5}, {"geo": "FRMET", "value": 55.0}])


SQUARES = {f"{n:02}": [[(n * 10, 0), (n * 10 + 10, 0), (n * 10 + 10, 10), (n * 10, 10)]] for n in range(1, 9)}


def departements():
    rows = [{"geo": f"DEP-{n:02}", "geo_label": f"Département {n}", "value": 10 + n / 2} for n in range(1, 8)]
    return frame(rows)


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: a list of (bundle, metadata)."""
    blocks = []
    monkeypatch.setattr(publish, "display", lambda bundle, metadata, raw: blocks.append((bundle, metadata)))
    return blocks


def figure(shown):
    bundle, metadata = shown[-1]
    return bundle["image/svg+xml"], metadata["image/svg+xml"]


def texts(svg):
    """Labels of a figure: drawn as outlines, each is preceded by a comment with its words."""
    return re.findall(r"<!-- (.*?) -->", svg, re.S)


DRAWINGS = {
    "bars": lambda: charts.bars(modalities("REG-28"), "Modalités", name="x"),
    "grouped": lambda: charts.bars(modalities("FR", "REG-28"), "Modalités", name="x", series="geo_label"),
    "pairs": lambda: charts.pairs(
        frame([{"indicator": i, "indicator_label": i, "geo": g, "value": 1} for i in "ab" for g in AREAS]),
        "Comparaison", name="x",
    ),
    "lines": lambda: charts.lines(hours(), "Heures", name="x"),
    "months": lambda: charts.lines(
        frame([{"time_period": f"2020-{m:02}", "value": m} for m in (1, 2, 3, 6)]), "Mois", name="x"
    ),
    "ranking": lambda: charts.ranking(regions(), "Rang", highlight="REG-28", name="x"),
    "long ranking": lambda: charts.ranking(regions(60), "Rang", highlight="REG-28", name="x"),
    "map": lambda: charts.choropleth(departements(), "Carte", outlines=SQUARES, highlight={"DEP-02"}, name="x"),
    "zoom": lambda: charts.choropleth(departements(), "Carte", outlines=SQUARES, zoom={"DEP-02", "DEP-03"}, name="x"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DRAWINGS)
def test_every_chart_renders(kind, shown):
    DRAWINGS[kind]()
    svg, meta = figure(shown)
    ElementTree.fromstring(svg)
    assert meta["alt"] not in ("", meta["title"])
    assert "%" in meta["alt"] or "heures" in meta["alt"]
    assert meta["source"] == "Source : Présentation, décembre 2021."
    assert meta["reading"].startswith("Lecture : ")
    assert all(len(row) == len(meta["data"]["fields"]) for row in meta["data"]["rows"])
    json.dumps(meta, allow_nan=False)
    assert "http://www.w3.org/Graphics" not in svg and "<metadata" not in svg


LONG = "Un libellé d'une longueur tout à fait déraisonnable, comme les nomenclatures en ont, et même plus"
CROWDED = {
    "negative": lambda: charts.bars(
        frame([{"category": LONG, "value": -4.0}, {"category": "b", "value": 8.0}]), "Baisse", name="x"
    ),
    "series": lambda: charts.bars(
        frame([{"geo": f"{n} {LONG}", "value": 1000.0 + n} for n in range(4)]),
        "Séries", name="x", series="geo_label",
    ),
    "amounts": lambda: charts.lines(
        frame([{"time_period": str(2019 + year), "value": 110_800 + 9_000 * year, "unit": "M€", "geo": "FR"}
               for year in range(5)]), "Montants", name="x",
    ),
    "long unit": lambda: charts.bars(
        frame([{"category": c, "value": v, "unit": "pour 100 000 habitants"} for c, v in (("a", 10.6), ("b", 3))]),
        "Densités", name="x",
    ),
    "close ends": lambda: charts.lines(
        frame([{"geo": f"{n} {LONG}", "time_period": str(2020 + year), "value": 20 + n / 100 + year}
               for n in range(4) for year in range(3)]), "Serré", name="x",
    ),
}  # fmt: skip


def test_one_period_is_said_and_not_drawn(monkeypatch):
    told, drawn = [], []
    monkeypatch.setattr(publish, "sentence", lambda kind, parts: told.append(parts[0]))
    monkeypatch.setattr(publish, "figure", lambda *_: drawn.append(1))
    charts.lines(hours().tail(1), "Heures d’insertion", name="x")
    assert not drawn and told[0].startswith("Heures d’insertion : une seule période est connue (")


@pytest.fixture
def drawn(monkeypatch):
    """Where the last figure shows its texts: (text, box, page), in points."""
    seen, draw, svg = {}, Text.draw, style.svg

    def watched(self, renderer):
        if self.get_visible() and self.get_text().strip():
            seen[self] = self.get_window_extent(renderer), self.get_figure(root=True).bbox.frozen()
        draw(self, renderer)

    monkeypatch.setattr(Text, "draw", watched)
    monkeypatch.setattr(style, "svg", lambda ax: (seen.clear(), svg(ax))[1])
    return seen


@pytest.mark.parametrize("kind", [*DRAWINGS, *CROWDED])
def test_labels_stay_in_the_figure_and_apart(kind, shown, drawn):
    (DRAWINGS | CROWDED)[kind]()
    assert drawn
    for text, (box, page) in drawn.items():
        assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1, text
        assert page.y0 - 1 <= box.y0 and box.y1 <= page.y1 + 1, text
        assert text.get_fontsize() >= 9
    for (one, (box, _)), (two, (other, _)) in combinations(drawn.items(), 2):
        assert not box.padded(-1).overlaps(other.padded(-1)), (one, two)


def test_same_bytes_in_two_processes():
    code = (
        "from tests.test_charts import DRAWINGS, publish; import hashlib;"
        "publish.display = lambda b, metadata, raw: print(hashlib.sha256(str(b).encode()).hexdigest());"
        "[draw() for draw in DRAWINGS.values()]"
    )
    root = Path(__file__).parents[1]
    call = [sys.executable, "-c", code]
    runs = [subprocess.run(call, capture_output=True, check=True, cwd=root).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0].split()) == len(DRAWINGS)


def test_drawing_changes_nothing_for_the_notebook(shown):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    DRAWINGS["bars"]()
    assert dict(mpl.rcParams) == before


def test_alt_of_bars_gives_each_value(shown):
    DRAWINGS["grouped"]()
    alt = figure(shown)[1]["alt"]
    assert "France : Condition d'exécution (69,8\u00a0%), Critère d'attribution (10\u00a0%)" in alt
    assert "Normandie : " in alt


def test_alt_of_many_bars_gives_the_extremes(shown):
    charts.bars(frame([{"category": f"c{n}", "value": n} for n in range(1, 9)]), "Huit barres", name="x")
    assert "8 barres, maximum 8\u00a0% (c8), minimum 1\u00a0% (c1)." in figure(shown)[1]["alt"]


def test_alt_of_lines_gives_level_trend_extremes_and_gaps(shown):
    DRAWINGS["lines"]()
    alt = figure(shown)[1]["alt"].replace("\u202f", " ").replace("\u00a0", " ")
    assert "de 7 700 000 heures en 2013 à 19 828 125 heures en 2020, en hausse de 158 %." in alt
    assert "Maximum 19 828 125 heures (2020), minimum 7 700 000 heures (2013)." in alt
    assert "Sans valeur en 2015, 2016, 2017 et 2018." in alt
    assert "Prévision : 2020." in alt


@pytest.mark.parametrize(
    ("first", "last", "unit", "words"),
    [
        (10.2, 6.9, "%", "en baisse de 3,3\u00a0points"),
        (10, 11, "%", "en hausse de 1\u00a0point"),
        (100, 101, "h", "stable"),
        (200, 100, "h", "en baisse de 50\u00a0%"),
        (0, 5, "h", "en hausse"),
        (0, 0, "h", "stable"),
    ],
)
def test_trend(first, last, unit, words, shown):
    rows = [{"time_period": p, "value": v, "unit": unit} for p, v in (("2014", first), ("2023", last))]
    charts.lines(frame(rows), "Évolution", name="x")
    assert f"en 2023, {words}." in figure(shown)[1]["alt"]


def test_forecasts_are_hollow_dashed_and_said(shown):
    charts.lines(hours("AAAA"), "Heures", name="x")
    firm = figure(shown)[0]
    charts.lines(hours("AAAF"), "Heures", name="x")
    svg, meta = figure(shown)
    # One dashed link more than the dotted one that crosses the missing years.
    assert len(re.findall("stroke-dasharray", svg)) > len(re.findall("stroke-dasharray", firm))
    assert "(prévision)" in " ".join(texts(svg))
    assert "Prévision : 2020." in meta["notes"]
    assert any("sans valeur" in note for note in meta["notes"])
    charts.bars(hours("AAAF"), "Heures", by="period_label", name="x")
    assert any("(prévision)" in text for text in texts(figure(shown)[0]))


def test_target_is_drawn_told_and_sourced(shown):
    goal = frame([{"value": 30, "indicator_label": "Objectif", "source_label": "Plan"}])
    rows = [{"time_period": str(2019 + n), "value": 12.5 + n} for n in range(4)]
    charts.lines(frame(rows), "Part", target=goal, name="x")
    svg, meta = figure(shown)
    assert any("Objectif" in text for text in texts(svg))
    assert "Objectif : 30\u00a0%." in meta["alt"]
    assert meta["source"] == "Sources : Présentation, décembre 2021 ; Plan."
    assert len(meta["data"]["rows"]) == 5


def test_ranking_says_the_rank_and_leaves_france_out(shown):
    DRAWINGS["ranking"]()
    svg, meta = figure(shown)
    assert "Normandie (4e sur 13)" in texts(svg)
    assert "Normandie : 58,5\u00a0%, 4e sur 13." in meta["alt"]
    assert "France métropolitaine : 55\u00a0%." in meta["alt"]
    assert rank_text(1, 13) == "1er sur 13"


def test_long_ranking_draws_twenty_and_keeps_the_data(shown):
    DRAWINGS["long ranking"]()
    meta = figure(shown)[1]
    assert any("sur 60 sont représentés" in note for note in meta["notes"])
    assert len(meta["data"]["rows"]) == 61


def test_many_bars_of_two_areas_hold_on_the_page_of_their_heading(shown):
    rows = [{"geo": geo, "category": f"Public {n}", "value": 50.0 - n} for n in range(13) for geo in ("REG-28", "FR")]
    charts.bars(frame(rows), "Treize publics", series="geo_label", units=UNITS)
    height = float(re.search(r'height="([\d.]+)pt"', figure(shown)[0])[1])
    assert 400 < height < 500


def test_map_says_what_is_missing(shown):
    DRAWINGS["map"]()
    svg, meta = figure(shown)
    assert "7 départements renseignés, 1 non renseignés." in meta["alt"]
    assert "Territoire étudié : Département 2 (11\u00a0%)." in meta["alt"]
    assert "non renseigné" in texts(svg)


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([8.9, 12, 13, 14, 15, 16, 20, 35], [10, 15, 20, 25]),
        ([1, 2, 3, 4, 5], [2, 3, 4]),
        ([-3.2, 0, 1.1, 4.8], [-2, 0, 2, 4]),
        ([11, 12, 250_000], [50_000, 100_000, 150_000, 200_000]),
        ([7, 7, 7], []),
        ([7], []),
    ],
)
def test_class_bounds_are_few_and_round(values, bounds):
    assert class_bounds(values) == bounds


def test_hostile_labels_are_drawn_literally(shown):
    rows = [{"category": label, "value": 1} for label in (HOSTILE, "_caché", "saut\nde ligne\x07")]
    charts.bars(frame(rows), HOSTILE, name="x")
    svg, meta = figure(shown)
    words = " ".join(" ".join(texts(svg)).split())
    assert "<script" not in svg and "<script" not in shown[-1][0]["text/html"]
    assert "$\\alpha$" in words and "_caché" in words
    assert "\x07" not in svg
    assert meta["title"] == HOSTILE
    hostile_series = frame([{"category": "a", "geo": g, "geo_label": g, "value": 1} for g in (HOSTILE, "_g")])
    charts.bars(hostile_series, "Séries", series="geo_label", name="x")
    assert any("_g" in text for text in texts(figure(shown)[0]))


def test_unknown_value_is_said_in_its_place(shown):
    charts.bars(frame([{"category": "a", "value": 1.0}, {"category": "b", "value": None}]), "Deux", name="x")
    svg, meta = figure(shown)
    assert "non renseigné" in texts(svg)
    assert "b (non renseigné)" in meta["alt"]


def test_nothing_to_draw_is_refused(shown):
    for empty in (modalities("FR").head(0), frame([{"value": None}])):
        with pytest.raises(ValueError, match="aucune valeur"):
            charts.bars(empty, "Rien", name="x")
    with pytest.raises(ValueError, match="Unités différentes"):
        charts.bars(frame([{"value": 1}, {"value": 1, "unit": "h"}]), "Mélange", name="x")
    with pytest.raises(ValueError, match="même place"):
        charts.bars(modalities("FR", "REG-28"), "Série oubliée", name="x")
    assert shown == []


def test_a_selection_is_drawn_or_said_to_be_missing(shown):
    absent = Missing("part_etp", "Part des ETP", "REG-28", "en Normandie", ("Observatoire",))
    goal = Selection(modalities("FR").head(0), absent)
    charts.lines(Selection(hours(), absent), "Heures d'insertion, France", target=goal)
    assert figure(shown)[1]["name"] == "heures-d-insertion-france"
    shown.clear()
    empty = Selection(modalities("FR").head(0), absent)
    charts.bars(empty, "Rien")
    charts.lines(empty, "Rien")
    charts.ranking(empty, "Rien", highlight="REG-28")
    charts.ranking(Selection(modalities("FR").head(1), absent), "Que la France", highlight="REG-28")
    charts.choropleth(empty, "Rien", outlines=SQUARES)
    assert [bundle[publish.SENTENCE]["kind"] for bundle, _ in shown] == ["missing"] * 5


def test_periods_are_always_said(shown):
    rows = [{"geo": "FR", "time_period": "2019", "value": 1.0}, {"geo": "REG-28", "time_period": "2020", "value": 2.0}]
    charts.bars(frame(rows), "Deux périodes", series="geo_label")
    assert "Périodes : France, 2019 ; Normandie, 2020." in figure(shown)[1]["notes"]
    charts.ranking(regions(), "Rang", highlight="REG-28")
    assert "Période : 2019." in figure(shown)[1]["notes"]


def test_only_shares_may_leave_zero_out(shown):
    cut = "L’échelle verticale ne commence pas à zéro."
    for unit, expected in (("%", True), ("h", False)):
        rows = [{"time_period": str(year), "value": value, "unit": unit} for year, value in ((2019, 9), (2020, 10))]
        charts.lines(frame(rows), "Évolution")
        assert (cut in figure(shown)[1]["notes"]) is expected


def test_one_of_several_statements_is_drawn_and_it_is_said(shown):
    twice = [{"value": 54.0, "published": "2021"}, {"value": 50.0, "published": "2023"}]
    charts.bars(frame(twice), "Deux fois", name="x")
    meta = figure(shown)[1]
    assert "50\u00a0%" in meta["alt"] and any("Plusieurs valeurs" in note for note in meta["notes"])
    charts.bars(frame(twice).assign(headline=[True, False]), "Deux fois", name="x")
    assert "54\u00a0%" in figure(shown)[1]["alt"]


@pytest.mark.parametrize("alt", ["", "  ", "Titre"])
def test_a_figure_without_alternative_text_is_refused(alt, shown):
    with pytest.raises(ValueError, match="texte alternatif"):
        publish.figure("<svg/>", {"title": "Titre", "alt": alt})
    assert shown == []


def test_every_block_has_an_escaped_twin(shown):
    number = {"text": HOSTILE, "ref": "a.FR.2020", "mark": "*", "mark_ref": "constat-1"}
    publish.heading(1, HOSTILE)
    publish.sentence("reading", [HOSTILE, number])
    card = {"label": HOSTILE, "value": number, "period": "2020", "compare": None, "source": HOSTILE}
    publish.keyfigures([card])
    columns = [{"title": HOSTILE, "align": align, "header": align == "left"} for align in ("left", "right")]
    cells = [[{"text": HOSTILE}, number]]
    printed = {"columns": columns, "cells": cells, "notes": [HOSTILE], "source": HOSTILE}
    publish.table({"name": "t", "title": HOSTILE, "schema": {"fields": []}, "data": [], "cpsr": printed})
    assert len(shown) == 4
    for bundle, _ in shown:
        assert "<script" not in bundle["text/html"] and "&lt;script&gt;" in bundle["text/html"]
        assert HOSTILE in bundle["text/plain"]
    assert 'href="#obs-a.FR.2020"' in shown[1][0]["text/html"]
    assert 'href="#constat-1"' in shown[1][0]["text/html"]
    assert "<th scope='row'" in shown[3][0]["text/html"]


def test_wrong_blocks_are_refused(shown):
    with pytest.raises(ValueError, match="Genre de phrase"):
        publish.sentence("joke", ["…"])
    with pytest.raises(ValueError, match="Niveau de titre"):
        publish.heading(0, "…")


def test_svg_is_light(shown):
    DRAWINGS["grouped"]()
    svg = figure(shown)[0]
    assert len(svg) < 60_000


# Declared breaks of a series

JOBSEEKERS = Break(
    indicator="deld", period="2025-01", label="loi", reason="les allocataires sont inscrits", source="DARES"
)


def broken_series(breaks=(JOBSEEKERS,)):
    rows = [
        {"time_period": period, "value": value, "unit": "demandeurs d’emploi", "geo": "FR"}
        for period, value in (("2023-12", 100.0), ("2024-12", 110.0), ("2025-12", 190.0), ("2026-12", 200.0))
    ]
    return frame(rows).assign(breaks=[breaks] * 4)


def drawn_lines(monkeypatch, data):
    """The links drawn between values, as periods, and what is told of the figure."""
    links, told = [], {}
    plot = Axes.plot

    def watched(ax, x, *rest, **options):
        if isinstance(x, list):
            links.append(tuple(int(each) for each in x))
        return plot(ax, x, *rest, **options)

    monkeypatch.setattr(Axes, "plot", watched)
    monkeypatch.setattr(publish, "figure", lambda _, meta: told.update(meta))
    charts.lines(data, "Série", name="x")
    return links, told


def test_nothing_links_the_two_sides_of_a_break(monkeypatch):
    links, told = drawn_lines(monkeypatch, broken_series())
    assert links == [(2023, 2024), (2025, 2026)]
    assert any("Rupture de série en janvier 2025 (loi)" in note for note in told["notes"])
    assert "rupture de série" in told["alt"] and "en hausse" not in told["alt"]


@pytest.mark.parametrize(
    ("periods", "place"),
    [
        (("2024", "2025", "2026", "2027"), 2025.5),
        (("2023", "2024", "2026", "2027"), 2025.5),  # 2025 is not known: the law did not begin then
        (("2023", "2024", "2025", "2029"), 2025.5),
        (("2026-02", "2026-05", "2026-08", "2026-11"), 2026 + 5.5 / 12),
    ],
)
def test_a_break_is_marked_before_the_first_period_that_it_changes(periods, place, monkeypatch):
    law = JOBSEEKERS.model_copy(update={"period": "2026-08"})
    places = []
    monkeypatch.setattr(Axes, "axvline", lambda ax, x, **options: places.append(x))
    drawn_lines(monkeypatch, broken_series((law,)).assign(time_period=periods, period_label=periods))
    assert places == [pytest.approx(place)]


def test_a_series_without_break_is_linked_and_has_a_trend(monkeypatch):
    links, told = drawn_lines(monkeypatch, broken_series(()))
    assert len(links) == 3 and "en hausse" in told["alt"]
    assert not any("Rupture" in note for note in told["notes"])


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [("2024", "2025", True), ("2024-12", "2025-01", True), ("2025-01", "2025-12", False), ("2023", "2024", False)],
)
def test_a_year_is_known_at_its_end(before, after, parts):
    assert JOBSEEKERS.parts(before, after) == parts


def test_a_map_tells_and_outlines_the_territory_among_its_neighbours(shown):
    charts.choropleth(departements(), "Carte", outlines=SQUARES, zoom={"DEP-02", "DEP-05"}, highlight={"DEP-02"})
    svg, meta = figure(shown)
    assert meta["alt"].endswith("Territoire étudié : Département 2 (11\u00a0%).") and "Département 2" in meta["reading"]
    assert re.findall(r"contour-(\d\d)", svg) == ["05", "02"], "its outline is above those of its neighbours"


def test_a_map_of_the_whole_country_outlines_no_area(shown):
    charts.choropleth(departements(), "Carte", outlines=SQUARES, highlight={f"DEP-{code}" for code in SQUARES})
    svg, meta = figure(shown)
    assert "contour-" not in svg and "Territoire étudié" not in meta["alt"]
