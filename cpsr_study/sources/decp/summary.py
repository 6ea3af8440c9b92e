"""What a file of contracts covers, for the table that ends an import."""

from cpsr_study.sources.decp import normalise, session
from cpsr_study.sources.decp.intake import Taken

_WITHOUT = "non localisés"


def regions(found: list[Taken]) -> list[str]:
    """For each file, the codes of the regions of its buyers' seats as the file gives them, with their contracts."""
    result = []
    with session.connected(found[0].folder.parent) as base:
        for each in found:
            files = session.literal(each.folder / normalise.YEARS)
            rows = base.execute(
                "SELECT coalesce(nullif(acheteur.region, ''), ?) AS region, count(*) AS marches "
                f"FROM read_parquet({files}) GROUP BY region ORDER BY marches DESC, region LIMIT 5",
                [_WITHOUT],
            ).fetchall()
            result.append(", ".join(f"{region} ({count})" for region, count in rows))
    return result
