"""The commands: plain numbers out, one French sentence for a wrong request, no heavy import before it is needed."""

import csv
import io
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from conftest import HEADER, one_sentence
from cpsr_study.display import terminal
from cpsr_study.sources import catalogue

HOSTILE = {
    "formula": '=HYPERLINK("http://x.invalid";"clic")',
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(A1)",
    "tab": "\t=1",
    "markup": "<script>alert(1)</script>",
    "rich": "[red]rouge[/red]",
}


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "CPSR_DATA_DIR"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, encoding="utf-8", env=kept | environment, check=False
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# observations


def test_csv_holds_the_figures_of_normandie_as_plain_numbers(command, data_dir):
    code, out, err = command(
        "observations", "--geo", "REG-28", "--period", "2020", "--format", "csv", data_dir=data_dir
    )
    assert (code, err) == (0, "")
    values = {row["indicator"]: row["value"] for row in rows(out)}
    assert values["heures_insertion"] == "293576" and values["participants"] == "779"
    assert round(float(values["personnes_sous_seuil_pauvrete"])) == 422_742


def test_csv_holds_every_figure_of_the_presentation(command, data_dir):
    out = command("observations", "--source", "presentation-cpsr-normandie", "--format", "csv", data_dir=data_dir).out
    found = rows(out)
    assert len(found) == 135
    assert all(row["value"].replace(".", "", 1).isdigit() for row in found)
    assert {"0.2", "111399", "16.63"} <= {row["value"] for row in found}


def test_a_name_and_a_code_give_the_same_rows(small, command):
    words = ["observations", "--period", "2020", "--format", "csv", "--geo"]
    by_name = command(*words, "normandie", data_dir=small.root)
    assert by_name == command(*words, "REG-28", data_dir=small.root) and "1200" in by_name.out


def test_json_holds_the_same_rows_as_csv(small, command):
    words = ["observations", "--edition", "2020", "--format"]
    records = json.loads(command(*words, "json", data_dir=small.root).out)
    lines = rows(command(*words, "csv", data_dir=small.root).out)
    assert records and [(r["id"], r["value"]) for r in records] == [(row["id"], float(row["value"])) for row in lines]


def test_table_shows_the_figures(command, data_dir):
    out = command("observations", "--geo", "REG-28", "--period", "2020", data_dir=data_dir).out
    for words in ("heures_insertion", "293576", "participants", "779", "293 576", "presentation-cpsr-normandie"):
        assert words in out


def test_nothing_found_is_an_empty_table_not_a_fault(command, data_dir):
    code, out, _ = command("observations", "--period", "1789", "--format", "csv", data_dir=data_dir)
    assert code == 0 and rows(out) == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_text_of_the_data_stays_a_text(small, command, text):
    quoted = '"' + text.replace('"', '""') + '"'
    small.rewrite(small.survey, f"{HEADER}\nparticipants,REG-28,2020,,,8,A,{quoted},{quoted},{quoted}\n")
    words = ["observations", "--indicator", "participants", "--period", "2020"]
    row = rows(command(*words, "--format", "csv", data_dir=small.root).out)[0]
    guarded = f"'{text}" if text[0] in "=+-@\t" else text
    assert (row["as_published"], row["locator"], row["note"], row["value"]) == (guarded, guarded, guarded, "8")
    assert json.loads(command(*words, "--format", "json", data_dir=small.root).out)[0]["note"] == text
    assert text.strip() in command(*words, data_dir=small.root).out
    assert text.strip() in command("trace", "participants", "REG-28", "2020", data_dir=small.root).out


def test_a_negative_number_is_a_number(small, command):
    small.lines("participants,REG-28,2020,,,-8,A,moins huit,tableau 1,")
    out = command(
        "observations", "--indicator", "participants", "--period", "2020", "--format", "csv", data_dir=small.root
    ).out
    assert rows(out)[0]["value"] == "-8"


# trace


