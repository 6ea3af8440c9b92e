"""What the tests share: the data of the repository, a small data folder to break, and the command line."""

import gzip
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pandas as pd
import pytest

import decp_files
import reports
from cpsr_study import cli, indicators, observations, sources, territories
from cpsr_study.sources import lateness
from cpsr_study.sources.decp import intake

# The same examples at each run: a failure that comes and goes would say nothing about the change under test.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("same")

DATA = Path(__file__).resolve().parent.parent / "data"
HEADER = "indicator,geo,time_period,breakdown,category,value,status,as_published,locator,note"

AREAS = """code,name,level,parent,population,le,de,en,departements
FR,France,FR,,1000,la France,de la France,en France,
FRMET,France métropolitaine,FRMET,FR,900,la France métropolitaine,de la France métropolitaine,en France métropolitaine,
REG-04,La Réunion,REG,FR,100,La Réunion,de La Réunion,à La Réunion,
REG-28,Normandie,REG,FRMET,600,la Normandie,de Normandie,en Normandie,
REG-53,Bretagne,REG,FRMET,300,la Bretagne,de Bretagne,en Bretagne,
DEP-14,Calvados,DEP,REG-28,400,le Calvados,du Calvados,dans le Calvados,
DEP-50,Manche,DEP,REG-28,200,la Manche,de la Manche,dans la Manche,
DEP-29,Finistère,DEP,REG-53,300,le Finistère,du Finistère,dans le Finistère,
DEP-974,La Réunion,DEP,REG-04,100,La Réunion,de La Réunion,à La Réunion,
EPCI-200065597,CU Caen la Mer,EPCI,DEP-14,250,CU Caen la Mer,de CU Caen la Mer,dans CU Caen la Mer,14
"""
COMMUNES = """code,name,departement,epci,population,elision
14118,Caen,14,200065597,250,
14366,Lisieux,14,,150,
50129,Cherbourg-en-Cotentin,50,,200,
"""
INDICATOR_FIELDS = (
    "id,label,unit,theme,breakdown,exclusive,denominator,aggregation,formula,periods,definition,expected_source"
)
INDICATORS = f"""{INDICATOR_FIELDS}
population,Population,habitants,pauvrete,,,,somme,,,Habitants du territoire.,INSEE
heures_insertion,Heures d’insertion,h,clause,,,,,,,Heures travaillées.,Alliance Villes Emploi
participants,Participants,personnes,clause,,,,,,,Personnes qui ont travaillé.,Alliance Villes Emploi
heures_par_participant,Heures par participant,h,clause,,,,,heures_insertion / participants,meme,Un rapport.,
part_france_heures,Part de la France,%,clause,,,,,100 * heures_insertion / heures_insertion@FR,meme,Une part.,
allocataires_rsa,Allocataires du RSA,personnes,pauvrete,,,,somme,,,Foyers allocataires.,DREES
rsa_pour_1000_habitants,RSA pour 1 000 habitants,%,pauvrete,,,,,1000 * allocataires_rsa / population,proche,Un taux.,
personnes_menages_fiscaux,Personnes des ménages fiscaux,personnes,pauvrete,,,,somme,,,La base du taux.,INSEE
taux_pauvrete,Taux de pauvreté,%,pauvrete,,,,moyenne:personnes_menages_fiscaux,,,Part de la base.,INSEE
part_modalite,Part des modalités,%,clause,modalite,oui,,,,,Parts des ETP.,Alliance Villes Emploi
part_non_expliquee,Part non expliquée,%,clause,,,,reste:part_modalite,,,Ce qui reste.,
"""
CATEGORIES = """breakdown,category,label,parent,rank,definition
modalite,condition_execution,Condition d’exécution,,1,
modalite,marche_reserve,Marché réservé,,2,
modalite,marche_reserve_siae,Marché réservé aux SIAE,marche_reserve,3,
"""
UNITS = """unit,short,singular,plural,decimals
%,%,%,%,
h,h,heure,heures,0
habitants,habitants,habitant,habitants,0
personnes,personnes,personne,personnes,0
"""
PROJECTS = "projet,label,grappe,lieu,lieu_geo,maitre_ouvrage,locator\n"
RELATIONS = "id,kind,left,right,unit,label,sentence\n"
BREAKS = "indicator,period,label,reason,source\n"
SURVEY_2019 = f"""{HEADER}
heures_insertion,FR,2019,,,5000,A,5 000 heures,tableau 1,
heures_insertion,REG-28,2019,,,1000,A,1 000 heures,tableau 1,
participants,REG-28,2019,,,10,A,dix personnes,tableau 1,
"""
SURVEY_2020 = f"""{HEADER}
heures_insertion,REG-28,2020,,,1200,P,1 200 heures,tableau 1,
participants,REG-28,2020,,,8,A,huit personnes,tableau 1,
part_modalite,REG-28,2020,modalite,condition_execution,70.5,A,"70,5 %",tableau 2,
part_modalite,REG-28,2020,modalite,marche_reserve,8,A,8 %,tableau 2,
part_modalite,REG-28,2020,modalite,marche_reserve_siae,3,A,dont 3 %,tableau 2,
"""


