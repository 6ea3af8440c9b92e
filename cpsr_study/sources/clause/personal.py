"""Personal data, refused on sight: what a column is called and what its cells look like.

The message names the columns and the kind of data, never a value. A name can hide where nothing shows it: the test is
a net, not a proof, and the guide says so.
"""

import re
from collections.abc import Iterable

from cpsr_study.area_names import key

# Words of a heading that announce a person's identity, by what they announce.
_HEADINGS = {
    "un nom": r"\b(nom de famille|nom de naissance|nom d usage|nom (du )?(participant|salarie|beneficiaire|candidat)"
    r"|prenoms?|nom prenom|patronyme|identite|civilite)\b|^nom$|^noms$",
    "un numéro de sécurité sociale": r"\b(nir|n ?ss|nss|numero (de )?secu(rite)?( sociale)?|securite sociale)\b",
    "une adresse": r"\b(adresse|rue|voie|code postal|domicile)\b",
    "un téléphone": r"\b(tel|telephone|portable|mobile|gsm)\b",
    "un courriel": r"\b(mail|e-?mail|courriel|adresse electronique)\b",
    "une date de naissance": r"\b(naissance|ne le|nee le|date naiss|ddn|lieu de naissance)\b",
}
# No line end inside a pattern: the cells of a column are looked at together, one a line.
_GAP = "[ \u00a0\u202f]?"
_NIR = ("[12378]", r"\d\d", r"(?:0[1-9]|1[0-2]|[2-9]\d)", r"(?:\d\d|2[AB])", r"\d{3}", r"\d{3}", r"(?:\d\d)?(?!\d)")
_STREET = "rue|avenue|av\\.|boulevard|bd|impasse|allée|allee|chemin|place|route|square|quai"
_CELLS = {
    "un numéro de sécurité sociale": r"(?<!\d)" + _GAP.join(_NIR),
    "un téléphone": rf"(?<![\d.,-])(?:\+33|0033|0){_GAP}[1-9](?:[.-]?{_GAP}\d\d){{4}}(?![\d.,-])",
    "un courriel": r"[\w.+-]+@[\w-]+\.[\w.-]+",
    "une adresse": rf"(?i)\b\d{{1,4}}{_GAP}(?:bis|ter)?,?[ \u00a0](?:{_STREET})[ \u00a0]+\w",
    "une date de naissance": r"(?i)\bn[ée]{1,2}e?[ \u00a0]+le[ \u00a0]+\d",
    "un nom": r"(?i:\b(?:monsieur|madame|mademoiselle|mme|mlle)\b|\bmr\b)[ \u00a0]+\w|\bM\.[ \u00a0]+[A-ZÉ]",
}
# Common given names, simple: with one other word, they are a person.
_NAMES = """
adam adrien agnes ahmed alain alexandra alexandre alexis alice aline amandine amelie amina anais andre andrea
angelique anne annick annie anthony antoine arnaud arthur audrey aurelie aurelien axel baptiste beatrice benjamin
benoit bernadette bernard brigitte bruno camille carine carole caroline catherine cecile celine chantal charles
charlotte chloe christelle christian christiane christine christophe claire clara claude claudine clement colette
corinne cyril cyrille damien daniel danielle david delphine denis denise didier dominique dylan edouard elise elodie
emilie emma emmanuel emmanuelle enzo eric erika estelle etienne eva evelyne fabien fabienne fabrice fanny farid
fatiha fatima fatma florence florent florian francis franck francois francoise frederic frederique gabriel gael
genevieve geoffrey georges gerald gerard ghislaine gilbert gilles gregory guillaume guy gwenaelle hamza hassan
helene henri herve hugo ibrahim ines isabelle jacqueline jacques jean jeanne jeremy jerome jessica joel joelle
jonathan jordan jose joseph josephine josette josiane julie julien juliette justine karim karima karine kevin
khadija laetitia laura laure laurence laurent lea lena leo liliane line lionel lisa loic louis louise luc lucas
lucie lucien ludovic lydie magali malika manon marc marcel margaux margot marguerite maria marie marine marion
martin martine mathieu mathilde mathis matthieu maurice maxime melanie melissa michael michel michele mickael
mireille mohamed mohammed monique morgane mourad muriel mustapha myriam nabil nadege nadia nadine nathalie nathan
nicolas nicole noe noemie olivia olivier ophelie oumar pascal pascale patrice patricia patrick paul paulette pauline
philippe pierre quentin rachid raphael raymond regis remi remy rene renee richard robert robin roger romain romane
sabine sabrina said salima samia samir samuel sandra sandrine sarah sebastien serge severine simon simone sofia
sonia sophie stephane stephanie suzanne sylvain sylvie theo therese thibault thierry thomas tony valentin valentine
valerie vanessa veronique victor victoria vincent virginie viviane xavier yann yannick yasmine youssef yves yvette
yvon yvonne zoe
"""
GIVEN = frozenset(_NAMES.split())
# Columns of the template that hold the names of bodies: a school bears the name of a person, a person alone is one.
_BODIES = re.compile(
    r"\b(lycee|college|ecole|hopital|residence|stade|groupe|centre|clinique|sarl|sas|sa|ets|etablissements|entreprise"
    r"|association|fondation|ville|commune|cite|espace|maison|saint|sainte|st|ste|zac)\b"
)
_DAY, _MONTH, _LONG_AGO = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19\d\d|200\d)"
_OLD = re.compile(rf"(?m)^(?:{_DAY}[/.-]{_MONTH}[/.-]{_LONG_AGO}|{_LONG_AGO}-{_MONTH}-{_DAY})(?:[ T].*)?$")
_SEVERAL = re.compile(r"[ \u00a0,_]")
_UNSPACED = {"un numéro de sécurité sociale", "un téléphone"}


