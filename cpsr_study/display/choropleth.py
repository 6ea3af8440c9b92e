"""Map of the départements in a few classes, with the areas of the study outlined or zoomed on."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor, log10
from re import DOTALL, compile
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from cpsr_study.display import alt, drawn
from cpsr_study.display.drawn import Drawing
from cpsr_study.display.frames import NothingToDrawError, chart, ready, texts
from cpsr_study.display.numbers import MISSING, Units, is_known, number
from cpsr_study.display.style import BOLD, GREY, INK, SMALL, axes, drawing, page, svg, wrap

Ring = Sequence[tuple[float, float]]
Outlines = Mapping[str, Sequence[Ring]]
_CLASSES = 5
_HEIGHT = 3.7  # inches at most
_ROUND = ("1", "2", "2.5", "5")  # what the width of a class may begin with
SHADES = ["#DFEAF4", "#7BAAD3", "#0B5394", "#062B50"]
_THIN, _THICK = (2.2, 0.8), (3.7, 2.1)  # points: the white below an outline, the outline
_OUTLINE = compile(r'<g id="contour-(\w+)">.*?</g>\s*', DOTALL)
_UNKNOWN: dict[str, Any] = {"facecolor": "#F2F2F2", "edgecolor": "#8C8C8C", "hatch": "//////"}


@chart
def choropleth(
    frame: pd.DataFrame,
    title: str,
    *,
    outlines: Outlines,
    name: str = "",
    highlight: Collection[str] = (),
    zoom: Collection[str] | None = None,
    note: str = "",
    reading: str = "",
    units: Units | None = None,
) -> Drawing:
    """Publish a map of départements (``DEP-14``) shaded in at most five classes with round bounds.

    ``outlines`` gives the rings of each INSEE code, y pointing down. The areas of ``highlight`` get a
    thick outline; ``zoom`` crops the map on its areas and writes their names and values. An area
    without value is hatched and said.
    """
    frame, notes, units = ready(frame, ["geo"], units)
    frame = frame[frame["value"].map(is_known)]
    placed = frame["geo"].map(lambda geo: _code(geo) in outlines)
    if aside := alt.listed(frame[~placed], "geo_label", units):
        notes.append(f"Hors de la carte : {aside}.")
    frame = frame[placed]
    if frame.empty:
        raise NothingToDrawError("Rien à cartographier : aucun département connu.")
    marked, near = {_code(geo) for geo in highlight}, {_code(geo) for geo in zoom or ()} & set(outlines)
    outlined = sorted((marked | near) & set(outlines))
    if len(outlined) == len(outlines):  # around each area of the country, they would only hide the small ones
        outlined = []
    plain = drawn.made(_map, frame, units, outlines=outlines, near=sorted(near), outlined=outlined)
    study = set(highlight) & set(frame["geo"]) or set(zoom or ())
    meta = texts(
        [frame], units, title=title, name=name, example=_example(frame, study), reading=reading,
        description=alt.describe_map(frame, title, len(outlines), study, units),
        notes=[note, alt.period_note(frame), *notes, *alt.status_notes(frame, "geo_label")],
    )  # fmt: skip
    return Drawing(_marked(plain, marked), meta)


def _map(frame: pd.DataFrame, units: Units, *, outlines: Outlines, near: list[str], outlined: list[str]) -> str:
    """The map itself, no area thicker than another: the same for all the territories of a région."""
    values = dict(zip(frame["geo"].map(_code), frame["value"], strict=True))
    bounds = class_bounds(list(values.values()))
    colours = sns.blend_palette(SHADES, len(bounds) + 1)
    with drawing():
        ax = _map_axes(*_view([outlines[code] for code in near or sorted(outlines)], 0.12 if near else 0.01))
        for code, rings in outlines.items():
            if not _in_view(ax, rings):
                continue
            paint = _UNKNOWN
            if code in values:
                paint = {"facecolor": colours[_class(values[code], bounds)], "edgecolor": "white"}
            _draw(ax, rings, **paint, linewidth=0.6)
        for code in outlined:
            halo, width = _THIN
            _draw(ax, outlines[code], gid=f"contour-{code}", facecolor="none", edgecolor=INK, linewidth=width,
                  path_effects=[withStroke(linewidth=halo, foreground="white")], zorder=3)  # fmt: skip
        if near:
            _label(ax, frame[frame["geo"].map(_code).isin(near)], outlines, units)
        missing = set(near or outlines) - set(values)
        _classes(ax, bounds, colours, alt.scale_head(frame, units), bool(missing))
        return svg(ax)


def _marked(plain: str, codes: set[str]) -> str:
    """The map with the outlines of these areas thick, above those of their neighbours."""
    found = list(_OUTLINE.finditer(plain))
    if not found:
        return plain
    thin = [each[0] for each in found if each[1] not in codes]
    thick = [_thick(each[0]) for each in found if each[1] in codes]
    return plain[: found[0].start()] + "".join(thin + thick) + plain[found[-1].end() :]


def _thick(outline: str) -> str:
    for old, new in zip(_THIN, _THICK, strict=True):
        outline = outline.replace(f"stroke-width: {old}", f"stroke-width: {new}")
    return outline


def class_bounds(values: Sequence[float]) -> list[float]:
    """Return the round values that part ``values`` in at most five classes of one width.

    The first and the last class are open: a few far values would else put all others in one colour.
    """
    spread = pd.Series(values, dtype=float)
    low, high = spread.quantile(0.05), spread.quantile(0.95)
    if low == high:  # most areas alike: only the few others can make classes
        low, high = spread.min(), spread.max()
    if low == high:
        return []
    power = floor(log10(high - low))
    widths = (Decimal(base) * Decimal(10) ** (power + extra) for extra in (-1, 0, 1) for base in _ROUND)
    for width in widths:
        first = ceil(Decimal(str(low)) / width)
        bounds = [float(width * rank) for rank in range(first, int(Decimal(str(high)) // width) + 1)]
        if len(bounds) < _CLASSES:
            return bounds
    return []


def _code(geo: str) -> str:
    return geo.removeprefix("DEP-")


def _class(value: float, bounds: Sequence[float]) -> int:
    return sum(value >= bound for bound in bounds)


def _draw(ax: Axes, rings: Sequence[Ring], **paint: object) -> None:
    path = Path.make_compound_path(*(Path([*ring, ring[0]], closed=True) for ring in rings))
    ax.add_artist(PathPatch(path, **paint))  # add_patch would stretch the axes, whose limits are known


def _view(areas: Sequence[Sequence[Ring]], margin: float) -> tuple[float, float, float, float]:
    """Return left, right, top and bottom of the areas, with a margin."""
    xs, ys = zip(*(point for rings in areas for ring in rings for point in ring), strict=True)
    pad = margin * max(max(xs) - min(xs), max(ys) - min(ys))
    return min(xs) - pad, max(xs) + pad, min(ys) - pad, max(ys) + pad


def _map_axes(left: float, right: float, top: float, bottom: float) -> Axes:
    """Return axes of a height that suits what they show; y points down, as in the outlines."""
    ax = axes(min(_HEIGHT, max(_HEIGHT / 2, _HEIGHT * (bottom - top) / (right - left))))
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def _in_view(ax: Axes, rings: Sequence[Ring]) -> bool:
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    xs, ys = zip(*(point for ring in rings for point in ring), strict=True)
    return max(xs) > left and min(xs) < right and max(ys) > top and min(ys) < bottom


def _label(ax: Axes, frame: pd.DataFrame, outlines: Outlines, units: Units) -> None:
    """Write name and value in each area, the code for the name where it is narrow, nothing if none fits."""
    page(ax).draw_without_rendering()
    taken: list[Any] = []
    sized = sorted(frame.itertuples(index=False), key=lambda row: -_width(outlines[_code(row.geo)]))
    for row in sized:
        value, code = alt.label(row, units), _code(row.geo)
        left, right = ax.transData.transform([(0, 0), (_width(outlines[code]), 0)])[:, 0]
        for words in (f"{wrap(row.geo_label, 18)}\n{value}", f"{code}\n{value}", code):
            text = ax.text(
                *_centre(outlines[code]), words, ha="center", va="center", fontsize=SMALL,
                weight=BOLD, linespacing=1.05, zorder=5,
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )  # fmt: skip
            text.set_in_layout(False)
            box = text.get_window_extent()
            if box.width <= 1.1 * (right - left) and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()


def _main(rings: Sequence[Ring]) -> Ring:
    return max(rings, key=len)


def _width(rings: Sequence[Ring]) -> float:
    xs = [x for x, _ in _main(rings)]
    return max(xs) - min(xs)


def _centre(rings: Sequence[Ring]) -> tuple[float, float]:
    """Return the centre of gravity of the main ring."""
    ring = _main(rings)
    turns = [(a[0] * b[1] - b[0] * a[1], a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    area = sum(turn for turn, *_ in turns) or 1.0
    x = sum(turn * (a[0] + b[0]) for turn, a, b in turns) / (3 * area)
    y = sum(turn * (a[1] + b[1]) for turn, a, b in turns) / (3 * area)
    return x, y


def _classes(ax: Axes, bounds: Sequence[float], colours: Sequence, head: tuple[int, str], missing: bool) -> None:
    """Draw the key: one line a class, the unit as its title."""
    divisor, unit = head
    told = [number(bound / divisor) for bound in bounds]
    texts = [f"{low} à moins de {high}" for low, high in pairwise(told)]
    texts = [f"moins de {told[0]}", *texts, f"{told[-1]} et plus"] if told else ["même valeur"]
    handles = [Patch(facecolor=colour, edgecolor=GREY, linewidth=0.5) for colour in colours]
    if missing:
        texts, handles = [*texts, MISSING], [*handles, Patch(**_UNKNOWN, linewidth=0.5)]
    page(ax).legend(
        handles, texts, title=unit, loc="outside right center", frameon=False, handleheight=1.2,
        handlelength=1.8, alignment="left", title_fontsize=SMALL, labelspacing=0.35,
    )  # fmt: skip


def _example(frame: pd.DataFrame, study: Collection[str]) -> pd.Series:
    own = frame[frame["geo"].isin(set(study))]
    pool = own if len(own) else frame
    return pool.loc[pool["value"].idxmax()]
