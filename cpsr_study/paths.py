"""Where the project lives: the only module that knows the names of the folders."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent


def project_dir() -> Path:
    """Folder that holds `notebooks/` and `data/`: the checkout, or the copy carried by an installed wheel."""
    checkout = _PACKAGE.parent
    return checkout if (checkout / "notebooks").is_dir() else _PACKAGE / "_project"


def data_dir() -> Path:
    """Data folder: `CPSR_DATA_DIR` when set, else the project's own."""
    chosen = os.environ.get("CPSR_DATA_DIR")
    return Path(chosen).expanduser().resolve() if chosen else project_dir() / "data"


def notebooks_dir() -> Path:
    """Folder of the chapters."""
    return project_dir() / "notebooks"
