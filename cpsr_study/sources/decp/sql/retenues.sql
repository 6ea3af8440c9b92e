-- The cells of some states of etats.sql, as they are: the file is read again. (A line that gives two versions of its
-- contract gives them to both of its states: to say a version twice changes nothing.)
SELECT
    lignes.* EXCLUDE (acheteur_id, titulaires), siret(acheteur_id) AS acheteur_id,
    uid(siret(acheteur_id), propre(id)) AS uid, retenus.titulaires
FROM {lignes} AS lignes JOIN {etats} AS retenus USING (ligne)
