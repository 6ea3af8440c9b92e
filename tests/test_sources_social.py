"""Readers of the social sources: small files of our own, the real ones when they are there, all kinds of bad ones."""

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook

from conftest import DATA, one_sentence
from cpsr_study import indicators
from cpsr_study.errors import DataError
from cpsr_study.sources import (
    caf_rsa,
    codes,
    dares_deld,
    drees_minima_sociaux,
    durations,
    finess,
    flat,
    harvest,
    insee_ipro,
    siae,
    typed,
    workbooks,
    zoning,
)

READERS = [drees_minima_sociaux, caf_rsa, dares_deld, insee_ipro, finess, siae, zoning]
NORMANDIE = ["DEP-14", "DEP-27", "DEP-50", "DEP-61", "DEP-76"]


@pytest.fixture
def write(tmp_path):
    """Writes a file: text in UTF-8, or bytes as they are."""

    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


@pytest.fixture
def samples():
    folder = Path(os.environ.get("CPSR_SAMPLES", "")) / "social"
    if "CPSR_SAMPLES" not in os.environ or not folder.is_dir():
        pytest.skip("CPSR_SAMPLES does not hold the real social files")
    return folder


def rows(reading, *columns):
    """The observations as tuples of (indicator, geo, period, value) or of the columns asked for."""
    names = list(columns) or ["indicator", "geo", "time_period", "value"]
    return [tuple(row) for row in reading.observations[names].to_numpy()]


def value(reading, indicator, geo, period=None, category=""):
    frame = reading.observations
    found = frame[(frame["indicator"] == indicator) & (frame["geo"] == geo) & (frame["category"] == category)]
    if period:
        found = found[found["time_period"] == period]
    return [int(text) for text in found["value"]]


def reasons(reading):
    return " ".join(reading.set_aside["reason"])


def sound(reading, source):
    """What every reading must be: the columns of a typed document, known indicators, plain numbers, a whole card."""
    registry = indicators.read(DATA)
    frame = reading.observations
    assert reading.source == source
    assert list(frame.columns) == typed.COLUMNS and list(reading.set_aside.columns) == harvest.ASIDE
    assert all(isinstance(cell, str) for cell in frame.to_numpy().ravel())
    assert frame["value"].str.fullmatch(r"\d+").all() and frame["locator"].ne("").all()
    assert frame["time_period"].str.fullmatch(r"\d{4}(-\d{2})?").all()
    assert frame["status"].isin(list("AU")).all() and frame["as_published"].ne("").all()
    for row in frame.itertuples():
        assert registry[row.indicator].breakdown == row.breakdown or not row.breakdown
        assert not row.category or (row.breakdown, row.category) in registry.categories
    for field in ("vintage", "title", "producer", "reference_period", "licence", "citation", "notes"):
        assert getattr(reading, field), field
    assert reading.published[:4].isdigit() and reading.url.startswith("https://")


def refused(reader, paths, *words):
    """The files are refused, in one sentence that holds these words and the name of a file."""
    with pytest.raises(DataError) as fault:
        reader.read(paths)
    message = str(fault.value)
    assert one_sentence(message), message
    for word in words:
        assert word in message, message


# ---- DREES


def workbook(path, *, title=None, sheet="Tableau 11", lines=None, head=None):
    """A workbook made as the DREES makes its own: cover, another benefit, RSA, its older series, notes."""
    book = Workbook()
    book.active.append(["Minima sociaux : Données départementales par dispositif"])
    other = book.create_sheet("Tableau 16")
    other.append(["Tableau 16 Répartition des allocataires du RSA par département au 31 décembre de 2009 à 2015"])
    rsa = book.create_sheet(sheet)
    rsa.append([title or "Tableau 11 Répartition des allocataires du RSA par département au 31 décembre depuis 2009"])
    rsa.append([])
    rsa.append([None, "N° Dep", "Libelle Dep", "Total RSA socle", None, None, "Total RSA"])
    rsa.append(head or [None, None, None, 2014, 2015, 2016, "2016 (2)", 2017, "Proportion d'allocataires (3)"])
    for line in lines or [
        [None, "01", "Ain", 10, 11, 12, 13, 14, 1.7],
        [None, "20A", "Corse-du-Sud", 10, 11, 12, 1500, 16, 1.7],
        [None, None, "France métropolitaine", 10, 11, "=A1", 1500, 1600, 1.7],
        [None, 971, "Guadeloupe*", '="-"', 11, 12, 17, "-", 1.7],
        [None, None, "DOM", '="-"', 11, 12, 17, 18, 1.7],
        [None, None, "France ", 10, 11, 12, 1510, "1640", 1.7],
        [],
        [None, "Sources : CNAF, MSA"],
    ]:
        rsa.append(line)
    book.save(path)
    return path


