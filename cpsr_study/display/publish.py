"""The blocks a notebook publishes: each is one display with a MIME bundle.

The report reads the ``application/vnd.cpsr.*`` payloads (and never the HTML); ``text/html`` is the same
block for whoever works in JupyterLab, ``text/plain`` for everyone else. Texts come from data: here they
are escaped, never interpreted. Nothing is computed in this module but the name of a file.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from IPython.display import display

HEADING = "application/vnd.cpsr.heading+json"
SENTENCE = "application/vnd.cpsr.sentence+json"
KEYFIGURES = "application/vnd.cpsr.keyfigures+json"
TABLE = "application/vnd.dataresource+json"
FIGURE = "image/svg+xml"

# kind of sentence -> (word said before it, colour of the rule on its left)
KINDS = {
    "reading": ("", "#0B5394"),
    "missing": ("Non renseigné", "#C55A11"),
    "caveat": ("Précaution", "#7A3E9D"),
}

_SMALL = "font-size:.9em;margin:.3em 0"
_LINK = "color:inherit;text-decoration:underline dotted"
_CARDS = "display:grid;grid-template-columns:repeat(auto-fill,minmax(12em,1fr));gap:.8em;margin:.8em 0"
_CARD = "border:1px solid #b8c4d0;border-top:4px solid #0B5394;padding:.6em .8em"

Part = str | Mapping[str, Any]


def heading(level: int, text: str, short: str = "") -> None:
    """Display a title of the given level (1 = chapter); ``short`` is the one printed in a report of many chapters."""
    if not 1 <= level <= 6:
        raise ValueError(f"Niveau de titre impossible : {level}.")
    _show(HEADING, {"level": level, "text": text, "short": short or text}, f"<h{level}>{escape(text)}</h{level}>", text)


def sentence(kind: str, parts: Iterable[Part]) -> None:
    """Display a sentence made of texts and of traced numbers (``{"text", "ref", "mark", "mark_ref"}``).

    ``kind`` is "reading" (what the data say), "missing" (what they do not) or "caveat".
    """
    if kind not in KINDS:
        raise ValueError(f"Genre de phrase inconnu : « {kind} ».")
    parts = list(parts)
    word, colour = KINDS[kind]
    lead = f"<strong>{word}. </strong>" if word else ""
    body = "".join(_part_html(part) for part in parts)
    style = f"border-left:4px solid {colour};padding:.2em .8em;margin:.6em 0;max-width:46em"
    plain = "".join(_part_text(part) for part in parts)
    _show(SENTENCE, {"kind": kind, "parts": parts}, f'<p style="{style}">{lead}{body}</p>', plain)


def keyfigures(items: Iterable[Mapping[str, Any]]) -> None:
    """Display key figures as cards: label, value, period, comparison, source."""
    items = list(items)
    cards = "".join(_card_html(item) for item in items)
    html = f'<div style="{_CARDS}">{cards}</div>'
    _show(KEYFIGURES, {"items": items}, html, "\n".join(_card_text(item) for item in items))


def table(payload: Mapping[str, Any]) -> None:
    """Display a table resource: plain data and, under ``cpsr``, its cells as they are to be printed."""
    columns, cells = payload["cpsr"]["columns"], payload["cpsr"]["cells"]
    head = "".join(_cell_html("th scope='col'", column, escape(column["title"])) for column in columns)
    body = "".join(f"<tr>{''.join(map(_body_cell, columns, row))}</tr>" for row in cells)
    below = [text for text in [*payload["cpsr"].get("notes", []), payload["cpsr"].get("source", "")] if text]
    caption = f"<caption style='text-align:left;font-weight:bold'>{escape(payload['title'])}</caption>"
    html = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{_lines(below)}"
    rows = [[column["title"] for column in columns], *[[_part_text(cell) for cell in row] for row in cells]]
    _show(TABLE, dict(payload), html, "\n".join([payload["title"], *("\t".join(row) for row in rows), *below]))


def figure(svg: str, meta: Mapping[str, Any]) -> None:
    """Display an SVG figure with its title, alternative text, reading note, source and data.

    Raises ValueError when the alternative text is empty or only repeats the title: such a figure
    would say nothing to a reader who does not see it.
    """
    alt, title = str(meta.get("alt") or "").strip(), str(meta.get("title") or "").strip()
    if not alt or alt == title:
        raise ValueError(f"La figure « {title} » n’a pas de texte alternatif.")
    image = f"data:{FIGURE};base64,{b64encode(svg.encode()).decode('ascii')}"
    below = [meta.get("reading", ""), *meta.get("notes", []), meta.get("source", "")]
    caption = f"<figcaption><strong>{escape(title)}</strong></figcaption>"
    html = (
        f'<figure style="max-width:700px;margin:1em 0">{caption}'
        f'<img alt="{escape(alt)}" src="{image}" style="width:100%">{_lines(below)}</figure>'
    )
    plain = "\n".join(text for text in [title, alt, *below] if text)
    _show(FIGURE, svg, html, plain, {FIGURE: dict(meta)})


def _show(mime: str, payload: Any, html: str, plain: str, metadata: dict[str, Any] | None = None) -> None:
    bundle = {mime: payload, "text/html": html, "text/plain": plain}
    display(bundle, metadata=metadata or {}, raw=True)


def _part_text(part: Part | None) -> str:
    if part is None or isinstance(part, str):
        return part or ""
    return f"{part.get('text', '')}{part.get('mark', '')}"


def _part_html(part: Part | None) -> str:
    """Return a text, or a traced number as a link to its line in the annex."""
    if part is None or isinstance(part, str):
        return escape(part or "")
    text, ref = escape(str(part.get("text", ""))), str(part.get("ref") or "")
    if ref:
        hint = escape(str(part.get("title") or ref))
        text = f'<a href="#obs-{escape(ref)}" title="{hint}" style="{_LINK}">{text}</a>'
    if part.get("mark"):
        mark = escape(str(part["mark"]))
        target = escape(str(part.get("mark_ref") or ""))
        text += f'<sup><a href="#{target}">{mark}</a></sup>' if target else f"<sup>{mark}</sup>"
    return text


def _card_html(item: Mapping[str, Any]) -> str:
    compare = f'<div style="{_SMALL}">{_part_html(item["compare"])}</div>' if item.get("compare") else ""
    small = " · ".join(escape(str(item[key])) for key in ("period", "source") if item.get(key))
    known = isinstance(item["value"], Mapping) and item["value"].get("ref")
    size = "1.5em" if known else "1em"
    return (
        f'<div style="{_CARD}"><div>{escape(item["label"])}</div>'
        f'<div style="font-size:{size};font-weight:bold">{_part_html(item["value"])}</div>'
        f'{compare}<div style="{_SMALL}">{small}</div></div>'
    )


def _card_text(item: Mapping[str, Any]) -> str:
    compare = f" ({_part_text(item['compare'])})" if item.get("compare") else ""
    return f"{item['label']}, {item.get('period', '')} : {_part_text(item['value'])}{compare}"


def _cell_html(tag: str, column: Mapping[str, Any], content: str) -> str:
    return f'<{tag} style="text-align:{escape(column.get("align", "left"))}">{content}</{tag.split()[0]}>'


def _body_cell(column: Mapping[str, Any], cell: Part) -> str:
    return _cell_html("th scope='row'" if column.get("header") else "td", column, _part_html(cell))


def _lines(texts: Iterable[str]) -> str:
    return "".join(f'<div style="{_SMALL}">{escape(text)}</div>' for text in texts if text)


def slug(text: str) -> str:
    """A file name made of the words of a title."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].rstrip("-")
