-- Some lines, each different state of a contract once, its cells as they are: most contracts have only one,
-- written again for each of their titulaires. What is made plain is what tells contracts apart, and what rejects them.
CREATE OR REPLACE TEMP TABLE etats AS
WITH distincts AS (
    SELECT
        * EXCLUDE (ligne, lot, titulaires),
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
    motif_de_rejet(acheteur_id, id, jour(date_premiere), propre(nature)) AS motif
FROM nommes;

CREATE OR REPLACE TEMP TABLE plusieurs AS
SELECT uid FROM etats WHERE motif IS NULL GROUP BY uid HAVING count(*) > 1;
