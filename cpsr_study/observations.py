"""The tidy table: every observation that an edition knows, stated or derived.

Columns: id, indicator, geo, time_period, breakdown, category, value, unit, status (A normal, P provisional,
F forecast, E estimated, U low reliability), source, vintage, published, kind, as_published, locator, note,
formula, inputs (ids), correction, headline (the one shown when several statements of one quantity exist).
"""

import csv
import hashlib
from functools import lru_cache
from pathlib import Path

import pandas as pd

from cpsr_study import __version__, corrections, derivation, indicators, whole
from cpsr_study.errors import DataError
from cpsr_study.sources import by_area, catalogue, known_in, sha256, typed, verify
from cpsr_study.sources import registry as readers
from cpsr_study.sums import remembered
from cpsr_study.territories import Territories

COLUMNS = [
    "id", "indicator", "geo", "time_period", "breakdown", "category", "value", "unit", "status", "source",
    "vintage", "published", "kind", "as_published", "locator", "note", "formula", "inputs", "correction", "headline",
]  # fmt: skip
LEVELS = ("FR", "FRMET", "REG", "DEP")  # every area of these; the smaller ones are added when asked for


def stated(data_dir: Path) -> pd.DataFrame:
    """All observations of the sources, typed or read from files, verified, validated, corrected; every edition."""
    registry = indicators.read(data_dir)
    cards = catalogue(data_dir)
    for card in cards:
        verify(card)
    frames = [frame for card in cards if (frame := readers.observations_of(card, data_dir)) is not None]
    if not frames:
        raise DataError(f"Aucun fichier {typed.FILE} dans {data_dir / 'raw'}.")
    frame = pd.concat(frames, ignore_index=True)
    from cpsr_study import validation  # pandera is heavy: only paid for when the table is rebuilt

    frame = validation.validate(frame, registry, data_dir)
    return corrections.apply(frame, corrections.read(data_dir)).drop(columns="place")


def table(data_dir: Path, edition: int) -> pd.DataFrame:
    """The observations of an edition, from `data/processed` when that is still true to its inputs."""
    key = fingerprint(data_dir, edition)
    target = data_dir / "processed" / f"observations-{edition}.csv"
    proof = target.with_suffix(".sha256")
    if target.is_file() and proof.is_file():
        known, is_now = proof.read_text(encoding="utf-8").split(), sha256(target)
        if known == [key, is_now]:
            remembered(data_dir).save()
            return _read_processed(target, is_now)
    frame = build(data_dir, edition)
    _write_processed(frame, target, proof, key)
    remembered(data_dir).save()  # only then: data that do not hold leave nothing behind
    return frame


def build(data_dir: Path, edition: int) -> pd.DataFrame:
    """The observations of an edition, computed: what it knows of the sources, what is counted by area, what derives."""
    frame = stated(data_dir)
    vintages = {(card.source, card.vintage) for card in known_in(data_dir, edition)}
    frame = frame[[each in vintages for each in zip(frame["source"], frame["vintage"], strict=True)]]
    territories = Territories.load(data_dir, edition)
    areas = [area for level in LEVELS for area in territories.all(level)]
    counted = by_area.observations(data_dir, edition, areas, territories)
    frame = pd.concat([frame, counted], ignore_index=True)
    frame = with_ids(frame.assign(formula="", inputs="", correction=frame["correction"].fillna("")))
    registry = indicators.read(data_dir)
    return _finish(derivation.derive(frame, registry, indicators.parents_of_departements(territories)), registry)


