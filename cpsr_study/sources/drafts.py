"""Documents being typed: `data/drafts/<source>/<vintage>/`, outside what a study reads until they are finished.

A draft holds `source.toml` (the card to complete), `observations.csv` (empty: one line a figure) and `attendus.csv`,
the figures that are expected with their last known values, since a CSV file has no comments.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cpsr_study import lines
from cpsr_study.errors import DataError, RequestError, first_problem
from cpsr_study.hidden import shown
from cpsr_study.sources import Card, catalogue, typed, writing

if TYPE_CHECKING:
    import pandas as pd

EXPECTED = "attendus.csv"
_ASKED = ["indicator", "geo", "breakdown", "category"]
EXPECTED_COLUMNS = [*_ASKED, "label", "unit", "last_period", "last_value", "last_as_published", "last_source"]
_NAME = re.compile(r"[a-z][a-z0-9-]{1,49}")
TODO = "À COMPLÉTER"
_SET_ASIDE = ["where", "what", "reason"]


@dataclass(frozen=True)
class Draft:
    """A document being typed: how many figures it has, what is expected and not there yet, and what is wrong."""

    source: str
    vintage: str
    figures: int
    expected: int
    missing: list[str]
    fault: str


def create(name: str, vintage: str, geo: str | None, data_dir: Path) -> Path:
    """The folder of a new draft. RequestError for a name that is not one, or a vintage that exists."""
    if not _NAME.fullmatch(name):
        raise RequestError(f"Nom de source refusé : « {shown(name)} » (minuscules, chiffres et tirets : ave-bilan).")
    if not re.fullmatch(r"[0-9]{4}[0-9A-Za-z._-]{0,20}", vintage):
        raise RequestError(f"Millésime refusé : « {shown(vintage)} » (une année, ou 2027-12).")
    folder = data_dir / "drafts" / name / vintage
    if folder.exists() or (data_dir / "raw" / name / vintage).exists():
        raise RequestError(f"{name}/{vintage} existe déjà.")
    earlier = [card for card in catalogue(data_dir) if card.source == name and typed.FILE in card.files]
    rows = _expected(earlier, geo, data_dir)
    folder.mkdir(parents=True)
    _write_card(folder, vintage, earlier)
    _write_csv(folder / typed.FILE, typed.COLUMNS, [])
    _write_csv(folder / EXPECTED, EXPECTED_COLUMNS, rows)
    return folder


def pending(data_dir: Path) -> list[Draft]:
    """The drafts of a data folder, each compared with what is expected of it."""
    from cpsr_study import indicators, validation

    found = []
    for folder in sorted(path for path in (data_dir / "drafts").glob("*/*") if path.is_dir()):
        if (data_dir / "raw" / folder.parent.name / folder.name).exists():
            continue  # finished and imported
        wanted = list(lines.read(folder / EXPECTED, EXPECTED)) if (folder / EXPECTED).is_file() else []
        expected = [tuple(row[:4]) for _, row in wanted[1:]]
        typed_in: set[tuple[str, ...]] = set()
        count, fault = 0, ""
        try:
            if len(list(lines.read(folder / typed.FILE, typed.FILE))) > 1:
                frame = typed.read(_card(folder))
                count, typed_in = len(frame), set(frame[_ASKED].itertuples(index=False, name=None))
                validation.validate(frame, indicators.read(data_dir), data_dir)
        except DataError as error:
            fault = str(error)
        missing = [" ".join(filter(None, key)) for key in expected if key not in typed_in]
        found.append(Draft(folder.parent.name, folder.name, count, len(expected), missing, fault))
    return found


def recognise(path: Path) -> bool:
    """Whether a file is a typed document: the header says so. Never raises."""
    header = ",".join(typed.COLUMNS).encode()
    try:
        with path.open("rb") as handle:
            return handle.read(len(header) + 3).removeprefix(b"\xef\xbb\xbf").startswith(header)
    except OSError:
        return False


def source_of(path: Path, asked: str = "") -> str:
    """The source of a typed document: the folder above its vintage. RequestError if it is not the one asked for."""
    name = path.resolve().parent.parent.name
    if path.name != typed.FILE or not _NAME.fullmatch(name) or (asked and asked != name):
        place = f"{shown(asked or name)}/<millésime>/{typed.FILE}"
        raise RequestError(f"Un document saisi s'importe depuis son brouillon : {place}, avec sa fiche {writing.CARD}.")
    return name


def reading(source: str, folder: Path, copied: Path) -> tuple[str, dict[str, Any], "pd.DataFrame", "pd.DataFrame"]:
    """A finished draft: its vintage, the fields of its card, its figures (from the copy), and nothing set aside."""
    import pandas as pd

    card = _card(folder)
    if missing := [name for name, value in card.model_dump().items() if value == TODO]:
        raise DataError(f"{source}/{folder.name}/{writing.CARD} : à compléter : {', '.join(missing)}.")
    figures = typed.read(card.model_copy(update={"folder": copied}))
    return folder.name, card.fields, figures, pd.DataFrame(columns=_SET_ASIDE, dtype=str)


def _card(folder: Path) -> Card:
    """The card of a draft: as any card, but it may change every day, so it is never remembered."""
    where = f"{folder.parent.name}/{folder.name}/{writing.CARD}"
    try:
        content = tomllib.loads((folder / writing.CARD).read_text(encoding="utf-8"))
        return Card(source=folder.parent.name, vintage=folder.name, folder=folder, **(content | {"files": {}}))
    except ValidationError as error:
        raise DataError(f"{where} : {first_problem(error)}.") from None
    except (OSError, ValueError, TypeError):
        raise DataError(f"{where} manque ou ne se lit pas comme du TOML.") from None


def _write_card(folder: Path, vintage: str, earlier: list[Card]) -> None:
    year = vintage[:4]
    fields: dict[str, Any] = {"title": TODO, "producer": TODO, "kind": "document", "licence": TODO, "citation": TODO}
    if earlier:
        fields |= {"producer": earlier[-1].producer, "kind": earlier[-1].kind, "licence": earlier[-1].licence}
    writing.write_card(folder, fields | {"published": year, "reference_period": year, "url": ""}, {})


def _expected(earlier: list[Card], geo: str | None, data_dir: Path) -> list[list[str]]:
    """The figures of the last vintage of the source; for a new source, what is expected of the territory."""
    from cpsr_study.study import Study

    study = Study.open(**({"territory": geo} if geo else {}), data_dir=data_dir)
    if earlier and not geo:
        asked = typed.read(earlier[-1])[_ASKED].drop_duplicates().itertuples(index=False, name=None)
    else:
        plain = [name for name in study.expected if not study.registry[name].formula]
        asked = ((name, study.territory.code, *pair) for name in plain for pair in _pairs(study, name))
    known = study.table[study.table["headline"]].sort_values("time_period", kind="stable")
    last = {tuple(row[name] for name in _ASKED): row for row in known.to_dict("records")}
    rows = []
    for key in asked:
        indicator, row = study.registry[key[0]], last.get(tuple(key), {})
        label = ", ".join(filter(None, [indicator.label, study.registry.category_label(key[2], key[3])]))
        value = f"{row['value']:.15g}" if row else ""
        found = [row.get("time_period", ""), value, row.get("as_published", ""), row.get("source", "")]
        rows.append([*key, label, indicator.unit, *found])
    return rows


def _pairs(study: Any, name: str) -> list[tuple[str, str]]:
    """The breakdown and category of each figure of an indicator: those already known of it, else its total."""
    breakdown = study.registry[name].breakdown
    known = study.table.loc[study.table["indicator"] == name, ["breakdown", "category"]].drop_duplicates()
    return list(known.itertuples(index=False, name=None)) if breakdown and len(known) else [("", "")]


def _write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        lines.write(handle, [header, *rows])