def test_trace_goes_from_the_result_to_the_words_of_the_source(command, data_dir):
    out = command("trace", "personnes_sous_seuil_pauvrete", "normandie", "2020", data_dir=data_dir).out
    for words in (
        "422",
        "somme des 5 départements",
        "taux_pauvrete * personnes_menages_fiscaux / 100",
        "insee-filosofi",
    ):
        assert words in out


# territories, sources, check


def test_territories_finds_a_code_by_name(command, data_dir):
    found = json.loads(command("territories", "calvad", "--format", "json", data_dir=data_dir).out)
    assert found[0]["code"] == "DEP-14"
    regions = rows(command("territories", "--format", "csv", data_dir=data_dir).out)
    assert len(regions) == 18
    normandie = next(row for row in regions if row["code"] == "REG-28")
    assert normandie == {"code": "REG-28", "nom": "Normandie", "niveau": "REG", "population": "3345842"}


def test_sources_lists_those_of_the_edition(command, data_dir):
    for edition in (2021, 2026):
        found = rows(command("sources", "--edition", str(edition), "--format", "csv", data_dir=data_dir).out)
        expected = {f"{c.source}/{c.vintage}" for c in catalogue(data_dir) if c.year <= edition}
        assert {row["source"] for row in found} == expected
        assert all(row["licence"] for row in found)


def test_check_passes_on_the_data_of_the_repository(command, data_dir):
    code, out, err = command("check", data_dir=data_dir)
    assert (code, err) == (0, "") and "constats" in out


# Wrong requests


REQUESTS = {
    "unknown_command": (["observation"], "Commande inconnue : « observation ». Vouliez-vous dire « observations » ?"),
    "unknown_option": (["observations", "--gio", "FR"], "Option inconnue : « --gio ». Vouliez-vous dire « --geo » ?"),
    "unknown_option_before": (["--datadir", "x"], "Vouliez-vous dire « --data-dir » ?"),
    "option_without_value": (["observations", "--geo"], "--geo"),
    "extra_argument": (["sources", "tout"], "tout"),
    "missing_argument": (["trace"], "Il manque l'argument"),
    "absent_data_folder": (["--data-dir", "absent", "sources"], "Dossier de données introuvable : absent"),
    "unknown_format": (["observations", "--format", "xml"], "Format inconnu : « xml » (table, csv, json)"),
    "unknown_indicator": (["observations", "--indicator", "heures"], "Indicateur inconnu : « heures »"),
    "unknown_source": (["observations", "--source", "presentation"], "Source inconnue : « presentation »"),
    "unknown_area": (["observations", "--geo", "normandi"], "Vouliez-vous dire « Normandie (REG-28) » ?"),
    "empty_area": (["observations", "--geo", ""], "1 à 200 caractères"),
    "bare_number": (["observations", "--geo", "28"], "donnez le code complet"),
    "old_edition": (["sources", "--edition", "1999"], "Édition inconnue : « 1999 »"),
    "unknown_place": (["territories", "zzzzzz"], "Territoire inconnu : « zzzzzz »"),
    "trace_of_nothing": (["trace", "heures_insertion", "DEP-14"], "Non renseigné dans le Calvados"),
    "trace_of_another_year": (["trace", "heures_insertion", "REG-28", "1789"], "Rien pour la période « 1789 »"),
    "trace_of_the_unknown": (["trace", "heure_insertion", "REG-28"], "Vouliez-vous dire « heures_insertion » ?"),
    "hostile_command": (["a\nb"], "Commande inconnue"),
    "hostile_indicator": (["observations", "--indicator", "\x1b[31m" + "x" * 900], "Indicateur inconnu"),
}


@pytest.mark.parametrize(("words", "said"), REQUESTS.values(), ids=REQUESTS)
def test_a_wrong_request_is_answered_in_one_sentence(small, command, monkeypatch, words, said):
    monkeypatch.setenv("CPSR_DATA_DIR", str(small.root))
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert one_sentence(err), err
    assert "\x1b" not in err


