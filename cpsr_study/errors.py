"""The two ways a run can end badly. Each message is one French sentence, shown as it is."""

from typing import Any


class RequestError(Exception):
    """The request was wrong (exit code 2): an unknown territory, an edition that does not exist..."""


class DataError(Exception):
    """The data or the work failed (exit code 1): a file that lies about itself, a notebook that stops..."""


def first_problem(error: Any) -> str:
    """The first field that a pydantic model refuses, and why, in French."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if not field:  # the whole entry: a rule of ours, in our words, or not a table at all
        return str(first["msg"]).removeprefix("Value error, ") if first["type"] == "value_error" else "forme inattendue"
    if first["type"] == "missing":
        return f"le champ « {field} » manque"
    if first["type"] == "extra_forbidden":
        return f"le champ « {field[:60]} » est inconnu"
    return f"le champ « {field} » ne convient pas (« {' '.join(str(first['input']).split())[:60]} »)"
