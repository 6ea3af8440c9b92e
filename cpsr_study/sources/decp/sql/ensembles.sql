-- France, metropolitan France, each région and each département, by year, as wholes. Counts and sums are added from the
-- lines of denombrement.sql; only medians and buyers, which do not add up, need the contracts again. `geographie` says
-- which places are meant: those of the buyers (siege) or those of the execution (lieu), asked for together.
WITH
lignes AS (SELECT *, 'FR' AS france, if(metropole, 'FRMET', NULL) AS frmet FROM ({lieux_des_comptes})),
places AS NOT MATERIALIZED (SELECT *, 'FR' AS france, if(metropole, 'FRMET', NULL) AS frmet FROM ({lieux})),
sommes AS (
    SELECT
        geographie, annee, coalesce(dep, reg, frmet, france) AS geo, {mesures},
        sum(centimes) FILTER (accord_cadre)::DOUBLE / 1e8 AS plafond,
        sum(if(accord_cadre, n, 0)) AS accords,
        sum(if(nature_dite, n, 0)) AS natures,
        sum(if(nature_dite, 0, n)) AS sans_nature,
        sum(if(mis_a_part, n, 0)) AS ecartes,
        sum(if(identique, n, 0)) AS identiques,
        sum(if(reg IS NULL, n, 0)) AS non_localises,
        sum(if(siege_sirene AND geographie = 'siege', n, 0)) AS situes_sirene
    FROM lignes GROUP BY {niveaux}
),
medianes AS (
    SELECT geographie, annee, coalesce(dep, reg, frmet, france) AS geo, median(montant) AS montant_median
    FROM places WHERE ecarte IS NULL AND NOT accord_cadre GROUP BY {niveaux}
),
-- A buyer counts once in an area, in however many of its départements it buys: one bit for each buyer, and the bits of
-- the départements are united. (Counting distinct identifiers at each level takes four times as long.)
presents AS (
    SELECT geographie, annee, france, frmet, reg, dep, bitstring_agg(numero, 0, getvariable('dernier')) AS bits
    FROM places JOIN numeros USING (acheteur_id) GROUP BY ALL
),
acheteurs AS (
    SELECT geographie, annee, coalesce(dep, reg, frmet, france) AS geo, bit_count(bit_or(bits)) AS acheteurs
    FROM presents GROUP BY {niveaux}
)
SELECT * FROM sommes LEFT JOIN medianes USING (geographie, annee, geo) LEFT JOIN acheteurs USING (geographie, annee, geo)
WHERE geo IS NOT NULL  -- where the level is not known
