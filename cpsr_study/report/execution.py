"""Chapters executed by papermill, each in a process of its own."""

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.parameters import suggestion
from cpsr_study.report import forked

ENGINES = ("warm", "kernel")
OPTIONAL = ("09",)  # chapters made only when asked for


@dataclass(frozen=True)
class Task:
    """One chapter to execute: the notebook, where the executed one goes, its parameters, the data it reads."""

    notebook: Path
    target: Path
    parameters: dict[str, Any]
    data_dir: Path
    engine: str


def engine(wanted: str | None = None) -> str:
    """The engine to use: `warm` (forked from a process that has imported everything) or `kernel` (papermill's own).

    Forking is only safe, and the default, on Linux. RequestError on an unknown or impossible engine.
    """
    if wanted is None:
        return "warm" if sys.platform == "linux" else "kernel"
    if wanted not in ENGINES:
        raise RequestError(f"Moteur inconnu : « {shown(wanted)} » (warm, kernel).{suggestion(wanted, ENGINES)}")
    if wanted == "warm" and sys.platform != "linux":
        raise RequestError("Le moteur « warm » demande Linux : utilisez --engine kernel.")
    return wanted


def chapters(notebooks_dir: Path, wanted: list[str] | None = None) -> list[Path]:
    """The chapters, in order; `wanted` holds numbers (`01`) or names, else all but the optional ones are given.

    RequestError on an unknown one.
    """
    found = sorted(notebooks_dir.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise DataError(f"Aucun chapitre dans {notebooks_dir}.")
    if not wanted:
        return [path for path in found if path.stem[:2] not in OPTIONAL]
    names = {path.stem[:2]: path for path in found} | {path.stem: path for path in found}
    for name in wanted:
        if name not in names:
            known = ", ".join(path.stem[:2] for path in found)
            raise RequestError(f"Chapitre inconnu : « {shown(name)} » (connus : {known}).{suggestion(name, names)}")
    return sorted({names[name] for name in wanted})


def execute(tasks: list[Task], workers: int) -> Iterator[Path]:
    """Execute the chapters, `workers` at a time, and give each executed notebook as it is done.

    With the warm engine this process must be a warm one (see `workers`). DataError on the first chapter that fails,
    naming the cell and the reason; its notebook stays at its target.
    """
    if tasks and tasks[0].engine == "warm":
        done: Iterator[tuple[Task, str]] = forked.each(execute_one, tasks, workers)
    else:
        done = _spawned(tasks, workers)
    for task, problem in done:
        if problem:
            raise DataError(problem)
        yield task.target


def executed(tasks: list[Task], workers: int) -> list[Path]:
    """The same, all at once."""
    return list(execute(tasks, workers))


def _spawned(tasks: list[Task], workers: int) -> Iterator[tuple[Task, str]]:
    if not tasks:
        return
    size, spawn = min(workers, len(tasks)), get_context("spawn")
    with ProcessPoolExecutor(size, mp_context=spawn, initializer=forked.die_with_parent) as pool:
        futures = {pool.submit(execute_one, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def execute_one(task: Task) -> str:
    """Execute one chapter. Returns an empty text, or the sentence that says where and why it stopped."""
    os.environ["CPSR_DATA_DIR"] = str(task.data_dir)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    warnings.filterwarnings("ignore", category=FutureWarning)
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    from cpsr_study.report.engine import KERNEL, NAME, KernelEngine, WarmEngine

    papermill_engines.register(NAME, WarmEngine)
    papermill_engines.register(KERNEL, KernelEngine)

    given = {name: value for name, value in task.parameters.items() if name in declared(task.notebook)}
    try:
        papermill.execute_notebook(
            str(task.notebook),
            None,  # the engine writes it
            target=str(task.target),
            parameters=given,
            kernel_name="python3",
            engine_name=NAME if task.engine == "warm" else KERNEL,
            cwd=str(task.target.parent),
            progress_bar=False,
            # Written once: forty times, for who watches it, a chapter of many figures costs a fifth more.
            request_save_on_cell_execute=False,
            # The kernel would otherwise tell the reader's terminal about its sockets.
            extra_arguments=["--log-level=CRITICAL"],
        )
    except PapermillExecutionError as error:
        reason = f"{error.ename} : {error.evalue}".strip()
        return f"Le chapitre {task.notebook.stem} s'est arrêté à la cellule {error.cell_index + 1} ({reason})."
    return ""


def declared(notebook: Path) -> frozenset[str]:
    """The parameters that a notebook declares, read once by a process and its children."""
    return _declared(notebook, notebook.stat().st_mtime_ns)


@cache
def _declared(notebook: Path, _written: int) -> frozenset[str]:
    import papermill

    return frozenset(papermill.inspect_notebook(str(notebook)))


def keep_failed(folder: Path, target: Path) -> Path:
    """Move what was executed out of the temporary folder, for inspection. Returns where it is."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in folder.glob("*.ipynb"):
        shutil.move(str(path), target / path.name)
    return target
