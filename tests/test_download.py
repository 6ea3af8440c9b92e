"""The downloads, against a server of our own that behaves badly: no partial file anywhere, one sentence each time."""

import hashlib
import io
import json
import os
import socket
import ssl
import subprocess
import time
import zipfile
from dataclasses import replace
from email.utils import formatdate

import pytest

import tiny_reader
from conftest import one_sentence
from cpsr_study.errors import DataError, RequestError
from cpsr_study.sources import addresses, answers, download, read_card, registry, sha256, transport, unzip
from servers import serving

BODY = b"allocataires;2021\nDEP-14;12 500\nDEP-50;7 500\n"
QUICK = answers.Limits(connect=2, silence=1, total=5, attempts=3, backoff=0.01, longest_wait=2)


@pytest.fixture(autouse=True)
def a_cache_and_one_reader(monkeypatch, tmp_path):
    monkeypatch.setenv("CPSR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "readers", lambda: {tiny_reader.SOURCE: tiny_reader})
    registry._read.cache_clear()


@pytest.fixture
def fetch(small, tmp_path):
    """`fetch(server)`: downloads one CSV from the server and takes it in; more fields of the address as words."""

    def run(server, limits=QUICK, refresh=False, areas=None, **fields):
        given = {"name": "rsa.csv", "url": f"{server.url}/rsa.csv", "format": "csv"} | fields
        address(small, given)
        return download.fetch("essai-rsa", small.root, lambda *_: None, limits=limits, refresh=refresh, areas=areas)

    run.small, run.cache = small, tmp_path / "cache" / "essai-rsa"
    return run


def address(small, *files):
    lines = ["[essai-rsa]", 'gives = "Les foyers allocataires"', 'page = "https://exemple.fr/rsa"']
    lines += ['by_hand = "le fichier rsa_2021.csv"', 'newest = "2021"']
    for each in files:
        lines += ["[[essai-rsa.files]]", *(f"{key} = {json.dumps(value)}" for key, value in each.items())]
    small.write("reference/addresses.toml", "\n".join(lines) + "\n")


def refused(fetch, server, said, **fields):
    """The download fails in one sentence, and neither the data nor the cache hold a piece of it."""
    with pytest.raises(DataError) as stop:
        fetch(server, **fields)
    assert said in str(stop.value) and one_sentence(str(stop.value)), str(stop.value)
    assert not (fetch.small.root / "raw" / "essai-rsa").exists()
    return str(stop.value)


def cached(fetch):
    return {path.name for path in fetch.cache.rglob("*") if path.is_file()}


# What works


def test_a_file_comes_whole_with_its_card(fetch):
    with serving(lambda asked, _: asked.answer(BODY)) as server:
        (taken,) = fetch(server)
    folder = fetch.small.root / "raw" / "essai-rsa" / "2021"
    assert taken.new and (folder / "rsa.csv").read_bytes() == BODY
    card = read_card(folder)
    assert card.files == {"rsa.csv": sha256(folder / "rsa.csv")}
    assert card.retrieved and f"Téléchargé : {server.url}/rsa.csv." in card.notes
    assert cached(fetch) == {"rsa.csv"}
    assert server.seen[0][1]["Accept-Encoding"] == "identity", "a piece of a squeezed file is no piece of the file"


def test_the_cache_answers_the_same_day_and_refresh_asks_again(fetch):
    with serving(lambda asked, _: asked.answer(BODY)) as server:
        fetch(server)
        assert not fetch(server)[0].new and len(server.seen) == 1
        fetch(server, refresh=True)
        assert len(server.seen) == 2
        old = time.time() - 2 * download.DAY
        os.utime(fetch.cache / "rsa.csv", (old, old))
        fetch(server)
        assert len(server.seen) == 3


def test_a_busy_server_is_obeyed(fetch):
    def play(asked, number):
        if number == 1:
            asked.answer(b"", 429, Retry_After="1")
        elif number == 2:
            asked.answer(b"", 503, Retry_After=formatdate(time.time() + 1, usegmt=True))
        else:
            asked.answer(BODY)

    start = time.monotonic()
    with serving(play) as server:
        assert fetch(server)[0].new
    assert len(server.seen) == 3 and time.monotonic() - start >= 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_server_that_cannot_answer_now_is_asked_again(fetch, status):
    with serving(lambda asked, number: asked.answer(b"", status) if number < 2 else asked.answer(BODY)) as server:
        assert fetch(server)[0].new
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_server_that_will_not_answer_is_not(fetch, status):
    with serving(lambda asked, number: asked.answer(b"", status)) as server:
        refused(fetch, server, f"répond {status}")
    assert len(server.seen) == 1


def test_each_wait_is_twice_the_one_before(fetch, monkeypatch):
    """And never the same for all who ask: up to a quarter longer, drawn."""
    waits = []
    monkeypatch.setattr(transport.time, "sleep", waits.append)
    limits = replace(QUICK, attempts=6, backoff=0.02)
    with serving(lambda asked, number: asked.answer(b"", 500) if number < 6 else asked.answer(BODY)) as server:
        assert fetch(server, limits=limits)[0].new
    assert [0.02 * 2**turn <= wait <= 0.025 * 2**turn for turn, wait in enumerate(waits)] == [True] * 5
    assert len({wait / 2**turn for turn, wait in enumerate(waits)}) == 5


def test_an_error_then_success(fetch):
    with serving(lambda asked, number: asked.answer(b"", 500) if number < 3 else asked.answer(BODY)) as server:
        assert fetch(server)[0].new
    assert len(server.seen) == 3


@pytest.mark.parametrize("mark", ["ETag", "Last_Modified"])
def test_a_cut_download_goes_on_where_it_stopped(fetch, mark):
    def play(asked, number):
        if number == 1:
            asked.answer(BODY[:20], length=len(BODY), **{mark: '"v1"'})
        else:
            span = f"bytes 20-{len(BODY) - 1}/{len(BODY)}"
            asked.answer(BODY[20:], 206, Content_Range=span, **{mark: '"v1"'})

    with serving(play) as server:
        fetch(server)
    asked = server.seen[1][1]
    assert (asked["Range"], asked["If-Range"]) == ("bytes=20-", '"v1"')
    assert (fetch.small.root / "raw/essai-rsa/2021/rsa.csv").read_bytes() == BODY


def test_a_file_that_changed_meanwhile_starts_again(fetch):
    def play(asked, number):
        asked.answer(b"old half", length=999, ETag='"v1"') if number == 1 else asked.answer(BODY, ETag='"v2"')

    with serving(play) as server:
        fetch(server)
    assert (fetch.small.root / "raw/essai-rsa/2021/rsa.csv").read_bytes() == BODY


def test_a_cut_without_a_mark_starts_again(fetch):
    def play(asked, number):
        asked.answer(BODY[:20], length=len(BODY)) if number == 1 else asked.answer(BODY)

    with serving(play) as server:
        fetch(server)
    assert "Range" not in server.seen[1][1]
    assert (fetch.small.root / "raw/essai-rsa/2021/rsa.csv").read_bytes() == BODY


def test_a_wrong_piece_is_not_glued(fetch):
    def play(asked, number):
        if number == 1:
            asked.answer(BODY[:20], length=len(BODY), ETag='"v1"')
        elif number == 2:
            asked.answer(BODY[5:], 206, Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}")
        else:
            asked.answer(BODY)

    with serving(play) as server:
        fetch(server)
    assert (fetch.small.root / "raw/essai-rsa/2021/rsa.csv").read_bytes() == BODY


def test_an_interrupted_run_is_taken_up_by_the_next_one(fetch):
    with serving(lambda asked, _: asked.answer(BODY[:20], length=len(BODY), ETag='"v1"')) as server:
        refused(fetch, server, "coupé avant la fin", limits=replace(QUICK, attempts=1))
        assert cached(fetch) == {"rsa.csv.part", "rsa.csv.part.json"}, "what came is kept for later, under another name"
        rest = {"Content_Range": f"bytes 20-{len(BODY) - 1}/{len(BODY)}"}
        server.play = lambda asked, _: asked.answer(BODY[20:], 206, **rest)
        fetch(server)
    assert server.seen[1][1]["Range"] == "bytes=20-"
    assert cached(fetch) == {"rsa.csv"}


def test_what_is_left_of_another_address_is_not_gone_on_from(fetch):
    """The same name and the same mark are not the same file."""
    with serving(lambda asked, _: asked.answer(b"autre;chose\n" * 3, length=1000, ETag='"v1"')) as server:
        refused(fetch, server, "coupé avant la fin", limits=replace(QUICK, attempts=1), url=f"{server.url}/autre.csv")
        server.play = lambda asked, _: asked.answer(BODY)
        fetch(server)
    assert "Range" not in server.seen[1][1]
    assert (fetch.small.root / "raw/essai-rsa/2021/rsa.csv").read_bytes() == BODY


def test_a_redirect_on_the_same_site_is_followed(fetch):
    def play(asked, _):
        asked.answer(BODY) if asked.path == "/v2.csv" else asked.answer(b"", 302, Location="/v2.csv")

    with serving(play) as server:
        assert fetch(server)[0].new


def test_a_redirect_to_a_declared_site_is_followed(fetch):
    with serving(lambda asked, _: asked.answer(BODY)) as store:
        away = store.url.replace("127.0.0.1", "localhost")
        with serving(lambda asked, _: asked.answer(b"", 302, Location=f"{away}/x")) as server:
            assert fetch(server, hosts=["localhost"])[0].new


def test_a_pinned_file_keeps_its_sha256(fetch):
    with serving(lambda asked, _: asked.answer(BODY)) as server:
        refused(fetch, server, "empreinte sha256", sha256="0" * 64)
        assert cached(fetch) == set()
        assert fetch(server, sha256=hashlib.sha256(BODY).hexdigest())[0].new


# What does not

PAGE = b"<!doctype html><title>Maintenance</title>"
BAD = {
    "not_found": (lambda asked, _: asked.answer(b"", 404), "répond 404"),
    "error_for_ever": (lambda asked, _: asked.answer(b"", 500), "répond 500"),
    "long_wait": (lambda asked, _: asked.answer(b"", 429, Retry_After="86400"), "demande d'attendre 86400 s"),
    "cut_for_ever": (lambda asked, _: asked.answer(BODY[:9], length=len(BODY)), "coupé avant la fin"),
    "web_page": (lambda asked, _: asked.answer(PAGE, kind="text/html"), "une page web au lieu d'un fichier csv"),
    "page_in_disguise": (lambda asked, _: asked.answer(PAGE), "pas un fichier csv"),
    "json_error": (lambda asked, _: asked.answer(b'{"error": 1}', kind="application/json"), "application/json"),
    "nothing": (lambda asked, _: asked.answer(b""), "vide"),
    "circle": (lambda asked, _: asked.answer(b"", 302, Location="/rsa.csv"), "sans fin"),
    "other_site": (lambda asked, _: asked.answer(b"", 302, Location="https://exemple.org/x"), "un autre site"),
    "other_port": (lambda asked, _: asked.answer(b"", 302, Location="http://127.0.0.1:9/x"), "un autre site"),
    "other_protocol": (lambda asked, _: asked.answer(b"", 302, Location="file:///etc/hosts"), "pas en https"),
    "huge_announced": (lambda asked, _: asked.answer(b"", length=10**12), "dépasse la taille prévue"),
    "changed_column": (lambda asked, _: asked.answer(b"allocataires;annee\nDEP-14;1\n"), "la colonne de l'année"),
    "unknown_content": (lambda asked, _: asked.answer(b"code;valeur\n"), "n'est pas un fichier que essai-rsa"),
    "garbage": (lambda asked, _: asked.wfile.write(b"\x00\x01\x02\r\n\r\n"), "coupé avant la fin|ne répond pas"),
}


@pytest.mark.parametrize(("play", "said"), BAD.values(), ids=BAD)
def test_a_bad_answer_leaves_nothing(fetch, play, said):
    with serving(play) as server:
        message = refused(fetch, server, "") if "|" in said else refused(fetch, server, said)
    assert any(part in message for part in said.split("|")), message
    left = cached(fetch)
    assert left <= {"rsa.csv.part", "rsa.csv.part.json"} or said.endswith(("année", "essai-rsa")), left


def test_an_answer_that_never_ends_is_stopped_by_its_size(fetch):
    start = time.monotonic()
    with serving(lambda asked, _: asked.answer_for_ever(b"x" * 65536)) as server:
        refused(fetch, server, "dépasse la taille prévue (1 Mo)", max_mo=1)
    assert time.monotonic() - start < QUICK.total / 2, "by its size, not by the clock"
    assert not (fetch.cache / "rsa.csv.part").exists()


def test_an_answer_that_drips_for_ever_is_stopped_by_the_clock(fetch):
    start = time.monotonic()
    with serving(lambda asked, _: asked.answer_for_ever(b"x", 0.05)) as server:
        refused(fetch, server, "répond sans fin", limits=replace(QUICK, total=1))
    assert time.monotonic() - start < 4 and not (fetch.cache / "rsa.csv.part").exists()


def test_a_silent_server_is_given_up(fetch):
    with serving(lambda asked, _: time.sleep(3)) as server:
        refused(fetch, server, "ne répond plus", limits=replace(QUICK, silence=0.2, attempts=2))


def test_without_network_the_sentence_says_what_to_do_by_hand(fetch):
    with serving(lambda *_: None) as server:
        pass
    message = refused(fetch, server, "pas de réseau")
    assert "téléchargez le fichier rsa_2021.csv depuis https://exemple.fr/rsa" in message
    assert "cpsr-study import essai-rsa FICHIER" in message


def test_a_name_that_does_not_resolve_is_no_network(fetch, monkeypatch):
    def lost(*_):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lost)
    with serving(lambda *_: None) as server:
        refused(fetch, server, "pas de réseau", url="https://nulle-part.exemple.fr/rsa.csv")


