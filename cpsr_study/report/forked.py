"""Work done in children forked from this process: each starts with all that is already imported and read here.

What a child changes is lost with it, so that nothing leaks from one piece of work to the next, and no child outlives
its parent. Linux only, as the warm engine is.
"""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from cpsr_study.errors import DataError, RequestError

Item = TypeVar("Item")
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """End this process when the one that started it ends, however it ends (nothing on Windows)."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended just before
            os.kill(os.getpid(), signal.SIGKILL)
    # A worker is a child of the fork server, which lives as long as its children do: what tells of the end of the
    # process that asked for it is a pipe. Without a thread (a worker forks): the system signals when it closes.
    asking = parent_process()
    if asking and sys.platform != "win32":
        import fcntl

        pipe = asking.sentinel
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
        if wait([pipe], timeout=0):
            os.kill(os.getpid(), signal.SIGKILL)


def each(function: Callable[[Item], Any], items: Iterable[Item], workers: int) -> Iterator[tuple[Item, Any]]:
    """`function` of each item, in a child each, `workers` at a time; items and results as they are done.

    DataError when a child refuses its work or is killed; the children still running are then stopped.
    """
    context = get_context("fork")
    waiting = list(reversed(list(items)))
    running: dict[Any, tuple[Item, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                item = waiting.pop()
                receiver, sender = context.Pipe(duplex=False)
                child = context.Process(target=_child, args=(function, item, sender))
                child.start()
                sender.close()
                running[receiver] = (item, child)
            for ready in wait(list(running)):
                item, child = running.pop(ready)
                yield item, _answer(ready, child)
    finally:
        for _, child in running.values():
            child.kill()
            child.join()


def _answer(receiver: Any, child: Any) -> Any:
    try:
        result = receiver.recv()
    except EOFError:
        child.join()
        raise DataError(f"Un processus de travail a été arrêté (code {child.exitcode}).") from None
    finally:
        receiver.close()
    child.join()
    if isinstance(result, DataError | RequestError):
        raise result
    return result


def _child(function: Callable[[Item], Any], item: Item, sender: Connection) -> None:
    die_with_parent()
    gc.freeze()  # what was there before is not looked through again: it would be copied by being looked at
    try:
        result = function(item)
    except (DataError, RequestError) as error:
        result = error
    sender.send(result)
