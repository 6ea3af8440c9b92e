"""The merged report notebook as a list of blocks: what the HTML and the PDF renderers both read.

What must be the same in both outputs is decided here: which notebook outputs count, which references resolve,
how deep a heading is, how notes are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from cpsr_study.display.publish import FIGURE, HEADING, KEYFIGURES, SENTENCE, TABLE
from cpsr_study.hidden import is_hidden
from cpsr_study.report.safe import safe_file, visible_everywhere

TRACE = "application/vnd.cpsr.trace+json"

# How the renderers call each kind of output. Any other output (stream, bare HTML) is not part of the report.
KINDS = {
    HEADING: "heading",
    SENTENCE: "sentences",
    KEYFIGURES: "keyfigures",
    TABLE: "table",
    FIGURE: "figure",
    TRACE: "trace",
}


def obs_anchor(ref: str) -> str:
    """The anchor of an observation id in the annex (an anchor stays as it is)."""
    return ref if not ref or ref.startswith("obs-") else f"obs-{ref}"


def outputs(nb: Any) -> Iterator[tuple[dict, str, Any, dict]]:
    """Each published output: metadata of its cell, kind, payload, metadata of the output for that type."""
    for cell in nb["cells"]:
        for output in cell.get("outputs", []) if cell["cell_type"] == "code" else []:
            mime = next((m for m in KINDS if m in output.get("data", {})), None)
            if mime:
                about = output.get("metadata", {})
                yield (
                    cell["metadata"].get("cpsr", {}),
                    KINDS[mime],
                    output["data"][mime],
                    {
                        **about.get(mime, {}),
                        "cpsr": about.get("cpsr", {}),
                    },
                )


def anchors_of(nb: Any) -> set[str]:
    """Every anchor of the rendered report: headings, figures, tables, marked cells, annex rows."""
    found = {cell["metadata"].get("cpsr", {}).get("anchor", "") for cell in nb["cells"]}
    for _, kind, payload, about in outputs(nb):
        found.add(about["cpsr"].get("anchor", ""))
        if kind == "trace":
            found |= {obs_anchor(row["anchor"]) for row in payload["rows"]}
        if kind == "table":
            found |= {cell.get("anchor", "") for row in payload["cpsr"]["cells"] for cell in row}
    return found - {""}


def part(value: Any, anchors: set[str]) -> dict[str, str]:
    """A piece of a sentence or a table cell, with only the references that the report can honour."""
    piece = {"text": value} if isinstance(value, str) else dict(value or {})
    ref, mark_ref = obs_anchor(piece.get("ref") or ""), piece.get("mark_ref") or ""
    return {
        "text": str(piece.get("text", "")),
        "ref": ref if ref in anchors else "",
        "mark": piece.get("mark") or "",
        "mark_ref": next((a for a in (mark_ref, obs_anchor(mark_ref)) if a in anchors), ""),
        "anchor": piece.get("anchor") or "",
    }


def _amount(value: Any, anchors: set[str]) -> dict[str, str]:
    """The value of a card; a long unit is set apart from its number, to be printed smaller."""
    piece = part(value, anchors)
    number, _, unit = piece["text"].partition("\u00a0")
    return piece | ({"text": number, "unit": unit} if len(unit) > 4 else {"unit": ""})


def _key_figures(payload: dict, anchors: set[str]) -> list[dict]:
    return [
        {
            "label": item["label"],
            "value": _amount(item["value"], anchors),
            "period": item.get("period") or "",
            "compare": part(item["compare"], anchors) if item.get("compare") else None,
            "source": item.get("source") or "",
        }
        for item in payload["items"]
    ]


def _table(payload: dict, anchors: set[str]) -> dict:
    shown = payload["cpsr"]
    return {
        "title": payload.get("title", ""),
        "columns": [
            {"title": c["title"], "align": c.get("align", "left"), "header": bool(c.get("header"))}
            for c in shown["columns"]
        ],
        "rows": [[part(cell, anchors) for cell in row] for row in shown["cells"]],
        "notes": list(shown.get("notes") or []),
        "source": shown.get("source") or "",
    }


def _trace(payload: dict, anchors: set[str]) -> list[dict]:
    names = (
        "label",
        "geo",
        "period",
        "value",
        "as_published",
        "source",
        "locator",
        "status",
        "formula",
        "correction",
        "note",
    )
    return [
        {
            **{name: str(row.get(name) or "") for name in names},
            "anchor": obs_anchor(row["anchor"]),
            "inputs": [part(item, anchors) for item in row.get("inputs") or []],
        }
        for row in payload["rows"]
    ]


def _figure(svg: Any, about: dict) -> dict:
    if not str(about.get("alt", "")).strip():
        raise ValueError(f"Figure sans texte de remplacement : « {about.get('title', '')} ».")
    texts = {name: about.get(name) or "" for name in ("title", "alt", "source", "reading")}
    return {
        **texts,
        "notes": list(about.get("notes") or []),
        "svg": svg if isinstance(svg, str) else "".join(svg),
    }


class Headings:
    """Keeps the outline of the report without holes, whatever the levels written in the notebooks."""

    def __init__(self) -> None:
        self.last = 0

    def level(self, wanted: int) -> int:
        """The level to use (1 = chapter): never more than one step below the heading before."""
        self.last = max(1, min(wanted, self.last + 1))
        return self.last


def _markdown(source: str, headings: Headings, first_note: int) -> tuple[list[dict], int]:
    """The tokens of a Markdown text, and how many footnotes it has (numbered through the report)."""
    from mistune import create_markdown

    parse: Any = create_markdown(renderer="ast", plugins=["table", "footnotes"])
    tokens: list[dict] = parse(source)
    notes, titles = 0, {id(token) for token in tokens}
    for token in _walk(tokens):
        if token["type"] == "heading" and not _words(token).strip():
            token.clear()
            token["type"] = "blank_line"  # an empty heading is an error for both outputs
        elif token["type"] == "heading" and id(token) not in titles:  # in a list or a quotation, it is none
            words = token["children"]
            token.clear()
            token |= {"type": "paragraph", "children": [{"type": "strong", "children": words}]}
        elif token["type"] == "heading":
            token["attrs"]["level"] = headings.level(max(2, token["attrs"]["level"]))
        elif token["type"] in ("footnote_ref", "footnote_item"):
            token["attrs"]["index"] += first_note
            notes += token["type"] == "footnote_item"
    return tokens, notes


def _words(token: dict) -> str:
    return token.get("raw", "") + "".join(_words(child) for child in token.get("children", []))


def _walk(tokens: list[dict]) -> Iterator[dict]:
    for token in tokens:
        yield token
        yield from _walk(token.get("children", []))


def blocks_of(nb: Any, hidden: Callable[[str], bool] = is_hidden) -> list[dict]:
    """The blocks of the report in reading order; characters for which ``hidden`` is true are named.

    Each is a dictionary with ``kind`` (heading, markdown, sentences, keyfigures, table, figure or trace) and what
    that kind needs. Neighbouring sentences of one tone make one block; what is missing is said once a section.
    """
    anchors, headings, notes, found = anchors_of(nb), Headings(), 0, []
    said: list[Any] = []
    for cell in nb["cells"]:
        about = cell["metadata"].get("cpsr", {})
        place = {"anchor": about.get("anchor", ""), "number": str(about.get("number", ""))}
        if cell["cell_type"] == "markdown":
            tokens, count = _markdown(cell["source"], headings, notes)
            notes += count
            said.clear()
            found.append({"kind": "markdown", **place, "tokens": tokens})
        else:
            for _, kind, payload, meta in outputs({"cells": [cell]}):
                block = _block(kind, payload, meta, place, anchors, headings)
                if block.get("tone") == "missing":
                    if block["sentences"] in said:
                        continue
                    said.append(block["sentences"])
                if kind == "sentences" and found and found[-1].get("tone") == block["tone"]:
                    found[-1]["sentences"] += block["sentences"]
                else:
                    found.append(block)
    return visible_everywhere(found, hidden)


def _block(kind: str, payload: Any, meta: dict, place: dict, anchors: set[str], headings: Headings) -> dict:
    own, file = meta["cpsr"], safe_file(meta["cpsr"].get("file", ""))
    numbered = {
        "anchor": own.get("anchor", ""),
        "number": str(own.get("number", "")),
        "csv": str(PurePosixPath(file).with_suffix(".csv")) if file else "",
        "image": str(PurePosixPath(file).with_suffix(".svg")) if file and kind == "figure" else "",
    }
    if kind == "heading":
        return {
            "kind": kind,
            **place,
            "level": headings.level(int(payload["level"])),
            "text": payload["text"],
        }
    if kind == "sentences":
        return {
            "kind": kind,
            "tone": payload["kind"],
            "sentences": [[part(p, anchors) for p in payload["parts"]]],
        }
    if kind == "keyfigures":
        return {"kind": kind, "items": _key_figures(payload, anchors)}
    if kind == "table":
        return {"kind": kind, **numbered, **_table(payload, anchors)}
    if kind == "figure":
        return {"kind": kind, **numbered, **_figure(payload, meta)}
    return {"kind": kind, "rows": _trace(payload, anchors)}
