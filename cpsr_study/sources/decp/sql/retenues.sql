-- The cells of some states of etats.sql, as they are: the file is read again. (A line that gives two versions of its
-- contract gives them to both of its states: to say a version twice changes nothing.)
SELECT * EXCLUDE (id), uid(acheteur_id, propre(id)) AS uid
FROM (
    SELECT lignes.* REPLACE (siret(acheteur_id) AS acheteur_id, retenus.titulaires AS titulaires)
    FROM {lignes} AS lignes JOIN {etats} AS retenus USING (ligne)
)
