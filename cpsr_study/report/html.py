"""The report as one web page: accessible, without script, without any request to the outside."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape
from mistune import HTMLRenderer, create_markdown
from mistune.core import BlockState
from traitlets import default

from cpsr_study.report.blocks import anchors_of, blocks_of
from cpsr_study.report.exporter import ReportExporter
from cpsr_study.report.safe import safe_link, visible_everywhere


class ReportMarkdown(HTMLRenderer):
    """Markdown to HTML: raw HTML is shown as text, no image is loaded, only safe links are links."""

    def __init__(self, anchors: set[str], title: dict[str, str]) -> None:
        super().__init__(escape=True)
        self.anchors, self.title = anchors, dict(title)

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        """A section of the notebooks (level 2) is an h3 of the page; the first one carries the number."""
        anchor, number = self.title.pop("anchor", ""), self.title.pop("number", "")
        mark = f'<span class="no">{escape(number)}</span> ' if number else ""
        place = f' id="{escape(anchor)}"' if anchor else ""
        tag = f"h{min(level + 1, 6)}"
        return f"<{tag}{place}>{mark}{text}</{tag}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """A link if it is safe, else its text alone."""
        good = safe_link(url, self.anchors)
        return f'<a href="{escape(good)}">{text}</a>' if good else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """The words of an image: figures are published by the package, never loaded from Markdown."""
        return text

    def inline_html(self, html: str) -> str:
        """Raw HTML, readable and without effect."""
        return str(escape(html))

    def block_html(self, html: str) -> str:
        """Raw HTML, readable and without effect."""
        return f"<p>{escape(html.strip())}</p>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        """A block of code, without a language class: nothing colours it."""
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def table(self, text: str) -> str:
        """A table written in Markdown, in a box that scrolls by itself on a narrow screen."""
        box = '<div class="scroll" role="region" aria-label="Tableau" tabindex="0">'
        return f"{box}<table>{text}</table></div>\n"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """A cell; those of the first row are the headers of their columns."""
        side = ' class="num"' if align == "right" else ""
        return f'<th scope="col"{side}>{text}</th>' if head else f"<td{side}>{text}</td>"

    def footnote_ref(self, key: str, index: int) -> str:
        """The call of a note (notes are numbered through the report)."""
        return f'<sup id="appel-{index}"><a href="#note-{index}" aria-label="Note {index}">{index}</a></sup>'

    def footnotes(self, text: str) -> str:
        """The notes of a cell, under it."""
        return f'<div class="footnotes">{text}</div>\n'

    def footnote_item(self, text: str, key: str, index: int) -> str:
        """A note with the way back to its call."""
        back = f'<a href="#appel-{index}" aria-label="Retour à l’appel de note {index}">{index}</a>'
        return f'<div class="footnote" id="note-{index}"><span>{back}.</span><div>{text}</div></div>\n'


def markdown_html(block: dict, anchors: set[str]) -> Markup:
    """HTML of a Markdown block (see ``blocks_of``)."""
    renderer = ReportMarkdown(anchors, {"anchor": block["anchor"], "number": block["number"]})
    create_markdown(renderer=renderer, plugins=["table", "footnotes"])  # the plugins give the renderer their parts
    return Markup(renderer(block["tokens"], BlockState()))


def data_uri(svg: str) -> str:
    """A drawing carried by the page itself. In an ``img`` no script of an SVG runs and nothing is fetched."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode("ascii")


class ReportHTMLExporter(ReportExporter):
    """nbconvert exporter ``cpsr-html``: the merged report notebook to one HTML file."""

    export_from_notebook = "Étude CPSR (HTML)"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "etude"

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.autoescape = True  # every text of the data is escaped unless it is explicitly markup
        return environment

    def from_notebook_node(self, nb: Any, resources: dict | None = None, **kw: Any) -> Any:
        """HTML text and nbconvert resources."""
        anchors = anchors_of(nb)
        blocks = blocks_of(nb)
        for block in blocks:
            if block["kind"] == "markdown":
                block["content"] = markdown_html(block, anchors)
            elif block["kind"] == "figure":
                block["address"] = data_uri(block["svg"])
        return self.lay_out(visible_everywhere(dict(nb["metadata"]["cpsr"])), blocks, resources, **kw)


@cache
def exporter() -> ReportHTMLExporter:
    """The one of this process."""
    return ReportHTMLExporter()


def render_html(nb: Any) -> str:
    """The merged notebook as one self-contained HTML page.

    Raises ``ValueError`` if a figure has no alternative text.
    """
    return exporter().from_notebook_node(nb)[0]
