"""How a command line that does not parse is answered: one French sentence, with the nearest valid word."""

import re
from collections.abc import Iterable
from typing import Any

import typer

from cpsr_study.hidden import shown as as_shown
from cpsr_study.parameters import suggestion

# Typer carries its own click: the class of all "the command line is wrong" errors is found through a public one.
UsageError: type[Any] = typer.BadParameter.__mro__[1]


def french(error: Any, commands: Iterable[str]) -> str:
    """One sentence for a command line that does not parse, with the nearest option or command."""
    message = error.format_message()
    word = getattr(error, "option_name", None)
    if word and hasattr(error, "possibilities"):
        params = error.ctx.command.params if error.ctx else []
        options = [option for param in params for option in param.opts if option.startswith("-")]
        return f"Option inconnue : « {as_shown(word)} ».{suggestion(word, options)}"
    if word and " requires " in message:
        return f"Il manque une valeur après « {as_shown(word)} » (voir --help)."
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown:
        return f"Commande inconnue : « {as_shown(unknown[1])} ».{suggestion(unknown[1], commands)}"
    param = getattr(error, "param", None)
    if type(error).__name__ == "MissingParameter" and param:
        return f"Il manque l'argument « {param.name} » (voir --help)."
    if param:
        return f"Valeur refusée pour « {max(param.opts, key=len)} » (voir --help)."
    return f"Demande mal formée : {message.rstrip('.')} (voir --help)."
