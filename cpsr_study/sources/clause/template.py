"""The template that partners fill or export into: three CSV, one workbook, and a commented parameter file.

All of it is made from the schema: the same bytes each time.
"""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

from cpsr_study.errors import RequestError
from cpsr_study.sources.clause import schema
from cpsr_study.sources.clause.schema import TABLES, Field, Schema
from cpsr_study.territories import Territory

ROWS = 5000  # lines to which the lists of allowed values apply
# Two invented lines a table: field -> (first, second). They are to be erased before filling.
EXAMPLES: dict[str, dict[str, tuple[str, str]]] = {
    "operations": {
        "structure": ("PLIE de l’exemple", "PLIE de l’exemple"),
        "operation": ("EXEMPLE-1", "EXEMPLE-2"),
        "reference": ("2025-012 lot 3", "2025-020"),
        "acheteur": ("Ville de l’exemple", "Office de l’habitat de l’exemple"),
        "categorie_acheteur": ("collectivites_sem", "bailleurs_sociaux"),
        "type_marche": ("travaux", "services"),
        "secteur": ("btp", "nettoyage"),
        "cpv": ("45210000", "90910000"),
        "montant": ("850000", "120000"),
        "modalite": ("condition_execution", "marche_reserve_siae"),
        "poids_critere": ("", ""),
        "date_debut": ("2025-02-03", "2025-01-06"),
        "date_fin": ("2026-06-30", "2025-12-31"),
        "commune": ("", ""),
        "zone": ("qpv", "hors_zone"),
        "heures_prevues": ("1400", "700"),
        "heures_stage": ("70", ""),
        "grand_projet": ("non", "non"),
        "nom_grand_projet": ("", ""),
    },
    "contrats": {
        "structure": ("PLIE de l’exemple", "PLIE de l’exemple"),
        "contrat": ("EXEMPLE-C1", "EXEMPLE-C2"),
        "operation": ("EXEMPLE-1", "EXEMPLE-2"),
        "participant": ("EX001", "EX002"),
        "annee": ("2025", "2025"),
        "employeur": ("Bâtisseurs de l’exemple", "Propreté de l’exemple"),
        "type_employeur": ("etti", "ei"),
        "taille_entreprise": ("moins_50", "moins_10"),
        "type_contrat": ("ctti", "cddi"),
        "date_debut": ("2025-02-10", "2025-01-13"),
        "date_fin": ("2025-05-09", "2025-07-11"),
        "heures_realisees": ("402.5", "610"),
        "heures_payees": ("440", "650"),
    },
    "participants": {
        "structure": ("PLIE de l’exemple", "PLIE de l’exemple"),
        "participant": ("EX001", "EX002"),
        "pseudonyme_commun": ("", ""),
        "sexe": ("femme", "homme"),
        "tranche_age": ("de_26_34", "plus_50"),
        "niveau_formation": ("niveau_3", "infra_3"),
        "publics": ("deld|rsa", "qpv|rqth"),
        "prescripteur": ("france_travail", "plie"),
        "sortie_3_mois": ("cdd_long", "recherche"),
        "sortie_6_mois": ("cdi", ""),
        "sortie_12_mois": ("", ""),
    },
}
ADVICE = (
    "Une feuille par table : opérations, contrats, participants. Effacez les deux lignes d’exemple, puis remplissez.",
    "Un titre avec une astérisque : colonne obligatoire. Les autres restent vides quand on ne sait pas.",
    "Dans les listes, choisissez une valeur proposée ; la feuille Listes les définit toutes.",
    "Un contrat qui couvre plusieurs années a une ligne par année.",
    "Aucune donnée personnelle : ni nom, ni prénom, ni numéro de sécurité sociale, ni adresse, ni téléphone, ni "
    "courriel, ni date de naissance. Un fichier qui en contient est refusé en entier.",
    "Un pseudonyme : des chiffres, trois lettres de suite au plus (P0412). La table qui relie pseudonymes "
    "et personnes reste chez vous.",
    "Deux structures suivent la même personne ? Donnez-lui le même pseudonyme commun : elle comptera une fois.",
)