def with_area(frame: pd.DataFrame, data_dir: Path, edition: int, territories: Territories, code: str) -> pd.DataFrame:
    """`frame` plus the breakdowns of an area and, for one more (EPCI, commune), what is counted and what derives."""
    registry = indicators.read(data_dir)
    area = territories.get(code)
    finer = by_area.details(data_dir, edition, area, territories)
    if finer is not None and not finer.empty:
        finer = with_ids(finer.assign(formula="", inputs="", correction=""))
        finer = _finish(finer[~finer["id"].isin(frame["id"])], registry)
        frame = pd.concat([frame, finer], ignore_index=True)
    if (frame["geo"] == code).any() and (frame.loc[frame["geo"] == code, "indicator"] == "population").any():
        return frame
    counted = by_area.observations(data_dir, edition, [area], territories)
    own = counted.assign(formula="", inputs="", correction="")
    scope = frame[frame["geo"].isin(["FR", code])]
    derived = derivation.derive(pd.concat([scope, with_ids(own)], ignore_index=True), registry, {})
    new = derived[~derived["id"].isin(frame["id"])]
    return pd.concat([frame, _finish(new, registry)], ignore_index=True)


def with_ids(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each row its id and say which statement of a quantity is the headline.

    Order among several statements: the producer's own figures, then the latest published, then the order of
    the file. The first bears the plain id and is the headline; the others get `~2`, `~3`...
    """
    frame = frame.assign(_order=range(len(frame)), _producer=frame["kind"] == "producteur")
    frame = frame.sort_values(
        [*typed.KEY, "_producer", "published", "_order"], ascending=[True] * 5 + [False, False, True], kind="stable"
    )
    rank = frame.groupby(typed.KEY, sort=False).cumcount()
    plain = [
        derivation.make_id(*values)
        for values in frame[["indicator", "geo", "time_period", "category"]].itertuples(index=False)
    ]
    ids = [f"{name}~{number + 1}" if number else name for name, number in zip(plain, rank, strict=True)]
    return frame.assign(id=ids, headline=rank == 0).drop(columns=["_order", "_producer"])


def as_written(frame: pd.DataFrame, registry: indicators.Registry) -> pd.DataFrame:
    """The observations as they are handed out: a computed count is a whole number of persons, hours, places."""
    counted = (frame["source"] == derivation.SOURCE) & frame["unit"].map(
        lambda unit: registry.units[unit][3] == 0
    ).astype(bool)
    whole = (frame["value"] + 0.5).floordiv(1)
    return frame.assign(value=frame["value"].where(~counted, whole))


def fingerprint(data_dir: Path, edition: int) -> str:
    """Hash of all that a table depends on: the files of the sources known, the registry, this package."""
    digest = hashlib.sha256(f"{__version__} {edition}".encode())
    inputs = [
        *(data_dir / "reference").glob("*.*"),
        *(card.folder / name for card in catalogue(data_dir) for name in ("source.toml", *card.files)),
        *Path(__file__).parent.rglob("*.py"),
    ]
    sums = remembered(data_dir)
    for path in sorted(set(inputs)):
        if path.is_file():
            digest.update(path.name.encode() + sums.of(path).encode())
    return digest.hexdigest()


def _finish(frame: pd.DataFrame, registry: indicators.Registry) -> pd.DataFrame:
    frame = frame.assign(unit=[registry[name].unit for name in frame["indicator"]])
    return frame[COLUMNS].sort_values("id", kind="stable", ignore_index=True)


@lru_cache(maxsize=2)  # once by a process and those that it forks
def _read_processed(path: Path, _sum: str) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=dict.fromkeys(COLUMNS, str) | {"headline": bool}, keep_default_na=False)
    return frame.astype({"value": float})  # from its text, to the last bit


def _write_processed(frame: pd.DataFrame, target: Path, proof: Path, key: str) -> None:
    """A data folder that cannot be written to simply has no processed copy."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # All texts quoted: pandas quotes an end of line only when it is the one it writes, and reads any.
        text = frame.to_csv(index=False, lineterminator="\n", na_rep="nan", quoting=csv.QUOTE_NONNUMERIC)
        whole.write(target, text)
        whole.write(proof, f"{key}\n{sha256(target)}\n")
    except OSError:
        return
