"""Broken data: one sentence that names the file and the line, exit code 1, nothing written."""

import pytest

from conftest import HEADER, one_sentence
from cpsr_study import observations
from cpsr_study.errors import DataError

GOOD = "heures_insertion,REG-28,2020,,,1200,A,1 200 heures,tableau 1,"
SURVEY = "enquete/2020/observations.csv"

# What is wrong with the second observation (line 3 of the file), and what must be said of it.
BAD_LINES = {
    "duplicate_observation": (GOOD, "en double"),
    "unknown_indicator": ("heures_insertio,FR,2020,,,1,A,un,tableau 1,", "indicateur inconnu : « heures_insertio »"),
    "unknown_area": ("heures_insertion,REG-99,2020,,,1,A,un,tableau 1,", "code de zone inconnu : « REG-99 »"),
    "bare_area": ("heures_insertion,28,2020,,,1,A,un,tableau 1,", "code de zone inconnu : « 28 »"),
    "unknown_commune": ("heures_insertion,COM-99999,2020,,,1,A,un,tableau 1,", "code de zone inconnu"),
    "text_in_value": ("heures_insertion,FR,2020,,,beaucoup,A,un,tableau 1,", "n'est pas un nombre : « beaucoup »"),
    "decimal_comma": ('heures_insertion,FR,2020,,,"1,5",A,un,tableau 1,', "virgule décimale"),
    "thousands_space": ("heures_insertion,FR,2020,,,1 200,A,un,tableau 1,", "n'est pas un nombre"),
    "scientific_notation": ("heures_insertion,FR,2020,,,1e3,A,un,tableau 1,", "n'est pas un nombre : « 1e3 »"),
    "infinite_value": ("heures_insertion,FR,2020,,,inf,A,un,tableau 1,", "n'est pas un nombre : « inf »"),
    "overflowing_value": (f"heures_insertion,FR,2020,,,{'9' * 400},A,un,tableau 1,", "n'est pas un nombre"),
    "value_nan": ("heures_insertion,FR,2020,,,nan,A,un,tableau 1,", "n'est pas un nombre : « nan »"),
    "value_with_line_end": ('heures_insertion,FR,2020,,,"12\n",A,un,tableau 1,', "n'est pas un nombre"),
    "arabic_digits": ("heures_insertion,FR,2020,,,٣,A,un,tableau 1,", "n'est pas un nombre"),
    "empty_value": ("heures_insertion,FR,2020,,,,A,un,tableau 1,", "n'est pas un nombre"),
    "unknown_status": ("heures_insertion,FR,2020,,,1,Z,un,tableau 1,", "statut inconnu : « Z »"),
    "unreadable_period": ("heures_insertion,FR,2020-13,,,1,A,un,tableau 1,", "période illisible : « 2020-13 »"),
    "period_in_words": ("heures_insertion,FR,avril 2020,,,1,A,un,tableau 1,", "période illisible"),
    "unknown_category": ("part_modalite,FR,2020,modalite,troc,1,A,un,tableau 1,", "catégorie inconnue"),
    "unexpected_breakdown": ("participants,FR,2020,modalite,marche_reserve,1,A,un,tableau 1,", "attendue : aucune"),
    "breakdown_of_another": ("part_modalite,FR,2020,public,femmes,1,A,un,tableau 1,", "attendue : modalite"),
    "missing_locator": ("heures_insertion,FR,2020,,,1,A,un,,", "emplacement dans la source absent"),
    "missing_field": ("heures_insertion,FR,2020,,,1,A,un,tableau 1", "9 colonnes au lieu de 10"),
    "extra_field": ("heures_insertion,FR,2020,,,1,A,un,tableau 1,,", "11 colonnes au lieu de 10"),
    "unclosed_quote": ('heures_insertion,FR,2020,,,1,A,"un,tableau 1,', "guillemet"),
}


@pytest.fixture
def stops(small, command):
    """`stops("what is said", …)`: a command and the table both stop on it, and the folder is left as it was."""

    def check(*expected: str) -> None:
        before = small.files()
        with pytest.raises(DataError) as error:
            observations.build(small.root, 2021)
        code, out, err = command("observations", data_dir=small.root)
        assert (code, out) == (1, "")
        assert err.strip() == str(error.value)
        assert one_sentence(err), err
        for words in expected:
            assert words in err
        assert small.files() == before

    return check


