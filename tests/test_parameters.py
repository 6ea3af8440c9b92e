"""Parameters: names and codes give the same study; a wrong request is one sentence, exit code 2, nothing written."""

import pytest

from conftest import one_sentence
from cpsr_study import parameters
from cpsr_study.errors import RequestError

LONG = "x" * 5000
DIGITS = "9" * 5000


def test_defaults(data_dir):
    chosen = parameters.resolve(data_dir)
    assert chosen.model_dump() == {
        "territory": "REG-28",
        "edition": parameters.editions(data_dir)[-1],
        "compare_with": "FR",
        "project_years": 5,
    }


def test_nothing_given_is_the_default(data_dir):
    assert parameters.resolve(data_dir, territory=None, edition=None) == parameters.resolve(data_dir)


@pytest.mark.parametrize(
    "territory", ["REG-28", "reg-28", " REG-28 ", "Normandie", "normandie", "NORMANDIE", "la Normandie"]
)
def test_names_and_codes_are_the_same_request(data_dir, territory):
    expected = parameters.resolve(data_dir, territory="REG-28", edition=2021, compare_with="REG-53")
    assert parameters.resolve(data_dir, territory=territory, edition="2021", compare_with="bretagne") == expected


@pytest.mark.parametrize("years", [1, 30])
def test_bounds_of_the_spread_are_accepted(data_dir, years):
    assert parameters.resolve(data_dir, project_years=years).project_years == years


# Wrong values, whatever the door


WRONG = {
    "misspelt_territory": ({"territory": "normandi"}, "Vouliez-vous dire « Normandie (REG-28) »"),
    "unknown_territory": ({"territory": "Atlantide"}, "Territoire inconnu : « Atlantide »"),
    "bare_number": ({"territory": "28"}, "la région Normandie (REG-28) et le département Eure-et-Loir (DEP-28)"),
    "number_not_text": ({"territory": 28}, "doit être un texte"),
    "unknown_code": ({"territory": "REG-99"}, "Territoire inconnu : « REG-99 »"),
    "empty_territory": ({"territory": ""}, "1 à 200 caractères"),
    "blank_territory": ({"territory": " \t "}, "1 à 200 caractères"),
    "very_long_territory": ({"territory": LONG}, "1 à 200 caractères"),
    "hostile_markup": ({"territory": "<script>alert(1)</script>"}, "« <script>alert(1)</script> »"),
    "hostile_line_ends": ({"territory": "REG-28\n\nErreur"}, "invisibles"),
    "hostile_direction": ({"territory": "REG-28\u202e"}, "invisibles"),
    "hostile_path": ({"territory": "../../etc/passwd"}, "Territoire inconnu"),
    "list_of_territories": ({"territory": ["REG-28", "REG-53"]}, "doit être un texte"),
    "unknown_comparison": ({"compare_with": "Frence"}, "Vouliez-vous dire « France (FR) »"),
    "too_old_edition": ({"edition": 1999}, "« 1999 » ; les éditions vont de 2021 à 2026 (la plus proche : 2021)"),
    "future_edition": ({"edition": "2099"}, "la plus proche : 2026"),
    "edition_with_a_letter": ({"edition": "2021x"}, "« 2021x »"),
    "edition_with_a_space": ({"edition": "2021 "}, "Édition illisible"),
    "edition_with_a_line_end": ({"edition": "2021\n"}, "Édition illisible"),
    "edition_with_decimals": ({"edition": 2021.5}, "« 2021.5 »"),
    "edition_as_a_float": ({"edition": 2021.0}, "Édition illisible"),
    "edition_true": ({"edition": True}, "« True »"),
    "edition_empty": ({"edition": ""}, "Édition illisible"),
    "edition_negative": ({"edition": -2021}, "Édition illisible"),
    "edition_in_arabic_digits": ({"edition": "٢٠٢١"}, "Édition illisible"),
    "edition_without_end": ({"edition": DIGITS}, "Édition illisible"),
    "edition_list": ({"edition": [2021]}, "Édition illisible"),
    "no_year": ({"project_years": 0}, "project_years vaut « 0 »"),
    "negative_years": ({"project_years": -1}, "project_years vaut « -1 »"),
    "too_many_years": ({"project_years": 31}, "entre 1 et 30"),
    "years_as_text": ({"project_years": "5"}, "project_years vaut « 5 »"),
    "years_with_decimals": ({"project_years": 1.5}, "project_years vaut « 1.5 »"),
    "years_true": ({"project_years": True}, "project_years vaut « True »"),
    "years_in_a_table": ({"project_years": {"nombre": 5}}, "project_years vaut"),
    "misspelt_name": ({"teritory": "REG-28"}, "« teritory ». Vouliez-vous dire « territory » ?"),
    "misspelt_comparison": ({"compare": "FR"}, "Vouliez-vous dire « compare_with » ?"),
    "name_of_an_argument": ({"data_dir": "ailleurs"}, "Paramètre inconnu : « data_dir »"),
    "hostile_name": ({"a\nb": 1}, "Paramètre inconnu"),
    "very_long_name": ({LONG: 1}, "Paramètre inconnu"),
}


