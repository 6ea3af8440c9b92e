-- What the cells of the DECP really hold, made plain. Every cell arrives as text, but for the numbers of a Parquet.

-- A marker is no value (CDL: conditional field left empty, MQ: mandatory field missing, NC: not said); INX comes
-- before a value that the ministry judged out of format, and the value is kept. (No IN here: DuckDB makes a join of a
-- long one, for each column and even for those that a query does not ask.)
CREATE MACRO marqueur(x) AS
    strlen(x) < 7 AND regexp_full_match(x, '|CDL|MQ|NC|INX|MQ NC|INX NC|null|None|nan');
-- Nearly all cells have nothing to be made plain, which is seen for a fraction of the price: they begin and end with a
-- letter or a sign that is no space, and they are too long for a marker, or start by a digit.
CREATE MACRO nette(x) AS
    (x BETWEEN '!' AND '~' OR x BETWEEN 'À' AND 'ÿ') AND (x[-1] BETWEEN '!' AND '~' OR x[-1] BETWEEN 'À' AND 'ÿ')
    AND (strlen(x) > 6 OR x < 'C') AND NOT starts_with(x, 'INX ');
CREATE MACRO propre(x) AS
    CASE WHEN nette(x) THEN x
         WHEN marqueur(trim(x)) THEN NULL
         WHEN starts_with(x, 'INX ') THEN trim(x[5:])
         ELSE trim(x) END;

-- 2018-10-23+02:00 is a day and its time zone; 23/10/2018 is written by hand.
CREATE MACRO jour(x) AS
    coalesce(
        CASE WHEN strlen(x) = 10 THEN try_cast(x AS DATE) END,
        try_cast(left(propre(x), 10) AS DATE),
        try_strptime(left(propre(x), 10), '%d/%m/%Y')::DATE
    );

-- « nan » is a marker, and DuckDB reads it as a number that is none. A number of a Parquet comes as it is.
CREATE MACRO nombre_net(x) AS nullif(try_cast(x AS DOUBLE), 'nan'::DOUBLE);
CREATE MACRO nombre(x) AS
    coalesce(nombre_net(x), try_cast(replace(replace(propre(x::VARCHAR), ',', '.'), ' ', '') AS DOUBLE));
CREATE MACRO rang(x) AS
    coalesce(try_cast(coalesce(nombre_net(x), try_cast(propre(x::VARCHAR) AS DOUBLE)) AS INTEGER), 0);
CREATE MACRO vrai(x) AS
    CASE WHEN x = 'true' THEN true
         WHEN x = 'false' THEN false
         ELSE coalesce(lower(propre(x)) IN ('true', '1', 'oui', 'vrai'), false) END;

-- A SIRET has 14 digits; spreadsheets eat the zeros at its head.
CREATE MACRO siret(x) AS
    CASE WHEN regexp_full_match(x, '[0-9]{14}') THEN x
         WHEN regexp_full_match(regexp_replace(propre(x), '\.0$|[ .]', '', 'g'), '[0-9]{11,14}')
         THEN lpad(regexp_replace(propre(x), '\.0$|[ .]', '', 'g'), 14, '0') END;

CREATE MACRO cpv_net(x) AS
    CASE WHEN regexp_full_match(x, '[0-9]{8}') THEN x ELSE regexp_extract(propre(x), '^[0-9]{8}') END;

-- Why a line is rejected, or nothing. Nothing is notified after the day of the import, the variable `limite`.
CREATE MACRO motif_de_rejet(siret, id, jour, nature) AS
    CASE WHEN siret IS NULL THEN 'SIRET de l’acheteur absent ou illisible'
         WHEN id IS NULL THEN 'identifiant du marché absent'
         WHEN jour IS NULL THEN 'date de notification absente ou illisible'
         WHEN jour < DATE '2005-01-01' THEN 'date de notification trop ancienne'
         WHEN jour > getvariable('limite') THEN 'date de notification dans l’avenir'
         WHEN strlen(nature) > 9 AND (nature ILIKE '%concession%' OR nature ILIKE '%gation de service public%')
         THEN 'contrat de concession'
    END;

-- Titulaires come as one text, separated by a character that no text has, as many times as there are lines.
CREATE MACRO en_ordre(noms) AS
    CASE WHEN len(noms) > 2 THEN list_sort(list_distinct(noms))
         WHEN noms[1] = noms[2] THEN [noms[1]]
         WHEN noms[1] > noms[2] THEN [noms[2], noms[1]]
         ELSE noms END;

-- A contract is known by the SIRET of its buyer and its identifier. Its lot, one of 256, is a way to take all the lines
-- of a contract together without taking those of all contracts.
CREATE MACRO uid(siret, id) AS
    siret || CASE WHEN regexp_full_match(id, '[0-9A-Za-z]+') THEN id ELSE regexp_replace(id, '[^0-9A-Za-z]', '_', 'g') END;
CREATE MACRO lot_de(uid) AS coalesce(hash(uid) % 256, 0)::INTEGER;
CREATE MACRO lot(acheteur, id) AS lot_de(uid(siret(acheteur), propre(id)));

