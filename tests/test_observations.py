"""The table of an edition: its schema, its headlines, what each edition knows, and the processed copy."""

import os
import re
import stat
from pathlib import Path

import pandas as pd
import pytest

from conftest import DATA, HEADER, SURVEY_2019
from cpsr_study import observations, parameters
from cpsr_study.sources import catalogue
from cpsr_study.study import Study

LATER = f"""{HEADER}
heures_insertion,REG-28,2019,,,999,A,999 heures,tableau 9,
heures_insertion,REG-28,2020,,,888,A,888 heures,tableau 9,
allocataires_rsa,DEP-14,2019,,,77,A,77,tableau 9,
"""


@pytest.fixture(params=[2021, 2026])
def table(request: pytest.FixtureRequest) -> pd.DataFrame:
    return request.getfixturevalue(f"table_{request.param}")


# Schema


def test_the_table_is_tidy(table):
    assert list(table.columns) == observations.COLUMNS
    assert table["id"].is_unique and table["id"].is_monotonic_increasing
    assert table["id"].str.fullmatch(r"[A-Za-z0-9_.~@-]+").all(), "usable as an anchor"
    assert table["value"].dtype == float and table["value"].notna().all()
    assert not table.drop(columns="value").isna().any().any()
    assert set(table["status"]) <= set("APFEU")
    assert (table["unit"] != "").all()


def test_every_stated_number_says_where_it_comes_from(table):
    own = table[table["source"] != "calcul"]
    assert (own["locator"] != "").all() and (own["vintage"] != "").all() and (own["inputs"] == "").all()
    derived = table[table["source"] == "calcul"]
    assert (derived["formula"] != "").all() and (derived["inputs"] != "").all()


def test_a_number_reads_as_plain_digits(table):
    assert not table["value"].map(repr).str.contains("e|inf").any()


def test_one_headline_for_each_quantity(table):
    key = ["indicator", "geo", "time_period", "breakdown", "category"]
    assert (table.groupby(key)["headline"].sum() == 1).all()
    assert (table["headline"] == ~table["id"].str.contains("~")).all()


# Which of several statements is shown


def headline(small, edition: int = 2022) -> list[float]:
    table = observations.build(small.root, edition)
    own = table[(table["indicator"] == "heures_insertion") & (table["geo"] == "REG-28")]
    own = own[own["time_period"] == "2020"].sort_values("headline", ascending=False, kind="stable")
    assert own["id"].tolist() == ["heures_insertion.REG-28.2020"] + [
        f"heures_insertion.REG-28.2020~{rank}" for rank in range(2, len(own) + 1)
    ]
    return own["value"].tolist()


def hours(value: int, place: str = "tableau 1") -> str:
    return f"heures_insertion,REG-28,2020,,,{value},A,{value},{place},"


def test_the_latest_published_comes_first(small):
    small.add("autre", "2022", "2022-01", f"{HEADER}\n{hours(1300)}\n")
    assert headline(small) == [1300, 1200]
    assert headline(small, 2021) == [1200], "not known yet"


def test_the_producer_comes_before_a_later_quotation(small):
    small.add("journal", "2022", "2022-05", f"{HEADER}\n{hours(1300)}\n", kind="presse")
    small.add("rapport", "2022", "2022-06", f"{HEADER}\n{hours(1400)}\n", kind="document")
    assert headline(small) == [1200, 1400, 1300]


def test_in_one_document_the_order_of_the_file_decides(small):
    small.lines(hours(1100, "tableau 9"), hours(1200), hours(1300, "annexe"))
    assert headline(small) == [1100, 1200, 1300]


def test_the_order_of_the_lines_of_a_file_changes_nothing_else(small):
    before = observations.build(small.root, 2021)
    header, *lines = (small.root / small.survey).read_text(encoding="utf-8").splitlines()
    small.rewrite(small.survey, "\n".join([header, *reversed(lines)]) + "\n")
    pd.testing.assert_frame_equal(observations.build(small.root, 2021), before, check_exact=True)


