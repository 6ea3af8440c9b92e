"""A merged report notebook with every kind of block, as the renderers receive it. Its figures are samples."""

from __future__ import annotations

from html import escape
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cpsr_study.report import blocks

NB, NN = "\u00a0", "\u202f"
PRESENTATION = "Présentation de décembre 2021"
BLANK = dict.fromkeys(("as_published", "formula", "correction", "note", "status"), "")

# Texts that a renderer could be tempted to obey: none may have an effect, each must be readable in the report.
NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "](javascript:alert(1))",
    '#eval("1")',
    '=HYPERLINK("x")',
    r"\u202e",
    r"C:\dossier\"guillemets\"{accolades}[crochets]$dollar$",
    "{{ 7*7 }}{% raw %}",
    '"); #panic("x"); ("',
    "= ni titre, - ni puce, *ni gras*, _ni italique_, `ni code`, @ni-renvoi, <ni-balise> // ni /* commentaire */",
    "&amp; &lt;b&gt;",
)
HIDDEN = "ordre\u202einverse\u200e\x07 \U0001f600 漢"


class Sample:
    """Collects the cells of the sample and the references that its annex must answer."""

    def __init__(self) -> None:
        self.cells: list[Any] = []
        self.refs: dict[str, dict] = {}
        self.toc: list[dict] = []
        self.count = {"figure": 0, "tableau": 0}

    def display(
        self,
        mime: str,
        payload: Any,
        about: dict | None = None,
        cpsr: dict | None = None,
        cell: dict | None = None,
    ) -> None:
        """Adds a code cell with one output; its HTML twin must not reach the report."""
        data = {mime: payload, "text/html": "<b>jumeau pour JupyterLab</b>", "text/plain": "texte"}
        metadata = ({mime: about} if about else {}) | ({"cpsr": cpsr} if cpsr else {})
        output = new_output("display_data", data=data, metadata=metadata)
        made = new_code_cell("print('code masqué')", outputs=[output], metadata={"cpsr": cell} if cell else {})
        self.cells.append(made)

    def number(self, text: str, ref: str, **more: Any) -> dict:
        """A number of a sentence or a cell, with its row in the annex."""
        self.refs.setdefault(ref, {"anchor": ref, "value": text, "label": ref.split(".")[0].replace("_", " ")} | more)
        return {"text": text, "ref": ref, "mark": ""}

    def chapter(self, text: str) -> None:
        """A chapter title."""
        number = str(sum(e["level"] == 1 for e in self.toc) + 1)
        place = {"anchor": f"chapitre-{number}", "number": number}
        self.toc.append({"level": 1, "text": text, **place})
        self.display(blocks.HEADING, {"level": 1, "text": text}, cell=place)

    def section(self, title: str, body: str = "") -> None:
        """A Markdown cell that opens a section."""
        chapter = [e for e in self.toc if e["level"] == 1][-1]["number"]
        number = f"{chapter}.{sum(e['number'].startswith(chapter + '.') for e in self.toc) + 1}"
        place = {"anchor": f"section-{number.replace('.', '-')}", "number": number}
        self.toc.append({"level": 2, "text": title, **place})
        self.cells.append(new_markdown_cell(f"## {title}\n\n{body}", metadata={"cpsr": place}))

    def markdown(self, source: str) -> None:
        """A Markdown cell without a section title."""
        self.cells.append(new_markdown_cell(source))

    def sentence(self, kind: str, *parts: Any) -> None:
        """A sentence made of texts and numbers."""
        self.display(blocks.SENTENCE, {"kind": kind, "parts": list(parts)})

    def figure(self, title: str, alt: str, values: dict[str, float], **about: Any) -> None:
        """A bar chart drawn by hand."""
        self.count["figure"] += 1
        n = self.count["figure"]
        about = {
            "name": f"figure-{n}",
            "title": title,
            "alt": alt,
            "source": about.get("source", "Source : échantillon."),
            "reading": about.get("reading", ""),
            "notes": about.get("notes", []),
            "data": {"fields": [], "rows": []},
        }
        self.display(
            blocks.FIGURE,
            bars(values),
            about,
            {"number": n, "anchor": f"figure-{n}", "file": f"figures/figure-{n}.svg"},
        )

    def table(
        self,
        title: str,
        columns: list[tuple[str, str]],
        rows: list[list[Any]],
        notes: tuple[str, ...] = (),
        source: str = "",
    ) -> None:
        """A table whose first column holds the row headers."""
        self.count["tableau"] += 1
        n = self.count["tableau"]
        shown = [{"title": t, "align": a, "header": i == 0} for i, (t, a) in enumerate(columns)]
        cells = [[c if isinstance(c, dict) else {"text": c, "ref": "", "mark": ""} for c in row] for row in rows]
        payload = {
            "name": f"tableau-{n}",
            "title": title,
            "schema": {"fields": []},
            "data": [],
            "cpsr": {"columns": shown, "cells": cells, "notes": list(notes), "source": source},
        }
        self.display(
            blocks.TABLE,
            payload,
            cpsr={"number": n, "anchor": f"tableau-{n}", "file": f"tables/tableau-{n}.csv"},
        )

    def notebook(self, title: str) -> Any:
        """The notebook with its metadata."""
        about = {
            "title": title,
            "subtitle": "État des lieux de la commande publique socialement responsable",
            "territory": "Normandie",
            "territory_code": "REG-28",
            "edition": 2021,
            "reference": "France",
            "lang": "fr",
            "description": "Ce que disent les chiffres publiés à la fin de 2021.",
            "date": "2021-12-31",
            "toc": self.toc,
            "parameters": {"Territoire": "Normandie (REG-28)", "Édition": "2021", "Comparaison": "France"},
            "colophon": [
                {"label": "Version du programme", "text": "2026.11"},
                {"label": "Empreinte des données", "text": "9f2c" * 16},
            ],
        }
        return new_notebook(cells=self.cells, metadata={"title": title, "cpsr": about})


