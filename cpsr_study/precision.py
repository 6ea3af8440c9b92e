"""What a published figure allows: « 16 % » is any value from 15.5 to 16.5, « plus de 54 % » a lower bound.

The precision is read in the words of the document, never assumed: the last digit written, and the words that say
a bound or an approximation.
"""

import ast
import math
import operator
import re
from dataclasses import dataclass
from itertools import chain

# Words that count when they stand right before the number (« plus de 54 % », not « 12 % des plus de 50 ans »).
_LOWER = re.compile(r"(?:plus\s+d[e'’]|\+\s*de|au\s+moins|supérieure?s?\s+à|>)\s*$", re.IGNORECASE)
_LOWER_AFTER = re.compile(r"^\s*\S*\s*(?:[aà]\s+minima|au\s+(?:moins|minimum)|et\s+plus)\b", re.IGNORECASE)
_UPPER = re.compile(r"(?:moins\s+d[e'’]|au\s+plus|inférieure?s?\s+à|<)\s*$", re.IGNORECASE)
_NEAR = re.compile(r"(?:près\s+d[e'’]|environ|autour\s+de|quelque|presque|~|≈)\s*$", re.IGNORECASE)
_WORDED = re.compile(r"un quart|la moitié|un tiers|les trois quarts", re.IGNORECASE)
_GROUPS = r"\d+(?:[\s.]+\d{3}(?!\d))*"
# With a space after the comma too (« 0, 36 »), where that is not two numbers (« En 2018, 37 953 »).
_NUMBERS = [re.compile(rf"{_GROUPS}(?:[.,]\d+)?"), re.compile(rf"{_GROUPS}[.,]\s\d+")]
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass(frozen=True)
class Interval:
    """All the values a statement allows, both ends included. Arithmetic gives all the values of the result."""

    low: float
    high: float

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other: "Interval") -> "Interval":
        ends = [_product(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: "Interval") -> "Interval":
        if other.low <= 0 <= other.high:
            return Interval(-math.inf, math.inf)
        return self * Interval(1 / other.high, 1 / other.low)

    def meets(self, other: "Interval") -> bool:
        """Whether some value satisfies both; the width of a float is not a disagreement."""
        slack = 1e-9 * max([1.0, *(abs(end) for end in (*self.ends, *other.ends) if math.isfinite(end))])
        return self.low <= other.high + slack and other.low <= self.high + slack

    @property
    def ends(self) -> tuple[float, float]:
        return (self.low, self.high)


def exactly(value: float) -> Interval:
    return Interval(value, value)


def interval(value: float, as_published: str) -> Interval:
    """The values that `as_published` allows, in the unit of `value`.

    « 9,3 millions » read 9 300 000 allows ± 50 000. A figure written with an approximation (« près de 62 000 »)
    allows one unit of its last significant digit on each side. Without readable words, the value alone counts.
    """
    if value < 0:  # the words tell the size of a fall: « une baisse de plus de 5 % »
        fall = interval(-value, as_published)
        return Interval(-fall.high, -fall.low)
    step, before, after = _where(value, as_published)
    if _is_lower_bound(before, after):
        return Interval(value - step / 2, math.inf)
    if _UPPER.search(before):
        return Interval(-math.inf, value + step / 2)
    if _NEAR.search(before) or _WORDED.search(as_published):
        wide = max(step, _last_significant(value)) if step >= 1 else step
        return Interval(value - wide, value + wide)
    return Interval(value - step / 2, value + step / 2)


def qualifier(value: float, as_published: str) -> str:
    """« plus de », « moins de », « près de »: the word that must stay beside the number, else an empty text."""
    _, before, after = _where(value, as_published)
    if _is_lower_bound(before, after):
        return "plus de"
    if _UPPER.search(before):
        return "moins de"
    return "près de" if _NEAR.search(before) or _WORDED.search(as_published) else ""


def _is_lower_bound(before: str, after: str) -> bool:
    return bool(_LOWER.search(before) or _LOWER_AFTER.search(after))


def _where(value: float, as_published: str) -> tuple[float, str, str]:
    """The unit of the last digit written, in the unit of the value, and the words before and after the number."""
    value = abs(value)
    readings = []
    for match in chain.from_iterable(pattern.finditer(as_published) for pattern in _NUMBERS):
        number, digit = _read(match[0])
        scale = value / number if number else float(value == 0)
        if 0 < scale < math.inf and _is_power_of_ten(scale):
            readings.append((scale, digit * scale, match))
    # The value itself before the value in another unit: « moins de 100 salariés : 10 % » is not « moins de ».
    best = min(readings, key=lambda reading: not math.isclose(reading[0], 1), default=None)
    step, found = best[1:] if best else (_last_written(value), _WORDED.search(as_published))
    if not found:
        return step, as_published, ""
    return step, as_published[: found.start()], as_published[found.end() :]


def _read(text: str) -> tuple[float, float]:
    """Value and last digit of a number as a document writes it: « 18 640 567 », « 0, 36 », « 11. 600 »."""
    whole, comma, decimals = re.sub(r"\s", "", text).partition(",")
    head, dot, tail = whole.rpartition(".")
    if dot and not comma and len(tail) != 3:
        whole, decimals = head, tail
    return float(f"{whole.replace('.', '')}.{decimals or 0}"), 10.0 ** -len(decimals)


def _is_power_of_ten(scale: float) -> bool:
    exponent = math.log10(scale)
    return abs(exponent - round(exponent)) < 1e-6


def _last_written(value: float) -> float:
    """The last digit of a value nobody wrote down for us: whole numbers to the unit, others as they print."""
    decimals = f"{value:.6f}".rstrip("0").partition(".")[2]
    return 10.0 ** -len(decimals)


def _last_significant(value: float) -> float:
    """The power of ten of the last non-zero digit: 1 000 for 62 000, 1 for 205."""
    whole = round(abs(value))
    power = 1
    while whole and whole % (power * 10) == 0:
        power *= 10
    return float(power)


def _product(a: float, b: float) -> float:
    return 0.0 if 0.0 in (a, b) else a * b


def evaluate(expression: str, values: dict[str, Interval]) -> Interval:
    """The values an expression can take, given those of its names."""
    names = {f"v{i}": values[name] for i, name in enumerate(values)}
    by_length = sorted(enumerate(values), key=lambda item: -len(item[1]))
    for i, name in by_length:
        expression = re.sub(rf"(?<![a-z0-9_]){re.escape(name)}(?![A-Za-z0-9_\[@])", f"v{i}", expression)
    return _interval(ast.parse(expression, mode="eval").body, names)


def _interval(node: ast.AST, names: dict[str, Interval]) -> Interval:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_interval(node.left, names), _interval(node.right, names))
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.Constant):
        return exactly(float(str(node.value)))
    raise ValueError(ast.dump(node))