def test_several_figures_of_a_document_may_share_a_period_and_place(small):
    """The same quantity at two places of a document is two statements; at one place it is a duplicate."""
    small.lines(hours(1200), hours(1200, "annexe"))
    assert headline(small) == [1200, 1200]


# Editions


def test_edition_2021_holds_nothing_published_later(table_2021):
    assert table_2021["published"].str[:4].max() == "2021"
    assert set(table_2021.loc[table_2021["indicator"] == "population", "time_period"]) == {"2019"}


def test_edition_2026_also_holds_what_edition_2021_knew(table_2021, table_2026):
    stated = [
        set(
            map(
                tuple,
                t.loc[(t["source"] != "calcul") & (t["source"] != "insee-cog"), ["source", "as_published"]].values,
            )
        )
        for t in (table_2021, table_2026)
    ]
    assert stated[0] < stated[1]


def test_editions_go_from_the_first_geography_to_the_newest_source(data_dir, small):
    known = parameters.editions(data_dir)
    assert known == list(range(2021, max(card.year for card in catalogue(data_dir)) + 1))
    assert parameters.editions(small.root) == [2020, 2021]
    assert parameters.resolve(data_dir).edition == known[-1], "the newest by default"


def test_a_source_published_later_changes_no_byte_of_an_edition(small):
    before = observations.build(small.root, 2021)
    small.add("nouvelle", "2026", "2026-03", LATER)
    assert observations.build(small.root, 2021).to_csv() == before.to_csv()
    newer = observations.build(small.root, 2026).set_index("id")
    assert newer.loc["heures_insertion.REG-28.2019", "value"] == 999
    assert parameters.editions(small.root)[-1] == 2026


def test_the_geography_of_an_edition_is_that_of_its_time(small):
    text = (small.root / "reference/insee-cog/2020/territories.csv").read_text(encoding="utf-8")
    communes = (small.root / "reference/insee-cog/2020/communes.csv.gz").read_bytes()
    small.write("reference/insee-cog/2026/territories.csv", text.replace(",600,", ",660,"))
    small.write("reference/insee-cog/2026/communes.csv.gz", communes)
    small.new_card("reference/insee-cog/2026", "2026-01-01", period="Géographie 2026, population 2023")
    for edition, year, inhabitants in [(2021, "2018", 600), (2025, "2018", 600), (2026, "2023", 660)]:
        table = observations.build(small.root, edition).set_index("id")
        assert table.loc[f"population.REG-28.{year}", "value"] == inhabitants
        assert set(table.loc[table["indicator"] == "population", "time_period"]) == {year}


# The processed copy


@pytest.fixture
def builds(monkeypatch):
    """The editions that were computed, in order: none when the processed copy served."""
    done = []
    build = observations.build

    def counted(data_dir: Path, edition: int) -> pd.DataFrame:
        done.append(edition)
        return build(data_dir, edition)

    monkeypatch.setattr(observations, "build", counted)
    return done


def test_the_processed_copy_is_the_table_to_the_last_bit(table_2026, data_dir, tmp_path, small, builds):
    path = tmp_path / "copie.csv"
    for end in ("\n", "\r", "\r\n"):  # notes are texts of others
        frame = table_2026.assign(note=table_2026["note"] + f"un{end}deux")
        observations._write_processed(frame, path, path.with_suffix(".sha256"), "clef")
        observations._read_processed.cache_clear()
        pd.testing.assert_frame_equal(observations._read_processed(path, ""), frame, check_exact=True)
    observations._write_processed(table_2026, path, path.with_suffix(".sha256"), "clef")
    observations._read_processed.cache_clear()
    pd.testing.assert_frame_equal(observations._read_processed(path, ""), table_2026, check_exact=True)
    first = observations.table(small.root, 2021)
    pd.testing.assert_frame_equal(observations.table(small.root, 2021), first, check_exact=True)
    assert builds == [2021]


def test_each_edition_has_its_copy(small, builds):
    for edition in (2020, 2021, 2020, 2021):
        observations.table(small.root, edition)
    assert builds == [2020, 2021]
    assert {name for name in small.files() if name.startswith("processed/")} - {"processed/sums.json"} == {
        f"processed/observations-{edition}.{kind}" for edition in (2020, 2021) for kind in ("csv", "sha256")
    }


