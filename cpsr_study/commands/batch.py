"""The command that makes the reports of many territories, and the page that leads to them."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cpsr_study import paths
from cpsr_study.commands.common import Edition, short
from cpsr_study.errors import RequestError
from cpsr_study.hidden import shown

LEVELS = {"region": "REG", "departement": "DEP", "epci": "EPCI", "commune": "COM"}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(batch)


def batch(
    level: Annotated[str, typer.Option("--level", help="region, departement, epci ou commune.")] = "",
    territories: Annotated[
        Path | None, typer.Option("--territories", help="Fichier : un code ou un nom par ligne.")
    ] = None,
    only: Annotated[str, typer.Option("--only", help="Seulement ceux-ci : DEP-14,DEP-50.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Au plus ce nombre de territoires.")] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Continuer après un échec.")] = False,
    edition: Edition = None,
    compare_with: Annotated[
        str | None, typer.Option("--compare-with", help="Zone de comparaison (FR par défaut).")
    ] = None,
    chapters: Annotated[str, typer.Option("--chapters", help="Chapitres voulus : 01,03 (tous par défaut).")] = "",
    formats: Annotated[str, typer.Option("--formats", help="html,pdf.")] = "html,pdf",
    output: Annotated[Path, typer.Option("--output", help="Dossier des rapports.")] = Path("reports"),
    force: Annotated[bool, typer.Option("--force", help="Refaire même si rien n'a changé.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Dire pourquoi chaque rapport est refait.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processus en parallèle (tous les cœurs par défaut).")
    ] = None,
    engine: Annotated[str | None, typer.Option("--engine", help="warm (par défaut sous Linux) ou kernel.")] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Grappe dask existante : tcp://machine:8786.")
    ] = None,
) -> None:
    """Construit les rapports de beaucoup de territoires, et la page qui y mène. Interrompu, il reprend où il était."""
    from cpsr_study.report import run as report

    folder = paths.data_dir()
    wanted = [name.strip() for name in chapters.split(",") if name.strip()]
    requests = [
        report.request(
            each, folder, output=output, chapters=wanted, formats_text=formats, workers=workers, force=force,
            engine=engine,
        )
        for each in _parameters(folder, level, territories, only, edition, compare_with)[:limit]
    ]  # fmt: skip
    failed = _make(requests, scheduler, keep_going, explain)
    _index(requests[0])
    raise typer.Exit(1 if failed else 0)


def _parameters(
    folder: Path, level: str, file: Path | None, only: str, edition: str | None, compare_with: str | None
) -> list[Any]:
    """Parameters of each territory asked for, once each, in the order given. RequestError when there is none."""
    from cpsr_study import parameters as door
    from cpsr_study.territories import Territories

    if bool(level) == bool(file):
        raise RequestError("Il faut soit --level (region, departement, epci, commune), soit --territories FICHIER.")
    if level and level not in LEVELS:
        known = ", ".join(LEVELS)
        raise RequestError(f"Niveau inconnu : « {shown(level)} » ({known}).{door.suggestion(level, LEVELS)}")
    options = {"edition": edition, "compare_with": compare_with}
    first = door.resolve(folder, **options)
    areas = Territories.load(folder, first.edition)
    names: list[str] = _lines(file) if file else [area.code for area in areas.all(LEVELS[level])]
    codes = list(dict.fromkeys(areas.find(name).code for name in names))
    if only:
        kept = {areas.find(name.strip()).code for name in only.split(",") if name.strip()}
        if missing := sorted(kept - set(codes)):
            raise RequestError(f"--only : {', '.join(missing)} n'est pas parmi les territoires demandés.")
        codes = [code for code in codes if code in kept]
    if not codes:
        raise RequestError("Aucun territoire demandé.")
    return [first.model_copy(update={"territory": code}) for code in codes]


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise RequestError(f"Fichier de territoires illisible : {shown(file)}.") from None
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def _make(requests: list[Any], scheduler: str | None, keep_going: bool, explain: bool) -> int:
    """Make them with one line each, the failures again at the end. Returns how many failed."""
    from cpsr_study.display import terminal, waiting
    from cpsr_study.report import batch as maker
    from cpsr_study.report import place

    place.tidy(requests[0].output)
    site, requests = _site(requests, scheduler)
    failed, count, begun = [], {"built": 0, "kept": 0}, time.monotonic()
    outcomes = maker.make(requests, site)
    with waiting.countdown("Rapports", len(requests)) as tell:
        for outcome in outcomes:
            for reason in outcome.reasons if explain else ():
                tell(f"  {outcome.request.folder.name} : {reason}", 0)
            tell(f"{outcome.request.folder.name} : {_word(outcome)}", 1, outcome.built or bool(outcome.problem))
            count["built" if outcome.built else "kept"] += not outcome.problem
            if outcome.problem:
                failed.append(outcome)
                if not keep_going:
                    outcomes.close()
                    break
    terminal.say(
        f"{count['built']} construits, {count['kept']} déjà à jour, {len(failed)} en échec, "
        f"sur {len(requests)} demandés, en {time.monotonic() - begun:.0f} s."
    )
    for outcome in failed:
        place_of = maker.logs(outcome)
        kept = f" (voir {short(place_of)})" if place_of else ""
        terminal.say(f"Échec, {outcome.request.folder.name} : {outcome.problem}{kept}")
    return len(failed)


def _site(requests: list[Any], scheduler: str | None) -> tuple[Any, list[Any]]:
    """Where they are made, and the requests with the processes that each is given."""
    from dataclasses import replace

    from cpsr_study.report import batch as maker

    if scheduler:
        from cpsr_study.report import cluster

        return cluster.site(scheduler), [replace(each, workers=1) for each in requests]
    total, count = requests[0].workers, len(requests)
    given = [replace(each, workers=own) for each, own in zip(requests, _shares(total, count), strict=True)]
    return maker.local(min(total, count), requests[0].engine), given


def _shares(total: int, count: int) -> list[int]:
    """The processes of each of `count` reports, out of `total`: one each, or more where some would be idle.

    That is so when the reports are few and, when they are many, for the last ones: the others have ended by then.
    """
    if count <= total:
        return [total // count] * count
    return [max(1, total // (count - rank)) for rank in range(count)]


def _word(outcome: Any) -> str:
    if outcome.problem:
        return "échec"
    return "construit" if outcome.built else "à jour"


def _index(request: Any) -> None:
    from cpsr_study.display import terminal
    from cpsr_study.report import index

    if page := index.refresh(request.output, request.data_dir, request.engine):
        terminal.say(f"  {short(page)}")
