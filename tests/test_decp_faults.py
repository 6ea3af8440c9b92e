"""Files of contracts that are cut, empty or another thing, a full disk, a kill: a sentence, and all as it was."""

import csv
import gzip
import io
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from conftest import one_sentence
from cpsr_study.errors import DataError
from cpsr_study.sources import catalogue
from cpsr_study.sources.decp import formats, intake, normalise, store, tabular
from decp_files import HERE, LIMIT, as_json, bare, rows, silent, written

CSV = (HERE / "marches.csv").read_bytes()
LINES = CSV.splitlines(keepends=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that holds the contracts already."""
    return bare(tmp_path, HERE / "marches.csv")


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def parquet(path: Path) -> bytes:
    duckdb.execute(f"COPY (FROM read_csv('{HERE / 'marches.csv'}', all_varchar = true)) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def json_of(path: Path) -> bytes:
    return as_json(rows()[:40], path).read_bytes()


BROKEN = {
    "vide.csv": lambda at: b"",
    "blancs.csv": lambda at: b"\n \n",
    "vide.csv.gz": lambda at: gzip.compress(b""),
    "page.csv": lambda at: b"<!DOCTYPE html><html><body>Erreur 503</body></html>",
    "page.json": lambda at: b"\n<html><body>Erreur 503</body></html>",
    "colonnes.csv": lambda at: b"a,b,c\n1,2,3\n",
    "sans_acheteur.csv": lambda at: CSV.replace(b"acheteur_id", b"client", 1),
    "entete.csv": lambda at: LINES[0],
    "autre.json": lambda at: b'{"type": "FeatureCollection"}',
    "coupe_vite.json": lambda at: b'{"marches": {"marche": [{"id": "1", "acheteur": {"id": "21149990000010"}},',
    "coupe.json": lambda at: json_of(at)[:-1500],
    "coupe_a_la_fin.json": lambda at: json_of(at).rstrip()[:-3],
    "coupe.csv": lambda at: CSV[:6001].rsplit(b",", 8)[0],
    "coupe_dans_un_texte.csv": lambda at: CSV[: CSV.index(b'"=HYPER') + 20],
    "coupe_apres_une_ligne.csv": lambda at: CSV[: CSV.index(b'"=HYPER') + 20] + b"\n",
    "coupe_court.parquet": lambda at: b"PAR1 and no more",
    "coupe.parquet": lambda at: parquet(at)[:-2000],
    "abime.parquet": lambda at: parquet(at)[:200] + bytes(4000) + parquet(at)[4200:],
    "coupe.csv.gz": lambda at: gzip.compress(CSV)[:900],
    "abime.csv.gz": lambda at: gzip.compress(CSV)[:400] + bytes(200) + gzip.compress(CSV)[600:],
    "coupe.json.gz": lambda at: gzip.compress(json_of(at))[:-200],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_sentence_and_changes_nothing(name: str, tmp_path: Path, folder: Path, command) -> None:
    before = everything(folder)
    (tmp_path / name).write_bytes(BROKEN[name](tmp_path / "whole"))
    done = command("import", "decp", str(tmp_path / name), data_dir=folder)
    assert done.code == 1 and one_sentence(done.err) and name in done.err, done.err
    assert "Error" not in done.err and str(tmp_path) not in done.err, done.err
    assert everything(folder) == before


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_gzip_cut_far_from_its_start(
    form: str, tmp_path: Path, folder: Path, command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its format is recognised, its end is not there."""
    monkeypatch.setattr(formats, "HEAD", 400)
    path = tmp_path / f"coupe.{form}.gz"
    path.write_bytes(gzip.compress(CSV if form == "csv" else json_of(tmp_path / "whole"))[:-100])
    done = command("import", "decp", str(path), data_dir=folder)
    assert (done.code, done.err.strip()) == (1, f"coupe.{form}.gz ne se décompresse pas : le fichier est coupé.")


def test_one_broken_file_among_good_ones_keeps_none(tmp_path: Path, folder: Path, command) -> None:
    before = everything(folder)
    good, bad = written(rows()[:9], tmp_path / "bon.csv"), tmp_path / "coupe.csv"
    bad.write_bytes(BROKEN["coupe.csv"](tmp_path))
    assert command("import", "decp", str(good), str(bad), data_dir=folder).code == 1
    assert everything(folder) == before


@pytest.mark.parametrize(("kept", "sure"), [(CSV.rstrip(), False), (CSV.rstrip()[:-2], False), (CSV, True)])
def test_a_last_line_without_its_end_is_said(kept: bytes, sure: bool, tmp_path: Path, folder: Path, command) -> None:
    """Its cells are all there: whether the last one is whole cannot be known."""
    (tmp_path / "fin.csv").write_bytes(kept.replace(b"A01", b"Z01"))
    done = command("import", "decp", str(tmp_path / "fin.csv"), data_dir=folder)
    assert done.code == 0
    assert ("pas de fin de ligne" in done.out) is not sure


SHAPES = {
    "plain": CSV,
    "of Windows": CSV.replace(b"\n", b"\r\n"),
    "all in quotes": b"".join(b'"%s"\n' % line.rstrip().replace(b",", b'","') for line in LINES[:20]),
    "a text on two lines": b"".join([*LINES[:20], LINES[9].replace(b"Objet A09", b'"Objet,\n""A09"""')]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_wherever_a_file_is_cut_it_is_said(shape: str, tmp_path: Path) -> None:
    """Refused when a line lacks cells; told when it may lack the end of its last one. A cut between two lines cannot
    be seen."""
    whole = SHAPES[shape]
    for rank, left in enumerate(range(1, 180, 9)):
        kept = whole[:-left]
        path = tmp_path / f"{rank}.csv"
        path.write_bytes(kept)
        try:
            warned = normalise.normalise(path, tmp_path / f"made{rank}", LIMIT).warnings
        except DataError as error:
            assert "est coupé" in str(error), left
        else:
            *_, last = csv.reader(io.StringIO(kept.decode(), newline=""))
            assert warned == [tabular.UNENDED] and len(last) == len(rows()[0]), left


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"x,y\n", "colonnes du fichier"),
        (LINES[9].rstrip() + b",de trop\n", "colonnes du fichier"),
        (LINES[9].replace(b"Objet A09", b'"Objet" A09'), "guillemet mal fermé"),
        (LINES[21].replace(b"Objet B01", b'"Objet B01'), "guillemet mal fermé"),  # another cell is in quotes
    ],
)
def test_a_bad_line_is_one_reject_with_its_reason(
    bad: bytes, reason: str, tmp_path: Path, folder: Path, command
) -> None:
    (tmp_path / "ligne.csv").write_bytes(b"".join([*LINES[:9], bad, *LINES[10:20]]))
    done = command("import", "decp", str(tmp_path / "ligne.csv"), data_dir=folder)
    assert (
        done.code == 0 and f"1 ligne(s) rejetée(s), {'ligne qui n’a pas les ' * ('col' in reason)}{reason}" in done.out
    )


