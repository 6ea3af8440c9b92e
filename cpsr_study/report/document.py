"""The executed chapters merged into one notebook: numbered, cross-referenced, with its annex and colophon."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from cpsr_study.display import numbers
from cpsr_study.display.publish import FIGURE, HEADING, KEYFIGURES, SENTENCE, TABLE
from cpsr_study.report.blocks import TRACE, obs_anchor
from cpsr_study.study import Study

HIDDEN_TAGS = {"parameters", "injected-parameters"}
TITLE = "La commande publique socialement responsable"
SUBTITLE = "État des lieux"
PROMISE = "Ce que l’on sait, ce que l’on ne sait pas, ce qui se contredit : chaque chiffre mène à sa source."
BANNER = "Données fictives : rapport de démonstration"
# Beyond this many inputs an annex line gives the formula and points at the data file instead of listing them.
MAX_INPUTS = 30


def merge(chapters: dict[str, NotebookNode], study: Study, colophon: list[dict[str, str]]) -> NotebookNode:
    """One notebook from the executed chapters (`{"03_clause_sociale": notebook}`), in the order given."""
    document = nbformat.v4.new_notebook()
    counters = {"figure": 0, "tableau": 0}
    toc: list[dict[str, Any]] = []
    for name, chapter in chapters.items():
        document.cells += _chapter(chapter, int(name[:2]), counters, toc)
    document.cells += _annex(document, study, toc)
    for position, cell in enumerate(document.cells):
        cell["id"] = f"cellule-{position}"
    document.metadata = NotebookNode(
        title=f"{TITLE} {study.en}, édition {study.edition}", cpsr=_about(study, toc, colophon)
    )
    return nbformat.from_dict(document)


def _about(study: Study, toc: list[dict[str, Any]], colophon: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "title": f"{TITLE} {study.en}",
        "subtitle": f"{SUBTITLE}, édition {study.edition}",
        "territory": study.name,
        "territory_code": study.territory.code,
        "edition": study.edition,
        "reference": study.compared.name,
        "lang": "fr",
        "description": PROMISE,
        "banner": BANNER if any(card.kind == "fictif" and card.covers in study.geos for card in study.cards) else "",
        "date": max(card.published for card in study.cards),
        "toc": toc,
        "parameters": {
            "Territoire": f"{study.name} ({study.territory.code})",
            "Édition": f"{study.edition} (sources publiées jusqu’à la fin de {study.edition})",
            "Comparaison": f"{study.compared.name} ({study.compared.code})",
            "Étalement des grands projets": f"{study.parameters.project_years} ans",
        },
        "colophon": colophon,
    }


def _chapter(
    chapter: NotebookNode, number: int, counters: dict[str, int], toc: list[dict[str, Any]]
) -> list[NotebookNode]:
    cells, section = [], 0
    for cell in _sections(chapter.cells):
        about: dict[str, Any] = {}
        heading = _chapter_heading(cell)
        if heading:
            about = {"anchor": f"chapitre-{number:02}", "number": str(number) if number else ""}
            toc.append({"level": 1, "text": heading} | about)
        elif cell.cell_type == "markdown" and cell.source.startswith("## "):
            section += 1
            about = {"anchor": f"section-{number:02}-{section}", "number": f"{number}.{section}" if number else ""}
            toc.append({"level": 2, "text": cell.source.splitlines()[0][3:].strip()} | about)
        for output in cell.get("outputs", []):
            _number_output(output, counters)
        cells.append(NotebookNode(cell | {"metadata": NotebookNode({"cpsr": about} if about else {})}))
    return cells


def _sections(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells shown, with each `##` heading opening a markdown cell of its own."""
    result = []
    for cell in cells:
        if HIDDEN_TAGS & set(cell.metadata.get("tags", [])):
            continue
        if cell.cell_type == "markdown":
            pieces = [piece.strip() for piece in re.split(r"(?m)^(?=## )", cell.source) if piece.strip()]
            result += [_markdown(piece) for piece in pieces]
        elif cell.cell_type == "code" and cell.outputs:
            result.append(_code([output for output in cell.outputs if "data" in output]))
    return result