def kinds(heading: str, cells: Iterable[str]) -> list[str]:
    """What kinds of personal data a column shows, by its heading or by its cells (texts, once each)."""
    title = re.sub(r"[^a-z0-9-]+", " ", key(heading)).strip()
    found = [kind for kind, pattern in _HEADINGS.items() if re.search(pattern, title)]
    texts = [text for text in cells if len(text) > 5]
    if texts:
        joined = "\n".join(texts)
        spaced = _SEVERAL.search(joined) is not None
        for kind, pattern in _CELLS.items():
            # Identifiers by the hundred thousand: what needs a space or an @ is looked for only where there is one.
            possible = "@" in joined if kind == "un courriel" else spaced or kind in _UNSPACED
            if possible and re.search(pattern, joined):
                found.append(kind)
        if _OLD.search(joined):
            found.append("une date de naissance")
        if any(_is_person(text) for text in texts if len(text) < 60 and _SEVERAL.search(text)):
            found.append("un nom")
    return list(dict.fromkeys(found))


def _is_person(text: str) -> bool:
    """Two to four words, one of them a given name, first or last, and nothing that names a body; in a longer text,
    a given name followed by a word in capitals."""
    if not text[:1].isalpha() or (" " not in text and "," not in text and "_" not in text):
        return False
    words = re.split(r"[\s,_]+", text.strip())
    plain = [key(word) for word in words]
    if not any(word in GIVEN or word.partition(" ")[0] in GIVEN for word in plain):
        return False
    if _BODIES.search(" ".join(plain)):
        return False
    if 2 <= len(words) <= 4 and all(word.replace("-", "").replace("'", "").isalpha() for word in words):
        return _given(plain[0]) or _given(plain[-1])
    return any(_given(a) and len(b) > 2 and b.isupper() for a, b in zip(plain, words[1:], strict=False))


def _given(word: str) -> bool:
    """A given name, simple or compound (« jean pierre », as `key` writes Jean-Pierre)."""
    return bool(word) and all(part in GIVEN for part in word.split())


def sentence(where: str, columns: Iterable[tuple[str, list[str]]]) -> str:
    """The refusal: which columns, what they look like; nothing was kept."""
    told = " ; ".join(f"« {heading} » ({', '.join(found)})" for heading, found in columns)
    return f"{where} : données personnelles refusées, rien n'a été gardé. À retirer avant d'importer : {told}."
