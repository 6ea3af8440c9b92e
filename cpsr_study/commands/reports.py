"""The commands that make reports and keep them: run, archive, verify."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cpsr_study import paths
from cpsr_study.commands.common import Edition, short
from cpsr_study.errors import RequestError
from cpsr_study.hidden import shown as as_shown


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (run, archive, verify):
        app.command()(command)


def run(
    territory: Annotated[list[str] | None, typer.Argument(help="Codes (REG-28) ou noms (normandie).")] = None,
    edition: Edition = None,
    compare_with: Annotated[
        str | None, typer.Option("--compare-with", help="Zone de comparaison (FR par défaut).")
    ] = None,
    project_years: Annotated[
        str | None, typer.Option("--project-years", help="Étalement des grands projets, en années.")
    ] = None,
    parameters: Annotated[Path | None, typer.Option("--parameters", help="Fichier TOML de paramètres.")] = None,
    chapters: Annotated[str, typer.Option("--chapters", help="Chapitres voulus : 01,03 (tous par défaut).")] = "",
    formats: Annotated[str, typer.Option("--formats", help="html,pdf.")] = "html,pdf",
    output: Annotated[Path, typer.Option("--output", help="Dossier des rapports.")] = Path("reports"),
    force: Annotated[bool, typer.Option("--force", help="Refaire même si rien n'a changé.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Dire pourquoi chaque chose est refaite.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processus en parallèle (tous les cœurs par défaut).")
    ] = None,
    engine: Annotated[str | None, typer.Option("--engine", help="warm (par défaut sous Linux) ou kernel.")] = None,
) -> None:
    """Construit le rapport d'un ou de plusieurs territoires."""
    from cpsr_study import parameters as door
    from cpsr_study.report import run as report

    given: dict[str, Any] = door.read_file(parameters) if parameters else {}
    options = {"edition": edition, "compare_with": compare_with, "project_years": _whole(project_years)}
    given |= {name: value for name, value in options.items() if value is not None}
    folder = paths.data_dir()
    asked: list[Any] = [*territory] if territory else [given.get("territory")]
    wanted = [name.strip() for name in chapters.split(",") if name.strip()]
    requests = [
        report.request(
            door.resolve(folder, **(given | {"territory": name})),
            folder, output=output, chapters=wanted, formats_text=formats, workers=workers, force=force, engine=engine,
        )
        for name in asked
    ]  # fmt: skip
    for request in requests:
        _run_one(request, explain)


def _run_one(request: Any, explain: bool) -> None:
    from cpsr_study.display import terminal, waiting
    from cpsr_study.report import run as report

    with waiting.progress(f"{request.parameters.territory}, édition {request.parameters.edition}") as advance:
        result = report.run(request, advance, terminal.say if explain else None)
    shown = short(result.folder)
    files = [name for name in ("report.html", "report.pdf") if (result.folder / name).is_file()]
    if not result.built:
        terminal.say(f"Rien à faire : {shown} est à jour.")
    for name in files:
        terminal.say(f"  {shown / name}")


def archive(
    report: Annotated[str, typer.Argument(help="Nom du rapport : REG-28-2021.")],
    output: Annotated[Path, typer.Option("--output", help="Dossier des rapports.")] = Path("reports"),
    target: Annotated[
        Path | None, typer.Option("--target", help="Dossier où écrire le zip (celui des rapports par défaut).")
    ] = None,
) -> None:
    """Réunit un rapport et tout ce dont il est fait dans un zip à déposer (Zenodo)."""
    from cpsr_study.display import terminal
    from cpsr_study.report import archive as maker
    from cpsr_study.sources import sha256

    made = maker.make(report, output, target or output, paths.data_dir())
    terminal.say(f"  {short(made.resolve())}\n  sha256 {sha256(made)}")


def verify(
    file: Annotated[Path, typer.Argument(help="Zip fait par « cpsr-study archive ».")],
    trust: Annotated[
        bool, typer.Option("--trust", help="Exécuter les chapitres de l'archive même s'ils ne sont pas ceux d'ici.")
    ] = False,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processus en parallèle.")] = None,
) -> None:
    """Contrôle une archive, refait son rapport et compare. Code 0 si tout concorde, 1 sinon."""
    from cpsr_study.display import terminal, waiting
    from cpsr_study.report import verification

    with waiting.progress(file.name) as advance:
        verification.verify(file, terminal.say, advance, trust=trust, workers=workers)


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        wrong = f"project_years vaut « {as_shown(text)} » : un nombre entier d'années est attendu."
        raise RequestError(wrong) from None
