"""The warm engine gives what papermill's ordinary kernel gives, output for output."""

import nbformat
import pytest

from cpsr_study import paths
from cpsr_study.errors import RequestError
from cpsr_study.report import execution, workers
from reports import DATA

NOISY = """import sys, warnings
from IPython.display import HTML, Image, display
print("one"); print("two"); print("three", file=sys.stderr)
display(HTML("<b>x</b>")); display({"text/plain": "y", "application/json": {"z": 1}}, raw=True)
{"last": [1, 2]}"""


def outputs(notebook):
    return [
        [
            (o.output_type, o.get("name"), o.get("data"), o.get("metadata"), o.get("text"), o.get("ename"))
            for o in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def run(engine, source, folder):
    folder.mkdir()
    task = execution.Task(source, folder / source.name, {"territory": "REG-28"}, DATA, engine)
    with workers.pool(1, engine) as executor:
        return executor.submit(execution.executed, [task], 1).result()[0]


def both(source, tmp_path):
    return [outputs(nbformat.read(run(engine, source, tmp_path / engine), 4)) for engine in execution.ENGINES]


@pytest.fixture
def notebook(tmp_path):
    """A notebook that publishes in every way; `add` puts more cells in it."""

    def make(*cells):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (NOISY, *cells)])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book.cells[0].metadata["tags"] = ["parameters"]
        path = tmp_path / "01_essai.ipynb"
        nbformat.write(book, path)
        return path

    return make


def test_every_chapter_has_the_same_outputs(tmp_path):
    """All chapters one after the other in one notebook: each engine then starts once."""
    chapters = [nbformat.read(path, 4) for path in sorted(paths.notebooks_dir().glob("[0-9]*.ipynb"))]
    whole = nbformat.v4.new_notebook(metadata=chapters[0].metadata)
    whole.cells = [
        nbformat.v4.new_code_cell(c.source) for book in chapters for c in book.cells if c.cell_type == "code"
    ]
    path = tmp_path / "00_tous.ipynb"
    nbformat.write(whole, path)
    warm, kernel = both(path, tmp_path)
    kinds = [mime for cell in warm for output in cell for mime in output[2] or ()]
    assert len(chapters) == 10 and kinds.count("image/svg+xml") > 20
    assert warm == kernel


def test_streams_displays_and_results_are_the_same(notebook, tmp_path):
    warm, kernel = both(notebook("x = 1", "x + 1", "import matplotlib.pyplot as plt; plt.plot([1, 2]);"), tmp_path)
    assert warm == kernel and len(warm[0]) == 5


DRAWN = """import os
from IPython.display import display
display({"image/svg+xml": f"<svg><path d='M0 {os.getpid()}'/></svg>"}, raw=True)"""


@pytest.mark.parametrize("cell", ["import os; os.getpid()", DRAWN], ids=["text", "drawing"])
def test_a_planted_difference_is_seen(cell, notebook, tmp_path):
    warm, kernel = both(notebook(cell), tmp_path)
    assert warm[0] == kernel[0] and warm[1] != kernel[1]
    assert [list(output[2]) for output in warm[1]] == [list(output[2]) for output in kernel[1]]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_ordinary_kernel_where_forking_is_not_safe(platform, monkeypatch):
    monkeypatch.setattr(execution.sys, "platform", platform)
    assert execution.engine() == "kernel"
    with pytest.raises(RequestError, match="demande Linux"):
        execution.engine("warm")


def test_each_notebook_starts_clean(notebook, tmp_path):
    source = notebook("import cpsr_study; seen = hasattr(cpsr_study, 'mark'); cpsr_study.mark = 1; seen")
    for name in ("a", "b"):
        last = outputs(nbformat.read(run("warm", source, tmp_path / name), 4))[-1]
        assert last[0][2]["text/plain"] == "False"


def test_an_engine_that_does_not_exist():
    with pytest.raises(RequestError, match=r"Moteur inconnu : « wram » .* Vouliez-vous dire « warm »"):
        execution.engine("wram")
