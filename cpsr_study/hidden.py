"""Characters that act on the text around them, or vanish: named wherever a text of others is shown."""

import unicodedata
from collections.abc import Callable
from functools import cache

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_ENDS = frozenset("\u2028\u2029")
SHOWN = 60  # characters a message repeats at most


@cache
def is_hidden(char: str) -> bool:
    """Whether a character would act on the text around it, or vanish, or is none."""
    code = ord(char)
    control = code < 0x20 or 0x7F <= code < 0xA0
    not_a_character = 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return char not in "\t\n" and (control or not_a_character or char in BIDI_CONTROLS or char in LINE_ENDS)


def named(text: str, hidden: Callable[[str], bool] = is_hidden) -> str:
    """Text in which the characters that cannot be shown are named, as in ``[U+202E]``."""
    if hidden is is_hidden and text.isprintable():  # nothing that is printable is hidden
        return text
    for char in sorted(filter(hidden, set(text))):
        text = text.replace(char, f"[U+{ord(char):04X}]")
    return text


def is_invisible(char: str) -> bool:
    """Whether a character has no sign of its own, ends of lines, joiners and soft hyphens among them."""
    return unicodedata.category(char)[0] == "C" or char in LINE_ENDS


def shown(text: object) -> str:
    """The text as a message may repeat it: short, on one line, what is invisible named."""
    told = named(str(text)[: SHOWN + 1], is_invisible)
    return told if len(told) <= SHOWN else told[: SHOWN - 1] + "…"
