"""Invented but well-formed files of every source, as their producers would publish them for an edition of 2027.

Same headers, codes and oddities as the real ones; every number is made up.
"""

import csv
import json
import re
import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from cpsr_study.sources import clause, geography, intake, lateness, read_card, registry, writing
from cpsr_study.sources.clause import demonstration
from cpsr_study.sources.clause import intake as clause_intake
from cpsr_study.sources.decp import intake as decp_intake
from cpsr_study.territories import Territories
from test_territories import package

YEAR = 2027
NORMANDIE = {"14": "Calvados", "27": "Eure", "50": "Manche", "61": "Orne", "76": "Seine-Maritime"}
LE_HAVRE = "EPCI-200084952"


def held(folder: Path, data_dir: Path) -> tuple[Path, dict[str, list[Path]]]:
    """A copy of a data folder with a new vintage of every source that has a reader, taken in during the year."""
    files, data = vintages(folder / "files", data_dir), folder / "data"
    shutil.copytree(data_dir, data, ignore=shutil.ignore_patterns("processed"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lateness, "this_year", lambda: YEAR)
        taken = intake.take("auto", [path for paths in files.values() for path in paths], data)
        assert all(done.new for done in taken)
        for path in later(folder / "files"):
            assert intake.take("auto", [path], data)[0].new, path.name
    return data, files


def completed(data: Path, folder: Path, territory: str) -> None:
    """The same year for all the other sources: geography, contracts, a partner's results, typed documents."""
    known = Territories.load(data, YEAR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lateness, "this_year", lambda: YEAR)
        read = {*registry.readers(), clause.SOURCE, "decp"}
        for source in sorted({path.parent.name for path in (data / "raw").glob("*/*")} - read):
            intake.take(source, [document(data, source) / "observations.csv"], data)
        geography.take([package(folder / "decoupage-2027.tgz", known, grown=2)], data)
        decp_intake.take([contracts(folder / "marches.csv")], data, lambda *_: None)
        files = demonstration.write(folder / "clause", data, territory)
        clause_intake.take(files, data, territory, day=date(YEAR, 3, 1))


def contracts(path: Path) -> Path:
    """The invented contracts of `tests/decp`, two years later."""
    text = (Path(__file__).parent / "decp" / "marches.csv").read_text(encoding="utf-8")
    path.write_text(re.sub(r"\b202([3-6])-", lambda year: f"202{int(year[1]) + 1}-", text), encoding="utf-8")
    return path


def document(data: Path, source: str) -> Path:
    """The draft of a typed document, with the figures of its last vintage some years later."""
    last = max((data / "raw" / source).iterdir(), key=lambda path: path.name)
    folder = data / "drafts" / source / str(YEAR)
    folder.mkdir(parents=True)
    with (last / "observations.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    shift = YEAR - read_card(last).year
    for row in rows:
        row["time_period"] = f"{int(row['time_period'][:4]) + shift}{row['time_period'][4:]}"
        if "milliards" in row["as_published"]:  # the slip of the pen that a correction mends
            row |= {
                "value": str(float(row["value"]) / 1000),
                "as_published": row["as_published"].replace("milliards", "M"),
            }
    with (folder / "observations.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    words = {
        "title": f"Document inventé ({source})",
        "short": f"{source} {YEAR}",
        "producer": "Inventé",
        "licence": "LO",
    }
    words |= {
        "kind": "document",
        "published": str(YEAR),
        "reference_period": str(YEAR),
        "url": "",
        "citation": "Inventé.",
    }
    writing.write_card(folder, words, {})
    return folder


def vintages(folder: Path, data_dir: Path) -> dict[str, list[Path]]:
    """The files by source, written in a folder."""
    folder.mkdir()
    areas = Territories.load(data_dir, 9999)
    departements = [area.code.removeprefix("DEP-") for area in areas.all("DEP")]
    makers = {
        "insee-filosofi": filosofi(departements),
        "insee-melodi": {"melodi-p0001.json": melodi()},
        "insee-population": {"insee_pop_reference_2025_communes.csv": populations(areas)},
        "caf-rsa": {"caf.csv": caf(departements)},
        "dares-deld": {"dares.csv": dares("CVS-CJO", ("2025-T4", "2026-T4"))},
        "insee-ipro": {"IPRO_2026_QPV.csv": ipro()},
        "finess": {"etalab-cs1100502-stock.csv": finess()},
        "siae": {"siae-p0001.json": siae(1), "siae-p0002.json": siae(2)},
        "zonages": {"liste-communes-FRR.csv": frr(areas)},
    }
    made = {source: [_written(folder / name, text) for name, text in files.items()] for source, files in makers.items()}
    made["drees-minima-sociaux"] = [drees(folder / "minima.xlsx", departements)]
    made["insee-chomage-localise"] = [unemployment(folder / "chomage.xlsx")]
    return made


def later(folder: Path) -> list[Path]:
    """Other forms of the same sources, each a vintage of its own, to be taken in one after the other."""
    texts = {
        "dares-brut.csv": dares("Brutes", ("2025-12", "2026-12")),
        "qpv-2024.csv": qpv(),
        "marche-2027-02.csv": marche(),
    }
    return [_written(folder / name, text) for name, text in texts.items()]


def qpv() -> str:
    rows = [
        ["QN07601M", "Quartier nord", "76351"],
        ["QN07602M", "Quartier sud", "76351"],
        ["QN01401M", "Rive", "14118"],
    ]
    return _lines(["code_qp", "lib_qp", "insee_com"], *rows)


def marche() -> str:
    """The export of Le marché de l'inclusion, the only one that has adapted companies and GEIQ."""
    head = ["Raison sociale", "Siret", "Type de structure", "Code postal"]
    kinds = ["Entreprise adaptée", "Groupement d'employeurs pour l'insertion et la qualification"]
    rows = [[f"S{n}", f"{n}{code}", kind, f"{code}000"] for code in NORMANDIE for n, kind in enumerate(kinds)]
    return _lines(head, *rows)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _lines(*rows: list[object], separator: str = ";") -> str:
    return "\n".join(separator.join(map(str, row)) for row in rows) + "\n"


def filosofi(departements: list[str]) -> dict[str, str]:
    known = [code for code in departements if code not in ("971", "973", "976")]
    rates = [[code, "5,0" if code == "74" else f"1{n % 9},{n % 10}", "s"] for n, code in enumerate(known)]
    persons = [[code, 100 * (2000 + n), f"{n}{n}", 23000 + 10 * n, "2,0"] for n, code in enumerate(known)]
    return {
        "FILO2024_DISP_PAUVRES_DEP.csv": _lines(["CODGEO", "TP6024", "TP60Q224"], *rates),
        "FILO2024_DISP_DEP.csv": _lines(["CODGEO", "NBPERS24", "NBMEN24", "Q224", "PPSOC24"], *persons),
    }


def melodi() -> str:
    rows = [
        {
            "dimensions": {"GEO": f"2026-{LE_HAVRE}", "FILOSOFI_MEASURE": measure, "TIME_PERIOD": "2024"},
            "measures": {"OBS_VALUE_NIVEAU": {"value": value}},
            "attributes": {"OBS_STATUS": "A"},
        }
        for measure, value in (("PR_MD60", 17.5), ("MED_SL", 22100))
    ]
    first = "https://api.insee.fr/melodi/data/DS_FILOSOFI_CC?TIME_PERIOD=2024&page=1"
    return json.dumps({"identifier": "DS_FILOSOFI_CC", "observations": rows, "paging": {"first": first, "count": 2}})


def populations(areas: Territories) -> str:
    rows = []
    for commune in areas.all("COM"):
        code, departement = commune.code.removeprefix("COM-"), commune.parent.removeprefix("DEP-")
        if departement in NORMANDIE:
            rows.append(["28", departement, code, (commune.population or 0) + 1])
    return _lines(["REG", "DEP", "COM", "PMUN"], *rows)


def caf(departements: list[str]) -> str:
    rows = [[f"{year}-12-01", code, 1000 + 5 * n] for year in (2025, 2026) for n, code in enumerate(departements)]
    return _lines(["dtreffre", "numdep", "indfoy_rsa"], *rows)


def dares(kind: str, periods: tuple[str, ...]) -> str:
    head = ["date", "code_region", "region", "code_departement", "departement", "type_de_donnees", "categorie"]
    head += ["sexe", "tranche_d_age", "anciennete", "nombre_de_demandeurs_d_emploi"]
    rows = []
    for period in periods:
        for region, departement in (("Total France", "Total"), ("28", "Total"), *(("28", code) for code in NORMANDIE)):
            for duration, value in (("Total", 900), ("Moins d'un an", 500), ("Un an ou plus", 400)):
                area = [region, "", departement, ""]
                rows.append([period, *area, kind, "ABC", "Total", "Total", duration, value])
    return _lines(head, *rows)


def ipro() -> str:
    head = ["CODGEO", "LIBGEO", "ABC", "ABC_DUR1", "ABC_DUR2", "ABC_DUR3", "ABC_DUR4"]
    rows = [[f"QN0{code}01M", "Quartier", "1 000", 400, 200, 250, 150] for code in NORMANDIE]
    return _lines(head, *rows, ["QN07602M", "Autre", "nd", "nd", "nd", "nd", "nd"])


def finess() -> str:
    rows = []
    for rank, code in enumerate(NORMANDIE):
        for number in range(rank + 2):
            cells = ["structureet", f"{code}00000{number}{rank}", "", "ESAT", *[""] * 28]
            cells[13], cells[18], cells[19] = code, "246", "Etablissement et Service d'Aide par le Travail (E.S.A.T.)"
            rows.append(cells)
    return _lines(["finess", "etalab", 96, "2027-02-01"], *rows)


def siae(page: int) -> str:
    rows = [
        {"siret": f"{page}{code}", "type": kind, "departement": code, "code_postal": f"{code}000",
         "mis_a_jour_le": "2027-03-01T10:00:00"}
        for code, kind in zip(NORMANDIE, ("EI", "ACI", "AI", "ETTI", "ACI"), strict=True)
    ]  # fmt: skip
    return json.dumps({"count": 10, "next": None, "previous": None if page == 1 else "page 1", "results": rows})


def frr(areas: Territories) -> str:
    rows = [
        [commune.code.removeprefix("COM-"), "50", commune.name, "FRR socle" if rank % 2 else "Non classée"]
        for rank, commune in enumerate(area for area in areas.all("COM") if area.parent == "DEP-50")
    ]
    return _lines(["Code_insee", "Departement", "Commune", "Classement FRR et FRR+ au 10 mars 2027"], *rows)


def drees(path: Path, departements: list[str]) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Sommaire"
    book.active.append(["Les allocataires des minima sociaux"])
    sheet = book.create_sheet("Tableau 11")
    sheet.append(["Tableau 11 Répartition des allocataires du RSA par département au 31 décembre depuis 2009"])
    sheet.append([None, "N° Dep", "Libelle Dep", "Total RSA"])
    sheet.append([None, None, None, 2009, "2016", "2016 (2)", *range(2017, 2026)])
    for rank, code in enumerate(departements):
        number = int(code) if len(code) == 3 else code
        sheet.append([None, number, "Nom", 1, 2, *(5000 + rank + year for year in range(10))])
    sheet.append([None, None, "France", "-", "-", *(1_900_000 + 100 * year for year in range(10))])
    book.save(path)
    return path


def unemployment(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "valeurs_trimestrielles"
    quarters = [f"{year}-T{quarter}" for year in (2025, 2026) for quarter in range(1, 5)]
    sheet.append(["Libellé", "idBank", "Dernière mise à jour", "Période", *quarters])
    areas = [
        "région - Normandie",
        "région - France métropolitaine",
        *(f"département - {n}" for n in NORMANDIE.values()),
    ]
    for rank, area in enumerate(areas):
        label = f"Taux de chômage localisé par {area}"
        sheet.append([label, f"00{rank}", "25/03/2027 12:00", "", *(round(6 + rank / 10, 1) for _ in quarters)])
    book.save(path)
    return path