OPEN = LINES[9].replace(b"Objet A09", b'"Objet A09')
# How the file goes on after this line, whose quote is never closed, and which lines are bad.
UNCLOSED = {
    "up to the end": ([*LINES[10:20]], [10]),
    "up to a cell in quotes": ([*LINES[10:40]], [10]),
    "up to a sign of inches": ([*LINES[10:12], LINES[12].replace(b"Objet A12", b'Objet A12"'), *LINES[13:20]], [10]),
    "from an identifier": ([*LINES[10:12], LINES[12].replace(b",A12,", b',"A12,'), *LINES[13:40]], [10, 13]),
    "twice": ([LINES[10].replace(b"Objet A10", b'"Objet A10'), *LINES[11:40]], [10, 11]),
    "far away": ([*LINES[10:20], LINES[23].replace(b"Objet C01", b'"Objet C01'), *LINES[24:40]], [10, 21]),
    "before a text on two lines": ([LINES[10].replace(b"Objet A10", b'"Objet\nA10"'), *LINES[11:40]], [10]),
}


@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize("how", UNCLOSED)
def test_a_quote_never_closed_loses_its_own_line_only(how: str, squeezed: bool, tmp_path: Path) -> None:
    """All the contracts but these, each kept once; the lines are counted, and said by their number."""
    after, bad = UNCLOSED[how]
    lines = [*LINES[:9], OPEN, *after]
    good = [b"" if number in bad else line for number, line in enumerate(lines, 1)]
    found = {}
    for name, given in (("whole", good), ("spoilt", lines)):
        path = tmp_path / f"{name}.csv"
        path.write_bytes(gzip.compress(b"".join(given)) if squeezed else b"".join(given))
        counts = normalise.normalise(path, tmp_path / f"made_{name}", LIMIT)
        made = f"FROM read_parquet('{tmp_path / f'made_{name}' / normalise.YEARS}') ORDER BY uid"
        found[name] = (duckdb.execute(made).fetchall(), counts)
    (whole, clean), (spoilt, counts) = found["whole"], found["spoilt"]
    assert spoilt == whole
    assert (counts.kept, counts.rejected) == (clean.kept, clean.rejected + len(bad))
    assert counts.read == counts.kept + counts.rejected == clean.read + len(bad)
    assert counts.reasons == clean.reasons | {"guillemet jamais fermé": len(bad)}
    assert f"ligne(s) {', '.join(map(str, bad))} :" in counts.warnings[0]
    rejects = duckdb.execute(f"SELECT ligne FROM read_parquet('{tmp_path / 'made_spoilt' / normalise.REJECTED}')")
    assert {line for (line,) in rejects.fetchall()} >= set(bad)


