"""What the tests read in a PDF: bookmarks, structure, words, links."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pypdf import PageObject
from pypdf.generic import ContentStream, FloatObject, NumberObject


def titles(outline: list) -> list[str]:
    """The bookmarks, in order."""
    return [title for item in outline for title in (titles(item) if isinstance(item, list) else [item["/Title"]])]


def elements(node, found: list) -> list:
    """Every structure element below a node of the structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            elements(child, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append(node)
        if "/K" in node:
            elements(node["/K"], found)
    return found


def compact(text: str) -> str:
    """Text without what line breaking may add or take away."""
    return re.sub(r"[\s\u00ad\u200b\u2010-]", "", text)


class Run(NamedTuple):
    """Some text on a page, in points: where it begins and ends, and its baseline from the foot of the page."""

    left: float
    right: float
    base: float


def runs(page: PageObject) -> list[Run]:
    """Where each piece of text is, from the widths of its own font: those of a PDF by Typst, whose fonts are CID."""
    fonts = {name: _widths(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    matrix, kept, widths, size, found = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), [], {}, 0.0, []
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        if operator == b"q":
            kept.append(matrix)
        elif operator == b"Q":
            matrix = kept.pop()
        elif operator == b"cm":
            matrix = _product([float(each) for each in operands], matrix)
        elif operator == b"Tf":
            widths, size = fonts[operands[0]], float(operands[1])
        elif operator == b"Tm":
            text = _product([float(each) for each in operands], matrix)
        elif operator == b"TJ":
            units = sum(-float(each) if isinstance(each, FloatObject | NumberObject) else _width(each, widths)
                        for each in operands[0])  # fmt: skip
            found.append(Run(text[4], text[4] + units * size / 1000 * text[0], text[5]))
    return found


def _product(first: Sequence[float], then: Sequence[float]) -> tuple[float, ...]:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _width(text: object, widths: dict[int, float]) -> float:
    raw = text.original_bytes
    return sum(widths.get(int.from_bytes(raw[at : at + 2], "big"), widths[-1]) for at in range(0, len(raw), 2))


def _widths(font: Mapping) -> dict[int, float]:
    """The width of each glyph, in thousandths; -1 for those that are not listed."""
    inner = font["/DescendantFonts"][0].get_object()
    found, listed = {-1: float(inner.get("/DW", 1000))}, list(inner["/W"].get_object())
    while listed:
        first, second = listed.pop(0), listed.pop(0)
        if isinstance(second, list):
            found |= {first + rank: float(width) for rank, width in enumerate(second)}
        else:
            found |= dict.fromkeys(range(first, second + 1), float(listed.pop(0)))
    return found
