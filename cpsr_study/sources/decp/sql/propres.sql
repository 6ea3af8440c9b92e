-- Some states with their cells made plain: only those, once the lines that repeat them are gone.
SELECT
    uid, acheteur_id,
    rang(version) AS version,
    vrai(actuelle) AS actuelle,
    propre(acheteur_nom) AS acheteur_nom,
    propre(acheteur_categorie) AS categorie,
    propre(siege_commune) AS siege_commune,
    propre(siege_departement) AS siege_departement,
    propre(siege_region) AS siege_region,
    propre(nature) AS nature,
    propre(objet) AS objet,
    cpv_net(cpv) AS cpv,
    propre(procedure) AS procedure,
    propre(techniques) AS techniques,
    jour(date_notification) AS jour_notification,
    jour(date_publication) AS jour_publication,
    nombre(montant) AS montant,
    propre(sociale) AS sociale,
    propre(lieu_code) AS lieu_code,
    propre(lieu_type) AS lieu_type,
    en_ordre(noms) AS titulaires
FROM (SELECT *, string_split(titulaires, chr(31)) AS noms FROM {etats})
