"""`fetch decp`, the whole Parquet, from a server that behaves badly: one sentence each time, all as it was."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest

import servers
from conftest import DATA, one_sentence
from cpsr_study.sources import answers, catalogue
from decp_files import HERE, bare, rows

PARQUET = "application/vnd.apache.parquet"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that holds one contract file already; downloads give up at once."""
    monkeypatch.setenv("CPSR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(answers.Limits, "__init__", quick(answers.Limits.__init__))
    return bare(tmp_path, HERE / "marches.csv")


def quick(init):
    return lambda self, **given: init(
        self, **({"connect": 2, "silence": 2, "total": 10, "attempts": 3, "backoff": 0.01, "longest_wait": 2} | given)
    )


@pytest.fixture
def body(tmp_path: Path) -> bytes:
    path = tmp_path / "a.parquet"
    duckdb.execute(f"COPY (FROM read_csv('{HERE / 'marches.csv'}', all_varchar = true)) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def fetched(command, folder: Path, play):
    """The command against a server, and what it was asked."""
    with servers.serving(play) as server:
        text = (DATA / "reference" / "addresses.toml").read_text(encoding="utf-8")
        text = text.replace("https://www.data.gouv.fr/fr/datasets/r/", f"{server.url}/r/")
        (folder / "reference" / "addresses.toml").write_text(text, encoding="utf-8")
        return command("fetch", "decp", data_dir=folder), server.seen


def cards(folder: Path) -> int:
    return len([card for card in catalogue(folder) if card.source == "decp"])


def test_the_whole_file_is_fetched_and_taken_in(folder: Path, body: bytes, command) -> None:
    done, seen = fetched(command, folder, lambda request, number: request.answer(body, kind=PARQUET))
    assert done.code == 0 and len(seen) == 1 and seen[0][0] == "/r/11cea8e8-df3e-4ed1-932b-781e2635e432"
    assert cards(folder) == 2 and "decp.parquet est entré dans data/raw/decp/" in done.out
    assert any("Téléchargé" in card.notes for card in catalogue(folder))


def test_a_cut_is_resumed_where_it_was(folder: Path, body: bytes, command) -> None:
    """The second request asks for the rest only."""

    def play(request: servers.Asked, number: int) -> None:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if number == 1:
            request.answer(body[:5000], kind=PARQUET, length=len(body), ETag='"v1"')
        else:
            around = f"bytes {start}-{len(body) - 1}/{len(body)}"
            request.answer(body[start:], 206, PARQUET, Content_Range=around, ETag='"v1"')

    done, seen = fetched(command, folder, play)
    assert done.code == 0, done.err
    assert seen[1][1]["Range"] == "bytes=5000-" and seen[1][1]["If-Range"] == '"v1"'
    assert cards(folder) == 2


def test_a_busy_server_is_asked_again(folder: Path, body: bytes, command) -> None:
    def play(request: servers.Asked, number: int) -> None:
        request.answer(b"", 429, Retry_After="0") if number < 3 else request.answer(body, kind=PARQUET)

    done, seen = fetched(command, folder, play)
    assert (done.code, len(seen)) == (0, 3) and cards(folder) == 2


def asked_of_the_api(command, folder: Path, found: list[dict], *questions: tuple[str, ...]):
    """The command, once for each question, against an API of one page: how it ended, and all it had asked by then."""
    body = json.dumps({"data": found, "links": {"next": None}, "meta": {"total": len(found)}}).encode()
    results = []
    with servers.serving(lambda request, number: request.answer(body, kind="application/json")) as server:
        text = (DATA / "reference" / "addresses.toml").read_text(encoding="utf-8")
        text = text.replace("https://tabular-api.data.gouv.fr", server.url).replace("pause = 0.2", "pause = 0.0")
        (folder / "reference" / "addresses.toml").write_text(text, encoding="utf-8")
        for words in questions:
            done = command("fetch", "decp", *words, data_dir=folder)
            results.append((done, [parse_qs(urlsplit(path).query) for path, *_ in server.seen]))
    return results


@pytest.fixture
def placed(folder: Path) -> Path:
    (folder / "reference" / "insee-cog").symlink_to(DATA / "reference" / "insee-cog")
    return folder


@pytest.mark.parametrize(
    ("territory", "column", "code"),
    [("calvados", "departement", "14"), ("COM-14118", "commune", "14118"), ("normandie", "region", "28")],
)
def test_the_command_asks_for_a_place_and_a_day(territory: str, column: str, code: str, placed: Path, command) -> None:
    """What the API adds of its own to each row is no column of a contract."""
    found = [{"__id": rank} | line for rank, line in enumerate(rows()[:6])]
    words = ("--territory", territory, "--from", "2024-01-01")
    ((done, seen),) = asked_of_the_api(command, placed, found, words)
    assert done.code == 0 and len(seen) == 1 and cards(placed) == 2, done
    assert seen[0][f"acheteur_{column}_code__exact"] == [code] and seen[0]["dateNotification__greater"] == [
        "2024-01-01"
    ]
    (path,) = placed.glob("raw/decp/*/decp-*.csv")
    assert path.read_text(encoding="utf-8").splitlines()[0].split(",") == list(rows()[0])


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_text_on_several_lines_is_one_contract(end: str, placed: Path, command) -> None:
    found = [rows()[0], rows()[1] | {"objet": f"un{end}deux, trois"}, rows()[2]]
    ((done, _),) = asked_of_the_api(command, placed, found, ("--territory", "REG-28"))
    (card,) = [card for card in catalogue(placed) if "Téléchargé" in card.notes]
    assert done.code == 0 and "3 lignes lues, 0 rejetées, 3 marchés" in card.notes


def test_pages_of_the_day_are_asked_again_only_when_told(placed: Path, command) -> None:
    place = ("--territory", "REG-28")
    results = asked_of_the_api(command, placed, rows()[:6], place, place, (*place, "--refresh"))
    assert [(done.code, len(seen)) for done, seen in results] == [(0, 1), (0, 1), (0, 2)]


def test_pages_of_one_question_answer_no_other(placed: Path, command) -> None:
    """The same day, each page of each question is its own in the cache."""
    asked = [("--territory", "REG-28"), ("--territory", "DEP-76"), ("--territory", "REG-28", "--from", "2024-01-01")]
    results = asked_of_the_api(command, placed, rows()[:6], *asked, *asked)
    assert [(done.code, len(seen)) for done, seen in results] == [(0, 1), (0, 2), (0, 3), (0, 3), (0, 3), (0, 3)]


def test_an_answer_without_contracts_is_said(placed: Path, command) -> None:
    ((done, _),) = asked_of_the_api(command, placed, [], ("--territory", "REG-28"))
    assert done.code == 1 and done.err.strip() == "L'API ne donne aucun marché pour cette demande."
    assert cards(placed) == 1


BAD = {
    "busy for ever": lambda body: lambda request, number: request.answer(b"", 429, Retry_After="0"),
    "an HTML page": lambda body: lambda request, number: request.answer(b"<html>Erreur</html>", kind="text/html"),
    "JSON": lambda body: lambda request, number: request.answer(b'{"erreur": 1}', kind="application/json"),
    "HTML that says Parquet": lambda body: lambda request, number: request.answer(b"<html></html>", kind=PARQUET),
    "cut each time": lambda body: lambda request, number: request.answer(body[:900], kind=PARQUET, length=len(body)),
    "cut and lying": lambda body: lambda request, number: request.answer(body[:-900], kind=PARQUET),
    "gone": lambda body: lambda request, number: request.answer(b"", 404),
}


@pytest.mark.parametrize("how", BAD)
def test_what_does_not_come_whole_changes_nothing(how: str, folder: Path, body: bytes, command) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done, _ = fetched(command, folder, BAD[how](body))
    assert done.code == 1 and one_sentence(done.err), done.err
    (folder / "reference" / "addresses.toml").unlink()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
