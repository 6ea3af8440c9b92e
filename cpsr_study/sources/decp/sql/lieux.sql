-- Where each contract is, in one of the two geographies ({lieu}: siege or lieu), through the official codes of the edition.
SELECT
    contrats.*,
    departements.departement AS dep,
    coalesce(departements.region, regions.region) AS reg,
    coalesce(departements.metropole, regions.metropole) AS metropole,
    communes.commune AS com,
    communes.epci AS epci,
    seuils.montant AS seuil
FROM contrats
LEFT JOIN communes ON communes.dite = contrats.{lieu}_commune
LEFT JOIN departements ON departements.departement = coalesce(communes.departement, contrats.{lieu}_departement)
LEFT JOIN regions ON regions.region = contrats.{lieu}_region
LEFT JOIN seuils ON contrats.jour BETWEEN seuils.debut AND seuils.fin
    AND seuils.objet = CASE WHEN contrats.type = 'travaux' THEN 'travaux'
                            WHEN contrats.categorie = 'etat' OR contrats.acheteur_id[1:1] = '1' THEN 'etat'
                            ELSE 'collectivites' END
