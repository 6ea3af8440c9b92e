-- Figures that add up, from lines of comptes.sql. The amount of a framework agreement is a ceiling, never added to what is
-- firm. (The sum of whole numbers has more digits than Python is given without a detour through text.)
    sum(n)::BIGINT AS marches,
    sum(centimes) FILTER (NOT accord_cadre)::DOUBLE / 1e8 AS montant,
    sum(if(social = 'oui', n, 0))::BIGINT AS oui,
    sum(if(social IN ('oui', 'aucune'), n, 0))::BIGINT AS declares,
    sum(if(social = 'contradictoire', n, 0))::BIGINT AS contradictoires,
    sum(if(clause, n, 0))::BIGINT AS clause,
    sum(if(critere, n, 0))::BIGINT AS critere,
    sum(if(reserve, n, 0))::BIGINT AS reserve
