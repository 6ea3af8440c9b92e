"""The cells of a column, from what people write to what is kept: all at once, each distinct text looked at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from cpsr_study.area_names import key
from cpsr_study.hidden import shown
from cpsr_study.sources.clause.personal import GIVEN
from cpsr_study.sources.clause.reading import FORMULA
from cpsr_study.sources.clause.schema import Field, Schema, plain

LETTERS = 3  # in a row, in a pseudonym or a code
# Words that a code of contract may hold: none of them is anybody.
_WORDS = {"contrat", "ctr", "avenant", "mission", "lot", "clause", "exemple", "plie", "ctti", "cddi", "cdpi", "geiq",
          "siae", "etti"}  # fmt: skip
# By far the most usual: two letters at most, seven digits at most. Nothing more has to be looked at.
_PLAIN = re.compile(r"[A-Za-z]{0,2}[-_.]?\d{1,7}")
_DAY_FIRST = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19[2-9]\d|20[01]\d)")
_YEAR_FIRST = re.compile(r"(?:19[2-9]\d|20[01]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_SPACES = re.compile(r"[\s\u00a0\u202f']")
_DATE = re.compile(r"(\d{1,2})(?:er)?[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?: .*)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_LONG_DATE = re.compile(r"(\d{1,2})(?:er)? ([a-z]+) (\d{4})")
_MONTHS = ("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre",
           "decembre")  # fmt: skip


class RefusedError(ValueError):
    """A cell that cannot be kept; its text says why, in French."""


def converted(
    texts: Iterable[str], field: Field, schema: Schema, values: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """For each distinct text of a column, what is kept of it and, where nothing is, the reason why."""
    convert = _converter(field, schema, values)
    kept: dict[str, str] = {}
    refused: dict[str, str] = {}
    for text in texts:
        try:
            if text == FORMULA:
                raise RefusedError("la cellule contient une formule : collez sa valeur")
            kept[text] = convert(text.strip()) if text.strip() else ""
        except RefusedError as error:
            kept[text], refused[text] = "", str(error)
    return kept, refused


def _converter(field: Field, schema: Schema, values: Mapping[str, str]) -> Callable[[str], str]:
    if field.type in ("liste", "oui_non", "liste_multiple"):
        codes = schema.codes(field.values) | dict(values)
        one = _coded(codes, field)
        return _several(one, codes) if field.type == "liste_multiple" else one
    return {
        "texte": lambda text: text.strip(),
        "identifiant": _identifier,
        "pseudonyme": _pseudonym,
        "code": _code,
        "decimal": _decimal,
        "annee": _year,
        "date": _date,
        "cpv": _shaped(r"(\d{8})(?:-\d)?", "un code CPV a huit chiffres"),
        "commune": _shaped(r"(\d{5}|2[AB]\d{3})", "un code Insee de commune a cinq caractères"),
    }[field.type]


def _coded(codes: Mapping[str, str], field: Field) -> Callable[[str], str]:
    def convert(text: str) -> str:
        code = codes.get(plain(text))
        if code is None:
            raise RefusedError(f"valeur inconnue pour {field.label} (voir la feuille Listes)")
        return code

    return convert


def _several(one: Callable[[str], str], codes: Mapping[str, str]) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if plain(text) in codes:
            return one(text)
        return "|".join(sorted({one(part) for part in re.split(r"[|,;/+]", text) if part.strip()}))

    return convert


def _identifier(text: str) -> str:
    if len(text) > 60:
        raise RefusedError("identifiant de plus de 60 caractères")
    return text.strip()


def _code(text: str) -> str:
    """An identifier of a contract: it describes a person's work, and names nobody."""
    if _PLAIN.fullmatch(text):
        return text
    words = [word for word in re.findall(r"[^\W\d_]+", text) if key(word) not in _WORDS]
    if not re.fullmatch(r"[A-Za-z0-9_./-]{1,40}", text) or not _is_coded(text, words):
        raise RefusedError("un identifiant de contrat est un code sans espace ni nom (CTTI-2025-014)")
    return text


def _pseudonym(text: str) -> str:
    """A pseudonym has no room for a name nor for a birth date; a digest in hexadecimal is one too."""
    if _PLAIN.fullmatch(text):
        return text
    if re.fullmatch(r"[0-9a-fA-F]{12,40}", text) and len(re.findall(r"\d", text)) >= 3 and not _is_date(text):
        return text
    words = re.findall(r"[^\W\d_]+", text)
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", text) or not _is_coded(text, words):
        raise RefusedError(
            "un pseudonyme est fait de chiffres et de trois lettres de suite au plus (P0412) : ni nom, ni date"
        )
    return text


def _is_coded(text: str, words: list[str]) -> bool:
    """Whether there is a digit, no word long enough to be a name, no short given name, no date of eight digits."""
    short = all(len(word) <= LETTERS and key(word) not in GIVEN for word in words)
    return short and re.search(r"\d", text) is not None and not _is_date(text)


def _is_date(text: str) -> bool:
    return any(_DAY_FIRST.fullmatch(digits) or _YEAR_FIRST.fullmatch(digits) for digits in re.findall(r"\d+", text))


def _decimal(text: str) -> str:
    number = _SPACES.sub("", text).removesuffix("h").removesuffix("€").removesuffix("%")
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", number):  # 1.234,5
        number = number.replace(".", "")
    number = number.replace(",", ".")
    if not re.fullmatch(r"\d{1,12}(\.\d+)?", number):
        raise RefusedError("un nombre positif est attendu (1 234,5)")
    return number


def _year(text: str) -> str:
    if not re.fullmatch(r"(19|20)\d\d(\.0)?", text):
        raise RefusedError("une année est attendue (2025)")
    return text[:4]


def _date(text: str) -> str:
    if found := _ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DATE.fullmatch(text):
        day, month, year = map(int, found.groups())
    elif (found := _LONG_DATE.fullmatch(plain(text))) and found[2] in _MONTHS:
        day, month, year = int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3])
    else:
        raise RefusedError("une date est attendue (31/12/2025)")
    try:
        return date(year + 2000 if year < 100 else year, month, day).isoformat()
    except ValueError:
        raise RefusedError("cette date n'existe pas") from None


def _shaped(pattern: str, message: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        number = text.strip()
        found = re.fullmatch(pattern, number.zfill(5) if number.isdigit() and len(number) == 4 else number)
        if not found:
            raise RefusedError(message)
        return found[1]

    return convert


def quoted(text: str, field: Field) -> str:
    """A refused text, for the table that is sent back; not one that stood in the place of a pseudonym or a code."""
    if field.type in ("pseudonyme", "code"):
        return ""
    return "formule" if text.startswith(FORMULA) else shown(text)
