"""What a file of populations must agree with: the tables of the COG given with it, the geographies held."""

from pathlib import Path

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown
from cpsr_study.sources import insee_codes, insee_cog, insee_files, read_card
from cpsr_study.territories import Territories, opened


def tables(files: list[Path], regions: dict[str, str]) -> None:
    """The hierarchy of the population file is that of the COG tables given with it."""
    for path in files:
        (_, names), *rows = insee_files.records(path, ",")
        for _, row in rows if "DEP" in names else []:
            departement, region = row[names.index("DEP")], row[names.index("REG")]
            if regions.get(departement, region) != region:
                told = f"le département {departement} y est dans la région {region}, non {regions[departement]}"
                raise DataError(f"{path.name} contredit le fichier des populations : {told}.")
        listed = {row[names.index("DEP" if "DEP" in names else "REG")] for _, row in rows}
        wanted = set(regions) if "DEP" in names else set(regions.values())
        if unknown := sorted(wanted - listed):
            raise DataError(f"{path.name} n'a pas le code {unknown[0]} du fichier des populations.")


def reference(path: Path, year: str, communes: dict[str, dict[str, int]]) -> tuple[Territories, str]:
    """The geography to compare with (that of these populations, or the newest) and the year of its populations.

    DataError when the populations are those of another year, or not those held for this one.
    """
    flat = {code: number for group in communes.values() for code, number in group.items()}
    folders = insee_codes.geographies(path)
    geographies = {insee_cog.population_year(read_card(folder)): opened(folder) for folder in folders}
    for held, territories in geographies.items():
        own = {area.code[4:]: area.population for area in territories.all("COM")}
        common = [code for code in flat if code in own]
        same = sum(flat[code] == own[code] for code in common)
        if len(common) >= 3 and (same >= 0.99 * len(common)) != (held == year):
            told = f"celles de {held}" if held != year else f"différentes de celles de {held} déjà en référence"
            raise DataError(f"{path.name} : ces populations, dites de {year}, sont {told}.")
    chosen = year if year in geographies else max(geographies)
    return geographies[chosen], chosen


def hierarchy(path: Path, regions: dict[str, str], held: Territories) -> None:
    """Every département of the file is known, and in the region the geography gives it."""
    for departement, region in regions.items():
        code = f"DEP-{departement}"
        if code not in held:
            raise DataError(f"{path.name} : département inconnu : « {shown(departement)} ».")
        if held.get(code).parent != f"REG-{region}":
            raise DataError(
                f"{path.name} : {code} n'est pas dans la région {region}, mais dans {held.get(code).parent}."
            )