@pytest.mark.parametrize(("given", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_in_one_sentence(data_dir, given, said):
    with pytest.raises(RequestError) as error:
        parameters.resolve(data_dir, **given)
    assert said in str(error.value)
    assert one_sentence(str(error.value))


# Wrong requests, through the command


@pytest.fixture
def refused(command, data_dir, tmp_path):
    """`refused(words…)`: what `run` says; it ends with 2 and writes nothing."""

    def run(*words: str) -> str:
        target = tmp_path / "rapports"
        code, out, err = command("run", *words, "--output", str(target), data_dir=data_dir)
        assert (code, out) == (2, "")
        assert one_sentence(err), err
        assert not target.exists()
        return err

    return run


COMMANDS = {
    "misspelt_territory": (["normandi"], "Vouliez-vous dire « Normandie (REG-28) »"),
    "bare_number": (["28"], "REG-28"),
    "second_of_two": (["REG-28", "atlantide"], "« atlantide »"),
    "old_edition": (["--edition", "1999"], "la plus proche : 2021"),
    "edition_with_a_letter": (["--edition", "2021x"], "« 2021x »"),
    "no_year": (["--project-years", "0"], "project_years vaut « 0 »"),
    "years_in_words": (["--project-years", "cinq"], "project_years vaut « cinq »"),
    "years_without_end": (["--project-years", DIGITS], "project_years"),
    "unknown_format": (["--formats", "docx"], "Format inconnu : « docx »"),
    "hostile_format": (["--formats", "p\ndf"], "Format inconnu"),
    "no_format": (["--formats", ","], "Aucun format"),
    "unknown_chapter": (["--chapters", "42"], "Chapitre inconnu : « 42 »"),
    "no_worker": (["--workers", "0"], "au moins un processus"),
    "workers_in_words": (["--workers", "deux"], "--workers"),
    "misspelt_option": (["--editon", "2021"], "Vouliez-vous dire « --edition » ?"),
    "absent_file": (["--parameters", "absent.toml"], "introuvable : absent.toml"),
}


@pytest.mark.parametrize(("words", "said"), COMMANDS.values(), ids=COMMANDS)
def test_a_wrong_command_is_refused(refused, words, said):
    assert said in refused(*words)


FILES = {
    "misspelt_name": ("teritory = 'REG-28'", "Vouliez-vous dire « territory » ?"),
    "wrong_type_of_territory": ("territory = 28", "doit être un texte"),
    "wrong_type_of_edition": ("edition = 2021.5", "« 2021.5 »"),
    "wrong_type_of_years": ("project_years = '5'", "project_years vaut « 5 »"),
    "true_for_years": ("project_years = true", "project_years vaut « True »"),
    "date_for_edition": ("edition = 2021-12-07", "Édition illisible"),
    "argument_of_python": ("data_dir = '/'", "Paramètre inconnu : « data_dir »"),
    "hostile_name": ('"a\\nb" = 1', "Paramètre inconnu"),
    "hostile_value": ('territory = "x\\u001b[31m"', "invisibles"),
    "not_toml": ("territory: REG-28", "ne se lit pas comme un fichier TOML"),
    "number_without_end": (f"edition = {DIGITS}", "ne se lit pas comme un fichier TOML"),
    "nested_without_end": (f"edition = {'[' * 20000}", "ne se lit pas comme un fichier TOML"),
    "not_utf_8": ("# région".encode("latin-1"), "ne se lit pas comme un fichier TOML"),
}


@pytest.mark.parametrize(("content", "said"), FILES.values(), ids=FILES)
def test_a_wrong_file_is_refused(refused, tmp_path, content, said):
    path = tmp_path / "parametres.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert said in refused("--parameters", str(path))


def test_a_folder_is_not_a_file(refused, tmp_path):
    assert "ne se lit pas" in refused("--parameters", str(tmp_path))


def test_an_option_wins_over_the_file(refused, tmp_path):
    path = tmp_path / "parametres.toml"
    path.write_text("edition = 2021\n", encoding="utf-8")
    assert "« 1999 »" in refused("--parameters", str(path), "--edition", "1999")
