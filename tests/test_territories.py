"""Official areas: golden populations, names as people write them, one-line refusals, French articles."""

import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from cpsr_study.display.maps import flip_y, outlines
from cpsr_study.errors import DataError, RequestError
from cpsr_study.sources import catalogue, geography, verify
from cpsr_study.territories import Territories, known_codes

DATA = Path(__file__).resolve().parent.parent / "data"
COG = DATA / "reference" / "insee-cog"


@pytest.fixture(params=[2021, 2026])
def areas(request):
    return Territories.load(DATA, request.param)


@pytest.fixture
def areas_2021():
    return Territories.load(DATA, 2021)


@pytest.fixture
def data_copy(tmp_path):
    """A data folder of its own, to break."""
    shutil.copytree(COG, tmp_path / "reference" / "insee-cog")
    return tmp_path


# The tables


@pytest.mark.parametrize(("edition", "communes", "population"), [(2021, 2652, 3_325_032), (2026, 2644, 3_345_842)])
def test_normandie_has_the_published_communes_and_inhabitants(edition, communes, population):
    areas = Territories.load(DATA, edition)
    found = areas.children("REG-28", "COM")
    assert len(found) == communes
    assert sum(commune.population for commune in found) == population == areas.get("REG-28").population


@pytest.mark.parametrize(
    ("edition", "vintage"), [(2021, "2021"), (2022, "2021"), (2025, "2021"), (2026, "2026"), (2040, "2026")]
)
def test_an_edition_only_knows_the_geography_of_its_time(edition, vintage):
    areas = Territories.load(DATA, edition)
    assert areas.vintage == areas.get("REG-28").vintage == vintage
    assert Territories.load(DATA, edition) is areas, "read once"


def test_levels_add_up(areas):
    assert [len(areas.all(level)) for level in ("FR", "FRMET", "REG", "DEP")] == [1, 1, 18, 101]
    assert [len(areas.children(code, "REG")) for code in ("FR", "FRMET")] == [18, 13]
    for whole, parts in [
        ("FR", "REG"),
        ("FRMET", "REG"),
        ("FR", "DEP"),
        ("REG-28", "DEP"),
        ("DEP-14", "COM"),
    ]:
        assert areas.get(whole).population == sum(part.population for part in areas.children(whole, parts)), whole
    for epci in ("EPCI-200065597", "EPCI-243500741"):
        assert areas.get(epci).population == sum(c.population for c in areas.children(epci, "COM"))


def test_every_commune_has_a_population_and_existing_parents(areas):
    codes = {area.code for level in ("FR", "FRMET", "REG", "DEP", "EPCI") for area in areas.all(level)}
    communes = areas.all("COM")
    assert len(communes) > 34_800
    assert all(commune.population is not None and commune.parent in codes for commune in communes)
    assert all(area.parent in codes for level in ("REG", "DEP", "EPCI") for area in areas.all(level))


def test_overseas_collectivities_are_left_out(areas):
    for code in ("REG-975", "DEP-987", "COM-97502", "COM-98735"):
        assert code not in areas


def test_tables_are_compact_and_match_their_cards():
    assert sum(path.stat().st_size for path in COG.rglob("*") if path.is_file()) < 1_600_000
    cards = [card for card in catalogue(DATA) if card.source in ("insee-cog", "svg-maps-france")]
    assert [card.vintage for card in cards] == ["2021", "2026", "2.0.0"]
    for card in cards:
        verify(card)
    assert [card.reference_period[-4:] for card in cards[:2]] == ["2019", "2023"]


