"""Many reports: those that are not up to date, made by the workers of an executor, whatever happens to some of them.

The executor is any `concurrent.futures.Executor`: the pool of this machine, or a cluster's (see `cluster`). Each report
comes out whole or not at all, so that a batch stopped at any moment goes on where it was when it is started again.
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpsr_study.errors import DataError
from cpsr_study.report import build, run, workers
from cpsr_study.report.plan import Plan

ATTEMPTS = 3  # how many times a report is given again when its worker was killed
AHEAD = 3  # pieces of work handed out for each worker: none waits, and few are lost with an executor


@dataclass(frozen=True)
class Site:
    """Where reports are made: opens an executor of `size` workers; `job` is what each one does.

    Closed before the end, after a failure or Ctrl-C, it begins nothing more of what was handed out.
    `job` gives an empty text or the sentence that says what stopped it; `receive` puts in place what came back;
    `announce` says that there will be work.
    """

    open: Callable[[], AbstractContextManager[Executor]]
    size: int
    job: Callable[[run.Request, Plan], Any] = build.job
    receive: Callable[[run.Request, Any], str] = lambda _, answer: str(answer)
    announce: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Outcome:
    """What became of a report: made, already there, or the sentence that says why not."""

    request: run.Request
    built: bool
    problem: str = ""
    reasons: tuple[str, ...] = ()


def local(size: int, engine: str) -> Site:
    """The processes of this machine."""

    @contextmanager
    def opened() -> Iterator[Executor]:
        executor = workers.pool(size, engine)
        try:
            yield executor
        finally:
            # By the executor itself: a future cancelled here while its worker dies would leave it waiting for ever.
            executor.shutdown(cancel_futures=True)

    return Site(opened, size, announce=lambda: workers.announce(engine))


def make(requests: list[run.Request], site: Site) -> Generator[Outcome, None, None]:
    """Make the reports that are not up to date; each outcome as it is known, those with nothing to do first."""
    todo: list[tuple[run.Request, Plan, int]] = []
    for request in requests:
        plan = run.planned(request)
        if plan.reasons:
            if not todo:
                site.announce()
            todo.append((request, plan, 1))
        else:
            yield Outcome(request, built=False)
    while todo:
        lost: list[tuple[run.Request, Plan, int]] = []
        yield from _round(todo, site, lost)
        todo = []
        for request, plan, attempt in lost:
            if attempt < ATTEMPTS:
                todo.append((request, plan, attempt + 1))
            else:
                yield Outcome(request, False, f"Processus arrêté {ATTEMPTS} fois pendant ce territoire.")


def _round(todo: list[tuple[run.Request, Plan, int]], site: Site, lost: list[Any]) -> Iterator[Outcome]:
    """Hand the work out; what a broken executor did not finish goes to `lost`."""
    waiting = list(reversed(todo))
    under_way: dict[Future[Any], tuple[run.Request, Plan, int]] = {}
    with site.open() as executor:
        while waiting or under_way:
            while waiting and len(under_way) < AHEAD * site.size:
                work = waiting.pop()
                try:
                    under_way[executor.submit(site.job, work[0], work[1])] = work
                except BrokenExecutor:
                    lost.append(work)
                    lost += reversed(waiting)
                    waiting = []
            done, _ = wait(under_way, return_when=FIRST_COMPLETED) if under_way else ((), ())
            for future in done:
                work = under_way.pop(future)
                if outcome := _outcome(future, work, site):
                    yield outcome
                else:
                    lost.append(work)


def _outcome(future: "Future[Any]", work: tuple[run.Request, Plan, int], site: Site) -> Outcome | None:
    """The outcome of finished work, None when its executor died under it."""
    request, plan, _ = work
    try:
        problem = site.receive(request, future.result())
    except BrokenExecutor:
        return None
    except DataError as error:
        problem = str(error)
    except Exception as error:  # whatever an executor raises is the problem of this report alone
        problem = f"{type(error).__name__} : {error}"
    return Outcome(request, not problem, problem, tuple(plan.reasons))


def logs(outcome: Outcome) -> Path | None:
    """The folder that keeps what a failed report left, if there is one."""
    folder = outcome.request.folder.with_name(f"{outcome.request.folder.name}-echec")
    return folder if outcome.problem and folder.is_dir() else None
