-- Some lines ({lignes}), each different state of a contract once: most contracts have only one, written
-- again for each of their titulaires. Lines to reject are counted beside them, and not left out by a condition: DuckDB
-- would make the cells plain once for the condition, and once more for the rest.
CREATE OR REPLACE TEMP TABLE etats AS
SELECT
    uid, acheteur_id, version, actuelle, jour_notification, jour_publication, montant, acheteur_nom, categorie,
    siege_commune, siege_departement, siege_region, nature, objet, cpv, procedure, techniques, sociale, lieu_code,
    lieu_type, motif IS NOT NULL AS rejetee,
    flatten(list(titulaires) FILTER (titulaires IS NOT NULL)) AS titulaires,
    count(*) FILTER (base) AS lignes
FROM {lignes}
GROUP BY ALL;
