"""How every figure looks: one font, four colours that colour-blind readers tell apart, quiet axes.

Figures are ``matplotlib.figure.Figure`` objects outside pyplot, so that nothing leaks from one to the
next, and come out as the same SVG bytes each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from pathlib import Path
from re import sub
from textwrap import fill
from typing import Any
from warnings import catch_warnings, filterwarnings

import font_source_sans_pro
import seaborn as sns
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cpsr_study import hidden

PALETTE = ["#0B5394", "#C55A11", "#2E7D5B", "#7A3E9D"]
HATCHES = ["", "////", "....", "xxxx"]
MARKERS = ["o", "s", "^", "D"]
INK, GREY, PALE, GRID = "#1A1A1A", "#595959", "#8393A7", "#D9DEE4"
WIDTH = 6.3  # inches, the text width of an A4 page
SIZE, SMALL = 10.5, 9.5
BOLD = "bold"
_KEY_COLUMNS = 2

_RC: dict[Any, Any] = {
    "font.family": ["Source Sans Pro", "DejaVu Sans"],  # the second one for letters the first lacks
    "font.size": SIZE,
    "axes.labelsize": SMALL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SIZE,
    "legend.fontsize": SIZE,
    "text.color": INK,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.9,
    # A label is a text and may hold a dollar: it is never a formula.
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "cpsr-study",
}


@cache
def _load_fonts() -> None:
    folder = Path(font_source_sans_pro.font_directory)
    for face in ("Regular", "Semibold", "Bold"):
        font_manager.fontManager.addfont(folder / f"SourceSansPro-{face}.ttf")


@contextmanager
def drawing() -> Iterator[None]:
    """Give the style of the study to what is drawn inside, and nothing to the rest of the notebook."""
    _load_fonts()
    with rc_context(), sns.axes_style("ticks"), rc_context(_RC), catch_warnings():
        # A letter that no font holds is drawn as a box: a warning in the report would say no more.
        filterwarnings("ignore", message="Glyph .* missing")
        yield


def axes(height: float) -> Axes:
    """Return the axes of a new figure of the page's width and ``height`` inches."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasSVG(figure)
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.06, h_pad=0.06)
    ax = figure.subplots()
    sns.despine(ax=ax)
    return ax


def page(ax: Axes) -> Any:
    """Return the figure that holds the axes."""
    return ax.get_figure(root=True)


def placed(ax: Axes) -> Any:
    """Return the figure that holds the axes, once all that it holds by now has its place."""
    figure = page(ax)
    figure.get_layout_engine().execute(figure)
    return figure


def svg(ax: Axes) -> str:
    """Return the figure as SVG, without date, version or address, so that two runs give the same bytes."""
    out = StringIO()
    nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
    # Placed once: with an engine of its own, a figure is drawn a first time to place what it holds, then a second.
    figure = placed(ax)
    figure.set_layout_engine(None)
    figure.savefig(out, format="svg", metadata=nothing)
    plain = sub(r"<!DOCTYPE[^>]*>\s*", "", out.getvalue(), count=1)
    # A hundredth of a point is finer than any printer: the rest of the decimals only weighs. So does a line a segment,
    # forty thousand of them in a chapter's notebook.
    return sub(r' d="[^"]*"', lambda path: sub(r"(?<=\.\d\d)\d+", "", path[0]).replace("\n", ""), plain)


def wrap(text: object, width: int, lines: int = 3) -> str:
    """Return a label cut into lines of ``width`` characters, ended by « … » beyond ``lines`` lines.

    Cuts fall on ordinary spaces only: no-break ones hold a number and its unit together.
    """
    clean = hidden.named(str(text), lambda char: char not in "\t\n" and hidden.is_invisible(char))
    return fill(clean, width, max_lines=lines, placeholder=" …", break_on_hyphens=False)


def legend_height(labels: list[str]) -> float:
    """Return the room, in inches, that the key takes above the axes."""
    rows = -(-len(labels) // _KEY_COLUMNS)
    return 0.12 + 0.19 * rows * max(label.count("\n") + 1 for label in labels)


def legend(ax: Axes, labels: list[str], handles: list[Any]) -> None:
    """Draw the key above the axes, on the left, where it cannot cover the data."""
    # A leading underscore would make matplotlib hide the entry.
    names = [f"\u00a0{text}" if text.startswith("_") else text for text in labels]
    page(ax).legend(
        handles,
        names,
        loc="outside upper left",
        ncols=_KEY_COLUMNS,
        frameon=False,
        handlelength=1.6,
        handleheight=0.9,
        columnspacing=1.6,
        borderaxespad=0.1,
        labelspacing=0.4,
    )


def swatch(rank: int) -> Patch:
    """Return the sample of the series of that rank, for the key of a bar chart."""
    return Patch(**look(rank))


def look(rank: int, firm: bool = True) -> dict[str, Any]:
    """Return colour and hatching of the bars of a series; not ``firm`` (forecast, estimate) = hollow."""
    colour = PALETTE[rank % len(PALETTE)]
    if not firm:
        return {"facecolor": "white", "edgecolor": colour, "linestyle": "--", "linewidth": 1.2}
    hatch = HATCHES[rank % len(HATCHES)]
    return {"facecolor": colour, "edgecolor": "white", "hatch": hatch, "linewidth": 0}
