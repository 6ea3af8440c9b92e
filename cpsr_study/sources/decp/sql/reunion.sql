-- One row a contract, from rows that each know a part of it: states in one file, or contracts of several files.
-- Only the smallest, the largest and all are taken, so that neither the order nor the way of cutting changes the result.
-- A contract that has one row, as most have, is not compared with itself: that would take most of the time.
WITH
plusieurs AS (SELECT uid FROM versions GROUP BY uid HAVING count(*) > 1)
SELECT uid, acheteur_id, premiere, derniere, cadre, declaree, acheteur, list_sort(list_distinct(titulaires)) AS titulaires
FROM versions ANTI JOIN plusieurs USING (uid)
UNION ALL
SELECT
    uid,
    any_value(acheteur_id) AS acheteur_id,
    min(premiere) AS premiere,
    max(derniere) AS derniere,
    bool_or(coalesce(cadre, est_accord_cadre(derniere, year(derniere.jour)))) AS cadre,
    declaration(list(declaree) FILTER (declaree IS NOT NULL), max(declaree)) AS declaree,
    max(acheteur) AS acheteur,
    list_sort(list_distinct(flatten(list(titulaires) FILTER (titulaires IS NOT NULL)))) AS titulaires
FROM versions SEMI JOIN plusieurs USING (uid)
GROUP BY uid
