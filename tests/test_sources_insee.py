"""INSEE's files read by the package: small ones made here with every fault met, and the real ones where they are."""

import csv
import json
import os
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from conftest import DATA, one_sentence
from cpsr_study import indicators, validation
from cpsr_study.errors import DataError
from cpsr_study.sources import insee_chomage, insee_filosofi, insee_melodi, insee_population, typed, workbooks

READERS = (insee_filosofi, insee_population, insee_chomage, insee_melodi)
SAMPLES = Path(os.environ.get("CPSR_SAMPLES", "")) / "social"
real = pytest.mark.skipif(not os.environ.get("CPSR_SAMPLES"), reason="CPSR_SAMPLES ne désigne pas les fichiers réels")

POOR = (
    "CODGEO;TP4020;TP5020;TP6020;TP60Q220;TP60IP20\n14;5,0;6,9;11,9;10900;0,18\n27;s;s;s;s;s\n50;5,0;5,0;5,0;10900;nd\n"
)
DISP = (
    "CODGEO;NBMEN20;NBPERS20;NBUC20;Q120;Q220;Q320;PPSOC20;PPMINI20\n"
    "14;300000;667007;440000,5;17000;22500;29000;5,5;2,3\n"
    "27;240000;584804;390000,1;17000;22400;28500;5,5;2,3\n"
    "50;230000;489723;330000,1;17000;nd;28500;5,5;2,3\n"
)
CC = "CODGEO;NBMENFISC21;NBPERSMENFISC21;MED21;PIMP21;TP6021;TP60AGE121\n"
COMMUNES = (
    "REG;Région;DEP;CODARR;CODCAN;CODCOM;COM;Commune;PMUN;PCAP;PTOT\n"
    "28;Normandie;14;1;01;118;14118;Caen;250;1;251\n"
    "28;Normandie;14;1;01;366;14366;Lisieux;150;1;151\n"
    "28;Normandie;50;1;01;129;50129;Cherbourg-en-Cotentin;200;1;201\n"
)
QUARTERS = [f"{year}-T{quarter}" for year in (2021, 2022, 2023) for quarter in (1, 2, 3, 4)][:-1]
SERIES = {
    "région - France métropolitaine": [7.5] * 11,
    "région - Normandie": [7.5, 7.6, 7.5, 7.6, 7.1, 7.0, 7.0, 7.0, 7, 7, 7],
    "département - Calvados": [7.1, 7.1, "7.1 (P)", 7.2, "(O)", 6.9, 6.9, 6.9, 7, 7, 7],
    "département - Côtes-d'Armor": [6.0] * 11,
    "région - Pays de Caux": [6.0] * 11,
}


