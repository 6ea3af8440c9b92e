"""More than one machine: a `dask.distributed` cluster that exists already, as an executor.

The data and the notebooks lie on a path that all machines see, and each worker checks that it has the very inputs that
were asked for. A report is made in a folder of the worker and comes back whole, as bytes: the machine that asked puts
it in place. A worker killed in the middle loses nothing, the scheduler gives its work to another.
"""

import io
import multiprocessing
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cpsr_study.errors import RequestError
from cpsr_study.report import batch, build, manifest, place, run, workers
from cpsr_study.report.plan import Plan

PATIENCE = "10s"  # how long the scheduler has to answer
_warm: dict[str, ProcessPoolExecutor] = {}  # one warm process for each dask worker, started with its first report


def site(address: str) -> batch.Site:
    """The workers of the cluster at this address (`tcp://machine:8786`). RequestError when it does not answer."""
    client = _client(address)
    size = max(1, sum(client.nthreads().values()))

    @contextmanager
    def opened() -> Iterator[Executor]:
        with client.get_executor(pure=False, retries=batch.ATTEMPTS) as executor:
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False)  # what was handed out is cancelled
                raise

    return batch.Site(opened, size, job, receive)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise RequestError("--scheduler demande dask : pip install 'cpsr-study[cluster]'.") from None
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError):
        raise RequestError(f"Pas de réponse de l'ordonnanceur {address}.") from None


def job(request: run.Request, plan: Plan) -> bytes | str:
    """Make the report on a worker of the cluster. Returns its folder as a tar, or the sentence that tells why not.

    Raised, that sentence would have the scheduler try again, as it does when a worker dies.
    """
    here = manifest.describe(request.data_dir, request.chapters, request.parameters, request.formats)
    if here != plan.description:
        changed = sorted(
            name for name, digest in plan.description["inputs"].items() if here["inputs"].get(name) != digest
        )
        what = changed[0] if changed else "versions"
        return f"Une machine de la grappe n'a pas les mêmes entrées ({what})."
    kept = {name: path for name, path in plan.kept.items() if path.is_file()}  # reports may lie elsewhere than inputs
    with tempfile.TemporaryDirectory(prefix="cpsr-") as folder:
        own = replace(request, output=Path(folder))
        return _in_warm_process(own, replace(plan, kept=kept)) or _packed(own.folder)


def _in_warm_process(request: run.Request, plan: Plan) -> str:
    """A dask worker has threads and must not fork: its reports are made by a process of its own."""
    own: Any = multiprocessing.current_process()
    daemon = own._config.get("daemon")
    own._config["daemon"] = False  # dask marks its workers as daemons, which may not start processes
    try:
        if request.engine not in _warm:
            _warm[request.engine] = workers.pool(1, request.engine)
        return str(_warm[request.engine].submit(build.job, request, plan).result())
    except BrokenProcessPool:
        del _warm[request.engine]
        raise
    finally:
        own._config["daemon"] = daemon


def receive(request: run.Request, answer: bytes | str) -> str:
    """Put in place, whole, a report that came back. Returns an empty text, or the sentence that came instead."""
    if isinstance(answer, str):
        return answer
    with place.workshop(request.output) as work:
        with tarfile.open(fileobj=io.BytesIO(answer)) as tar:
            tar.extractall(work / "report", filter="data")
        place.put(work / "report", request.folder)
    return ""


def _packed(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(folder, arcname=".")
    return out.getvalue()
