"""What holds of any contracts: order, files, titulaires, versions and silence change only what they should."""

from itertools import count
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conftest import DATA
from cpsr_study.sources import catalogue, decp
from cpsr_study.sources.decp import intake, listings, store
from cpsr_study.territories import Territories
from decp_files import HERE, as_json, bare, rows, silent, written

TOWN = {"acheteur_id": "21149990000010", "acheteur_nom": "Ville"}
SEAT = {"acheteur_commune_code": "14118", "acheteur_departement_code": "14", "acheteur_region_code": "28"}
NO_SEAT = dict.fromkeys(SEAT, "")
# Few values, so that lines are often versions, copies or contradictions of one another.
SAID = ["", "MQ", "Sans objet", "Clause sociale", "Critère social, Clause sociale", "Marché réservé"]
CELLS = {
    "id": ["1", "2", "3"],
    "modification_id": ["0", "0", "1", "2"],
    "donneesActuelles": ["true", "false"],
    "dateNotification": ["2023-10-10", "2024-03-01", "2024-09-01", "2026-01-20"],
    "datePublicationDonnees": ["2024-11-30", "2026-02-15", ""],
    "montant": ["", "0.5", "100", "221000.55", "12311111111"],
    "considerationsSociales": SAID,
    "titulaire_id": ["55555555500017", "66666666600012", ""],
    "objet": ["Un objet", "Un autre"],
    "codeCPV": ["45000000", "79000000", ""],
    "procedure": ["Procédure adaptée", "Appel d'offres ouvert"],
    "nature": ["Marché", ""],
    "techniques": ["Sans objet", "Accord-cadre", ""],
    "lieuExecution_code": ["14", "28"],
    "lieuExecution_typeCode": ["Code département", "Code région"],
}
OTHER = {"acheteur_id": "22769990000017"}
BUYERS = [TOWN | SEAT, TOWN | NO_SEAT, TOWN | SEAT | {"acheteur_commune_code": "14366"}, TOWN | SEAT | OTHER]
CELL = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CELLS.items()})
LINE = st.builds(lambda cells, buyer: rows()[0] | cells | buyer, CELL, st.sampled_from(BUYERS))
LINES = st.lists(LINE, min_size=2, max_size=12)
FIGURES = ["indicator", "geo", "time_period", "breakdown", "category"]
examples = count()


def few(number: int) -> settings:
    """So many examples; a failing one is told as it is: a simpler one would take minutes to find."""
    return settings(max_examples=number, phases=[Phase.generate])


def contracts(folder: Path, *files: list[dict[str, str]], form: str = "csv") -> pd.DataFrame:
    """All that is known of each contract of some files, imported in this order."""
    data = bare(folder / str(next(examples)))
    write = written if form == "csv" else as_json
    intake.take([write(lines, data / f"{rank}.{form}") for rank, lines in enumerate(files)], data, silent)
    path = store.contracts([card for card in catalogue(data) if card.source == "decp"], data)
    return duckdb.sql(f"FROM read_parquet('{path}') ORDER BY uid").df().astype(str)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decp_properties")


@few(6)
@given(lines=LINES, draw=st.randoms(use_true_random=False), parts=st.integers(1, 3))
def test_neither_the_order_nor_the_files_nor_copies_change_a_contract(room: Path, lines, draw, parts: int) -> None:
    known = contracts(room, lines)
    turned = draw.sample(lines, len(lines)) + draw.sample(lines, 1)
    pd.testing.assert_frame_equal(contracts(room, turned), known)
    files = [turned[rank::parts] for rank in range(parts)]
    pd.testing.assert_frame_equal(contracts(room, *files), known)
    pd.testing.assert_frame_equal(contracts(room, *reversed(files)), known)


