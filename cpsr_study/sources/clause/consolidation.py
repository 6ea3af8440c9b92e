"""Several structures put together: older lines replaced, an operation reported twice recognised, hours questioned."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpsr_study.sources.clause import schema as schemas
from cpsr_study.sources.clause.store import NUMBERS, heads

if TYPE_CHECKING:
    import pandas as pd

    from cpsr_study.sources.clause.schema import Schema

FULL_TIME = 1607
Remarks = list[dict[str, Any]]
# First two digits of a CPV code -> sector, where they say it.
_CPV = {"45": "btp", "77": "espaces_verts", "90": "dechets", "55": "restauration", "60": "transport_logistique",
        "63": "transport_logistique", "71": "intellectuel", "72": "intellectuel", "73": "intellectuel",
        "79": "intellectuel", "85": "autres_services", "98": "autres_services"}  # fmt: skip


def consolidate(
    new: "dict[str, pd.DataFrame]", before: "dict[str, pd.DataFrame] | None", schema: "Schema", territory: str,
    data_dir: Path,
) -> "tuple[dict[str, pd.DataFrame], Remarks]":  # fmt: skip
    """The tables to keep, sorted, and what is to be said of the lines."""
    import pandas as pd

    remarks: Remarks = []
    new["contrats"] = _with_years(new["contrats"], remarks)
    tables = {}
    for table, frame in new.items():
        frame = _unique(frame, table, remarks)
        for field in schema.fields[table]:
            if field.type in NUMBERS:
                frame = frame.assign(**{field.name: pd.to_numeric(frame[field.name].replace("", None))})
        frame = frame.assign(_order=1)
        if before is not None:
            frame = pd.concat([before[table].assign(_order=0, _ligne="", _fichier=""), frame], ignore_index=True)
            frame = frame.drop_duplicates(schemas.KEYS[table], keep="last", ignore_index=True)
        tables[table] = frame
    tables["operations"] = _with_sector(tables["operations"])
    tables["participants"] = _with_age(tables["participants"])
    tables["operations"] = tables["operations"].sort_values(
        schemas.KEYS["operations"], kind="stable", ignore_index=True
    )
    _tell_twins(tables["operations"], remarks)
    _drop_orphans(tables, remarks)
    _question(tables, remarks)
    kept = {
        table: frame[schema.names(table)].sort_values(schemas.KEYS[table], kind="stable", ignore_index=True)
        for table, frame in tables.items()
    }
    return kept, remarks


def _say(remarks: Remarks, row: Any, table: str, field: str, value: Any, severity: str, message: str) -> None:
    where = {"fichier": row["_fichier"], "ligne": str(row["_ligne"])}
    said = {"table": table, "champ": field, "valeur": str(value), "gravité": severity, "message": message}
    remarks.append(where | said)


def _with_years(deeds: "pd.DataFrame", remarks: Remarks) -> "pd.DataFrame":
    """Each line with its year: the one given, else that of a contract which begins and ends in the same."""
    start, end = (
        deeds[name].map({day: day[:4] for day in deeds[name].unique()}) for name in ("date_debut", "date_fin")
    )
    same = start.where((start == end) | (end == ""), "")
    deeds = deeds.assign(annee=deeds["annee"].where(deeds["annee"] != "", same))
    backward = (deeds["date_fin"] != "") & (deeds["date_fin"] < deeds["date_debut"])
    unknown = deeds["annee"] == ""
    for _, row in deeds[unknown].iterrows():
        message = "année des heures absente : une ligne par année est attendue quand un contrat en couvre plusieurs"
        _say(remarks, row, "contrats", "annee", "", "erreur", message)
    for _, row in deeds[backward].iterrows():
        _say(remarks, row, "contrats", "date_fin", row["date_fin"], "erreur", "la fin précède le début")
    return deeds[~unknown & ~backward]


def _unique(frame: "pd.DataFrame", table: str, remarks: Remarks) -> "pd.DataFrame":
    """One line a key: the same line twice is one; two lines that differ keep the last, and are said."""
    if not frame.duplicated(schemas.KEYS[table]).any():
        return frame.reset_index(drop=True)
    content = [name for name in frame.columns if not name.startswith("_")]
    frame = frame.drop_duplicates(content)
    again = frame[frame.duplicated(schemas.KEYS[table], keep="last")]
    for _, row in again.iterrows():
        message = "donné plusieurs fois avec des contenus différents : la dernière ligne est gardée"
        _say(remarks, row, table, schemas.KEYS[table][1], row[schemas.KEYS[table][1]], "alerte", message)
    return frame.drop_duplicates(schemas.KEYS[table], keep="last", ignore_index=True)


def _with_sector(markets: "pd.DataFrame") -> "pd.DataFrame":
    said = markets["cpv"].fillna("").str[:2].map(_CPV).fillna("")
    return markets.assign(secteur=markets["secteur"].where(markets["secteur"] != "", said))


def _with_age(people: "pd.DataFrame") -> "pd.DataFrame":
    """An age band that the publics say, where it is empty; the two can then be counted as one."""
    age, publics = people["tranche_age"], people["publics"].fillna("").str.split("|")
    for code in ("moins_26", "plus_50"):
        age = age.mask((age == "") & publics.map(lambda each, code=code: code in each).astype(bool), code)
    return people.assign(tranche_age=age)


def _tell_twins(markets: "pd.DataFrame", remarks: Remarks) -> None:
    """An operation that two structures report is counted once: see `store.heads`."""
    own = markets["structure"] + "|" + markets["operation"]
    for name, (head, (_, row)) in zip(own, zip(heads(markets), markets.iterrows(), strict=True), strict=True):
        if head != name:
            structure, _, operation = head.partition("|")
            message = f"déjà déclarée par « {structure} » ({operation}) : comptée une seule fois"
            _say(remarks, row, "operations", "operation", row["operation"], "alerte", message)


def _drop_orphans(tables: "dict[str, pd.DataFrame]", remarks: Remarks) -> None:
    """A contract without its operation counts nowhere; one without its participant counts, undescribed."""
    deeds, markets = tables["contrats"], tables["operations"]
    own = markets["structure"] + "|" + markets["operation"]
    deeds = deeds.assign(
        _market=(deeds["structure"] + "|" + deeds["operation"]).map(dict(zip(own, heads(markets), strict=True)))
    )
    lost = deeds["_market"].isna()
    for _, row in deeds[lost].iterrows():
        _say(
            remarks,
            row,
            "contrats",
            "operation",
            row["operation"],
            "erreur",
            "opération absente de la table des opérations",
        )
    tables["contrats"] = deeds = deeds[~lost]
    people = set(tables["participants"]["structure"] + "|" + tables["participants"]["participant"])
    alone = ~(deeds["structure"] + "|" + deeds["participant"]).isin(people)
    for _, row in deeds[alone].drop_duplicates(["structure", "participant"]).iterrows():
        message = "participant absent de la table des participants : compté, sans être décrit"
        _say(remarks, row, "contrats", "participant", row["participant"], "alerte", message)


def _question(tables: "dict[str, pd.DataFrame]", remarks: Remarks) -> None:
    """Hours beyond the plan of an operation, or beyond a year of full-time work of one person."""
    deeds, markets = tables["contrats"], tables["operations"]
    done = deeds.groupby("_market")["heures_realisees"].sum()
    own = markets["structure"] + "|" + markets["operation"]
    beyond = own.map(done).fillna(0) > markets["heures_prevues"]
    for place, row in markets[beyond].iterrows():
        hours = f"{done[own[place]]:g}"
        _say(remarks, row, "operations", "heures_prevues", hours, "alerte", "plus d'heures réalisées que prévues")
    totals = deeds.groupby(["structure", "participant", "annee"], as_index=False).agg(
        heures=("heures_realisees", "sum"), _ligne=("_ligne", "last"), _fichier=("_fichier", "last")
    )
    for _, row in totals[totals["heures"] > FULL_TIME].iterrows():
        message = f"plus de {FULL_TIME} heures pour une personne en {int(row['annee'])}"
        _say(remarks, row, "contrats", "heures_realisees", f"{row['heures']:g}", "alerte", message)