def _chapter_heading(cell: NotebookNode) -> str:
    """The title of the chapter, if the cell gives it; cut to its short form, as the report says the rest once."""
    for output in cell.get("outputs", []):
        if HEADING in output.data and output.data[HEADING]["level"] == 1:
            output.data[HEADING]["text"] = output.data[HEADING].get("short") or output.data[HEADING]["text"]
            return output.data[HEADING]["text"]
    return ""


def _number_output(output: NotebookNode, counters: dict[str, int]) -> None:
    kind = "figure" if FIGURE in output.data else "tableau" if TABLE in output.data else ""
    if not kind:
        return
    counters[kind] += 1
    number = counters[kind]
    name = output.metadata[FIGURE]["name"] if kind == "figure" else output.data[TABLE]["name"]
    file = f"{'figures' if kind == 'figure' else 'tables'}/{number:02}-{name}"
    output.metadata["cpsr"] = {"number": number, "anchor": f"{kind}-{number}", "file": f"{file}.csv"}


def references(document: NotebookNode) -> list[str]:
    """Ids of the observations that sentences, cards and tables show, in reading order."""
    found: dict[str, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("ref"):
                found[value["ref"]] = None
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    for cell in document.cells:
        for output in cell.get("outputs", []):
            for mime in (SENTENCE, KEYFIGURES, TABLE):
                look(output.data.get(mime))
    return list(found)


def _annex(document: NotebookNode, study: Study, toc: list[dict[str, Any]]) -> list[NotebookNode]:
    title = "Annexe : traçabilité"
    about = {"anchor": "tracabilite", "number": ""}
    toc.append({"level": 1, "text": title} | about)
    heading = nbformat.v4.new_output("display_data", {HEADING: {"level": 1, "text": title}, "text/plain": title})
    frame = study.trace(references(document), max_inputs=MAX_INPUTS)
    present = set(frame["id"])
    rows = [_trace_row(row, study, present) for row in frame.to_dict("records")]
    body = nbformat.v4.new_output("display_data", {TRACE: {"rows": rows}, "text/plain": title})
    intro = (
        "Chaque chiffre du rapport mène ici : sa valeur, les mots de la source, sa période, sa source et sa place dans "
        "la source ; s’il est calculé, sa formule et les chiffres dont il est fait."
    )
    return [
        _code([heading], cpsr=about),
        _markdown(intro),
        _code([body]),
    ]


# nbformat checks each cell that it makes against its schema, which takes longer than all the rest of the merge.
def _code(outputs: list[NotebookNode], **metadata: Any) -> NotebookNode:
    return NotebookNode(
        cell_type="code", source="", execution_count=None, outputs=outputs, metadata=NotebookNode(metadata)
    )


def _markdown(source: str) -> NotebookNode:
    return NotebookNode(cell_type="markdown", source=source, metadata=NotebookNode())


def _trace_row(row: dict[str, Any], study: Study, present: set[str]) -> dict[str, Any]:
    label = ", ".join(filter(None, [row["indicator_label"], row["category_label"]]))
    ids = row["inputs"].split()
    inputs = [_input(name, study) for name in ids] if set(ids) <= present else []
    formula = study.registry.in_words(row["formula"])
    if ids and not inputs:
        formula += f" ({len(ids)} valeurs, dans observations.csv)"
    return {
        "anchor": obs_anchor(row["id"]),
        "label": label,
        "geo": f"{row['geo_label']} ({row['geo']})",
        "period": numbers.period_text(row["time_period"]),
        "value": row["long_text"],
        "as_published": row["as_published"],
        "source": row["source_label"],
        "locator": row["locator"],
        "status": numbers.status_text(row["status"]),
        "formula": formula,
        "inputs": inputs,
        "correction": row["correction"],
        "note": row["note"],
    }


def _input(name: str, study: Study) -> dict[str, str]:
    row = study.row(name)
    category = study.registry.category_label(row["breakdown"], row["category"])
    label = ", ".join(filter(None, [study.registry[row["indicator"]].label, category]))
    area = study.territories.get(row["geo"]).name
    derived = not row["as_published"]
    secret = row["status"] == "S"
    value = (
        numbers.SECRET
        if secret
        else numbers.value_text(row["value"], row["unit"], units=study.registry.units, derived=derived)
    )
    return {"text": f"{label}, {area}, {numbers.period_text(row['time_period'])} : {value}", "ref": name}


def read(path: Path) -> NotebookNode:
    """A notebook from its file."""
    return nbformat.read(path, as_version=4)
