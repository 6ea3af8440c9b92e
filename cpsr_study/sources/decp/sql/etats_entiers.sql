-- The same table as etats.sql, of lines that are read only once (a CSV, which takes long to parse, and the lines made of a
-- JSON, few at a time): all the cells are in it, as they are.
CREATE OR REPLACE TEMP TABLE etats AS
WITH distincts AS (
    SELECT
        {cellules},
        count(*) AS lignes, string_agg(titulaires, chr(31)) AS titulaires
    FROM {lignes}
    GROUP BY ALL
),
nommes AS (
    SELECT * REPLACE (siret(acheteur_id) AS acheteur_id, propre(id) AS id) FROM distincts
)
SELECT
    * EXCLUDE (id, date_premiere),
    uid(acheteur_id, id) AS uid,
    motif_de_rejet(acheteur_id, id, jour(date_premiere), propre(nature)) IS NULL AS bon
FROM nommes;

CREATE OR REPLACE TEMP TABLE plusieurs AS
SELECT uid FROM etats WHERE bon GROUP BY uid HAVING count(*) > 1;
