"""Make the report of an archive again from what the archive holds, and compare."""

import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cpsr_study import __version__, parameters, paths
from cpsr_study.errors import DataError, RequestError
from cpsr_study.report import bundle, manifest, run
from cpsr_study.report.bundle import Bundle
from cpsr_study.sources import sha256

Say = Callable[[str], None]


def verify(path: Path, say: Say, progress: run.Progress, *, trust: bool = False, workers: int | None = None) -> None:
    """Check an archive, rebuild its report and compare, saying each thing found.

    Returns when everything matches. RequestError when the file is not an archive of ours, DataError, which names
    the first files, when one was changed or is not made again the same. The chapters of an archive are programs:
    those that differ from the ones installed here are only run with `trust`.
    """
    with bundle.opened(path) as archive:
        _stop(archive.broken(), f"{path.name} n'est pas intacte", say)
        say(f"{path.name} : {len(archive.names) - 1} fichiers, tous conformes à {bundle.SUMS}.")
        if not archive.is_as_written(path):
            say("Ses fichiers sont intacts, mais le zip a été refait ou touché (dates, attributs, compression).")
        for remark in _remarks(archive):
            say(remark)
        problems = _unlike_manifest(archive)
        _refuse_foreign_code(archive, trust)
        with tempfile.TemporaryDirectory(prefix="cpsr-verification-") as name:
            problems += _compare(archive, _rebuild(archive, Path(name), progress, workers))
        _stop(problems, "Le rapport n'est pas refait à l'identique", say)
        count = len(archive.manifest.outputs)
    say(f"Rapport refait depuis l'archive : {count} fichiers sur {count} à l'identique.")


def _stop(problems: list[str], verdict: str, say: Say) -> None:
    """Say each problem (`file : what`) and stop, when there is one."""
    if not problems:
        return
    for problem in problems:
        say(f"  {problem}")
    names = list(dict.fromkeys(problem.split(" : ")[0] for problem in problems))
    raise DataError(f"{verdict} : {bundle.some(names)}.")


def _remarks(archive: Bundle) -> list[str]:
    """What differs here from where the report was made, and may explain a difference."""
    made = archive.manifest
    here = {"cpsr-study": __version__, "python": platform.python_version()}
    remarks = []
    for name, then in made.versions.items():
        now = here.get(name) or _installed(name)
        if now != then:
            remarks.append(f"{name} : {then} dans l'archive, {now} ici.")
    if changed := _changed_code(made):
        remarks.append(f"Programme : des fichiers ne sont pas ceux d'ici ({bundle.some(changed)}).")
    if remarks:
        remarks.append(
            "Un écart peut venir de là ; report.html et report.pdf, qui citent ces versions, en auront forcément un."
        )
    if made.private:
        remarks.append("Des données individuelles ne sont pas jointes : le rapport ne se refait pas tout à fait.")
    return remarks


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _changed_code(made: bundle.Manifest) -> list[str]:
    here = {name: sha256(path) for name, path in manifest.package_files().items()}
    then = {name: digest for name, digest in made.inputs.items() if name.startswith("cpsr_study/")}
    return sorted(name for name in here.keys() | then.keys() if here.get(name) != then.get(name))


def _unlike_manifest(archive: Bundle) -> list[str]:
    """Files that are not those of the manifest, though signed: changed, missing or foreign."""
    made = archive.manifest
    expected = made.public | {f"{made.folder}/{name}": digest for name, digest in made.outputs.items()}
    around = {bundle.README, bundle.LICENCES, bundle.LICENSE, bundle.LOCK, bundle.CRATE, bundle.SUMS}
    around.add(f"{made.folder}/{manifest.FILE}")
    problems = [f"{name} : absent de l'archive" for name in sorted(expected.keys() - archive.names)]
    problems += [f"{name} : absent du manifeste" for name in sorted(archive.names - expected.keys() - around)]
    changed = [name for name in expected if archive.digests.get(name, expected[name]) != expected[name]]
    return problems + [f"{name} : n'est pas celui du manifeste" for name in sorted(changed)]


def _refuse_foreign_code(archive: Bundle, trust: bool) -> None:
    here = {f"notebooks/{path.name}": sha256(path) for path in paths.notebooks_dir().glob("*.ipynb")}
    foreign = [name for name in archive.manifest.notebooks if archive.digests.get(name) != here.get(name)]
    if foreign and not trust:
        raise DataError(
            f"Les chapitres de l'archive ne sont pas ceux installés ici ({foreign[0]}) : les refaire exécuterait leur "
            f"code ; si vous savez d'où vient l'archive, ajoutez --trust."
        )


def _rebuild(archive: Bundle, folder: Path, progress: run.Progress, workers: int | None) -> Path:
    """The report made again in a temporary folder, from the files of the archive alone. Gives its folder."""
    made = archive.manifest
    inputs = [name for name in made.public if name.startswith("data/") or name in made.notebooks]
    data_dir = folder / "data"
    try:
        archive.extract([name for name in inputs if name in archive.names], folder)
        request = run.Request(
            parameters.resolve(data_dir, **made.parameters.model_dump()),
            data_dir,
            folder / "reports",
            [folder / name for name in made.notebooks if name in archive.names],
            made.formats,
            workers or os.cpu_count() or 1,
        )
        if not request.chapters:
            raise DataError("l'archive n'a pas de chapitre")
        return run.run(request, progress).folder
    except (DataError, RequestError) as error:
        # The notebook that the run keeps goes away with the temporary folder.
        reason = str(error).split(" Notebook exécuté")[0].replace(str(folder), "").rstrip(".")
        raise DataError(f"Le rapport ne se refait pas : {reason}.") from None


def _compare(archive: Bundle, rebuilt: Path) -> list[str]:
    prefix = f"{archive.manifest.folder}/"
    kept = {name.removeprefix(prefix): digest for name, digest in archive.digests.items() if name.startswith(prefix)}
    again = {path.relative_to(rebuilt).as_posix(): sha256(path) for path in rebuilt.rglob("*") if path.is_file()}
    names = sorted((kept.keys() | again.keys()) - {manifest.FILE})
    how = {name: _how(kept.get(name), again.get(name)) for name in names}
    return [f"{name} : {found}" for name, found in how.items() if found]


def _how(kept: str | None, again: str | None) -> str:
    if again is None:
        return "n'est pas refait"
    if kept is None:
        return "refait, mais absent du rapport archivé"
    return "" if kept == again else "refait différemment"
