"""Tables of traced numbers, published with their plain data so that no reader has to copy a picture."""

from collections.abc import Iterable

import pandas as pd

from cpsr_study import comparison
from cpsr_study.area_names import key
from cpsr_study.display import alt, cells, compared, numbers, publish, say
from cpsr_study.selection import Missing, Observation, Selection, as_observation, one_row_a_period
from cpsr_study.study import Figure, Study


def compare(
    study: Study, indicators: list[str | tuple[str, str]], title: str, *, alone: bool = False, note: str = ""
) -> None:
    """Indicators in rows; the territory and, unless `alone`, the area compared with in columns, with their periods."""
    rows, sources, absent, geos = [], [], [], study.geos[:1] if alone else study.geos
    for item in indicators:
        name, category = (item, "") if isinstance(item, str) else item
        found = [study.latest(name, category)] if alone else study.pair(name, category)
        known = [each for each in found if isinstance(each, Observation)]
        without_object = [isinstance(each, Missing) and study.is_without_object(each) for each in found]
        absent += [
            each for each, idle in zip(found, without_object, strict=True) if isinstance(each, Missing) and not idle
        ]
        sources += [each.source_label for each in known]
        label = ", ".join(filter(None, [study.registry[name].label, known[0].category_label if known else ""]))
        own = [cells.NOTHING if idle else cells.number(each) for each, idle in zip(found, without_object, strict=True)]
        rows.append(
            [cells.text(label), *(cell for pair in zip(own, map(cells.period, found), strict=True) for cell in pair)]
        )
    if not sources:  # nothing to compare: one sentence rather than a table of absences
        say.missing([each for each in absent if each.geo == geos[0]])
        return
    areas = [area for code in geos for area in (study.territories.get(code).name, "Période")]
    cells.put(title, ["Indicateur", *areas], rows, notes=[note, *say.expected(absent)], sources=sources)


def cross(
    selection: Selection,
    title: str,
    *,
    rows: str = "category_label",
    columns: str = "geo_label",
    head: str = "",
    order: str = "",
    about: dict[str, str] | None = None,
    note: str = "",
) -> None:
    """One observation a cell: `rows` and `columns` are columns of the labelled frame, `order` sorts the rows.

    `about` adds columns of text after the row's name: column of the frame -> heading.
    """
    if selection.empty:
        say.missing([selection.missing])
        return
    frame = selection.frame.sort_values(order, kind="stable") if order else selection.frame
    if rows == "period_label":
        frame = frame.assign(**one_row_a_period(frame))
    names, across = list(dict.fromkeys(frame[rows])), list(dict.fromkeys(frame[columns]))
    filled = {(row[rows], row[columns]): cells.number(as_observation(row)) for _, row in frame.iterrows()}
    texts = {row[rows]: [cells.text(row[column]) for column in about or {}] for _, row in frame.iterrows()}
    body = [
        [cells.text(name), *texts[name], *(filled.get((name, column), cells.NOTHING) for column in across)]
        for name in names
    ]
    heads = [
        head or HEADS.get(rows, ""),
        *(about or {}).values(),
        *(name if rows == "period_label" else _column_title(frame, columns, name) for name in across),
    ]
    breaks = alt.break_notes(frame, ["geo", "indicator", "category"])
    cells.put(title, heads, body, notes=[note, selection.note, *breaks], sources=list(frame["source_label"]))


def areas(study: Study, figures: list[Figure], title: str, *, note: str = "") -> None:
    """The départements around in rows, the figures in columns, each at its latest period."""
    known = study.areas(figures, study.around)
    names = [row.indicator_label if not row.category else f"{row.indicator_label}, {row.category_label}"
             for row in known.frame.itertuples(index=False)]  # fmt: skip
    shown = Selection(known.frame.assign(_figure=names), known.missing)
    cross(shown, title, rows="geo_label", columns="_figure", head="Département", order="geo", note=note)


def within(study: Study, figures: list[Figure], title: str, *, note: str = "") -> None:
    """The EPCI of a département or the communes of an EPCI in rows, those known only; nothing for other levels.

    Says how many are known; when none is, one sentence names the source expected.
    """
    if not study.within:
        return
    found = study.areas(figures, study.within)
    known, count = found.frame["geo"].nunique(), len(study.within)
    if not known:
        told = f"Aucune valeur connue pour les {study.within_label} {study.de}."
        publish.sentence("missing", [f"{told} Source attendue : {found.missing.expected_source}."])
        return
    told = f"{known} {study.within_label} sur {count} ont une valeur connue." if known < count else ""
    by_name = Selection(found.frame.assign(_name=[key(name) for name in found.frame["geo_label"]]), found.missing)
    more = " ".join(filter(None, [note, told]))
    cross(by_name, title, rows="geo_label", columns="indicator_label", head="Territoire", order="_name", note=more)


