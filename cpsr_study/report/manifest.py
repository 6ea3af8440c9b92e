"""The manifest of a report: what it was made from and what was made. It is also the cache.

Same inputs and whole outputs: there is nothing to do. It holds no clock and no path of a machine.
"""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cpsr_study import __version__
from cpsr_study.display import maps
from cpsr_study.parameters import Parameters
from cpsr_study.sources import catalogue, sha256

FILE = "manifest.json"
LIBRARIES = ["pandas", "matplotlib", "seaborn", "papermill", "nbconvert", "typst", "babel"]


def describe(data_dir: Path, notebooks: list[Path], parameters: Parameters, formats: list[str]) -> dict[str, Any]:
    """All that decides the content of a report, files by their sha256."""
    files = {f"notebooks/{path.name}": path for path in notebooks} | package_files()
    for path in sorted((data_dir / "reference").glob("*.*")):
        files[f"data/reference/{path.name}"] = path
    for card in catalogue(data_dir):
        if card.year <= parameters.edition or card.source == maps.SOURCE:
            for name in ("source.toml", *card.files):
                files[f"data/{card.folder.parent.parent.name}/{card.source}/{card.vintage}/{name}"] = card.folder / name
    return {
        "parameters": parameters.model_dump(),
        "formats": formats,
        "versions": {"cpsr-study": __version__, "python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        "inputs": {name: sha256(path) for name, path in sorted(files.items()) if path.is_file()},
    }


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


def is_current(folder: Path, description: dict[str, Any]) -> bool:
    """Whether the folder holds a whole report made from exactly this."""
    try:
        manifest = json.loads((folder / FILE).read_text(encoding="utf-8"))
        outputs = manifest.pop("outputs")
        return manifest == description and outputs == _outputs(folder)
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def write(folder: Path, description: dict[str, Any]) -> None:
    """Write the manifest, last: its presence says that the report is whole."""
    content = description | {"outputs": _outputs(folder)}
    (folder / FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _outputs(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FILE
    }
