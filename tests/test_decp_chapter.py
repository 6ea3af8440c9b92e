"""The chapter on the invented contracts: what it prints is what their README says, no more and no less."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pandas as pd
import pytest

from cpsr_study import Study, contracts
from cpsr_study.display import publish
from decp_files import HERE, as_json, rows, whole, written
from reports import build

NUMBER = re.compile(r"-?\d[\d\u202f]*(?:,\d+)?")
LINE = ("indicator_label", "geo_label", "time_period", "status", "value")  # of a chart, as its CSV has it


class Printed(NamedTuple):
    """A table or a chart: its heads, its cells (a number as its value and its text), its notes that hold a number."""

    heads: list[str]
    rows: list[list[Any]]
    notes: list[str]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Printed]:
    """What the chapter, executed, prints of the DECP."""
    root = tmp_path_factory.mktemp("decp_chapter")
    data = whole(root, HERE / "marches.csv")
    folder = build(root / "out", "REG-28", ["01"], data_dir=data, formats="html").folder
    (path,) = (folder / "notebooks").glob("01*.ipynb")
    found: dict[str, Printed] = {}
    for cell in nbformat.read(path, 4).cells:
        for output in cell.get("outputs", []):
            said = output.get("data", {}).get("application/vnd.cpsr.sentence+json", {})
            assert "decp_" not in str(said), "a figure in a sentence: the README must say it too"
            for title, each in of_contracts(output):
                assert title not in found, title
                found[title] = each
    return found


def of_contracts(output: Any) -> list[tuple[str, Printed]]:
    """The table or the chart of an output of a cell, when its source is the DECP."""
    if table := output.get("data", {}).get("application/vnd.dataresource+json"):
        told = table["cpsr"]
        cells = [
            [(value, cell["text"]) if isinstance(value, float) else plain(cell["text"]) for value, cell in pair]
            for pair in (zip(row.values(), line, strict=True)
                         for row, line in zip(table["data"], told["cells"], strict=True))
        ]  # fmt: skip
        heads, notes = [column["title"] for column in told["columns"]], told["notes"]
        source = " ".join([*notes, told["source"]])
    elif chart := output.get("metadata", {}).get("image/svg+xml"):
        table, heads = chart, ["Indicateur", "Zone", "Année", "État", "Valeur"]
        place = [chart["data"]["fields"].index(name) for name in LINE]
        cells = [[row[each] for each in place] for row in chart["data"]["rows"]]
        cells = [[*row[:-1], (row[-1], "")] for row in cells]
        notes, source = [*chart["notes"], chart["reading"], chart["alt"]], chart["source"]
    else:
        return []
    if "DECP" not in source:
        return []
    return [(table["title"], Printed(heads, cells, [plain(note) for note in notes if NUMBER.search(note)]))]


def plain(text: str) -> str:
    return " ".join(text.split())


def expected() -> dict[str, Printed]:
    """What the README says of it. `J01` stands for the object of this contract, written to do harm."""
    objects = {f"`{line['id']}`": plain(line["objet"]) for line in rows()}
    text = (HERE / "README.md").read_text(encoding="utf-8").partition("## Ce que le chapitre imprime")[2]
    found = {}
    for part in text.split("\n### ")[1:]:
        title, *lines = part.splitlines()
        heads, _, *body = ([cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line[:1] == "|")
        body = [[objects.get(cell, cell) for cell in row] for row in body]
        found[title] = Printed(heads, body, [line[2:] for line in lines if line[:2] == "> "])
    return found


def test_what_is_printed_is_what_is_expected(printed: dict[str, Printed]) -> None:
    assert list(printed) == list(expected())
    for title, each in expected().items():
        assert printed[title].heads == each.heads, title
        assert printed[title].notes == each.notes, title
        assert len(printed[title].rows) == len(each.rows), title
        for row, wanted in zip(printed[title].rows, each.rows, strict=True):
            assert len(row) == len(wanted), (title, row)
            for cell, value in zip(row, wanted, strict=True):
                assert same(cell, value), (title, row[0], cell, value)


def test_which_buyers_and_contracts_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve buyers of ten contracts that answer 0 to 9 times and twice 10, the ends; a reserved contract bears the
    day it was notified, whatever its later versions, and its current amount."""
    shown: list[list[list[str]]] = []
    monkeypatch.setattr(
        publish, "table", lambda it: shown.append([[cell["text"] for cell in row] for row in it["cpsr"]["cells"]])
    )
    lines = []
    for rank in range(12):
        buyer = {"acheteur_id": f"2114999{rank:02}00010", "acheteur_nom": f"Ville {rank}", "montant": f"{50000 + rank}"}
        said = ["Marché réservé"] * (rank == 11) + ["Sans objet"] * rank + [""] * 10
        lines += [rows()[0] | buyer | {"id": f"Z{n}", "considerationsSociales": said[n]} for n in range(10)]
    later = {"modification_id": "1", "dateNotification": "2025-02-01", "montant": "60000"}
    lines.append(lines[110] | later)
    study = Study.open("REG-28", 2026, data_dir=whole(tmp_path, written(lines, tmp_path / "marches.csv")))
    contracts.buyers(study)
    contracts.largest_reserved(study)
    told = [[f"Ville {n}", "10", f"{min(n, 10) * 10} %", str(int(n == 11))] for n in (10, 11, 9, 8, 7, 4, 3, 2, 1, 0)]
    assert [[plain(cell) for cell in row] for row in shown[0]] == told
    assert [[plain(cell) for cell in row] for row in shown[1]] == [
        ["Objet A01", "Ville 11", "15 juin 2024", "60 000 €"]
    ]


