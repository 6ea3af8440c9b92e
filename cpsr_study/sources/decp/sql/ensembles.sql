-- France, metropolitan France, each région and each département, by year, as wholes: a contract counts in all the areas
-- that hold its place (`appartenances`). Counts and sums are added from the lines of denombrement.sql; only medians and
-- buyers, which do not add up, need the contracts again. `geographie` says which places are meant: those of the buyers
-- (siege) or those of the execution (lieu), asked for together.
WITH
situes AS NOT MATERIALIZED ({lieux}),
sommes AS (
    SELECT
        geographie, annee, geo, {mesures},
        sum(centimes) FILTER (accord_cadre)::DOUBLE / 1e8 AS plafond,
        sum(if(accord_cadre, n, 0))::BIGINT AS accords,
        sum(if(nature_dite, n, 0))::BIGINT AS natures,
        sum(if(nature_dite, 0, n))::BIGINT AS sans_nature,
        sum(if(mis_a_part, n, 0))::BIGINT AS ecartes,
        sum(if(identique, n, 0))::BIGINT AS identiques,
        sum(if(place = 'FR', n, 0))::BIGINT AS non_localises,
        sum(if(siege_sirene AND geographie = 'siege', n, 0))::BIGINT AS situes_sirene
    FROM ({lieux_des_comptes}) JOIN appartenances USING (place)
    GROUP BY geographie, annee, geo
),
medianes AS (
    SELECT geographie, annee, geo, median(montant) AS montant_median
    FROM situes JOIN appartenances USING (place)
    WHERE ecarte IS NULL AND NOT accord_cadre
    GROUP BY geographie, annee, geo
),
-- A buyer counts once in an area, in however many of its départements it buys: one bit for each buyer, and the bits of
-- the places are united. (Counting distinct identifiers in each area takes four times as long.)
presents AS (
    SELECT geographie, annee, place, bitstring_agg(numero, 0, getvariable('dernier')) AS bits
    FROM situes JOIN numeros USING (acheteur_id)
    GROUP BY geographie, annee, place
),
acheteurs AS (
    SELECT geographie, annee, geo, bit_count(bit_or(bits)) AS acheteurs
    FROM presents JOIN appartenances USING (place)
    GROUP BY geographie, annee, geo
)
SELECT * FROM sommes LEFT JOIN medianes USING (geographie, annee, geo) LEFT JOIN acheteurs USING (geographie, annee, geo)
