"""Write the documents made from the registries: docs/sources.md, docs/indicateurs.md, docs/glossaire.md.

Run `python scripts/build_docs.py` after changing a card, an indicator or the glossary; a test fails when they drift.
"""

import csv
from pathlib import Path

from cpsr_study import indicators
from cpsr_study.display.overview import THEMES
from cpsr_study.sources import KINDS, catalogue

ROOT = Path(__file__).resolve().parent.parent
NOTICE = "<!-- Fait par scripts/build_docs.py à partir des registres : ne pas modifier à la main. -->"


def cell(text: str) -> str:
    """A text that stays inside its Markdown cell."""
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def sources(data_dir: Path) -> str:
    parts = ["# Sources", NOTICE, "Une fiche par source et millésime, dans `data/raw` et `data/reference`."]
    for card in catalogue(data_dir):
        facts = {
            "Producteur": card.producer,
            "Nature": KINDS[card.kind],
            "Publiée": card.published,
            "Période": card.reference_period,
            "Licence": card.licence,
            "Adresse": card.url,
            "Citation": card.citation,
            "Fichiers": ", ".join(f"`{name}`" for name in card.files),
            "Remarques": card.notes,
        }
        parts.append(f"## {card.title}\n\n`{card.source}/{card.vintage}`")
        parts.append("\n".join(f"- **{name}** : {cell(value)}" for name, value in facts.items() if value))
    return "\n\n".join(parts) + "\n"


def dictionary(data_dir: Path) -> str:
    registry = indicators.read(data_dir)
    parts = ["# Dictionnaire des indicateurs", NOTICE]
    for theme, title in THEMES.items():
        rows = [
            [f"`{i.id}`", i.label, i.unit, i.breakdown, (i.formula and f"`{i.formula}`") or i.aggregation, i.definition]
            for i in registry.indicators.values()
            if i.theme == theme
        ]
        heads = ["Identifiant", "Libellé", "Unité", "Ventilation", "Calcul", "Définition"]
        parts.append(f"## {title}\n\n{table(heads, rows)}")
    rows = [[r.label, f"`{r.left}`", f"`{r.right}`"] for r in registry.relations]
    parts.append("## Relations contrôlées\n\n" + table(["Relation", "Un côté", "L'autre"], rows))
    return "\n\n".join(parts) + "\n"


def glossary(data_dir: Path) -> str:
    with (data_dir / "reference" / "glossary.csv").open(encoding="utf-8", newline="") as handle:
        rows = [list(row.values()) for row in csv.DictReader(handle)]
    return (
        "\n\n".join(["# Glossaire", NOTICE, table(["Terme", "Définition", "Texte", "À ne pas confondre avec"], rows)])
        + "\n"
    )


def documents(data_dir: Path) -> dict[str, str]:
    """Name of each generated document, and its text."""
    return {
        "sources.md": sources(data_dir),
        "indicateurs.md": dictionary(data_dir),
        "glossaire.md": glossary(data_dir),
    }


if __name__ == "__main__":
    for name, text in documents(ROOT / "data").items():
        (ROOT / "docs" / name).write_text(text, encoding="utf-8", newline="\n")
