"""Measure the ways of making the report, paired and interleaved, and write the table of `docs/performances.md`.

    python benchmarks/bench.py report|batch|workers|again [--rounds 5]   measures one part, kept in benchmarks/results/
    python benchmarks/bench.py table                               writes the table from what was measured

Each round runs every way once, in turn, so that what else the machine does weighs on all; a ratio is taken inside its
round, and the median of the rounds is given. Times of another machine mean little, ratios travel better.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import measures
from measures import PROJECT, french

HERE = Path(__file__).resolve().parent
NOTEBOOKS = PROJECT / "notebooks"
BIN = PROJECT / ".venv" / "bin"
OTHER = PROJECT / ".venv-bench" / "bin"
PAGE = PROJECT / "docs" / "performances.md"
PLAIN = "script simple, un cœur"
TERRITORY = "REG-28"
DEPARTEMENTS = [f"DEP-{number:02}" for number in (*range(1, 20), *range(21, 26))]  # 24: there is no 20
COUNTS = {"report": 1, "batch": len(DEPARTEMENTS), "workers": 8}  # territories of each part
VERSIONS = ("pandas", "matplotlib", "papermill", "nbconvert", "typst", "ipykernel", "distributed")

Way = Callable[[Path], list[str]]


def program(*given: str) -> Way:
    """The command of this package, its output in the folder of the round."""
    return lambda folder: [str(BIN / "cpsr-study"), *given, "--output", str(folder / "reports")]


def script(name: str, *given: str, python: Path = BIN) -> Way:
    """A script of this folder."""
    return lambda folder: [
        str(python / "python"), str(HERE / name), str(NOTEBOOKS), *(each.format(folder=folder) for each in given)
    ]  # fmt: skip


def nbconvert(folder: Path) -> list[str]:
    """`jupyter nbconvert --execute` of every chapter."""
    chapters = sorted(str(path) for path in NOTEBOOKS.glob("0[0-8]_*.ipynb"))
    options = ["--to", "html", "--execute", "--output-dir", str(folder / "nbconvert")]
    return [str(BIN / "jupyter"), "nbconvert", *options, *chapters]


def snakemake(folder: Path) -> list[str]:
    """snakemake calling papermill."""
    given = {
        "notebooks": NOTEBOOKS,
        "output": folder / "snakemake",
        "territory": TERRITORY,
        "papermill": BIN / "papermill",
    }
    config = [f"{name}={value}" for name, value in given.items()]
    return [
        str(OTHER / "snakemake"), "--snakefile", str(HERE / "Snakefile"), "--directory", str(folder), "--cores", "2",
        "--quiet", "all", "--config", *config,
    ]  # fmt: skip


PARTS: dict[str, dict[str, Way]] = {
    "report": {
        PLAIN: script("plain_script.py", "1", TERRITORY),
        "cpsr-study run, 2 processus (HTML et PDF)": program("run", TERRITORY, "--workers", "2"),
        "papermill, à la suite": script("papermill_sequential.py", "{folder}/papermill", "1", TERRITORY),
        "papermill, 2 processus": script("papermill_sequential.py", "{folder}/pool", "2", TERRITORY),
        "jupyter nbconvert --execute": nbconvert,
        "ploomber-engine (même processus)": script("ploomber_script.py", "{folder}/ploomber", TERRITORY, python=OTHER),
        "snakemake et papermill, 2 cœurs": snakemake,
    },
    "batch": {
        "script simple, 2 processus": script("plain_script.py", "2", *DEPARTEMENTS),
        "cpsr-study batch, 2 processus (HTML et PDF)": program("batch", "--territories", "{file}", "--workers", "2"),
    },
    "workers": {
        f"cpsr-study batch, {count} processus": program("batch", "--territories", "{file}", "--workers", str(count))
        for count in (1, 2, 4)
    },
}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=[*PARTS, "again", "table"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=5, help="no new round is begun after that time")
    parser.add_argument("--without", default="", help="ways to leave out: words of their names, comma-separated")
    given = parser.parse_args()
    if given.part == "table":
        write_table()
    elif given.part == "again":
        measure_again(given.rounds)
    else:
        measure(given.part, given.rounds, given.minutes, [word for word in given.without.split(",") if word])


def measure(part: str, rounds: int, minutes: float, without: list[str]) -> None:
    """Run every way in turn, `rounds` times or until the time is over."""
    ways = {name: way for name, way in PARTS[part].items() if not any(word in name for word in without)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    memory: dict[str, list[int]] = {}
    growth: dict[str, list[float]] = {}
    for name, way in ways.items():  # a round of its own: to look at the memory of many processes slows them
        watch = once(way, part, watched=True)[1]
        memory[name], growth[name] = [watch.most], [watch.growth]
        print(f"{part} {name} : {watch.most} Mo", flush=True)
    began = time.monotonic()
    for rank in range(rounds):
        if rank and time.monotonic() - began > 60 * minutes:
            break
        for name in rotated(list(ways), rank):
            seconds[name].append(once(ways[name], part)[0])
            print(f"{part} {rank + 1}/{rounds} {name} : {seconds[name][-1]:.1f} s", flush=True)
        measures.keep(part, {"seconds": seconds, "memory": memory, "growth": growth}, versions())


def rotated(names: list[str], rank: int) -> list[str]:
    """Another first way each round, so that none is always after the same one."""
    start = rank % len(names)
    return names[start:] + names[:start]


def once(way: Way, part: str, watched: bool = False) -> "tuple[float, Watch]":
    """Wall seconds of one run in an empty folder, and what was seen of its memory when it is `watched`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        codes = folder / "territoires.txt"
        codes.write_text("\n".join(DEPARTEMENTS[: COUNTS[part]]), encoding="utf-8")
        command = [each.replace("{file}", str(codes)) for each in way(folder)]
        with open(folder / "log", "w", encoding="utf-8") as log:
            began = time.perf_counter()
            child = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log, env=environment())
            watch = Watch(child.pid)
            if watched:
                watch.start()
            code = child.wait()
            spent = time.perf_counter() - began
            watch.stop()
        if code:
            raise SystemExit(f"{command[0]} : code {code}\n{(folder / 'log').read_text(encoding='utf-8')[-2000:]}")
        check(folder, part, command)
    return spent, watch


