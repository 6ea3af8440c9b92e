-- One row a line of the file, its cells made plain, with the reason to reject it (`motif`) when there is one:
-- the same for all the versions that a line tells.
-- The variable `limite` is the day of the import: nothing is notified after it.
CREATE TEMP VIEW propres AS
WITH lues AS (
    SELECT
        ligne, base, lot,
        coalesce(try_cast(propre(version) AS DOUBLE)::INTEGER, 0) AS version,
        coalesce(lower(propre(actuelle)) IN ('true', '1', 'oui', 'vrai'), false) AS actuelle,
        propre(id) AS id,
        siret(acheteur_id) AS acheteur_id,
        propre(acheteur_nom) AS acheteur_nom,
        propre(acheteur_categorie) AS categorie,
        propre(siege_commune) AS siege_commune,
        propre(siege_departement) AS siege_departement,
        propre(siege_region) AS siege_region,
        propre(nature) AS nature,
        propre(objet) AS objet,
        regexp_extract(propre(cpv), '^[0-9]{8}') AS cpv,
        propre(procedure) AS procedure,
        propre(techniques) AS techniques,
        jour(date_premiere) AS jour_premiere,
        jour(date_notification) AS jour_notification,
        jour(date_publication) AS jour_publication,
        nombre(montant) AS montant,
        propre(sociale) AS sociale,
        propre(lieu_code) AS lieu_code,
        propre(lieu_type) AS lieu_type,
        titulaires
    FROM lignes
)
SELECT
    *,
    uid(acheteur_id, id) AS uid,
    CASE WHEN acheteur_id IS NULL THEN 'SIRET de l’acheteur absent ou illisible'
         WHEN id IS NULL THEN 'identifiant du marché absent'
         WHEN jour_premiere IS NULL THEN 'date de notification absente ou illisible'
         WHEN jour_premiere < DATE '2005-01-01' THEN 'date de notification trop ancienne'
         WHEN jour_premiere > getvariable('limite') THEN 'date de notification dans l’avenir'
         WHEN nature ILIKE '%concession%' OR nature ILIKE '%gation de service public%' THEN 'contrat de concession'
    END AS motif
FROM lues;