def create(territory: Territory, folder: Path, data_dir: Path) -> list[Path]:
    """The files for a territory, in a new folder. RequestError when the folder already holds something."""
    if folder.exists() and any(folder.iterdir()):
        raise RequestError(f"Le dossier {folder.name} n'est pas vide : rien n'a été écrit.")
    shape = schema.read(data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for table in TABLES:
        made.append(folder / f"{table}.csv")
        made[-1].write_text(_csv(shape, table), encoding="utf-8-sig", newline="")
    made += [folder / "modele-clause.xlsx", folder / "correspondance-exemple.toml", folder / "parametres.toml"]
    made[-3].write_bytes(workbook(shape))
    made[-2].write_text(MAPPING, encoding="utf-8", newline="\n")
    made[-1].write_text(_parameters(territory), encoding="utf-8", newline="\n")
    return made


def _csv(shape: Schema, table: str) -> str:
    """Headings and the two examples, `;` and French marks, as spreadsheets open it in France."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([field.label for field in shape.fields[table]])
    for place in (0, 1):
        writer.writerow([_shown(EXAMPLES[table][field.name][place], field, shape) for field in shape.fields[table]])
    return out.getvalue()


def _shown(text: str, field: Field, shape: Schema) -> str:
    """An example in the words of the reader: the label of a code, a French date."""
    if field.values and text:
        labels = {value.code: value.label for value in shape.values[field.values]}
        return " | ".join(labels[part] for part in text.split("|"))
    if field.type == "date" and text:
        return datetime.fromisoformat(text).strftime("%d/%m/%Y")
    return text.replace(".", ",") if field.type == "decimal" else text


def workbook(shape: Schema) -> bytes:
    """The workbook: explanations first, a sheet a table with its lists of allowed values, and the lists defined."""
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": "Modèle de la clause sociale", "created": datetime(2020, 1, 1)})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DCE6F1"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        _explain(book.add_worksheet("Explications"), shape, bold, wrap)
        sheets = {table: book.add_worksheet(label) for table, label in TABLES.items()}
        places = _lists(book.add_worksheet("Listes"), shape, bold, wrap)
        for table, sheet in sheets.items():
            _table(sheet, table, shape, places, bold)
    return buffer.getvalue()


def _explain(sheet: Any, shape: Schema, bold: Any, wrap: Any) -> None:
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 32)
    sheet.set_column(2, 2, 14)
    sheet.set_column(3, 3, 90, wrap)
    for line, text in enumerate(ADVICE):
        sheet.merge_range(line, 0, line, 3, text, wrap)
        sheet.set_row(line, 32)
    start = len(ADVICE) + 1
    sheet.write_row(start, 0, ["Table", "Colonne", "Obligatoire", "Ce qu’on y met"], bold)
    for line, field in enumerate((f for fields in shape.fields.values() for f in fields), start + 1):
        sheet.write_row(
            line, 0, [TABLES[field.table], field.label, "oui" if field.required else "non", field.definition]
        )


def _table(sheet: Any, table: str, shape: Schema, places: dict[str, str], bold: Any) -> None:
    sheet.freeze_panes(1, 2)
    sheet.set_row(0, 32)
    for column, field in enumerate(shape.fields[table]):
        sheet.set_column(column, column, max(14, min(30, len(field.label) + 4)))
        sheet.write_string(0, column, f"{field.label} *" if field.required else field.label, bold)
        for line in (0, 1):
            sheet.write_string(line + 1, column, _shown(EXAMPLES[table][field.name][line], field, shape))
        help_text = {"input_title": field.label[:32], "input_message": field.definition[:255]}
        rule: dict[str, Any] = {"validate": "any"}
        if field.type in ("liste", "oui_non"):
            rule = {"validate": "list", "source": places[field.values], "error_title": "Valeur inconnue",
                    "error_message": "Choisissez une valeur de la liste."}  # fmt: skip
        sheet.data_validation(1, column, ROWS, column, rule | help_text)


def _lists(sheet: Any, shape: Schema, bold: Any, wrap: Any) -> dict[str, str]:
    """Write every list with its definitions; where each list stands, as a formula."""
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 52)
    sheet.set_column(2, 2, 90, wrap)
    sheet.write_row(0, 0, ["Liste", "Valeur", "Définition"], bold)
    titles = {field.values: field.label for fields in shape.fields.values() for field in fields if field.values}
    places, line = {}, 1
    for name, values in shape.values.items():
        places[name] = f"=Listes!$B${line + 1}:$B${line + len(values)}"
        for value in values:
            sheet.write_row(line, 0, [titles.get(name, name), value.label, value.definition])
            line += 1
    return places


def _parameters(territory: Territory) -> str:
    return f"""# Paramètres du rapport : {territory.name}
# cpsr-study run --parameters parametres.toml

territory = "{territory.code}"    # le territoire étudié
# edition = 2026                  # l'état des connaissances ; la dernière année connue par défaut
compare_with = "FR"               # la zone de comparaison : FR, une région, un département
# project_years = 5               # hypothèse : durée d'étalement des grands projets, en années
"""


MAPPING = """# Correspondance d'un export d'un autre logiciel vers le modèle.
# EXEMPLE NON VÉRIFIÉ : aucune présentation publique des exports d'ABC Clause n'est connue. Les titres de colonnes
# ci-dessous sont plausibles ; remplacez-les par ceux de votre fichier. Puis :
#   cpsr-study import clause export.csv --map correspondance-exemple.toml --territory VOTRE-CODE
# À gauche, le titre de la colonne dans votre fichier ; à droite, le champ du modèle.

[operations]
"Structure" = "structure"
"N° opération" = "operation"
"Numéro de marché" = "reference"
"Maître d'ouvrage" = "acheteur"
"Type de maître d'ouvrage" = "categorie_acheteur"
"Type de marché" = "type_marche"
"Type de clause" = "modalite"
"Heures à réaliser" = "heures_prevues"
"Date de début opération" = "date_debut"
"Date de fin opération" = "date_fin"
"Code INSEE lieu" = "commune"

[contrats]
"Structure" = "structure"
"N° contrat" = "contrat"
"N° opération" = "operation"
"N° bénéficiaire" = "participant"
"Année" = "annee"
"Entreprise" = "employeur"
"Type d'employeur" = "type_employeur"
"Type de contrat" = "type_contrat"
"Début contrat" = "date_debut"
"Fin contrat" = "date_fin"
"Heures réalisées" = "heures_realisees"

[participants]
"Structure" = "structure"
"N° bénéficiaire" = "participant"
"Sexe" = "sexe"
"Âge" = "tranche_age"
"Niveau" = "niveau_formation"
"Critères d'éligibilité" = "publics"
"Prescripteur" = "prescripteur"

# Une colonne absente de votre fichier mais toujours la même :
# [constantes.operations]
# structure = "Maison de l'emploi"

# Les mots de votre fichier et les codes du modèle (feuille Listes, ou data/reference/clause_valeurs.csv) :
[valeurs.modalite]
"Clause d'exécution" = "condition_execution"
"Marché réservé art. 36" = "marche_reserve_siae"

[valeurs.type_employeur]
"Intérim d'insertion" = "etti"
"Embauche directe" = "entreprise"
"""
