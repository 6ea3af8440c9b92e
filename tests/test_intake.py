"""Files taken in: whole or not at all, told row by row, read again at each build."""

import csv
import sys
import tomllib

import pandas as pd
import pytest

import tiny_reader
from conftest import forget, one_sentence
from cpsr_study import Study, observations, parameters
from cpsr_study.errors import DataError, RequestError
from cpsr_study.sources import catalogue, drafts, intake, lateness, read_card, registry, sha256, typed

ROWS = "allocataires;2021\nDEP-14;12 500\nDEP-50;7 500\nDEP-29;s\n"


@pytest.fixture(autouse=True)
def one_reader(monkeypatch):
    """Only the small reader of the tests is known, in the year of its publication."""
    monkeypatch.setattr(lateness, "this_year", lambda: 2022)
    monkeypatch.setattr(registry, "readers", lambda: {tiny_reader.SOURCE: tiny_reader})
    registry._read.cache_clear()


@pytest.fixture
def inbox(tmp_path):
    """Writes a downloaded file."""

    def write(text=ROWS, name="rsa 2021.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def take(small, *paths, source=tiny_reader.SOURCE):
    return intake.take(source, paths, small.root)


# What comes in


def test_the_file_its_card_and_what_came_in(small, inbox):
    path = inbox()
    (done,) = take(small, path)
    folder = small.root / "raw" / "essai-rsa" / "2021"
    assert (folder / path.name).read_bytes() == path.read_bytes()
    card = read_card(folder)
    assert card.files == {path.name: sha256(path)} and card.published == "2022-03" and card.kind == "producteur"
    assert done.new and len(done.observations) == 2
    assert done.set_aside.to_numpy().tolist() == [["rsa 2021.csv, ligne 4", "DEP-29", "secret statistique"]]
    assert {path.name for path in folder.parent.iterdir()} == {"2021"}, "no temporary folder is left"


def test_the_source_is_found_by_the_content(small, inbox):
    (done,) = take(small, inbox(name="n'importe quoi.dat"), source="auto")
    assert (done.source, done.vintage) == ("essai-rsa", "2021")


def test_what_was_imported_is_read_at_each_build(small, inbox):
    before = observations.build(small.root, 2021)
    take(small, inbox())
    assert observations.build(small.root, 2021).to_csv() == before.to_csv(), "a past edition does not move"
    study = Study.open("REG-28", edition=2022, data_dir=small.root)
    known = study.latest("allocataires_rsa")
    assert known.value == 20000 and known.period == "2021"
    row = study.table[study.table["geo"] == "DEP-14"].set_index("indicator").loc["allocataires_rsa"]
    assert (row["source"], row["as_published"], row["locator"]) == ("essai-rsa", "12 500", "rsa 2021.csv, ligne 2")
    assert parameters.editions(small.root)[-1] == 2022


def test_the_same_file_twice_changes_nothing(small, inbox):
    path = inbox()
    take(small, path)
    before = {name: (small.root / name).stat().st_mtime_ns for name in small.files()}
    (again,) = take(small, path)
    assert not again.new
    assert {name: (small.root / name).stat().st_mtime_ns for name in small.files()} == before


def test_a_published_vintage_is_not_replaced(small, inbox):
    take(small, inbox())
    before = small.files()
    with pytest.raises(DataError, match=r"essai-rsa/2021 existe déjà avec d'autres fichiers \(rsa 2021\.csv\)"):
        take(small, inbox(ROWS.replace("12 500", "12 505")))
    assert small.files() == before


@pytest.mark.parametrize(
    ("typed_rows", "said"),
    [
        (
            "participants,FR,2021,,,5,A,cinq,page 1,",
            r"existe déjà .*observations\.csv.*sur 2 chiffres lus, 2 n'y sont pas",
        ),
        (
            "allocataires_rsa,DEP-14,2021,,,12505,A,12 505,page 1,",
            r"sur 2 chiffres lus, 1 en diffèrent et 1 n'y sont pas",
        ),
        (
            "allocataires_rsa,DEP-14,2021,,,12500,A,12 500,p,\nallocataires_rsa,DEP-50,2021,,,7500,A,7 500,p,",
            r"a déjà été saisi, et les 2 chiffres lus y sont tous, les mêmes : il n'y a rien à prendre",
        ),
    ],
)
def test_a_typed_vintage_is_not_replaced_either(small, inbox, typed_rows, said):
    small.add("essai-rsa", "2021", "2022-01", f"{','.join(typed.COLUMNS)}\n{typed_rows}\n")
    before = small.files()
    with pytest.raises(DataError, match=said):
        take(small, inbox())
    assert small.files() == before


def test_the_command_shows_rows_areas_periods_and_what_was_set_aside(small, inbox, command):
    path = inbox()
    done = command("import", "auto", str(path), data_dir=small.root)
    assert done.code == 0, done.err
    for said in ("allocataires_rsa", "2 départements", "2021", "secret statistique", "DEP-29 (rsa 2021.csv, ligne 4)"):
        assert said in done.out
    assert "essai-rsa/2021 : 2 observations retenues, 1 ligne écartée, de rsa 2021.csv." in done.out
    assert "Publié en 2022 : l'édition 2022 existe désormais, les précédentes ne changent pas." in done.out
    again = command("import", "essai-rsa", str(path), data_dir=small.root)
    assert again.code == 0 and "Rien à faire : essai-rsa/2021 contient déjà ce fichier." in again.out


# What does not

FAULTS = {
    "unknown_content": ("code;valeur\n14;3\n", "n'est pas un fichier que essai-rsa sait lire"),
    "lost_column": ("allocataires\nDEP-14;1\n", "la colonne de l'année n'y est plus"),
    "not_a_number": (ROWS.replace("7 500", "7,5"), "virgule décimale"),
    "unknown_area": (ROWS.replace("DEP-50", "DEP-5"), "code de zone inconnu"),
    "nothing_kept": ("allocataires;2021\nDEP-14;s\n", "aucune observation à prendre"),
    "empty": ("", "est vide"),
    "bad_vintage": (ROWS.replace("2021", "20/../21"), "illisible"),
}


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS)
def test_a_bad_file_leaves_nothing(small, inbox, command, text, said):
    before = small.files()
    done = command("import", "essai-rsa", str(inbox(text)), data_dir=small.root)
    assert done.code == 1 and said in done.err and one_sentence(done.err), done.err
    assert small.files() == before and not (small.root / "raw" / "essai-rsa").exists()


