"""From parameters to a report folder: execute, merge, render, write the manifest, put in place."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpsr_study import paths
from cpsr_study.area_names import shown
from cpsr_study.errors import DataError, RequestError
from cpsr_study.parameters import Parameters, suggestion
from cpsr_study.report import execution, manifest

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


def run(request: Request, progress: Progress | None = None) -> Result:
    """Make the report, unless the one in place is already it. A failed run leaves the last good report untouched."""
    description = manifest.describe(request.data_dir, request.chapters, request.parameters, request.formats)
    if not request.force and manifest.is_current(request.folder, description):
        return Result(request.folder, built=False)
    try:
        request.output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".en-cours-", dir=request.output) as name:
            _build(request, description, Path(name), progress or (lambda *_: None))
            _put_in_place(Path(name) / "report", request.folder)
    except OSError as error:
        raise DataError(f"Écriture impossible dans {request.output} : {error.strerror or error}.") from None
    return Result(request.folder, built=True)


def _build(request: Request, description: dict[str, Any], work: Path, progress: Progress) -> None:
    from cpsr_study.study import Study

    study = Study.open(**request.parameters.model_dump(), data_dir=request.data_dir)
    executed = _execute(request, work / "executed", progress)
    total = len(request.chapters)
    progress("mise en page", total, total)

    from cpsr_study.report import document, export, html, pdf

    chapters = {path.stem: document.read(path) for path in executed}
    report = work / "report"
    report.mkdir()
    for name, chapter in chapters.items():
        export.notebook(chapter, report / "notebooks" / f"{name}.ipynb")
    merged = document.merge(chapters, study, _colophon(description))
    export.figures_and_tables(merged, report)
    export.observations(study, report / "observations.csv")
    if "html" in request.formats:
        (report / "report.html").write_text(html.render_html(merged), encoding="utf-8", newline="\n")
    if "pdf" in request.formats:
        (report / "report.pdf").write_bytes(pdf.render_pdf(merged))
    manifest.write(report, description)


def _execute(request: Request, folder: Path, progress: Progress) -> list[Path]:
    folder.mkdir()
    tasks = [
        execution.Task(path, folder / path.name, request.parameters.model_dump(), request.data_dir, request.engine)
        for path in request.chapters
    ]
    progress("chapitres", 0, len(tasks))
    try:
        for done, path in enumerate(execution.execute(tasks, request.workers), start=1):
            progress(path.stem, done, len(tasks))
    except DataError as error:
        kept = execution.keep_failed(folder, request.folder.with_name(f"{request.folder.name}-echec"))
        raise DataError(f"{error} Notebook exécuté : {kept}.") from None
    return [task.target for task in tasks]


def _colophon(description: dict[str, Any]) -> list[dict[str, str]]:
    versions = description["versions"]
    return [
        {"label": "Logiciel", "text": f"cpsr-study {versions['cpsr-study']}, Python {versions['python']}"},
        {
            "label": "Bibliothèques",
            "text": ", ".join(f"{name} {versions[name]}" for name in manifest.LIBRARIES),
        },
        {"label": "Empreinte des entrées (sha256)", "text": manifest.key(description)},
        {
            "label": "Licences",
            "text": "Texte et données : Licence Ouverte 2.0, sources citées ; code : MIT ; "
            "contours des départements : svg-maps, CC-BY 4.0.",
        },
    ]


def _put_in_place(new: Path, target: Path) -> None:
    """Swap folders by renaming: a reader sees the old report or the new one, never half of either."""
    old = target.with_name(f".ancien-{target.name}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)


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
