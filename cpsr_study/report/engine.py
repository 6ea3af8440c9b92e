"""A warm papermill engine: cells run by a true IPython kernel living in this process, already imported.

papermill starts a kernel process a notebook, and each one imports for seconds. Here the notebook runs in a process
forked from one that has imported everything (see `execution`): same kernel code, same messages, same outputs, and a
clean process for each notebook. `tests/test_engine.py` compares the outputs with the ordinary kernel's.
"""

from typing import Any

from papermill.engines import Engine, NBClientEngine

NAME, KERNEL = "cpsr-warm", "cpsr-kernel"
_PUBLISHED = {"stream", "display_data", "execute_result", "error"}


class WarmEngine(Engine):
    """papermill engine `cpsr-warm`."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the code cells in order, up to the first error; papermill raises it afterwards."""
        from ipykernel.inprocess.manager import InProcessKernelManager

        _write_once(nb_man)
        manager = InProcessKernelManager()
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


class KernelEngine(NBClientEngine):
    """papermill engine `cpsr-kernel`: papermill's own, which writes the notebook at the end only."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the notebook in a kernel of its own."""
        _write_once(nb_man)
        super().execute_managed_notebook(nb_man, kernel_name, **options)


def _write_once(nb_man: Any) -> None:
    """Spare the writings of the whole notebook before and after each cell, meant for who watches it.

    papermill writes it once more at the end, or when a cell fails. Written forty times, a chapter of many figures
    costs a fifth more.
    """
    nb_man.save = lambda **_: None


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
