"""What the commands print: tables, progress, the chain of a number."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from typing import TYPE_CHECKING, Any

from cpsr_study import hidden
from cpsr_study.errors import RequestError

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.study import Study
    from cpsr_study.territories import Territory

FORMATS = ("table", "csv", "json")
MAX_ROWS = 200


def say(text: str) -> None:
    """A line on the terminal, which obeys nothing that a name may hide."""
    print(hidden.named(text), flush=True)


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


def table(frame: "pd.DataFrame", format: str, name: str, shown: list[str] | None = None) -> None:
    """A frame as a table on the terminal (the columns `shown`), as CSV or as JSON (all columns)."""
    if format not in FORMATS:
        raise RequestError(f"Format inconnu : « {hidden.shown(format)} » ({', '.join(FORMATS)}).")
    if format == "json":
        records = [{key: _known(value) for key, value in row.items()} for row in frame.to_dict("records")]
        _data(json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    elif format == "csv":
        from cpsr_study.report.export import csv_text

        rows = frame.astype(object).to_numpy().tolist()
        _data(csv_text(list(frame.columns), [[_plain(value) for value in row] for row in rows]))
    else:
        _rich_table(frame[shown] if shown else frame, name)


def _data(text: str) -> None:
    """Data go to a file as they are; a terminal would obey what they hide."""
    sys.stdout.write(hidden.named(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def _text(text: object) -> Any:
    from rich.text import Text

    return Text(hidden.named(str(text)))


def _plain(value: Any) -> Any:
    """Whole numbers without a useless `.0`, nothing for a number that is not known."""
    value = "" if _known(value) is None else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known(value: Any) -> Any:
    """The value, None for one that is not a number: JSON has no other word for it."""
    return None if isinstance(value, float) and isnan(value) else value


def _rich_table(frame: "pd.DataFrame", name: str) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = [column for column in frame.columns if frame.empty or frame[column].ne("").any()]
    grid = Table(title=f"{len(frame)} {name}", show_lines=False)
    for column in shown:
        grid.add_column(column, overflow="fold")
    for row in frame[shown].head(MAX_ROWS).itertuples(index=False):
        grid.add_row(*(_text(_plain(value)) for value in row))
    Console().print(grid)
    if len(frame) > MAX_ROWS:
        say(f"… {len(frame) - MAX_ROWS} lignes de plus : --format csv les donne toutes.")


def areas(found: "list[Territory]", format: str) -> None:
    """Areas with code, name, level and population."""
    import pandas as pd

    rows = [(area.code, area.name, area.level, area.population) for area in found]
    table(pd.DataFrame(rows, columns=["code", "nom", "niveau", "population"]), format, "territoires")


def trace(study: "Study", found: "pd.DataFrame") -> None:
    """The whole chain of each observation, as a tree down to the words of the sources."""
    from rich.console import Console
    from rich.tree import Tree

    for name in found["id"]:
        tree = Tree(_line(study, name))
        _grow(tree, study, name)
        Console().print(tree)


def _grow(tree: Any, study: "Study", name: str) -> None:
    row = study.row(name)
    details = {
        "publié": f"« {row['as_published']} »" if row["as_published"] else "",
        "source": f"{row['source']}/{row['vintage']} ({_dated(study, row)})" if row["vintage"] else "",
        "emplacement": row["locator"],
        "formule": row["formula"],
        "correction": row["correction"],
        "note": row["note"],
    }
    for key, value in details.items():
        if value:
            tree.add(_text(f"{key} : {value}"))
    for each in row["inputs"].split():
        _grow(tree.add(_line(study, each)), study, each)


def _dated(study: "Study", row: dict[str, Any]) -> str:
    return next(card.dated for card in study.cards if (card.source, card.vintage) == (row["source"], row["vintage"]))


def _line(study: "Study", name: str) -> Any:
    line = study.labelled([name]).iloc[0]
    label = ", ".join(filter(None, [line["indicator_label"], line["category_label"]]))
    return _text(f"{label}, {line['geo_label']}, {line['period_label']} : {line['text']}  [{name}]")
