"""The report in HTML and in PDF: structure, accessibility, and texts that stay texts."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pypdf import PdfReader

from browser import WCAG, started, target, violations, width_of
from cpsr_study.report import blocks
from cpsr_study.report.html import render_html
from cpsr_study.report.pdf import cannot_be_drawn, column_weights, day_of, is_narrow, render_pdf
from cpsr_study.report.safe import safe_file, safe_link, visible
from cpsr_study.report.typst_markup import literal
from pdfs import compact, elements, runs, titles
from rendering_sample import HIDDEN, NASTY, sample_notebook

SLOW = [HealthCheck.too_slow]


@pytest.fixture(scope="module")
def html() -> str:
    return render_html(sample_notebook())


@pytest.fixture(scope="module")
def soup(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


@pytest.fixture(scope="module")
def pdf_bytes() -> bytes:
    return render_pdf(sample_notebook())


@pytest.fixture(scope="module")
def pdf(pdf_bytes: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf_bytes))


def small(*cells) -> object:
    """A notebook with the metadata of the sample and these cells."""
    return new_notebook(cells=list(cells), metadata=sample_notebook(hostile=False)["metadata"])


def shown(mime: str, payload, **metadata) -> object:
    """A code cell that displays one payload."""
    return new_code_cell("", outputs=[new_output("display_data", data={mime: payload}, metadata=metadata)])


# --- HTML


def test_page_has_language_landmarks_and_one_title(soup):
    assert soup.html["lang"] == "fr"
    assert len(soup.find_all("h1")) == 1
    for landmark in ("header", "main", "footer"):
        assert len(soup.find_all(landmark)) == 1
    assert soup.nav["aria-label"] == "Sommaire"
    assert soup.find("a", class_="skip")["href"] == "#" + soup.main["id"]
    assert soup.title.string == soup.h1.get_text()


def test_headings_never_jump(soup):
    levels = [int(tag.name[1]) for tag in soup.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_each_internal_link_resolves_and_ids_are_unique(soup):
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for a in soup.find_all("a", href=re.compile("^#"))}
    assert targets <= set(ids)
    assert any(target.startswith("obs-") for target in targets)


def test_nothing_is_executed_or_fetched(html, soup):
    assert not soup.find_all(["script", "iframe", "object", "embed", "link", "base", "form"])
    assert "@import" not in html
    assert all(tag["src"].startswith("data:image/svg+xml;base64,") for tag in soup.find_all(src=True))
    assert not re.search(r"url\(\s*['\"]?(?!data:)", "".join(tag.string or "" for tag in soup.find_all("style")))
    assert not any(name.startswith("on") or name == "style" for tag in soup.find_all() for name in tag.attrs)
    schemes = {a["href"].split(":")[0] for a in soup.find_all("a", href=re.compile(r"^[a-z]+:", re.I))}
    assert schemes <= {"http", "https", "mailto"}


def test_figures_have_words(soup):
    figures = soup.find_all("figure")
    assert [figure["id"] for figure in figures] == ["figure-1", "figure-2"]
    for figure in figures:
        alt, caption = figure.img["alt"], figure.figcaption.get_text()
        assert alt.strip() and "No description has been provided" not in alt and alt not in caption
    assert figures[0].figcaption.get_text().startswith("Figure 1. Modalités")
    assert figures[0].find("a", string="Données (CSV)")["href"] == "figures/figure-1.csv"


def test_tables_have_caption_and_scopes(soup):
    for table in soup.select("div.table table"):
        assert table.caption.get_text().startswith("Tableau ")
        assert all(cell["scope"] == "col" for cell in table.thead.find_all("th"))
        assert all(row.find("th", scope="row") and len(row.find_all("th")) == 1 for row in table.select("tbody tr"))


def test_each_annex_row_says_where_a_number_comes_from(soup):
    row = soup.find(id="obs-heures_par_participant.REG-28.2020")
    text = row.get_text(" ")
    assert "Calcul heures_insertion / participants" in text and "Présentation de décembre 2021" in text
    assert [a["href"] for a in row.select("dd a")] == [
        "#obs-heures_insertion.REG-28.2020",
        "#obs-participants.REG-28.2020",
    ]


def test_sentences_of_one_tone_share_a_box_and_say_what_they_are(soup):
    box = soup.find(class_="missing")
    assert box.find(class_="notice-title").string == "Données manquantes" and len(box.find_all("li")) == 2
    assert soup.find(class_="caveat").find(class_="notice-title").string == "Précaution de lecture"


def test_code_streams_and_html_twins_stay_out(html, pdf):
    words = html + "".join(page.extract_text() for page in pdf.pages)
    assert not [w for w in ("code masqué", "sortie standard masquée", "jumeau pour JupyterLab") if w in words]


def test_hostile_texts_are_read_literally_in_html(soup):
    sentences = [p.get_text() for p in soup.select("p.reading")]
    rows = [[c.get_text() for c in row.find_all(["th", "td"])] for row in soup.select("#tableau-3 tbody tr")]
    for i, text in enumerate(NASTY):
        assert text + text in sentences
        assert [text, text] in rows
        annex = soup.find(id=f"obs-hostile.FR.{2000 + i}")
        assert annex.find("strong").get_text() == text and f"« {text} »" in annex.get_text()
    assert soup.find(id="tableau-3").caption.get_text().endswith(NASTY[3])
    assert soup.find(id="figure-2").img["alt"] == NASTY[1]
    assert "<script>alert(1)</script> et <b>gras</b>" in soup.main.get_text()
    assert "ordre[U+202E]inverse[U+200E][U+0007] \U0001f600 漢" in soup.main.get_text()


def test_raw_html_within_a_line_is_text():
    page = BeautifulSoup(
        render_html(small(new_markdown_cell("un <img src=x onerror=alert(1)> et <b>gras</b>"))), "html.parser"
    )
    assert not page.find_all(["img", "b"]) and "un <img src=x onerror=alert(1)> et <b>gras</b>" in page.main.get_text()


def test_figure_without_words_is_refused():
    about = {blocks.FIGURE: {"title": "Titre", "alt": " "}}
    with pytest.raises(ValueError, match="sans texte de remplacement"):
        render_html(small(shown(blocks.FIGURE, "<svg/>", **about)))


def test_reference_without_annex_row_is_plain_text():
    parts = ["soit ", {"text": "12 %", "ref": "absent.FR.2020", "mark": "*", "mark_ref": "nulle-part"}]
    page = render_html(small(shown(blocks.SENTENCE, {"kind": "reading", "parts": parts})))
    assert '<p class="reading">soit 12 %<sup class="mark">*</sup></p>' in page


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://www.insee.fr/", True),
        ("mailto:contact@example.org", True),
        ("#figure-1", True),
        ("#absent", False),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("//example.org", False),
        ("../autre.html", False),
    ],
)
def test_only_safe_links_are_links(url, kept):
    assert bool(safe_link(url, {"figure-1"})) is kept


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("figures/03-a.csv", True),
        ("../x.csv", False),
        ("/x.csv", False),
        ("javascript:x", False),
        ("", False),
    ],
)
def test_only_files_of_the_report_are_linked(path, kept):
    assert bool(safe_file(path)) is kept


# --- PDF


def test_pdf_is_tagged_french_and_titled(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"].startswith("fr")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    title = "La commande publique socialement responsable en Normandie"
    assert pdf.metadata.title.startswith(title)
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfuaid:part[>=\"]+1", xmp) and title in xmp
    assert pdf.metadata.creation_date.date().isoformat() == "2021-12-31"


def test_pdf_has_bookmarks_for_chapters_and_sections(pdf):
    found = titles(pdf.outline)
    assert found[:3] == ["1 Synthèse", "1.1 Les chiffres clés", "2 La commande publique en Normandie"]
    assert found[-3:] == ["Colophon", "Paramètres", "Fabrication"]


def test_pdf_figures_have_words_and_tables_have_headers(pdf):
    tree = elements(pdf.trailer["/Root"]["/StructTreeRoot"], [])
    figures = [node for node in tree if node["/S"] == "/Figure"]
    assert len(figures) == 2 and all(node["/Alt"].strip() for node in figures)
    tables = [node for node in tree if node["/S"] == "/Table"]
    heads = [node for node in tree if node["/S"] == "/TH"]
    assert len(tables) >= 4 and len(heads) >= 3 * len(tables) - 3


def columns_of(*texts):
    """Two columns: these texts, and sentences that take all the room they are left."""
    rows = [[{"text": text}, {"text": "des mots et encore des mots " * 12}] for text in texts]
    columns = [{"title": "Terme"}, {"title": "Définition"}]
    return columns, rows, column_weights(columns, rows)


@pytest.mark.parametrize(
    ("texts", "narrow"),
    [
        (["Taux de pauvreté", "Régie de quartier"], False),
        (["interministérielles"], False),
        (["MMMMMMMMMMMMMMMMMMMMMMMMMM"], True),
        (["m" * 31], False),  # what is not a word breaks anywhere
    ],
)
def test_words_are_cut_only_where_a_column_cannot_hold_one(texts, narrow):
    assert is_narrow(*columns_of(*texts)) is narrow


def test_no_word_of_the_annex_is_cut(pdf):
    annex = next(i for i, page in enumerate(pdf.pages) if "4.1 Annexe" in page.extract_text() and i > 2)
    cut = [word for page in pdf.pages[annex:-1] for word in re.findall(r"\w+\u00ad", page.extract_text())]
    assert not cut


def test_numbers_of_the_pdf_lead_to_the_annex(pdf):
    annex = next(i for i, page in enumerate(pdf.pages) if "4.1 Annexe" in page.extract_text() and i > 2)
    links = [a.get_object() for page in pdf.pages[2:annex] for a in page.get("/Annots", [])]
    inside = [link for link in links if "/Dest" in link or link.get("/A", {}).get("/S") == "/GoTo"]
    assert len(inside) > 250


def test_hostile_texts_are_read_literally_in_pdf(pdf):
    text = compact("".join(page.extract_text() for page in pdf.pages))
    for nasty in NASTY:
        assert text.count(compact(nasty)) >= 4, nasty
    assert compact(visible(HIDDEN, cannot_be_drawn)) in text
    assert "[U+202E]" in text and "[U+1F600]" in text


def test_pdf_is_the_same_in_another_process(pdf_bytes, tmp_path):
    code = "import sys; from rendering_sample import *; from cpsr_study.report.pdf import render_pdf; "
    code += "open(sys.argv[1], 'wb').write(render_pdf(sample_notebook()))"
    here = Path(__file__).parent
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)]),
        "PYTHONHASHSEED": "7",
    }
    target = tmp_path / "again.pdf"
    subprocess.run([sys.executable, "-c", code, str(target)], check=True, env=environment, timeout=120)
    assert target.read_bytes() == pdf_bytes


def test_html_is_the_same_twice(html):
    assert render_html(sample_notebook()) == html


@pytest.mark.parametrize(("text", "day"), [("2021-12-07", (12, 7)), ("2021-12", (12, 1)), ("2021", (1, 1))])
def test_a_date_may_be_a_month_or_a_year(text, day):
    assert (day_of(text).month, day_of(text).day) == day


@settings(max_examples=25, suppress_health_check=SLOW)
@given(st.lists(st.text(), min_size=10, max_size=40))
def test_any_text_survives_the_typst_escaper(texts):
    typst = pytest.importorskip("typst")
    source = f"#metadata({literal(texts)})<sortie>"
    assert json.loads(typst.query(source.encode(), "<sortie>", field="value", one=True)) == texts


def test_spaces_that_hold_are_given_once_and_never_by_the_escaper():
    assert literal("« 0 : »") == '"« 0 : »"'
    assert visible("« 0 : »") == "«\u00a00\u00a0:\u00a0»"


@settings(max_examples=8, suppress_health_check=SLOW)
@given(st.lists(st.text() | st.text(alphabet="#*_`[]()<>!|:-^~\\\"'$@=/&1 .\n\ta{}%+"), min_size=15, max_size=30))
def test_any_text_makes_a_valid_report(texts):
    cells = [new_markdown_cell(text) for text in texts]
    cells += [shown(blocks.SENTENCE, {"kind": "caveat", "parts": [text]}) for text in texts]
    notebook = small(*cells)
    assert render_pdf(notebook).startswith(b"%PDF")
    page = BeautifulSoup(render_html(notebook), "html.parser")
    assert not page.find_all(["script", "iframe"]) and len(page.select(".notice li")) == len(texts)


# --- browser


@pytest.fixture(scope="module")
def chromium():
    with started() as browser:
        yield browser


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_page_in_a_browser(chromium, html, width):
    page = chromium.new_page(viewport={"width": width, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html)
    assert not [url for url in asked if not url.startswith("data:")]
    assert width_of(page) <= width
    assert violations(page, [*WCAG, "best-practice"]) == []
    page.close()


@pytest.mark.browser
def test_a_number_leads_to_its_row_in_the_browser(chromium, html):
    page = chromium.new_page(viewport={"width": 320, "height": 800})
    page.set_content(html)
    page.locator("a.n").first.click()
    assert target(page) == "obs-heures_insertion.REG-28.2020"
    page.close()


def test_invented_data_are_said_on_each_page():
    """A report made of invented data bears its banner, at the top of the page and of each sheet of the PDF."""
    notebook = sample_notebook()
    notebook["metadata"]["cpsr"]["banner"] = "Données fictives"
    page = BeautifulSoup(render_html(notebook), "html.parser")
    assert page.select_one(".invented").get_text() == "Données fictives"
    pages = PdfReader(io.BytesIO(render_pdf(notebook))).pages
    assert all("Données fictives" in sheet.extract_text() for sheet in pages)


def test_a_title_is_nearer_to_its_text_than_to_what_comes_before():
    texts = ["# Un chapitre", "Un paragraphe.", "## Un titre\n\nSon texte."]
    page = PdfReader(io.BytesIO(render_pdf(small(*map(new_markdown_cell, texts))))).pages[2]
    _, before, title, after, *_ = sorted({round(run.base) for run in runs(page)}, reverse=True)
    assert before - title > 1.3 * (title - after) > 0


@pytest.mark.parametrize("text", ["# Un chapitre", "Du texte.\n\n# Un chapitre\n\nSuite.", "## Le premier titre"])
def test_a_chapter_may_begin_with_a_title_of_its_own(text):
    """Written by its author as Markdown, at the head of a cell or inside it."""
    pages = PdfReader(io.BytesIO(render_pdf(small(new_markdown_cell(text))))).pages
    assert any(text.split("# ")[1].split("\n")[0] in page.extract_text() for page in pages[2:])


@pytest.mark.parametrize("text", ["> # Cité", "- # Cité", "1. point\n\n   ## Cité"])
def test_a_title_inside_a_list_or_a_quotation_is_only_bold(text):
    """It is no part of the outline, and a page cannot begin there."""
    notebook = small(new_markdown_cell(text))
    page = BeautifulSoup(render_html(notebook), "html.parser")
    assert page.main.find("strong", string="Cité") and not page.main.find(["h1", "h2"], string="Cité")
    pages = PdfReader(io.BytesIO(render_pdf(notebook))).pages
    assert any("Cité" in page.extract_text() for page in pages)
