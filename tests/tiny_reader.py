"""The smallest reader: `allocataires;<year>` then `DEP-14;12 500` lines, `s` for a secret. Stands for any source."""

from pathlib import Path

import pandas as pd

from cpsr_study.errors import DataError
from cpsr_study.sources import typed
from cpsr_study.sources.reading import Reading

SOURCE = "essai-rsa"


def recognise(path: Path) -> bool:
    return path.read_bytes()[:12] == b"allocataires"


def read(paths: list[Path]) -> Reading:
    kept, aside, years = [], [], set()
    for path in paths:
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        if not head.startswith("allocataires;20"):
            raise DataError(f"{path.name} : la colonne de l'année n'y est plus.")
        years.add(head.partition(";")[2])
        for number, line in enumerate(lines, 2):
            geo, cell = line.split(";")
            if cell == "s":
                aside.append([f"{path.name}, ligne {number}", geo, "secret statistique"])
            else:
                value = cell.replace(" ", "")
                where = f"{path.name}, ligne {number}"
                kept.append(["allocataires_rsa", geo, head[-4:], "", "", value, "A", cell, where, ""])
    if len(years) != 1:
        raise DataError(f"{paths[0].name} et {paths[-1].name} sont de deux années : un seul millésime à la fois.")
    year = years.pop()
    return Reading(
        SOURCE, year, f"Essai {year}", "Essai", "Producteur d'essai", year, "2022-03", "LO", "", "Essai.", "",
        pd.DataFrame(kept, columns=typed.COLUMNS, dtype=str),
        pd.DataFrame(aside, columns=["where", "what", "reason"], dtype=str),
    )  # fmt: skip
