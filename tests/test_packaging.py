"""The files around the code agree with one another, and none of them knows the machine it was written on."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import cpsr_study

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """The files that git holds or would hold."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = sorted({name for name in done.stdout.decode().split("\0") if name})
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def text(path: Path) -> str:
    """The text of a file, empty for a picture or an archive."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


# Dependencies


def direct(*, dev: bool) -> set[str]:
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *(project["optional-dependencies"]["dev"] if dev else [])]
    return {normal(re.match(r"[A-Za-z0-9._-]+", each)[0]) for each in wanted}


def locked() -> dict[str, str]:
    """Each package of the lock with its lines: version, marker, hashes."""
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", LOCK)
    found: dict[str, str] = {}
    for block in filter(str.strip, blocks):
        name = re.match(r"([A-Za-z0-9._-]+)==", block)
        assert name, f"not pinned: {block[:80]}"
        found[normal(name[1])] = found.get(normal(name[1]), "") + block
    return found


def test_every_direct_dependency_is_in_the_lock():
    assert direct(dev=True) - set(locked()) == set()


def test_every_locked_package_has_its_hashes():
    for name, block in locked().items():
        assert "--hash=sha256:" in block, name


def test_the_lock_names_no_address():
    assert not re.search(r"https?:|(?m:^\s*-(i|f|-index|-extra|-find|-trusted))|@ |file:", LOCK)


def test_the_lock_is_for_every_python_of_the_project():
    assert PYPROJECT["project"]["requires-python"] == ">=3.11,<3.15"
    assert "python_full_version" in LOCK or "python_version" in LOCK, "universal: with markers"


def test_conda_and_binder_get_the_same_python_and_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, locks = environment["dependencies"]
    assert python == f"python{PYPROJECT['project']['requires-python']}"
    assert pip == "pip"
    assert len(locks["pip"]) == 1 and locks["pip"][0].endswith("-r requirements.lock"), "hashes are in the lock"
    assert environment["name"] == PYPROJECT["project"]["name"] and environment["channels"] == ["conda-forge"]


def test_what_the_package_imports_is_declared():
    modules = {
        "IPython": "jupyterlab",
        "bs4": "beautifulsoup4",
        "nbformat": "nbconvert",
        "numpy": "pandas",
        "traitlets": "nbconvert",
    }
    modules |= {"jinja2": "nbconvert", "markupsafe": "nbconvert", "font_source_sans_pro": "font-source-sans-pro"}
    found = set()
    for path in (ROOT / "cpsr_study").rglob("*.py"):
        found |= set(re.findall(r"(?m)^\s*(?:from|import) ([a-zA-Z_0-9]+)", text(path)))
    import sys

    outside = {name for name in found - set(sys.stdlib_module_names) if name != "cpsr_study"}
    optional = {normal(re.split("[<>=]", each)[0]) for each in PYPROJECT["project"]["optional-dependencies"]["cluster"]}
    assert {normal(modules.get(name, name)) for name in outside} - direct(dev=False) - optional == set()


# One version


def test_the_version_is_written_in_one_place():
    assert PYPROJECT["project"]["dynamic"] == ["version"] and "version" not in PYPROJECT["project"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "cpsr_study/__init__.py"
    written = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "cpsr_study").rglob("*.py")
        if re.search(r"(?m)^__version__ = ", text(path))
    ]
    assert written == ["cpsr_study/__init__.py"]
    assert re.fullmatch(r"20\d\d\.(0?[1-9]|1[0-2])(\.\d+)?", cpsr_study.__version__)


def test_the_citation_and_the_changelog_follow_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == cpsr_study.__version__
    assert str(citation["date-released"]).startswith(cpsr_study.__version__.replace(".", "-")[:7])
    sections = re.findall(r"(?m)^## (\S+)", text(ROOT / "CHANGELOG.md"))
    assert cpsr_study.__version__ in sections[:2] and "### Méthode" in text(ROOT / "CHANGELOG.md")


# What is committed


def test_no_file_knows_the_machine_it_was_written_on(committed):
    # In pieces, so that this file does not hold what it looks for.
    folders = "|".join(["wor" + "k", "hom" + "e", "roo" + "t", "Use" + "rs", "tm" + "p", "mn" + "t"])
    machine = re.compile(rf"(?<![\w.\-/:>~)}}*])/(?:{folders})/\w|[A-Z]:\\Users")
    found = [f"{path.name}: {hit[0]}" for path in committed for hit in [machine.search(text(path))] if hit]
    assert found == []


def test_no_file_names_a_package_index(committed):
    index = re.compile(
        r"(?<!emit)(?<!no)-index" + r"-url|extra-" + r"index|trusted-" + r"host|registry\." + r"npmjs"
        r"|pypi\.org/" + r"simple|files\.python" + r"hosted|_auth" + r"Token",
    )
    found = [f"{path.name}: {hit[0]}" for path in committed for hit in [index.search(text(path))] if hit]
    assert found == []


def test_the_committed_tree_is_small(committed):
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in committed}
    assert sum(sizes.values()) < 5_000_000, sorted(sizes.items(), key=lambda item: -item[1])[:5]


def test_nothing_generated_is_committed(committed):
    names = {path.relative_to(ROOT).as_posix() for path in committed}
    generated = {n for n in names if re.match(r"data/processed/|reports/|.*__pycache__|\.venv/", n)}
    assert generated <= {"data/processed/.gitkeep", "reports/.gitkeep"}


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_is_committed_without_its_outputs(path):
    cells = json.loads(text(path))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1


def test_the_wheel_carries_the_notebooks_and_the_data():
    carried = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for folder, target in carried.items():
        assert (ROOT / folder).is_dir() and target == f"cpsr_study/_project/{folder}"
