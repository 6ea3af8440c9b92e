"""The pages of one answer of Melodi: all of them, of one question, in their order."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cpsr_study.errors import DataError

# Options that change neither the areas nor the figures asked for.
_OPTIONS = {"page", "totalCount", "maxResult", "idTerritoire"}


def in_order(answers: dict[Path, dict[str, Any]]) -> list[Path]:
    """The files in the order of their pages. DataError when one is missing, there twice, or of another question."""
    if len({_question(answer["paging"].get("first", "")) for answer in answers.values()}) > 1:
        raise DataError("Ces pages de Melodi ne répondent pas à la même demande : un millésime par demande.")
    numbers: dict[int, Path] = {}
    for path, answer in sorted(answers.items(), key=lambda item: "next" not in item[1]["paging"]):
        number = _number(path, answer["paging"], numbers)
        if number in numbers:
            raise DataError(f"{path.name} et {numbers[number].name} sont la même page ({number}).")
        numbers[number] = path
    last = max(numbers)
    followed = "next" in answers[numbers[last]]["paging"]
    if missing := [number for number in range(1, last + 1 + followed) if number not in numbers]:
        raise DataError(f"{numbers[last].name} : la page {missing[0]} de la réponse manque.")
    _check_count(answers, numbers[1])
    return [numbers[number] for number in sorted(numbers)]


def _check_count(answers: dict[Path, dict[str, Any]], first: Path) -> None:
    total = sum(len(answer["observations"]) for answer in answers.values())
    told = {str(answer["paging"]["count"]) for answer in answers.values() if "count" in answer["paging"]}
    if told - {str(total)}:
        raise DataError(f"{first.name} : {max(told)} observations annoncées, {total} présentes.")


def _question(url: Any) -> tuple[str, ...]:
    return tuple(sorted("=".join(pair) for pair in parse_qsl(urlsplit(str(url)).query) if pair[0] not in _OPTIONS))


def _number(path: Path, paging: dict[str, Any], others: dict[int, Path]) -> int:
    """The number of a page from the address of its neighbour; without one, it comes after the others."""
    for name, shift in (("next", -1), ("prev", 1), ("previous", 1)):
        if name in paging:
            found = dict(parse_qsl(urlsplit(str(paging[name])).query)).get("page", "")
            if not re.fullmatch("[0-9]{1,6}", found) or int(found) + shift < 1:
                raise DataError(f"{path.name} : l'adresse de la page voisine ne donne pas son numéro.")
            return int(found) + shift
    return max((number for number in others), default=0) + 1
