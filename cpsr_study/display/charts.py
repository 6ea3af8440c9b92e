"""Charts of observations: bars, time series, rankings and, in ``choropleth``, maps.

Each function takes observations of one unit (a ``Selection`` or its frame), draws, and publishes one SVG
figure with its alternative text, its reading note, its source and its numbers; it returns nothing and
writes no file. A selection where nothing is known becomes the sentence that says so; such a frame raises
ValueError. Labels are data, drawn literally.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from cpsr_study.display import alt
from cpsr_study.display.choropleth import choropleth
from cpsr_study.display.curves import lines
from cpsr_study.display.drawn import Drawing
from cpsr_study.display.frames import REFERENCES, UNSURE, Data, NothingToDrawError, chart, finish, ready, series_names
from cpsr_study.display.numbers import MISSING, Units, is_known, status_text
from cpsr_study.display.style import (
    BOLD,
    GREY,
    INK,
    PALE,
    SMALL,
    axes,
    drawing,
    legend,
    legend_height,
    look,
    swatch,
    wrap,
)

__all__ = ["bars", "choropleth", "lines", "pairs", "ranking"]

MOST_BARS = 20
MANY = 9


@chart
def bars(
    frame: pd.DataFrame,
    title: str,
    *,
    name: str = "",
    by: str = "category_label",
    series: str | None = None,
    sort: bool = True,
    note: str = "",
    reading: str = "",
    units: Units | None = None,
) -> Drawing:
    """Publish horizontal bars, one for each value of the column ``by``, side by side for each ``series``.

    ``sort`` puts the largest of the first series on top; else categories follow their rank, when they
    have one, and anything else the order of the frame.
    """
    by = "period" if by == "period_label" else by  # a forecast is said beside its value
    frame, notes, units = ready(frame, [by, series] if series else [by], units)
    if not sort and by == "category_label" and "category_rank" in frame:
        frame = frame.sort_values("category_rank", kind="stable")
    when = "" if by == "period" else alt.period_note(frame, series)
    names = series_names(frame, series) if series else [""]
    first = frame[frame[series] == names[0]] if series else frame
    ordered = first.sort_values("value", ascending=False, kind="stable") if sort else first
    order = list(dict.fromkeys([*ordered[by], *frame[by]]))
    head = 0.2 * alt.has_long_unit(frame, units)
    labels, keys = _wrapped(order), [wrap(label, 40) for label in names]
    with drawing():
        bar = 0.25 if len(order) <= MANY else 0.19  # many categories hold on the page that opens their chapter
        row = max(bar * len(names) + 0.1, 0.19 * max(label.count("\n") + 1 for label in labels) + 0.1, 0.34)
        ax = axes(row * len(order) + 0.2 + head + (legend_height(keys) if series else 0))
        step = 0.82 / len(names) if series else 0.62
        alike = len(frame) > 1 and frame["status"].nunique() == 1  # a note then says it once for all
        for item in frame.itertuples(index=False):
            rank = names.index(getattr(item, series)) if series else 0
            place = order.index(getattr(item, by)) + (rank - (len(names) - 1) / 2) * step
            _bar(ax, place, step * 0.9, item, look(rank, item.status not in UNSURE), units, said=alike)
        _bare(ax, labels, frame, units)
        if series:
            legend(ax, keys, [swatch(rank) for rank in range(len(names))])
        return finish(
            ax, [frame], units, title=title, name=name, example=_largest(first), reading=reading,
            description=alt.describe_bars(_as_drawn(frame, by, order), title, by, series, units),
            notes=[note, when, *notes, *alt.status_notes(frame, by)],
        )  # fmt: skip


def pairs(data: Data, title: str, *, name: str = "", note: str = "", units: Units | None = None) -> None:
    """Publish a few indicators of one unit for a territory and its reference, side by side."""
    pair = {"by": "indicator_label", "series": "geo_label"}
    bars(data, title, name=name, **pair, sort=False, note=note, units=units)


@chart
def ranking(
    frame: pd.DataFrame,
    title: str,
    *,
    highlight: str,
    name: str = "",
    note: str = "",
    reading: str = "",
    units: Units | None = None,
) -> Drawing:
    """Publish one bar per area, largest on top; the area coded ``highlight`` stands out with its rank.

    France, when given, has its hatched bar and no rank. Beyond 20 areas the two ends and the highlighted
    one are drawn; the numbers given with the figure stay complete.
    """
    frame, notes, units = ready(frame, ["geo"], units)
    frame = frame[frame["value"].map(is_known)]
    reference = frame[frame["geo"].isin(REFERENCES - {highlight})]
    ranked = frame.drop(reference.index).sort_values("value", ascending=False, kind="stable")
    if ranked.empty:
        raise NothingToDrawError("Rien à classer : aucun territoire.")
    ranks = ranked["value"].rank(method="min", ascending=False).astype(int)
    ranked = ranked.assign(rank=ranks, line=range(len(ranked)))
    ends = _ends(ranked, highlight)
    shown = pd.concat([ends, reference]).sort_values("value", ascending=False, kind="stable")
    chosen = ranked["geo"] == highlight
    labels = [
        f"{wrap(row.geo_label, 34)} ({alt.rank_text(int(row.rank), len(ranked))})" if row.geo == highlight
        else wrap(row.geo_label, 34) for row in shown.itertuples()
    ]  # fmt: skip
    with drawing():
        # Areas left out leave a gap, so that the drawn ones do not look like neighbours.
        gaps = shown["line"].ffill().fillna(-1).diff().fillna(0) > 1
        places = [rank + 0.6 * gap for rank, gap in enumerate(gaps.cumsum())]
        ax = axes(0.2 * (places[-1] + 1) + 0.25 + 0.2 * alt.has_long_unit(frame, units))
        for place, item in zip(places, shown.itertuples(index=False), strict=True):
            main = item.geo == highlight
            aside = item.geo in REFERENCES and not main
            paint = look(int(aside), item.status not in UNSURE) if main or aside else {"facecolor": PALE}
            _bar(ax, place, 0.72, item, paint, units, bold=main)
        _bare(ax, labels, frame, units, places)
        for label, geo in zip(ax.get_yticklabels(), shown["geo"], strict=True):
            label.set_fontweight(BOLD if geo == highlight else "normal")
        if not chosen.any() and highlight not in REFERENCES and not note:
            notes.append("Le territoire étudié n’a pas de valeur connue.")
        if len(ends) < len(ranked):
            notes.append(f"{len(ends)} territoires sur {len(ranked)} sont représentés : les premiers, "
                         "les derniers et celui de l’étude.")  # fmt: skip
        example = _largest(ranked[chosen] if chosen.any() else ranked)
        return finish(
            ax, [ranked, reference], units, title=title, name=name, example=example, reading=reading,
            rank=alt.rank_text(int(example["rank"]), len(ranked)),
            description=alt.describe_ranking(ranked, title, highlight, reference, units),
            notes=[note, alt.period_note(frame), *notes, *alt.status_notes(shown, "geo_label")],
        )  # fmt: skip


def _bar(
    ax: Axes, place: float, height: float, item: Any, paint: dict[str, Any], units: Units, *,
    bold: bool = False, said: bool = False,
) -> None:  # fmt: skip
    """Draw one bar with its value, and its status unless ``said``, beyond its end; an unknown value is said."""
    known = is_known(item.value)
    text = alt.label(item, units) if known else MISSING
    if known and not said and (word := status_text(item.status)):
        text += f" ({word})"
    value = item.value if known else 0
    ax.barh(place, value, height, **paint)
    ax.annotate(
        text, (value, place), xytext=(-4 if value < 0 else 4, 0), textcoords="offset points",
        ha="right" if value < 0 else "left", va="center_baseline", color=INK if known else GREY,
        weight=BOLD if bold else "normal", annotation_clip=False,
    )  # fmt: skip


def _bare(
    ax: Axes, labels: list[str], frame: pd.DataFrame, units: Units, places: Sequence[float] | None = None
) -> None:
    """Leave only what is read: the labels, the bars and the zero line; values stand beside the bars."""
    if alt.has_long_unit(frame, units):
        ax.set_title(alt.scale_head(frame, units)[1], loc="left", fontsize=SMALL, color=GREY)
    values = frame["value"]
    places = places or range(len(labels))
    ax.set_yticks(places, labels)
    ax.set_ylim(places[-1] + 0.55, -0.55)
    low, high = min(0, values.min()), max(0, values.max())
    # Values below zero are written on the left of their bars: room must be kept before the labels.
    ax.set_xlim(low - (0.15 * (high - low) if low else 0), high or None)
    for label in ax.get_yticklabels():
        label.set_multialignment("right")
    ax.tick_params(left=False, bottom=False, labelbottom=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.axvline(0, color=GREY, linewidth=1)


def _ends(ranked: pd.DataFrame, highlight: str) -> pd.DataFrame:
    """Return at most 20 areas: all, or the first, the last and the highlighted one."""
    if len(ranked) <= MOST_BARS:
        return ranked
    half = (MOST_BARS - 1) // 2
    ends = (ranked["line"] < half) | (ranked["line"] >= len(ranked) - half)
    return ranked[ends | (ranked["geo"] == highlight)]


def _wrapped(labels: list[str]) -> list[str]:
    """Return the labels of bars on two lines at most, if a wider room can do it: one tall label spaces all bars."""
    narrow = [wrap(label, 32) for label in labels]
    return [wrap(label, 42) for label in labels] if any(label.count("\n") > 1 for label in narrow) else narrow


def _largest(frame: pd.DataFrame) -> Any:
    """Return the observation with the largest value, None when there is none."""
    known = frame[frame["value"].map(is_known)]
    return None if known.empty else known.loc[known["value"].idxmax()]


def _as_drawn(frame: pd.DataFrame, by: str, order: list[str]) -> pd.DataFrame:
    return frame.assign(_place=frame[by].map(order.index)).sort_values("_place", kind="stable")
