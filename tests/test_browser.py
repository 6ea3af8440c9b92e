"""What a reader's browser, a PDF reader and JupyterLab make of the real report and of the notebooks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from browser import WCAG, started, target, violations, width_of
from cpsr_study import parameters, paths
from pdfs import elements, titles
from reports import DATA, html_of

PATIENCE = 120  # seconds that JupyterLab may take for anything
WIDTHS = [320, 1280]
LAB_FOLDERS = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
               "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    with started() as browser:
        yield browser


@pytest.fixture(params=WIDTHS)
def page(request, chromium, normandie):
    """The report opened from its folder, as a reader would; what it asks for and complains of is recorded."""
    page = chromium.new_page(viewport={"width": request.param, "height": 900})
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.address = (normandie / "report.html").as_uri()
    page.goto(page.address)
    yield page
    page.close()


def in_view(page):
    """Whether the element that the address leads to is where the reader looks."""
    return page.evaluate(
        "(() => { const box = document.querySelector(':target').getBoundingClientRect();"
        " return box.height > 0 && box.bottom > 0 && box.top < innerHeight })()"
    )


@pytest.mark.browser
def test_page_is_accessible_and_keeps_to_itself(page):
    assert violations(page, WCAG) == []
    assert width_of(page) <= page.viewport_size["width"]
    assert [url for url in page.asked if not url.startswith("data:")] == [page.address]
    assert page.complaints == []
    assert page.evaluate("document.scripts.length") == 0
    drawn = page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth > 100)")
    assert len(drawn) > 15 and all(drawn)


@pytest.mark.browser
def test_a_number_leads_to_its_line_in_the_annex(page):
    links = page.locator("p.reading a.n")
    assert links.count() > 10
    for position in (0, links.count() // 2, links.count() - 1):
        link = links.nth(position)
        text, href = link.inner_text(), link.get_attribute("href")
        link.click()
        assert target(page) == unquote(href.removeprefix("#")).strip() and target(page).startswith("obs-")
        assert in_view(page), text
        number = text.split()[0]  # « 293 576 heures » is « 293 576 » in the annex; its thousands hold together
        assert number.split("\u00a0")[0] in page.locator(":target .t-value").inner_text(), text


@pytest.mark.browser
def test_the_keyboard_skips_to_the_content(page):
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.className")
    assert focused == "skip" and page.locator("a.skip").is_visible()
    page.keyboard.press("Enter")
    assert target(page) == "contenu" and in_view(page)
    assert page.evaluate("document.activeElement.id") == "contenu"
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.browser
def test_the_table_of_contents_leads_to_its_headings(page):
    summary = page.locator("nav.toc summary")
    if summary.is_visible():
        summary.click()
    links = page.locator("nav.toc a >> visible=true")
    assert links.count() > 30
    for position in range(0, links.count(), 8):
        text = links.nth(position).inner_text()
        links.nth(position).click()
        assert in_view(page)
        words = text.split()[:4]
        assert page.locator(":target").inner_text().split()[: len(words)] == words


@pytest.fixture(scope="module")
def pdf(normandie):
    return PdfReader(normandie / "report.pdf")


def test_pdf_says_what_it_is(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("fr")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] and "Normandie" in pdf.metadata.title
    xmp = BeautifulSoup(root["/Metadata"].get_object().get_data(), "html.parser")
    assert xmp.find("pdfuaid:part").string == "1"


def test_pdf_bookmarks_are_the_table_of_contents(pdf, normandie):
    contents = BeautifulSoup(html_of(normandie), "html.parser").select("nav .wide a")
    wanted = [" ".join(link.get_text(" ").split()) for link in contents]
    found = [" ".join(title.split()) for title in titles(pdf.outline)]
    assert [title for title in found if title in wanted] == wanted and len(wanted) > 30
    assert set(found) - set(wanted) <= {"Paramètres", "Fabrication"}


def test_pdf_figures_all_have_words(pdf, normandie):
    figures = [node for node in elements(pdf.trailer["/Root"]["/StructTreeRoot"], []) if node["/S"] == "/Figure"]
    images = BeautifulSoup(html_of(normandie), "html.parser").find_all("img")
    assert [" ".join(node["/Alt"].split()) for node in figures] == [" ".join(image["alt"].split()) for image in images]


PROMPTS = "[...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')]"


@contextmanager
def jupyter_lab(home):
    """JupyterLab on a copy of the notebooks, with nothing of the user's own settings; gives its address."""
    shutil.copytree(paths.notebooks_dir(), home / "notebooks", ignore=shutil.ignore_patterns(".*"))
    # Every cell stays in the page, even out of sight, so that all outputs can be looked at; no question about news.
    settings = {"notebook-extension/tracker": '{"windowingMode": "none"}',
                "apputils-extension/notification": '{"fetchNews": "false"}'}  # fmt: skip
    for name, content in settings.items():
        path = home / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
               "--port-retries=0", "--ServerApp.token=", "--ServerApp.password=", "--notebook-dir=notebooks",
               "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    own = {name: str(home / name) for name in LAB_FOLDERS}
    environment = os.environ | own | {"CPSR_DATA_DIR": str(DATA)}
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=home, env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_for(address, server):
    """Until the server answers; an error if it stops or takes too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab does not answer (exit code {server.poll()}).")


@pytest.mark.browser
def test_a_partner_changes_the_territory_in_jupyterlab(chromium, tmp_path):
    """Open a chapter, write another territory into its parameters, run all: figures, tables, and no error."""
    with jupyter_lab(tmp_path) as address:
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/lab/tree/03_clause_sociale.ipynb")
        idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
        page.wait_for_selector(idle)
        write_territory(page, "DEP-14")
        run_all(page)
        cells = page.locator(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(PROMPTS + r".every(prompt => /^\[\d+\]:$/.test(prompt.textContent))")
        page.wait_for_selector(idle)

        newest = parameters.editions(DATA)[-1]
        assert (
            page.locator(".jp-Notebook h1 >> visible=true").inner_text().endswith(f"dans le Calvados, édition {newest}")
        )
        seen = page.evaluate("[...document.querySelectorAll('.jp-Notebook figure img')].map(i => i.naturalWidth)")
        assert len(seen) >= 4 and min(seen) > 100
        assert page.locator(".jp-Notebook .jp-OutputArea table >> visible=true").count() >= 6
        assert page.locator('[data-mime-type="application/vnd.jupyter.error"], [data-mime-type$="stderr"]').count() == 0
        assert not [url for url in asked if not url.startswith((address, "data:", "blob:"))]
        cells.nth(6).scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "jupyterlab.png")
        page.keyboard.press("Control+s")
        saved = tmp_path / "notebooks" / "03_clause_sociale.ipynb"
        outputs = wait_for_outputs(saved)
    assert {output.output_type for output in outputs} == {"display_data"}
    assert len([output for output in outputs if "image/svg+xml" in output.data]) >= 4


def write_territory(page, code):
    """Type a code over the one of the parameters cell, between its quotes."""
    editor = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
    editor.click()
    page.keyboard.press("Control+Home")
    for _ in 'territory = "':
        page.keyboard.press("ArrowRight")
    for _ in "REG-28":
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.type(code)
    assert f'territory = "{code}"' in editor.inner_text()


def run_all(page):
    """Run > Run All Cells; asked again when nothing starts (a busy page closes a menu before the click reaches it)."""
    started = PROMPTS + r".some(prompt => /^\[[\d*]+\]:$/.test(prompt.textContent))"
    for _ in range(5):
        page.keyboard.press("Escape")
        page.locator(".lm-MenuBar-item", has_text="Run").click()
        page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
        end = time.monotonic() + PATIENCE / 8
        while time.monotonic() < end:
            if page.evaluate(started):
                return
            page.wait_for_timeout(100)
    pytest.fail("Run All Cells starts nothing.")


def wait_for_outputs(saved):
    """The outputs of a notebook, once JupyterLab has saved it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        outputs = [out for cell in nbformat.read(saved, as_version=4).cells for out in cell.get("outputs", [])]
        if outputs:
            return outputs
        time.sleep(0.2)
    pytest.fail("JupyterLab has not saved the notebook.")


def test_a_notebook_runs_alone_from_its_folder(tmp_path):
    """As it is, without papermill nor a word on where the data are: what « Run All » does."""
    shutil.copytree(Path(paths.notebooks_dir()), tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    notebook = tmp_path / "notebooks" / "06_structures_inclusives.ipynb"
    command = [sys.executable, "-m", "jupyter", "execute", "--inplace", notebook.name]
    done = subprocess.run(command, cwd=notebook.parent, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr[-2000:]
    outputs = [out for cell in nbformat.read(notebook, as_version=4).cells for out in cell.get("outputs", [])]
    assert len(outputs) > 5 and {output.output_type for output in outputs} == {"display_data"}
