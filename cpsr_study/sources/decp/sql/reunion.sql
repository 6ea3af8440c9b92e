-- One row a contract, from rows that each know a part of it: lines of one file, or contracts of several files.
-- Only the smallest and the largest are taken, so that neither the order nor the way of cutting changes the result.
SELECT
    uid,
    any_value(acheteur_id) AS acheteur_id,
    min(premiere) AS premiere,
    max(derniere) AS derniere,
    max(declaree) AS declaree,
    max(acheteur) AS acheteur,
    list_sort(list_distinct(flatten(list(titulaires) FILTER (titulaires IS NOT NULL)))) AS titulaires
FROM versions
GROUP BY uid
