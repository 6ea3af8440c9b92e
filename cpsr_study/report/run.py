"""From parameters to a report folder: what to do is decided here, in a light process; a worker does it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cpsr_study import paths
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.parameters import Parameters, suggestion
from cpsr_study.report import execution, manifest, place
from cpsr_study.report.plan import Plan, plan

FORMATS = ["html", "pdf"]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Request:
    """A report to make: resolved parameters, chapters, formats, folders."""

    parameters: Parameters
    data_dir: Path
    output: Path
    chapters: list[Path]
    formats: list[str]
    workers: int
    force: bool = False
    engine: str = "kernel"

    @property
    def folder(self) -> Path:
        return self.output / f"{self.parameters.territory}-{self.parameters.edition}"


@dataclass(frozen=True)
class Result:
    """Where the report is, and whether anything had to be done."""

    folder: Path
    built: bool


def formats(text: str) -> list[str]:
    """Formats asked for, in the usual order. RequestError on an unknown one."""
    asked = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in asked:
        if name not in FORMATS:
            raise RequestError(f"Format inconnu : « {shown(name)} » (html, pdf).{suggestion(name, FORMATS)}")
    if not asked:
        raise RequestError("Aucun format demandé (html, pdf).")
    return [name for name in FORMATS if name in asked]


def planned(request: Request) -> Plan:
    """What has to be made again for this request, and why."""
    description = manifest.describe(request.data_dir, request.chapters, request.parameters, request.formats)
    return plan(request.folder, description, request.force)


def run(request: Request, progress: Progress | None = None, tell: Callable[[str], None] | None = None) -> Result:
    """Make the report, unless the one in place is already it. A failed run leaves the last good report untouched.

    `tell` is given each reason why anything is made.
    """
    place.tidy(request.output)
    todo = planned(request)
    for reason in todo.reasons if tell else ():
        tell(reason)  # type: ignore[misc]
    if not todo.reasons:
        return Result(request.folder, built=False)
    from cpsr_study.report import build, workers

    problem = workers.followed(request.engine, progress or (lambda *_: None), build.job, request, todo)
    if problem:
        raise DataError(problem)
    return Result(request.folder, built=True)


def request(
    parameters: Parameters,
    data_dir: Path,
    *,
    output: Path,
    chapters: list[str] | None = None,
    formats_text: str = "html,pdf",
    workers: int | None = None,
    force: bool = False,
    engine: str | None = None,
) -> Request:
    """A complete request, checked before any work."""
    count = workers if workers is not None else os.cpu_count() or 1
    if count < 1:
        raise RequestError(f"Il faut au moins un processus (--workers), et non {count}.")
    found = execution.chapters(paths.notebooks_dir(), chapters)
    kinds, engine = formats(formats_text), execution.engine(engine)
    return Request(parameters, data_dir, output.resolve(), found, kinds, count, force, engine)
