"""Official codes as sources write them, and what they become here: « 01 », « 20A », « 14118 », a postal code."""

import re

from cpsr_study.errors import DataError
from cpsr_study.hidden import shown

# Region code -> its départements; the same since 2016.
REGIONS = {
    region: codes.split()
    for region, codes in {
        "01": "971",
        "02": "972",
        "03": "973",
        "04": "974",
        "06": "976",
        "11": "75 77 78 91 92 93 94 95",
        "24": "18 28 36 37 41 45",
        "27": "21 25 39 58 70 71 89 90",
        "28": "14 27 50 61 76",
        "32": "02 59 60 62 80",
        "44": "08 10 51 52 54 55 57 67 68 88",
        "52": "44 49 53 72 85",
        "53": "22 29 35 56",
        "75": "16 17 19 23 24 33 40 47 64 79 86 87",
        "76": "09 11 12 30 31 32 34 46 48 65 66 81 82",
        "84": "01 03 07 15 26 38 42 43 63 69 73 74",
        "93": "04 05 06 13 83 84",
        "94": "2A 2B",
    }.items()
}
DEPARTEMENTS = frozenset(code for codes in REGIONS.values() for code in codes)


def departement(text: str, where: str) -> str | None:
    """« 14 » -> DEP-14, « 20A » -> DEP-2A; None for what is no département. DataError on a lost leading zero."""
    code = {"20A": "2A", "20B": "2B"}.get(text.strip().upper(), text.strip().upper())
    if re.fullmatch("[1-9]", code):
        raise DataError(f"{where} : le code de département « {code} » a perdu son zéro initial (« 0{code} » attendu).")
    return f"DEP-{code}" if code in DEPARTEMENTS else None


def region(text: str, where: str) -> str | None:
    """« 28 » -> REG-28; None for what is no region. DataError on a lost leading zero."""
    code = text.strip()
    if re.fullmatch("[1-9]", code):
        raise DataError(f"{where} : le code de région « {code} » a perdu son zéro initial (« 0{code} » attendu).")
    return f"REG-{code}" if code in REGIONS else None


def commune(text: str, where: str) -> str:
    """« 14118 » -> COM-14118. DataError for anything else, with the reason when a leading zero is lost."""
    code = text.strip().upper()
    if re.fullmatch(r"[1-9][0-9]{3}", code):
        raise DataError(f"{where} : le code de commune « {code} » a perdu son zéro initial (« 0{code} » attendu).")
    if not re.fullmatch(r"([0-9]{2}|2[AB])[0-9]{3}", code):
        raise DataError(f"{where} : « {shown(text)} » n'est pas un code de commune.")
    return f"COM-{code}"


def departement_of_commune(code: str) -> str | None:
    """« COM-14118 » -> DEP-14; None in a collectivity that is no département."""
    number = code.removeprefix("COM-")
    found = number[:3] if number.startswith("97") else number[:2]
    return f"DEP-{found}" if found in DEPARTEMENTS else None


def departement_of_postcode(text: str, where: str) -> str | None:
    """Département of a postal code, « 20200 » -> DEP-2B; None if there is none. DataError on a lost leading zero.

    A few communes are served from the département next door: good enough to count structures, not to place one.
    """
    code = text.strip()
    if re.fullmatch(r"[1-9][0-9]{3}", code):
        raise DataError(f"{where} : le code postal « {code} » a perdu son zéro initial (« 0{code} » attendu).")
    if not re.fullmatch(r"[0-9]{5}", code):
        return None
    if code.startswith("20"):
        return "DEP-2A" if code < "20200" else "DEP-2B"
    return departement_of_commune(f"COM-{code}")