def test_the_small_data_are_good(small, command):
    code, out, err = command("check", data_dir=small.root)
    assert (code, err) == (0, "") and "constats" in out


@pytest.mark.parametrize(("line", "said"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_named(small, stops, line, said):
    small.lines(GOOD, line)
    stops(f"{SURVEY}, ligne 3 : ", said)


def test_a_line_is_counted_as_an_editor_does(small, stops):
    """A quoted field over three lines and an empty line come before the fault."""
    small.lines(GOOD[:-1] + ',"une note\nsur trois\nlignes"', "", "heures_insertion,FR,2020,,,x,A,un,tableau 1,")
    stops(f"{SURVEY}, ligne 6 : ")


def test_the_first_fault_of_the_first_file_is_named(small, stops):
    small.lines(GOOD, GOOD.replace("1200", "x"), GOOD.replace("REG-28", "28"))
    stops(f"{SURVEY}, ligne 3 : ", "« x »")
    small.lines("participants,REG-28,2019,,,dix,A,dix,tableau 1,", name="raw/enquete/2019/observations.csv")
    stops("enquete/2019/observations.csv, ligne 2 : ", "« dix »")


@pytest.mark.parametrize(
    "header", ["indicator;geo;time_period", HEADER.replace("geo", "zone"), f"{HEADER},extra", HEADER[:-5]]
)
def test_wrong_columns(small, stops, header):
    small.rewrite(small.survey, f"{header}\n{GOOD}\n")
    stops(f"{SURVEY}, ligne 1 : colonnes attendues : indicator, geo")


def test_sha256_differs(small, stops):
    small.write(small.survey, (small.root / small.survey).read_text(encoding="utf-8").replace("1200", "1201"))
    stops(SURVEY, "sha256")


@pytest.mark.parametrize(("content", "said"), [("", "est vide"), ("\n\n", "est vide"), (HEADER, "aucune observation")])
def test_empty_file(small, stops, content, said):
    small.rewrite(small.survey, content)
    stops(SURVEY, said)


def test_not_utf_8(small, stops):
    small.rewrite(small.survey, f"{HEADER}\n{GOOD}é\n".encode("latin-1"))
    stops(SURVEY, "UTF-8")


def test_a_byte_order_mark_is_no_fault(small):
    before = observations.build(small.root, 2021)
    small.rewrite(small.survey, b"\xef\xbb\xbf" + (small.root / small.survey).read_bytes())
    assert observations.build(small.root, 2021).equals(before)


# Cards and folders


def test_missing_card(small, stops):
    small.remove(small.card)
    stops("enquete/2020/source.toml", "absente")


@pytest.mark.parametrize("field", ["title", "producer", "kind", "published", "licence", "citation", "url", "files"])
def test_card_without_a_field(small, stops, field):
    text = (small.root / small.card).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith((f"{field} =", f"[{field}]", '"'))]
    small.write(small.card, "\n".join(kept))
    stops("enquete/2020/source.toml", f"« {field} » manque" if field != "files" else "« files » manque")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"2021-09-15"', '"septembre 2021"', "« published » ne convient pas"),
        ('"producteur"', '"rumeur"', "« kind » ne convient pas"),
        ('url = ""', 'url = "javascript:alert(1)"', "« url » ne convient pas"),
        ("licence =", "license =", "« licence » manque"),
        ("[files]", 'humeur = "bonne"\n[files]', "« humeur » est inconnu"),
        ("[files]", "[files", "ne se lit pas comme du TOML"),
    ],
    ids=["date_in_words", "unknown_kind", "hostile_address", "misspelt_field", "extra_field", "not_toml"],
)
def test_card_with_a_wrong_field(small, stops, old, new, said):
    text = (small.root / small.card).read_text(encoding="utf-8")
    small.write(small.card, text.replace(old, new))
    stops("enquete/2020/source.toml", said)


