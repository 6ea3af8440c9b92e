"""The commands that bring sources in: import, fetch, new-source."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cpsr_study import paths
from cpsr_study.errors import RequestError

if TYPE_CHECKING:
    from cpsr_study.sources.intake import Intake

KnownSince = Annotated[
    int | None,
    typer.Option(
        "--known-since",
        help="Première édition qui en tient compte : l'année en cours par défaut. Une année passée refait une ancienne "
        "édition.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("import")(import_)
    app.command("fetch")(fetch)
    app.command("new-source")(new_source)


def import_(
    source: Annotated[str, typer.Argument(help="Nom de la source (insee-filosofi), ou auto : d'après le contenu.")],
    files: Annotated[list[Path], typer.Argument(help="Les fichiers téléchargés d'un millésime.")],
    territory: Annotated[
        str | None, typer.Option("--territory", help="Pour la source clause : le territoire de ces données.")
    ] = None,
    map_path: Annotated[
        Path | None, typer.Option("--map", help="Pour la source clause : correspondance TOML avec un autre logiciel.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Pour la source clause : ne rien prendre si une ligne est en erreur.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Pour la source clause : remplacer tout ce que ces structures ont envoyé.")
    ] = False,
    known_since: KnownSince = None,
) -> None:
    """Prend des fichiers officiels, ou ceux d'un partenaire (clause), dans data/raw et montre ce qui est entré."""
    if source == "clause":
        from cpsr_study.commands import partners

        if known_since:
            raise RequestError("--known-since ne vaut pas pour clause : ces données sont celles du jour.")
        partners.import_clause(files, territory, map_path, strict=strict, replace=replace)
        return
    if source in ("decp", "sirene"):
        _import_decp(files, known_since)
        return
    from cpsr_study.sources import geography, insee_cog, intake

    newest, data = _newest(), paths.data_dir()
    if source == insee_cog.SOURCE:
        taken = geography.take(files, data, known_since)
    else:
        taken = intake.take(source, files, data, known_since=known_since)
    _show(taken, newest)


def _import_decp(files: list[Path], known_since: int | None, origin: str = "") -> None:
    """Contracts are no table of figures: what became of the lines is shown, file by file."""
    from cpsr_study.display import taken as tables
    from cpsr_study.display import terminal, waiting
    from cpsr_study.sources.decp import intake, sirene, summary

    seats = [path for path in files if path.is_file() and sirene.recognise(path)]
    for path in seats:
        _import_seats(path)
    files = [path for path in files if path not in seats]
    if seats and not files:
        return
    newest = _newest()
    with waiting.downloads("Lecture") as advance:
        found = intake.take(files, paths.data_dir(), advance, origin, known_since)
    terminal.table(tables.contracts(found, summary.regions(found)), "table", "fichier(s) de DECP")
    for each in found:
        for reason, count in sorted(each.counts.reasons.items()):
            terminal.say(f"{tables.name(each.file)} : {count} ligne(s) rejetée(s), {reason}.")
        for warning in filter(None, [*each.counts.warnings, tables.unknown(each.counts)]):
            terminal.say(f"Attention, {tables.name(each.file)} : {warning}")
        state = "est entré dans" if each.new else "était déjà dans"
        terminal.say(f"{tables.name(each.file)} {state} data/raw/decp/{each.vintage}.")
        if each.new:
            terminal.say(tables.consequence(each, newest))


def _import_seats(path: Path) -> None:
    """An extract of Sirene places the buyers that no file of contracts places."""
    from cpsr_study.display import taken as tables
    from cpsr_study.display import terminal, waiting
    from cpsr_study.sources.decp import sirene

    with waiting.downloads("Lecture") as advance:
        taken = sirene.take(path, paths.data_dir(), advance)
    state = "est entré dans" if taken.new else "était déjà dans"
    terminal.say(
        f"{tables.name(taken.file)}, extrait de Sirene, {state} data/raw/sirene/{taken.vintage} : "
        f"{taken.read} lignes lues, {taken.kept} établissements situés, "
        f"{taken.read - taken.kept} lignes sans SIRET ou sans commune."
    )


def _fetch_decp(territory: str | None, since: str | None, refresh: bool, known_since: int | None) -> None:
    from cpsr_study.display import waiting
    from cpsr_study.sources.decp import fetch

    with waiting.downloads() as advance:
        path, origin = fetch.fetch(paths.data_dir(), advance, territory=territory, since=since, refresh=refresh)
    _import_decp([path], known_since, origin)


def fetch(
    source: Annotated[str, typer.Argument(help="Nom de la source (voir « sources --readers »).")],
    geo: Annotated[
        str | None, typer.Option("--geo", help="Seulement les départements de ce territoire, si la source s'y prête.")
    ] = None,
    territory: Annotated[
        str | None, typer.Option("--territory", help="decp : les marchés des acheteurs de ce territoire (REG-28).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="decp : les marchés notifiés depuis cette date (2024-01-01).")
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Télécharger malgré le fichier du jour en cache.")] = False,
    known_since: KnownSince = None,
) -> None:
    """Télécharge les fichiers d'une source, puis les importe."""
    from cpsr_study.display import waiting
    from cpsr_study.sources import download

    if source == "decp":
        _fetch_decp(territory or geo, since, refresh, known_since)
        return
    if territory or since:
        raise RequestError("--territory et --from ne valent que pour decp.")
    newest = _newest()
    with waiting.downloads() as advance:
        taken = download.fetch(source, paths.data_dir(), advance, areas=geo, refresh=refresh, known_since=known_since)
    _show(taken, newest)


def new_source(
    name: Annotated[str, typer.Argument(help="Nom de la source : ave-consolidation.")],
    vintage: Annotated[str | None, typer.Option("--vintage", help="Millésime (l'année en cours par défaut).")] = None,
    geo: Annotated[
        str | None, typer.Option("--geo", help="Attendre les chiffres de ce territoire, pas ceux du dernier millésime.")
    ] = None,
) -> None:
    """Prépare la saisie d'un document : sa fiche, un tableau vide, les chiffres attendus."""
    from datetime import date

    from cpsr_study.display import terminal
    from cpsr_study.sources import drafts

    data = paths.data_dir()
    folder = drafts.create(name, vintage or str(date.today().year), geo, data)
    place = folder.relative_to(data).as_posix()
    terminal.say(f"Dans le dossier de données, {place} : compléter source.toml, saisir observations.csv.")
    terminal.say(f"{drafts.EXPECTED} donne les chiffres attendus et leur dernière valeur ; « cpsr-study check » suit.")
    terminal.say(f"À la fin : cpsr-study import {name} {folder / 'observations.csv'}")


def _newest() -> int:
    from cpsr_study import parameters

    return (parameters.editions(paths.data_dir()) or [0])[-1]


def _show(taken: "list[Intake]", newest: int) -> None:
    from cpsr_study.display import taken as tables
    from cpsr_study.display import terminal

    for intake in taken:
        terminal.table(tables.kept(intake), "table", f"indicateur(s) de {intake.source}/{intake.vintage}")
        if len(intake.set_aside):
            terminal.table(tables.set_aside(intake), "table", "motif(s) d'écarter des lignes")
        terminal.say(tables.sentence(intake))
        if intake.new:
            terminal.say(tables.consequence(intake, newest))
