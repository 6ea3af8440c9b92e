"""Each kind of bad file, for every reader: one clear sentence, nothing taken in."""

import re
import zipfile

import openpyxl
import pytest

import invented
from conftest import forget, one_sentence
from cpsr_study.errors import DataError
from cpsr_study.sources import intake, registry
from reports import DATA

LATIN = "é".encode("latin-1")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The well-formed files by source, other forms of a source under their own name."""
    folder = tmp_path_factory.mktemp("good") / "files"
    made = invented.vintages(folder, DATA)
    invented.later(folder)
    return made | {"brut": [folder / "dares-brut.csv"], "qpv": [folder / "qpv-2024.csv"],
                   "marche": [folder / "marche-2027-02.csv"]}  # fmt: skip


@pytest.fixture
def data(tmp_path):
    """A data folder that has the reference tables and no source."""
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "reference").symlink_to(DATA / "reference")
    yield tmp_path / "data"
    forget()


def spoilt(files, folder, spoil, place):
    """A copy of the files, one of them spoilt."""
    folder.mkdir()
    copies = [folder / path.name for path in files]
    for path, copy in zip(files, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    spoil(copies[place])
    return copies


def replaced(old, new, count=-1):
    def spoil(path):
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path.name}"
        path.write_text(text.replace(old, new, count), encoding="utf-8")

    return spoil


def thousands(before):
    """A space in the number that follows a text."""

    def spoil(path):
        text, done = re.subn(
            f"{before}([0-9]+)([0-9]{{3}})", rf"{before}\1 \2", path.read_text(encoding="utf-8"), count=1
        )
        assert done
        path.write_text(text, encoding="utf-8")

    return spoil


def latin(path):
    """As a spreadsheet saves it: an accent in one byte, in a line where the file may hold a text."""
    text = path.read_bytes()
    cut = text.rindex(b"2" if path.suffix == ".json" else b"\n")
    path.write_bytes(text[:cut] + LATIN + text[cut:])


def bomb(path):
    """Small on the disk, three hundred megabytes once uncompressed."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/x.bin", "w") as part:
        for _ in range(300):
            part.write(bytes(1_000_000))


def workbook(change):
    def spoil(path):
        book = openpyxl.load_workbook(path)
        change(book.worksheets[-1])
        book.save(path)

    return spoil


def cell(row, column, value):
    return workbook(lambda sheet: sheet.cell(row, column, value))


def renamed(title, first=None):
    def change(sheet):
        sheet.title = title
        if first:
            sheet["A1"] = first

    return workbook(change)


