"""The documents: those made from the registries do not drift, those written by hand quote true numbers."""

import importlib.util
import re
from pathlib import Path

import pytest

from cpsr_study import Study, indicators
from cpsr_study.display import numbers

ROOT = Path(__file__).resolve().parent.parent


def script():
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "scripts" / "build_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["sources.md", "indicateurs.md", "glossaire.md"])
def test_generated_documents_do_not_drift(name):
    expected = script().documents(ROOT / "data")[name]
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == expected, "python scripts/build_docs.py"


def test_the_method_quotes_the_values_that_are_computed():
    """Each `<!-- id -->value` of docs/methode.md is what the newest edition holds."""
    study = Study.open("REG-28")
    units = indicators.read(ROOT / "data").units
    quoted = re.findall(r"<!-- (\S+) -->([\d\s,]+)", (ROOT / "docs" / "methode.md").read_text(encoding="utf-8"))
    assert len(quoted) >= 9
    for name, text in quoted:
        row = study.row(name)
        shown = numbers.value_text(
            row["value"], row["unit"], units=units, derived=row["source"] == "calcul", with_unit=False
        )
        assert re.sub(r"\s", "", text) == re.sub(r"\s", "", shown), name


def test_the_divisions_that_the_method_works_out_are_right():
    text = (ROOT / "docs" / "methode.md").read_text(encoding="utf-8").replace("\n", " ")
    worked = re.findall(r"([\d ]*\d) ÷ ([\d ]*\d) = (\d+,(\d+))", text)
    assert len(worked) >= 5
    for over, under, result, decimals in worked:
        quotient = int(over.replace(" ", "")) / int(under.replace(" ", ""))
        assert f"{quotient:.{len(decimals)}f}".replace(".", ",") == result, f"{over} ÷ {under}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda path: path.name)
def test_links_inside_the_repository_lead_somewhere(path):
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link