def test_drees_keeps_the_series_since_the_break_apart(tmp_path):
    reading = drees_minima_sociaux.read([workbook(tmp_path / "n'importe.xlsx")])
    sound(reading, "drees-minima-sociaux")
    assert rows(reading, "geo", "time_period", "value") == [
        ("DEP-01", "2016", "13"),
        ("DEP-01", "2017", "14"),
        ("DEP-2A", "2016", "1500"),
        ("DEP-2A", "2017", "16"),
        ("FRMET", "2016", "1500"),
        ("FRMET", "2017", "1600"),
        ("DEP-971", "2016", "17"),
        ("FR", "2016", "1510"),
        ("FR", "2017", "1640"),
    ]
    notes = dict(rows(reading, "geo", "note"))
    assert "20A" in notes["DEP-2A"] and "centaine" in notes["FRMET"] and "Saint-Martin" in notes["DEP-971"]
    assert value(reading, "allocataires_rsa", "DEP-971", "2017") == []
    old = ["colonne 2014", "colonne 2015", "colonne 2016"]
    assert list(reading.set_aside["what"]) == [*old, "Guadeloupe, 2017", "DOM"]
    assert reading.vintage == "2017" and reading.observations["as_published"][2] == "1\u202f500"
    assert reading.published > "2019-12"  # two years after its last year, it was not yet saved


def test_drees_finds_its_sheet_by_title_whatever_its_name(tmp_path):
    path = workbook(tmp_path / "renamed.xlsx", sheet="Feuille 3")
    assert drees_minima_sociaux.recognise(path)
    assert drees_minima_sociaux.read([path]).observations["locator"].unique().tolist() == ["Feuille 3"]


DREES_FAULTS = {
    "title changed": ({"title": "Tableau 11 Répartition des allocataires de l'ASS"}, "aucune feuille"),
    "year lost": ({"head": [None, None, None, 2015, "2016 (2)", 2018, 2019]}, "année manque"),
    "no year": ({"head": [None, None, None, "a", "b"]}, "année manque"),
    "new break": ({"head": [None, None, None, 2016, 2017, "2017 (4)", 2018]}, "rupture"),
    "formula": ({"lines": [[None, "01", "Ain", 1, 2, 3, "=A1+A2", 4]]}, "formule"),
    "zero lost": ({"lines": [[None, 1, "Ain", 1, 2, 3, 4, 5]]}, "zéro initial"),
    "thousands": ({"lines": [[None, "01", "Ain", 1, 2, 3, "7 592", 5]]}, "milliers"),
    "words": ({"lines": [[None, "01", "Ain", 1, 2, 3, "beaucoup", 5]]}, "nombre entier"),
    "no row": ({"lines": [[None, "Sources : CNAF, MSA"]]}, "aucune valeur"),
    "same area twice": ({"lines": [[None, "01", "Ain", 1, 2, 3, 4, 5]] * 2}, "deux valeurs"),
}


@pytest.mark.parametrize("fault", DREES_FAULTS)
def test_drees_refuses(tmp_path, fault):
    change, words = DREES_FAULTS[fault]
    refused(drees_minima_sociaux, [workbook(tmp_path / "a.xlsx", **change)], "a.xlsx", words)


def test_drees_refuses_a_column_of_codes_lost(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path)
    from openpyxl import load_workbook

    book = load_workbook(path)
    book["Tableau 11"]["B3"] = "Département"
    book.save(path)
    refused(drees_minima_sociaux, [path], "N° Dep")


def test_workbooks_that_are_none(tmp_path, write, monkeypatch):
    broken = write("broken.xlsx", b"PK\x03\x04 not a zip")
    refused(drees_minima_sociaux, [broken], "broken.xlsx", "Excel")
    bomb = workbook(tmp_path / "bomb.xlsx")
    monkeypatch.setattr(workbooks, "LARGEST", 1000)
    assert not drees_minima_sociaux.recognise(bomb)
    refused(drees_minima_sociaux, [bomb], "bomb.xlsx", "anormalement gros")
    monkeypatch.undo()
    monkeypatch.setattr(workbooks, "MOST_ROWS", 5)
    refused(drees_minima_sociaux, [bomb], "plus de 5 lignes")


def test_drees_real_workbook_gives_the_document_typed_by_hand(samples):
    [path] = samples.glob("DREES_*.xlsx")
    reading = drees_minima_sociaux.read([path])
    sound(reading, "drees-minima-sociaux")
    typed_rows = list(csv.DictReader((DATA / "raw/drees-minima-sociaux/2019/observations.csv").open(encoding="utf-8")))
    overseas = reading.observations["geo"].str.match("DEP-97")
    assert reading.observations[~overseas].to_dict("records") == typed_rows
    assert overseas.sum() == 20 and len(reading.observations) == 412
    assert sum(value(reading, "allocataires_rsa", geo, "2019")[0] for geo in NORMANDIE) == 84305
    assert (reading.vintage, reading.published) == ("2019", "2021")
    assert "rupture" in reasons(reading)


# ---- CAF

CAF_HEAD = "dtreffre;numdep;nomdep;numregi;nomregi;indfoy_ndur;indfoy_rsa;indmtt_rsa"
CAF = f"""\ufeff{CAF_HEAD}
2023-12-01;14;CALVADOS;28;NORMANDIE;1;13405;1
2023-12-01;2A;CORSE-DU-SUD;94;CORSE;1;2250;1
2024-11-01;14;CALVADOS;28;NORMANDIE;1;13300;1
2024-12-01;14;CALVADOS;28;NORMANDIE;1;13310;1
2024-12-01;14;CALVADOS;28;NORMANDIE;1;1;1
2024-12-01;61;ORNE;28;NORMANDIE;1;nd;1
2024-12-01;;;;;1;25;1
2024-12-01;XX;Inconnu;;;1;30;1
2025-02-01;14;CALVADOS;28;NORMANDIE;1;13200;1
"""