def made(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    """A file of these words; `encoding` as spreadsheets leave it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def values(reading) -> dict[tuple[str, str], str]:
    """Value by indicator and area, when there is one period."""
    frame = reading.observations
    assert not frame.duplicated(["indicator", "geo", "time_period"]).any()
    return dict(zip(zip(frame["indicator"], frame["geo"], strict=True), frame["value"], strict=True))


def accepted(reading, data_dir: Path = DATA) -> pd.DataFrame:
    """The observations as the study takes them: same columns, same checks as a typed document."""
    frame = reading.observations
    assert list(frame.columns) == typed.COLUMNS and list(reading.set_aside.columns) == ["where", "what", "reason"]
    assert all(isinstance(cell, str) for cell in frame.to_numpy().ravel())
    assert reading.set_aside["reason"].str.len().min() > 3 or reading.set_aside.empty
    frame = frame.assign(
        place=frame["locator"], line="1", source=reading.source, vintage=reading.vintage, published="2026", kind="p"
    )
    return validation.validate(frame, indicators.read(data_dir), data_dir)


def refused(reader, *paths: Path) -> str:
    """What the reader says when it takes nothing in."""
    with pytest.raises(DataError) as fault:
        reader.read(list(paths))
    assert one_sentence(str(fault.value)), str(fault.value)
    return str(fault.value)


# Filosofi


def test_filosofi_joins_the_rate_and_the_persons(tmp_path):
    files = [made(tmp_path, "FILO2020_DISP_PAUVRES_DEP.csv", POOR), made(tmp_path, "FILO2020_DISP_DEP.csv", DISP)]
    assert all(insee_filosofi.recognise(path) for path in files)
    reading = insee_filosofi.read(files)
    assert (reading.source, reading.vintage, reading.published) == ("insee-filosofi", "2020", "2023")
    accepted(reading)
    assert values(reading) == {
        ("taux_pauvrete", "DEP-14"): "11.9",
        ("personnes_menages_fiscaux", "DEP-14"): "667007",
        ("niveau_vie_median", "DEP-14"): "22500",
        ("personnes_menages_fiscaux", "DEP-27"): "584804",
        ("niveau_vie_median", "DEP-27"): "22400",
        ("taux_pauvrete", "DEP-50"): "5",
        ("personnes_menages_fiscaux", "DEP-50"): "489723",
    }
    assert len(reading.observations) + len(reading.set_aside) == 3 * 3
    assert list(reading.set_aside["reason"]) == ["secret statistique (s)", "non disponible (nd)"]


def test_a_bottom_coded_rate_says_so(tmp_path):
    frame = insee_filosofi.read([made(tmp_path, "a.csv", POOR)]).observations
    floor = frame[frame["geo"] == "DEP-50"].iloc[0]
    assert floor["as_published"] == "5,0 (5 ou moins)" and "5 % ou moins" in floor["note"] and floor["status"] == "U"
    assert frame[frame["geo"] == "DEP-14"].iloc[0]["as_published"] == "11,9"


def test_filosofi_files_of_one_kind_say_what_is_missing(tmp_path):
    persons = insee_filosofi.read([made(tmp_path, "FILO2020_DISP_DEP.csv", DISP)])
    assert set(persons.observations["indicator"]) == {"personnes_menages_fiscaux", "niveau_vie_median"}
    assert "Sans le taux" in persons.notes and "Absents des fichiers : DEP-01" in persons.notes
    assert "Sans le nombre" in insee_filosofi.read([made(tmp_path, "b.csv", POOR)]).notes


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("14118;50000;100000;21000;50;20;30\n75101;9000;16000;30000;80;15;20\n99999;1;2;20000;s;s;s\n", {"COM-14118"}),
        ("200065597;120000;260000;22000;50;13,1;20\n", {"EPCI-200065597"}),
        ("14;300000;667007;22500;55;12.5;20\n2A;60000;150000;22000;50;17,0;20\n", {"DEP-14", "DEP-2A"}),
    ],
)
def test_cc_filosofi_levels_by_content(tmp_path, rows, expected):
    path = made(tmp_path, "anything.csv", CC + rows)
    assert insee_filosofi.recognise(path)
    reading = insee_filosofi.read([path])
    accepted(reading)
    assert reading.vintage == "2021" and set(reading.observations["geo"]) == expected
    assert len(reading.observations) + len(reading.set_aside) == 3 * rows.count("\n")
    districts = reading.set_aside[reading.set_aside["what"].str.startswith("COM-75101")]
    assert set(districts["reason"]) <= {"arrondissement municipal, compté dans sa commune"}


def test_regions_and_the_metropole(tmp_path):
    head = "CODGEO;LIBGEO;NBMEN19;NBPERS19;NBUC19;Q219;PPSOC19\n"
    regions = made(
        tmp_path, "r.csv", head + "28;Normandie;1438006;3208287;2,8;21380;6,5\n11;Île-de-France;5;9;2,8;24060;4\n"
    )
    metropole = made(tmp_path, "m.csv", head + "M;France métropolitaine;28000000;62000000;2,8;21930;5\n")
    reading = insee_filosofi.read([regions, metropole])
    assert list(reading.observations["geo"].unique()) == ["FRMET", "REG-11", "REG-28"]
    bare = made(tmp_path, "cc_filosofi_2021_METRO.csv", CC + "METRO;28000000;62000000;23000;55;14,9;20\n")
    assert set(insee_filosofi.read([bare]).observations["geo"]) == {"FRMET"}


def test_what_two_files_give_is_taken_once(tmp_path):
    poor = made(tmp_path, "p.csv", POOR.replace("20;", "21;").replace("IP20", "IP21"))
    cc = made(tmp_path, "c.csv", CC + "14;300000;667007;22500;55;12;20\n")
    reading = insee_filosofi.read([cc, poor])
    assert values(reading)["taux_pauvrete", "DEP-14"] == "11.9"
    assert "déjà donné par p.csv:TP6021" in set(reading.set_aside["reason"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DISP.replace("667007", "667 007"), "séparateurs de milliers"),
        (DISP.replace("667007", "667.007"), "séparateurs de milliers"),
        (DISP.replace("667007", "beaucoup"), "pas un nombre"),
        (DISP.replace("667007", "=B2*2"), "pas un nombre"),
        (DISP + "1;1;635968;2,1;1;24030;3;4;5\n", "perdu son zéro"),
        (DISP.replace("NBPERS20", "PERSONNES"), "colonne NBPERS suivie de l'année manque"),
        (DISP.replace("NBPERS20", "NBPERS19"), "mêle les années 2019 et 2020"),
        (DISP.replace("Q220", "Q2_20"), "colonne Q2 suivie"),
        (DISP.replace(";", ","), "points-virgules"),
        (DISP.replace("22500;", ""), "8 colonnes au lieu de 9"),
        (DISP.replace("440000,5", '"440000,5'), "guillemet"),
        (DISP.replace("22500", "12"), "pas plausible"),
        (DISP + "14;1;635968;2,1;1;24030;3;4;5\n", "plusieurs fois"),
        (DISP.replace("PPSOC20;PPMINI20", "PTSA20;PCHO20"), "revenus déclarés (DEC)"),
        (DISP.splitlines()[0] + "\n", "aucune ligne"),
        (DISP.splitlines()[0] + "\n28;1;2;3;4;22000;6;7;8\n", "régions comme de départements"),
        (DISP.splitlines()[0] + "\n0051;1;2;3;4;22000;6;7;8\n", "ni de communes, ni d'EPCI"),
        (DISP.splitlines()[0] + "\n14999;1;2;3;4;22000;6;7;8\n", "aucune valeur à retenir"),
        ("", "points-virgules"),
    ],
)
def test_a_filosofi_file_with_a_fault_is_refused(tmp_path, text, says):
    path = made(tmp_path, "FILO2020_DISP_DEP.csv", text)
    insee_filosofi.recognise(path)
    assert says in refused(insee_filosofi, path)


def test_filosofi_of_other_years_zonings_and_encodings(tmp_path):
    poor = made(tmp_path, "FILO2020_DISP_PAUVRES_DEP.csv", POOR)
    later = made(tmp_path, "FILO2021_DISP_DEP.csv", DISP.replace("20;", "21;").replace("PPMINI20", "PPMINI21"))
    assert "pas de la même année" in refused(insee_filosofi, poor, later)
    assert "mêle les années 2020 et 2021" in refused(insee_filosofi, made(tmp_path, "FILO2021_DISP_DEP.csv", DISP))
    zones = made(tmp_path, "FILO2020_DISP_ZE2020.csv", DISP)
    assert "zonage d'étude" in refused(insee_filosofi, zones)
    head = "CODGEO;LIBGEO;NBMEN19;NBPERS19;NBUC19;Q219;PPSOC19\n"
    latin = made(tmp_path, "l.csv", head + "976;La Réunion;1;2;3;20000;4\n974;Mayotté;1;2;3;20000;4\n", "latin-1")
    assert insee_filosofi.recognise(latin) and "UTF-8" in refused(insee_filosofi, latin)
    old = made(tmp_path, "o.csv", head + "25;Basse-Normandie;1;2;3;20000;4\n23;Haute-Normandie;1;2;3;20000;4\n")
    assert "régions actuelles" in refused(insee_filosofi, old)


# Populations


@pytest.fixture
def geography(small, monkeypatch):
    """The small geography of 2020, with populations of 2018, as the data of the study."""
    monkeypatch.setenv("CPSR_DATA_DIR", str(small.root))
    return small


def test_populations_are_summed_where_every_commune_is_there(geography, tmp_path):
    path = made(tmp_path, "insee_pop_reference_2018_communes.csv", COMMUNES)
    assert insee_population.recognise(path)
    reading = insee_population.read([path])
    accepted(reading, geography.root)
    assert (reading.vintage, reading.reference_period, reading.published) == ("2021", "2018", "2020-12")
    assert values(reading) == {
        ("population", "DEP-14"): "400",
        ("population", "DEP-50"): "200",
        ("population", "REG-28"): "600",
    }
    assert set(reading.set_aside["what"]) == {"DEP-29", "DEP-974", "REG-53", "REG-04"}


def test_a_missing_commune_leaves_no_sum(geography, tmp_path):
    lines = COMMUNES.splitlines(keepends=True)
    reading = insee_population.read([made(tmp_path, "pop_2018.csv", "".join(lines[:2] + lines[3:]))])
    assert values(reading) == {("population", "DEP-50"): "200"}
    aside = dict(zip(reading.set_aside["what"], reading.set_aside["reason"], strict=True))
    assert "1 communes manquent (par exemple 14366)" in aside["DEP-14"] and "manque" in aside["REG-28"]


def test_a_new_year_is_checked_against_the_last_one(geography, tmp_path):
    text = COMMUNES.replace(";250;", ";252;").replace(";150;", ";151;")
    assert values(insee_population.read([made(tmp_path, "p2019.csv", text)]))["population", "REG-28"] == "603"
    half = "".join(line for line in text.splitlines(keepends=True) if "Lisieux" not in line)
    reading = insee_population.read([made(tmp_path, "p2019.csv", half)])
    assert ("population", "DEP-14") not in values(reading)


def test_the_districts_of_paris_make_its_population(tmp_path):
    head = COMMUNES.splitlines()[0] + "\n"
    rows = [f"11;Île-de-France;75;1;;{n};75{n};Paris {n};105000;0;105000\n" for n in range(101, 121)]
    path = made(tmp_path, "pop_2024.csv", head + "".join(rows))
    assert values(insee_population.read([path])) == {("population", "DEP-75"): "2100000"}
    assert "aucune valeur" in refused(insee_population, made(tmp_path, "pop_2024.csv", head + "".join(rows[:9])))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("populations.csv", COMMUNES, "doit être seule dans son nom"),
        ("pop_2019.csv", COMMUNES, "sont celles de 2018"),
        ("pop_2018.csv", COMMUNES.replace(";250;", ";260;").replace(";150;", ";140;"), "différentes de celles de 2018"),
        ("pop_2018.csv", COMMUNES.replace(";250;", ";1 250;"), "séparateurs de milliers"),
        ("pop_2018.csv", COMMUNES.replace(";250;", ";250,5;"), "nombre d'habitants"),
        (
            "pop_2018.csv",
            COMMUNES.replace("28;Normandie;14;1;01;118;14118", "84;Rhône;1;1;01;118;1118"),
            "perdu son zéro",
        ),
        ("pop_2018.csv", COMMUNES.replace(";14118;", ";4118;"), "perdu son zéro"),
        ("pop_2018.csv", COMMUNES.replace(";50129;", ";14129;"), "n'est pas une commune du département"),
        ("pop_2018.csv", COMMUNES.replace("PMUN", "PMUN18"), "colonne « PMUN » manque"),
        ("pop_2018.csv", COMMUNES.replace("366;14366", "118;14118"), "plusieurs fois"),
        ("pop_2018.csv", COMMUNES.replace("28;Normandie;50", "53;Bretagne;50"), "pas dans la région 53"),
        ("pop_2018.csv", COMMUNES.splitlines()[0] + "\n", "aucune ligne"),
    ],
)
def test_a_population_file_with_a_fault_is_refused(geography, tmp_path, name, text, says):
    path = made(tmp_path, name, text)
    assert insee_population.recognise(path)
    assert says in refused(insee_population, path)


def test_populations_and_the_tables_of_the_cog(geography, tmp_path):
    path = made(tmp_path, "pop_2018.csv", COMMUNES)
    head = "DEP,REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n"
    right = made(tmp_path, "d.csv", head + "14,28,14118,2,C,C,Calvados\n50,28,50129,3,M,M,Manche\n")
    regions = made(tmp_path, "r.csv", "REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n28,76540,0,N,N,Normandie\n")
    assert all(insee_population.recognise(file) for file in (right, regions))
    assert len(insee_population.read([path, right, regions]).observations) == 3
    wrong = made(tmp_path, "w.csv", head + "14,53,14118,2,C,C,Calvados\n50,28,50129,3,M,M,Manche\n")
    assert "contredit" in refused(insee_population, path, wrong)
    short = made(tmp_path, "s.csv", head + "14,28,14118,2,C,C,Calvados\n")
    assert "n'a pas le code 50" in refused(insee_population, path, short)
    assert "donnez-les ensemble" in refused(insee_population, right)
    assert "Un seul fichier" in refused(insee_population, path, path)
    latin = made(tmp_path, "pop_2018.csv", COMMUNES, "latin-1")
    assert insee_population.recognise(latin) and "UTF-8" in refused(insee_population, latin)


# Localised unemployment


def workbook(path: Path, series=None, quarters=None, sheet="valeurs_trimestrielles", first=None) -> Path:
    """A workbook of the BDM: one line a series, one column a quarter, and a sheet of characteristics."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    page.append([*(first or insee_chomage.FIRST), *(quarters or QUARTERS)])
    for number, (label, cells) in enumerate((series or SERIES).items()):
        page.append([f"Taux de chômage localisé par {label}", f"00{number}", "18/06/2024 12:00", "", *cells])
    book.create_sheet("caractéristiques").append(["idBank"])
    book.save(path)
    return path


def test_annual_means_of_four_quarters(tmp_path):
    path = workbook(tmp_path / "x.xlsx")
    assert insee_chomage.recognise(path)
    reading = insee_chomage.read([path])
    accepted(reading)
    assert (reading.vintage, reading.published, reading.reference_period) == ("2024-06", "2024-06-18", "2021 à 2022")
    rows = {(row.geo, row.time_period): row for row in reading.observations.itertuples()}
    assert rows["FRMET", "2021"].value == "7.5" and rows["DEP-22", "2022"].value == "6"
    assert rows["REG-28", "2021"].value == "7.55" and rows["REG-28", "2021"].as_published == "7,5 ; 7,6 ; 7,5 ; 7,6"
    assert rows["DEP-14", "2021"].status == "P" and ("DEP-14", "2022") not in rows
    aside = list(reading.set_aside["reason"])
    assert "valeur manquante (O) : la moyenne demande les quatre trimestres" in aside
    assert "nom absent des géographies connues de l'étude" in aside and "année incomplète" in aside
    assert "2023" not in set(reading.observations["time_period"])


def test_a_sheet_renamed_or_a_column_lost(tmp_path):
    path = tmp_path / "x.xlsx"
    renamed = refused(insee_chomage, workbook(path, sheet="Données"))
    assert insee_chomage.recognise(path) and "« valeurs_trimestrielles » manque" in renamed and "« Données »" in renamed
    lost = [name for name in QUARTERS if name != "2021-T3"]
    cells = {label: row[1:] for label, row in SERIES.items()}
    assert "« 2021-T3 » manque" in refused(insee_chomage, workbook(path, cells, lost))
    first = ["Libellé", "idBank", "Mise à jour", "Période"]
    assert "« Dernière mise à jour » manque" in refused(insee_chomage, workbook(path, first=first))


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("=A1*2", "formule"),
        ("beaucoup", "pas un taux"),
        (71.0, "plausible"),
        ("7,1 (Z)", "pas un taux"),
        (-1, "plausible"),
    ],
)
def test_a_cell_that_is_no_rate(tmp_path, cell, says):
    path = workbook(tmp_path / "x.xlsx", {"région - Normandie": [cell, *[7.0] * 10]})
    assert says in refused(insee_chomage, path)