def bars(values: dict[str, float]) -> str:
    """SVG of horizontal bars."""
    top, rows = max(values.values()) or 1, []
    for i, (label, value) in enumerate(values.items()):
        y = 14 + 34 * i
        width = 300 * value / top
        rows.append(
            f'<text x="0" y="{y + 16}">{escape(label)}</text><text x="{218 + width:.1f}" y="{y + 16}">{value:g}</text>'
        )
        rows.append(f'<rect x="210" y="{y}" width="{width:.1f}" height="22" fill="#0B5394"/>')
    size = f'width="600" height="{20 + 34 * len(values)}" viewBox="0 0 600 {20 + 34 * len(values)}"'
    font = 'font-size="13" font-family="Source Sans Pro, sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(rows)}</svg>'


def card(label: str, value: dict, compare: dict | None = None, source: str = PRESENTATION) -> dict:
    """A key figure."""
    return {"label": label, "value": value, "period": "2020", "compare": compare, "source": source}


def _summary(s: Sample) -> None:
    s.chapter("Synthèse")
    s.section("Les chiffres clés", "Que sait-on, fin 2021, de la clause sociale d’insertion en Normandie ?")
    hours = s.number(f"293{NN}576{NB}h", "heures_insertion.REG-28.2020", as_published="293 576 heures")
    people = s.number("779", "participants.REG-28.2020", as_published="779 participants")
    fix = "× 0,001 : le document écrit « milliards » pour « millions »."
    amount = s.number(f"3,121{NB}Md€", "montant_marches.REG-28.2020", correction=fix)
    cards = [
        card(
            "Heures d’insertion",
            hours,
            s.number(f"France : 15{NN}952{NN}324{NB}h", "heures_insertion.FR.2020"),
        ),
        card("Participants", people, s.number(f"France : 45{NN}410", "participants.FR.2020")),
        card(
            "Montant des marchés publics",
            amount,
            s.number(f"France : 111,399{NB}Md€", "montant_marches.FR.2020"),
        ),
        card("Facilitateurs de la clause sociale", s.number("31", "facilitateurs.REG-28.2021")),
    ]
    s.display(blocks.KEYFIGURES, {"items": cards})
    each = s.number(
        f"377{NB}heures par participant",
        "heures_par_participant.REG-28.2020",
        formula="heures_insertion / participants",
        note="Trois chiffres significatifs.",
        inputs=[
            {"text": "heures d’insertion", "ref": hours["ref"]},
            {"text": "participants", "ref": people["ref"]},
        ],
    )
    long = s.number(f"293{NN}576{NB}heures", hours["ref"])
    s.sentence("reading", "En 2020, la clause sociale a donné ", long, " de travail en Normandie, soit ", each, ".")
    share = s.number(f"2,80{NB}% du montant", "part_france.REG-28.2020", formula="100 * montant / montant@FR")
    s.sentence("reading", "La Normandie passe ", share, " des marchés publics de France.")
    s.sentence("caveat", "Les structures sans logiciel de suivi ne sont pas comptées : ces totaux sont des minimums.")
    s.sentence("missing", "Non renseigné pour la Normandie : part des marchés clausés. Source attendue : OECP.")
    s.sentence("missing", "Non renseigné pour la Normandie : durée des contrats. Source attendue : facilitateurs.")


PROSE = """Le recensement compte les marchés **notifiés dans l’année** par les acheteurs[^1].

* les *collectivités* ;
* l’État et ses établissements ;
    1. hôpitaux,
    2. autres.

Voir [le ministère](https://www.economie.gouv.fr/daj), la [figure 1](#figure-1) ou `code`.

[^1]: Seuil de recensement : 90 000 € hors taxes."""