def test_caf_keeps_each_december_and_the_last_month(write):
    reading = caf_rsa.read([write("export.csv", CAF)])
    sound(reading, "caf-rsa")
    assert rows(reading) == [
        ("allocataires_rsa_caf", "DEP-14", "2023-12", "13405"),
        ("allocataires_rsa_caf", "DEP-14", "2024-12", "13310"),
        ("allocataires_rsa_caf", "DEP-14", "2025-02", "13200"),
        ("allocataires_rsa_caf", "DEP-2A", "2023-12", "2250"),
    ]
    assert "sans la MSA" in reading.observations["note"][0] and "arrondi à 5" in reading.observations["note"][0]
    aside = " ".join(reading.set_aside["what"]) + reasons(reading)
    for word in ("mois 2024-11", "DEP-61", "secrète", "non localisés", "répétée"):
        assert word in aside, word
    assert (reading.vintage, reading.published) == ("2025-02", "2025-05")


def test_caf_never_adds_a_total_to_its_parts(write):
    head = "dtreffre;numdep;nomdep;nomregi;rsa_type;age;indfoy_rsa;indmtt_rsa\n"
    lines = [
        f"2024-12-01;{dep};X;N;{kind};{age};{number};1"
        for dep in ("14", "50")
        for kind, age, number in (
            ("RSA socle", "moins de 30", 10),
            ("RSA socle", "30 et plus", 20),
            ("RSA majoré", "moins de 30", 5),
            ("RSA majoré", "30 et plus", 15),
            ("Total", "moins de 30", 15),
            ("Total", "30 et plus", 35),
            ("RSA socle", "Total", 30),
            ("RSA majoré", "Ensemble", 20),
            ("Total", "Total", 50),
        )
        if dep == "50" or not {"Total", "Ensemble"} & {kind, age}
    ]
    reading = caf_rsa.read([write("a.csv", head + "\n".join(lines) + "\n")])
    assert value(reading, "allocataires_rsa_caf", "DEP-14") == [50] == value(reading, "allocataires_rsa_caf", "DEP-50")
    notes = dict(rows(reading, "geo", "note"))
    assert "Somme de 4 lignes (rsa_type, age)" in notes["DEP-14"] and "Somme" not in notes["DEP-50"]


CAF_FAULTS = {
    "zero lost": (";14;CALVADOS;28;NORMANDIE;1;13405", ";1;AIN;84;AURA;1;13405", "zéro initial"),
    "thousands": ("13405", "13 405", "milliers"),
    "decimal": ("13405", "13405,5", "nombre entier"),
    "date": ("2023-12-01;14", "décembre 2023;14", "mois"),
    "column": ("indfoy_rsa", "foyers_rsa", "indfoy_rsa"),
    "short line": (";1;13405;1", ";1;13405", "colonnes au lieu de 8"),
    "two values": ("NORMANDIE;1;1;1", "NORMANDIE;1;9000;1", "deux valeurs"),
    "long line": (";13405;1", ";13405;1;7", "colonnes au lieu de 8"),
    "same column twice": ("nomregi;indfoy_ndur", "nomdep;indfoy_ndur", "même nom"),
    "quote": ("CALVADOS;28;NORMANDIE;1;13405", '"CALVADOS;28;NORMANDIE;1;13405', "guillemet"),
}


@pytest.mark.parametrize("fault", CAF_FAULTS)
def test_caf_refuses(write, fault):
    old, new, words = CAF_FAULTS[fault]
    refused(caf_rsa, [write("caf.csv", CAF.replace(old, new, 1))], "caf.csv", words)


# ---- DARES

DARES_HEAD = (
    "date,code_region,region,code_departement,departement,type_de_donnees,categorie,sexe,tranche_d_age,anciennete,"
    "nombre_de_demandeurs_d_emploi"
)


def dares(*lines):
    return "\n".join([DARES_HEAD, *lines]) + "\n"


def stock(date, area, kind, category, duration, number, sex="Total", age="Total"):
    region, departement = area
    return f"{date},{region},R,{departement},D,{kind},{category},{sex},{age},{duration},{number}"


