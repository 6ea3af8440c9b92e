"""One zip to deposit: a report, all that it was made from, and how to make it again."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cpsr_study import paths
from cpsr_study.errors import DataError, RequestError
from cpsr_study.hidden import shown
from cpsr_study.parameters import suggestion
from cpsr_study.report import bundle, crate, manifest
from cpsr_study.report.bundle import Manifest
from cpsr_study.sources import Card, catalogue, sha256
from cpsr_study.territories import Territories


def make(name: str, reports: Path, target: Path, data_dir: Path) -> Path:
    """Write `target/<name>.zip` from the report `reports/<name>` and give its path.

    RequestError when there is no such report; DataError when the report was edited, or when what it was made from
    has changed since: an archive never says that outputs come from inputs they do not come from.
    """
    folder = _found(name, reports)
    text = (folder / manifest.FILE).read_bytes()
    made = bundle.read_manifest(text, f"{name}/{manifest.FILE}")
    _refuse_edited(folder, made)
    inputs = _inputs(made, data_dir)
    contents = {each: path.read_bytes() for each, path in inputs.items() if each in made.public}
    contents |= {f"{made.folder}/{each}": (folder / each).read_bytes() for each in made.outputs}
    contents[f"{made.folder}/{manifest.FILE}"] = text
    cards = [card for card in catalogue(data_dir) if f"{_place(card)}/source.toml" in contents]
    published = max(card.published for card in cards if card.first_edition <= made.parameters.edition)
    title = _title(made, data_dir)
    contents |= {bundle.LICENSE: _license(), bundle.LICENCES: _licences(cards).encode()}
    if (lock := paths.project_dir() / bundle.LOCK).is_file():
        contents[bundle.LOCK] = lock.read_bytes()
    contents[bundle.README] = _readme(title, made, published, bundle.LOCK in contents).encode()
    about = f"{title} : rapport, données sources, notebooks et programme. Chaque chiffre renvoie à sa source."
    contents[bundle.CRATE] = crate.metadata(title, about, made, cards, contents, published)
    path = target / f"{made.name}.zip"
    bundle.write(path, contents)
    return path


def _found(name: str, reports: Path) -> Path:
    known = sorted(path.parent.name for path in reports.glob(f"[!.]*/{manifest.FILE}"))
    if name not in known:
        raise RequestError(f"Pas de rapport « {shown(name)} » dans {shown(reports)}.{suggestion(name, known)}")
    return reports / name


def _refuse_edited(folder: Path, made: Manifest) -> None:
    present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    actual = {each: sha256(path) for each, path in present.items() if each != manifest.FILE}
    if changed := _differences(actual, made.outputs):
        raise DataError(
            f"Le rapport {folder.name} n'est plus celui de son manifeste ({bundle.some(changed)}) : "
            f"refaites-le avec « cpsr-study run »."
        )


def _inputs(made: Manifest, data_dir: Path) -> dict[str, Path]:
    """Where each input of the manifest is today, all of them unchanged."""
    chapters = [paths.notebooks_dir() / Path(name).name for name in made.notebooks]
    today = manifest.describe(data_dir, chapters, made.parameters, made.formats, surely=True)["inputs"]
    if changed := _differences(today, made.inputs):
        raise DataError(
            f"Ce dont le rapport {made.name} est fait a changé depuis ({bundle.some(changed)}) : "
            f"refaites-le avec « cpsr-study run »."
        )
    roots = {"data": data_dir, "notebooks": paths.notebooks_dir(), "cpsr_study": Path(__file__).parent.parent}
    split = {name: name.split("/", 1) for name in made.inputs}
    return {name: roots[first] / rest for name, (first, rest) in split.items()}


def _differences(actual: dict[str, str], expected: dict[str, str]) -> list[str]:
    return [each for each in sorted(actual.keys() | expected.keys()) if actual.get(each) != expected.get(each)]


def _place(card: Card) -> str:
    return f"data/{card.folder.parent.parent.name}/{card.source}/{card.vintage}"


def _title(made: Manifest, data_dir: Path) -> str:
    area = Territories.load(data_dir, made.parameters.edition).get(made.parameters.territory)
    return f"La commande publique socialement responsable {area.en}, édition {made.parameters.edition}"


def _license() -> bytes:
    """The licence of the code, from the checkout or from the installed package."""
    path = paths.project_dir() / bundle.LICENSE
    if path.is_file():
        return path.read_bytes()
    try:
        text = distribution("cpsr-study").read_text(f"licenses/{bundle.LICENSE}")
    except PackageNotFoundError:
        text = None
    if not text:
        raise DataError("La licence du programme (LICENSE) est introuvable.")
    return text.encode()


def _licences(cards: list[Card]) -> str:
    """Under which licence each part of the archive may be used again."""
    parts = [
        "Licences\n========\n",
        "cpsr_study/ et notebooks/ : licence MIT, texte dans LICENSE.",
        f"reports/, et les tables de data/reference/ : {crate.OPEN_LICENCE}.",
        "Chaque source garde la sienne :\n",
    ]
    for card in cards:
        lines = [f"{_place(card)}/", f"  {card.title}", f"  Producteur : {card.producer}"]
        lines += [f"  Publié : {card.dated}", f"  Licence : {card.licence}", f"  À citer : {card.citation}"]
        lines += [f"  Adresse : {card.url}"] if card.url else []
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _readme(title: str, made: Manifest, published: str, locked: bool) -> str:
    version = made.versions.get("cpsr-study", "")
    withheld = (
        "\nNon joint : les données individuelles (data/raw/clause/). Sans elles, le rapport ne se refait pas à "
        "l'identique.\n"
        if made.private
        else ""
    )
    lock = "requirements.lock   bibliothèques, avec leurs empreintes\n" if locked else ""
    install = " (bibliothèques : requirements.lock)" if locked else ""
    return f"""{title}
{"=" * len(title)}

Source la plus récente : {published}. Fait avec cpsr-study {version}, Python {made.versions.get("python", "")}.

Contenu
-------
{made.folder}/   le rapport : report.html, report.pdf, figures, tableaux, observations, notebooks exécutés,
    manifest.json (paramètres, versions, sha256 de chaque entrée et de chaque fichier produit)
data/   les données dont le rapport est fait, une fiche source.toml par source
notebooks/   les chapitres, avant exécution
cpsr_study/   le programme
{lock}LICENCES.txt, LICENSE   licences des données et du programme
ro-crate-metadata.json   description pour les machines (RO-Crate, profil Process Run Crate)
SHA256SUMS   empreinte de chaque fichier
{withheld}
Vérifier
--------
Sans rien installer :           sha256sum -c SHA256SUMS
Refaire le rapport et comparer : cpsr-study verify {made.name}.zip
    avec cpsr-study {version}{install} : les mêmes versions redonnent les mêmes octets.

Déposer
-------
Le zip se dépose tel quel (Zenodo, Recherche Data Gouv). Les auteurs sont à indiquer au moment du dépôt.
"""
