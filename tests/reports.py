"""Whole reports, made once a session: what several tests look at."""

from pathlib import Path

from cpsr_study import parameters
from cpsr_study.report import run as report

DATA = Path(__file__).resolve().parent.parent / "data"


def build(output, territory, chapters=None, data_dir=DATA, workers=2, formats="html,pdf", **options):
    """The real thing: real chapters, executed, merged and rendered into `output`."""
    given = parameters.resolve(data_dir, territory=territory, **options)
    asked = report.request(given, data_dir, output=output, chapters=chapters, workers=workers, formats_text=formats)
    return report.run(asked)


def html_of(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def tree(folder):
    """Every file of a folder with its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