def test_a_text_on_several_lines_is_one_contract(tmp_path: Path) -> None:
    """A quote that is closed further on is no fault, whatever its lines look like."""
    text = 'Objet en\n\nplusieurs ""lignes"",79000000\nfin'
    lines = [*LINES[:9], LINES[9].replace(b"Objet A09", f'"{text}"'.encode()), *LINES[10:20]]
    (tmp_path / "a.csv").write_bytes(b"".join(lines))
    counts = normalise.normalise(tmp_path / "a.csv", tmp_path / "made", LIMIT)
    assert (counts.read, counts.kept, counts.warnings) == (19, 19, [])
    query = f"SELECT derniere.objet FROM read_parquet('{tmp_path / 'made' / normalise.YEARS}') WHERE uid LIKE '%A09'"
    assert duckdb.execute(query).fetchone() == (text.replace('""', '"'),)


def child(code: str, *words: object, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """A process of its own, whose files cannot grow over a limit: a write that fails is the system's own failure."""

    def limited() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    start = f"import os, signal\nfrom cpsr_study import cli\n{code}\ncli.main()\n"
    return subprocess.run(
        [sys.executable, "-c", start, *map(str, words)],
        capture_output=True, text=True, timeout=60, preexec_fn=limited, check=False,
    )  # fmt: skip


def noise() -> list[dict[str, str]]:
    """Many contracts, whose objects do not compress."""
    draw = random.Random(0)
    return [rows()[0] | {"id": f"N{n}", "objet": draw.randbytes(60).hex()} for n in range(400)]


@pytest.mark.parametrize("form", ["csv", "csv.gz", "json.gz"])
def test_a_full_disk_is_said_and_changes_nothing(form: str, tmp_path: Path, folder: Path) -> None:
    """The copy of the first file fails; the others are small enough to be copied, what is made of them is not."""
    plain, path = tmp_path / "gros", tmp_path / f"gros.{form}"
    as_json(noise(), plain) if "json" in form else written(noise(), plain)
    squeezed = gzip.compress(plain.read_bytes())
    path.write_bytes(squeezed if form.endswith("gz") else plain.read_bytes())
    before = everything(folder)
    limit = len(squeezed) + 1 if form.endswith("gz") else len(plain.read_bytes()) // 2
    done = child("", "--data-dir", folder, "import", "decp", path, limit=limit)
    assert done.returncode == 1 and one_sentence(done.stderr), done.stderr
    assert done.stderr.startswith("Le disque est plein"), done.stderr
    assert everything(folder) == before


KILLED = "from cpsr_study.sources.decp import {0}\n{0}.{1} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)"


@pytest.mark.parametrize("where", [("normalise", "_counts"), ("intake", "_settled")])
def test_what_a_killed_import_left_goes_with_the_next_one(where: tuple[str, str], tmp_path: Path, folder: Path) -> None:
    before = everything(folder)
    other = written(rows()[:5], tmp_path / "autre.csv")
    done = child(KILLED.format(*where), "--data-dir", folder, "import", "decp", other)
    assert done.returncode == -signal.SIGKILL
    left = everything(folder).keys() - before.keys()
    assert any("/.decp-" in name for name in left) and any("/.import-" in name for name in left)
    assert len([card for card in catalogue(folder) if card.source == "decp"]) == 1
    assert intake.take([other], folder, silent)[0].new
    assert not [*folder.rglob(".decp-*"), *folder.rglob(".import-*"), *folder.rglob(".duckdb-*")]
    assert everything(folder).items() >= before.items()


def test_an_import_leaves_the_work_of_another_one_alone(tmp_path: Path, folder: Path) -> None:
    with store.workshop(folder) as other:
        (other / "made").write_text("en cours")
        assert intake.take([written(rows()[:5], tmp_path / "autre.csv")], folder, silent)[0].new
        assert (other / "made").read_text() == "en cours"


@pytest.mark.parametrize("spoilt", ["all", "one name at the end", "one name far from both ends"])
def test_another_encoding_is_read_and_loses_no_accent(
    spoilt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the file, or some bytes of it: what is UTF-8 stays so."""
    monkeypatch.setattr(tabular, "BLOCK", 100)  # the beginning that is looked at: less than the names of the columns
    given = [*rows()[:4], rows()[4] | {"acheteur_nom": "Château œuvré"}]
    path = written(given if "far" not in spoilt else [*given, *rows()[5:9]], tmp_path / "latin.csv")
    raw = path.read_bytes()
    path.write_bytes(
        raw.decode().encode("cp1252") if spoilt == "all" else raw.replace("Châ".encode(), "Châ".encode("cp1252"))
    )
    normalise.normalise(path, tmp_path / "made", LIMIT)
    query = "SELECT acheteur.nom, declaree.sociale FROM read_parquet(?) WHERE uid LIKE '%A05'"
    found = duckdb.execute(query, [str(tmp_path / "made" / normalise.YEARS)]).fetchall()
    assert found == [("Château œuvré", "Critère social")]