def test_two_series_of_one_area(tmp_path):
    series = {"région - France entière (hors Mayotte)": [7.0] * 11, "région - France hors Mayotte": [7.1] * 11}
    assert "deux séries pour FR" in refused(insee_chomage, workbook(tmp_path / "x.xlsx", series))


def test_workbooks_that_are_not_opened(tmp_path, monkeypatch):
    path = workbook(tmp_path / "x.xlsx")
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(path.read_bytes()[:2000])
    assert "classeur" in refused(insee_chomage, cut) and not insee_chomage.recognise(cut)
    assert "classeur" in refused(insee_chomage, made(tmp_path, "t.xlsx", "Libellé;idBank\n"))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", b"\0" * 3_000_000)
    monkeypatch.setattr(workbooks, "LARGEST", 1_000_000)
    assert path.stat().st_size < 100_000
    assert "anormalement gros" in refused(insee_chomage, path) and not insee_chomage.recognise(path)
    assert "Un seul classeur" in refused(insee_chomage, path, cut)


# Melodi

URL = "https://api.insee.fr/melodi/data/DS_FILOSOFI_CC?GEO=DEP-14&maxResult=2&page="


def observation(measure="PR_MD60", geo="DEP-14", value: object = 12.5, period="2021", **attributes):
    level = {} if value is None else {"value": value}
    dimensions = {"GEO": geo, "TIME_PERIOD": period, "FILOSOFI_MEASURE": measure}
    return {"dimensions": dimensions, "measures": {"OBS_VALUE_NIVEAU": level}, "attributes": attributes}


