"""The program: its options, its commands, and how it ends."""

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

from cpsr_study.commands import batch, figures, intake, partners, refusals, reports
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown as as_shown

INTERRUPTED = 130

app = typer.Typer(
    help="État des lieux de la commande publique socialement responsable, pour tout territoire français.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for family in (reports, batch, figures, intake, partners):
    family.register(app)


@app.callback()
def _options(
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Autre dossier de données (ou CPSR_DATA_DIR).")
    ] = None,
) -> None:
    if data_dir is not None:
        if not data_dir.is_dir():
            raise RequestError(f"Dossier de données introuvable : {as_shown(data_dir)}.")
        import os

        os.environ["CPSR_DATA_DIR"] = str(data_dir)


def main() -> None:
    """Entry point: 0 done, 1 the work failed, 2 the request was wrong; one French sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # redirected to a file on Windows, it would not hold French
            stream.reconfigure(encoding="utf-8")
    try:
        code = app(standalone_mode=False)
    except RequestError as error:
        _stop(str(error), 2)
    except DataError as error:
        _stop(str(error), 1)
    except refusals.UsageError as error:
        _stop(refusals.french(error, _names()), 2)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    if code == INTERRUPTED:  # the parser of the command line makes a code of Ctrl-C
        _stop("Interrompu.", code)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)


def _names() -> list[str]:
    return [each.name or each.callback.__name__ for each in app.registered_commands if each.callback]


if __name__ == "__main__":
    main()