DETAIL = """| Terme | Sens |
|:--|--:|
| DELD | demandeur de *longue durée* |

### Un détail

Texte du détail.

> Une citation."""

HOSTILE = """<script>alert(1)</script> et <b>gras</b>

<div onclick='x'>bloc</div>

[piège](javascript:alert(1)) [mail](mailto:contact@example.org) [rien](#inconnu)

![image distante](https://example.org/x.png)

`#eval("1")` #eval("1") $x$ \\*

```python
#panic('x') "\\
```"""


def _procurement(s: Sample) -> None:
    s.chapter("La commande publique en Normandie")
    s.section("Combien, et par qui ?", PROSE)
    s.figure(
        "Modalités de la clause sociale, part des équivalents temps plein",
        "Barres : condition d’exécution 72 %, marché d’insertion 15 %, marché réservé 8 %, critère 5 %.",
        {
            "Condition d’exécution": 72,
            "Marché d’insertion": 15,
            "Marché réservé": 8,
            "Critère d’attribution": 5,
        },
        reading=f"Lecture : en 2019, 72{NB}% des équivalents temps plein viennent de la condition d’exécution.",
        notes=["Les parts s’additionnent à 100 %."],
    )
    doubtful = s.number(f"22,8{NB}%", "part_montant_acheteur.FR.2020.etat") | {
        "mark": "*",
        "mark_ref": "tableau-2",
    }
    s.table(
        "Montant et nombre de marchés selon l’acheteur, France, 2020",
        [("Acheteur", "left"), ("Part du montant", "right"), ("Part du nombre", "right")],
        [["Collectivités territoriales", f"40,2{NB}%", f"57,1{NB}%"], ["État", doubtful, f"12,3{NB}%"]],
        ("* Chiffre à vérifier : deux valeurs publiées.",),
        "Source : OECP, recensement 2020.",
    )
    s.section("Par département", DETAIL)
    areas = ("Calvados", "Eure", "Manche", "Orne", "Seine-Maritime")
    titles = (
        "Taux de pauvreté",
        "Personnes pauvres",
        "Allocataires du RSA",
        "RSA pour 1 000 habitants",
        "Population",
    )
    rows = []
    for i in range(50):
        texts = (f"12,4{NB}%", *(f"{80 + i}{NN}{111 * j:03d}" for j in range(1, 5)))
        numbers = [s.number(text, f"mesure_{j}.DEP-{i:02d}.2020") for j, text in enumerate(texts)]
        rows.append([f"{areas[i % 5]} {i + 1}", *numbers])
    head = [("Département", "left"), *((title, "right") for title in titles)]
    s.table("Pauvreté et emploi dans 50 territoires", head, rows, source="Source : Insee, Filosofi 2020.")


def _hostile(s: Sample) -> None:
    s.chapter("Textes hostiles : " + NASTY[0])
    s.section("Dans le Markdown", HOSTILE)
    s.markdown("##### Titre trop profond\n\nTexte avec une note[^1].\n\n[^1]: Deuxième note, à la suite.")
    for i, text in enumerate((*NASTY, HIDDEN)):
        everywhere = dict.fromkeys((*BLANK, "label", "geo", "period", "source", "locator"), text)
        s.sentence("reading", text, s.number(text, f"hostile.FR.{2000 + i}", **everywhere))
    s.sentence("missing", NASTY[0])
    s.sentence("caveat", NASTY[3])
    s.table(NASTY[3], [(NASTY[0], "left"), (NASTY[6], "right")], [[t, t] for t in NASTY], (NASTY[7],), NASTY[8])
    s.figure(NASTY[4], NASTY[1], {NASTY[0]: 1, "Autre": 2}, source=NASTY[9], reading=NASTY[3], notes=[NASTY[2]])
    number = {"text": NASTY[3], "ref": ""}
    s.display(blocks.KEYFIGURES, {"items": [card(NASTY[0], number, {"text": NASTY[6], "ref": ""}, NASTY[7])]})
    silent = new_output("stream", name="stdout", text="sortie standard masquée")
    s.cells.append(new_code_cell("1/0", outputs=[silent]))


def sample_notebook(hostile: bool = True) -> Any:
    """The merged notebook of a small study; with ``hostile``, a chapter made of nasty texts too."""
    s = Sample()
    _summary(s)
    _procurement(s)
    if hostile:
        _hostile(s)
    s.chapter("Sources et contrôles")
    s.section("Annexe : traçabilité", "Chaque nombre du rapport mène ici.")
    found = {
        "geo": "Normandie",
        "period": "2020",
        "source": PRESENTATION,
        "locator": "Diapositive « Chiffres clés »",
    }
    rows = [BLANK | found | {"inputs": []} | row for row in s.refs.values()]
    s.display(blocks.TRACE, {"rows": rows})
    title = "La commande publique socialement responsable en Normandie"
    return s.notebook(f"{title} {NASTY[3]}" if hostile else title)
