"""Imported once by the server that chapters are forked from: everything a chapter needs, and one drawing."""

import os

# As a kernel does, before matplotlib is first imported: a chapter that draws with pyplot keeps its figures.
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

import ipykernel.inprocess.manager  # noqa: F401
import papermill  # noqa: F401

from cpsr_study import Study, charts, overview, say, tables  # noqa: F401
from cpsr_study.display import style

with style.drawing():
    # Fonts and the SVG writer load at the first drawing.
    style.svg(style.axes(1))
