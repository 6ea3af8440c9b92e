"""What has to be made again, and why: the manifest of the report in place, compared with what it would be today.

A chapter depends on its notebook, the parameters, the data, the versions and the part of the program that a notebook
can call; the rest (templates, rendering, commands) only touches the pages. So an edited chapter is executed alone.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cpsr_study.report import manifest

# The program beyond what a notebook calls, except what executes it.
_AFTER = ("cpsr_study/report/", "cpsr_study/commands/", "cpsr_study/cli.py")
_EXECUTION = tuple(f"cpsr_study/report/{name}.py" for name in ("engine", "execution", "forked", "warm", "workers"))
_RENDERERS = {"nbconvert", "typst"}
_NAMED = 2


@dataclass(frozen=True)
class Plan:
    """Description of the report to make, why it must be, and the executed chapters that can be kept."""

    description: dict[str, Any]
    reasons: list[str] = field(default_factory=list)
    kept: dict[str, Path] = field(default_factory=dict)


def plan(folder: Path, description: dict[str, Any], force: bool = False) -> Plan:
    """Compare the report in `folder` with `description`; nothing has to be done when there is no reason."""
    if force:
        return Plan(description, ["refait à la demande (--force)"])
    try:
        old = json.loads((folder / manifest.FILE).read_text(encoding="utf-8"))
        outputs, inputs = old["outputs"], old["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return Plan(description, ["aucun rapport en place"])
    actual = manifest.outputs(folder)
    if {name: old.get(name) for name in description} == description and outputs == actual:
        return Plan(description)
    return _compare(folder, description, old, outputs, actual, inputs)


def _compare(
    folder: Path, new: dict[str, Any], old: dict[str, Any], outputs: dict[str, str], actual: dict[str, str], was: Any
) -> Plan:
    common = [*_values("paramètre", old, new, "parameters"), *_values("version", old, new, "versions", _RENDERERS)]
    common += _files([name for name in _changed(was, new["inputs"]) if _is_seen_by_chapters(name)])
    reasons = [f"tous les chapitres : {text}" for text in common]
    kept = {}
    for name in (each for each in new["inputs"] if each.startswith("notebooks/")):
        stem = Path(name).stem
        if name not in was:
            reasons.append(f"{stem} : chapitre ajouté")
        elif was[name] != new["inputs"][name]:
            reasons.append(f"{stem} : notebook modifié")
        elif not outputs.get(name) or outputs[name] != actual.get(name):
            reasons.append(f"{stem} : notebook exécuté modifié ou absent")
        elif not common:
            kept[stem] = folder / name
    gone = [Path(name).stem for name in was if name.startswith("notebooks/") and name not in new["inputs"]]
    pages = [f"chapitre {name} retiré" for name in gone]
    pages += ["formats demandés"] if old.get("formats") != new["formats"] else []
    pages += _files(
        [name for name in _changed(was, new["inputs"]) if name.startswith(_AFTER) and name not in _EXECUTION]
    )
    pages += [f"{name} modifié ou absent" for name in _changed(outputs, actual) if not name.startswith("notebooks/")]
    pages += [text for text in _values("version", old, new, "versions") if text not in common]
    reasons += [f"mise en page : {text}" for text in dict.fromkeys(pages)]
    return Plan(new, reasons or ["le manifeste a changé"], kept)


def _is_seen_by_chapters(name: str) -> bool:
    return not name.startswith("notebooks/") and (name in _EXECUTION or not name.startswith(_AFTER))


def _changed(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _files(names: list[str]) -> list[str]:
    more = f" et {len(names) - _NAMED} de plus" if len(names) > _NAMED else ""
    return [f"{', '.join(names[:_NAMED])}{more} modifié{'s' if len(names) > 1 else ''}"] if names else []


def _values(word: str, old: dict[str, Any], new: dict[str, Any], part: str, but: set[str] | None = None) -> list[str]:
    before, after = old.get(part) or {}, new[part]
    names = [name for name in after if before.get(name) != after[name] and name not in (but or ())]
    return [f"{word} {name} : {before.get(name)} devient {after[name]}" for name in names]
