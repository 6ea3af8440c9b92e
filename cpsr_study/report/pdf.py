"""The report as an accessible PDF (PDF/UA-1), written by Typst inside this process: no LaTeX, no browser."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from traitlets import default

from cpsr_study.hidden import is_hidden
from cpsr_study.report.blocks import anchors_of, blocks_of
from cpsr_study.report.exporter import ReportExporter
from cpsr_study.report.safe import visible_everywhere
from cpsr_study.report.typst_markup import Code, Markdown, literal

LONGEST_WORD = 26  # letters that a column keeps together
BREAKABLE = 30  # letters from which a word may break anywhere, as in `etude`
LINE, INSETS = 459, 8  # points: the width of a table, what a cell leaves blank on both sides
FONTS = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")
# Absent from Source Sans Pro, but drawn by Typst's own fonts (or not drawn at all): hyphens and joiners.
ALSO_DRAWN = frozenset("\t\n\u00ad\u2011\u200b\u2060")


@cache
def font_files() -> list[Path]:
    """The TrueType files of Source Sans Pro that the report uses."""
    import font_source_sans_pro

    return [Path(font_source_sans_pro.font_directory) / f"SourceSansPro-{style}.ttf" for style in FONTS]


@cache
def drawn_characters() -> frozenset[str]:
    """The characters that the report's font can draw."""
    from fontTools.ttLib import TTFont

    with TTFont(font_files()[0], lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap())) | ALSO_DRAWN


@cache
def letter_widths() -> dict[str, float]:
    """The width of each letter of the semi-bold font, in em."""
    from fontTools.ttLib import TTFont

    with TTFont(font_files()[FONTS.index("Semibold")], lazy=True) as font:
        unit, widths = font["head"].unitsPerEm, font["hmtx"].metrics
        return {chr(code): widths[name][0] / unit for code, name in font.getBestCmap().items()}


@cache
def cannot_be_drawn(char: str) -> bool:
    """Whether a character must be named in the PDF: PDF/UA forbids a text that no font can draw."""
    return is_hidden(char) or char not in drawn_characters()


def day_of(text: str) -> date:
    """The day that a date means; a year or a month alone ("2021", "2021-12") is its first day."""
    return date.fromisoformat(text + "2021-01-01"[len(text) :])


def column_weights(columns: list[dict], rows: list[list[dict]]) -> list[float]:
    """Relative widths of the columns: what their texts need when all fits, else short ones first served.

    A column whose texts go on several lines keeps room for its longest word; the more it says, the wider it is.
    """
    texts = [[row[i]["text"] for row in rows if i < len(row)] or [""] for i in range(len(columns))]
    heads = [len(column["title"]) for column in columns]
    least = [
        min(LONGEST_WORD, max(len(word) for text in _texts(columns, rows, i) for word in text.split(" ")))
        for i in range(len(columns))
    ]
    whole = [max(*map(len, own), min(20, heads[i] / 2), least[i]) + 2.0 for i, own in enumerate(texts)]
    wordy = [(sum(map(len, own)) / len(own)) ** 0.5 for own in texts]
    room, cut = 112.0 if len(columns) > 4 else 100.0, list(range(len(columns)))  # letters a line holds
    while served := [i for i in cut if whole[i] <= room / len(cut)]:
        room -= sum(whole[i] for i in served)
        cut = [i for i in cut if i not in served]
    total = sum(wordy[i] for i in cut)
    for i in cut:
        whole[i] = max(least[i] + 2.0, room * wordy[i] / total)
    return [round(width, 1) for width in whole]


def is_narrow(columns: list[dict], rows: list[list[dict]], weights: list[float]) -> bool:
    """Whether a column cannot hold one of its words on a line, so that words must be cut."""
    size = 7 if len(columns) > 7 else 8 if len(columns) > 4 else 9  # points, as in `tableau`
    for i, weight in enumerate(weights):
        words = {word for text in _texts(columns, rows, i) for word in text.split(" ") if len(word) < BREAKABLE}
        widest = max(map(_ems, sorted(words, key=len)[-5:]), default=0)
        if widest * size + INSETS > weight / sum(weights) * LINE:
            return True
    return False


def _texts(columns: list[dict], rows: list[list[dict]], i: int) -> list[str]:
    """What a column says, its title included."""
    return [columns[i]["title"], *(row[i]["text"] for row in rows if i < len(row))]


def _ems(word: str) -> float:
    """The width of a word in semi-bold letters, in em."""
    return sum(letter_widths().get(char, 0.6) for char in word)


def is_short(rows: list[list[dict]]) -> bool:
    """Whether a table surely fits on one page, so that it need not be cut."""
    return len(rows) <= 12 and sum(len(cell["text"]) for row in rows for cell in row) < 1500


def level_of(tokens: list[dict]) -> int:
    """The level of the title that a Markdown text begins with, or 0; 1 if it holds the title of a chapter anywhere."""
    told = [token for token in tokens if token["type"] != "blank_line"]
    levels = [int(token["attrs"]["level"]) if token["type"] == "heading" else 0 for token in told]
    return 1 if 1 in levels else next(iter(levels), 0)


class ReportTypstExporter(ReportExporter):
    """nbconvert exporter ``cpsr-typst``: the merged report notebook to Typst source."""

    export_from_notebook = "Étude CPSR (Typst)"
    output_mimetype = "text/x-typst"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".typ"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "etude_typst"

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.finalize = literal  # whatever a template prints is a Typst literal
        return environment

    def from_notebook_node(self, nb: Any, resources: dict | None = None, **kw: Any) -> Any:
        """Typst source and nbconvert resources."""
        anchors = anchors_of(nb)
        blocks = blocks_of(nb, cannot_be_drawn)
        for block in blocks:
            if block["kind"] == "markdown":
                title = {"anchor": block["anchor"], "number": block["number"]}
                tokens = block.pop("tokens")
                block["level"] = level_of(tokens)
                block["content"] = Markdown(anchors, title).render(tokens)
            elif block["kind"] == "table":
                block["weights"] = column_weights(block["columns"], block["rows"])
                block["narrow"] = is_narrow(block["columns"], block["rows"], block["weights"])
                block["short"] = is_short(block["rows"])
        about = visible_everywhere(dict(nb["metadata"]["cpsr"]), cannot_be_drawn)
        day = day_of(about["date"])
        about["day"] = Code(f"datetime(year: {day.year}, month: {day.month}, day: {day.day})")
        return self.lay_out(about, blocks, resources, **kw)


@cache
def exporter() -> ReportTypstExporter:
    """The one of this process."""
    return ReportTypstExporter()


def compile_pdf(source: str, day: date) -> bytes:
    """PDF bytes of a Typst source, the same at each run; ``day`` is the date written in the file."""
    import typst

    stamp = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    # The package ships OpenType twins of its fonts, and Typst takes whichever the disk lists first: give it one.
    with tempfile.TemporaryDirectory() as folder:
        for file in font_files():
            shutil.copy(file, folder)
        compiler = typst.Compiler(font_paths=[folder], ignore_system_fonts=True)
        pdf: Any = compiler.compile(input=source.encode(), format="pdf", pdf_standards=["ua-1"], timestamp=stamp)
    return pdf


def render_pdf(nb: Any) -> bytes:
    """The merged notebook as a tagged PDF/UA-1 file.

    Raises ``ValueError`` if a figure has no alternative text, ``typst.TypstError`` if the PDF
    would break PDF/UA-1.
    """
    source, _ = exporter().from_notebook_node(nb)
    return compile_pdf(source, day_of(nb["metadata"]["cpsr"]["date"]))
