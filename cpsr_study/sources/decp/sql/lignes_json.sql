-- The lines of some JSON records (`lues`), with the columns that only tabular files have, by lot.
SELECT
    ligne, base, lot(acheteur_id, id) AS lot, version, actuelle, id, acheteur_id, acheteur_nom,
    NULL::VARCHAR AS acheteur_categorie, NULL::VARCHAR AS siege_commune, NULL::VARCHAR AS siege_departement,
    NULL::VARCHAR AS siege_region, nature, objet, cpv, procedure, techniques, date_premiere, date_notification, date_publication,
    montant, sociale, lieu_code, lieu_type,
    nullif(replace(titulaires, '|', chr(31)), '') AS titulaires
FROM lues
ORDER BY lot
