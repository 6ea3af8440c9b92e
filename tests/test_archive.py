"""The zip that a researcher deposits: whole, the same each time, and able to say when something in it is not true."""

import hashlib
import json
import re
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

import reports
from conftest import forget, one_sentence
from cpsr_study.errors import DataError, RequestError
from cpsr_study.report import archive, bundle, run, verification
from cpsr_study.sources import sha256

NAME = "REG-53-2021"
TYPED = "data/raw/presentation-cpsr-normandie/2021-12/observations.csv"
MISREAD = (b"75% du territoire national", b"76% du territoire national")
CHAPTER = "notebooks/05_publics_contrats.ipynb"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of reports, with one of a single chapter."""
    return reports.build(tmp_path_factory.mktemp("reports"), "REG-53", ["05"], edition=2021).folder.parent


@pytest.fixture(scope="module")
def made(built, tmp_path_factory):
    """Its archive."""
    return archive.make(NAME, built, tmp_path_factory.mktemp("archive"), reports.DATA)


@pytest.fixture
def copied(built, tmp_path):
    """A copy of the report, to spoil."""
    return Path(shutil.copytree(built / NAME, tmp_path / "reports" / NAME)).parent


def contents(path):
    with zipfile.ZipFile(path) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist() if not entry.is_dir()}


def unsigned(path, files):
    """Write these files as a zip, with the `SHA256SUMS` they come with."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def signed(path, files):
    """Write these files as a zip, with a `SHA256SUMS` that agrees with them."""
    bundle.write(path, {name: content for name, content in files.items() if name != bundle.SUMS})
    return path


def check(path, **options):
    """What `verify` says, and the sentence it stops on (empty when all is well)."""
    said = []
    try:
        verification.verify(path, said.append, lambda *_: None, **options)
    except (DataError, RequestError) as error:
        assert one_sentence(str(error)), error
        return said, str(error)
    return said, ""


def flip(content):
    return content[:-1] + bytes([content[-1] ^ 1])


def manifest_of(files):
    return json.loads(files[f"reports/{NAME}/manifest.json"])


@pytest.fixture
def not_rebuilt(monkeypatch, tmp_path, built):
    """Stands for a rebuilding that gives the very report of the archive."""
    copy = shutil.copytree(built / NAME, tmp_path / "rebuilt")
    monkeypatch.setattr(run, "run", lambda request, progress: run.Result(copy, built=True))
    return copy


# What is in it


def test_made_twice_it_is_the_same_to_the_byte(made, built, tmp_path):
    again = archive.make(NAME, built, tmp_path, reports.DATA)
    assert again.name == made.name == f"{NAME}.zip" and again.read_bytes() == made.read_bytes()
    with zipfile.ZipFile(made) as opened:
        assert {entry.date_time for entry in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.namelist() == sorted(opened.namelist())
        assert {stat.S_IMODE(e.external_attr >> 16) for e in opened.infolist()} == {0o644, 0o755}


def test_it_holds_the_report_its_inputs_and_nothing_else(made):
    files = contents(made)
    manifest = manifest_of(files)
    expected = manifest["inputs"] | {f"reports/{NAME}/{n}": digest for n, digest in manifest["outputs"].items()}
    assert {name: hashlib.sha256(files[name]).hexdigest() for name in expected} == expected
    assert {TYPED, CHAPTER, "data/reference/indicators.csv", f"reports/{NAME}/report.pdf"} <= set(expected)
    around = {"README.txt", "LICENCES.txt", "LICENSE", "requirements.lock", "ro-crate-metadata.json", "SHA256SUMS"}
    assert set(files) - set(expected) == around | {f"reports/{NAME}/manifest.json"}
    assert not [name for name in files if "processed" in name or "insee-cog/2026" in name]


def test_every_file_is_in_the_sums(made):
    files = contents(made)
    lines = files.pop("SHA256SUMS").decode().splitlines()
    assert lines == [f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files)]


def test_nothing_of_the_machine_nor_of_the_clock_is_in_it(made):
    for name, content in contents(made).items():
        assert str(Path.home()).encode() not in content and str(reports.DATA).encode() not in content, name
    assert not re.search(rb'"(startTime|endTime|dateModified)"', contents(made)["ro-crate-metadata.json"])


def test_it_is_said_in_french_what_it_is_and_under_which_licences(made):
    files = {name: content.decode() for name, content in contents(made).items() if name.endswith(".txt")}
    assert "en Bretagne, édition 2021" in files["README.txt"] and f"verify {NAME}.zip" in files["README.txt"]
    assert "Source la plus récente : 2021-12-29" in files["README.txt"]
    cards = [name for name in contents(made) if name.endswith("/source.toml")]
    assert len(cards) > 8 and all(f"{card.removesuffix('source.toml')}\n" in files["LICENCES.txt"] for card in cards)
    assert files["LICENCES.txt"].count("  Licence : ") == len(cards) and "CC-BY-4.0" in files["LICENCES.txt"]