def test_file_not_declared_in_the_card(small, stops):
    small.write("raw/enquete/2020/brouillon.xlsx", "x")
    stops("enquete/2020/brouillon.xlsx", "pas déclaré")


def test_file_announced_but_absent(small, stops):
    small.remove(small.survey)
    stops(SURVEY, "absent")


def test_geography_whose_sha256_differs(small, stops):
    path = "reference/insee-cog/2020/territories.csv"
    small.write(path, (small.root / path).read_text(encoding="utf-8").replace(",600,", ",601,"))
    stops("insee-cog/2020/territories.csv", "sha256")


def test_no_data_at_all(tmp_path, command):
    code, out, err = command("observations", data_dir=tmp_path)
    assert (code, out) == (1, "") and one_sentence(err) and list(tmp_path.iterdir()) == []


# The registry


@pytest.mark.parametrize("name", ["indicators.csv", "categories.csv", "units.csv"])
def test_missing_reference_table(small, stops, name):
    small.remove(f"reference/{name}")
    stops(name, "absente")


def test_missing_table_of_projects(small, command):
    small.remove("reference/grands_projets.csv")
    code, _, err = command("observations", data_dir=small.root)
    assert code == 1 and "grands_projets.csv" in err and one_sentence(err)


@pytest.mark.parametrize("name", ["indicators.csv", "categories.csv", "units.csv"])
def test_reference_table_not_utf_8(small, stops, name):
    text = (small.root / "reference" / name).read_text(encoding="utf-8") + "é,\n"
    small.write(f"reference/{name}", text.replace("’", "'").encode("latin-1"))
    stops(name, "UTF-8")


FORMULAS = {
    "calls_python": "__import__('os').getcwd()",
    "attribute": "heures_insertion.mean",
    "power": "heures_insertion ** participants",
    "comparison": "heures_insertion > participants",
    "text": "'a' * heures_insertion",
    "unfinished": "heures_insertion /",
    "null_byte": "heures_insertion\0",
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_formula_that_is_not_arithmetic(small, stops, formula):
    small.change("reference/indicators.csv", "heures_insertion / participants", formula)
    stops("indicators.csv", "heures_par_participant", "arithmétique")


REGISTRY = {
    "unknown_input": ("heures_insertion / participants", "heures / participants", "indicateur inconnu (« heures »)"),
    "no_input": ("heures_insertion / participants", "2 * 3", "aucun indicateur"),
    "unknown_weight": ("moyenne:personnes_menages_fiscaux", "moyenne:foyers", "indicateur inconnu (« foyers »)"),
    "unknown_unit": ("Participants,personnes", "Participants,âmes", "unité inconnue (« âmes »)"),
    "unknown_breakdown": ("clause,modalite,oui", "clause,humeur,oui", "ventilation inconnue (« humeur »)"),
    "bad_identifier": ("participants,Participants", "Participants !,Participants", "ligne 4 : ", "« id »"),
    "bad_aggregation": ("moyenne:personnes", "médiane:personnes", "ligne 10 : ", "« aggregation »"),
    "defined_twice": ("heures_insertion,Heures", "population,Heures", "ligne 3 : ", "déjà défini"),
    "field_too_many": ("Habitants du territoire.,INSEE", "Habitants du territoire.,INSEE,", "ligne 2 : "),
    "field_too_few": ("Habitants du territoire.,INSEE", "Habitants du territoire.", "ligne 2 : "),
}


@pytest.mark.parametrize("case", REGISTRY.values(), ids=REGISTRY)
def test_registry_that_does_not_hold(small, stops, case):
    old, new, *said = case
    small.change("reference/indicators.csv", old, new)
    stops("indicators.csv", *said)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("categories.csv", ",1,", ",premier,", "ligne 2 : "),
        ("units.csv", "heures,0", "heures,zéro", "ligne 3 : "),
        ("units.csv", "unit,short", "unité,short", "units.csv"),
    ],
    ids=["rank_in_words", "decimals_in_words", "misnamed_column"],
)
def test_reference_table_with_a_bad_line(small, stops, name, old, new, said):
    small.change(f"reference/{name}", old, new)
    stops(name, said)