def test_a_fault_in_the_second_source_leaves_nothing_of_the_first(small, inbox, monkeypatch):
    other = type(sys)("autre")
    other.SOURCE, other.recognise = "autre-source", lambda path: path.read_bytes().startswith(b"autre")

    def read(paths):
        raise DataError(f"{paths[0].name} : feuille renommée.")

    other.read = read
    monkeypatch.setattr(registry, "readers", lambda: {"essai-rsa": tiny_reader, "autre-source": other})
    before = small.files()
    with pytest.raises(DataError, match="feuille renommée"):
        take(small, inbox(), inbox("autre\n", "autre.csv"), source="auto")
    assert small.files() == before


def test_a_file_that_two_readers_know_is_not_guessed(small, inbox, monkeypatch):
    twin = type(sys)("twin")
    twin.SOURCE, twin.recognise, twin.read = "jumeau", tiny_reader.recognise, tiny_reader.read
    monkeypatch.setattr(registry, "readers", lambda: {"essai-rsa": tiny_reader, "jumeau": twin})
    with pytest.raises(DataError, match="plusieurs lecteurs"):
        take(small, inbox(), source="auto")


def test_a_file_that_breaks_its_reader_is_one_sentence(small, inbox, command):
    before = small.files()
    for content in ("allocataires;2021\nDEP-14\n", "allocataires;2021\nDEP-14;é\n".encode("latin-1")):
        done = command("import", "essai-rsa", str(inbox(content)), data_dir=small.root)
        assert done.code == 1 and "ne sait pas lire ce contenu" in done.err and one_sentence(done.err), done.err
    assert small.files() == before


REQUESTS = {
    "unknown_source": (["essai-rs"], "Vouliez-vous dire « essai-rsa »"),
    "outside": (["../../x"], "Aucun lecteur pour la source"),
}


@pytest.mark.parametrize(("words", "said"), REQUESTS.values(), ids=REQUESTS)
def test_a_wrong_request_is_one_sentence(small, inbox, command, words, said):
    done = command("import", *words, str(inbox()), data_dir=small.root)
    assert done.code == 2 and said in done.err and one_sentence(done.err), done.err


def test_files_that_cannot_be_taken(small, inbox, tmp_path):
    path = inbox()
    for paths, said in (
        ([tmp_path / "absent.csv"], "introuvable"),
        ([tmp_path], "introuvable"),
        ([path, path], "donné deux fois"),
        ([inbox(name="source.toml")], "n'est pas un nom"),
        ([inbox(name="observations.csv")], "nom d'un document saisi"),
        ([], "Aucun fichier"),
    ):
        with pytest.raises(RequestError, match=said):
            take(small, *paths)


def test_a_disk_that_refuses_leaves_nothing(small, inbox, monkeypatch):
    before = small.files()
    monkeypatch.setattr("os.rename", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DataError, match="rien n'a changé"):
        take(small, inbox())
    assert small.files() == before and not (small.root / "raw" / "essai-rsa").exists()


def test_a_changed_raw_file_stops_the_build(small, inbox):
    take(small, inbox())
    small.write("raw/essai-rsa/2021/rsa 2021.csv", ROWS.replace("12 500", "1"))
    with pytest.raises(DataError, match="sha256"):
        observations.stated(small.root)


def test_a_folder_that_nobody_reads_is_said(small, inbox):
    small.write("raw/inconnue/2021/fichier.csv", "x\n")
    small.new_card("raw/inconnue/2021", "2021-01")
    with pytest.raises(DataError, match=r"inconnue/2021 n'a ni observations\.csv ni lecteur"):
        observations.stated(small.root)


