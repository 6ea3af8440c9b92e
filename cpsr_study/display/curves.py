"""Time series: curves named at their ends, honest about forecasts and about missing years."""

from itertools import pairwise
from math import floor
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cpsr_study.display import alt
from cpsr_study.display.drawn import Made
from cpsr_study.display.frames import UNSURE, Notes, chart, finish, ready, series_names
from cpsr_study.display.numbers import NBSP, Units, is_known, number, period_text, status_text
from cpsr_study.display.style import GREY, INK, MARKERS, PALE, PALETTE, SIZE, SMALL, axes, drawing, placed, wrap

_HEIGHT = 2.8
_TARGET = (0, (7, 2, 1, 2))
_ROOM = 300  # points of width for the labels of all values
# Where the last value of a curve is (x, y), what its label says and in which colour.
End = tuple[float, float, str, str]


@chart
def lines(
    frame: pd.DataFrame,
    title: str,
    *,
    name: str = "",
    series: str = "geo_label",
    target: pd.DataFrame | None = None,
    note: str = "",
    reading: str = "",
    units: Units | None = None,
) -> Made:
    """Publish a time series, one curve for each value of ``series``, named at its end.

    Forecasts, estimates and provisional values are hollow with a dashed link; years without value are
    crossed by a dotted link; nothing links the two sides of a declared break, which has its vertical mark.
    ``target`` is a frame of one observation, drawn as a horizontal line. One period alone is said, not drawn.
    """
    frame, notes, units = ready(frame, [series, "time_period"], units)
    frame = frame[frame["value"].map(is_known)].sort_values("time_period", kind="stable")
    frame = frame.assign(x=frame["time_period"].map(_year))
    names = series_names(frame, series)
    if frame["x"].nunique() < 2:
        when = frame["period"].iloc[0]
        return f"{title} : une seule période est connue ({when}), l’évolution ne se montre pas."
    curves = [frame[frame[series] == who] for who in names]
    step = _step(frame)
    goals = pd.DataFrame() if target is None or target.empty else ready(target, ["indicator", "time_period"], units)[0]
    with drawing():
        ax = axes(_HEIGHT)
        for rank, part in enumerate(curves):
            _curve(ax, part, rank, step)
            _mark_breaks(ax, part, step)
        ends = [_end(part.iloc[-1], who, rank, frame["x"].max(), units)
                for rank, (who, part) in enumerate(zip(names, curves, strict=True))]  # fmt: skip
        for goal in goals.itertuples(index=False):
            ax.axhline(goal.value, color=INK, linestyle=_TARGET, linewidth=1.1)
            text = f"{wrap(goal.indicator_label, 60, 1)}{NBSP}: {alt.text(goal, units, long=False)}"
            ends.append((frame["x"].max(), goal.value, text, INK))
        _frame_axes(ax, frame, units, notes)
        if len(curves) == 1:
            _label_points(ax, frame, units)
        _label_ends(ax, ends)
        if any((part["x"].diff() > step * 1.01).any() for part in curves):
            notes.append("En pointillé : périodes sans valeur connue.")
        aims = " ".join(f"{goal.indicator_label} : {alt.text(goal, units)}." for goal in goals.itertuples())
        return finish(
            ax, [frame, goals] if aims else [frame], units, title=title, name=name,
            example=curves[0].iloc[-1], reading=reading,
            description=alt.describe_lines(frame, title, series, aims, units),
            notes=[note, *notes, *alt.break_notes(frame, [series]), *alt.status_notes(frame, "period")],
        )  # fmt: skip


def _mark_breaks(ax: Axes, part: pd.DataFrame, step: float) -> None:
    """A vertical mark just before the period of each break, also where the values beside it are not known."""
    points = list(part.itertuples(index=False))
    for before, after in pairwise(points):
        for each in _between(before, after):
            first = floor(_year(each.period) / step + 1e-6) * step  # the first period that it changes
            place = max(first, before.x + step) - step / 2
            ax.axvline(place, color=GREY, linestyle=(0, (1, 2)), linewidth=1.2, zorder=2)
            ax.annotate(f"Rupture, {period_text(each.period)}", (place, 1), xycoords=("data", "axes fraction"),
                        xytext=(3, -2), textcoords="offset points", va="top", fontsize=SMALL, color=GREY)  # fmt: skip


def _between(before: Any, after: Any) -> list[Any]:
    """The declared breaks between two points of one series."""
    declared = getattr(before, "breaks", ())
    return [each for each in declared if each.parts(before.time_period, after.time_period)]


def _year(period: Any) -> float:
    """Return a period as a number of years: 2020 and 2020-04 become 2020 and 2020.25."""
    year, _, month = str(period).partition("-")
    return int(year) + (int(month) - 1) / 12 if month else int(year)


def _step(frame: pd.DataFrame) -> float:
    """Return the usual distance between two periods: a year, or less when the data are finer."""
    gaps = frame["x"].drop_duplicates().diff().dropna()
    return min(1.0, gaps.min()) if len(gaps) else 1.0