def page(folder: Path, name: str, *items, **paging) -> Path:
    answer = {"identifier": "DS_FILOSOFI_CC", "title": {"fr": "Filosofi"}, "observations": list(items)}
    return made(folder, name, json.dumps(answer | {"paging": {"first": URL + "1", **paging}}))


def test_an_answer_of_melodi(tmp_path):
    one = page(
        tmp_path,
        "b.json",
        observation(),
        observation("MED_SL", "2025-DEP-14", 22870.0, UNIT_MEASURE="EUR_YR"),
        observation("NUM_PER", "DEP-14", 670000),
        observation("PR_MD60", "FRANCE-FM", 14.9, OBS_STATUS="P"),
        next=URL + "2",
    )
    two = page(
        tmp_path,
        "a.json",
        observation("PR_MD60", "COM-14001", None),
        observation("PR_MD60", "AAV2020-256", 10.0),
        observation("GI_SL", "DEP-14", 0.2),
        observation("PR_MD60", "DEP-61", 15.600000000000001),
        observation("PR_MD60", "2024-DEP-61", 15.6),
        observation("MED_SL", "DEP-61", 22.8, UNIT_MEASURE="PT"),
        count=10,
    )
    assert insee_melodi.recognise(one) and insee_melodi.recognise(two)
    reading = insee_melodi.read([two, one])
    accepted(reading)
    assert (reading.source, reading.vintage, reading.published) == ("insee-melodi", "filosofi-2021", "2024")
    assert values(reading) == {
        ("taux_pauvrete", "DEP-14"): "12.5",
        ("niveau_vie_median", "DEP-14"): "22870",
        ("personnes_menages_fiscaux", "DEP-14"): "670000",
        ("taux_pauvrete", "FRMET"): "14.9",
        ("taux_pauvrete", "DEP-61"): "15.6",
    }
    assert "2 pages lues, 10 observations, 5 retenues" in reading.notes
    assert len(reading.set_aside) == 5 and "secret statistique" in reading.set_aside["reason"].iloc[0]
    assert reading.observations["status"].value_counts().to_dict() == {"A": 4, "P": 1}


