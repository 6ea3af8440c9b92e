"""Taking in what partners send: every usual form of file, bad lines apart from good ones, no personal data at all."""

import io
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest

import clause_golden as golden
from conftest import DATA, forget
from cpsr_study.errors import DataError, RequestError
from cpsr_study.sources import clause
from cpsr_study.sources.clause import demonstration, intake, schema, store, template
from cpsr_study.territories import Territories

DAY = date(2026, 3, 1)


@pytest.fixture
def data(tmp_path: Path):
    """A data folder with the registry and the geography only."""
    shutil.copytree(DATA / "reference", tmp_path / "data" / "reference")
    yield tmp_path / "data"
    forget()
    schema.read.cache_clear()


def take(files: list[Path], data: Path, day: date = DAY, **options) -> intake.Intake:
    return intake.take(files, data, golden.AREA, day=day, **options)


def kept(data: Path, taken: intake.Intake):
    return store.read(data / "raw" / clause.SOURCE / taken.vintage, schema.read(data))


def changed(number: int, **values: str) -> dict[str, list[list[str]]]:
    """The golden lines with other values in the contract of that number."""
    rows = golden.tables()
    names = golden.HEADS["contrats"].split(";")
    for name, value in values.items():
        rows["contrats"][number - 1][names.index(name)] = value
    return rows


def test_the_same_file_twice_changes_nothing(data, tmp_path):
    files = golden.write(tmp_path / "a")
    first = take(files, data)
    again = take(files, data, day=date(2026, 5, 1))
    assert (first.new, again.new, again.vintage) == (True, False, first.vintage)
    assert first.kept == {"operations": 12, "contrats": 40, "participants": 25}
    assert len(list((data / "raw" / "clause").iterdir())) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_every_usual_csv_reads_the_same(data, tmp_path, encoding, mark):
    if mark == "|":  # the mark between publics
        rows = {
            name: [[cell.replace("|", "/") for cell in row] for row in rows] for name, rows in golden.tables().items()
        }
    else:
        rows = golden.tables()
    files = golden.write(tmp_path / "a", rows, encoding="utf-8")
    for path in files:
        path.write_text(path.read_text(encoding="utf-8").replace(";", mark), encoding=encoding)
    other = take(files, data)
    assert other.new
    assert not take(golden.write(tmp_path / "b"), data).new  # the very same tables


def test_french_dates_and_numbers(data, tmp_path):
    rows = changed(1, heures_realisees="1 234,5", date_debut="1er janvier 2025", date_fin="31-01-25")
    table = kept(data, take(golden.write(tmp_path / "a", rows), data))["contrats"].set_index("contrat")
    assert table.loc["C1", "heures_realisees"] == 1234.5
    assert table.loc["C1", ["date_debut", "date_fin"]].tolist() == ["2025-01-01", "2025-01-31"]


