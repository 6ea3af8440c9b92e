"""The processes that make reports: a pool of this machine. Each one makes whole reports.

With the warm engine they are forked from a server that has imported everything and drawn once; in a worker, each
report, and in it each chapter, is a forked child (see `forked`). Elsewhere they are ordinary new processes.
"""

import shutil
import signal
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cpsr_study.display import drawn
from cpsr_study.errors import DataError
from cpsr_study.report import place
from cpsr_study.report.forked import die_with_parent

Progress = Callable[[str, int, int], None]
_progress: Progress | None = None


def pool(workers: int, engine: str, sender: Connection | None = None) -> ProcessPoolExecutor:
    """An executor of `workers` processes for an engine, which draw the same figure once; they report to `sender`."""
    drawings = place.room() if engine == "warm" else None
    executor = ProcessPoolExecutor(
        workers, mp_context=_context(engine), initializer=_begin, initargs=(sender, drawings)
    )
    if drawings:
        weakref.finalize(executor, shutil.rmtree, drawings, ignore_errors=True)
    return executor


def announce(engine: str) -> None:
    """A pool will be asked for: the server of the warm engine imports while this process does something else."""
    if engine == "warm":
        _context(engine)
        forkserver.ensure_running()


def _context(engine: str) -> Any:
    context: Any = get_context("forkserver" if engine == "warm" else "spawn")
    if engine == "warm":
        context.set_forkserver_preload(["cpsr_study.report.warm"])
    return context


def followed(engine: str, progress: Progress, function: Callable[..., Any], *given: Any) -> Any:
    """Call a function in one worker and hand its progress on. Returns or raises what it does.

    DataError when the worker is killed (by the system, when memory lacks).
    """
    receiver, sender = get_context("spawn").Pipe(duplex=False)
    with pool(1, engine, sender) as executor:
        future = executor.submit(function, *given)
        future.add_done_callback(lambda _: sender.send(None))
        while step := receiver.recv():
            progress(*step)
        try:
            return future.result()
        except BrokenProcessPool:
            raise DataError("Le processus qui faisait le rapport a été arrêté : mémoire insuffisante ?") from None


def advance(step: str, done: int, total: int) -> None:
    """Report progress to whoever started this worker, if it listens."""
    if _progress:
        _progress(step, done, total)


def _begin(sender: Connection | None, drawings: Path | None) -> None:
    global _progress
    if drawings:
        drawn.keep(drawings)
    die_with_parent()
    # Ctrl-C is answered by the process that the reader sees; a worker has nothing to say about it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _progress = (lambda *step: sender.send(step)) if sender else None
