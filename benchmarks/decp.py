"""Measure what the contracts cost, and write the tables of `docs/performances-decp.md`.

    python benchmarks/decp.py measure [0.25 1 4] [--rounds 5]   millions of rows; kept in benchmarks/results/
    python benchmarks/decp.py table                             writes the tables from what was measured

Synthetic files of the published shapes (`decp_files.py`); the program and another way in turn (`decp_ways.py`), each
run in a process of its own, imports included: wall seconds, seconds of processor, largest memory. A ratio is taken
inside its round, and the median of the rounds is given. Before the aggregates are timed, their tables are compared: all
ways must count the same. What needs pyarrow or ijson is left out where these are not installed.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median

import measures
from measures import PROJECT, french

import decp_files

WAYS = Path(__file__).with_name("decp_ways.py")
PAGE = PROJECT / "docs" / "performances-decp.md"
VERSIONS = ("duckdb", "pandas", "pyarrow", "msgspec", "ijson")


@dataclass(frozen=True)
class Pair:
    """Our way, the other one, the file, what the other needs; the most that our time may be of its own, and our Mo.

    `least`: it is only measured from so many millions of rows.
    """

    title: str
    ours: str
    other: str
    file: str
    needs: str = "duckdb"
    most: float | None = None
    memory: int = 2000
    least: float = 0


PAIRS = (
    Pair("import CSV / copie DuckDB", "ours_import", "bare_copy", "decp.csv", most=1.5),
    Pair("import Parquet / copie DuckDB", "ours_import", "bare_copy", "decp.parquet", most=1.5),
    Pair("import CSV / copie DuckDB, même mémoire", "ours_import", "bare_copy_in_memory", "decp.csv", least=4),
    Pair("import Parquet / copie DuckDB, même mémoire", "ours_import", "bare_copy_in_memory", "decp.parquet", least=4),
    Pair("lecture JSON / ijson", "ours_json", "ijson_json", "decp.json", "ijson", 0.33, 400),
    Pair("import JSON entier / lecture ijson", "ours_import", "ijson_json", "decp.json", "ijson", memory=400),
    Pair("agrégat / DuckDB nu", "ours_aggregate", "bare_aggregate", "contrats.parquet", most=1.15),
    Pair("agrégat / pandas", "ours_aggregate", "pandas_aggregate", "contrats.parquet", "pyarrow", 0.33),
)


@dataclass(frozen=True)
class Run:
    """What one process took: wall seconds, seconds of processor, largest memory (Mo)."""

    wall: float
    processor: float
    memory: float


def run(way: str, folder: Path, name: str, script: Path = WAYS) -> Run:
    """Do it in a process of its own; stop when it fails."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, str(script), way, str(folder), name], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"{way} : échec sur {name}.")
    return Run(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(millions: list[float], rounds: int, minutes: float, out: Path, only: str = "") -> None:
    """Every pair at every size, in turn; no new round of a pair is begun after `minutes`.

    `only` measures the pairs with these words in their title, and keeps what was measured of the others.
    """
    sizes: dict[str, dict[str, list]] = (measures.kept("decp") or {"sizes": {}})["sizes"] if only else {}
    for size in millions:
        folder = (out / f"{size:g}").resolve()
        # Apart: a process starts at the largest memory of the one that makes it.
        run("made", folder, str(int(size * 1_000_000)), Path(decp_files.__file__))
        run("same_tables", folder, "contrats.parquet")
        pairs = sizes.setdefault(f"{size:g}", {})
        for pair in (each for each in PAIRS if find_spec(each.needs) and size >= each.least and only in each.title):
            runs = pairs[pair.title] = list[list[dict[str, float]]]()
            began = time.monotonic()
            while len(runs) < rounds and (not runs or time.monotonic() - began < 60 * minutes):
                runs.append([asdict(run(way, folder, pair.file)) for way in (pair.ours, pair.other)])
            print(line(size, pair, runs), flush=True)
            measures.keep("decp", {"sizes": sizes}, measures.versions(VERSIONS))


def line(size: float, pair: Pair, runs: list) -> str:
    """A row of the table: medians of the rounds, and of their ratios."""
    cells = [f"{size:g}".replace(".", ","), pair.title]
    for what in ("wall", "processor"):
        cells += [french(median(each[rank][what] for each in runs)) for rank in (0, 1)] + [french(ratio(runs, what))]
    peaks = [max(each[rank]["memory"] for each in runs) for rank in (0, 1)]
    cells += [f"{peak:.0f}" for peak in peaks]
    wanted = [f"{french(pair.most)} {_held(ratio(runs, 'wall') <= pair.most)}"] if pair.most else []
    cells += [str(len(runs)), ", ".join([*wanted, f"{pair.memory} Mo {_held(peaks[0] <= pair.memory)}"])]
    return f"| {' | '.join(cells)} |"


def _held(reached: bool) -> str:
    return "tenu" if reached else "non tenu"


def ratio(runs: list, what: str) -> float:
    """The median of ours over the other's, each inside its round."""
    return median(ours[what] / other[what] for ours, other in runs)


def growth(found: dict) -> str:
    """From one size to the next: by how much our time, processor and memory are multiplied, beside the rows."""
    lines = []
    ours = {pair.ours + pair.file: pair.title for pair in reversed(PAIRS)}  # what two pairs measure, once
    for (small, before), (large, after) in pairwise(found["sizes"].items()):
        sizes = f"{small} → {large}".replace(".", ",")
        for title in (title for title in before if title in after and title in ours.values()):
            times = [
                median(each[0][what] for each in after[title]) / median(each[0][what] for each in before[title])
                for what in ("wall", "processor", "memory")
            ]
            cells = " | ".join(map(french, (float(large) / float(small), *times)))
            lines.append(f"| {sizes} | {title.partition(' / ')[0]} | {cells} |\n")
    return "".join(lines)


def table() -> None:
    """Put the tables between the marks of the page."""
    found = measures.kept("decp")
    if found is None:
        raise SystemExit("Rien n’est mesuré : « python benchmarks/decp.py measure » d’abord.")
    text = measures.heading("Nous et les autres", found, "voir la colonne")
    text += (
        "| M lignes | comparaison | nous, s | l’autre, s | rapport | nous, s de processeur | l’autre | rapport | "
        "nous, Mo | l’autre, Mo | tours | visé |\n| ---: | --- |" + " ---: |" * 9 + " --- |\n"
    )
    pairs = {pair.title: pair for pair in PAIRS}
    for size, measured in found["sizes"].items():
        text += "".join(line(float(size), pairs[title], runs) + "\n" for title, runs in measured.items())
    text += "\n## D’une taille à la suivante\n\nCe par quoi nos mesures sont multipliées.\n\n"
    text += "| M lignes | | lignes | durée | processeur | mémoire |\n| --- | --- |" + " ---: |" * 4 + "\n"
    measures.put(PAGE, text + growth(found))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["measure", "table"])
    parser.add_argument("millions", nargs="*", type=float, default=[0.25, 1, 4])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=3, help="for a pair at one size")
    parser.add_argument("--only", default="", help="words of the titles of the pairs to measure, the others kept")
    parser.add_argument("--out", type=Path, default=PROJECT / "build" / "bench-decp")
    given = parser.parse_args()
    if given.part == "measure":
        measure(given.millions, given.rounds, given.minutes, given.out, given.only)
    else:
        table()


if __name__ == "__main__":
    main()
