"""The commands that show figures and audit them: observations, trace, territories, sources, check, compare."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cpsr_study import paths
from cpsr_study.commands.common import Edition, Format, open_study
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown as as_shown
from cpsr_study.parameters import suggestion


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (observations, trace, territories, sources, check, compare):
        app.command()(command)


def observations(
    indicator: Annotated[str | None, typer.Option("--indicator")] = None,
    geo: Annotated[str | None, typer.Option("--geo", help="Code ou nom du territoire.")] = None,
    period: Annotated[str | None, typer.Option("--period")] = None,
    source: Annotated[str | None, typer.Option("--source")] = None,
    edition: Edition = None,
    format: Format = "table",
) -> None:
    """Liste les observations d'une édition."""
    from cpsr_study.display import terminal
    from cpsr_study.observations import as_written

    study = open_study(geo, edition)
    frame = study.table
    code = study.territory.code if geo else None
    for column, value in {"indicator": indicator, "geo": code, "time_period": period, "source": source}.items():
        if value is not None:
            frame = frame[frame[column] == _known(column, value, study)]
    shown = ["indicator", "geo", "time_period", "category", "value", "unit", "status", "source", "as_published"]
    frame = as_written(frame, study.registry).drop(columns=["headline", "kind"])
    terminal.table(frame, format, "observations", shown)


def trace(
    indicator: Annotated[str, typer.Argument()],
    geo: Annotated[str, typer.Argument()],
    period: Annotated[str | None, typer.Argument()] = None,
    edition: Edition = None,
) -> None:
    """Montre toute la chaîne d'un chiffre : valeur, mots de la source, formule, entrées."""
    from cpsr_study.display import terminal

    study = open_study(geo, edition)
    name = _known("indicator", indicator, study)
    found = study.table[(study.table["indicator"] == name) & (study.table["geo"] == study.territory.code)]
    found = found[found["time_period"] == period] if period else found
    if found.empty:
        missing = study.select(name).missing.sentence()
        raise RequestError(missing if not period else f"Rien pour la période « {as_shown(period)} ». {missing}")
    terminal.trace(study, found)


def territories(
    query: Annotated[str, typer.Argument(help="Début de nom, ou rien pour toutes les régions.")] = "",
    edition: Edition = None,
    format: Format = "table",
) -> None:
    """Trouve le code d'un territoire par son nom."""
    from cpsr_study import parameters as door
    from cpsr_study.display import terminal
    from cpsr_study.territories import Territories

    folder = paths.data_dir()
    areas = Territories.load(folder, door.resolve(folder, edition=edition).edition)
    found = areas.search(query, 30) if query else areas.all("REG")
    if not found:
        areas.find(query)
    terminal.areas(found, format)


def sources(
    edition: Edition = None,
    format: Format = "table",
    readers: Annotated[
        bool, typer.Option("--readers", help="Ce qui se lit et se télécharge, ce qui a été essayé.")
    ] = False,
) -> None:
    """Catalogue des sources : millésime, licence, ce qu'elles donnent ; avec --readers, ce qui peut être mis à jour."""
    from cpsr_study.display import taken, terminal
    from cpsr_study.display.overview import source_rows

    if readers:
        terminal.table(taken.readers(paths.data_dir()), format, "sources à mettre à jour", taken.SHOWN)
        return

    shown = ["source", "producteur", "publié", "compté depuis", "nature", "licence", "observations"]
    terminal.table(source_rows(open_study(None, edition)), format, "sources", shown)


def check(
    edition: Edition = None,
    geo: Annotated[
        str | None, typer.Option("--geo", help="Territoire dont les constats sont montrés ; tous par défaut.")
    ] = None,
    format: Format = "table",
    disclosure: Annotated[
        Path | None, typer.Option("--disclosure", help="Dossier d'un rapport dont le secret statistique est attaqué.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option("--before", help="Avec --disclosure : un rapport antérieur du même territoire.")
    ] = None,
) -> None:
    """Vérifie le registre, les sources (sha256) et les observations ; montre les constats. Code 1 sur une erreur."""
    if disclosure is not None:
        _attack(disclosure, before)
        return
    from cpsr_study import checks
    from cpsr_study import observations as table
    from cpsr_study.display import taken, terminal
    from cpsr_study.display.overview import finding_rows
    from cpsr_study.sources import drafts

    table.stated(paths.data_dir())
    study = open_study(geo, edition)
    found = study.findings if geo else study.findings_everywhere
    terminal.table(
        finding_rows(study, found), format, "constats", ["gravité", "constat", "énoncé", "recalculé", "écart"]
    )
    for item in drafts.pending(paths.data_dir()) if format == "table" else ():
        terminal.say(taken.draft(item))
    checks.stop_on_error(found)


def _attack(folder: Path, before: Path | None) -> None:
    """Say which hidden figures of a report come back from what it publishes; DataError when one does."""
    from cpsr_study.display import terminal
    from cpsr_study.sources.clause import audit

    hidden, found = audit.attack(folder, paths.data_dir(), before)
    for sentence in found:
        terminal.say(f"  {sentence}")
    if found:
        raise DataError(f"{len(found)} chiffre(s) secret(s) retrouvé(s) sur {hidden}.")
    terminal.say(f"{hidden} chiffre(s) secret(s), aucun n'est retrouvé.")


def compare(
    areas: Annotated[list[str], typer.Argument(help="Deux territoires, ou un seul avec --editions.")],
    edition: Edition = None,
    editions: Annotated[
        tuple[str, str] | None, typer.Option("--editions", help="Deux années : --editions 2021 2026.")
    ] = None,
    format: Format = "table",
) -> None:
    """Compare deux territoires, ou deux éditions d'un même territoire."""
    from cpsr_study import comparison
    from cpsr_study.display import compared, terminal

    if editions and (edition or len(areas) > 1):
        raise RequestError("Il faut choisir : deux territoires et --edition, ou un seul territoire et --editions.")
    if editions:
        _compare_editions(areas[0], editions, format)
        return
    if len(areas) != 2:
        raise RequestError("Deux territoires sont attendus, ou un seul suivi de --editions et de deux années.")
    study = open_study(areas[0], edition, areas[1])
    if len(study.geos) < 2:
        raise RequestError(f"Le même territoire est demandé deux fois : {study.territory.label}.")
    frame = comparison.between_areas(study.table, *study.geos)
    terminal.table(compared.areas(study, frame) if format == "table" else frame, format, "chiffres")


def _compare_editions(area: str, editions: tuple[str, str], format: str) -> None:
    from cpsr_study import comparison
    from cpsr_study.display import compared, terminal

    old, new = (open_study(area, year) for year in editions)
    if old.edition == new.edition:
        raise RequestError(f"L'édition {old.edition} est demandée deux fois : --editions attend deux années.")
    frame = comparison.between_editions(old.table, new.table, old.territory.code, new.registry.breaks)
    shown = compared.editions(old, new, frame) if format == "table" else frame
    terminal.table(shown, format, f"changements {old.de}")
    if format == "table":
        terminal.say(compared.count_text(frame))


def _known(column: str, value: str, study: Any) -> str:
    """The value, when the table holds it in that column; RequestError with the nearest one otherwise."""
    known = set(study.registry.indicators) if column == "indicator" else set(study.table[column])
    if value in known or column in ("geo", "time_period"):
        return value
    what = {"indicator": "Indicateur inconnu", "source": "Source inconnue"}[column]
    raise RequestError(f"{what} : « {as_shown(value)} ».{suggestion(value, known)}")
