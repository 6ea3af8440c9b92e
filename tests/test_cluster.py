"""Reports made by the workers of a dask cluster on this machine; one of them is killed in the middle."""

import os
import re
import signal
import time
from dataclasses import replace

import pytest

from cpsr_study import parameters
from cpsr_study.report import batch, cluster, manifest
from cpsr_study.report import run as report
from reports import DATA, build, tree

distributed = pytest.importorskip("distributed", reason="distributed is not installed")


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler and two worker processes on localhost."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as started:
        yield started.scheduler_address


def requests(output, names):
    return [
        report.request(parameters.resolve(DATA, territory=name), DATA, output=output, chapters=["08"], workers=1)
        for name in names
    ]


def test_a_report_comes_back_whole_and_is_the_one_made_here(tmp_path, scheduler):
    (found,) = batch.make(requests(tmp_path / "a", ["DEP-14"]), cluster.site(scheduler))
    assert (found.built, found.problem) == (True, "")
    assert tree(found.request.folder) == tree(build(tmp_path / "b", "DEP-14", ["08"]).folder)


def slow(request, todo):
    """Some work that takes a while; the first to begin is killed in the middle, with its worker."""
    mark = request.output / "killed"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        time.sleep(0.05)
        return request.folder.name.encode()
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)


def written(request, answer):
    """Put in place what came back."""
    request.folder.mkdir()
    (request.folder / "report.html").write_bytes(answer)
    manifest.write(request.folder, report.planned(request).description)
    return ""


def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path, scheduler):
    names = [f"DEP-{number}" for number in (14, 27, 50, 61, 76)]
    place = cluster.site(scheduler)
    found = list(batch.make(requests(tmp_path, names), batch.Site(place.open, place.size, slow, written)))
    assert (tmp_path / "killed").exists()
    assert {each.request.parameters.territory for each in found if each.built} == set(names)


def test_a_machine_with_other_data_refuses(tmp_path):
    (request,) = requests(tmp_path, ["DEP-14"])
    todo = report.planned(request)
    name = next(name for name in todo.description["inputs"] if name.startswith("data/raw"))
    todo.description["inputs"][name] = "0" * 64
    answer = cluster.job(request, todo)
    assert re.search(f"pas les mêmes entrées .{name}", answer) and cluster.receive(request, answer) == answer


def counted(request, todo):
    """Work that cannot be done, and a mark for each time that it is tried."""
    (request.output / f"{time.time_ns()}.mark").touch()
    return cluster.job(request, replace(todo, description=todo.description | {"inputs": {}}))


def test_what_cannot_be_done_is_tried_once(tmp_path, scheduler):
    place = cluster.site(scheduler)
    (found,) = batch.make(requests(tmp_path, ["DEP-14"]), replace(place, job=counted))
    assert not found.built and "mêmes entrées" in found.problem
    assert len(list(tmp_path.glob("*.mark"))) == 1
