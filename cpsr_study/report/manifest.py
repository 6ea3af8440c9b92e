"""The manifest of a report: what it was made from and what was made. It is also the cache.

Same inputs and whole outputs: there is nothing to do. It holds no clock and no path of a machine.
"""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cpsr_study import __version__
from cpsr_study.display import maps
from cpsr_study.parameters import Parameters
from cpsr_study.sources import catalogue, sha256
from cpsr_study.sums import remembered

FILE = "manifest.json"
LIBRARIES = ["pandas", "matplotlib", "seaborn", "papermill", "nbconvert", "typst", "babel"]


def describe(
    data_dir: Path, notebooks: list[Path], parameters: Parameters, formats: list[str], *, surely: bool = False
) -> dict[str, Any]:
    """All that decides the content of a report, files by their sha256: remembered ones, unless `surely`."""
    return {
        "parameters": parameters.model_dump(),
        "formats": formats,
        "versions": versions(),
        "inputs": _inputs(data_dir, notebooks, parameters.edition, surely),
    }


@cache
def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the libraries that decide what a report looks like."""
    own = {"cpsr-study": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in LIBRARIES}


def _inputs(data_dir: Path, notebooks: list[Path], edition: int, surely: bool) -> dict[str, str]:
    files = {f"notebooks/{path.name}": path for path in notebooks} | package_files()
    for path in sorted((data_dir / "reference").glob("*.*")):
        files[f"data/reference/{path.name}"] = path
    for card in catalogue(data_dir):
        if card.first_edition <= edition or card.source == maps.SOURCE:
            for name in ("source.toml", *card.files):
                files[f"data/{card.folder.parent.parent.name}/{card.source}/{card.vintage}/{name}"] = card.folder / name
    sums = remembered(data_dir)
    of = sha256 if surely else sums.of
    found = {name: of(path) for name, path in sorted(files.items()) if path.is_file()}
    sums.save()
    return found


def package_files() -> dict[str, Path]:
    """The files of this package, by the names they have in a manifest."""
    package = Path(__file__).parent.parent
    return {
        f"cpsr_study/{path.relative_to(package).as_posix()}": path
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and "_project" not in path.parts
    }


def key(description: dict[str, Any]) -> str:
    """Hash of a description."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def write(folder: Path, description: dict[str, Any]) -> None:
    """Write the manifest, last: its presence says that the report is whole."""
    content = description | {"outputs": outputs(folder)}
    (folder / FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def outputs(folder: Path) -> dict[str, str]:
    """The files of a report and their sha256, the manifest aside."""
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FILE
    }
