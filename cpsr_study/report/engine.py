"""A warm papermill engine: cells run by a true IPython kernel living in this process, already imported.

papermill starts a kernel process a notebook, and each one imports for seconds. Here the notebook runs in a process
forked from one that has imported everything (see `execution`): same kernel code, same messages, same outputs, and a
clean process for each notebook. `tests/test_engine.py` compares the outputs with the ordinary kernel's.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from papermill.engines import Engine, NBClientEngine

NAME, KERNEL = "cpsr-warm", "cpsr-kernel"
# What a notebook keeps of each message that its kernel publishes.
_PUBLISHED = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}


class _Bare(Engine):
    """An engine whose executed notebook holds nothing that changes from one run to the next.

    It is written to `target`, if there is one, a line a cell: as papermill writes it, it takes five times as long.
    """

    @classmethod
    def execute_notebook(cls, *given: Any, target: str | None = None, **options: Any) -> NotebookNode:
        """The executed notebook, without its cells once they are written to `target`.

        PapermillExecutionError when a cell failed; papermill then leaves it as it does.
        """
        from papermill.execute import raise_for_execution_errors  # papermill imports this module as it begins

        executed = super().execute_notebook(*given, **options)
        if target:
            raise_for_execution_errors(executed, target)
        failed = any(cell.metadata.papermill.get("exception") for cell in executed.cells)
        bare = executed if failed else _bare(executed)
        if target:
            Path(target).write_text(_as_lines(bare), encoding="utf-8", newline="\n")
            bare = NotebookNode(bare, cells=[])  # papermill makes JSON of what it is given, to be written nowhere
        return bare


class WarmEngine(_Bare):
    """papermill engine `cpsr-warm`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the code cells in order, up to the first error; papermill raises it afterwards."""
        own = kernel()
        for index, cell in enumerate(nb_man.nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            if failed := _run(own, cell):
                nb_man.cell_exception(cell, cell_index=index, exception=RuntimeError(failed))
                break


class KernelEngine(_Bare, NBClientEngine):
    """papermill engine `cpsr-kernel`: papermill's own."""


@cache
def kernel() -> Any:
    """The kernel of this process. Made once, before notebooks are forked: each has a clean copy of it."""
    from ipykernel.inprocess.ipkernel import InProcessKernel
    from ipykernel.iostream import IOPubThread
    from jupyter_client.session import Session
    from traitlets import default
    from traitlets.config import Config

    messages: list[Any] = []

    class Kernel(InProcessKernel):
        """Publishes at once: the thread that would do it elsewhere does not outlive a fork, and is waited for."""

        @default("iopub_thread")
        def _default_iopub_thread(self) -> IOPubThread:
            return IOPubThread(self._underlying_iopub_socket, session=self.session)

        def published(self, source: str) -> list[Any]:
            """The messages that a cell publishes when it is executed; nobody is there to answer its questions."""
            shell: Any = self.shell
            messages.clear()
            self._forward_input(allow_stdin=False)
            try:
                with self._redirected_io():
                    shell.run_cell(source, store_history=True)
                    self.stdout.flush()
                    self.stderr.flush()
            finally:
                self._restore_input()
            return messages

    class Heard(Session):
        """Keeps what is published, where another would write it as JSON for another process to read."""

        def send(self, stream: Any, told: Any, content: Any = None, parent: Any = None, **_: Any) -> Any:  # type: ignore[override]
            messages.append(told if isinstance(told, dict) else self.msg(told, content=content, parent=parent))
            return messages[-1]

    return Kernel(config=Config({"HistoryManager": {"enabled": False}}), session=Heard(key=b""))


def _as_lines(notebook: NotebookNode) -> str:
    """The JSON of a notebook."""
    cells = ",\n".join(json.dumps(cell, ensure_ascii=False, sort_keys=True) for cell in notebook.cells)
    rest = json.dumps({name: value for name, value in notebook.items() if name != "cells"}, ensure_ascii=False)
    return f'{{"cells": [\n{cells}\n], {rest[1:]}\n'


def _bare(notebook: NotebookNode) -> NotebookNode:
    """A notebook without times, paths and identifiers of its own."""
    kept = {key: value for key, value in notebook.metadata.items() if key in ("kernelspec", "title")}
    notebook.metadata = NotebookNode(kept)
    for position, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode({"tags": cell.metadata.get("tags", [])})
        cell["id"] = f"cellule-{position}"
    return notebook


def _run(own: Any, cell: Any) -> str:
    """Execute a cell and keep what it published. Returns the name of the error, or an empty text."""
    cell.outputs, failed = [], ""
    for message in own.published(cell.source):
        kind, content = message["msg_type"], message["content"]
        if kind in _PUBLISHED:
            _append(cell.outputs, NotebookNode(output_type=kind, **{name: content[name] for name in _PUBLISHED[kind]}))
            failed = content.get("ename", failed)
    cell.execution_count = own.shell.execution_count - 1
    return failed


def _append(outputs: list[Any], output: Any) -> None:
    """Add an output; consecutive pieces of one stream are one output, as in a notebook run by a client."""
    last = outputs[-1] if outputs else None
    if last and output.output_type == "stream" and last.output_type == "stream" and last.name == output.name:
        last.text += output.text
    else:
        outputs.append(output)
