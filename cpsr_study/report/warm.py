"""Imported once by the server that chapters are forked from: everything a chapter needs, and one drawing."""

# ruff: noqa: E402 (what is set first decides how the rest is imported)

import os
import sys

# As a kernel does, before matplotlib is first imported: a chapter that draws with pyplot keeps its figures.
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

# A debugger is imported with the kernel, and would warn of what it cannot do.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

# jsonschema, which nbformat imports, would compile for a second a grammar of internationalised addresses that no
# notebook needs; it does without when it is not there.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

import ipykernel.debugger  # the kernel, and what it imports only when one starts
import ipykernel.inprocess.ipkernel
import ipykernel.inprocess.manager  # noqa: F401
import nbformat
import papermill  # noqa: F401
import typst  # noqa: F401
import xlsxwriter  # noqa: F401

from cpsr_study import Study, charts, overview, say, tables  # noqa: F401
from cpsr_study.display import style
from cpsr_study.report import document, export, html, pdf  # noqa: F401

with style.drawing():
    # Fonts and the SVG writer load at the first drawing.
    style.svg(style.axes(1))

# The schema of notebooks is compiled at the first one that is checked.
nbformat.validate(nbformat.v4.new_notebook())
del sys.modules["rfc3987_syntax"]
