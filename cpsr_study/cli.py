"""The commands, nothing else. Heavy modules are imported by the command that needs them."""

import io
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cpsr_study import cli_sources, paths
from cpsr_study.area_names import shown as as_shown
from cpsr_study.errors import DataError, RequestError
from cpsr_study.parameters import suggestion

app = typer.Typer(
    help="État des lieux de la commande publique socialement responsable, pour tout territoire français.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# Typer carries its own click: the class of all "the command line is wrong" errors is found through a public one.
UsageError: type[Any] = typer.BadParameter.__mro__[1]
Edition = Annotated[
    str | None, typer.Option("--edition", help="Année de l'état des connaissances (la dernière par défaut).")
]
Format = Annotated[str, typer.Option("--format", help="table, csv ou json.")]


@app.callback()
def _options(
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Autre dossier de données (ou CPSR_DATA_DIR).")
    ] = None,
) -> None:
    if data_dir is not None:
        if not data_dir.is_dir():
            raise RequestError(f"Dossier de données introuvable : {as_shown(data_dir)}.")
        import os

        os.environ["CPSR_DATA_DIR"] = str(data_dir)


@app.command()
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
        _run_one(request)


def _run_one(request: Any) -> None:
    from cpsr_study.display import terminal
    from cpsr_study.report import run as report

    with terminal.progress(f"{request.parameters.territory}, édition {request.parameters.edition}") as advance:
        result = report.run(request, advance)
    shown = _short(result.folder)
    files = [name for name in ("report.html", "report.pdf") if (result.folder / name).is_file()]
    if not result.built:
        terminal.say(f"Rien à faire : {shown} est à jour.")
    for name in files:
        terminal.say(f"  {shown / name}")


@app.command()
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

    study = _study(geo, edition)
    frame = study.table
    code = study.territory.code if geo else None
    for column, value in {"indicator": indicator, "geo": code, "time_period": period, "source": source}.items():
        if value is not None:
            frame = frame[frame[column] == _known(column, value, study)]
    shown = ["indicator", "geo", "time_period", "category", "value", "unit", "status", "source", "as_published"]
    frame = as_written(frame, study.registry).drop(columns=["headline", "kind"])
    terminal.table(frame, format, "observations", shown)


@app.command()
def trace(
    indicator: Annotated[str, typer.Argument()],
    geo: Annotated[str, typer.Argument()],
    period: Annotated[str | None, typer.Argument()] = None,
    edition: Edition = None,
) -> None:
    """Montre toute la chaîne d'un chiffre : valeur, mots de la source, formule, entrées."""
    from cpsr_study.display import terminal

    study = _study(geo, edition)
    name = _known("indicator", indicator, study)
    found = study.table[(study.table["indicator"] == name) & (study.table["geo"] == study.territory.code)]
    found = found[found["time_period"] == period] if period else found
    if found.empty:
        missing = study.select(name).missing.sentence()
        raise RequestError(missing if not period else f"Rien pour la période « {as_shown(period)} ». {missing}")
    terminal.trace(study, found)


@app.command()
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


@app.command()
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

    shown = ["source", "producteur", "publié", "nature", "licence", "observations"]
    terminal.table(source_rows(_study(None, edition)), format, "sources", shown)


@app.command()
def check(
    edition: Edition = None,
    geo: Annotated[str | None, typer.Option("--geo", help="Territoire dont les constats sont montrés.")] = None,
    format: Format = "table",
) -> None:
    """Vérifie le registre, les sources (sha256) et les observations ; montre les constats. Code 1 sur une erreur."""
    import pandas as pd

    from cpsr_study import observations as table
    from cpsr_study.display import taken, terminal
    from cpsr_study.sources import drafts

    table.stated(paths.data_dir())
    study = _study(geo, edition)
    rows = [(f.severity, f.family, f.check, f.sentence, " ".join(f.ids)) for f in study.findings]
    frame = pd.DataFrame(rows, columns=["gravité", "famille", "contrôle", "constat", "observations"])
    terminal.table(frame, format, "constats", ["gravité", "famille", "constat"])
    for item in drafts.pending(paths.data_dir()) if format == "table" else ():
        terminal.say(taken.draft(item))
    if any(finding.severity == "erreur" for finding in study.findings):
        raise DataError("Des constats sont des erreurs.")


