"""Measures what the import of a partner's file costs: `python benchmarks/clause.py [lines] [runs]`.

Invented contracts, a CSV of so many lines, read by pandas alone and taken in whole (personal data, checks, writing).
The medians and their ratio are printed; the project asks for less than ten.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd

from cpsr_study import paths
from cpsr_study.sources.clause import demonstration, intake, schema

AREA = "EPCI-200065597"


def write(folder: Path, data: Path, lines: int) -> list[Path]:
    """The demonstration files, with that many contracts instead of 2 000."""
    files = demonstration.write(folder, data, AREA)
    shape, random = schema.read(data), Random(1)
    deeds = pd.read_csv(files[1], sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    many = deeds.sample(lines, replace=True, random_state=1).reset_index(drop=True)
    label = {field.name: field.label for field in shape.fields["contrats"]}
    many[label["contrat"]] = [f"K{number:07}" for number in range(lines)]
    many[label["heures_realisees"]] = [f"{random.uniform(1, 30):.2f}".replace(".", ",") for _ in range(lines)]
    many.to_csv(files[1], sep=";", index=False, encoding="utf-8")
    return files


def median(action: Callable[[], object], runs: int) -> float:
    """Median seconds of an action."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print both medians and their ratio."""
    lines, runs = (int(text) for text in [*sys.argv[1:], *["100000", "5"][len(sys.argv) - 1 :]])
    import shutil

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        shutil.copytree(paths.data_dir() / "reference", root / "data" / "reference")
        files = write(root / "files", root / "data", lines)

        def read() -> None:
            pd.read_csv(files[1], sep=";", dtype=str, keep_default_na=False)

        def take() -> None:
            shutil.rmtree(root / "data" / "raw", ignore_errors=True)
            intake.take(files, root / "data", AREA, day=date(2026, 1, 1), invented=True)

        alone, whole = median(read, runs), median(take, runs)
    print(f"{lines} contrats : lecture par pandas {alone:.2f} s, import {whole:.2f} s, rapport {whole / alone:.1f}")


if __name__ == "__main__":
    main()