def test_a_broken_data_folder_ends_with_1(small, command):
    small.remove(small.card)
    for words in (["observations"], ["sources"], ["check"], ["trace", "participants", "REG-28"], ["run", "REG-28"]):
        code, out, err = command(*words, data_dir=small.root)
        assert (code, out) == (1, "") and one_sentence(err), (words, err)


def test_the_environment_chooses_the_data_folder(small, command, monkeypatch):
    monkeypatch.setenv("CPSR_DATA_DIR", str(small.root))
    out = command("observations", "--indicator", "participants", "--period", "2020", "--format", "csv").out
    assert [row["value"] for row in rows(out)] == ["8"]


# In a process of its own


HEAVY = ("pandas", "numpy", "matplotlib", "seaborn", "papermill", "nbconvert", "nbformat", "pandera", "typst")


def imported(*given):
    """The heavy modules that a command ends with, and what it printed."""
    code = (
        f"import sys; sys.argv = {['cpsr-study', *given]}\n"
        "from cpsr_study import cli\n"
        f"try: cli.main()\nfinally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip().splitlines()[-1], done.stdout


def test_help_imports_nothing_heavy():
    """What makes it quick; how quick is measured by the benchmark, not by a test that a busy machine would fail."""
    heavy, out = imported("--help")
    assert heavy == "[]" and "État des lieux" in out and "observations" in out


@pytest.mark.parametrize("words", [("run", "REG-28"), ("batch", "--territories", "{list}")], ids=["run", "batch"])
def test_nothing_to_do_imports_nothing_heavy(words, tmp_path):
    (tmp_path / "list.txt").write_text("REG-28\n", encoding="utf-8")
    given = [word.format(list=tmp_path / "list.txt") for word in words]
    given += ["--chapters", "08", "--formats", "html", "--output", str(tmp_path / "reports")]
    assert python("-m", "cpsr_study.cli", *given).returncode == 0
    heavy, out = imported(*given)
    assert heavy == "[]" and "jour" in out


def test_the_command_is_installed_and_fails_without_a_traceback():
    done = python("-m", "cpsr_study.cli", "run", "normandi")
    assert done.returncode == 2 and done.stdout == "" and one_sentence(done.stderr)


def test_french_comes_out_whatever_the_machine_prefers(small):
    """A console or a file that prefers another encoding, as on Windows."""
    done = python(
        *["-m", "cpsr_study.cli", "--data-dir", str(small.root), "observations", "--format", "csv"],
        PYTHONIOENCODING="cp1252",
    )
    assert done.returncode == 0 and "100 − somme" in done.stdout


def test_computed_persons_are_whole(command):
    """Filosofi 2020: rate x persons over five départements is 422 741.5, and nobody is half a person."""
    out = command(
        "observations", "--indicator", "personnes_sous_seuil_pauvrete", "--geo", "REG-28", "--format", "csv"
    ).out
    assert "personnes_sous_seuil_pauvrete,REG-28,2020,,,422742,personnes" in out


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_table_cuts_no_word_however_narrow_the_terminal(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    files = ["decp_tabular_extract_2024.csv", "autre.csv"]
    frame = pd.DataFrame({"fichier": files, "lues": [949, 9], "rejetées": ["", 2], "régions": ["24 (350)", "28 (9)"]})
    frame["ce qui en dépend"] = "plusieurs mots qui peuvent aller à la ligne, 3\u202f449\u202f370 nombres"
    terminal.table(frame, "table", "fichiers")
    lines = [line.strip(" │┃") for line in capsys.readouterr().out.splitlines()]
    words = {word for line in lines for word in line.replace("\u00a0", " ").split(" ")}
    assert {*files, "949", "rejetées", "(350)", "plusieurs", "3\u202f449\u202f370"} <= words
    assert len(max(lines, key=len)) <= int(columns)
    assert (files[0] in lines) is (columns == "40"), "a few lines a row only where the table is too wide"
