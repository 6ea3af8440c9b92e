"""Which hidden figure a published number speaks of: by its identifier, or by its name with a number beside it.

A number that a shown figure of the same name explains (another area, another year, a share of it) is no secret: a
table puts France beside the territory. What names no figure at all cannot be recognised.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cpsr_study.disclosure import SECRET
from cpsr_study.indicators import UNSAID, Registry

Row = Mapping[str, str]

_SPACE = "\u00a0\u202f "
# Neither the digits of a code (EPCI-200065597) nor the factor of a formula (100 × …).
NUMBER = re.compile(rf"(?<![\w.,-])[-\u2212]?\d+(?:[{_SPACE}]\d{{3}}(?!\d))*(?:[.,]\d+)?(?!\w|\s*[×*÷/])")
_MARKED = re.compile(r"[^.;\d]{0,60}(?<!\w)s(?![\w’'])")  # the mark of a secret, in the place of the number
_YEAR = re.compile(r"(?:19|20)\d\d")
_SENTENCE_END = re.compile(r"(?:\.|;) ")
_NEAR = 60  # characters between a name and its number, in a sentence
_CLOSE = 20
_CONTEXT = 300  # characters before a name in which its area and year are looked for


def plain(text: str) -> str:
    """A text as names are compared: one space between words, no soft hyphen, lower case."""
    text = re.sub(r"-\n(?=\w)|\u00ad\n?", "", text)
    return re.sub(r"\s+", " ", text).strip().casefold()


def is_year(text: str) -> bool:
    """Whether a number is written as a year: the report puts a space between thousands."""
    return _YEAR.fullmatch(text) is not None


def _numbers(text: str) -> list[str]:
    """The numbers of a text, years apart."""
    return [found[0] for found in NUMBER.finditer(text) if not is_year(found[0])]


def _whole(text: str, start: int, end: int) -> str:
    """The words of a stretch, those that it cuts left out."""
    stretch = text[start:end]
    if text[max(start - 1, 0) : start].strip() and stretch[:1].isalnum():
        stretch = stretch.partition(" ")[2]
    return stretch.rpartition(" ")[0] if text[end : end + 1].isalnum() else stretch


def value_of(text: str) -> tuple[float, float]:
    """The value of a number and half of its last place."""
    digits = re.sub(rf"[{_SPACE}]", "", text).replace("\u2212", "-").replace(",", ".")
    return float(digits), 0.5 * 10 ** -len(digits.partition(".")[2]) + 1e-9


@dataclass(frozen=True)
class Finding:
    """A hidden figure (its id) and the number that is written for it."""

    figure: str
    number: str


class Recognition:
    """The figures of a report, hidden and shown, by the names that a reader sees."""

    def __init__(self, rows: Iterable[Row], registry: Registry, areas: Mapping[str, str]):
        """`rows`: those of observations.csv; `areas`: name of an area, as the report writes it, by code."""
        self.hidden: dict[str, list[Row]] = {}
        self.shown: dict[str, list[Row]] = {}
        self.ids: set[str] = set()
        for row in rows:
            name = self._name(row, registry)
            secret = row["status"] == SECRET
            (self.hidden if secret else self.shown).setdefault(name, []).append(row)
            if secret:
                self.ids.add(row["id"])
        self.areas = {plain(name): code for code, name in areas.items()}
        everyone = {plain(item.label) for item in registry.indicators.values()}
        everyone |= {plain(item.label) for item in registry.categories.values()}
        # Longest first, so that « Moins de 26 ans » is read whole; a name with digits is no number either.
        self.names = sorted({*self.hidden, *self.shown, *everyone}, key=lambda name: (-len(name), name))
        # In a sentence, one pass; a name stands for itself, between other words.
        parts = "|".join(map(re.escape, self.names))
        self._any = re.compile(rf"(?<!\w)(?:{parts})(?!\w)") if parts else None
        self._vague = {plain(item.label) for (_, code), item in registry.categories.items() if code == UNSAID}

    @property
    def indicators(self) -> set[str]:
        """The indicators of which a figure is hidden."""
        return {row["indicator"] for rows in self.hidden.values() for row in rows}

    @staticmethod
    def _name(row: Row, registry: Registry) -> str:
        if row["category"]:
            return plain(registry.category_label(row["breakdown"], row["category"]))
        return plain(registry[row["indicator"]].label)

    def cell(self, words: Iterable[str], column: str, title: str, text: str) -> Iterator[Finding]:
        """A cell of a table: `words` are the texts of its row, `column` its heading."""
        found = NUMBER.fullmatch(text.strip().rstrip("%h€ \u00a0"))
        if not found or is_year(text.strip()):
            return
        around = " ".join(plain(each) for each in [*words, column])
        for word in [*words, column]:
            for name in self._named(word):
                yield from self._told(name, found[0], around if self._place(around) else f"{around} {plain(title)}")

    def prose(self, text: str) -> Iterator[Finding]:
        """A sentence, an alternative text, any text: a name and the number that follows or precedes it closely."""
        said = plain(text)
        yield from self._by_id(said)
        if self._any is None:
            return
        end = 0  # of the name before
        marks = list(self._any.finditer(said))
        for place, mark in enumerate(marks):
            following = marks[place + 1].start() if place + 1 < len(marks) else len(said)
            name, before, end = mark[0], end, mark.end()
            if name not in self.hidden or name in self._vague:
                continue
            if _MARKED.match(said[end:following]):
                continue
            numbers = _numbers(_SENTENCE_END.split(_whole(said, end, min(following, end + _NEAR)))[0])[:1]
            sentence = max(said.rfind(". ", 0, mark.start()), said.rfind("; ", 0, mark.start()), 0)
            if before <= sentence:  # a number before the first name of a sentence: « 3 travailleurs handicapés »
                numbers += _numbers(_whole(said, max(sentence, mark.start() - _CLOSE), mark.start()))[-1:]
            for number in numbers:
                around = said[max(0, mark.start() - _CONTEXT) : said.find(number, end) + len(number)]
                yield from self._told(name, number, around)

    def drawing(self, texts: Iterable[str], indicators: set[str]) -> Iterator[Finding]:
        """The texts of a figure that draws these indicators: a number that no shown figure explains may be a hidden
        one's, for bars carry their numbers apart from their names."""
        secret = [row for rows in self.hidden.values() for row in rows if row["indicator"] in indicators]
        if not secret:
            return
        told = [row for rows in self.shown.values() for row in rows if row["indicator"] in indicators]
        for text in texts:
            said = self._any.sub(" ", plain(text)) if self._any else plain(text)
            for number in _numbers(said):
                if not self._explained(number, told):
                    yield Finding(secret[0]["id"], number)

    def _by_id(self, said: str) -> Iterator[Finding]:
        for name in self.ids:
            for found in re.finditer(rf"{re.escape(name.casefold())}(?![\w.]|-\d)", said):
                for number in _numbers(re.split(r"[;}]", said[found.end() : found.end() + _NEAR])[0])[:1]:
                    yield Finding(name, number)

    def _named(self, word: str) -> list[str]:
        """The hidden figures that a heading names: the whole of it, or one of its parts between commas."""
        said = plain(word)
        parts = {said, *said.split(", "), said.rpartition(", ")[0]}
        parts |= {name for name in self.hidden if name and (said.startswith(f"{name}, ") or said.endswith(f", {name}"))}
        return [name for name in sorted(parts) if name in self.hidden]

    def _place(self, around: str) -> set[str]:
        return {code for name, code in self.areas.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", around)}

    def _told(self, name: str, number: str, around: str) -> Iterator[Finding]:
        """The hidden figure of that name that the number may be, unless a shown one explains it."""
        geos, years = self._place(around), set(_YEAR.findall(around))
        secret = self._within(self.hidden[name], geos, years)
        if secret and not self._explained(number, self._within(self.shown.get(name, []), geos, years)):
            yield Finding(secret[0]["id"], number)

    @staticmethod
    def _within(rows: list[Row], geos: set[str], years: set[str]) -> list[Row]:
        """The rows of the areas and years that the words around name, when they name any."""
        rows = [row for row in rows if not geos or row["geo"] in geos]
        return [row for row in rows if not years or row["time_period"][:4] in years]

    @staticmethod
    def _explained(number: str, rows: Iterable[Row]) -> bool:
        value, half = value_of(number)
        return any(_is_written(row["value"], value, half) for row in rows)


def _is_written(stated: Any, value: float, half: float) -> bool:
    """Whether a value is the one written, up to its rounding; a hidden one, empty, is not."""
    return bool(stated) and abs(float(stated) - value) <= half
