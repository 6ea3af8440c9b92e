"""Imported once by the server that chapters are forked from: everything a chapter needs, and one drawing."""

# ruff: noqa: E402, F401 (what is set first decides how the rest is imported; nothing of it is used here)

import gc
import os
import sys

# What is imported stays: looking again and again for what may be thrown away takes a seventh of the time.
gc.disable()

# As a kernel does, before matplotlib is first imported: a chapter that draws with pyplot keeps its figures.
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

# Libraries that others do without when they are not there: for jsonschema, a grammar of international addresses that it
# would compile for a second; for the kernel, a debugger; for seaborn, cumulative densities and trees of clusters.
ABSENT = ("rfc3987_syntax", "debugpy", "scipy")
for name in ABSENT:
    sys.modules[name] = None  # type: ignore[assignment]

import bdb  # the kernel imports these at its first cell

import IPython.core.logger
import jinja2.ext
import nbformat
import papermill
import typst
import xlsxwriter

from cpsr_study import Study, charts, overview, say, tables
from cpsr_study.display import contracts, numbers, style
from cpsr_study.report import document, engine, export, html, pdf

with style.drawing():
    # Fonts and the SVG writer load at the first drawing.
    style.svg(style.axes(1))

engine.kernel()  # each chapter has a copy of it

# French formats, templates, the letters of the PDF's fonts and the schema of notebooks are read at their first use.
numbers.number(1234.5)
numbers.day_text("2021-12-31")
html.exporter().warm("parts.html.j2")
pdf.exporter().warm()
pdf.drawn_characters()
pdf.letter_widths()
nbformat.validate(nbformat.v4.new_notebook())
for name in ABSENT:
    del sys.modules[name]
gc.enable()
