"""A warm papermill engine: cells run by a true IPython kernel living in this process, already imported.

papermill starts a kernel process a notebook, and each one imports for seconds. Here the notebook runs in a process
forked from one that has imported everything (see `execution`): same kernel code, same messages, same outputs, and a
clean process for each notebook. `tests/test_engine.py` compares the outputs with the ordinary kernel's.
"""

from typing import Any

from nbformat import NotebookNode
from papermill.engines import Engine, NBClientEngine

NAME, KERNEL = "cpsr-warm", "cpsr-kernel"
_PUBLISHED = {"stream", "display_data", "execute_result", "error"}


class _Bare(Engine):
    """An engine whose executed notebook holds nothing that changes from one run to the next."""

    @classmethod
    def execute_notebook(cls, *given: Any, **options: Any) -> NotebookNode:
        """The executed notebook; as papermill leaves it when a cell failed, which it then says."""
        executed = super().execute_notebook(*given, **options)
        failed = any(cell.metadata.papermill.get("exception") for cell in executed.cells)
        return executed if failed else _bare(executed)


class WarmEngine(_Bare):
    """papermill engine `cpsr-warm`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the code cells in order, up to the first error; papermill raises it afterwards."""
        from ipykernel.inprocess.manager import InProcessKernelManager
        from traitlets.config import Config

        manager = InProcessKernelManager(config=Config({"HistoryManager": {"enabled": False}}))
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        for index, cell in enumerate(nb_man.nb.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            nb_man.cell_start(cell, index)
            failed = _run(client, cell)
            if failed:
                nb_man.cell_exception(cell, cell_index=index, exception=RuntimeError(failed))
            nb_man.cell_complete(cell, cell_index=index)
            if failed:
                break


class KernelEngine(_Bare, NBClientEngine):
    """papermill engine `cpsr-kernel`: papermill's own."""


def _bare(notebook: NotebookNode) -> NotebookNode:
    """A notebook without times, paths and identifiers of its own."""
    kept = {key: value for key, value in notebook.metadata.items() if key in ("kernelspec", "title")}
    notebook.metadata = NotebookNode(kept)
    for position, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode({"tags": cell.metadata.get("tags", [])})
        cell["id"] = f"cellule-{position}"
    return notebook


def _run(client: Any, cell: Any) -> str:
    """Execute a cell and keep what it published. Returns the name of the error, or an empty text."""
    from nbformat.v4 import output_from_msg

    cell.outputs = []
    client.execute(cell.source)
    reply = client.get_shell_msg(timeout=0)
    cell.execution_count = reply["content"].get("execution_count")
    while client.iopub_channel.msg_ready():
        message = client.get_iopub_msg(timeout=0)
        if message["msg_type"] in _PUBLISHED:
            _append(cell.outputs, output_from_msg(message))
    return reply["content"].get("ename", "error") if reply["content"]["status"] == "error" else ""


def _append(outputs: list[Any], output: Any) -> None:
    """Add an output; consecutive pieces of one stream are one output, as in a notebook run by a client."""
    last = outputs[-1] if outputs else None
    if last and output.output_type == "stream" and last.output_type == "stream" and last.name == output.name:
        last.text += output.text
    else:
        outputs.append(output)
