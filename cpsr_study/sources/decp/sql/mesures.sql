-- Figures that add up, from lines of comptes.sql. The amount of a framework agreement is a ceiling, never added to what is
-- firm.
    sum(n) AS marches,
    sum(centimes) FILTER (NOT accord_cadre)::DOUBLE / 1e8 AS montant,
    sum(if(social = 'oui', n, 0)) AS oui,
    sum(if(social IN ('oui', 'aucune'), n, 0)) AS declares,
    sum(if(social = 'contradictoire', n, 0)) AS contradictoires,
    sum(if(clause, n, 0)) AS clause,
    sum(if(critere, n, 0)) AS critere,
    sum(if(reserve, n, 0)) AS reserve
