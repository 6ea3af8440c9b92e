"""The commands of a partner who has its own data: new-territory, and the import of the clause sociale."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cpsr_study import paths
from cpsr_study.commands.common import short
from cpsr_study.errors import RequestError
from cpsr_study.hidden import shown

if TYPE_CHECKING:
    from pandas import DataFrame

    from cpsr_study.territories import Territory

# Written where the command is run, for the partner: with names of operations and buyers, in no report or archive.
REMARKS_FILE, PACE_FILE = Path("clause-a-corriger.csv"), Path("clause-rythme.csv")


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("new-territory")(new_territory)


def new_territory(
    territory: Annotated[str, typer.Argument(help="Code (EPCI-200065597) ou nom du territoire.")],
    folder: Annotated[Path | None, typer.Option("--folder", help="Dossier à créer (le code par défaut).")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Remplir le modèle de données fictives et les importer, pour voir.")
    ] = False,
) -> None:
    """Prépare un territoire : le modèle de la clause sociale à remplir et un fichier de paramètres commenté."""
    from cpsr_study.display import terminal
    from cpsr_study.sources.clause import template

    data = paths.data_dir()
    area = _area(territory)
    target = folder or Path(area.code)
    made = template.create(area, target, data)
    for path in made:
        terminal.say(f"  {short(path.resolve())}")
    if demo:
        from cpsr_study.sources.clause import demonstration

        files = demonstration.write(target / "fictif", data, area.code)
        terminal.say("Données fictives : le rapport le dit à chaque page.")
        import_clause(files, area.code, None, strict=False, invented=True)
        return
    terminal.say(f"À la fin : cpsr-study import clause {target / 'modele-clause.xlsx'} --territory {area.code}")


def import_clause(
    files: list[Path],
    territory: str | None,
    map_path: Path | None,
    *,
    strict: bool,
    replace: bool = False,
    invented: bool = False,
) -> None:
    """Take a partner's files in, write what is to be corrected, say what came in."""
    from cpsr_study.display import terminal
    from cpsr_study.sources.clause import intake

    if territory is None:
        raise RequestError("De quel territoire sont ces données ? Précisez --territory et son code ou son nom.")
    code = _area(territory).code
    try:
        taken = intake.take(
            files, paths.data_dir(), code, map_path=map_path, strict=strict, replace=replace, invented=invented
        )
    except intake.StrictError as error:
        _write(error.remarks)
        raise
    _write(taken.remarks)
    _write_pace(taken.pace)
    counts = ", ".join(f"{count} {table}" for table, count in taken.kept.items())
    if taken.new:
        terminal.say(f"Importé dans clause/{taken.vintage} : {counts}.")
        if taken.waiting:
            years = ", ".join(map(str, taken.waiting))
            terminal.say(
                f"{years} : moins de cinq personnes ont changé depuis l'envoi précédent. Pour n'en désigner aucune, le "
                "rapport garde les chiffres d'avant (voir le guide, « Corriger »)."
            )
    else:
        terminal.say(f"Rien de nouveau : clause/{taken.vintage} contient déjà ces données ({counts}).")


def _write(remarks: "DataFrame") -> None:
    from cpsr_study.display import terminal

    if remarks.empty:
        return
    _write_csv(remarks, REMARKS_FILE)
    errors = int((remarks["gravité"] == "erreur").sum())
    alerts = len(remarks) - errors
    terminal.say(f"{errors} ligne(s) en erreur, {alerts} point(s) à vérifier : {shown(REMARKS_FILE.name)}, à renvoyer.")


def _write_pace(found: "DataFrame") -> None:
    """The operations and their hours, to be kept by the partner."""
    from cpsr_study.display import terminal
    from cpsr_study.display.numbers import day_text
    from cpsr_study.sources.clause import pace

    _write_csv(found, PACE_FILE)
    terminal.say(
        f"Rythme au {day_text(found['à la date du'].iloc[0])}, opérations qui finiraient sous leurs heures : "
        f"{pace.short(found)} sur {len(found)}. La liste est à garder pour vous : {short(PACE_FILE.resolve())}"
    )


def _write_csv(frame: "DataFrame", path: Path) -> None:
    from cpsr_study.report.export import csv_text

    known = frame.astype(object).where(frame.notna(), "")
    path.write_text(csv_text(list(frame.columns), known.to_numpy().tolist()), encoding="utf-8-sig", newline="")


def _area(text: str) -> "Territory":
    from cpsr_study import parameters as door
    from cpsr_study.territories import Territories

    data = paths.data_dir()
    return Territories.load(data, door.resolve(data).edition).find(text)