def standing(study: Study, title: str, *, relative: bool, note: str = "") -> None:
    """The rank of the territory among the areas of its level, their median and both ends, one indicator a row."""
    rows, sources = [], []
    for known in study.comparable(relative=relative):
        place = comparison.standing(known.frame, study.territory.code)
        found = {row["id"]: as_observation(row) for _, row in known.frame.iterrows()}
        own = next(item for item in found.values() if item.geo == study.territory.code)
        ends = [found[name] for name in (place.lowest, place.highest)]
        median = numbers.value_text(place.median, own.unit, units=study.registry.units, derived=True)
        rank = alt.rank_text(place.rank, place.count).replace(" ", numbers.NBSP)
        texts = [
            cells.text(f"{own.label}, {own.period_label}"),
            cells.number(own),
            cells.text(rank),
            cells.text(median),
        ]
        rows.append([*texts, *(cells.number(end) | {"text": f"{end.text} ({end.geo_label})"} for end in ends)])
        sources.append(own.source_label)
    if not rows:
        what = "Aucun taux ni ratio" if relative else "Aucun effectif"
        where = f"{study.en} et, pour la même période, dans d’autres territoires du même niveau"
        publish.sentence("missing", [f"{what} n’est connu à la fois {where}."])
        return
    heads = ["Indicateur", study.name, "Rang", "Médiane", "Minimum", "Maximum"]
    cells.put(title, heads, rows, notes=[note], sources=sources, right={1, 2, 3})


def between_areas(study: Study, title: str, *, note: str = "") -> None:
    """Every figure of the territory beside that of another of its level, with the gap and what limits it."""
    if study.compared.level != study.territory.level or len(study.geos) < 2:
        text = "Le territoire n’est pas comparé à un autre du même niveau ; le paramètre compare_with en choisit un."
        publish.sentence("reading", [text])
        return
    frame = comparison.between_areas(study.table, *study.geos)
    both = compared.in_order(study, frame[~frame["nature"].str.startswith(comparison.ONLY)])
    known = study.labelled([*both["id_a"], *both["id_b"]])
    found = {row["id"]: as_observation(row) for _, row in known.iterrows()}
    rows = [
        [
            cells.text(compared.figure_label(study, row)),
            *(cells.number(found[name]) for name in (row.id_a, row.id_b)),
            cells.text(compared.gap_text(row.gap, row.gap_percent, row.unit)),
            cells.text(compared.periods_text(row.period_a, row.period_b)),
            cells.text(row.nature),
        ]
        for row in both.itertuples(index=False)
    ]
    names = [study.name, study.compared.name]
    alone = frame["nature"].value_counts().drop(both["nature"].unique())
    said = [f"Autres chiffres connus {compared.nature_text(study, nature)} : {n}." for nature, n in alone.items()]
    heads = ["Indicateur", *names, "Écart", "Période", "Nature"]
    cells.put(title, heads, rows, notes=[note, *said], sources=list(known["source_label"]), right={1, 2, 3})


def neighbours(study: Study, indicators: list[str], title: str) -> None:
    """The areas around of the same level in rows, the indicators in columns; says of which nothing is known."""
    found = study.areas(indicators, study.neighbours)
    if len(study.neighbours) < 2:
        publish.sentence("missing", [f"{study.name} n’a pas de voisin du même niveau."])
        return
    unknown = [study.territories.get(code).name for code in study.neighbours if code not in set(found.frame["geo"])]
    note = f"Sans aucune valeur connue : {numbers.join_fr(unknown)}." if unknown else ""
    by_name = Selection(found.frame.assign(_name=[key(name) for name in found.frame["geo_label"]]), found.missing)
    cross(by_name, title, rows="geo_label", columns="indicator_label", head="Territoire", order="_name", note=note)


def _column_title(frame: pd.DataFrame, column: str, name: str) -> str:
    """The name of a column, with the period when all its numbers share one and no row says it."""
    periods = frame.loc[frame[column] == name, "period_label"].unique()
    shown = column not in ("period_label", "indicator_period", "geo_period") and frame["period_label"].nunique() > 0
    return f"{name}, {periods[0]}" if shown and len(periods) == 1 else name


def statements(selection: Selection, title: str, *, note: str = "") -> None:
    """Every statement of a quantity side by side: value, period, words of the source, place in the source."""
    if selection.empty:
        say.missing([selection.missing])
        return
    rows = [
        [
            cells.text(row["source_label"]),
            cells.text(row["geo_label"]),
            cells.text(row["period_label"]),
            cells.number(as_observation(row)),
            cells.text(row["as_published"] or row["how"]),
        ]
        for _, row in selection.frame.iterrows()
    ]
    heads = ["Source", "Zone", "Période", "Valeur", "Tel que publié, ou calcul"]
    cells.put(title, heads, rows, notes=[note], sources=[], right={3})


def listing(
    frame: pd.DataFrame,
    title: str,
    columns: dict[str, str],
    *,
    note: str = "",
    anchors: Iterable[str] = (),
    right: Iterable[str] = (),
) -> None:
    """A table of texts: `columns` maps the columns of the frame to the headings printed, `anchors` names the rows.

    The columns `right` hold numbers, aligned on the right.
    """
    rows = [
        [cells.text(str(value) or "–") for value in values] for values in frame[list(columns)].itertuples(index=False)
    ]
    for row, anchor in zip(rows, anchors, strict=False):
        row[0]["anchor"] = anchor
    numeric = {place for place, name in enumerate(columns) if name in set(right)}
    cells.put(title, list(columns.values()), rows, notes=[note], sources=[], right=numeric)


HEADS = {
    "category_label": "Catégorie",
    "geo_label": "Territoire",
    "period_label": "Période",
    "indicator_label": "Indicateur",
}