def check(folder: Path, part: str, command: list[str]) -> None:
    """A way that made nothing would be the fastest of all."""
    if "cpsr-study" in command[0]:
        made = [path for path in folder.glob("reports/*/report.html") if path.stat().st_size > 100_000]
        if len(made) != COUNTS[part]:
            raise SystemExit(f"{len(made)} rapports au lieu de {COUNTS[part]}.")
    elif "plain_script.py" not in " ".join(command):
        made = [path for path in folder.rglob("0?_*.*") if path.suffix in (".ipynb", ".html")]
        if len(made) < 9:
            raise SystemExit(f"{len(made)} chapitres au lieu de 9.")


def environment() -> dict[str, str]:
    """What every way is given: the package, and no warning on frozen modules."""
    return os.environ | {
        "PYTHONPATH": str(PROJECT), "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JUPYTER_PATH": str(PROJECT / ".venv" / "share" / "jupyter"),
    }  # fmt: skip


class Watch(threading.Thread):
    """Looks at a process and all below it, and keeps the most memory that one of them held alone and shared (PSS)."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.seen, self._over = pid, [0], threading.Event()

    @property
    def most(self) -> int:
        """The most of the whole run (Mo)."""
        return max(self.seen)

    @property
    def growth(self) -> float:
        """The most of the last third of the run over that of the second: the first one fills the workers."""
        third = len(self.seen) // 3
        return max(self.seen[2 * third :]) / (max(self.seen[third : 2 * third], default=0) or 1)

    def run(self) -> None:
        """Look twice a second, where the system tells (Linux)."""
        while not self._over.wait(0.5):
            self.seen.append(max(map(proportional, below(self.pid))))

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        if self.is_alive():
            self.join()


def below(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for each in found:
        try:
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def proportional(pid: int) -> int:
    """Memory of a process, what it shares being divided among those who share it (Mo)."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    return 0


def measure_again(rounds: int) -> None:
    """What is left to pay when there is nothing to do: beside Python's own start."""
    names = ("python -c pass", "--help", "run", "batch, 101 départements, un chapitre")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as name:
        program = str(BIN / "cpsr-study")
        made = [program, "run", TERRITORY, "--output", name]
        many = [program, "batch", "--level", "departement", "--chapters", "08", "--output", f"{name}/b"]
        quiet(made)
        quiet(many)
        for _ in range(max(5, rounds)):
            seconds["python -c pass"].append(quiet([str(BIN / "python"), "-c", "pass"]))
            seconds["--help"].append(quiet([program, "--help"]))
            seconds["run"].append(quiet(made))
            seconds[names[-1]].append(quiet(many))
    measures.keep("again", {"seconds": seconds}, versions())


def quiet(command: list[str]) -> float:
    """Wall seconds of a command whose output is thrown away."""
    began = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, env=environment())
    return time.perf_counter() - began


def versions() -> dict[str, str]:
    """Python and the libraries that weigh, those of the other tools included."""
    found = measures.versions(VERSIONS)
    if (OTHER / "python").exists():
        code = "from importlib.metadata import version as v; print(v('ploomber-engine'), v('snakemake'))"
        told = subprocess.run([str(OTHER / "python"), "-c", code], capture_output=True, text=True).stdout.split()
        found |= dict(zip(("ploomber-engine", "snakemake"), told, strict=False))
    return found


def write_table() -> None:
    """Put the tables under the mark of `docs/performances.md`."""
    titles = {
        "report": "Un rapport entier, Normandie, neuf chapitres",
        "batch": "Un lot de 24 départements",
        "workers": "Un lot de 8 départements, selon le nombre de processus",
        "again": "Quand rien n’a changé",
    }
    text = ""
    for part, title in titles.items():
        if found := measures.kept(part):
            if COUNTS.get(part, 1) == 1:
                found.pop("growth", None)  # one report is over before anything could grow
            text += section(title, found)
    measures.put(PAGE, text)


def section(title: str, found: dict) -> str:
    """One table: median seconds, and the median of the ratios taken inside each round."""
    seconds = found["seconds"]
    reference = next(iter(seconds))
    lines = [
        f"| façon | s | rapport à « {reference} » | étendue | mémoire d’un processus (Mo) | sa croissance |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, times in seconds.items():
        ratios = [mine / its for mine, its in zip(times, seconds[reference], strict=False)]
        most = max(found.get("memory", {}).get(name, [0]))
        growth = found.get("growth", {}).get(name)
        lines.append(
            f"| {name} | {french(statistics.median(times))} | {french(statistics.median(ratios))} | "
            f"{french(min(ratios))} à {french(max(ratios))} | {most or ''} | "
            f"{french(statistics.median(growth)) if growth else ''} |"
        )
    return measures.heading(title, found, len(seconds[reference])) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if not (BIN / "cpsr-study").exists():
        sys.exit("make .venv/.installed d'abord.")
    main()