@pytest.mark.parametrize("days_1904", [False, True])
def test_a_workbook_with_titles_merged_headings_hidden_sheets_and_formulas(data, tmp_path, days_1904):
    import xlsxwriter

    path = tmp_path / "classeur.xlsx"
    with xlsxwriter.Workbook(str(path), {"date_1904": days_1904}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for table, rows in golden.tables().items():
            sheet = book.add_worksheet(table)
            names = golden.HEADS[table].split(";")
            sheet.merge_range(0, 0, 0, len(names) - 1, "Suivi de la clause, année 2025")
            sheet.merge_range(1, 0, 2, 0, names[0])  # merged downwards: its text is one row above
            sheet.merge_range(1, 1, 1, len(names) - 1, "Détail")
            sheet.write_row(2, 1, names[1:])
            for line, row in enumerate(rows, 3):
                for column, (name, cell) in enumerate(zip(names, row, strict=True)):
                    if name.startswith("date_"):
                        sheet.write_datetime(line, column, datetime.strptime(cell, "%d/%m/%Y"), day)
                    elif cell.isdigit():
                        sheet.write_number(line, column, int(cell))
                    else:
                        sheet.write_string(line, column, cell)
            if table == "contrats":
                sheet.write_formula(3, names.index("heures_realisees"), "=40*2.5", value=100)
        old = book.add_worksheet("ancien")
        old.write_row(0, 0, golden.HEADS["participants"].split(";"))
        old.write_row(1, 0, ["Autre structure", "X1", "femme"])
        old.hide()
    taken = take([path], data)
    assert taken.kept == {"operations": 12, "contrats": 39, "participants": 25}
    (line,) = taken.remarks[taken.remarks["gravité"] == "erreur"].drop_duplicates("ligne").to_dict("records")
    assert (line["ligne"], line["champ"]) == ("4", "heures_realisees")
    assert "formule" in line["message"]
    assert kept(data, taken)["contrats"].set_index("contrat").loc["C2", "date_debut"] == "2025-01-01"


def test_a_bad_line_never_loses_the_good_ones(data, tmp_path):
    files = golden.write(tmp_path / "a", changed(7, heures_realisees="beaucoup"))
    taken = take(files, data)
    assert taken.kept["contrats"] == 39
    line = taken.remarks[taken.remarks["gravité"] == "erreur"].iloc[0]
    assert (line["fichier"], line["ligne"], line["champ"], line["valeur"]) == (
        "contrats.csv",
        "8",
        "heures_realisees",
        "beaucoup",
    )


def with_one_cell_more(folder: Path, cell: str, number: int = 7) -> list[Path]:
    """The golden files, with a cell beyond the headings on the line of a contract."""
    files = golden.write(folder)
    rows = files[1].read_text(encoding="utf-8").splitlines()
    rows[number] += f";{cell}"
    files[1].write_text("\n".join(rows) + "\n", encoding="utf-8")
    return files


@pytest.mark.parametrize("number", [1, 7, 40])
def test_a_line_with_more_cells_than_headings_is_one_line_to_correct(data, tmp_path, number):
    taken = take(with_one_cell_more(tmp_path / "a", "de trop", number), data)
    assert taken.kept["contrats"] == 39
    assert f"C{number}" not in set(kept(data, taken)["contrats"]["contrat"])
    (line,) = taken.remarks[taken.remarks["gravité"] == "erreur"].to_dict("records")
    assert (line["fichier"], line["ligne"]) == ("contrats.csv", str(number + 1))
    assert "plus de cellules" in line["message"]


def test_an_empty_cell_beyond_the_headings_is_nothing(data, tmp_path):
    files = golden.write(tmp_path / "a")
    files[1].write_text(files[1].read_text("utf-8").replace("\n", ";;\n").replace("heures_payees;;", "heures_payees"))
    taken = take(files, data)
    assert taken.kept["contrats"] == 40
    assert not (taken.remarks["gravité"] == "erreur").any()


def test_strict_refuses_a_line_with_more_cells_than_headings(data, tmp_path):
    with pytest.raises(intake.StrictError):
        take(with_one_cell_more(tmp_path / "a", "de trop"), data, strict=True)


def test_personal_data_beyond_the_headings_are_refused(data, tmp_path):
    with pytest.raises(DataError, match="courriel"):
        take(with_one_cell_more(tmp_path / "a", "ana.exemple@exemple.fr"), data)


def test_a_quotation_mark_left_open_is_said_with_its_line(data, tmp_path):
    files = golden.write(tmp_path / "a")
    files[1].write_text(files[1].read_text("utf-8").replace(";C7;", ';"C7;', 1), encoding="utf-8")
    with pytest.raises(DataError, match="guillemet"):
        take(files, data)


def test_a_cell_beyond_the_headings_of_a_sheet_is_one_line_to_correct(data, tmp_path):
    import xlsxwriter

    path = tmp_path / "classeur.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        golden.fill(book)["participants"].write_string(4, 15, "de trop")
    taken = take([path], data)
    assert taken.kept == {"operations": 12, "contrats": 40, "participants": 24}
    line = taken.remarks[taken.remarks["gravité"] == "erreur"].iloc[0]
    assert line["ligne"] == "5"


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("P01", True), ("EX-001", True), ("42", True), ("PLA.2025-014", True), ("9f86d081884c7d65", True),
        ("DUPUIS1", False), ("Dupuis", False), ("jean2", False), ("Lea1", False), ("zoe-12", False),
        ("P14071988", False), ("19880714", False), ("JD-14071988", False), ("P 1", False), ("Éva1", False),
    ],
)  # fmt: skip
def test_a_pseudonym_has_no_room_for_a_name_or_a_birth_date(data, tmp_path, text, accepted):
    rows = golden.tables()
    rows["participants"][0][1] = text
    rows["contrats"] = [[text if cell == "P01" else cell for cell in row] for row in rows["contrats"]]
    taken = take(golden.write(tmp_path / "a", rows), data)
    assert taken.kept["participants"] == (25 if accepted else 24)
    assert taken.kept["contrats"] == (40 if accepted else 38)
    assert text not in set(taken.remarks["valeur"])


