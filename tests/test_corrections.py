"""Declared corrections: what each one does, and why one that no longer holds stops everything."""

import pytest

from conftest import HEADER, one_sentence
from cpsr_study import Study, corrections, observations
from cpsr_study.display import overview, tables
from cpsr_study.errors import DataError

FILE = "reference/corrections.toml"
HOURS = "heures_insertion.REG-28.2020"
BASE = {
    "indicator": "heures_insertion",
    "geo": "REG-28",
    "period": "2020",
    "source": "enquete",
    "action": "flag",
    "expect": 1200,
    "reason": "Coquille.",
    "evidence": "Le tableau 3.",
    "status": "à signaler",
}


def entry(**changes: object) -> str:
    fields = {name: value for name, value in (BASE | changes).items() if value is not None}
    lines = [f"{name} = {value!r}" for name, value in fields.items()]
    return "\n".join(["[[correction]]", *lines, ""])


@pytest.fixture
def corrected(small):
    """`corrected(action=…)`: the row of the hours in Normandie once corrected."""

    def apply(*entries: str, **changes: object):
        small.write(FILE, "".join(entries) or entry(**changes))
        return observations.build(small.root, 2021).set_index("id")

    return apply


def test_without_a_file_nothing_is_corrected(small):
    assert set(observations.build(small.root, 2021)["correction"]) == {""}


def test_scale_multiplies_and_says_so(corrected):
    row = corrected(action="scale", factor=0.5).loc[HOURS]
    assert row["value"] == 600
    assert row["correction"] == "valeur lue multipliée par 0,5. Coquille."
    assert row["as_published"] == "1 200 heures", "the words of the document stay"


def test_override_replaces_and_says_so(corrected):
    row = corrected(action="override", value=1250).loc[HOURS]
    assert (row["value"], row["correction"]) == (1250, "valeur remplacée. Coquille.")


def test_flag_changes_no_value(corrected):
    row = corrected().loc[HOURS]
    assert row["value"] == 1200 and "à vérifier" in row["correction"]


def test_drop_removes_the_observation_and_what_came_from_it(corrected):
    table = corrected(action="drop")
    assert HOURS not in table.index and "heures_par_participant.REG-28.2020" not in table.index


def test_what_derives_from_a_corrected_value_follows(corrected):
    table = corrected(action="scale", factor=0.5)
    assert table.loc["heures_par_participant.REG-28.2020", "value"] == 75


def test_a_category_is_corrected_alone(corrected):
    table = corrected(indicator="part_modalite", category="marche_reserve", expect=8, action="override", value=9)
    values = table[table["indicator"] == "part_modalite"].set_index("category")["value"]
    assert values.to_dict() == {"condition_execution": 70.5, "marche_reserve": 9, "marche_reserve_siae": 3}


def test_two_statements_of_one_quantity_are_corrected_each_on_its_own(small):
    """And neither finds the value that the other has just made."""
    line = "heures_insertion,REG-28,2020,,,1200,P,1 200 heures,tableau 1,"
    small.change(small.survey, line, f"{line}\nheures_insertion,REG-28,2020,,,1300,P,1 300 heures,tableau 9,")
    small.write(FILE, entry(action="override", value=1300) + entry(action="override", value=1400, expect=1300))
    table = observations.build(small.root, 2021).set_index("id")
    assert table.loc[[HOURS, f"{HOURS}~2"], "value"].to_list() == [1300, 1400]


def test_the_report_lists_the_corrections_it_used_and_no_other(small, monkeypatch):
    """Used: a value that the edition holds, a value set aside. Not used: what a later vintage says, another area."""
    small.add("enquete", "2021", "2022-03", f"{HEADER}\nparticipants,REG-28,2021,,,9,A,neuf personnes,tableau 1,\n")
    small.write(
        FILE,
        entry(action="scale", factor=0.5)
        + entry(indicator="part_modalite", category="marche_reserve_siae", expect=3, action="drop")
        + entry(indicator="participants", period="2021", expect=9),
    )
    listed = []
    monkeypatch.setattr(tables, "listing", lambda frame, *_: listed.append([*frame["where"]]))
    for edition in (2021, 2022):
        overview.corrections(Study.open("REG-28", edition, data_dir=small.root), "Corrections")
    hours, set_aside = (
        "Heures d’insertion, Normandie, 2020",
        "Part des modalités, Marché réservé aux SIAE, Normandie, 2020",
    )
    assert listed == [[hours, set_aside], [hours, set_aside, "Participants, Normandie, 2021"]]
    overview.corrections(Study.open("REG-53", 2021, "REG-04", data_dir=small.root), "Corrections")
    assert len(listed) == 2, "neither area has one: a sentence says so"


FAULTS = {
    "source_has_changed": (entry(expect=1100), "vaut 1200 et non plus 1100"),
    "unknown_indicator": (entry(indicator="heures"), "aucune valeur à corriger pour heures / REG-28"),
    "unknown_period": (entry(period="2012"), "aucune valeur à corriger"),
    "unknown_source": (entry(source="rumeur"), "aucune valeur à corriger"),
    "unknown_category": (entry(category="troc"), "aucune valeur à corriger"),
    "two_for_one_value": (entry() + entry(action="drop"), "deux corrections visent la même valeur"),
    "unknown_action": (entry(action="arrange"), "« action »"),
    "unknown_status": (entry(status="bof"), "« status »"),
    "scale_without_factor": (entry(action="scale"), "« factor » va avec l'action « scale »"),
    "factor_without_scale": (entry(factor=2), "« factor » va avec l'action « scale »"),
    "override_without_value": (entry(action="override"), "« value » va avec l'action « override »"),
    "missing_reason": (entry(reason=None), "« reason » manque"),
    "missing_expect": (entry(expect=None), "« expect » manque"),
    "misspelt_field": (entry(motif="x"), "« motif » est inconnu"),
    "expect_in_words": (entry(expect="mille"), "« expect »"),
    "one_table_for_a_list": (entry().replace("[[correction]]", "[correction]"), "commence par [[correction]]"),
    "text_for_a_list": ("correction = 'rien'", "commence par [[correction]]"),
    "not_toml": ("[[correction", "ne se lit pas comme du TOML"),
    "not_utf_8": ("# é".encode("latin-1"), "ne se lit pas comme du TOML"),
}


@pytest.mark.parametrize(("content", "said"), FAULTS.values(), ids=FAULTS)
def test_a_correction_that_does_not_hold_stops_everything(small, command, content, said):
    small.write(FILE, content)
    code, out, err = command("check", data_dir=small.root)
    assert (code, out) == (1, "")
    assert "corrections.toml" in err and said in err
    assert one_sentence(err), err
    with pytest.raises(DataError):
        observations.build(small.root, 2021)


def test_the_corrections_of_the_repository_all_give_their_evidence(data_dir):
    declared = corrections.read(data_dir)
    assert declared and all(item.reason and item.evidence for item in declared)