@few(5)
@given(lines=LINES, draw=st.randoms(use_true_random=False))
def test_one_more_titulaire_changes_a_contract_in_that_only(room: Path, lines, draw) -> None:
    more = [line | {"titulaire_id": "77777777700019"} for line in draw.sample(lines, max(1, len(lines) // 2))]
    before, after = contracts(room, lines), contracts(room, lines + more)
    pd.testing.assert_frame_equal(after.drop(columns="titulaires"), before.drop(columns="titulaires"))
    touched = {line["acheteur_id"] + line["id"] for line in more}
    assert set(after["uid"][after["titulaires"].str.contains("77777777700019")]) == touched


@few(5)
@given(lines=LINES, social=st.sampled_from(SAID))
def test_one_more_version_makes_no_contract_and_moves_no_year(room: Path, lines, social: str) -> None:
    """Its amount and its answer are the current ones; a version that says nothing silences nothing."""
    later = {"modification_id": "9", "donneesActuelles": "true", "dateNotification": "2026-05-05", "montant": "777"}
    last = lines[-1] | later | {"considerationsSociales": social}
    before, after = contracts(room, lines), contracts(room, [*lines, last])
    same = ["uid", "acheteur_id", "jour", "annee", "montant_initial"]
    pd.testing.assert_frame_equal(after[same], before[same])
    touched = before["uid"] == last["acheteur_id"] + last["id"]
    others = [name for name in before if name not in ("identique", "acheteur_nom", "siege_commune")]
    pd.testing.assert_frame_equal(after[~touched][others], before[~touched][others])
    (changed,) = after[touched].to_dict("records")
    assert changed["montant"] == "777.0"
    said = {"": None, "MQ": None, "Sans objet": "aucune"}.get(social, "oui")
    assert changed["social"] == (said or before.loc[touched, "social"].iloc[0])


@pytest.mark.parametrize("told", [{"techniques": "Accord-cadre"}, {"nature": "ACCORD-CADRE"}])
def test_a_version_that_does_not_tell_a_framework_agreement_hides_none(room: Path, told: dict[str, str]) -> None:
    """Its ceiling would be added to what is firm. What the last version that tells says of the current one stands."""
    first = rows()[0] | {"nature": "Marché", "techniques": ""} | told
    later = first | {"modification_id": "1", "dateNotification": "2024-12-01", "montant": "777", "nature": "Marché",
                     "techniques": ""}  # fmt: skip
    for files in ([[first, later]], [[first], [later]], [[later], [first]]):
        (found,) = contracts(room, *files).to_dict("records")
        assert (found["montant"], found["accord_cadre"], found["nature_dite"]) == ("777.0", "True", "True")
    for answer in ({"techniques": "Sans objet"}, {"techniques": "Catalogue électronique"}):
        (found,) = contracts(room, [first], [later | answer]).to_dict("records")
        assert (found["accord_cadre"], found["nature_dite"]) == ("False", "True")


@few(5)
@given(lines=LINES)
def test_both_paths_make_the_same_contracts(room: Path, lines) -> None:
    """A JSON has no seat, no name and no category, and says which state is current by its rank."""
    first = [line | {"modification_id": "0", "donneesActuelles": "true"} for line in lines]
    alone = {(line["acheteur_id"], line["id"]): line for line in first}.values()
    later = {"modification_id": "1", "donneesActuelles": "true", "dateNotification": "2026-05-05", "montant": "777"}
    amended = [line | later for line in list(alone)[::2]]
    earlier = [line | {"donneesActuelles": "false"} if line in list(alone)[::2] else line for line in alone]
    given = [*earlier, *amended]
    plain, streamed = contracts(room, given), contracts(room, given, form="json")
    without = ["acheteur_nom", "categorie", "siege_commune", "siege_departement", "siege_region", "siege_sirene"]
    pd.testing.assert_frame_equal(streamed.drop(columns=without), plain.drop(columns=without))


def tables(data: Path) -> dict[str, pd.DataFrame]:
    """Every figure with its status, its words and its place, and the lists of contracts and buyers."""
    areas = Territories.load(DATA, 2026)
    cards = [card for card in catalogue(data) if card.source == "decp"]
    wanted = [area for level in ("FR", "FRMET", "REG", "DEP") for area in areas.all(level)]
    normandie = areas.get("REG-28")
    found = [decp.observations(cards, wanted, areas, data)]
    found += [decp.details(cards, areas.get(code), areas, data) for code in ("FR", "REG-28")]
    frame = pd.concat(found).drop(columns="vintage").sort_values(FIGURES)
    assert not frame.duplicated(FIGURES).any(), "one figure is there twice"
    lists = (listings.largest_reserved, listings.buyers)
    return {"figures": frame.set_index(FIGURES)} | {
        each.__name__: each(cards, normandie, areas, data) for each in lists
    }  # fmt: skip


@pytest.fixture(scope="module")
def whole(room: Path) -> dict[str, pd.DataFrame]:
    return tables(bare(room / "whole", HERE / "marches.csv"))


@few(2)
@given(draw=st.randoms(use_true_random=False), cut=st.integers(8, 70))
def test_neither_order_nor_the_way_of_cutting_changes_a_figure(room: Path, whole, draw, cut: int) -> None:
    lines = draw.sample(rows(), len(rows()))
    data = bare(room / f"cut{next(examples)}")
    halves = [lines[:cut], lines[cut:]]
    intake.take([written(half, data / f"{rank}.csv") for rank, half in enumerate(halves)], data, silent)
    for name, known in tables(data).items():
        pd.testing.assert_frame_equal(known, whole[name], obj=name)


@few(4)
@given(cents=st.lists(st.sampled_from([110, 220, 330, 10_010, 70_007, 123_456_789, 299_999_999_999]), min_size=20,
                      max_size=40), draw=st.randoms(use_true_random=False))  # fmt: skip
def test_amounts_are_added_to_the_cent_in_any_order(room: Path, cents: list[int], draw) -> None:
    """1,10 € + 2,20 € + 3,30 € are 6,60 €: a sum of binary fractions is not, and depends on the order of the rows."""
    areas = Territories.load(DATA, 2026)
    made = ["", "Accord-cadre"]
    lines = [
        rows()[0] | {"id": f"Z{rank}", "montant": f"{value / 100:.2f}", "techniques": made[rank % 2]}
        for rank, value in enumerate(cents)
    ]
    exact = {name: sum(cents[rank::2]) / 1e8 for rank, name in enumerate(("decp_montant", "decp_plafond"))}
    for _ in range(2):
        data = bare(room / f"cents{next(examples)}")
        intake.take([written(draw.sample(lines, len(lines)), data / "a.csv")], data, silent)
        cards = [card for card in catalogue(data) if card.source == "decp"]
        whole = [areas.get(code) for code in ("FR", "REG-28", "COM-14118")]
        found = decp.observations(cards, whole, areas, data)
        for name, value in exact.items():
            told = found.loc[found["indicator"].str.startswith(name + "_siege"), "value"]
            assert told.tolist() == [value] * 3, name
        parts = decp.details(cards, areas.get("FR"), areas, data)
        assert set(parts.loc[parts["indicator"] == "decp_montant_siege", "value"]) >= {exact["decp_montant"]}


def test_a_titulaire_or_a_version_more_changes_no_figure(room: Path, whole) -> None:
    lines = rows()
    more = [line | {"titulaire_id": "77777777700019"} for line in lines[::3]]
    kept = [line for line in lines if line["id"][0] not in "RF"]
    again = [line | {"modification_id": "1", "dateNotification": "2026-04-01"} for line in kept[::2]]
    data = bare(room / "more")
    intake.take([written(lines + more, data / "a.csv"), written(again, data / "b.csv")], data, silent)
    for name, known in tables(data).items():
        pd.testing.assert_frame_equal(known, whole[name], obj=name)


@few(2)
@given(draw=st.randoms(use_true_random=False), silence=st.sampled_from(["", "MQ", "NC", "CDL"]))
def test_a_silent_contract_never_raises_a_rate(room: Path, whole, draw, silence: str) -> None:
    """Of no area, year or category; the rates of those that answer do not move, those of all go down where it is.

    Silent on what it is too: no share of framework agreements moves.
    """
    some = draw.sample([line for line in rows() if line["id"][0] not in "RF"], 9)
    unsaid = dict.fromkeys(("considerationsSociales", "techniques", "nature"), silence)
    mute = [line | unsaid | {"id": f"Z{rank}"} for rank, line in enumerate(some)]
    data = bare(room / f"mute{next(examples)}", HERE / "marches.csv")
    intake.take([written(mute, data / "mute.csv")], data, silent)
    before, after = (each["figures"]["value"] for each in (whole, tables(data)))
    assert after.filter(like="decp_marches_siege").sum() > before.filter(like="decp_marches_siege").sum()
    shares = [key for key in before.index if key[0].startswith("decp_part_")]
    assert [key for key in shares if "accords" in key[0]]
    of_all = [
        key for key in shares if "sociale_siege" in key[0] or "sociale_execution" in key[0] or "part_declares" in key[0]
    ]
    assert len(shares) > 500 and len(of_all) > 150
    assert not [key for key in of_all if after[key] > before[key] + 1e-9]
    assert any(after[key] < before[key] for key in of_all)
    assert not [key for key in set(shares) - set(of_all) if after[key] != before[key]]