CHANGES = {
    "a_figure": lambda small: small.change(small.survey, ",1200,", ",1201,"),
    "a_card": lambda small: small.change(small.card, '"Producteur"', '"Autre producteur"'),
    "the_registry": lambda small: small.change("reference/indicators.csv", "Un taux.", "Un autre taux."),
    "a_new_source": lambda small: small.add("autre", "2020", "2020-11", SURVEY_2019),
    "a_new_correction": lambda small: small.write("reference/corrections.toml", ""),
    "the_geography": lambda small: small.rewrite(
        "reference/insee-cog/2020/territories.csv",
        (small.root / "reference/insee-cog/2020/territories.csv").read_bytes().replace(b",300,", b",301,"),
    ),
    "the_copy_itself": lambda small: small.write(
        "processed/observations-2021.csv",
        (small.root / "processed/observations-2021.csv").read_bytes().replace(b"1200.0", b"1300.0"),
    ),
    "the_copy_cut_short": lambda small: small.write("processed/observations-2021.csv", "id\n"),
    "the_copy_removed": lambda small: small.remove("processed/observations-2021.csv"),
    "its_proof_removed": lambda small: small.remove("processed/observations-2021.sha256"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_table_is_computed_again_when_something_changes(small, builds, change):
    observations.table(small.root, 2021)
    change(small)
    again = observations.table(small.root, 2021)
    observations.table(small.root, 2021)
    assert builds == [2021, 2021], "once more, and only once"
    assert 1300 not in again["value"].to_numpy(), "what was written by hand is not believed"


def test_a_broken_file_is_found_even_behind_a_processed_copy(small, command):
    assert command("observations", data_dir=small.root).code == 0
    small.write(small.survey, (small.root / small.survey).read_text(encoding="utf-8").replace(",1200,", ",1201,"))
    code, out, err = command("observations", data_dir=small.root)
    assert (code, out) == (1, "") and "sha256" in err


@pytest.mark.parametrize("refusal", ["mkdir", "temporary file", "rename"])
def test_a_folder_that_cannot_be_written_to_has_no_copy(small, builds, monkeypatch, refusal):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(30, "Read-only file system")

    if refusal == "mkdir":
        monkeypatch.setattr(Path, "mkdir", refuse)
    elif refusal == "temporary file":
        monkeypatch.setattr(Path, "write_text", refuse)
    else:
        monkeypatch.setattr(os, "replace", refuse)
    study = Study.open("REG-28", data_dir=small.root)
    assert study.latest("heures_insertion").value == 1200
    observations.table(small.root, 2021)
    assert builds == [2021, 2021]
    left = [name for name in small.files() if name.startswith("processed/")]
    assert left == [], "nothing half-written stays"


def test_the_copy_is_readable_by_others(small):
    observations.table(small.root, 2021)
    mode = (small.root / "processed/observations-2021.csv").stat().st_mode
    assert stat.S_IMODE(mode) & 0o044 == 0o044 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_copy_is_utf_8_whatever_the_machine_prefers(small, monkeypatch):
    import locale

    monkeypatch.setattr(locale, "getpreferredencoding", lambda *_: "ascii")
    monkeypatch.setattr(locale, "getencoding", lambda: "ascii", raising=False)
    observations.table(small.root, 2021)
    assert "100 − somme" in (small.root / "processed/observations-2021.csv").read_text(encoding="utf-8")


def test_the_fingerprint_knows_no_path(small, tmp_path):
    before = observations.fingerprint(small.root, 2021)
    moved = tmp_path / "ailleurs"
    small.root.rename(moved)
    assert observations.fingerprint(moved, 2021) == before
    assert re.fullmatch("[0-9a-f]{64}", before) and before != observations.fingerprint(moved, 2020)


def test_no_processed_file_is_part_of_the_sources():
    assert not [card for card in catalogue(DATA) if "processed" in card.folder.parts]