def test_nobody_is_named_where_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may have no such column: its buyers did not hide anything."""
    said: list[str] = []
    monkeypatch.setattr(publish, "sentence", lambda role, parts, *rest: said.append("".join(map(str, parts))))
    monkeypatch.setattr(publish, "table", lambda it: said.append(it["title"]))
    lines = [rows()[0] | {"id": f"Z{rank}", "considerationsSociales": ""} for rank in range(12)]
    contracts.buyers(Study.open("REG-28", 2026, data_dir=whole(tmp_path, written(lines, tmp_path / "marches.csv"))))
    (sentence,) = said
    assert "aucun n’est nommé" in sentence and "Ville" not in sentence


def named_buyers(monkeypatch: pytest.MonkeyPatch, root: Path, *files: Path) -> list[list[str]]:
    """The cells of the table of buyers, or the sentence that stands for it."""
    said: list[list[str]] = []
    monkeypatch.setattr(publish, "sentence", lambda role, parts, *rest: said.append(["".join(map(str, parts))]))
    monkeypatch.setattr(
        publish, "table", lambda it: said.extend([plain(cell["text"]) for cell in row] for row in it["cpsr"]["cells"])
    )
    contracts.buyers(Study.open("REG-28", 2026, data_dir=whole(root, *files)))
    return said


def of_buyer(rank: int, first: int, last: int, social: str) -> list[dict[str, str]]:
    buyer = {"acheteur_id": f"2114999{rank:02}00010", "acheteur_nom": f"Ville {rank}", "considerationsSociales": social}
    return [rows()[0] | buyer | {"id": f"Z{n}"} for n in range(first, last)]


def test_what_is_not_known_is_not_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contracts that are imported and placed nowhere near; reservations that no contract was asked about."""
    said: list[str] = []
    monkeypatch.setattr(publish, "sentence", lambda role, parts, *rest: said.append("".join(map(str, parts))))
    lines = pd.DataFrame(of_buyer(1, 0, 3, "")).drop(columns="considerationsSociales")
    lines.to_csv(tmp_path / "muet.csv", index=False)
    data = whole(tmp_path, tmp_path / "muet.csv")
    contracts.coverage(Study.open("COM-35238", 2026, data_dir=data))
    contracts.largest_reserved(Study.open("REG-28", 2026, data_dir=data))
    away, reserved = said
    assert away.startswith("Des marchés sont importés, aucun n’est situé à Rennes") and "import sirene" in away
    assert reserved.startswith("Aucun marché réservé") and "aucun marché ne répond à la question" in reserved
    other = whole(tmp_path / "other", written(of_buyer(1, 0, 3, "Sans objet"), tmp_path / "a.csv"))
    contracts.largest_reserved(Study.open("REG-28", 2026, data_dir=other))
    assert said[2] == "Aucun marché réservé n’est déclaré aux DECP en Normandie."


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_nobody_was_silent_in_a_file_that_does_not_ask(
    form: str, order: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contract counts where one file at least asked: town 3 is known by the other file alone, town 2 for a part."""
    asking = [*of_buyer(1, 0, 12, "Sans objet"), *of_buyer(2, 0, 10, ""), *of_buyer(3, 0, 9, "")]
    silent = [*of_buyer(1, 0, 20, ""), *of_buyer(2, 5, 15, ""), *of_buyer(3, 9, 30, "")]
    other = tmp_path / f"muet.{form}"
    if form == "csv":
        pd.DataFrame(silent).drop(columns="considerationsSociales").to_csv(other, index=False)
    else:  # as before 2024: a list of contracts, without the field
        found = json.loads(as_json(silent, other).read_text(encoding="utf-8"))["marches"]["marche"]
        other.write_text(json.dumps({"marches": [contract | {"considerationsSociales": None} for contract in found]}))
    files = [written(asking, tmp_path / "a.csv"), other]
    told = named_buyers(monkeypatch, tmp_path, *files[::order])
    assert told == [["Ville 1", "12", "100 %", "0"], ["Ville 2", "10", "0 %", "0"]]


def test_where_no_file_asks_nobody_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = pd.DataFrame(of_buyer(1, 0, 12, "")).drop(columns="considerationsSociales")
    lines.to_csv(tmp_path / "muet.csv", index=False)
    ((sentence,),) = named_buyers(monkeypatch, tmp_path, tmp_path / "muet.csv")
    assert "aucun n’est nommé" in sentence and "pose la question" in sentence and "Ville" not in sentence


def test_a_geography_without_contracts_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buyers of elsewhere alone have contracts there: for the seat, no table of France alone."""
    said: list[str] = []
    monkeypatch.setattr(publish, "sentence", lambda role, parts, *rest: said.append("".join(map(str, parts))))
    monkeypatch.setattr(
        publish, "table", lambda it: said.append(str([each["title"] for each in it["schema"]["fields"]]))
    )
    contracts.coverage(Study.open("REG-04", 2026, data_dir=whole(tmp_path, HERE / "marches.csv")))
    seat, place = said
    assert seat == "Aucun marché des DECP n’est connu à La Réunion par le siège de l’acheteur."
    assert place == "['Indicateur', 'La Réunion, 2024', 'France, 2024']"


def same(cell: Any, wanted: str) -> bool:
    """A text is its words. A number is the quotient or the number expected, and its text is this number, rounded."""
    if isinstance(cell, str):
        return cell == wanted
    value, text = cell
    over, _, base = wanted.partition(" / ")
    number = 100 * float(over) / float(base) if base else float(over)
    if text:
        (shown,) = NUMBER.findall(text)
        decimals = len(shown.partition(",")[2])
        if abs(float(shown.replace("\u202f", "").replace(",", ".")) - number) > 0.5 * 10**-decimals + 1e-9:
            return False
    return value == pytest.approx(number, abs=1e-9)