@pytest.mark.parametrize(
    ("text", "accepted"),
    [("CTTI-2025-014", True), ("contrat/12", True), ("C1", True), ("DUPUIS-1", False), ("contrat Dupuis 1", False)],
)
def test_a_contract_is_told_by_a_code(data, tmp_path, text, accepted):
    taken = take(golden.write(tmp_path / "a", changed(1, contrat=text)), data)
    assert taken.kept["contrats"] == (40 if accepted else 39)
    assert text not in set(taken.remarks["valeur"])


@pytest.mark.parametrize(
    "field", ["sexe", "tranche_age", "niveau_formation", "publics", "prescripteur", "sortie_3_mois"]
)
def test_nothing_but_a_coded_value_is_kept_of_a_participant(data, tmp_path, field):
    """A surname alone shows itself in no way; no column of a participant has room for it."""
    rows = golden.tables()
    rows["participants"][0][golden.HEADS["participants"].split(";").index(field)] = "Dupuis"
    taken = take(golden.write(tmp_path / "a", rows), data)
    folder = data / "raw" / clause.SOURCE / taken.vintage
    assert not any("Dupuis" in path.read_text(encoding="utf-8") for path in folder.iterdir())


def test_a_column_that_is_not_of_the_template_is_not_kept(data, tmp_path):
    files = golden.write(tmp_path / "a")
    head, *rows = files[2].read_text(encoding="utf-8").splitlines()
    files[2].write_text("\n".join([f"{head};observation", *(f"{row};Dupuis" for row in rows)]), encoding="utf-8")
    taken = take(files, data)
    folder = data / "raw" / clause.SOURCE / taken.vintage
    assert not any("Dupuis" in path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert taken.remarks["message"].str.contains("colonne inconnue, ignorée").sum() == 1


def test_every_field_of_a_person_is_a_code_a_number_a_date_or_a_body(data):
    """What could hold a person's name, in the tables of people and contracts: the names of bodies, and nothing else."""
    shape = schema.read(data)
    free = {(table, field.name) for table in ("contrats", "participants") for field in shape.fields[table]
            if field.type == "texte"}  # fmt: skip
    assert free == {("contrats", "structure"), ("contrats", "employeur"), ("participants", "structure")}


def test_strict_takes_nothing_when_a_line_is_bad(data, tmp_path):
    files = golden.write(tmp_path / "a", changed(7, heures_realisees="beaucoup"))
    with pytest.raises(intake.StrictError) as refused:
        take(files, data, strict=True)
    assert len(refused.value.remarks) >= 1
    assert not (data / "raw" / "clause").exists()


def test_hours_beyond_the_plan_or_a_year_of_work_are_flagged(data, tmp_path):
    taken = take(golden.write(tmp_path / "a", changed(1, heures_realisees="1600")), data)
    messages = taken.remarks["message"]
    assert messages.str.contains("plus de 1607 heures pour une personne en 2025").sum() == 1
    assert messages.str.contains("plus d'heures réalisées que prévues").sum() == 2  # O1 now, O12 by its own lines


def test_two_structures_are_put_together_and_a_shared_operation_counts_once(data, tmp_path):
    take(golden.write(tmp_path / "a"), data)
    other = golden.tables()
    other = {name: [["Autre structure", *row[1:]] for row in rows] for name, rows in other.items()}
    other["operations"] = other["operations"][:1]  # the same buyer and reference as the first structure's
    other["contrats"] = other["contrats"][:1]
    other["participants"] = other["participants"][:1]
    taken = take(golden.write(tmp_path / "b", other), data, day=date(2026, 4, 1))
    assert taken.kept == {"operations": 13, "contrats": 41, "participants": 26}
    assert taken.remarks["message"].str.contains("déjà déclarée par « Autre structure »").sum() == 1
    lines, markets = store.joined(kept(data, taken), schema.read(data))
    assert (len(markets), lines["person"].nunique(), lines["market"].nunique()) == (12, 26, 12)


def test_a_vintage_kept_before_a_field_was_added_is_read(data, tmp_path):
    taken = take(golden.write(tmp_path / "a"), data)
    path = data / "raw" / "clause" / taken.vintage / "participants.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    place = rows[0].index("pseudonyme_commun")
    path.write_text("\n".join(",".join(row[:place] + row[place + 1 :]) for row in rows) + "\n", encoding="utf-8")
    assert set(kept(data, taken)["participants"]["pseudonyme_commun"]) == {""}


PERSONAL = {
    "a surname column": ("nom de famille", "DUPUIS"),
    "a first name column": ("Prénom", "Ana"),
    "a NIR, in a column of another name": ("code", "2 85 05 78 006 084 36"),
    "a telephone, in a comment": ("commentaire", "rappeler au 06 12 34 56 78 lundi"),
    "an e-mail, in a comment": ("commentaire", "voir avec ana.exemple@exemple.fr"),
    "an address, in a comment": ("suivi", "habite 12 bis rue des Essais"),
    "a birth date, in a column of another name": ("repère", "14/07/1988"),
    "a birth date, in a comment": ("commentaire", "né le 14 juillet"),
    "a person in a column of another name": ("référent", "Sophie MARTIN"),
    "a person in a comment": ("commentaire", "Mme Exemple est à prévenir"),
    "a given name and capitals in a comment": ("commentaire", "bilan fait avec Nadia EXEMPLE avant la sortie"),
}


@pytest.mark.parametrize("kind", PERSONAL)
@pytest.mark.parametrize("table", ["operations", "contrats", "participants"])
def test_personal_data_are_refused_in_any_column(data, tmp_path, kind, table):
    heading, cell = PERSONAL[kind]
    files = golden.write(tmp_path / "a")
    path = next(path for path in files if path.stem == table)
    head, first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{head};{heading}", f"{first};{cell}", *(f"{row};" for row in rest)]), encoding="utf-8")
    with pytest.raises(DataError, match="données personnelles") as refused:
        take(files, data)
    assert heading in str(refused.value)
    assert cell not in str(refused.value)
    assert not (data / "raw" / "clause").exists()


@pytest.mark.parametrize("place", ["acheteur", "participant", "employeur"])
def test_a_person_in_a_column_of_the_template_is_refused(data, tmp_path, place):
    rows = golden.tables()
    table = "operations" if place == "acheteur" else "contrats"
    rows[table][0][golden.HEADS[table].split(";").index(place)] = "Sophie Martin"
    with pytest.raises(DataError, match="un nom"):
        take(golden.write(tmp_path / "a", rows), data)


def test_a_body_named_after_a_person_is_not_a_person(data, tmp_path):
    rows = golden.tables()
    rows["operations"][0][3] = "Lycée Jean Moulin"
    assert take(golden.write(tmp_path / "a", rows), data).new


def test_personal_data_in_a_hidden_sheet_are_refused(data, tmp_path):
    import xlsxwriter

    path = tmp_path / "classeur.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        golden.fill(book)
        hidden = book.add_worksheet("clé")
        hidden.write_row(0, 0, ["P01", "ana.exemple@exemple.fr"])
        hidden.hide()
    with pytest.raises(DataError, match="courriel"):
        take([path], data)


MAP = """
[contrats]
"N° du contrat" = "contrat"
[constantes.participants]
structure = "Structure de l’essai"
[valeurs.type_employeur]
"Agence spéciale" = "etti"
"""


def test_another_software_is_read_through_its_mapping(data, tmp_path):
    rows = golden.tables()
    files = golden.write(tmp_path / "a", rows)
    deeds, people = files[1], files[2]
    deeds.write_text(
        deeds.read_text("utf-8").replace(";contrat;", ";N° du contrat;", 1).replace(";etti;", ";Agence spéciale;"),
        "utf-8",
    )
    lines = [line.partition(";")[2] for line in people.read_text("utf-8").splitlines()]
    people.write_text("\n".join(lines), "utf-8")
    words = tmp_path / "map.toml"
    words.write_text(MAP, encoding="utf-8")
    taken = take(files, data, map_path=words)
    assert taken.kept == {"operations": 12, "contrats": 40, "participants": 25}
    assert (kept(data, taken)["contrats"]["type_employeur"] == "etti").sum() == 15


@pytest.mark.parametrize(
    ("text", "said"),
    [("[contrat]\n", "section inconnu"), ('[contrats]\n"a" = "heure"\n', "champ de contrats"), ("[contrats", "TOML")],
)
def test_a_mapping_that_does_not_hold_is_refused(data, tmp_path, text, said):
    words = tmp_path / "map.toml"
    words.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match=said):
        take(golden.write(tmp_path / "a"), data, map_path=words)