def test_a_certificate_that_nobody_vouches_for_is_refused(fetch, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    try:
        subprocess.run([*words.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    with serving(lambda asked, _: asked.answer(BODY)) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        secure = server.url.replace("http:", "https:")
        refused(fetch, server, "le certificat de 127.0.0.1 n'est pas valable", url=f"{secure}/rsa.csv")
        assert server.seen == []


def test_plain_http_is_refused(fetch):
    with serving(lambda *_: None) as server:
        refused(fetch, server, "pas en https", url="http://exemple.fr/rsa.csv")


# Pages


def pages(*contents, count=None):
    """An API of several pages."""

    def play(asked, _):
        number = int(asked.path.partition("page=")[2] or 1)
        more = f"{asked.server.url}/api?page={number + 1}" if number < len(contents) else None
        total = sum(map(len, contents)) if count is None else count
        body = {"paging": {"next": more, "count": total}, "rows": contents[number - 1]}
        asked.answer(json.dumps(body).encode(), kind="application/json; charset=utf-8")

    return play


def always(body, kind="application/json"):
    return lambda asked, _: asked.answer(body, kind=kind)


PAGED = {"name": "api.json", "format": "json", "next": "paging.next", "items": "rows", "total": "paging.count"}


@pytest.fixture
def json_reader(monkeypatch):
    """The small reader, for pages: one line a row."""
    reader = type(pytest)("json_reader")
    reader.SOURCE = tiny_reader.SOURCE
    reader.recognise = lambda path: path.read_bytes()[:1] == b"{"

    def read(paths):
        text = "\n".join(
            ["allocataires;2021", *(row for path in paths for row in json.loads(path.read_bytes())["rows"])]
        )
        joined = paths[0].with_suffix(".joined")
        joined.write_text(text, encoding="utf-8")
        try:
            return tiny_reader.read([joined])
        finally:
            joined.unlink()

    reader.read = read
    monkeypatch.setattr(registry, "readers", lambda: {tiny_reader.SOURCE: reader})


def test_all_the_pages_are_taken_each_as_it_came(fetch, json_reader):
    with serving(pages(["DEP-14;1", "DEP-50;2"], ["DEP-29;3"])) as server:
        (taken,) = fetch(server, url=f"{server.url}/api", **PAGED)
    assert taken.files == ["api-p0001.json", "api-p0002.json"] and len(taken.observations) == 3


@pytest.mark.parametrize(
    ("play", "said"),
    [
        (pages(["DEP-14;1"], ["DEP-50;2"], count=5), "5 lignes annoncées, 2 reçues"),
        (always(b'{"paging": {"next": "/api"}, "rows": []}'), "déjà lue"),
        (always(b'{"paging": {"next": "https://exemple.org/"}, "rows": []}'), "un autre site"),
        (always(b'{"results": []}'), "a changé de forme"),
        (always(b'{"rows": ['), "pas un fichier json"),
        (always(b"a;b", kind="text/csv"), "text/csv"),
    ],
    ids=["count", "circle", "other_site", "shape", "cut", "type"],
)
def test_bad_pages_leave_nothing(fetch, json_reader, play, said):
    with serving(play) as server:
        refused(fetch, server, said, url=f"{server.url}/api", **PAGED)
    assert len(server.seen) <= 3


def test_a_cut_on_the_second_page_leaves_nothing(fetch, json_reader):
    good = pages(["DEP-14;1"], ["DEP-50;2"])

    def play(asked, number):
        good(asked, number) if number == 1 else asked.answer(b'{"rows"', length=99, kind="application/json")

    with serving(play) as server:
        refused(fetch, server, "coupé avant la fin", url=f"{server.url}/api", **PAGED)


def test_one_request_a_departement(fetch, json_reader):
    asked_for = {"url": "{server}/api?departement={departement}", "name": "api.json", "format": "json"}

    def play(asked, _):
        row = f"DEP-{asked.path.partition('=')[2]};1"
        asked.answer(json.dumps({"rows": [row]}).encode(), kind="application/json")

    with serving(play) as server:
        asked_for["url"] = asked_for["url"].replace("{server}", server.url)
        (taken,) = fetch(server, areas="REG-28", **asked_for)
        assert taken.files == ["api-14.json", "api-50.json"]
        with pytest.raises(RequestError, match="aucun département"):
            fetch(server, areas="EPCI-200065597", **asked_for)
        with pytest.raises(RequestError, match="se télécharge en entier"):
            fetch(server, areas="REG-28")


# Zips


def zipped(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return made.getvalue()


def test_the_wanted_file_of_a_zip(fetch):
    body = zipped(dossier__rsa_csv=BODY, autre_csv="x")
    with serving(lambda asked, _: asked.answer(body, kind="application/zip")) as server:
        (taken,) = fetch(server, name="rsa.zip", format="zip", members=["rsa*.csv"])
    assert taken.files == ["rsa.csv"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (zipped(autre_csv="x"), "0 fichiers du nom de rsa*.csv"),
        (zipped(rsa_csv=b"0" * 3_000_000), "dépasse 1 Mo"),
        (zipped(rsa_csv=BODY)[:-30], "abîmée"),
    ],
    ids=["absent", "bomb", "cut"],
)
def test_a_bad_zip_leaves_nothing(fetch, body, said):
    with serving(lambda asked, _: asked.answer(body, kind="application/zip")) as server:
        refused(fetch, server, said, name="rsa.zip", format="zip", members=["rsa*.csv"], max_mo=1)


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path):
    path = tmp_path / "rsa.zip"
    body = zipped(rsa_csv=b"0" * 100_000)
    size = (100_000).to_bytes(4, "little")
    path.write_bytes(body.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(DataError, match="abîmée"):
        unzip.members(path, ("rsa.csv",), tmp_path / "out", 1000)
    assert not (tmp_path / "out" / "rsa.csv").exists()


# The table of addresses and the commands


def test_the_addresses_of_the_repository_are_sound(data_dir):
    for name, source in addresses.read(data_dir).items():
        for remote in source.files:
            assert remote.url.startswith("https://"), name
        assert source.gives.endswith(".") is False and source.page.startswith("https://"), name


def test_a_wrong_table_of_addresses_is_named(small):
    for text, said in (
        ("[x", "ne se lit pas"),
        ("[x]\ngives = 'abcde'", "addresses.toml, x : le champ « page » manque"),
    ):
        small.write("reference/addresses.toml", text)
        with pytest.raises(DataError, match=said):
            addresses.read(small.root)


def test_fetch_as_a_command(small, command):
    with serving(lambda asked, _: asked.answer(BODY)) as server:
        address(small, {"name": "rsa.csv", "url": f"{server.url}/rsa.csv", "format": "csv"})
        done = command("fetch", "essai-rsa", data_dir=small.root)
    assert done.code == 0 and "essai-rsa/2021 : 2 observations retenues, rien d'écarté" in done.out, done.err
    wrong = command("fetch", "essai-rs", data_dir=small.root)
    assert wrong.code == 2 and "Vouliez-vous dire « essai-rsa »" in wrong.err
    address(small)
    none = command("fetch", "essai-rsa", data_dir=small.root)
    assert none.code == 2 and "Aucune adresse directe pour essai-rsa : téléchargez" in none.err


def test_the_readers_are_listed_with_what_was_never_tried(small, command):
    address(small, {"name": "rsa.csv", "url": "https://exemple.fr/rsa.csv", "format": "csv"})
    done = command("sources", "--readers", "--format", "csv", data_dir=small.root)
    assert done.code == 0, done.err
    for said in ("essai-rsa", "Les foyers allocataires", "jamais essayé en ligne", "2021"):
        assert said in done.out