def test_pages_of_melodi_that_do_not_hold_together(tmp_path):
    first = page(tmp_path, "1.json", observation(), next=URL + "2")
    third = page(tmp_path, "3.json", observation(geo="DEP-50"), prev=URL + "2")
    assert "la page 2 de la réponse manque" in refused(insee_melodi, first)
    assert "la page 2 de la réponse manque" in refused(insee_melodi, first, third)
    again = page(tmp_path, "1bis.json", observation(), next=URL + "2")
    assert "la même page (1)" in refused(insee_melodi, first, again)
    counted = page(tmp_path, "c.json", observation(), count=72)
    assert "72 observations annoncées, 1 présentes" in refused(insee_melodi, counted)
    other = page(tmp_path, "o.json", observation(), first=URL.replace("DEP-14", "DEP-50") + "1")
    assert "même demande" in refused(insee_melodi, page(tmp_path, "2.json", observation()), other)
    assert "deux valeurs" in refused(insee_melodi, page(tmp_path, "2.json", observation(), observation(value=13.0)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"identifier": "DS_FILOSOFI_CC", "observations": [', "coupée"),
        ('{"identifier": "DS_RP_POPULATION", "observations": []}', "pas une réponse de Melodi"),
        ('{"identifier": "DS_FILOSOFI_CC", "observations": {}}', "forme d'une réponse"),
        ('{"identifier": "DS_FILOSOFI_CC", "observations": [3]}', "forme d'une réponse"),
        ('{"identifier": "DS_FILOSOFI_CC", "observations": []}', "aucune valeur"),
        ('{"identifier": "DS_FILOSOFI_CC", "observations": [{"dimensions": {}, "measures": {}}]}', "« GEO » manque"),
        ("<html>429 Too Many Requests</html>", "JSON"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_an_answer_of_melodi_with_a_fault_is_refused(tmp_path, text, says):
    path = made(tmp_path, "p.json", text)
    insee_melodi.recognise(path)
    assert says in refused(insee_melodi, path)


@pytest.mark.parametrize("value", ["12,5", "NaN", "1 250", True, [12.5], 120.0, -1])
def test_a_value_of_melodi_that_is_no_rate(tmp_path, value):
    refused(insee_melodi, page(tmp_path, "p.json", observation(value=value)))
    refused(
        insee_melodi,
        made(tmp_path, "n.json", page(tmp_path, "p.json", observation()).read_text().replace("12.5", "NaN")),
    )


# All readers


def small_files(folder: Path) -> dict:
    return {
        insee_filosofi: made(folder, "FILO2020_DISP_DEP.csv", DISP),
        insee_population: made(folder, "pop_2018.csv", COMMUNES),
        insee_melodi: page(folder, "p.json", observation(), observation("MED_SL", value=22000)),
        insee_chomage: workbook(folder / "x.xlsx"),
    }


def test_each_file_has_one_reader(geography, tmp_path):
    files = small_files(tmp_path)
    files[None] = made(tmp_path, "other.csv", "a;b\n1;2\n")
    for owner, path in files.items():
        assert [reader for reader in READERS if reader.recognise(path)] == ([owner] if owner else [])
    for strange in (tmp_path, tmp_path / "absent.csv", made(tmp_path, "empty", ""), made(tmp_path, "nul", "\0" * 50)):
        assert not any(reader.recognise(strange) for reader in READERS)


def test_a_damaged_file_is_refused_or_read_never_a_traceback(geography, tmp_path):
    for reader, path in small_files(tmp_path).items():
        whole = path.read_bytes()
        broken = tmp_path / "broken" / path.name
        broken.parent.mkdir(exist_ok=True)
        for position in range(0, len(whole), max(1, len(whole) // 60)):
            for damaged in (whole[:position], whole[:position] + b"\xe9;\x00" + whole[position + 2 :]):
                broken.write_bytes(damaged)
                reader.recognise(broken)
                try:
                    reading = reader.read([broken])
                except DataError as fault:
                    assert one_sentence(str(fault)), str(fault)
                else:
                    assert len(reading.observations)


# The real files


def typed_rows(vintage: str) -> pd.DataFrame:
    """The figures carried into the repository by hand."""
    with (DATA / "raw" / vintage / "observations.csv").open(encoding="utf-8") as handle:
        return pd.DataFrame(list(csv.DictReader(handle)))


@real
def test_real_filosofi_2020():
    files = [SAMPLES / "FILO2020_DISP_PAUVRES_DEP.csv", SAMPLES / "FILO2020_DISP_DEP.csv"]
    assert all(insee_filosofi.recognise(path) for path in files)
    reading = insee_filosofi.read(files)
    accepted(reading)
    typed_by_hand = typed_rows("insee-filosofi/2020")
    same = [column for column in typed_by_hand.columns if column != "as_published"]
    pd.testing.assert_frame_equal(reading.observations[same], typed_by_hand[same], check_dtype=False)
    found = values(reading)
    poor = [
        float(found["taux_pauvrete", code]) * float(found["personnes_menages_fiscaux", code]) / 100
        for code in ("DEP-14", "DEP-27", "DEP-50", "DEP-61", "DEP-76")
    ]
    assert len(found) == 98 * 3 and reading.set_aside.empty and round(sum(poor)) == 422_742
    assert "Absents des fichiers : DEP-971, DEP-973, DEP-976." in reading.notes


@real
def test_real_filosofi_2019_has_persons_and_no_rate():
    reading = insee_filosofi.read([SAMPLES / "FILO2019_DISP_REG.csv"])
    accepted(reading)
    assert reading.vintage == "2019" and len(reading.observations) == 2 * 15
    assert values(reading)["personnes_menages_fiscaux", "REG-28"] == "3208287"
    assert "taux_pauvrete" not in set(reading.observations["indicator"]) and "Sans le taux" in reading.notes


@real
def test_real_populations_of_2023():
    files = [
        SAMPLES / f"{name}.csv"
        for name in ("insee_pop_reference_2023_communes", "cog2026_departements", "cog2026_regions")
    ]
    reading = insee_population.read(files)
    accepted(reading)
    found = values(reading)
    assert found["population", "REG-28"] == "3345842" and found["population", "DEP-75"] == "2103778"
    counts = reading.observations.set_index("geo")["locator"].str.extract(r"(\d+) communes")[0]
    assert sum(int(counts[code]) for code in ("DEP-14", "DEP-27", "DEP-50", "DEP-61", "DEP-76")) == 2644
    by_hand = typed_rows("insee-population/2026")
    assert {("population", row.geo): row.value for row in by_hand.itertuples()}.items() <= found.items()
    assert len(found) == 100 + 17 and list(reading.set_aside["what"]) == ["DEP-976", "REG-06"]


@real
def test_real_unemployment_is_row_for_row_the_figures_typed():
    path = SAMPLES / "insee_famille_TAUX-CHOMAGE_19122024.xlsx"
    assert insee_chomage.recognise(path)
    reading = insee_chomage.read([path])
    accepted(reading)
    by_hand, rows = typed_rows("insee-chomage-localise/2024-12"), reading.observations
    same = ["indicator", "geo", "time_period", "breakdown", "category", "value", "status", "note"]
    pd.testing.assert_frame_equal(rows[same], by_hand[same], check_dtype=False)
    assert list(rows["locator"]) == list(by_hand["locator"].str.replace("’", "'"))
    assert (len(rows), reading.vintage, reading.published) == (1150, "2024-12", "2024-12-19")
    assert len(reading.set_aside) == 2


@real
def test_real_answer_of_melodi(tmp_path):
    yaml = pytest.importorskip("yaml")
    recorded = yaml.safe_load((SAMPLES / "melodi_data_popref_by_com_2026-01-30.vcr.yml").read_text(encoding="utf-8"))
    empty, full = (
        made(tmp_path, f"{number}.json", exchange["response"]["body"]["string"])
        for number, exchange in enumerate(recorded["http_interactions"])
    )
    assert insee_melodi.recognise(full)
    reading = insee_melodi.read([full])
    accepted(reading)
    found = values(reading)
    assert (len(found), len(reading.set_aside), reading.vintage) == (24, 48, "population-2023")
    assert found["population", "COM-44109"] == "327734" and sum(map(int, found.values())) == 689_456
    assert "72 observations annoncées, 0 présentes" in refused(insee_melodi, empty)


@real
def test_real_files_have_one_reader_or_none():
    for path in sorted(SAMPLES.iterdir()):
        assert sum(reader.recognise(path) for reader in READERS) <= 1, path.name
