"""A report made in this process: chapters executed or kept, merged, rendered, described, put in place."""

import shutil
import traceback
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.errors import DataError, RequestError
from cpsr_study.report import execution, forked, manifest, place, workers

if TYPE_CHECKING:
    from cpsr_study.report.plan import Plan
    from cpsr_study.report.run import Request

LOG = "journal.txt"


def job(request: "Request", plan: "Plan") -> str:
    """Make the report from a worker. Returns an empty text, or the sentence that says what stopped it.

    The worker itself only does what is the same for all its reports: it reads the table of the edition (and sees to it
    that it is in `data/processed`), the outlines of maps, what notebooks declare. All the rest is done and lost in a
    forked child.
    """
    if request.engine != "warm":
        return _attempt((request, plan))
    from cpsr_study import observations
    from cpsr_study.display import drawn, maps

    try:
        observations.table(request.data_dir, request.parameters.edition)
        with suppress(DataError):  # a chapter that draws no map does without, the others say that they are not there
            maps.outlines(request.data_dir)
        for notebook in request.chapters:
            execution.declared(notebook)
        return next(problem for _, problem in forked.each(_attempt, [(request, plan)], 1))
    except (DataError, RequestError) as error:
        return str(error)
    finally:
        drawn.trim()


def _attempt(work: "tuple[Request, Plan]") -> str:
    request, plan = work
    failed = request.folder.with_name(f"{request.folder.name}-echec")
    try:
        make(request, plan)
        return ""
    except OSError as error:
        return f"Écriture impossible dans {request.output} : {error.strerror or error}."
    except (DataError, RequestError) as error:
        return str(error)
    except Exception as error:  # a fault of the program: one sentence for the reader, the rest in a file
        failed.mkdir(parents=True, exist_ok=True)
        (failed / LOG).write_text(traceback.format_exc(), encoding="utf-8")
        return f"{type(error).__name__} : {error}. Journal : {failed / LOG}."


def make(request: "Request", plan: "Plan") -> None:
    """Make the report and put it in place. DataError when a chapter fails: the last good report stays untouched."""
    with place.workshop(request.output) as work:
        _build(request, plan, work)
        place.put(work / "report", request.folder)


def _build(request: "Request", plan: "Plan", work: Path) -> None:
    from cpsr_study.study import Study

    study = Study.open(**request.parameters.model_dump(), data_dir=request.data_dir)
    study.prepare()
    executed = _execute(request, plan, work / "executed")
    total = len(request.chapters)
    workers.advance("mise en page", total, total)

    from cpsr_study.report import document

    chapters = {path.stem: document.read(path) for path in executed}
    report = work / "report"
    (report / "notebooks").mkdir(parents=True)
    for path in executed:
        shutil.copy(path, report / "notebooks")
    merged = document.merge(chapters, study, _colophon(plan.description))
    pieces: list[Callable[[], None]] = [lambda: _files(merged, study, report)]
    if "html" in request.formats:
        pieces.append(lambda: _html(merged, report))
    if "pdf" in request.formats:
        pieces.insert(0, lambda: _pdf(merged, report))  # the longest first
    if request.engine == "warm" and request.workers > 1:
        for _ in forked.each(lambda piece: piece(), pieces, request.workers):
            pass
    else:
        for piece in pieces:
            piece()
    manifest.write(report, plan.description)


def _files(merged: Any, study: Any, report: Path) -> None:
    from cpsr_study.report import export

    export.figures_and_tables(merged, report)
    export.observations(study, report / "observations.csv")


def _html(merged: Any, report: Path) -> None:
    from cpsr_study.report import html

    (report / "report.html").write_text(html.render_html(merged), encoding="utf-8", newline="\n")


def _pdf(merged: Any, report: Path) -> None:
    from cpsr_study.report import pdf

    (report / "report.pdf").write_bytes(pdf.render_pdf(merged))


def _execute(request: "Request", plan: "Plan", folder: Path) -> list[Path]:
    """The executed chapters, in order: those that can be kept as they are, the others made again."""
    folder.mkdir()
    found = [plan.kept.get(path.stem, folder / path.name) for path in request.chapters]
    tasks = [
        execution.Task(path, folder / path.name, request.parameters.model_dump(), request.data_dir, request.engine)
        for path in _ordered(request)
        if path.stem not in plan.kept
    ]
    workers.advance("chapitres", 0, len(tasks))
    try:
        for done, path in enumerate(execution.execute(tasks, request.workers), start=1):
            workers.advance(path.stem, done, len(tasks))
    except DataError as error:
        kept = execution.keep_failed(folder, request.folder.with_name(f"{request.folder.name}-echec"))
        raise DataError(f"{error} Notebook exécuté : {kept}.") from None
    return found


def _ordered(request: "Request") -> list[Path]:
    """The chapters in the order in which they are begun.

    With several processes, the longest first: none is left alone with it at the end. With one, the territory decides
    which is first: reports begun together do not draw the same figures at the same time.
    """
    if request.workers > 1:
        return sorted(request.chapters, key=lambda path: -path.stat().st_size)
    first = zlib.crc32(request.folder.name.encode()) % len(request.chapters)
    return [*request.chapters[first:], *request.chapters[:first]]


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
