"""What several commands share: their options, the study they ask, how a folder is shown."""

from pathlib import Path
from typing import Annotated, Any

import typer

Edition = Annotated[
    str | None, typer.Option("--edition", help="Année de l'état des connaissances (la dernière par défaut).")
]
Format = Annotated[str, typer.Option("--format", help="table, csv ou json.")]


def open_study(geo: str | None, edition: str | None, other: str | None = None) -> Any:
    """The study of an area and an edition; the newest edition and the default area when None."""
    from cpsr_study.study import Study

    given: dict[str, Any] = {"territory": geo, "edition": edition, "compare_with": other}
    return Study.open(**{name: value for name, value in given.items() if value is not None})


def short(path: Path) -> Path:
    """The path as seen from the current folder, when it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