@app.command()
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
    study = _study(areas[0], edition, areas[1])
    if len(study.geos) < 2:
        raise RequestError(f"Le même territoire est demandé deux fois : {study.territory.label}.")
    frame = comparison.between_areas(study.table, *study.geos)
    terminal.table(compared.areas(study, frame) if format == "table" else frame, format, "chiffres")


def _compare_editions(area: str, editions: tuple[str, str], format: str) -> None:
    from cpsr_study import comparison
    from cpsr_study.display import compared, terminal

    old, new = (_study(area, year) for year in editions)
    if old.edition == new.edition:
        raise RequestError(f"L'édition {old.edition} est demandée deux fois : --editions attend deux années.")
    frame = comparison.between_editions(old.table, new.table, old.territory.code)
    shown = compared.editions(old, new, frame) if format == "table" else frame
    terminal.table(shown, format, f"changements {old.de}")
    if format == "table":
        terminal.say(compared.count_text(frame))


@app.command()
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
    terminal.say(f"  {_short(made.resolve())}\n  sha256 {sha256(made)}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="Zip fait par « cpsr-study archive ».")],
    trust: Annotated[
        bool, typer.Option("--trust", help="Exécuter les chapitres de l'archive même s'ils ne sont pas ceux d'ici.")
    ] = False,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processus en parallèle.")] = None,
) -> None:
    """Contrôle une archive, refait son rapport et compare. Code 0 si tout concorde, 1 sinon."""
    from cpsr_study.display import terminal
    from cpsr_study.report import verification

    with terminal.progress(file.name) as advance:
        verification.verify(file, terminal.say, advance, trust=trust, workers=workers)


cli_sources.register(app)


def _study(geo: str | None, edition: str | None, other: str | None = None) -> Any:
    from cpsr_study.study import Study

    given: dict[str, Any] = {"territory": geo, "edition": edition, "compare_with": other}
    return Study.open(**{name: value for name, value in given.items() if value is not None})


def _known(column: str, value: str, study: Any) -> str:
    """The value, when the table holds it in that column; RequestError with the nearest one otherwise."""
    known = set(study.registry.indicators) if column == "indicator" else set(study.table[column])
    if value in known or column in ("geo", "time_period"):
        return value
    what = {"indicator": "Indicateur inconnu", "source": "Source inconnue"}[column]
    raise RequestError(f"{what} : « {as_shown(value)} ».{suggestion(value, known)}")


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        wrong = f"project_years vaut « {as_shown(text)} » : un nombre entier d'années est attendu."
        raise RequestError(wrong) from None


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main() -> None:
    """Entry point: 0 done, 1 the work failed, 2 the request was wrong; one French sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # redirected to a file on Windows, it would not hold French
            stream.reconfigure(encoding="utf-8")
    try:
        code = app(standalone_mode=False)
    except RequestError as error:
        _stop(str(error), 2)
    except DataError as error:
        _stop(str(error), 1)
    except UsageError as error:
        _stop(_french(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        _stop("Interrompu.", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(message: str, code: int) -> None:
    print(message, file=sys.stderr)
    sys.exit(code)


def _french(error: Any) -> str:
    """One sentence for a command line that does not parse, with the nearest option or command."""
    message = error.format_message()
    word = getattr(error, "option_name", None)
    if word and hasattr(error, "possibilities"):
        options = [option for param in error.ctx.command.params for option in param.opts] if error.ctx else []
        return f"Option inconnue : « {as_shown(word)} ».{suggestion(word, options)}"
    if word and " requires " in message:
        return f"Il manque une valeur après « {as_shown(word)} » (voir --help)."
    unknown = re.match(r"No such command '(.*?)'", message)
    if unknown:
        commands = [each.name or each.callback.__name__ for each in app.registered_commands if each.callback]
        return f"Commande inconnue : « {as_shown(unknown[1])} ».{suggestion(unknown[1], commands)}"
    param = getattr(error, "param", None)
    if type(error).__name__ == "MissingParameter" and param:
        return f"Il manque l'argument « {param.name} » (voir --help)."
    if param:
        return f"Valeur refusée pour « {max(param.opts, key=len)} » (voir --help)."
    return f"Demande mal formée : {message.rstrip('.')} (voir --help)."


if __name__ == "__main__":
    main()
