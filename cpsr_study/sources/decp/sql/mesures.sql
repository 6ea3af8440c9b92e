-- Figures of a group of contracts. Amounts are added in whole cents: the order of the rows cannot change a sum.
-- An amount set aside (absent, out of bounds, sentinel, repeated digits) stays in the counts and leaves the sums; that
-- of a framework agreement is a ceiling, never added to what is firm.
    count(*) AS marches,
    sum(round(montant * 100)::HUGEINT) FILTER (ecarte IS NULL AND NOT accord_cadre)::DOUBLE / 1e8 AS montant,
    median(montant) FILTER (ecarte IS NULL AND NOT accord_cadre) AS montant_median,
    sum(round(montant * 100)::HUGEINT) FILTER (ecarte IS NULL AND accord_cadre)::DOUBLE / 1e8 AS plafond,
    count(*) FILTER (social = 'oui') AS oui,
    count(*) FILTER (social IN ('oui', 'aucune')) AS declares,
    count(*) FILTER (clause) AS clause,
    count(*) FILTER (critere) AS critere,
    count(*) FILTER (reserve) AS reserve,
    count(*) FILTER (social = 'contradictoire') AS contradictoires,
    count(*) FILTER (accord_cadre) AS accords,
    count(*) FILTER (ecarte IS NOT NULL) AS ecartes,
    count(*) FILTER (identique) AS identiques,
    count(*) FILTER (reg IS NULL) AS non_localises,
    count(*) FILTER (siege_sirene AND '{lieu}' = 'siege') AS situes_sirene,
    count(DISTINCT acheteur_id) AS acheteurs