def test_the_crate_is_read_by_its_library_and_tells_what_was_run(made):
    from rocrate.rocrate import ROCrate

    crate = ROCrate(str(made))
    manifest = manifest_of(contents(made))
    assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
    assert crate.root_dataset["datePublished"] == "2021-12-29"
    assert crate.root_dataset["license"].id == "https://spdx.org/licenses/etalab-2.0"
    (action,) = [entity for entity in crate.get_entities() if entity.type == "CreateAction"]
    assert crate.root_dataset["mentions"] == action
    assert action["instrument"]["softwareVersion"] == manifest["versions"]["cpsr-study"]
    inputs = {entity.id for entity in action["object"] if entity.type == "File"}
    assert inputs == {name for name in manifest["inputs"] if not name.startswith("cpsr_study/")}
    assert {entity.id for entity in action["result"]} == {f"reports/{NAME}/{name}" for name in manifest["outputs"]}
    values = {entity["name"]: entity["value"] for entity in action["object"] if entity.type == "PropertyValue"}
    assert values == manifest["parameters"]
    described = {entity.id for entity in crate.data_entities if entity.type == "File"}
    assert described == set(contents(made)) - {"ro-crate-metadata.json", "SHA256SUMS"}
    source = crate.get("data/reference/svg-maps-france/2.0.0/")
    assert source["license"].id == "https://spdx.org/licenses/CC-BY-4.0" and len(source["hasPart"]) == 2


