"""Python values and Markdown to Typst source, through one escaper: no text is ever read as Typst code."""

from __future__ import annotations

from typing import Any

from cpsr_study.hidden import named
from cpsr_study.report.safe import safe_link


class Code(str):
    """Typst source made by this module; any other text becomes a string literal."""

    __slots__ = ()


def string(text: str) -> str:
    """A Typst string literal that reads back as this very text (a lone surrogate, unknown to Typst, is named)."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")  # a drawing has thousands of lines
    if not text.replace("\u00a0", "").replace("\u202f", "").isprintable():
        text = named(text, _is_surrogate)
        for char in sorted(filter(_is_escaped, set(text))):
            text = text.replace(char, f"\\u{{{ord(char):x}}}")
    return f'"{text}"'


def _is_surrogate(char: str) -> bool:
    return 0xD800 <= ord(char) <= 0xDFFF


def _is_escaped(char: str) -> bool:
    return not char.isprintable() and char not in "\u00a0\u202f"


def literal(value: Any) -> str:
    """A Typst literal for a JSON-like value: dictionaries, arrays, strings, numbers, booleans, none.

    Raises ``TypeError`` for anything else.
    """
    if isinstance(value, Code):
        return value
    if isinstance(value, str):
        return string(value)
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value) if value >= 0 else f"({value!r})"
    if isinstance(value, dict):
        return (
            "("
            + "".join(f"{string(str(key))}: {literal(item)}, " for key, item in value.items())
            + (":" * (not value))
            + ")"
        )
    if isinstance(value, list | tuple):
        return "(" + "".join(f"{literal(item)}, " for item in value) + ")"
    raise TypeError(f"No Typst literal for {type(value).__name__}")


class Markdown:
    """Turns the Markdown tokens of mistune into Typst markup; ``anchors`` are the labels of the document."""

    def __init__(self, anchors: set[str], title: dict[str, str] | None = None) -> None:
        self.anchors, self.title = anchors, dict(title or {})
        self.notes: dict[int, list[dict]] = {}

    def render(self, tokens: list[dict]) -> Code:
        """Typst content, brackets included."""
        for token in tokens:
            if token["type"] == "footnotes":
                self.notes = {item["attrs"]["index"]: item["children"] for item in token["children"]}
        return self.content(tokens)

    def content(self, tokens: list[dict]) -> Code:
        """A content block for these tokens."""
        return Code("[" + "".join(self.one(token) for token in tokens) + "]")

    def one(self, token: dict) -> str:
        """Markup of one token; a kind that has no method of its own gives its children or its text."""
        method = getattr(self, "_" + token["type"], None)
        if method:
            return str(method(token))
        if "children" in token:
            return "".join(self.one(child) for child in token["children"])
        return self._text(token)

    def _call(self, function: str, token: dict) -> str:
        return f"#{function}{self.content(token['children'])};"

    def _text(self, token: dict) -> str:
        return f"#{string(token.get('raw', ''))};"

    def _softbreak(self, token: dict) -> str:
        return ' #" ";'

    def _linebreak(self, token: dict) -> str:
        return "#linebreak();"

    def _blank_line(self, token: dict) -> str:
        return ""

    def _thematic_break(self, token: dict) -> str:
        return "#line(length: 100%, stroke: 0.5pt);"

    def _emphasis(self, token: dict) -> str:
        return self._call("emph", token)

    def _strong(self, token: dict) -> str:
        return self._call("strong", token)

    def _paragraph(self, token: dict) -> str:
        return self._call("par", token)

    def _block_html(self, token: dict) -> str:
        return f"#par[#{string(token['raw'].strip())}];"

    def _block_quote(self, token: dict) -> str:
        return f"#quote(block: true){self.content(token['children'])};"

    def _codespan(self, token: dict) -> str:
        return f"#raw({string(token['raw'])});"

    def _block_code(self, token: dict) -> str:
        return f"#raw({string(token['raw'])}, block: true);"

    def _heading(self, token: dict) -> str:
        place = literal(
            {
                "level": token["attrs"]["level"],
                "anchor": self.title.pop("anchor", ""),
                "number": self.title.pop("number", ""),
            }
        )
        return f"#titre({place}, {self.content(token['children'])});"

    def _link(self, token: dict) -> str:
        url = safe_link(token["attrs"]["url"], self.anchors)
        if not url:
            return "".join(self.one(child) for child in token["children"])
        target = f"label({string(url[1:])})" if url.startswith("#") else string(url)
        return f"#lien({target}, {self.content(token['children'])});"

    def _list(self, token: dict) -> str:
        items = ", ".join(self.content(item["children"]) for item in token["children"])
        start = int(token["attrs"].get("start") or 1)
        return f"#enum(start: {start}, {items});" if token["attrs"]["ordered"] else f"#list({items});"

    def _footnote_ref(self, token: dict) -> str:
        paragraphs = self.notes.get(token["attrs"]["index"], [])
        texts = [self.content(p["children"]) if p["type"] == "paragraph" else self.content([p]) for p in paragraphs]
        return f"#footnote({'+parbreak()+'.join(texts) or '[]'});"

    def _footnotes(self, token: dict) -> str:
        return ""

    def _table(self, token: dict) -> str:
        head, *bodies = token["children"]
        sides = [cell["attrs"].get("align") or "left" for cell in head["children"]]
        titles = [self.content(cell["children"]) for cell in head["children"]]
        rows = [[self.content(cell["children"]) for cell in row["children"]] for b in bodies for row in b["children"]]
        return f"#grille({literal(sides)}, {literal(titles)}, {literal(rows)});"
