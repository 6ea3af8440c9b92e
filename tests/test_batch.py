"""Many reports: one worker or many, some that fail, some that are killed; what is there is always whole."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import pytest

from cpsr_study import parameters
from cpsr_study.commands import batch as commands
from cpsr_study.display import waiting
from cpsr_study.report import batch, cluster, manifest, workers
from cpsr_study.report import run as report
from reports import DATA

NAMES = ["DEP-14", "DEP-50", "DEP-61"]


def requests(output, names=NAMES):
    return [
        report.request(parameters.resolve(DATA, territory=name), DATA, output=output, chapters=["08"], workers=1)
        for name in names
    ]


def site(job):
    return batch.Site(lambda: ThreadPoolExecutor(2), 2, job)


def instead(request, todo):
    """A report made at once, of one file."""
    request.folder.mkdir(parents=True, exist_ok=True)  # its worker may be killed just after
    (request.folder / "report.html").write_text(request.folder.name, encoding="utf-8")
    manifest.write(request.folder, todo.description)
    return ""


def outcomes(found):
    return {each.request.parameters.territory: (each.built, each.problem) for each in found}


def test_each_is_made_once_and_the_second_time_nothing_is(tmp_path):
    assert outcomes(batch.make(requests(tmp_path), site(instead))) == dict.fromkeys(NAMES, (True, ""))
    assert outcomes(batch.make(requests(tmp_path), site(None))) == dict.fromkeys(NAMES, (False, ""))


def test_what_lacks_is_made_and_the_rest_kept(tmp_path):
    list(batch.make(requests(tmp_path, NAMES[:1]), site(instead)))
    assert [built for built, _ in outcomes(batch.make(requests(tmp_path), site(instead))).values()] == [
        False, True, True
    ]  # fmt: skip


def test_a_failure_is_the_problem_of_one_report(tmp_path):
    def job(request, todo):
        if request.parameters.territory == "DEP-50":
            raise ValueError("boum")
        return "sans données" if request.parameters.territory == "DEP-61" else instead(request, todo)

    found = outcomes(batch.make(requests(tmp_path), site(job)))
    assert found == {"DEP-14": (True, ""), "DEP-50": (False, "ValueError : boum"), "DEP-61": (False, "sans données")}


def test_work_under_a_broken_executor_is_given_again_three_times_at_most(tmp_path):
    tried = []

    def job(request, todo):
        tried.append(request.parameters.territory)
        if request.parameters.territory == "DEP-50" or len(tried) == 1:
            raise BrokenProcessPool
        return instead(request, todo)

    found = outcomes(batch.make(requests(tmp_path), site(job)))
    assert found["DEP-14"] == found["DEP-61"] == (True, "") and tried.count("DEP-50") == 3
    assert found["DEP-50"] == (False, "Processus arrêté 3 fois pendant ce territoire.")


def test_workers_are_announced_before_the_second_plan_and_only_if_there_is_work(tmp_path, monkeypatch):
    told, planned = [], report.planned
    monkeypatch.setattr(report, "planned", lambda request: [told.append("plan"), planned(request)][1])
    ready = batch.Site(lambda: ThreadPoolExecutor(2), 2, instead, announce=lambda: told.append("announced"))
    list(batch.make(requests(tmp_path), ready))
    assert told == ["plan", "announced", "plan", "plan"]
    told.clear()
    list(batch.make(requests(tmp_path), ready))
    assert told == ["plan"] * 3


@pytest.mark.parametrize(
    ("workers", "count", "shares"),
    [(2, 5, [1, 1, 1, 1, 2]), (4, 6, [1, 1, 1, 1, 2, 4]), (5, 2, [2, 2]), (4, 4, [1] * 4), (8, 1, [8])],
)
def test_the_last_of_many_and_all_of_few_share_the_workers(tmp_path, workers, count, shares):
    asked = [replace(requests(tmp_path)[0], workers=workers) for _ in range(count)]
    site, given = commands._site(asked, None)
    assert [each.workers for each in given] == shares and site.size == min(workers, count)


def die(request, todo):
    """Killed by the system the first time, as for want of memory."""
    mark = request.output / "killed"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return instead(request, todo)


def test_a_killed_worker_loses_nothing(tmp_path):
    killed = batch.Site(lambda: workers.pool(2, "warm"), 2, die)
    assert outcomes(batch.make(requests(tmp_path), killed)) == dict.fromkeys(NAMES, (True, ""))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "soit --level"),
        (["--level", "departement", "--territories", "x"], "soit --level"),
        (["--level", "departemnt"], "Vouliez-vous dire « departement »"),
        (["--territories", "absent.txt"], "illisible : absent.txt"),
        (["--level", "region", "--only", "DEP-14"], "DEP-14 n'est pas parmi"),
        (["--level", "region", "--scheduler", "tcp://127.0.0.1:9"], "Pas de réponse de l'ordonnanceur"),
    ],
)
def test_a_wrong_request_is_one_sentence(command, given, said, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", "1s")
    outcome = command("batch", *given)
    assert outcome.code == 2 and said in outcome.err and len(outcome.err.strip().splitlines()) == 1


def test_a_file_of_territories_lists_failures_at_the_end(command, tmp_path, monkeypatch):
    names = tmp_path / "territoires.txt"
    names.write_text("\ufeffcalvados\nDEP-50  # la Manche\n\nDEP-14\n", encoding="utf-8")
    monkeypatch.setattr(batch, "local", lambda size, engine: site(lambda request, todo: "panne"))
    told = command("batch", "--territories", str(names), "--keep-going", "--output", str(tmp_path / "r"))
    lines = told.out.splitlines()
    assert told.code == 1 and lines[0].startswith("[1/2]") and lines[1].startswith("[2/2]")
    assert "2 en échec" in lines[2] and re.match(r"Échec, DEP-\d\d-\d{4} : panne", lines[-1])
    stopped = command("batch", "--territories", str(names), "--output", str(tmp_path / "r"))
    assert stopped.code == 1 and "1 en échec, sur 2" in stopped.out


def whole(output):
    """Every visible folder of reports is a whole one."""
    for folder in output.glob("[!.]*"):
        if folder.is_dir():
            told = json.loads((folder / manifest.FILE).read_text(encoding="utf-8"))
            assert told["outputs"] == manifest.outputs(folder) and "report.html" in told["outputs"]
    return {folder.name.rsplit("-", 1)[0] for folder in output.glob("[!.]*") if folder.is_dir()}


def running(mark):
    """Pids of the processes whose environment bears the mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as handle:
                if mark.encode() in handle.read():
                    found.append(int(pid))
        except OSError:
            continue
    return found


