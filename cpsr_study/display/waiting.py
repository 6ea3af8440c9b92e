"""What the commands show while one waits: steps, time left, bytes."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cpsr_study import hidden
from cpsr_study.display.terminal import say


@contextmanager
def progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal, one line a step elsewhere. Silent when there is nothing to do."""
    if not sys.stdout.isatty():
        yield lambda step, done, total: say(f"{title} : {step} ({done}/{total})")
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), transient=True)
    task = bar.add_task(title, total=None, visible=False)
    with bar:
        yield lambda step, done, total: bar.update(
            task, description=hidden.named(f"{title} : {step}"), completed=done, total=total, visible=True
        )


@contextmanager
def countdown(title: str, total: int) -> Iterator[Callable[..., None]]:
    """One bar with the time left on a terminal, under one line a step; elsewhere the lines, numbered.

    What it gives is called with a text, how many steps are done (1 or 0), and whether they took any time.
    """
    if not sys.stdout.isatty():
        done = 0

        def line(text: str, steps: int, _made: bool = True) -> None:
            nonlocal done
            done += steps
            say(f"[{done}/{total}] {text}" if steps else text)

        yield line
        return
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description}", markup=False), bars.BarColumn(), bars.MofNCompleteColumn())
    with bars.Progress(*columns, bars.TextColumn("{task.fields[left]}"), transient=True) as bar:
        task = bar.add_task(title, total=total, left="")
        pace = Pace()

        def advance(text: str, steps: int, made: bool = True) -> None:
            bar.console.print(hidden.named(text), markup=False, highlight=False)
            bar.advance(task, steps)
            pace.step(steps if made else 0)
            bar.update(task, left=pace.left(total - int(bar.tasks[0].completed)))

        yield advance


class Pace:
    """How long the rest will take: as long, each, as those made until now, what was already there left aside."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._begun, self._made = clock, clock(), 0

    def step(self, made: int) -> None:
        """So many more were made; none since the beginning: it begins now."""
        self._made += made
        if not self._made:
            self._begun = self._clock()

    def left(self, steps: int) -> str:
        """« reste 2 min 05 s », empty when nothing tells yet."""
        if not self._made or not steps:
            return ""
        minutes, seconds = divmod(round((self._clock() - self._begun) / self._made * steps), 60)
        return f"reste {minutes} min {seconds:02} s" if minutes else f"reste {seconds} s"


@contextmanager
def downloads(verb: str = "Téléchargement") -> Iterator[Callable[[str, int, int | None], None]]:
    """Bars of bytes on a terminal, one line a file elsewhere."""
    if not sys.stdout.isatty():
        announced: set[str] = set()

        def announce(name: str, done: int, total: int | None) -> None:
            if name not in announced:
                announced.add(name)
                say(f"{verb} : {name}")

        yield announce
        return
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description}", markup=False), bars.BarColumn(), bars.DownloadColumn())
    tasks: dict[str, bars.TaskID] = {}
    with bars.Progress(*columns, bars.TransferSpeedColumn(), transient=True) as bar:

        def advance(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(hidden.named(name), total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield advance