ZERO, UTF8, THOUSANDS = "zéro", "UTF-8", "millier"
# source -> fault -> (what spoils which file, words of the sentence)
FAULTS = {
    "insee-filosofi": {
        "another year": (replaced("TP6024;TP60Q224", "TP6023;TP60Q223"), 0, "mêle les années"),
        "lost column": (replaced("NBPERS24", "POP24"), 1, "la colonne NBPERS suivie de l'année manque"),
        "latin-1": (latin, 1, UTF8),
        "thousands": (replaced(";200000;", ";200 000;"), 1, THOUSANDS),
        "lost zero": (replaced("\n01;", "\n1;"), 1, ZERO),
    },
    "insee-melodi": {
        "lost column": (replaced('"FILOSOFI_MEASURE"', '"MEASURE"'), 0, "la dimension « FILOSOFI_MEASURE » manque"),
        "latin-1": (latin, 0, UTF8),
        "thousands": (replaced("22100", '"22 100"'), 0, "22 100"),
        "lost zero": (replaced("2026-EPCI-200084952", "2026-DEP-1"), 0, "DEP-1"),
    },
    "insee-population": {
        "lost column": (replaced("PMUN", "POP"), 0, "la colonne « PMUN » manque"),
        "latin-1": (latin, 0, UTF8),
        "thousands": (thousands(";14001;"), 0, THOUSANDS),
        "lost zero": (replaced(";14001;", ";1401;"), 0, ZERO),
    },
    "caf-rsa": {
        "lost column": (replaced("indfoy_rsa", "foyers"), 0, "la colonne « indfoy_rsa » manque"),
        "latin-1": (latin, 0, UTF8),
        "thousands": (replaced(";1000\n", ";1 000\n"), 0, THOUSANDS),
        "lost zero": (replaced(";01;", ";1;"), 0, ZERO),
    },
    "dares-deld": {
        "another year": (replaced("2026-T4", "2026-T5"), 0, "2026-T5"),
        "lost column": (replaced("anciennete", "duree"), 0, "la colonne « anciennete » manque"),
        "latin-1": (latin, 0, UTF8),
        "thousands": (replaced(";400\n", ";1 400\n", 1), 0, THOUSANDS),
        "lost zero": (replaced(";14;;", ";1;;"), 0, ZERO),
    },
    "insee-ipro": {
        "lost column": (replaced("ABC_DUR4", "ABC_X"), 0, "la colonne « ABC_DUR4 » manque"),
        "latin-1": (latin, 0, UTF8),
        "thousands": (replaced(";400;", ";1,400;"), 0, THOUSANDS),
        "lost zero": (replaced("QN01401M", "QN1401M"), 0, "QN1401M"),
    },
    "finess": {
        "lost column": (replaced(";14;;;;;246", ";14;;;;246"), 0, "31 champs au lieu de 32"),
        "latin-1": (latin, 0, UTF8),
        "lost zero": (replaced(";14;;;;;246", ";1;;;;;246"), 0, ZERO),
    },
    "siae": {
        "lost column": (replaced('"departement"', '"dep"'), 0, "la forme du répertoire a changé"),
        "latin-1": (latin, 0, UTF8),
        "lost zero": (replaced('"departement": "14"', '"departement": "1"'), 0, ZERO),
    },
    "marche": {
        "lost column": (replaced("Code postal", "CP"), 0, "Code postal"),
        "latin-1": (latin, 0, UTF8),
        "lost zero": (replaced(";14000\n", ";1400\n"), 0, ZERO),
    },
    "zonages": {
        "another year": (replaced("au 10 mars 2027", "en vigueur"), 0, "date"),
        "lost column": (replaced("Code_insee", "Code"), 0, "la colonne « Code_insee » manque"),
        "latin-1": (latin, 0, UTF8),
        "lost zero": (replaced("\n50002;", "\n5002;"), 0, ZERO),
    },
    "qpv": {
        "another year": (replaced("QN07601M", "QP076001"), 0, "2024"),
        "lost column": (replaced("insee_com", "commune"), 0, "la colonne « insee_com » manque"),
        "latin-1": (latin, 0, UTF8),
        "lost zero": (replaced(";14118", ";1418"), 0, ZERO),
    },
    "drees-minima-sociaux": {
        "renamed sheet": (renamed("Tableau 11", "Tableau 11 Autre chose"), 0, "aucune feuille ne titre"),
        "lost column": (cell(2, 2, "Nom"), 0, "la colonne « N° Dep » manque"),
        "thousands": (cell(6, 10, "5 003"), 0, "5 003"),
        "formula": (cell(6, 10, "=A1+1"), 0, "formule"),
        "zip bomb": (bomb, 0, "anormalement gros"),
    },
    "insee-chomage-localise": {
        "renamed sheet": (renamed("valeurs"), 0, "la feuille « valeurs_trimestrielles » manque"),
        "lost column": (cell(1, 1, "Nom"), 0, "la colonne « Libellé » manque"),
        "thousands": (cell(2, 6, "6 000,5"), 0, "6 000,5"),
        "formula": (cell(2, 6, "=1+5"), 0, "formule"),
        "zip bomb": (bomb, 0, "anormalement gros"),
    },
}  # fmt: skip
SOURCES = {"marche": "siae", "qpv": "zonages"}


def test_every_reader_is_in_the_table():
    assert {SOURCES.get(name, name) for name in FAULTS} == set(registry.readers())


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name, faults in FAULTS.items() for fault in faults])
def test_a_bad_file_is_one_sentence_and_nothing_is_taken_in(good, data, tmp_path, name, fault):
    spoil, place, words = FAULTS[name][fault]
    paths = spoilt(good[name], tmp_path / "spoilt", spoil, place)
    with pytest.raises(DataError) as refused:
        intake.take(SOURCES.get(name, name), paths, data)
    said = str(refused.value)
    assert words in said and one_sentence(said), said
    assert list((data / "raw").iterdir()) == []


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in ("insee-population",)])
def test_the_same_file_whole_is_taken_in(good, data, name):
    assert intake.take(SOURCES.get(name, name), good[name], data)[0].new
