-- Where contracts are, in one of the two geographies ({lieu}: siege or lieu), through the official codes of the edition:
-- the smallest area that is known to hold each, which is France when nothing more is.
SELECT contrats.*, '{lieu}' AS geographie, coalesce(departements.place, regions.place, 'FR') AS place
FROM ({contrats}) AS contrats
LEFT JOIN places AS departements ON departements.niveau = 'DEP' AND departements.code = contrats.{lieu}_departement
LEFT JOIN places AS regions ON regions.niveau = 'REG' AND regions.code = contrats.{lieu}_region