# Finding


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("REG-28", "REG-28"), ("reg-28", "REG-28"), ("normandie", "REG-28"), (" La  NORMANDIE ", "REG-28"),
        ("FR", "FR"), ("france", "FR"), ("la France", "FR"), ("frmet", "FRMET"),
        ("France métropolitaine", "FRMET"),
        ("calvados", "DEP-14"), ("l'Orne", "DEP-61"), ("L’Orne", "DEP-61"), ("val d oise", "DEP-95"),
        ("COTES D ARMOR", "DEP-22"), ("Cote\u0302s-d’Armor", "DEP-22"), ("ile de france", "REG-11"),
        ("dep-2a", "DEP-2A"), ("haute corse", "DEP-2B"), ("com-2a004", "COM-2A004"), ("Corse", "REG-94"),
        ("DEP-976", "DEP-976"), ("com-14118", "COM-14118"), ("Caen", "COM-14118"), ("havre", "COM-76351"),
        ("le havre", "COM-76351"), ("les andelys", "COM-27016"), ("cu caen la mer", "EPCI-200065597"),
        # Held at several levels: the largest area.
        ("Paris", "DEP-75"), ("la reunion", "REG-04"), ("Guadeloupe", "REG-01"), ("martinique", "REG-02"),
        ("Guyane", "REG-03"), ("Mayotte", "REG-06"), ("Mayenne", "DEP-53"), ("COM-75056", "COM-75056"),
    ],
)  # fmt: skip
def test_finds_codes_and_names(areas, text, code):
    assert areas.find(text).code == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("normandi", "Territoire inconnu : « normandi ». Vouliez-vous dire « Normandie (REG-28) » ?"),
        ("calvado", "Territoire inconnu : « calvado ». Vouliez-vous dire « Calvados (DEP-14) » ?"),
        ("rouenn", "Territoire inconnu : « rouenn ». Vouliez-vous dire « Rouen (COM-76540) » ?"),
        (
            "Caen la Mer",
            "Territoire inconnu : « Caen la Mer ». Vouliez-vous dire « CU Caen la Mer (EPCI-200065597) » ?",
        ),
        ("REG-14", "Territoire inconnu : « REG-14 ». Vouliez-vous dire « Calvados (DEP-14) » ?"),
        ("dep-1", "Territoire inconnu : « dep-1 ». Vouliez-vous dire « Ain (DEP-01) » ?"),
        ("xyzqw", "Territoire inconnu : « xyzqw »."),
        ("DEP-99", "Territoire inconnu : « DEP-99 »."),
        (
            "28",
            "« 28 » ne suffit pas : ce numéro désigne la région Normandie (REG-28) et le département"
            " Eure-et-Loir (DEP-28), donnez le code complet.",
        ),
        (
            "2a",
            "« 2a » ne suffit pas : ce numéro désigne le département Corse-du-Sud (DEP-2A), donnez le code complet.",
        ),
        (
            "14118",
            "« 14118 » ne suffit pas : ce numéro désigne la commune Caen (COM-14118), donnez le code complet.",
        ),
    ],
)
def test_refuses_with_the_nearest_answer(areas, text, message):
    with pytest.raises(RequestError) as refusal:
        areas.find(text)
    assert str(refusal.value) == message


def test_communes_with_the_same_name_are_listed(areas):
    with pytest.raises(RequestError, match="désigne 12 territoires") as refusal:
        areas.find("Sainte-Colombe")
    assert len(re.findall(r"COM-\d{5} \(", str(refusal.value))) == 5
    with pytest.raises(RequestError, match=r"COM-93066 \(Seine-Saint-Denis\)"):
        areas.find("Saint-Denis")