def test_micro_data_stay_where_they_are(copied, tmp_path):
    data = Path(shutil.copytree(reports.DATA, tmp_path / "data"))
    private = data / "raw" / "clause" / "2021"
    private.mkdir(parents=True)
    (private / "observations.csv").write_text("salarié,heures\nune personne,12\n", encoding="utf-8")
    card = (data / "raw/insee-filosofi/2018/source.toml").read_text(encoding="utf-8").split("[files]")[0]
    listed = f'[files]\n"observations.csv" = "{sha256(private / "observations.csv")}"\n'
    (private / "source.toml").write_text(card + listed, encoding="utf-8")
    forget()
    manifest = json.loads((copied / NAME / "manifest.json").read_text(encoding="utf-8"))
    manifest["inputs"] |= {f"data/raw/clause/2021/{p.name}": sha256(p) for p in private.iterdir()}
    (copied / NAME / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    files = contents(archive.make(NAME, copied, tmp_path, data))
    # The manifest still names them; what they hold is nowhere.
    assert not [name for name in files if name.startswith("data/raw/clause/")]
    assert not [name for name, content in files.items() if b"une personne,12" in content]
    assert "données individuelles" in files["README.txt"].decode() and b"clause/2021" not in files["LICENCES.txt"]


# Refusals


@pytest.mark.parametrize("name", ["REG-53-2020", "../reports/REG-53-2021", "", ".", "reports"])
def test_no_such_report(built, tmp_path, name):
    with pytest.raises(RequestError, match="Pas de rapport") as error:
        archive.make(name, built, tmp_path, reports.DATA)
    assert one_sentence(str(error.value))


@pytest.mark.parametrize("name", ["report.html", "observations.csv", "tables/tableaux.xlsx"])
def test_an_edited_report_is_not_archived(copied, tmp_path, name):
    (copied / NAME / name).write_bytes(flip((copied / NAME / name).read_bytes()))
    with pytest.raises(DataError, match=re.escape(name)) as error:
        archive.make(NAME, copied, tmp_path, reports.DATA)
    assert one_sentence(str(error.value)) and not list(tmp_path.glob("*.zip"))


@pytest.mark.parametrize("spoil", ["add", "remove", "manifest"])
def test_a_report_with_a_file_too_many_or_too_few_is_not_archived(copied, tmp_path, spoil):
    if spoil == "add":
        (copied / NAME / "notes.txt").write_text("mine", encoding="utf-8")
    elif spoil == "remove":
        (copied / NAME / "report.pdf").unlink()
    else:
        (copied / NAME / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"notes\.txt|report\.pdf|manifeste"):
        archive.make(NAME, copied, tmp_path, reports.DATA)


def test_a_report_made_from_other_inputs_is_not_archived(built, tmp_path):
    data = Path(shutil.copytree(reports.DATA, tmp_path / "data"))
    (data / "reference" / "glossary.csv").write_bytes((data / "reference" / "glossary.csv").read_bytes() + b"\n")
    with pytest.raises(DataError, match=r"data/reference/glossary\.csv") as error:
        archive.make(NAME, built, tmp_path, data)
    assert one_sentence(str(error.value))


# Checking


def test_a_sound_archive_is_rebuilt_to_the_byte(made, command):
    code, out, err = command("verify", str(made))
    assert (code, err) == (0, ""), out + err
    assert "tous conformes à SHA256SUMS" in out and "15 fichiers sur 15 à l'identique" in out


def test_an_input_altered_and_signed_again_is_found_by_what_comes_out(made, tmp_path, command):
    files = contents(made)
    before, files[TYPED] = files[TYPED], files[TYPED].replace(*MISREAD)
    card = TYPED.replace("observations.csv", "source.toml")
    old, new = hashlib.sha256(before).hexdigest().encode(), hashlib.sha256(files[TYPED]).hexdigest().encode()
    files[card] = files[card].replace(old, new)
    assert files[TYPED] != before and new in files[card]
    code, out, err = command("verify", str(signed(tmp_path / "altered.zip", files)))
    assert code == 1 and one_sentence(err) and "n'est pas refait à l'identique" in err
    assert f"{TYPED} : n'est pas celui du manifeste" in out
    assert "  observations.csv : refait différemment" in out and "  report.html : refait différemment" in out
    assert "tables/tableaux.xlsx" not in out, "what does not depend on it is the same"


ALTERED = [TYPED, CHAPTER, f"reports/{NAME}/report.html", f"reports/{NAME}/report.pdf", f"reports/{NAME}/manifest.json"]
ALTERED += ["README.txt", "LICENSE", "ro-crate-metadata.json", "requirements.lock", "cpsr_study/cli.py"]


@pytest.mark.parametrize("name", ALTERED)
def test_one_byte_changed_is_found_and_the_file_named(made, tmp_path, name):
    files = contents(made)
    files[name] = flip(files[name])
    said, stop = check(unsigned(tmp_path / "altered.zip", files))
    assert said == [f"  {name} : le contenu a changé"] and name in stop


@pytest.mark.parametrize("name", ALTERED)
def test_one_byte_changed_in_the_file_as_stored_is_found_too(made, tmp_path, name):
    raw = bytearray(made.read_bytes())
    with zipfile.ZipFile(made) as opened:
        entry = opened.getinfo(name)
    raw[entry.header_offset + 30 + len(name) + entry.compress_size // 2] ^= 4
    (tmp_path / "altered.zip").write_bytes(raw)
    assert name in check(tmp_path / "altered.zip")[1]


def test_a_byte_changed_around_the_files_is_told(made, tmp_path, not_rebuilt):
    raw = bytearray(made.read_bytes())
    raw[10] ^= 1  # the time in the first header
    (tmp_path / "altered.zip").write_bytes(raw)
    said, stop = check(tmp_path / "altered.zip")
    assert "touché" in said[1] and not stop, "no file is other than it was"
    assert "touché" not in " ".join(check(made)[0])


def test_missing_and_extra_files_are_named(made, tmp_path):
    files = contents(made)
    del files[TYPED]
    files["data/raw/intrus.csv"] = b"x"
    said, stop = check(unsigned(tmp_path / "altered.zip", files))
    assert f"  {TYPED} : absent de l'archive" in said and "  data/raw/intrus.csv : absent de SHA256SUMS" in said
    assert TYPED in stop and "intrus.csv" in stop


@pytest.mark.parametrize("line", [b"\xff\n", b"not a sum\n"])
def test_sums_that_do_not_read(made, tmp_path, line):
    files = contents(made)
    files["SHA256SUMS"] += line
    assert "SHA256SUMS" in check(unsigned(tmp_path / "altered.zip", files))[1]


def test_what_the_manifest_does_not_know_is_found_though_signed(made, tmp_path, not_rebuilt):
    files = contents(made)
    files["data/raw/clause/2021/salaries.csv"] = b"x"
    del files["data/reference/units.csv"]
    said, stop = check(signed(tmp_path / "altered.zip", files))
    assert "  data/raw/clause/2021/salaries.csv : absent du manifeste" in said
    assert "  data/reference/units.csv : absent de l'archive" in said and "units.csv" in stop


def test_an_output_altered_and_signed_again_is_found(made, tmp_path, not_rebuilt):
    files = contents(made)
    files[f"reports/{NAME}/observations.csv"] = flip(files[f"reports/{NAME}/observations.csv"])
    said, stop = check(signed(tmp_path / "altered.zip", files))
    assert "  observations.csv : refait différemment" in said and "observations.csv" in stop
    (not_rebuilt / "report.html").unlink()
    (not_rebuilt / "new.csv").write_text("x", encoding="utf-8")
    said, _ = check(made)
    assert "  report.html : n'est pas refait" in said
    assert "  new.csv : refait, mais absent du rapport archivé" in said


def test_what_may_explain_a_difference_is_said_first(made, tmp_path, not_rebuilt):
    files = contents(made)
    manifest = manifest_of(files)
    manifest["versions"] |= {"pandas": "0.1", "cpsr-study": "2020.1", "disparue": "3"}
    manifest["inputs"]["cpsr_study/cli.py"] = "0" * 64
    files[f"reports/{NAME}/manifest.json"] = json.dumps(manifest).encode()
    said, _ = check(signed(tmp_path / "altered.zip", files))
    assert "conformes à SHA256SUMS" in said[0] and said[1].startswith("cpsr-study : 2020.1 dans l'archive, 20")
    assert said[2].startswith("pandas : 0.1 dans l'archive") and said[3] == "disparue : 3 dans l'archive, absent ici."
    assert "ne sont pas ceux d'ici (cpsr_study/cli.py)" in said[4] and "peut venir de là" in said[5]


def test_foreign_chapters_only_run_when_trusted(made, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(run, "run", lambda *given: ran.append(given))
    files = contents(made)
    files[CHAPTER] = files[CHAPTER].replace(b'"cells"', b' "cells"', 1)
    path = signed(tmp_path / "altered.zip", files)
    assert "--trust" in check(path)[1] and not ran
    with pytest.raises(AttributeError):  # what stands for the run gives no folder
        check(path, trust=True)
    assert len(ran) == 1


def test_a_report_that_cannot_be_rebuilt_says_why(made, tmp_path):
    files = contents(made)
    files[TYPED] = files[TYPED].replace(*MISREAD)  # and its card not: the data no longer load
    stop = check(signed(tmp_path / "altered.zip", files))[1]
    assert stop.startswith("Le rapport ne se refait pas : presentation-cpsr-normandie/2021-12/observations.csv")
    manifest = manifest_of(contents(made))
    manifest["parameters"]["territory"] = "../../../REG-53"
    files = contents(made) | {f"reports/{NAME}/manifest.json": json.dumps(manifest).encode()}
    assert "manifeste d'un autre rapport" in check(signed(tmp_path / "altered.zip", files))[1]


# Files that are not ours, or are out to harm


def hostile(path, kind):
    sums = {"SHA256SUMS": b"", "reports/x/manifest.json": b"{}"}
    if kind == "text":
        path.write_text("not a zip", encoding="utf-8")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "other":
        unsigned(path, {"a.txt": b"a"})
    elif kind == "link":
        entry = zipfile.ZipInfo("reports/link")
        entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        unsigned(path, sums)
        with zipfile.ZipFile(path, "a") as opened:
            opened.writestr(entry, "/etc/passwd")
    elif kind != "absent":
        unsigned(path, sums | {kind: b"x"})
    return path


SLIPS = ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", "C:/evil", "a//evil", "a/./evil", "con:/x", "a /x"]


@pytest.mark.parametrize("kind", ["absent", "text", "empty", "other", "link", "sha256sums", *SLIPS])
def test_a_file_that_is_not_an_archive_of_ours_is_refused(tmp_path, command, kind):
    path = hostile(tmp_path / "x.zip", kind)
    code, out, err = command("verify", str(path))
    assert (code, out) == (2, "") and one_sentence(err) and "x.zip" in err
    assert [each.name for each in tmp_path.rglob("*")] == ([] if kind == "absent" else ["x.zip"])


def test_a_zip_too_big_is_refused(made, monkeypatch):
    monkeypatch.setattr(bundle, "MAX_BYTES", 1_000_000)
    assert "trop grosse" in check(made)[1]
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "MAX_FILES", 10)
    assert "trop grosse" in check(made)[1]


@pytest.mark.parametrize("text", [b"{}", b"[]", b"\xff", b'{"parameters": 1}', b"[" * 10_000])
def test_a_manifest_that_is_none_is_said(made, tmp_path, text):
    files = contents(made) | {f"reports/{NAME}/manifest.json": text}
    assert "n'est pas le manifeste" in check(signed(tmp_path / "x.zip", files))[1]


# Commands


def test_the_commands_say_where_and_what(built, tmp_path, command):
    code, out, err = command("archive", NAME, "--output", str(built), "--target", str(tmp_path / "new"))
    assert (code, err) == (0, "") and sha256(tmp_path / "new" / f"{NAME}.zip") in out
    code, out, err = command("archive", "REG-53-2012", "--output", str(built))
    assert (code, out) == (2, "") and one_sentence(err) and f"Vouliez-vous dire « {NAME} » ?" in err