def _curve(ax: Axes, part: pd.DataFrame, rank: int, step: float) -> None:
    """Draw one curve, link by link, for each link says what it is worth."""
    colour, marker = PALETTE[rank % len(PALETTE)], MARKERS[rank % len(MARKERS)]
    points = list(part.itertuples(index=False))
    for before, after in pairwise(points):
        style, width = ("--", 1.8) if {before.status, after.status} & UNSURE else ("-", 2.2)
        if _between(before, after):
            continue
        if after.x - before.x > step * 1.01:
            style, width = ":", 1.4
        link = [before.x, after.x], [before.value, after.value]
        ax.plot(*link, style, color=colour, linewidth=width, zorder=3)
    for point in points:
        fill = "white" if point.status in UNSURE else colour
        ax.plot(point.x, point.value, marker, markersize=6, color=colour, markerfacecolor=fill,
                markeredgewidth=1.4, zorder=4, clip_on=False)  # fmt: skip


def _end(last: Any, who: str, rank: int, latest: float, units: Units) -> End:
    about = [last.period] if last.x < latest else []
    if word := status_text(last.status):
        about.append(word)
    # The name may be cut, the value never.
    text = f"{wrap(who, 42, 1)}{NBSP}: {alt.text(last, units, long=False)}"
    told = f"{text} ({', '.join(about)})" if about else text
    return last.x, last.value, told, PALETTE[rank % len(PALETTE)]


def _frame_axes(ax: Axes, frame: pd.DataFrame, units: Units, notes: Notes) -> None:
    """Set the scales: whole years below, French numbers on the left, the unit above them."""
    ax.grid(axis="y")
    low, high = ax.get_ylim()
    # Only shares may be looked at closely: a cut axis would make amounts and counts seem to soar.
    close = str(frame["unit"].iloc[0]).startswith("%") and frame["value"].min() > 0.5 * high and len(frame) > 1
    if frame["value"].min() >= 0 and not close:
        ax.set_ylim(0, high)
    elif low > 0:
        notes.append("L’échelle verticale ne commence pas à zéro.")
    first, last = frame["x"].min(), frame["x"].max()
    ax.set_xlim(first - 0.03 * (last - first + 1), last + 0.03 * (last - first + 1))
    most = 11 if last - first <= 11 else 8
    ax.xaxis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0f}" if x == int(x) else ""))
    divisor, unit = alt.scale_head(frame, units)
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: number(round(y / divisor, 9))))
    ax.tick_params(axis="y", length=0, labelsize=SMALL, labelcolor=GREY)
    ax.spines["left"].set_visible(False)
    ax.set_title(unit, loc="left", fontsize=SMALL, color=GREY)


def _label_points(ax: Axes, frame: pd.DataFrame, units: Units) -> None:
    """Write the values of a short series, each on the side where the curve does not pass."""
    values, points = list(frame["value"]), list(frame.itertuples(index=False))
    texts = [alt.label(point, units) for point in points[:-1]]
    tightest = frame["x"].diff().min() / max(1, frame["x"].max() - frame["x"].min()) * _ROOM
    if max(map(len, texts), default=0) * SMALL * 0.55 > tightest:
        return
    bottom, top = ax.get_ylim()
    room = 0.12 * (top - bottom)  # for the labels above the curve, and below it unless the axis starts from zero
    ax.set_ylim(bottom - room if bottom else 0, max(top, max(values) + room))
    for place, point in enumerate(points[:-1]):
        around = values[max(place - 1, 0) : place + 2]
        above = point.value >= sum(around) / len(around)
        ax.annotate(
            texts[place], (point.x, point.value), xytext=(0, 7 if above else -7), textcoords="offset points",
            ha="center" if place else "left", va="bottom" if above else "top", fontsize=SMALL,
            path_effects=[withStroke(linewidth=2, foreground="white")], zorder=5,
        )  # fmt: skip


def _label_ends(ax: Axes, ends: list[End]) -> None:
    """Name the curves on the right, moved apart where they end close together, with a link to their end."""
    figure = placed(ax)
    box, (bottom, top) = ax.get_window_extent(), ax.get_ylim()
    per_point = (top - bottom) / (box.height * 72 / figure.dpi)
    texts = [wrap(text, 24, 4) for *_, text, _ in ends]
    heights = [((text.count("\n") + 1) * 1.2 + 0.3) * SIZE * per_point for text in texts]
    places = _apart([end[1] for end in ends], heights, bottom, top + SIZE * per_point)
    right = ax.get_xlim()[1]
    for (x, y, _, colour), text, place in zip(ends, texts, places, strict=True):
        ax.annotate(text, (right, place), xytext=(10, 0), textcoords="offset points", va="center",
                    color=colour, annotation_clip=False, linespacing=1.1)  # fmt: skip
        if abs(place - y) > SIZE / 2 * per_point or x < right - 0.5:
            ax.annotate("", (x, y), xytext=(right, place), annotation_clip=False,
                        arrowprops={"arrowstyle": "-", "color": PALE, "linewidth": 0.8, "shrinkA": 0,
                                    "shrinkB": 6}, zorder=1)  # fmt: skip


def _apart(wanted: list[float], heights: list[float], bottom: float, top: float) -> list[float]:
    """Return places near those ``wanted`` where labels of these ``heights`` do not overlap."""
    order = sorted(range(len(wanted)), key=lambda rank: wanted[rank])
    places = list(wanted)
    floor = bottom
    for rank in order:
        places[rank] = max(wanted[rank], floor + heights[rank] / 2)
        floor = places[rank] + heights[rank] / 2
    ceiling = max(top, bottom + sum(heights))
    for rank in reversed(order):
        places[rank] = min(places[rank], ceiling - heights[rank] / 2)
        ceiling = places[rank] - heights[rank] / 2
    return places