@pytest.mark.parametrize(
    "text",
    [
        None, 28, 2.8, True, b"REG-28", ["REG-28"], "", "   ", "x" * 5000, "9" * 150, "a" * 150, "28\n",
        "Norm\x00andie", "Norm\u202eandie", "Norm\u2028andie", "\ud800", "²", "٢٨", "!!!",
        "<script>alert(1)</script>" * 5, "{0}", "%s", "../../etc/passwd", "COM-",
        "COM-99999", "REG--28", "l'", "\u200b",
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_short_line(areas, text):
    with pytest.raises(RequestError) as refusal:
        areas.find(text)
    message = str(refusal.value)
    assert len(message) < 220 and message.isprintable()
    if isinstance(text, str):
        assert text[:61] not in message or len(text) <= 60
        assert "\u202e" not in message


def test_search_gives_the_closest_first(areas):
    assert [area.code for area in areas.search("caen", 2)] == ["COM-14118", "EPCI-200065597"]
    assert [area.code for area in areas.search("SEINE", 3)] == ["DEP-93", "DEP-77", "DEP-76"]
    assert {area.code for area in areas.search("DEP-2")} >= {"DEP-2A", "DEP-2B", "DEP-21"}
    assert areas.search("", 1)[0].code == "FR"
    assert areas.search("!!!") == []


# Hierarchy


@pytest.mark.parametrize(
    ("code", "ancestors"),
    [
        ("FR", []),
        ("FRMET", ["FR"]),
        ("REG-28", ["FRMET", "FR"]),
        ("REG-04", ["FR"]),
        ("DEP-14", ["REG-28", "FRMET", "FR"]),
        ("DEP-2A", ["REG-94", "FRMET", "FR"]),
        ("DEP-976", ["REG-06", "FR"]),
        ("EPCI-200065597", ["DEP-14", "REG-28", "FRMET", "FR"]),
        ("EPCI-243500741", ["FRMET", "FR"]),  # Redon: two regions
        ("COM-14118", ["EPCI-200065597", "DEP-14", "REG-28", "FRMET", "FR"]),
        ("COM-29155", ["DEP-29", "REG-53", "FRMET", "FR"]),  # Ouessant: in no EPCI
    ],
)
def test_ancestors(areas, code, ancestors):
    assert areas.ancestors(code) == ancestors


def test_children(areas):
    def children(code, level):
        return [child.code for child in areas.children(code, level)]

    assert children("REG-28", "DEP") == ["DEP-14", "DEP-27", "DEP-50", "DEP-61", "DEP-76"]
    assert children("REG-94", "DEP") == ["DEP-2A", "DEP-2B"]
    assert children("REG-04", "DEP") == ["DEP-974"]
    assert "COM-14118" in children("EPCI-200065597", "COM")
    assert all("EPCI-243500741" in children(code, "EPCI") for code in ("DEP-35", "DEP-44", "DEP-56", "REG-53", "FR"))
    assert "EPCI-243500741" not in children("DEP-14", "EPCI")
    assert children("DEP-14", "DEP") == children("DEP-14", "REG") == children("COM-14118", "EPCI") == []


def test_is_within(areas):
    assert areas.is_within("COM-14118", "REG-28") and areas.is_within("DEP-14", "DEP-14")
    assert areas.is_within("DEP-2B", "FRMET") and not areas.is_within("DEP-974", "FRMET")
    assert not areas.is_within("REG-28", "DEP-14")


def test_unknown_codes_and_levels(areas):
    with pytest.raises(RequestError, match="Code de territoire inconnu : « DEP-99 »"):
        areas.children("DEP-99", "COM")
    with pytest.raises(RequestError, match="Niveau inconnu : « canton »"):
        areas.all("canton")
    assert known_codes(DATA, ["DEP-14", "COM-14118", "COM-99999", "28", ""]) == {"DEP-14", "COM-14118"}


# French articles


@pytest.mark.parametrize(
    ("code", "le", "de", "en"),
    [
        ("FR", "la France", "de la France", "en France"),
        ("FRMET", "la France métropolitaine", "de la France métropolitaine", "en France métropolitaine"),
        ("REG-01", "la Guadeloupe", "de la Guadeloupe", "en Guadeloupe"),
        ("REG-02", "la Martinique", "de la Martinique", "en Martinique"),
        ("REG-03", "la Guyane", "de la Guyane", "en Guyane"),
        ("REG-04", "La Réunion", "de La Réunion", "à La Réunion"),
        ("REG-06", "Mayotte", "de Mayotte", "à Mayotte"),
        ("REG-11", "l’Île-de-France", "d’Île-de-France", "en Île-de-France"),
        ("REG-24", "le Centre-Val de Loire", "du Centre-Val de Loire", "en Centre-Val de Loire"),
        ("REG-27", "la Bourgogne-Franche-Comté", "de Bourgogne-Franche-Comté", "en Bourgogne-Franche-Comté"),
        ("REG-28", "la Normandie", "de Normandie", "en Normandie"),
        ("REG-32", "les Hauts-de-France", "des Hauts-de-France", "dans les Hauts-de-France"),
        ("REG-44", "le Grand Est", "du Grand Est", "dans le Grand Est"),
        ("REG-52", "les Pays de la Loire", "des Pays de la Loire", "dans les Pays de la Loire"),
        ("REG-53", "la Bretagne", "de Bretagne", "en Bretagne"),
        ("REG-75", "la Nouvelle-Aquitaine", "de Nouvelle-Aquitaine", "en Nouvelle-Aquitaine"),
        ("REG-76", "l’Occitanie", "d’Occitanie", "en Occitanie"),
        ("REG-84", "l’Auvergne-Rhône-Alpes", "d’Auvergne-Rhône-Alpes", "en Auvergne-Rhône-Alpes"),
        (
            "REG-93", "la Provence-Alpes-Côte d’Azur", "de Provence-Alpes-Côte d’Azur",
            "en Provence-Alpes-Côte d’Azur",
        ),
        ("REG-94", "la Corse", "de Corse", "en Corse"),
        ("DEP-14", "le Calvados", "du Calvados", "dans le Calvados"),
        ("DEP-2A", "la Corse-du-Sud", "de la Corse-du-Sud", "en Corse-du-Sud"),
        ("DEP-28", "l’Eure-et-Loir", "d’Eure-et-Loir", "en Eure-et-Loir"),
        ("DEP-49", "le Maine-et-Loire", "de Maine-et-Loire", "en Maine-et-Loire"),
        ("DEP-50", "la Manche", "de la Manche", "dans la Manche"),
        ("DEP-61", "l’Orne", "de l’Orne", "dans l’Orne"),
        ("DEP-71", "la Saône-et-Loire", "de Saône-et-Loire", "en Saône-et-Loire"),
        ("DEP-75", "Paris", "de Paris", "à Paris"),
        ("DEP-76", "la Seine-Maritime", "de la Seine-Maritime", "en Seine-Maritime"),
        ("DEP-90", "le Territoire de Belfort", "du Territoire de Belfort", "dans le Territoire de Belfort"),
        ("DEP-92", "les Hauts-de-Seine", "des Hauts-de-Seine", "dans les Hauts-de-Seine"),
        ("DEP-93", "la Seine-Saint-Denis", "de la Seine-Saint-Denis", "en Seine-Saint-Denis"),
        ("DEP-974", "La Réunion", "de La Réunion", "à La Réunion"),
        (
            "EPCI-200065597", "la communauté urbaine Caen la Mer", "de la communauté urbaine Caen la Mer",
            "sur le territoire de la communauté urbaine Caen la Mer",
        ),
        (
            "EPCI-244500468", "Orléans Métropole", "d’Orléans Métropole",
            "sur le territoire d’Orléans Métropole",
        ),
        (
            "EPCI-246700488", "l’Eurométropole de Strasbourg", "de l’Eurométropole de Strasbourg",
            "sur le territoire de l’Eurométropole de Strasbourg",
        ),
        ("COM-14118", "Caen", "de Caen", "à Caen"),
        ("COM-76351", "Le Havre", "du Havre", "au Havre"),
        ("COM-27016", "Les Andelys", "des Andelys", "aux Andelys"),
        ("COM-61001", "Alençon", "d’Alençon", "à Alençon"),
        ("COM-14333", "Honfleur", "de Honfleur", "à Honfleur"),
        ("COM-61214", "L’Aigle", "de L’Aigle", "à L’Aigle"),
        ("COM-17300", "La Rochelle", "de La Rochelle", "à La Rochelle"),
    ],
)  # fmt: skip
def test_articles(areas, code, le, de, en):
    area = areas.get(code)
    assert (area.le, area.de, area.en) == (le, de, en)


def test_every_area_has_well_formed_articles(areas):
    forms = re.compile(r"(en|à|dans (le |la |les |l’))\S?.*")
    for area in [*areas.all("REG"), *areas.all("DEP")]:
        assert forms.fullmatch(area.en) and area.en.endswith(area.name), area
        assert re.match(r"(de |du |des |d’|de l’)", area.de) and area.de.endswith(area.name), area
    for area in [*areas.all("EPCI"), *areas.all("COM")]:
        assert not re.search(r"\b(de|à) (Le|Les) |\b(de le|de les|à le|à les)\b", area.de + area.en), area
        assert "  " not in area.name and area.name == area.name.strip(), area


# Broken data


def _gz(text):
    return gzip.compress(text.encode(), mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "request_"),
    [
        ("territories.csv", b"", "FR"),
        ("territories.csv", b"code,name\nFR,France\n", "FR"),
        (
            "territories.csv",
            b"code,name,level,parent,population,le,de,en,departements\nFR,F,FR,,12.5,a,b,c,\n",
            "FR",
        ),
        ("territories.csv", b"code,name,level,parent,population,le,de,en,departements\nFR,F\n", "FR"),
        ("territories.csv", b"\xff\xfe\x00", "FR"),
        ("communes.csv.gz", b"not gzip", "COM-14118"),
        ("communes.csv.gz", b"", "COM-14118"),
        ("communes.csv.gz", (COG / "2021" / "communes.csv.gz").read_bytes()[:-200], "COM-14118"),
        (
            "communes.csv.gz",
            _gz("code,name,departement,epci,population,elision\n14118,Caen,14,,many,\n"),
            "COM-14118",
        ),
    ],
)
def test_broken_tables_are_named(data_copy, name, content, request_):
    (data_copy / "reference" / "insee-cog" / "2021" / name).write_bytes(content)
    with pytest.raises(
        DataError, match=rf"^insee-cog/2021/{re.escape(name)} (ne se lit pas après la ligne \d+|est vide)\.$"
    ):
        Territories.load(data_copy, 2021).get(request_)


@pytest.mark.parametrize("card", [None, "", "published = 2021", "published = 'hier'", "published = ["])
def test_a_vintage_needs_its_card(data_copy, card):
    path = data_copy / "reference" / "insee-cog" / "2021" / "source.toml"
    path.unlink() if card is None else path.write_text(card, encoding="utf-8")
    with pytest.raises(DataError, match=r"insee-cog/2021/source\.toml manque ou ne date pas"):
        Territories.load(data_copy, 2026)


def test_no_vintage_at_all(tmp_path):
    with pytest.raises(RequestError, match="Édition trop ancienne : 1999, la première est 2021"):
        Territories.load(DATA, 1999)
    with pytest.raises(DataError, match="Aucun découpage"):
        Territories.load(tmp_path, 2021)


def test_stays_on_the_fast_path():
    """Neither pandas nor the communes are needed to name a region."""
    script = (
        "import sys; from pathlib import Path; from cpsr_study.territories import Territories\n"
        f"areas = Territories.load(Path({str(DATA)!r}), 2026); areas.find('normandie')\n"
        "areas.children('REG-28', 'DEP')\n"
        "print('pandas' in sys.modules, '_communes' in vars(areas))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=DATA.parent)
    assert done.stdout.split() == ["False", "False"]


# Outlines


def test_outlines_cover_metropolitan_france(areas):
    shapes = outlines(DATA)
    assert {f"DEP-{code}" for code in shapes} == {area.code for area in areas.children("FRMET", "DEP")}
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    assert all(len(ring) > 2 and ring[0] != ring[-1] for rings in shapes.values() for ring in rings)
    assert all(0 <= x <= 613 and 0 <= y <= 585 for x, y in points)
    # y points down: the Nord lies above the Pyrénées-Orientales, until the map is turned over.
    assert shapes["59"][0][0][1] < shapes["66"][0][0][1]
    assert flip_y(shapes)["59"][0][0][1] > flip_y(shapes)["66"][0][0][1]
    assert flip_y({"14": [[(1.0, 2.0)]]}, 585) == {"14": [[(1.0, 583.0)]]}


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"14": [[["a", 1]]]}', b"\xff"])
def test_broken_outlines_are_named(tmp_path, content):
    path = tmp_path / "reference" / "svg-maps-france" / "2.0.0" / "departements.json"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"departements\.json"):
        outlines(tmp_path)


