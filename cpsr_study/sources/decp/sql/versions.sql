-- One row a state, as a version of its contract: what it says of the contract, in an order that decides.
-- `premiere` (the smallest) gives the year and the amount as notified; `derniere` (the largest) all current figures.
-- `cadre`, whether one of several versions says that it is a framework agreement, is known once they are united.
-- `declaree` is the latest version that says something of social considerations.
SELECT
    uid,
    acheteur_id,
    {
        'version': version, 'jour': jour_notification, 'publication': coalesce(jour_publication, jour_notification),
        'montant': coalesce(montant, -1)
    } AS premiere,
    {
        'actuelle': actuelle, 'version': version, 'publication': coalesce(jour_publication, jour_notification),
        'jour': jour_notification, 'montant': coalesce(montant, -1), 'nature': coalesce(nature, ''),
        'objet': coalesce(objet, ''), 'cpv': coalesce(cpv, ''), 'procedure': coalesce(procedure, ''),
        'techniques': coalesce(techniques, ''), 'lieu_type': coalesce(lieu_type, ''),
        'lieu_code': coalesce(lieu_code, '')
    } AS derniere,
    NULL::BOOLEAN AS cadre,
    CASE WHEN sociale IS NOT NULL THEN {
        'actuelle': actuelle, 'version': version, 'publication': coalesce(jour_publication, jour_notification),
        'sociale': sociale
    } END AS declaree,
    nullif({
        'nom': coalesce(acheteur_nom, ''), 'categorie': coalesce(categorie, ''),
        'commune': coalesce(siege_commune, ''), 'departement': coalesce(siege_departement, ''),
        'region': coalesce(siege_region, '')
    }, {'nom': '', 'categorie': '', 'commune': '', 'departement': '', 'region': ''}) AS acheteur,
    titulaires
FROM {propres}
