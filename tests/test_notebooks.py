"""What a chapter may hold: questions, short calls, cautions. Nothing that belongs in the package or in the data."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from cpsr_study.report import execution

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 16
ALLOWED_IMPORTS = {"Study", "charts", "contracts", "overview", "say", "tables"}
PARAMETERS = {"territory", "edition", "compare_with", "project_years"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_nine_chapters_and_the_optional_one_are_there():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02}" for number in range(10)]
    usual = execution.chapters(NOTEBOOKS[0].parent)
    assert [path.stem[:2] for path in usual] == [f"{number:02}" for number in range(9)]
    assert execution.chapters(NOTEBOOKS[0].parent, ["09", "00"]) == [NOTEBOOKS[0], NOTEBOOKS[9]]


def test_one_parameters_cell_with_plain_defaults(notebook):
    tagged = [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert tagged == [code(notebook)[0]]
    names = {}
    for node in ast.parse(tagged[0].source).body:
        assert isinstance(node, ast.Assign)
        names[node.targets[0].id] = ast.literal_eval(node.value)
    assert set(names) <= PARAMETERS and {"territory", "edition", "compare_with"} <= set(names)
    assert all(type(value) in (str, int) for value in names.values())


def test_outputs_are_never_committed(notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))


def test_cells_are_short_and_hold_no_logic(notebook):
    for cell in code(notebook)[1:]:
        tree = ast.parse(cell.source)
        assert len(cell.source.splitlines()) <= LONGEST_CELL
        forbidden = (
            ast.FunctionDef,
            ast.ClassDef,
            ast.Lambda,
            ast.Try,
            ast.If,
            ast.IfExp,
            ast.For,
            ast.While,
            ast.With,
        )
        assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)], cell.source


def test_only_the_package_is_imported(notebook):
    for cell in code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.Import)
            if isinstance(node, ast.ImportFrom):
                assert node.module == "cpsr_study"
                assert {alias.name for alias in node.names} <= ALLOWED_IMPORTS


def test_no_path_and_no_territory_in_the_code(notebook):
    texts = [node.value for cell in code(notebook)[1:] for node in ast.walk(ast.parse(cell.source))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
    assert not [text for text in texts if re.search(r"\.(csv|json|toml|xlsx)\b|^\.?/", text)]
    assert not [text for text in texts if re.search(r"Normandie|(REG|DEP|EPCI|COM)-", text)]


def test_no_figure_is_typed_in_prose(notebook):
    """Digits belong to the data; only « 1 000 habitants » and the like, the name of a unit, may be written."""
    units = re.compile(r"pour 1(00)?[  ]000\b|de 2021\b")
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    prose += [node.value for cell in code(notebook)[1:] for node in ast.walk(ast.parse(cell.source))
              if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value]  # fmt: skip
    for text in prose:
        assert not re.search(r"\d", units.sub("", text)), text


def test_a_section_is_a_question(notebook):
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown"
                for line in cell.source.splitlines() if line.startswith("#")]  # fmt: skip
    assert headings and all(re.match(r"## .+ \?$", heading) for heading in headings)


def test_every_numbered_name_asked_exists(notebook, registry):
    """A misspelt indicator would only be seen as « non renseigné »."""
    for cell in code(notebook)[1:]:
        for node in ast.walk(ast.parse(cell.source)):
            asked = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            if asked and ast.unparse(node.func.value) == "study" and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                assert node.func.attr == "reference_table" or name in registry.indicators, name


@pytest.fixture(scope="module")
def registry():
    from cpsr_study import indicators

    return indicators.read(Path(__file__).parent.parent / "data")