def test_the_validation_names_the_row_of_the_reader(small, inbox, monkeypatch):
    take(small, inbox())
    real = tiny_reader.read

    def read(paths):
        reading = real(paths)
        reading.observations.loc[1, "value"] = "beaucoup"
        return reading

    monkeypatch.setattr(tiny_reader, "read", read)
    registry._read.cache_clear()
    with pytest.raises(DataError, match=r"essai-rsa/2021/observation 2 \(rsa 2021\.csv, ligne 3\) : .* « beaucoup »"):
        observations.stated(small.root)


# A document to type


def draft(small, name="enquete", vintage="2022"):
    return drafts.create(name, vintage, None, small.root)


def lines(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_new_source_holds_what_is_expected_with_the_last_known_values(small):
    before = observations.build(small.root, 2021).to_csv()
    folder = draft(small)
    assert lines(folder / "observations.csv") == []
    expected = {(row["indicator"], row["category"]): row for row in lines(folder / "attendus.csv")}
    row = expected["participants", ""]
    assert (row["geo"], row["last_period"], row["last_value"], row["last_as_published"]) == (
        "REG-28", "2020", "8", "huit personnes",
    )  # fmt: skip
    assert ("part_modalite", "marche_reserve_siae") in expected
    assert tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))["producer"] == "Producteur"
    forget()
    assert observations.build(small.root, 2021).to_csv() == before, "a draft is not a source"
    assert parameters.editions(small.root)[-1] == 2021


def test_a_source_never_seen_expects_the_indicators_of_the_territory(small):
    folder = drafts.create("nouvelle", "2022", "DEP-14", small.root)
    rows = lines(folder / "attendus.csv")
    assert {row["geo"] for row in rows} == {"DEP-14"}
    assert "allocataires_rsa" in {row["indicator"] for row in rows}
    assert "heures_par_participant" not in {row["indicator"] for row in rows}, "computed ones are not typed"


def test_the_check_says_what_is_missing_then_the_draft_is_imported(small, command):
    folder = draft(small)
    said = command("check", data_dir=small.root).out
    assert "Brouillon enquete/2022 : 0 chiffre saisi ; sur 5 attendus, manquent heures_insertion REG-28," in said
    text = ",".join(typed.COLUMNS) + "\nparticipants,REG-28,2021,,,x,A,neuf,page 1,\n"
    (folder / "observations.csv").write_text(text, encoding="utf-8")
    assert (
        "enquete/2022/observations.csv, ligne 2 : valeur qui n'est pas un nombre"
        in command("check", data_dir=small.root).out
    )
    (folder / "observations.csv").write_text(text.replace(",x,", ",9,"), encoding="utf-8")
    assert (
        "1 chiffre saisi ; sur 5 attendus, manquent heures_insertion REG-28,"
        in command("check", data_dir=small.root).out
    )
    path = str(folder / "observations.csv")
    stopped = command("import", "enquete", path, data_dir=small.root)
    assert stopped.code == 1 and "à compléter : title, citation" in stopped.err
    card = (folder / "source.toml").read_text(encoding="utf-8").replace("À COMPLÉTER", "Enquête 2022")
    (folder / "source.toml").write_text(card, encoding="utf-8")
    done = command("import", "enquete", path, data_dir=small.root)
    assert done.code == 0, done.err
    assert Study.open("REG-28", data_dir=small.root).latest("participants").value == 9
    assert "Brouillon" not in command("check", data_dir=small.root).out
    assert next(card for card in catalogue(small.root) if card.vintage == "2022").files == {
        "observations.csv": sha256(folder / "observations.csv")
    }


def test_a_new_source_with_a_wrong_name(small, command):
    for words, said in (
        (["../x"], "Nom de source refusé"),
        (["Enquête"], "Nom de source refusé"),
        (["enquete", "--vintage", "../1"], "Millésime refusé"),
        (["enquete", "--vintage", "2020"], "existe déjà"),
    ):
        done = command("new-source", *words, data_dir=small.root)
        assert done.code == 2 and said in done.err and one_sentence(done.err), done.err
    assert not (small.root / "drafts").exists()


def test_a_typed_document_from_anywhere_is_refused(small, inbox):
    path = inbox(",".join(typed.COLUMNS) + "\n", "observations.csv")
    with pytest.raises(RequestError, match="depuis son brouillon"):
        take(small, path, source="../x")
    elsewhere = path.parent / "Une Source" / "2027" / "observations.csv"
    elsewhere.parent.mkdir(parents=True)
    path.rename(elsewhere)
    with pytest.raises(RequestError, match="depuis son brouillon"):
        take(small, elsewhere, source="auto")


def test_nothing_is_set_aside_in_a_typed_document(small):
    folder = draft(small)
    frame = drafts.reading("enquete", _complete(folder), folder)[3]
    assert isinstance(frame, pd.DataFrame) and frame.empty


def _complete(folder):
    path = folder / "source.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("À COMPLÉTER", "Titre"), encoding="utf-8")
    (folder / "observations.csv").write_text(
        ",".join(typed.COLUMNS) + "\nparticipants,REG-28,2021,,,9,A,neuf,page 1,\n", encoding="utf-8"
    )
    return folder
