"""What every benchmark writes: its measures with their date, machine and versions, and its tables in a page of docs."""

import json
import os
import platform
from collections.abc import Iterable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results"
MARK, END = "<!-- mesures -->", "<!-- fin des mesures -->"


def keep(part: str, measured: dict[str, object], libraries: dict[str, str]) -> None:
    """Write down what was measured, when, on what kind of machine and with what."""
    RESULTS.mkdir(exist_ok=True)
    about = {"date": date.today().isoformat(), "machine": machine(), "versions": libraries}
    text = json.dumps(about | measured, indent=1, ensure_ascii=False)
    (RESULTS / f"{part}.json").write_text(text + "\n", encoding="utf-8")


def kept(part: str) -> dict | None:
    """What was measured of a part; None when it was not."""
    path = RESULTS / f"{part}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def machine() -> str:
    """The kind of machine, never its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cœurs, {memory:.0f} Gio"


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Python and those of the libraries that are installed."""
    found = {"Python": platform.python_version()}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def heading(title: str, found: dict, rounds: int | str) -> str:
    """The title of a table, and the line that says when, where, with what and how often it was measured."""
    told = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    when = f"{found['date']}, {found['machine']}, {told}. Médianes, tours entrelacés : {rounds}."
    return f"\n## {title}\n\n{when}\n\n"


def put(page: Path, text: str) -> None:
    """Write the tables in a page, after its mark and up to the mark of their end, if it has one."""
    before, _, rest = page.read_text(encoding="utf-8").partition(MARK)
    _, end, after = rest.partition(END)
    page.write_text(f"{before.rstrip()}\n\n{MARK}\n{text}" + (f"\n{end}{after}" if end else ""), encoding="utf-8")


def french(number: float) -> str:
    """Two decimals, with a comma."""
    return f"{number:.2f}".replace(".", ",")
