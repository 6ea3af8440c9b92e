-- The largest reserved contracts of an area (seat of the buyer), latest first among equals. Ceilings are said to be so.
SELECT acheteur_nom, acheteur_id, objet, jour::VARCHAR AS jour, montant, accord_cadre
FROM ({contrats}) WHERE reserve AND ecarte IS NULL
ORDER BY montant DESC, jour DESC, uid
LIMIT $most