def test_the_template_is_the_same_each_time_and_reads_itself(data, tmp_path):
    area = Territories.load(data, 2026).get(golden.AREA)
    made = template.create(area, tmp_path / "a", data)
    again = template.create(area, tmp_path / "b", data)
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in again]
    for files in (made[:3], [made[3]]):
        taken = take(files, data)
        assert taken.kept == {"operations": 2, "contrats": 2, "participants": 2}
        assert taken.remarks.empty
    with pytest.raises(RequestError, match="n'est pas vide"):
        template.create(area, tmp_path / "a", data)


def test_the_template_has_lists_explanations_and_every_field(data):
    import openpyxl

    shape = schema.read(data)
    book = openpyxl.load_workbook(io.BytesIO(template.workbook(shape)))
    assert book.sheetnames == ["Explications", "Opérations", "Contrats", "Participants", "Listes"]
    for table, label in schema.TABLES.items():
        heads = [cell.value.removesuffix(" *") for cell in book[label][1]]
        assert heads == [field.label for field in shape.fields[table]]
        lists = [rule for rule in book[label].data_validations.dataValidation if rule.type == "list"]
        assert len(lists) == sum(field.type in ("liste", "oui_non") for field in shape.fields[table])


def test_the_demonstration_is_invented_says_so_and_is_the_same_each_time(data, tmp_path):
    files = demonstration.write(tmp_path / "a", data, golden.AREA)
    again = demonstration.write(tmp_path / "b", data, golden.AREA)
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
    taken = take(files, data, invented=True)
    assert taken.kept == {"operations": 300, "contrats": 2000, "participants": 1300}
    assert kept(data, taken)["operations"]["structure"].nunique() == 20
    card = (data / "raw" / "clause" / taken.vintage / "source.toml").read_text(encoding="utf-8")
    assert 'kind = "fictif"' in card
