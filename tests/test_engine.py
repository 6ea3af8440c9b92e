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


@pytest.mark.parametrize("chapter", ["02_pauvrete_emploi", "07_grands_projets"])
def test_a_chapter_has_the_same_outputs(chapter, tmp_path):
    warm, kernel = both(paths.notebooks_dir() / f"{chapter}.ipynb", tmp_path)
    assert warm == kernel and sum(map(len, warm)) > 5


def test_streams_displays_and_results_are_the_same(notebook, tmp_path):
    warm, kernel = both(notebook("x = 1", "x + 1", "import matplotlib.pyplot as plt; plt.plot([1, 2]);"), tmp_path)
    assert warm == kernel and len(warm[0]) == 5


def test_a_planted_difference_is_seen(notebook, tmp_path):
    warm, kernel = both(notebook("import os; os.getpid()"), tmp_path)
    assert warm != kernel


def test_each_notebook_starts_clean(notebook, tmp_path):
    source = notebook("import cpsr_study; seen = hasattr(cpsr_study, 'mark'); cpsr_study.mark = 1; seen")
    for name in ("a", "b"):
        last = outputs(nbformat.read(run("warm", source, tmp_path / name), 4))[-1]
        assert last[0][2]["text/plain"] == "False"


def test_an_engine_that_does_not_exist():
    with pytest.raises(RequestError, match=r"Moteur inconnu : « wram » .* Vouliez-vous dire « warm »"):
        execution.engine("wram")