-- Whether a version says that it is a framework agreement, or that it is none; nothing when it does not tell. Until 2023
-- the nature tells; from 2024 on, only the technique: « Marché » is no answer.
CREATE MACRO est_accord_cadre(version, annee) AS
    CASE WHEN version.nature ILIKE '%accord-cadre%' OR version.nature ILIKE '%accord cadre%'
              OR version.techniques ILIKE '%accord-cadre%' THEN true
         WHEN version.techniques <> '' OR (version.nature <> '' AND annee < 2024) THEN false
    END;

CREATE MACRO simple(x) AS lower(strip_accents(propre(x)));

-- The département of a commune code (2A004, 97411) and that of a postal code (20090, 97430): Corsica and overseas.
CREATE MACRO departement_de_commune(code) AS
    CASE WHEN code[1:2] IN ('97', '98') THEN code[1:3] ELSE code[1:2] END;
CREATE MACRO departement_de_postal(code) AS
    CASE WHEN code[1:2] IN ('97', '98') THEN code[1:3]
         WHEN code[1:3] IN ('200', '201') THEN '2A'
         WHEN code[1:2] = '20' THEN '2B'
         ELSE code[1:2] END;

-- The SIREN of a local body made before 2008 holds its département: 21 14 0118 7 is a commune (21) of Calvados (14).
-- New ones start by 20 and say nothing. Corsican ones hold 20, which is two départements today.
CREATE MACRO departement_de_siren(siret) AS
    CASE WHEN siret[1:2] IN ('21', '22', '24', '25', '26') AND siret[3:4] = '97' THEN '97' || siret[5:5]
         WHEN siret[1:2] IN ('21', '22', '24', '25', '26') AND siret[3:4] BETWEEN '01' AND '95'
              AND siret[3:4] <> '20' THEN siret[3:4] END;

CREATE MACRO categorie_d_acheteur(dite, siret) AS
    CASE WHEN dite = 'commune' THEN 'commune'
         WHEN dite = 'groupement de communes' THEN 'groupement_communes'
         WHEN dite LIKE 'departement%' THEN 'departement'
         WHEN dite = 'region' THEN 'region'
         WHEN dite = 'etat' THEN 'etat'
         WHEN dite LIKE '%hospitalier%' THEN 'hopital'
         WHEN dite = 'epic' THEN 'epic'
         WHEN dite LIKE 'syndicat%' THEN 'syndicat'
         WHEN dite <> '' THEN 'autre_acheteur'
         WHEN siret[1:2] = '21' THEN 'commune'
         WHEN siret[1:2] = '22' THEN 'departement'
         WHEN siret[1:2] = '23' THEN 'region'
         WHEN siret[1:2] = '24' THEN 'groupement_communes'
         WHEN siret[1:2] = '25' THEN 'syndicat'
         ELSE 'autre_acheteur' END;

-- Regions as they were before 2016, still written in some contracts; none of these codes is a region of today.
CREATE MACRO region_actuelle(code) AS
    CASE WHEN code IN ('23', '25') THEN '28'
         WHEN code IN ('26', '43') THEN '27'
         WHEN code IN ('22', '31') THEN '32'
         WHEN code IN ('21', '41', '42') THEN '44'
         WHEN code IN ('54', '72', '74') THEN '75'
         WHEN code IN ('73', '91') THEN '76'
         WHEN code IN ('82', '83') THEN '84'
         ELSE code END;

-- A département as it is declared: 20A and 20B for Corsica, or five digits, which are a commune or a postal code.
CREATE MACRO departement_dit(code) AS
    CASE WHEN regexp_full_match(code, '20[AB]') THEN '2' || code[3:3]
         WHEN length(code) = 5 THEN departement_de_postal(code)
         ELSE code END;

-- `_` is any letter: an accent lost on the way leaves a mark in its place, or two when its bytes were read as letters.
CREATE MACRO dit_critere(x) AS x LIKE '%crit_re social%' OR x LIKE '%crit__re social%';
CREATE MACRO dit_reserve(x) AS
    x LIKE '%march_ r_serv_%' OR x LIKE '%march__ r__serv__%' OR x LIKE '%concession r_serv_e%'
    OR x LIKE '%concession r__serv__e%';
CREATE MACRO dit_oui(x) AS x LIKE '%clause sociale%' OR dit_critere(x) OR dit_reserve(x);
CREATE MACRO dit_non(x) AS x LIKE '%pas de consid_ration%' OR x LIKE '%pas de consid__ration%' OR x LIKE '%sans objet%';

-- What the latest version that says something says. Two rows of this same version that say « none » and « clause » are
-- both kept: the contract contradicts itself, whichever was written last.
CREATE MACRO de_la_meme_version(a, b) AS
    a.actuelle = b.actuelle AND a.version = b.version AND a.publication = b.publication;
CREATE MACRO ensemble_des(textes) AS
    CASE WHEN len(textes) = 1 THEN textes[1]
         ELSE array_to_string(list_sort(list_distinct(flatten(
             list_transform(textes, lambda t: string_split(t, ', '))))), ', ') END;
CREATE MACRO declaration(dites, derniere) AS
    CASE WHEN derniere IS NOT NULL THEN {
        'actuelle': derniere.actuelle, 'version': derniere.version, 'publication': derniere.publication,
        'sociale': ensemble_des(list_distinct(list_transform(
            list_filter(dites, lambda d: de_la_meme_version(d, derniere)), lambda d: d.sociale)))
    } END;
