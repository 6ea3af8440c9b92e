"""Names of areas as text: what a user may type, « du Havre » and « au Havre »."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from cpsr_study.errors import RequestError
from cpsr_study.hidden import is_invisible, shown

Area = TypeVar("Area")

LONGEST = 200  # characters a territory may be asked with
_EXAMPLES = "par exemple « Normandie » ou « REG-28 »"
_CONTRACTED = {"Le ": ("du ", "au "), "Les ": ("des ", "aux ")}


def commune_words(name: str, elision: bool) -> tuple[str, str]:
    """« de Caen », « à Caen »; « du Havre », « au Havre »; « d’Alençon », « à Alençon »."""
    for article, (of, at) in _CONTRACTED.items():
        if name.startswith(article):
            return of + name.removeprefix(article), at + name.removeprefix(article)
    return ("d’" if elision else "de ") + name, f"à {name}"


def checked(text: object) -> str:
    """The text a territory is asked with, spaces tidied. RequestError unless it is short and visible."""
    if not isinstance(text, str):
        raise RequestError(f"Le territoire doit être un texte, {_EXAMPLES}.")
    if not text.strip() or len(text) > LONGEST:
        raise RequestError(f"Le territoire doit tenir en 1 à {LONGEST} caractères, {_EXAMPLES}.")
    if any(map(is_invisible, text)):
        raise RequestError(f"Le territoire contient des caractères invisibles : « {shown(text)} ».")
    return " ".join(text.split())


def typographic(text: str) -> str:
    """The text with ’ between two letters, as in the sentences it is printed beside; any other sign stays as it is."""
    return re.sub(r"(?<=\w)'(?=\w)", "’", text) if "'" in text else text


def key(name: str) -> str:
    """A name without accents, case, hyphens nor apostrophes: « L'Île-d'Yeu » -> "l ile d yeu"."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe"))
    return re.sub(r"[\W_]+", " ", re.sub("[\u0300-\u036f]", "", letters)).strip()


def by_name(areas: Iterable[tuple[str, Area]]) -> dict[str, list[Area]]:
    """Areas by key of their name; then, where nothing else has that key, by the name without its article."""
    names, bare = defaultdict(list), defaultdict(list)
    for name, area in areas:
        full = key(name)
        names[full].append(area)
        bare[_bare(full)].append(area)
    return bare | names


def named(names: dict[str, list[Area]], name: str) -> list[Area]:
    """Areas of a table made by `by_name` that go by this name, with or without a leading article."""
    return names.get(key(name)) or names.get(_bare(key(name))) or []


def _bare(name_key: str) -> str:
    return re.sub(r"^(le|la|les|l) ", "", name_key)