class SmallData:
    """A small valid data folder: one geography of 2020, two surveys, and a hand to break any file of it."""

    survey = "raw/enquete/2020/observations.csv"
    card = "raw/enquete/2020/source.toml"

    def __init__(self, root: Path):
        self.root = root
        tables = {"indicators": INDICATORS, "categories": CATEGORIES, "units": UNITS}
        tables |= {"relations": RELATIONS, "ruptures": BREAKS, "grands_projets": PROJECTS}
        for name, text in tables.items():
            self.write(f"reference/{name}.csv", text)
        self.write("reference/insee-cog/2020/territories.csv", AREAS)
        self.write("reference/insee-cog/2020/communes.csv.gz", gzip.compress(COMMUNES.encode(), mtime=0))
        self.new_card("reference/insee-cog/2020", "2020-12-30", period="Géographie 2020, population 2018")
        self.add("enquete", "2019", "2020-06", SURVEY_2019)
        self.add("enquete", "2020", "2021-09-15", SURVEY_2020)

    def add(self, source: str, vintage: str, published: str, text: str, kind: str = "producteur") -> None:
        """A source with its typed document and its card."""
        self.write(f"raw/{source}/{vintage}/observations.csv", text)
        self.new_card(f"raw/{source}/{vintage}", published, kind=kind)

    def new_card(self, folder: str, published: str, kind: str = "producteur", period: str = "2020") -> None:
        """The card of a folder, with the sha256 of the files that are there."""
        files = sorted(path for path in (self.root / folder).iterdir() if path.name != "source.toml")
        hashes = "".join(f'"{path.name}" = "{sources.sha256(path)}"\n' for path in files)
        card = f'title = "Titre de {folder}"\nproducer = "Producteur"\nkind = "{kind}"\npublished = "{published}"\n'
        card += f'reference_period = "{period}"\nurl = ""\nlicence = "LO"\ncitation = "Citation"\n\n[files]\n{hashes}'
        self.write(f"{folder}/source.toml", card)

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file as it is; its card keeps the old sha256."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        forget()
        return path

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that is there once; the card of the folder follows."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"« {old} » {text.count(old)} times in {name}"
        self.rewrite(name, text.replace(old, new))

    def rewrite(self, name: str, content: str | bytes) -> None:
        """Write a file and its new sha256 in its card."""
        path = self.write(name, content)
        card = path.parent / "source.toml"
        if card.is_file() and card != path:
            text = card.read_text(encoding="utf-8")
            line = f'"{path.name}" = "{sources.sha256(path)}"'
            self.write(
                card.relative_to(self.root).as_posix(),
                re.sub(f'(?m)^"{re.escape(path.name)}" = ".*"$', line, text),
            )

    def lines(self, *rows: str, name: str | None = None) -> None:
        """Give the survey of 2020 these lines instead of its own."""
        self.rewrite(name or self.survey, "\n".join([HEADER, *rows]) + "\n")

    def remove(self, name: str) -> None:
        (self.root / name).unlink()
        forget()

    def files(self) -> set[str]:
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}


def forget() -> None:
    """What one process remembers of the files it has read."""
    sources.read_card.cache_clear()
    indicators.read.cache_clear()
    territories.opened.cache_clear()


class Outcome(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def no_data_dir_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the data folder that another one, or the shell, has chosen."""
    monkeypatch.setenv("CPSR_DATA_DIR", "")  # so that what a command sets is undone too
    monkeypatch.delenv("CPSR_DATA_DIR")


@pytest.fixture(scope="session", autouse=True)
def the_year() -> Iterator[None]:
    """The tests are written in 2026 for ever: what is published before comes late (see `lateness`).

    Contracts are imported at the end of that November: what is notified later is an error.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lateness, "this_year", lambda: 2026)
        patch.setattr(intake, "_today", lambda: decp_files.LIMIT)
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The data of the repository."""
    return DATA


@pytest.fixture(scope="session")
def table_2021() -> pd.DataFrame:
    """The observations of edition 2021, computed."""
    return observations.build(DATA, 2021)


@pytest.fixture(scope="session")
def table_2026() -> pd.DataFrame:
    """The observations of edition 2026, computed."""
    return observations.build(DATA, 2026)


@pytest.fixture
def small_data(tmp_path: Path) -> Iterator[Callable[[], SmallData]]:
    """Makes a small data folder of one's own."""
    yield lambda: SmallData(tmp_path / "data")
    forget()


@pytest.fixture
def small(small_data: Callable[[], SmallData]) -> SmallData:
    """A small data folder, valid until a test breaks it."""
    return small_data()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`cpsr-study`, in this process: `command("check", data_dir=...)` gives its exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "400")

    def run(*words: str, data_dir: Path | None = None) -> Outcome:
        options = ["--data-dir", str(data_dir)] if data_dir else []
        monkeypatch.setattr(sys, "argv", ["cpsr-study", *options, *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return Outcome(stop.value.code if isinstance(stop.value.code, int) else 0, out, err)

    return run


def one_sentence(text: str) -> bool:
    """Whether an error is what a person can read: one short line that ends as a sentence."""
    lines = text.strip().splitlines()
    return len(lines) == 1 and len(lines[0]) <= 300 and lines[0][-1] in ".?" and "Traceback" not in text


@pytest.fixture(scope="session")
def normandie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole report for Normandie, newest edition, asked for by its name."""
    return reports.build(tmp_path_factory.mktemp("normandie"), "normandie").folder


@pytest.fixture(scope="session")
def mayotte(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole report of a territory of which almost nothing is known, in the first edition."""
    return reports.build(tmp_path_factory.mktemp("mayotte"), "DEP-976", edition=2021).folder
