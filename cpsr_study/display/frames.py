"""What every chart does before and after drawing: take in observations, give the figure its texts, publish it."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeAlias

import pandas as pd
from matplotlib.axes import Axes

from cpsr_study.display import alt, drawn, publish, say, style
from cpsr_study.display.drawn import Drawing, Made
from cpsr_study.display.numbers import NBSP, Units, is_known, join_fr, period_text
from cpsr_study.selection import Selection

UNSURE = {"F", "E", "P"}  # forecast, estimated, provisional: drawn hollow
_LABELS = {"category_label": alt.TOTAL} | dict.fromkeys(["geo_label", "indicator_label", "source_label"], "")
_SAME = ["indicator", "geo", "time_period", "category"]
REFERENCES = {"FR", "FRMET"}
_NOTE = "…"  # where the note of a figure goes
Notes = list[str]
Data: TypeAlias = pd.DataFrame | Selection


class NothingToDrawError(ValueError):
    """No value is known of what the figure would show."""


def chart(draw: Callable[..., Made]) -> Callable[..., None]:
    """Let a chart take a frame or a ``Selection``, name it after its title, and publish what it draws.

    When nothing is known, the figure of a selection becomes the sentence that says so; a plain frame
    raises NothingToDrawError.
    """

    @wraps(draw)
    def published(data: Data, title: str, *, name: str = "", note: str = "", **options: Any) -> None:
        options = {key: _frame(value) for key, value in options.items()}
        if isinstance(data, Selection) and _lacks(data):
            note = " ".join(filter(None, [note, data.missing.sentence()]))
        # A note names the area where a drawing of the whole country does not: it is written after, in its own place.
        place = _NOTE if note else ""
        try:
            made = drawn.made(draw, _frame(data), title, name=name or publish.slug(title), note=place, **options)
        except NothingToDrawError:
            if not isinstance(data, Selection):
                raise
            say.missing([data.missing])
        else:
            _publish(made, note)

    return published


def _publish(made: Made, note: str) -> None:
    if isinstance(made, str):
        publish.sentence("reading", [made])
    else:
        notes = [note if text == _NOTE else text for text in made.meta["notes"]]
        publish.figure(made.svg, made.meta | {"notes": notes})


def _lacks(data: Selection) -> bool:
    """Return whether the area asked for is absent from what is drawn, which shows it or its like."""
    geo, shown = data.missing.geo, set(data.frame.get("geo", []))
    return bool(shown) and geo not in shown and {code[:3] for code in shown - REFERENCES} <= {geo[:3]}


def _frame(value: Any) -> Any:
    return value.frame if isinstance(value, Selection) else value


def ready(frame: pd.DataFrame, keys: list[str], units: Units | None) -> tuple[pd.DataFrame, Notes, Units]:
    """Return the observations to draw (one for each value of ``keys``), what to note, and the units.

    When several statements of one quantity are known, the one marked ``headline`` is drawn, else the
    latest published; the note says so. The units are those given, else those in the frame's ``attrs``.
    Adds the column ``period``. Raises NothingToDrawError when nothing is known, ValueError when units are
    mixed or when two different quantities would fall on the same place (the caller forgot a series).
    """
    frame, secrets = _without_secrets(frame)
    if frame.empty or not frame["value"].map(is_known).any():
        raise NothingToDrawError("Rien à dessiner : aucune valeur connue.")
    if frame["unit"].nunique() > 1:
        names = join_fr(sorted(frame["unit"].unique()))
        raise ValueError(f"Unités différentes sur une même figure : {names}.")
    units = units if units is not None else frame.attrs.get("units", {})
    frame = frame.reset_index(drop=True).assign(period=list(frame["time_period"].map(period_text)))
    frame = frame.assign(**{name: _filled(frame, name, default) for name, default in _LABELS.items()})
    best = frame.assign(_first=frame["headline"].astype(bool) if "headline" in frame else False)
    best = best.sort_values(["_first", "published"], ascending=False, kind="stable")
    chosen = frame.loc[best.drop_duplicates(keys).index.sort_values()]
    others = frame.drop(chosen.index)
    if others.empty:
        return frame.reset_index(drop=True), secrets, units
    if frame.groupby(keys)[_SAME].nunique(dropna=False).to_numpy().max() > 1:
        raise ValueError(f"Plusieurs observations différentes pour une même place ({', '.join(keys)}).")
    places = dict.fromkeys(" ".join(filter(None, row)) for row in others[_place(keys)].astype(str).to_numpy())
    note = f"Plusieurs valeurs sont publiées pour {join_fr(places)}{NBSP}: une seule est représentée."
    return chosen.reset_index(drop=True), [note, *secrets], units


def _without_secrets(frame: pd.DataFrame) -> tuple[pd.DataFrame, Notes]:
    """Return what may be drawn, and the note that says what is hidden by confidentiality."""
    hidden = frame[frame["status"] == "S"] if "status" in frame else frame.iloc[:0]
    if hidden.empty:
        return frame, []
    named = hidden["category_label"] if "category_label" in hidden else hidden["indicator"]
    labels = [label for label in dict.fromkeys(named) if label]
    told = f"{NBSP}: {join_fr(labels)}" if labels else ""
    return frame.drop(hidden.index), [f"Non représenté par secret statistique{told}."]


def series_names(frame: pd.DataFrame, series: str) -> list[str]:
    """Return the series in the order of the frame, those of France last: they are what one compares with."""
    known = frame.drop_duplicates(series)
    return list(known.loc[known["geo"].isin(REFERENCES).sort_values(kind="stable").index, series])


def finish(ax: Axes, shown: list[pd.DataFrame], units: Units, **told: Any) -> Drawing:
    """The figure with its texts (see `texts`) and the numbers of all the frames it shows."""
    return Drawing(style.svg(ax), texts(shown, units, **told))


def texts(
    shown: list[pd.DataFrame],
    units: Units,
    *,
    title: str,
    name: str,
    description: str,
    example: object = None,
    reading: str = "",
    rank: str = "",
    notes: Iterable[str] = (),
) -> dict[str, Any]:
    """What is said of a figure, and the numbers that it shows."""
    return {
        "name": name,
        "title": title,
        "alt": description,
        "source": alt.source(shown),
        "reading": alt.reading(example, units, reading, rank) if example is not None else "",
        "notes": [note for note in notes if note],
        "data": alt.data(pd.concat(shown, ignore_index=True)),
    }


def _filled(frame: pd.DataFrame, name: str, default: str) -> pd.Series:
    if name not in frame:
        return pd.Series(default, index=frame.index)
    return frame[name].fillna("").astype(str).replace("", default)


def _place(keys: list[str]) -> list[str]:
    readable = {"geo": "geo_label", "time_period": "period"}
    return [readable.get(key, key) for key in keys]