# A new year of the geography


def package(path, areas, *, grown=0, merged=()):
    """An archive as Etalab publishes it, of the communes of one vintage; `merged`: (old, new) codes."""
    lost = dict(merged)
    parents = {area.code.removeprefix("DEP-"): area.parent.removeprefix("REG-") for area in areas.all("DEP")}
    communes, epci = [], {}
    for area in areas.all("COM"):
        code, departement = area.code.removeprefix("COM-"), area.parent.removeprefix("DEP-")
        row = {"code": code, "nom": area.name, "typeLiaison": 0, "departement": departement,
               "region": parents[departement]}  # fmt: skip
        if code in lost:
            communes.append(row | {"type": "commune-deleguee", "chefLieu": lost[code]})
            continue
        old = [name for name, new in merged if new == code]
        row |= {"type": "commune-actuelle"} | ({"anciensCodes": old} if old else {})
        communes.append(row | ({"population": area.population + grown} if area.population is not None else {}))
        for above in areas.ancestors(area.code):
            if above.startswith("EPCI-"):
                epci.setdefault(above.removeprefix("EPCI-"), []).append({"code": code})
    data = {
        "communes": communes,
        "regions": [{"code": area.code[4:], "nom": area.name} for area in areas.all("REG")],
        "departements": [
            {"code": code, "nom": areas.get(f"DEP-{code}").name, "typeLiaison": 0, "region": region}
            for code, region in parents.items()
        ],
        "epci": [{"code": c, "nom": areas.get(f"EPCI-{c}").name, "membres": m} for c, m in epci.items()],
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, rows in data.items():
            content = json.dumps(rows).encode()
            member = tarfile.TarInfo(f"package/data/{name}.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture(scope="module")
def next_year(tmp_path_factory):
    """The data with a geography of 2027: one inhabitant more a commune, Bretteville-sur-Odon merged into Caen."""
    folder = tmp_path_factory.mktemp("cog")
    shutil.copytree(COG, folder / "data" / "reference" / "insee-cog")
    path = package(folder / "decoupage-2027.tgz", Territories.load(DATA, 2026), grown=1, merged=[("14101", "14118")])
    (taken,) = geography.take([path], folder / "data")
    assert taken.new and not geography.take([path], folder / "data")[0].new, "the same file twice changes nothing"
    return folder / "data"


def test_a_new_year_has_its_own_populations_and_the_others_keep_theirs(next_year):
    now, before = (Territories.load(next_year, year) for year in (2027, 2026))
    assert now.vintage == "2027" and before.vintage == "2026"
    assert before.get("REG-28").population == 3_345_842
    kept = len(now.children("REG-28", "COM"))
    assert kept == len(before.children("REG-28", "COM")) - 1 == 2643
    lost = before.get("COM-14101").population
    assert now.get("REG-28").population == 3_345_842 - lost + kept
    assert len(now.all("DEP")) == 101 and len(now.all("EPCI")) == len(before.all("EPCI"))


def test_a_merged_commune_leads_to_the_one_where_it_is(next_year):
    now, before = (Territories.load(next_year, year) for year in (2027, 2026))
    assert now.find("COM-14101").name == "Caen" and now.current("COM-14101") == "COM-14118"
    assert before.find("COM-14101").name == "Bretteville-sur-Odon"
    assert now.current("DEP-14") == "DEP-14" and now.current("COM-99999") == "COM-99999"


@pytest.mark.parametrize(
    ("areas_of", "old", "new"), [(2021, "01015", "01015"), (2026, "01340", "01015"), (2026, "75101", "75056")]
)
def test_the_old_codes_of_the_vintages_held(areas_of, old, new):
    assert Territories.load(DATA, areas_of).current(f"COM-{old}") == f"COM-{new}"


def test_a_year_already_held_is_never_replaced(next_year, tmp_path):
    other = package(tmp_path / "decoupage-2027.tgz", Territories.load(DATA, 2026), grown=5)
    with pytest.raises(DataError, match="2027 existe déjà"):
        geography.take([other], next_year)
    assert sorted(path.name for path in (next_year / "reference" / "insee-cog").iterdir()) == ["2021", "2026", "2027"]


@pytest.mark.parametrize("content", [b"", b"<html></html>", gzip.compress(b"x")], ids=["empty", "page", "gzip"])
def test_what_is_not_the_package_is_refused(tmp_path, content):
    path = tmp_path / "decoupage-2027.tgz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="n'est pas le paquet"):
        geography.take([path], tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_package_cut_or_without_its_year_is_refused(tmp_path):
    whole = package(tmp_path / "decoupage.tgz", Territories.load(DATA, 2026))
    with pytest.raises(DataError, match="ne porte aucune date"):
        geography.take([whole], tmp_path / "data")
    cut = tmp_path / "decoupage-2027.tgz"
    cut.write_bytes(whole.read_bytes()[:200_000])
    with pytest.raises(DataError):
        geography.take([cut], tmp_path / "data")
    assert not (tmp_path / "data").exists()
