"""Characters that act on the text around them or vanish are named, the same way wherever a text of others is shown."""

import sys

import pytest

from cpsr_study.display import style
from cpsr_study.hidden import SHOWN, is_hidden, is_invisible, named, shown

ACTING = {
    "right to left": "\u202e",
    "isolate": "\u2067",
    "arabic mark": "\u061c",
    "end of line": "\u2028",
    "end of paragraph": "\u2029",
    "escape": "\x1b",
    "null": "\0",
    "delete": "\x7f",
    "control of eight bits": "\x9b",
    "file separator": "\x1c",
    "half a pair": "\ud800",
    "no character": "\ufffe",
}
VANISHING = {"no width": "\u200b", "soft hyphen": "\u00ad", "joiner": "\u200d", "private": "\ue000", "mark": "\ufeff"}


@pytest.mark.parametrize("char", ACTING.values(), ids=ACTING)
def test_what_acts_is_named_everywhere(char: str) -> None:
    told = f"a[U+{ord(char):04X}]b"
    assert named(f"a{char}b") == shown(f"a{char}b") == style.wrap(f"a{char}b", 40) == told


@pytest.mark.parametrize("char", VANISHING.values(), ids=VANISHING)
def test_what_vanishes_is_left_in_a_text_and_named_in_a_message_and_a_drawing(char: str) -> None:
    told = f"a[U+{ord(char):04X}]b"
    assert named(f"a{char}b") == f"a{char}b"
    assert shown(f"a{char}b") == style.wrap(f"a{char}b", 40) == told


def test_a_message_is_short_and_on_one_line() -> None:
    assert shown("a\nb\tc") == "a[U+000A]b[U+0009]c"
    assert shown("a" * SHOWN) == "a" * SHOWN
    for long in ("a" * (SHOWN + 1), "a" * 10_000, "\u202e" * 10_000):
        assert len(shown(long)) == SHOWN and shown(long).endswith("…") and shown(long).isprintable()


def test_plain_text_stays_as_it_is() -> None:
    text = "Été à l’île d’Yeu : « 12\u202f000\u00a0€ » 数 \u00e9"
    assert named(text) == shown(text) == text


def test_what_acts_is_invisible_too() -> None:
    """Nothing that a text names is shown as it is by a message."""
    assert not [hex(code) for code in range(sys.maxunicode + 1) if is_hidden(chr(code)) and not is_invisible(chr(code))]


def test_nothing_printable_is_hidden() -> None:
    """A text that is printable is not looked through."""
    assert not [code for code in range(0x110000) if chr(code).isprintable() and is_hidden(chr(code))]
