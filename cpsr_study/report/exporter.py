"""What the two exporters of the report share: where templates are, and how little nbconvert is asked to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, StrictUndefined
from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets import default

TEMPLATES = Path(__file__).parent / "templates"


class _AsItIs(list):
    """A list that nbconvert does not copy to the bottom."""

    def __deepcopy__(self, memo: object) -> _AsItIs:
        return self


class ReportExporter(TemplateExporter):
    """A merged report notebook laid out by a template that sees `report` and `blocks`, never the cells."""

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    @default("default_preprocessors")
    def _default_preprocessors_default(self) -> list[str]:
        return []

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.undefined = StrictUndefined
        return environment

    def lay_out(self, about: dict, blocks: list[dict], resources: dict | None, **kw: Any) -> Any:
        """The text of the template and nbconvert's resources.

        nbconvert copies and checks a notebook several times over; all that ours holds is in the blocks by now.
        """
        given = dict(resources or {}) | {"report": about, "blocks": _AsItIs(blocks)}
        return super().from_notebook_node(nbformat.v4.new_notebook(), given, **kw)

    def warm(self, *others: str) -> None:
        """Compile the template, and those that it calls."""
        for name in (self.template.name, *others):
            self.environment.get_template(str(name))
