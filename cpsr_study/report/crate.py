"""RO-Crate metadata of an archive (Process Run Crate profile): what was run, on what, to make what."""

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from cpsr_study.report.bundle import CRATE, Manifest
from cpsr_study.report.manifest import key
from cpsr_study.sources import Card

# The profile 0.5 extends RO-Crate 1.1: both are what validators and repositories read today.
VERSION = "1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
SOFTWARE = "#cpsr-study"
AUTHORS = "#contributeurs"
OPEN_LICENCE = "Licence Ouverte 2.0"
LICENCES = {
    OPEN_LICENCE: "https://spdx.org/licenses/etalab-2.0",
    "CC-BY-4.0": "https://spdx.org/licenses/CC-BY-4.0",
    "MIT": "https://spdx.org/licenses/MIT",
}
# Written here: what the system knows of file types differs from one machine to the next.
TYPES = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".j2": "text/plain",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def metadata(
    title: str, description: str, manifest: Manifest, cards: list[Card], contents: dict[str, bytes], published: str
) -> bytes:
    """The text of `ro-crate-metadata.json` for an archive that holds `contents`.

    `published` is the date of the newest source: there is no clock, so the action has no time of its own.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=VERSION)
    root = crate.root_dataset
    root["name"], root["description"], root["datePublished"] = title, description, published
    root["inLanguage"] = "fr"
    root["license"] = _licence(crate, OPEN_LICENCE)
    authors = _entity(crate, AUTHORS, "Organization", name="Contributeurs de cpsr-study")
    root["author"] = root["publisher"] = authors
    root["conformsTo"] = _entity(crate, PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
    files = {name: _file(crate, name, len(content)) for name, content in sorted(contents.items()) if name != CRATE}
    _sources(crate, cards, files)
    root["mentions"] = _action(crate, title, manifest, files)
    return (json.dumps(crate.metadata.generate(), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _action(crate: Any, title: str, manifest: Manifest, files: dict[str, Any]) -> Any:
    inputs = [files[name] for name in manifest.public if not name.startswith("cpsr_study/")]
    values = [
        _entity(crate, f"#parametre-{name}", "PropertyValue", name=name, value=value)
        for name, value in manifest.parameters.model_dump().items()
    ]
    results = [files[f"{manifest.folder}/{name}"] for name in manifest.outputs]
    parameters = ", ".join(f"{name} = {value}" for name, value in manifest.parameters.model_dump().items())
    return crate.add_action(
        instrument=_software(crate, manifest, files),
        identifier=f"#rapport-{manifest.name}-{key(manifest.model_dump())[:16]}",
        object=inputs + values,
        result=results,
        properties={
            "name": f"Construction du rapport « {title} »",
            "description": f"cpsr-study run : {parameters}, formats = {', '.join(manifest.formats)}, "
            f"chapitres = {', '.join(PurePosixPath(name).stem for name in manifest.notebooks)}",
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )


def _software(crate: Any, manifest: Manifest, files: dict[str, Any]) -> Any:
    """The instrument: this package in the version that made the report, its files, and what it runs on."""
    libraries = [
        _entity(crate, f"#{name}", "SoftwareApplication", name=name, softwareVersion=version)
        for name, version in manifest.versions.items()
        if name != "cpsr-study"
    ]
    code = [files[name] for name in manifest.public if name.startswith("cpsr_study/")]
    return _entity(
        crate, SOFTWARE, "SoftwareApplication",
        name="cpsr-study", softwareVersion=manifest.versions.get("cpsr-study", ""), author={"@id": AUTHORS},
        license=_licence(crate, "MIT"), softwareRequirements=libraries, hasPart=code,
    )  # fmt: skip


def _sources(crate: Any, cards: Iterable[Card], files: dict[str, Any]) -> None:
    """One dataset a source and vintage, with what its card says."""
    for card in cards:
        folder = f"data/{card.folder.parent.parent.name}/{card.source}/{card.vintage}/"
        given = {
            "name": card.title,
            "description": card.notes or card.title,
            "datePublished": card.published,
            "temporalCoverage": card.reference_period,
            "creditText": card.citation,
            "url": card.url,
            "license": _licence(crate, card.licence),
            "publisher": _entity(crate, f"#producteur-{_slug(card.producer)}", "Organization", name=card.producer),
            "hasPart": [entity for name, entity in files.items() if name.startswith(folder)],
        }
        crate.add_dataset(dest_path=folder, properties={name: value for name, value in given.items() if value})


def _file(crate: Any, name: str, size: int) -> Any:
    path = PurePosixPath(name)
    kind = TYPES.get(path.suffix, "text/plain")
    properties = {"name": path.name, "contentSize": str(size), "encodingFormat": kind}
    return crate.add_file(dest_path=name, properties=properties)


def _licence(crate: Any, text: str) -> Any:
    """The licence as the card words it; one that is not a well-known licence is described by these words alone."""
    return _entity(crate, LICENCES.get(text, f"#licence-{_slug(text)}"), "CreativeWork", name=text, description=text)


def _entity(crate: Any, identifier: str, kind: str, **properties: Any) -> Any:
    from rocrate.model.contextentity import ContextEntity

    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind} | properties))


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")