@pytest.fixture
def small_batch(tmp_path):
    """The command, and what it runs in: its processes are told from others by a mark in their environment."""
    (tmp_path / "t").write_text("\n".join(NAMES), encoding="utf-8")
    mark = f"CPSR_TEST_MARK={os.getpid()}-{tmp_path.name}"
    words = ["batch", "--territories", str(tmp_path / "t"), "--chapters", "08", "--formats", "html"]
    command = [sys.executable, "-m", "cpsr_study.cli", *words, "--workers", "1", "--output", str(tmp_path / "r")]
    return command, mark, {"env": os.environ | dict([mark.split("=")]), "text": True}


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is read")
def test_killed_at_random_points_only_whole_reports_remain_and_it_goes_on(tmp_path, small_batch):
    command, mark, options = small_batch
    chance = random.Random(7)
    for _ in range(3):
        batch_run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
        _wait_for(lambda: list(tmp_path.glob("r/.en-cours-*")) or not running(mark))
        time.sleep(chance.random())
        batch_run.kill()
        batch_run.communicate()
        assert whole(tmp_path / "r") <= set(NAMES)
        _wait_for(lambda: not running(mark))
    done = subprocess.run(command, capture_output=True, **options)
    assert done.returncode == 0 and "sur 3 demandés" in done.stdout
    assert whole(tmp_path / "r") == set(NAMES)
    assert not list(tmp_path.glob("r/.en-cours-*")) and (tmp_path / "r" / "index.html").is_file()


def heeding():
    """As on a terminal: a shell that starts the tests in the background has them ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_report_whose_worker_is_killed_is_one_sentence():
    with pytest.raises(batch.DataError, match="a été arrêté"):
        workers.followed("warm", lambda *_: None, killed)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is read")
@pytest.mark.parametrize("one", [False, True], ids=["batch", "run"])
def test_ctrl_c_stops_everything_at_once_and_says_so(one, tmp_path, small_batch):
    """On a terminal, the signal goes to the command and to all its workers."""
    command, mark, options = small_batch
    if one:
        command[3:6] = ["run", NAMES[0]]
    else:
        command[command.index("--workers") + 1] = "2"
        (tmp_path / "t").write_text("\n".join(f"DEP-{number}" for number in range(30, 40)), encoding="utf-8")
    batch_run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=heeding, **options
    )
    _wait_for(lambda: list(tmp_path.glob("r/.en-cours-*/executed")))
    os.killpg(batch_run.pid, signal.SIGINT)
    _, said = batch_run.communicate(timeout=30)
    assert (batch_run.returncode, said) == (130, "Interrompu.\n")
    assert len(whole(tmp_path / "r")) < 10
    _wait_for(lambda: not running(mark))


def test_the_time_left_counts_what_was_made_not_what_was_there():
    now = iter([0, 10, 20, 30, 40, 50])
    pace = waiting.Pace(lambda: next(now))
    pace.step(0)
    assert pace.left(18) == ""
    pace.step(1)
    assert pace.left(12) == "reste 2 min 00 s"  # twenty seconds since what was there already, one made since
    pace.step(1)
    assert pace.left(2) == "reste 20 s" and pace.left(0) == ""


def _wait_for(condition, seconds=60):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)