REGION, CALVADOS, FRANCE, METRO = (
    ("28", "Total"),
    ("28", "14"),
    ("Total France", "Total"),
    (
        "Total France métropolitaine",
        "Total",
    ),
)
QUARTERS = [
    line
    for date in ("2024-T4", "2025-T3", "2025-T4", "2026-T1", "2026-T2")
    for area, base in ((REGION, 100), (CALVADOS, 10), (FRANCE, 1000), (METRO, 900))
    for line in (
        stock(date, area, "cvs-cjo", "ABC", "Total", base * 2),
        stock(date, area, "cvs-cjo", "ABC", "Moins d'un an", base),
        stock(date, area, "cvs-cjo", "ABC", "Un an ou plus", base - 1),
        stock(date, area, "cvs-cjo", "ABC", "Un an ou plus", base, sex="Femmes"),
        stock(date, area, "cvs-cjo", "A", "Un an ou plus", base // 2),
    )
]


def test_dares_quarters(write):
    reading = dares_deld.read([write("a.csv", dares(*QUARTERS))])
    sound(reading, "dares-deld")
    assert rows(reading)[:3] == [
        ("deld", "DEP-14", "2024-12", "9"),
        ("deld", "DEP-14", "2025-12", "9"),
        ("deld", "DEP-14", "2026-06", "9"),
    ]
    assert value(reading, "deld", "FR", "2026-06") == [999] and value(reading, "deld", "FRMET", "2026-06") == [899]
    notes = dict(rows(reading, "time_period", "note"))
    assert "Rupture" in notes["2025-12"] and "Rupture" not in notes["2024-12"]
    assert "sexe, tranche_d_age" in reasons(reading) and (reading.vintage, reading.published) == ("2026-06", "2026-07")


def test_dares_raw_months_are_another_indicator_and_add_categories_and_durations(write):
    short = {"Moins de 3 mois": 1, "De 3 mois à moins d'un an": 2}
    spells = short | {"De 1 an à moins de 2 ans": 4, "2 ans ou plus": 8}
    lines = [
        stock(date, CALVADOS, "Brutes", category, label, number * factor)
        for date in ("2025-12", "2026-05", "2026-06")
        for category, factor in (("A", 1), ("B", 10), ("C", 100), ("D", 1000))
        for label, number in spells.items()
    ]
    reading = dares_deld.read([write("a.csv", dares(*lines))])
    assert rows(reading) == [("deld_brut", "DEP-14", "2025-12", "1332"), ("deld_brut", "DEP-14", "2026-06", "1332")]
    row = reading.observations.iloc[0]
    assert row["as_published"] == "4 + 8 + 40 + 80 + 400 + 800" and "De 1 an à moins de 2 ans + 2 ans" in row["locator"]
    assert "catégorie D" in reasons(reading)


def test_dares_sets_aside_what_is_secret_or_elsewhere(write):
    lines = [*QUARTERS, stock("2026-T2", ("28", "50"), "cvs-cjo", "ABC", "Un an ou plus", "s")]
    lines += [stock("2026-T2", ("93", "999"), "cvs-cjo", "ABC", "Un an ou plus", 5)]
    lines += [stock("2026-06", FRANCE, "cvs-cjo", "ABC", "Un an ou plus", 5)]
    lines += [stock("2026-T2", ("28", "61"), "Brutes", "ABC", "Un an ou plus", 5)]
    reading = dares_deld.read([write("a.csv", dares(*lines))])
    assert value(reading, "deld", "DEP-50") == [] and "secrète" in reasons(reading)
    assert "DEP-61" not in set(reading.observations["geo"])  # raw quarters are neither of the two series
    assert "hors du découpage" in reasons(reading) and "ni CVS trimestrielles" in reasons(reading)


DARES_FAULTS = {
    "label": ("Un an ou plus", "Longue durée", "« Longue durée »"),
    "no long duration": ("Un an ou plus", "De 6 mois à moins d'un an", "ne donnent pas"),
    "zero lost": ("28,R,14,", "28,R,1,", "zéro initial"),
    "region zero lost": ("28,R,Total", "4,R,Total", "zéro initial"),
    "date": ("2024-T4", "T4 2024", "date illisible"),
    "kind": ("cvs-cjo", "estimées", "type de données"),
    "column": ("anciennete", "duree", "anciennete"),
    "thousands": (",999\n", ",9 999\n", "milliers"),
    "no total": ("Total,Total,Un an", "Femmes,Total,Un an", "anciennetés trouvées"),
}


@pytest.mark.parametrize("fault", DARES_FAULTS)
def test_dares_refuses(write, fault):
    old, new, words = DARES_FAULTS[fault]
    text = dares(*QUARTERS)
    assert old in text
    refused(dares_deld, [write("dares.csv", text.replace(old, new))], "dares.csv", words)


def test_dares_refuses_a_second_value_and_a_file_without_totals(write):
    refused(dares_deld, [write("a.csv", dares(*QUARTERS, QUARTERS[2]))], "seconde valeur")
    lines = [stock("2026-T2", REGION, "cvs-cjo", "ABC", "Un an ou plus", 1, sex="Femmes")]
    refused(dares_deld, [write("a.csv", dares(*lines))], "tous sexes")


@pytest.mark.parametrize(
    ("label", "months"),
    [
        ("Moins d'un an", (0, 12)),
        ("Un an ou plus", (12, 10**6)),
        ("1 an et plus", (12, 10**6)),
        ("12 mois ou plus", (12, 10**6)),
        ("Inscrits depuis un an ou plus", (12, 10**6)),
        ("De 1 an à moins de 2 ans", (12, 24)),
        ("De 6 à moins de 12 mois", (6, 12)),
        ("Entre 1 et 2 ans", (12, 24)),
        ("De 3 mois à moins de 1 an", (3, 12)),
        ("Trois ans ou plus", (36, 10**6)),
        ("Longue durée", None),
        ("Un an", None),
        ("", None),
    ],
)
def test_a_duration_is_read_as_months(label, months):
    assert durations.interval(label) == months


def test_parts_must_cover_a_year_or_more_exactly():
    assert durations.long_term("f", ["2 ans ou plus", "Moins d'un an", "1 an à moins de 2 ans", "Total"]) == [
        "1 an à moins de 2 ans",
        "2 ans ou plus",
    ]
    gap, astride, overlap = ["2 ans ou plus"], ["Moins de 2 ans", "2 ans ou plus"], ["1 à 3 ans", "2 ans ou plus"]
    for labels in (gap, astride, overlap, ["De 1 à 2 ans"], ["Total"], []):
        with pytest.raises(DataError, match="un an ou plus") as fault:
            durations.long_term("f", labels)
        assert one_sentence(str(fault.value))


# ---- IPRO

IPRO_HEAD = "\ufeffCODGEO;LIBGEO;TX_TOT_EMPL;ABC;ABC_DUR1;ABC_DUR2;ABC_DUR3;ABC_DUR4;NOTE_PE;;;"
IPRO = f"""{IPRO_HEAD}
QP014001;Le Haut;44,6;1\u202f100;500;300;200;100;0;;;
QP014002;Le Bas;44,6;100;40;30;20;10;0;;;
QP02A001;Les Cannes;;10;4;3;2;1;0;;;
QP050001;Secret;;;;;;;3;;;
QP050002;Ouvert;;10;4;3;2;1;0;;;
QP050003;Court;;10;4;3;s;1;0;;;
QP987001;Papeete;;10;4;3;2;1;0;;;
"""


def test_ipro_sums_the_districts_of_a_departement(write):
    reading = insee_ipro.read([write("IPRO_2022_QPV.csv", IPRO)])
    sound(reading, "insee-ipro")
    assert value(reading, "demandeurs_emploi_qpv", "DEP-14", "2022") == [1200]
    assert value(reading, "deld_qpv", "DEP-14", "2022") == [330] and value(reading, "deld_qpv", "DEP-2A") == [3]
    manche = reading.observations[reading.observations["geo"] == "DEP-50"].iloc[0]
    assert manche["status"] == "U" and "1 sur 3" in manche["note"]
    assert "non diffusés" in reasons(reading) and "Hors" not in reading.notes and "2015" in reading.notes


IPRO_FAULTS = {
    "code": ("QP014002", "14002", "quartier prioritaire"),
    "sum": (";500;300;200;100;", ";500;300;200;900;", "quatre anciennetés"),
    "column": ("ABC_DUR3", "ABC_DUREE3", "ABC_DUR3"),
    "words": (";40;30;20;10;", ";40;trente;20;10;", "nombre entier"),
}


@pytest.mark.parametrize("fault", IPRO_FAULTS)
def test_ipro_refuses(write, fault):
    old, new, words = IPRO_FAULTS[fault]
    refused(insee_ipro, [write("IPRO_2022_QPV.csv", IPRO.replace(old, new, 1))], "IPRO_2022_QPV.csv", words)


def test_ipro_needs_the_year_in_its_name(write):
    refused(insee_ipro, [write("quartiers.csv", IPRO)], "quartiers.csv", "aucune date")


def test_ipro_real_file(samples):
    reading = insee_ipro.read([samples / "IPRO_2022_QPV.csv"])
    sound(reading, "insee-ipro")
    found = [value(reading, "deld_qpv", geo)[0] for geo in NORMANDIE]
    assert found == [2198, 2331, 983, 1019, 8019]
    assert sum(value(reading, "demandeurs_emploi_qpv", geo)[0] for geo in NORMANDIE) == 30807
    assert len(reading.observations) == 192 and len(reading.set_aside) == 15


# ---- FINESS

WEB_HEAD = ["Numéro FINESS", "SIRET", "Code postal", "Code categorie", "Lib categorie", "SOC:"]
WEB_HEAD += [name for n in (1, 2) for name in (f"Discipline{n}", "Capacité hommes", f"Capacité totale{n}")]


def web(*lines):
    """The web export: header in UTF-8, body in cp1252, every cell `="…"` or empty, a last empty column."""
    body = [";".join(f'="{cell}"' if cell is not None else "" for cell in line) + ";" for line in lines]
    head = ";".join(f'="{name}"' for name in WEB_HEAD) + ";"
    return head.encode() + b"\r\n" + "\r\n".join(body).encode("cp1252") + b"\r\n"


def esat(number, *places, category="246", label="Etablissement et Service d'Aide par le Travail (E.S.A.T.)"):
    cells = [cell for size in (*places, "", "")[:2] for cell in ("Aide par le travail é", "0", size)]
    return [number, None, "14000", category, label, "", *cells]


WEB = web(
    esat("140000001", "10", "5"),
    esat("140000002", ""),
    esat("140000002", "99"),
    esat("2A0000003", "7"),
    esat("970100004", "8"),
    esat("970500005", "9"),
    esat("140000006", "50", category="247", label="Entreprise adaptée"),
    esat("140000007", "50", category="500", label="EHPAD"),
)


def test_finess_web_export(write):
    reading = finess.read([write("esat_2026-03.csv", WEB)])
    sound(reading, "finess")
    assert rows(reading) == [
        ("esat", "DEP-14", "2026-03", "2"),
        ("places_esat", "DEP-14", "2026-03", "15"),
        ("entreprises_adaptees", "DEP-14", "2026-03", "1"),
        ("esat", "DEP-2A", "2026-03", "1"),
        ("places_esat", "DEP-2A", "2026-03", "7"),
        ("esat", "DEP-971", "2026-03", "1"),
        ("places_esat", "DEP-971", "2026-03", "8"),
    ]
    assert list(reading.set_aside["reason"])[:2] == ["Établissement répété.", "Hors des 101 départements."]
    assert finess.read([write("esat_2026.csv", WEB)]).vintage == "2026"


def etab(number, departement, category="246", label="E.S.A.T.", fields=32):
    cells = ["structureet", number, *[""] * 11, departement, "X", "14000 CAEN", "", "", category, label]
    return ";".join((cells + [""] * 20)[:fields])


STOCK = "finess;etalab;96;2026-03-11\n" + "\n".join(
    [
        etab("140000001", "14"),
        etab("140000002", "14", "355", "Centre Hospitalier (C.H.)"),
        etab("970100001", "9A"),
        etab("970500001", "9E"),
        etab("980500001", "9F"),
        etab("500000001", "50", "247", "Entreprise adaptée"),
    ]
)


def test_finess_stock_file(write):
    reading = finess.read([write("etalab.csv", STOCK + "\n")])
    sound(reading, "finess")
    assert rows(reading, "indicator", "geo", "value") == [
        ("esat", "DEP-14", "1"),
        ("entreprises_adaptees", "DEP-50", "1"),
        ("esat", "DEP-971", "1"),
        ("esat", "DEP-976", "1"),
    ]
    assert reading.vintage == reading.published == "2026-03" and "capacités" in reading.notes


FINESS_FAULTS = {
    "no date": ("esat.csv", WEB, "aucune date"),
    "two years": ("esat_2025_2026.csv", WEB, "aucune date"),
    "category lost": ("e_2026.csv", WEB.replace(b"Code categorie", b"Categorie"), "Code categorie"),
    "zero lost": ("e_2026.csv", WEB.replace(b'="140000001"', b'="40000001"'), "FINESS"),
    "short line": ("e_2026.csv", WEB.replace(b'="5";', b"", 1), "colonnes au lieu"),
    "thousands": ("e_2026.csv", WEB.replace(b'="10"', b'="1 010"'), "milliers"),
    "stock fields": ("s.csv", STOCK + "\n" + etab("1", "14", fields=31) + "\n", "31 champs"),
    "stock kind": ("s.csv", STOCK.replace("structureet", "geolocalisation"), "structureet"),
    "stock latin-1": ("s.csv", STOCK.encode("latin-1"), "UTF-8"),
    "stock zero lost": ("s.csv", STOCK.replace(";14;X", ";1;X"), "zéro initial"),
    "stock date": ("s.csv", STOCK.replace("2026-03-11", "mars"), "s.csv"),
    "no esat": ("s.csv", STOCK.splitlines()[0] + "\n" + etab("1", "14", "355", "C.H.") + "\n", "aucune valeur"),
}


@pytest.mark.parametrize("fault", FINESS_FAULTS)
def test_finess_refuses(write, fault):
    name, content, words = FINESS_FAULTS[fault]
    refused(finess, [write(name, content)], name, words)


def test_finess_real_export_gives_the_document_typed_by_hand(samples, tmp_path):
    path = shutil.copy(samples / "finess_export_esat_2026.csv", tmp_path / "finess_esat_2026-03.csv")
    reading = finess.read([Path(path)])
    sound(reading, "finess")
    typed_rows = list(csv.DictReader((DATA / "raw/finess/2026-03/observations.csv").open(encoding="utf-8")))
    assert reading.observations.to_dict("records") == typed_rows
    assert sum(value(reading, "esat", geo)[0] for geo in NORMANDIE) == 81
    assert sum(value(reading, "places_esat", geo)[0] for geo in NORMANDIE) == 7262


# ---- SIAE


def emploi(kind, departement, siret, day="2026-11-02T10:00:00Z", postcode=None):
    place = {"departement": departement, "code_postal": postcode or f"{departement}000", "ville": "X"}
    return {"siret": siret, "type": kind, "mis_a_jour_le": day, "postes": [], **place}


def page(results, count=None, previous=None, following=None):
    count = len(results) if count is None else count
    return json.dumps({"count": count, "next": following, "previous": previous, "results": results})


WHOLE_REGION = [emploi("ACI", code, f"{n}") for n, code in enumerate(("14", "27", "50", "61", "76"))]


def test_siae_pages_of_the_emplois_de_l_inclusion(write):
    one = write("p1.json", page([*WHOLE_REGION, emploi("EI", "14", "9")], count=11, following="https://x/?page=2"))
    two = [emploi("GEIQ", "14", "10"), emploi("EI", "14", "9"), emploi("OPCS", "14", "11"), emploi("ETTI", "29", "12")]
    other = write("p2.json", page([*two, emploi("EA", "14", "13", day="2026-10-01")], count=11, previous="https://x/"))
    reading = siae.read([one, other])
    sound(reading, "siae")
    assert value(reading, "structures_inclusives", "DEP-14", "2026-11", "siae") == [2]
    assert value(reading, "structures_inclusives", "REG-28", "2026-11", "siae") == [6]
    assert value(reading, "structures_inclusives", "REG-28", "2026-11", "aci") == [5]
    assert value(reading, "structures_inclusives", "REG-28", "2026-11", "ei") == [1]
    assert value(reading, "structures_inclusives", "REG-53", category="siae") == []  # Bretagne is not all there
    assert value(reading, "geiq", "DEP-14") == [1] and value(reading, "entreprises_adaptees", "REG-28") == [1]
    assert sorted(reading.set_aside["what"]) == ["EI", "OPCS"]
    assert reading.vintage == "2026-11-emplois" and "11 mai 2026" in reading.notes
    assert "Somme des départements" in dict(rows(reading, "geo", "note"))["REG-28"]


def test_siae_marche_pages_and_export(write):
    fields = {"department": "14", "post_code": "14000", "updated_at": "2026-09-03"}
    results = [
        {"siret": "1", "kind": "EI", "is_active": True, **fields},
        {"siret": "2", "kind": "EI", "is_active": False, **fields},
        {"siret": "3", "kind": "ESAT", "is_active": True, **fields},
        {"siret": "4", "kind": "EATT", "is_active": True, **fields},
    ]
    reading = siae.read([write("m.json", page(results))])
    assert rows(reading, "indicator", "category", "value") == [
        ("structures_inclusives", "siae", "1"),
        ("structures_inclusives", "ei", "1"),
        ("entreprises_adaptees", "", "1"),
    ]
    assert reading.vintage == "2026-09-marche" and "FINESS" in reasons(reading) and "inactive" in reasons(reading)
    head = "Raison sociale,Enseigne,Type de structure,Adresse,Code postal,Ville\n"
    text = head + (
        "A,,Entreprise d'insertion (EI),1 rue,14000,Caen\nB,,Association intermédiaire,,20200,Bastia\n"
        "C,,Atelier chantier d'insertion,,98800,Nouméa\n"
    )
    reading = siae.read([write("liste_structures_2026-11-20.csv", text)])
    sound(reading, "siae")
    assert value(reading, "structures_inclusives", "DEP-14", "2026-11", "ei") == [1]
    assert value(reading, "structures_inclusives", "DEP-2B", "2026-11", "ai") == [1]
    assert "Département inconnu" in reasons(reading)


SIAE_FAULTS = {
    "kind": (page([emploi("XYZ", "14", "1")]), "« XYZ »"),
    "pages": (page(WHOLE_REGION, count=9, following="https://x/?page=2"), "il manque des pages"),
    "zero lost": (page([emploi("EI", "1", "1", postcode="01000")]), "zéro initial"),
    "postcode zero lost": (page([emploi("EI", "", "1", postcode="1000")]), "zéro initial"),
    "field": (page([{"departement": "14", "siret": "1", "code_postal": "14000"}]), "« type »"),
    "not a page": ('{"detail": "Request was throttled."}', "results"),
    "cut": (page(WHOLE_REGION)[:-40], "JSON complet"),
    "latin-1": (page(WHOLE_REGION).replace('"X"', '"Évreux"').encode("latin-1"), "UTF-8"),
    "rows": ('{"results": ["a"]}', "results"),
    "empty": (page([]), "vide"),
    "undated": (page([emploi("EI", "14", "1", day="")]), "aucune date"),
}


@pytest.mark.parametrize("fault", SIAE_FAULTS)
def test_siae_refuses(write, fault):
    content, words = SIAE_FAULTS[fault]
    refused(siae, [write("siae.json", content)], words)


def test_siae_refuses_two_directories_at_once(write):
    marche = {"siret": "1", "kind": "EI", "department": "14", "post_code": "14000", "updated_at": "2026-09-03"}
    refused(siae, [write("a.json", page(WHOLE_REGION)), write("b.json", page([marche]))], "pas les deux")


# ---- Zoning

FRR = """\ufeffCode_insee;Departement;Commune;Classement FRR et FRR+ au 10 juillet 2025;
14118;14;Caen;Non classée;
14366;14;Lisieux;FRR socle;
50129;50;Cherbourg-en-Cotentin;FRR+;
50999;50;Nouvelle;FRR bénéficiaire partiellement;
"""
QPV = '''code_qp;lib_qp;insee_reg;lib_reg;insee_dep;lib_dep;insee_com;lib_com;siren_epci;lib_epci
QN01401M;Un;28;Normandie;14;Calvados;"=""14118""";Caen;200065597;CU
QN01402M;Deux;28;Normandie;14;Calvados;"=""14118;14366""";"Caen; Lisieux";200065597;CU
'''


def inside(small, name, content):
    """A file in the small data folder, whose geography then places it."""
    return small.write(f"raw/zonages/x/{name}", content)


def test_frr_layer(small):
    reading = zoning.read([inside(small, "frr.csv", FRR)])
    assert rows(reading) == [
        ("communes_frr", "DEP-14", "2025-07", "1"),
        ("population_communes_frr", "DEP-14", "2025-07", "150"),
        ("communes_frr_plus", "DEP-14", "2025-07", "0"),
        ("communes_frr", "DEP-50", "2025-07", "2"),  # of which one without population: no sum of populations
        ("communes_frr_plus", "DEP-50", "2025-07", "1"),
    ]
    assert "COM-50999" in " ".join(reading.set_aside["what"]) and reading.vintage == "frr-2025-07"
    sound(reading, "zonages")


def test_qpv_layer(small):
    reading = zoning.read([inside(small, "qpv.csv", QPV)])
    sound(reading, "zonages")
    assert rows(reading) == [
        ("communes_qpv", "DEP-14", "2024", "2"),
        ("population_communes_qpv", "DEP-14", "2024", "400"),
        ("quartiers_prioritaires", "DEP-14", "2024", "2"),
        ("communes_qpv", "EPCI-200065597", "2024", "1"),
        ("population_communes_qpv", "EPCI-200065597", "2024", "250"),
        ("quartiers_prioritaires", "EPCI-200065597", "2024", "2"),
    ]


def test_a_national_list_says_where_there_is_no_district(small, monkeypatch):
    monkeypatch.setattr(zoning, "NATIONAL", 1)
    reading = zoning.read([inside(small, "qpv.csv", QPV)])
    assert value(reading, "quartiers_prioritaires", "DEP-48") == [0] and len(reading.observations) == 3 * 101 + 3


def test_the_nearest_geography_places_a_list(small):
    for vintage in ("2024", "2030"):
        for name in ("territories.csv", "communes.csv.gz"):
            content = (small.root / "reference/insee-cog/2020" / name).read_bytes()
            small.write(f"reference/insee-cog/{vintage}/{name}", content)
        small.new_card(f"reference/insee-cog/{vintage}", f"{vintage}-03")
    reading = zoning.read([inside(small, "frr.csv", FRR)])
    assert "millésime 2024" in reading.observations["note"][0]


def test_the_project_geography_places_a_file_from_elsewhere(write):
    reading = zoning.read([write("frr.csv", FRR.splitlines()[0] + "\n14366;14;Lisieux;FRR socle;\n")])
    assert value(reading, "communes_frr", "DEP-14") == [1]
    assert value(reading, "population_communes_frr", "DEP-14")[0] > 10_000
    assert any(geo.startswith("EPCI-") for geo in reading.observations["geo"])


ZONING_FAULTS = {
    "class": (FRR, "FRR socle", "Peut-être", "classement inconnu"),
    "twice": (FRR, "14366", "14118", "deux fois"),
    "zero lost": (FRR, "14118", "1118", "zéro initial"),
    "name for code": (FRR, "14118", "Caen", "code de commune"),
    "undated": (FRR, " au 10 juillet 2025", "", "date"),
    "district of 2015": (QPV, "QN01401M", "QP014001", "quartier de 2024"),
    "district twice": (QPV, "QN01402M", "QN01401M", "deux fois"),
    "no commune": (QPV, '"=""14118"""', '""', "aucune commune"),
    "column": (QPV, "insee_com", "communes", "insee_com"),
}


@pytest.mark.parametrize("fault", ZONING_FAULTS)
def test_zoning_refuses(small, fault):
    text, old, new, words = ZONING_FAULTS[fault]
    refused(zoning, [inside(small, "z.csv", text.replace(old, new, 1))], "z.csv", words)


# ---- All

OWN = {
    "caf.csv": (caf_rsa, CAF),
    "dares.csv": (dares_deld, dares(*QUARTERS)),
    "ipro_2022.csv": (insee_ipro, IPRO),
    "web_2026.csv": (finess, WEB),
    "stock.csv": (finess, STOCK),
    "siae.json": (siae, page(WHOLE_REGION)),
    "frr.csv": (zoning, FRR),
    "qpv.csv": (zoning, QPV),
}


@pytest.mark.parametrize("name", OWN)
def test_each_file_is_known_by_one_reader_whatever_its_name(write, name):
    path = write("fichier", OWN[name][1])
    assert [reader for reader in READERS if reader.recognise(path)] == [OWN[name][0]]


def test_what_is_no_source_is_recognised_by_none(write, tmp_path):
    junk = [b"", b"\0" * 50, b"PK\x03\x04", b"{", b"[1, 2", b'{"type": 1}', b"a;b;c\n1;2;3\n", b"\xff\xfe" * 99]
    junk += [b'"' * 99, b"\xef\xbb\xbf", b"x" * 200_000]
    paths = [write(f"junk{n}", content) for n, content in enumerate(junk)]
    for path in [*paths, tmp_path, tmp_path / "absent"]:
        assert not any(reader.recognise(path) for reader in READERS), path


@pytest.mark.parametrize("name", [name for name in OWN if not name.startswith("web") and name != "siae.json"])
def test_latin_1_is_refused(small, name):
    reader, content = OWN[name]
    text = content.removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    spoilt = f"{first}\n{rest.replace(';X', ';É').replace('R,', 'É,').replace('Le Haut', 'É').replace('CALV', 'É')}"
    spoilt = spoilt.replace("Caen", "É").replace("\u202f", " ")
    refused(reader, [inside(small, name, spoilt.encode("latin-1"))], name, "UTF-8")


@pytest.mark.parametrize("name", OWN)
def test_an_absent_or_empty_content_is_refused(small, name):
    reader, content = OWN[name]
    text = content.decode("utf-8", errors="replace") if isinstance(content, bytes) else content
    if name != "siae.json":
        refused(reader, [inside(small, name, text.splitlines()[0] + "\n")])


@pytest.mark.parametrize("reader", [reader for reader in READERS if reader is not siae])
def test_one_file_makes_a_vintage(write, reader):
    refused(reader, [write("a.csv", "x"), write("b.csv", "y")], "a.csv", "b.csv")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("1234", 1234), ("1234.0", 1234)])
def test_a_whole_number(text, number):
    assert flat.whole(text, "f") == number


@pytest.mark.parametrize("text", ["", "-1", "1,5", "1.5", "1e3", "١٢", "1 234", "1.234", "1,234", "12345678901234"])
def test_not_a_whole_number(text):
    with pytest.raises(DataError, match="f : "):
        flat.whole(text, "f")


def test_codes():
    assert codes.departement("20B", "f") == "DEP-2B" and codes.departement("99", "f") is None
    assert codes.region("28", "f") == "REG-28" and codes.region("83", "f") is None
    assert codes.departement_of_commune("COM-97411") == "DEP-974"
    assert codes.departement_of_postcode("20190", "f") == "DEP-2A" and codes.departement_of_postcode("?", "f") is None
    assert len(codes.DEPARTEMENTS) == 101 and len(codes.REGIONS) == 18


@pytest.mark.parametrize(
    ("name", "date"),
    [("a_2026", "2026"), ("a_2026-03", "2026-03"), ("a-20260311-0344", "2026-03"), ("x2026-03-11", "2026-03")],
)
def test_date_in_a_name(name, date):
    assert harvest.date_in_name(Path(f"{name}.csv")) == date
